# Training: one job per experiment and seed.


rule train:
    input:
        library=library("train"),
        dataset=of_run(DATASET),
        split=of_run(SPLIT),
        spec=spec_file,
        rates=range_test_file,
        start_from=start_file,
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
        seed=CONFIG.seed,
        spec=inline_spec,
        where=lambda wildcards: spec_name(CONFIG, run_of(wildcards).model),
        fold=lambda wildcards: run_of(wildcards).fold,
        training=lambda wildcards: train_options(run_of(wildcards).training),
        notes=train_notes,
    script:
        "../scripts/train.py"


rule plot_training:
    input:
        library=library("plot_training"),
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
    script:
        "../scripts/plot_training.py"
