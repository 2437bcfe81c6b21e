# Motifloom: from genomic intervals to convolutional networks and the motifs they learnt.
#
# The config is config/config.yaml (the demo) unless another is given with --configfile.
from snakemake.utils import min_version

min_version("9.10")


if not workflow.overwrite_configfiles:

    configfile: workflow.source_path("config/config.yaml")


# Per-filter work that is worth several jobs; on a cluster for example --set-scatter filters=16.
scattergather:
    filters=1,


include: "rules/common.smk"
include: "rules/inputs.smk"
include: "rules/inputs_sets.smk"
include: "rules/data.smk"
include: "rules/models.smk"
include: "rules/range_test.smk"
include: "rules/train.smk"
include: "rules/evaluate.smk"
include: "rules/sets.smk"
include: "rules/attention.smk"
include: "rules/tracking.smk"
include: "rules/inputs_sweeps.smk"
include: "rules/sweeps.smk"
include: "rules/filters.smk"
include: "rules/analyses.smk"
include: "rules/report.smk"
include: "rules/doctor.smk"


rule all:
    default_target: True
    input:
        INDEX,
        COMPARISON,
        *compared_curves(),
        *every(REPORT),
        *[path for name in EXPERIMENTS for path in extra_files(name, RUNS[name].seeds)],
        *tracked(),


rule datasets:
    input:
        *every_dataset(AUDIT),


rule train_all:
    input:
        *every(MODEL),
        *each(MODEL, [name for name in FOLD_RUNS if RUNS[name].is_network]),


rule evaluate_all:
    input:
        *every(METRICS),
        *[path for name in EXPERIMENTS for path in extra_files(name, RUNS[name].seeds)],
        *compared_curves(),
        COMPARISON,


rule motifs:
    input:
        *every(SUMMARY),


rule importance:
    input:
        *every(f"{SEED}/filters/importance.tsv"),


rule interpret:
    input:
        *every(SUMMARY),
        *[path for analysis in analysed() for path in every(analysis)],
        *(every(STABILITY) if "stability" in INTERPRETATION.analyses else []),


onstart:
    # Jobs that start elsewhere read the config again: that of this run, not what the user edits for the next.
    workflow.config_settings.configfiles = [hold_config()]
    keep_locks_of_others(workflow.persistence)
    # What this run is to make is out of date until it is made. Without these marks, a job that fails would be
    # taken for done in the next run: its outputs are gone, and Snakemake does not miss what only lies on the way.
    for job in workflow.dag.needrun_jobs():
        if not job.is_norun:
            workflow.persistence.started(job)


onsuccess:
    if any(INDEX in job.output for job in workflow.dag.jobs):
        print(f"Open {INDEX} in a browser.")
