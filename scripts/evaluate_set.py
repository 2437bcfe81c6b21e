"""Compute the metrics of a run on an extra set, with the thresholds chosen on its own validation part."""

from motifloom.evaluation.custom import load_metrics
from motifloom.evaluation.metrics import evaluate_predictions, nest_metrics
from motifloom.evaluation.threshold import threshold_values
from motifloom.io import read_table, write_json, write_table
from motifloom.job import job
from motifloom.randomness import derive_seed

with job(snakemake.log[0]):
    options, files = snakemake.params, snakemake.input
    labels = options.task, options.classes
    metrics = evaluate_predictions(
        read_table(files.predictions),
        *labels,
        bootstrap=options.bootstrap,
        confidence=options.confidence,
        # The same resamples for every run on a set, so that differences are paired.
        seed=derive_seed(options.seed, "evaluate", snakemake.wildcards.set),
        groups=read_table(files.split).set_index("id")["group"],
        thresholds=threshold_values(read_table(files.threshold), *labels),
        custom=load_metrics(files.metrics),
    )
    write_json(nest_metrics(metrics), snakemake.output.json)
    write_table(metrics, snakemake.output.table)
