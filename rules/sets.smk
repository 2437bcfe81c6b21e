# Any sequences through a trained model: extra sets, tracks, activations, uncertainty; folds and ensembles.


wildcard_constraints:
    set=either(CONFIG.datasets),


rule predict_set:
    input:
        model=MODEL,
        dataset=of_fitting_set(DATASET),
        split=of_set(SPLIT),
    output:
        SET_PREDICTIONS,
    log:
        "results/logs/predict_set/{experiment}.seed{seed}.{set}.log",
    benchmark:
        "results/benchmarks/predict_set/{experiment}.seed{seed}.{set}.tsv"
    wildcard_constraints:
        experiment=either(NETWORK_RUNS),
    conda:
        ENVIRONMENT
    threads: lambda wildcards: run_of(wildcards).training["threads"]
    resources:
        gpu=one_gpu,
        mem_mb=megabytes(2000, 4),
        runtime=minutes(60),
    params:
        library=library("predict_set"),
        fold=set_fold,
        reverse_complement=CONFIG.evaluation.reverse_complement,
        device=device_of,
    script:
        "../scripts/predict_set.py"


rule predict_baseline_set:
    input:
        dataset=of_run(DATASET),
        split=of_run(SPLIT),
        set=of_fitting_set(DATASET),
        set_split=of_set(SPLIT),
    output:
        SET_PREDICTIONS,
    log:
        "results/logs/predict_baseline_set/{experiment}.seed{seed}.{set}.log",
    benchmark:
        "results/benchmarks/predict_baseline_set/{experiment}.seed{seed}.{set}.tsv"
    wildcard_constraints:
        experiment=either(REGRESSIONS),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(1000, 30),
        runtime=minutes(60),
    params:
        library=library("predict_baseline_set"),
        seed=CONFIG.seed,
        kind=lambda wildcards: run_of(wildcards).kind,
        k=lambda wildcards: run_of(wildcards).k,
        fold=lambda wildcards: run_of(wildcards).fold,
        set_fold=set_fold,
    script:
        "../scripts/predict_baseline_set.py"


# The predictions of a run over folds, and of an ensemble.
rule average_predictions:
    input:
        predictions=member_files(PREDICTIONS),
    output:
        # One file, as rule predict has.
        PREDICTIONS,
    log:
        "results/logs/average_predictions/{experiment}.seed{seed}.log",
    benchmark:
        "results/benchmarks/average_predictions/{experiment}.seed{seed}.tsv"
    wildcard_constraints:
        experiment=either(COMBINED),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(800, 20),
        runtime=minutes(20),
    params:
        library=library("average_predictions"),
        pooled=lambda wildcards: run_of(wildcards).kind != "ensemble",
        runs=members_of,
    script:
        "../scripts/average_predictions.py"


ruleorder: average_predictions > predict


# Of an extra set every fold has seen nothing, so that they are averaged as an ensemble is.
rule average_set_predictions:
    input:
        predictions=member_files(SET_PREDICTIONS),
    output:
        SET_PREDICTIONS,
    log:
        "results/logs/average_set_predictions/{experiment}.seed{seed}.{set}.log",
    benchmark:
        "results/benchmarks/average_set_predictions/{experiment}.seed{seed}.{set}.tsv"
    wildcard_constraints:
        experiment=either(COMBINED),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(800, 20),
        runtime=minutes(20),
    params:
        library=library("average_predictions"),
        pooled=False,
        runs=members_of,
    script:
        "../scripts/average_predictions.py"


rule evaluate_set:
    input:
        predictions=SET_PREDICTIONS,
        split=of_set(SPLIT),
        threshold=THRESHOLD,
        metrics=given(CUSTOM_METRICS),
    output:
        table=SET_METRICS,
        json=f"{SET}/metrics.json",
    log:
        "results/logs/evaluate_set/{experiment}.seed{seed}.{set}.log",
    benchmark:
        "results/benchmarks/evaluate_set/{experiment}.seed{seed}.{set}.tsv"
    wildcard_constraints:
        set=either(LABELLED_SETS),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(1000, 20),
        runtime=minutes(30),
    params:
        library=library("evaluate"),
        contents=contents(CUSTOM_METRICS),
        seed=CONFIG.seed,
        dataset=lambda wildcards: wildcards.set,
        task=lambda wildcards: CONFIG.datasets[wildcards.set].task,
        classes=lambda wildcards: CONFIG.datasets[wildcards.set].classes,
        bootstrap=CONFIG.evaluation.bootstrap,
        confidence=CONFIG.evaluation.confidence,
    script:
        "../scripts/evaluate.py"


# What an extra set shares with the dataset of an experiment that names it.
rule audit_set:
    input:
        dataset=DATASET,
        split=SPLIT,
        set=of_set(DATASET),
    output:
        SET_AUDIT,
    log:
        "results/logs/audit_set/{set}.{dataset}.log",
    benchmark:
        "results/benchmarks/audit_set/{set}.{dataset}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(800, 20),
        runtime=minutes(30),
    params:
        library=library("audit_set"),
        tested=tested_parts,
        genomes=lambda wildcards: genomes_of(wildcards.dataset),
        set_genomes=lambda wildcards: genomes_of(wildcards.set),
    script:
        "../scripts/audit_set.py"


# Both strands of every example; made when asked for by name, as are all rules below.
rule predict_strands:
    input:
        model=MODEL,
        dataset=of_fitting_set(DATASET),
        split=of_set(SPLIT),
    output:
        f"{SET}/strands.tsv.gz",
    log:
        "results/logs/predict_strands/{experiment}.seed{seed}.{set}.log",
    benchmark:
        "results/benchmarks/predict_strands/{experiment}.seed{seed}.{set}.tsv"
    wildcard_constraints:
        experiment=either(NETWORK_RUNS),
    conda:
        ENVIRONMENT
    threads: lambda wildcards: run_of(wildcards).training["threads"]
    resources:
        gpu=one_gpu,
        mem_mb=megabytes(2000, 4),
        runtime=minutes(60),
    params:
        library=library("predict_strands"),
        fold=set_fold,
        device=device_of,
    script:
        "../scripts/predict_strands.py"


rule predict_dropout:
    input:
        model=MODEL,
        dataset=of_fitting_set(DATASET),
        split=of_set(SPLIT),
    output:
        f"{SET}/uncertainty.tsv.gz",
    log:
        "results/logs/predict_dropout/{experiment}.seed{seed}.{set}.log",
    benchmark:
        "results/benchmarks/predict_dropout/{experiment}.seed{seed}.{set}.tsv"
    wildcard_constraints:
        experiment=either(NETWORK_RUNS),
    conda:
        ENVIRONMENT
    threads: lambda wildcards: run_of(wildcards).training["threads"]
    resources:
        gpu=one_gpu,
        mem_mb=megabytes(2000, 4),
        runtime=minutes(240),
    params:
        library=library("predict_dropout"),
        seed=CONFIG.seed,
        fold=set_fold,
        samples=dropout_samples,
        reverse_complement=CONFIG.evaluation.reverse_complement,
        device=device_of,
    script:
        "../scripts/predict_dropout.py"


rule write_track:
    input:
        predictions=SET_PREDICTIONS,
        index=track_index,
    output:
        bigwig=f"{TRACK}.bw",
        bed=f"{TRACK}.bed.gz",
        index=f"{TRACK}.bed.gz.csi",
    log:
        "results/logs/write_track/{experiment}.seed{seed}.{set}.{target}.log",
    benchmark:
        "results/benchmarks/write_track/{experiment}.seed{seed}.{set}.{target}.tsv"
    wildcard_constraints:
        target=r"[A-Za-z0-9_-]+",
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(800, 30),
        runtime=minutes(60),
    params:
        library=library("write_track"),
        flank=lambda wildcards: CONFIG.datasets[wildcards.set].window.flank,
    script:
        "../scripts/write_track.py"


rule extract_activations:
    input:
        model=MODEL,
        dataset=of_fitting_set(DATASET, "alphabet", "window.length"),
    output:
        f"{SEED}/activations/{{set}}.{{layer}}.{{table}}",
    log:
        "results/logs/extract_activations/{experiment}.seed{seed}.{set}.{layer}.{table}.log",
    benchmark:
        "results/benchmarks/extract_activations/{experiment}.seed{seed}.{set}.{layer}.{table}.tsv"
    wildcard_constraints:
        experiment=either(NETWORK_RUNS),
        layer=r"[^/]+?",
        table=r"(strands\.)?h5|tsv\.gz",
    conda:
        ENVIRONMENT
    threads: lambda wildcards: run_of(wildcards).training["threads"]
    resources:
        gpu=one_gpu,
        mem_mb=megabytes(2000, 4),
        runtime=minutes(60),
    params:
        library=library("extract_activations"),
        device=device_of,
    script:
        "../scripts/extract_activations.py"
