# Training: one job per experiment and seed.


rule train:
    input:
        dataset=of_run(DATASET),
        split=of_run(SPLIT),
        spec=given(spec_file),
        rates=range_test_file,
        start_from=given(start_file),
    output:
        model=MODEL,
        filters=FILTERS,
        history=f"{SEED}/history.tsv",
        provenance=f"{SEED}/provenance.json",
    log:
        "results/logs/train/{experiment}.seed{seed}.log",
    benchmark:
        "results/benchmarks/train/{experiment}.seed{seed}.tsv"
    wildcard_constraints:
        experiment=either(NETWORK_RUNS),
    conda:
        ENVIRONMENT
    threads: lambda wildcards: run_of(wildcards).training["threads"]
    resources:
        gpu=gpus,
        mem_mb=megabytes(2500, 1),
        runtime=minutes(240),
    params:
        library=library("train"),
        contents=contents(spec_file, start_file),
        seed=CONFIG.seed,
        spec=inline_spec,
        where=lambda wildcards: spec_name(CONFIG, run_of(wildcards).model),
        fold=lambda wildcards: run_of(wildcards).fold,
        training=lambda wildcards: train_options(run_of(wildcards).training),
        notes=train_notes,
    script:
        "../scripts/train.py"


# What an experiment is tested on, among the examples that the networks it starts from were trained on.
rule audit_start:
    input:
        dataset=of_run(DATASET),
        split=of_run(SPLIT),
        start_datasets=of_starts(DATASET),
        start_splits=of_starts(SPLIT),
    output:
        START_AUDIT,
    log:
        "results/logs/audit_start/{experiment}.log",
    benchmark:
        "results/benchmarks/audit_start/{experiment}.tsv"
    wildcard_constraints:
        experiment=either(STARTED),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(800, 20),
        runtime=minutes(30),
    params:
        library=library("audit_start"),
        folds=tested_folds,
        genomes=lambda wildcards: genomes_of(run_of(wildcards).dataset),
        starts=lambda wildcards: [
            {"name": name, "fold": RUNS[name].fold, "genomes": genomes_of(RUNS[name].dataset)}
            for name in audited_starts(wildcards.experiment)
        ],
        unknown=lambda wildcards: [
            name
            for name in starts_of(wildcards.experiment)
            if name not in audited_starts(wildcards.experiment)
        ],
    script:
        "../scripts/audit_start.py"


rule plot_training:
    input:
        history=f"{SEED}/history.tsv",
        provenance=f"{SEED}/provenance.json",
    output:
        report(
            f"{SEED}/curves.svg",
            caption="../report/curves.rst",
            category="Training",
            labels={"experiment": "{experiment}", "seed": "{seed}"},
        ),
    log:
        "results/logs/plot_training/{experiment}.seed{seed}.log",
    benchmark:
        "results/benchmarks/plot_training/{experiment}.seed{seed}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(600),
        runtime=minutes(10),
    params:
        library=library("plot_training"),
    script:
        "../scripts/plot_training.py"
