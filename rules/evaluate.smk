# Predictions of networks and baselines, their metrics and pictures, and the comparison of all.


rule predict:
    input:
        library=library("predict"),
        model=MODEL,
        dataset=of_run(DATASET),
        split=of_run(SPLIT),
    output:
        PREDICTIONS,
    log:
        "results/logs/predict/{experiment}.seed{seed}.log",
    benchmark:
        "results/benchmarks/predict/{experiment}.seed{seed}.tsv"
    conda:
        ENVIRONMENT
    threads: lambda wildcards: run_of(wildcards).training["threads"]
    resources:
        gpu=1,
        mem_mb=megabytes(2000, 4),
        runtime=minutes(60),
    params:
        fold=lambda wildcards: run_of(wildcards).fold,
        reverse_complement=CONFIG.evaluation.reverse_complement,
        threads=lambda wildcards: run_of(wildcards).training["threads"],
    script:
        "../scripts/predict.py"


rule fit_baseline:
    input:
        library=library("fit_baseline"),
        dataset=of_run(DATASET),
        split=of_run(SPLIT),
    output:
        # One file, as rule predict has: metadata of another would hide that an experiment's model changed.
        PREDICTIONS,
    log:
        "results/logs/fit_baseline/{experiment}.seed{seed}.log",
    benchmark:
        "results/benchmarks/fit_baseline/{experiment}.seed{seed}.tsv"
    wildcard_constraints:
        experiment=either(REGRESSIONS),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(1000, 30),
        runtime=minutes(60),
    params:
        seed=CONFIG.seed,
        kind=lambda wildcards: run_of(wildcards).kind,
        k=lambda wildcards: run_of(wildcards).k,
        fold=lambda wildcards: run_of(wildcards).fold,
    script:
        "../scripts/fit_baseline.py"


rule baseline_coefficients:
    input:
        library=library("baseline_coefficients"),
        dataset=of_run(DATASET),
        split=of_run(SPLIT),
    output:
        f"{SEED}/coefficients.tsv",
    log:
        "results/logs/baseline_coefficients/{experiment}.seed{seed}.log",
    benchmark:
        "results/benchmarks/baseline_coefficients/{experiment}.seed{seed}.tsv"
    wildcard_constraints:
        experiment=either(REGRESSIONS),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(1000, 30),
        runtime=minutes(60),
    params:
        seed=CONFIG.seed,
        kind=lambda wildcards: run_of(wildcards).kind,
        k=lambda wildcards: run_of(wildcards).k,
        fold=lambda wildcards: run_of(wildcards).fold,
    script:
        "../scripts/baseline_coefficients.py"


ruleorder: fit_baseline > predict


rule evaluate:
    input:
        library=library("evaluate"),
        predictions=PREDICTIONS,
        split=of_run(SPLIT),
    output:
        table=report(
            METRICS,
            caption="../report/metrics.rst",
            category="Performance",
            labels={"experiment": "{experiment}", "seed": "{seed}", "figure": "metrics"},
        ),
        json=f"{SEED}/metrics.json",
    log:
        "results/logs/evaluate/{experiment}.seed{seed}.log",
    benchmark:
        "results/benchmarks/evaluate/{experiment}.seed{seed}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(1000, 20),
        runtime=minutes(30),
    params:
        seed=CONFIG.seed,
        dataset=lambda wildcards: run_of(wildcards).dataset,
        task=task_of,
        classes=classes_of,
        bootstrap=CONFIG.evaluation.bootstrap,
        confidence=CONFIG.evaluation.confidence,
    script:
        "../scripts/evaluate.py"


rule plot_classification:
    input:
        unpack(baseline_predictions),
        library=library("plot_classification"),
        predictions=PREDICTIONS,
    output:
        roc=figure("roc"),
        precision_recall=figure("precision_recall"),
        confusion=figure("confusion"),
        scores=figure("scores"),
        calibration=figure("calibration"),
    log:
        "results/logs/plot_classification/{experiment}.seed{seed}.log",
    benchmark:
        "results/benchmarks/plot_classification/{experiment}.seed{seed}.tsv"
    wildcard_constraints:
        experiment=runs_with("binary", "multiclass", "multilabel"),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(800, 20),
        runtime=minutes(20),
    params:
        task=task_of,
        classes=classes_of,
        baselines=lambda wildcards: list(baseline_predictions(wildcards)),
    script:
        "../scripts/plot_classification.py"


rule plot_regression:
    input:
        library=library("plot_regression"),
        predictions=PREDICTIONS,
    output:
        scatter=figure("scatter"),
    log:
        "results/logs/plot_regression/{experiment}.seed{seed}.log",
    benchmark:
        "results/benchmarks/plot_regression/{experiment}.seed{seed}.tsv"
    wildcard_constraints:
        experiment=runs_with("regression"),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(800, 20),
        runtime=minutes(20),
    params:
        classes=classes_of,
    script:
        "../scripts/plot_regression.py"


rule compare:
    input:
        library=library("compare"),
        metrics=lambda wildcards: each(METRICS, runs_on(wildcards)),
        predictions=lambda wildcards: each(PREDICTIONS, runs_on(wildcards)),
        split=SPLIT,
    output:
        table=DATASET_COMPARISON,
        differences=DIFFERENCES,
    log:
        "results/logs/compare/{dataset}.log",
    benchmark:
        "results/benchmarks/compare/{dataset}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(1000, 20),
        runtime=minutes(30),
    params:
        seed=CONFIG.seed,
        runs=lambda wildcards: [
            [name, RUNS[name].model, RUNS[name].kind, wildcards.dataset, seed]
            for name in runs_on(wildcards)
            for seed in RUNS[name].seeds
        ],
        task=lambda wildcards: block(wildcards).task,
        classes=lambda wildcards: block(wildcards).classes,
        bootstrap=CONFIG.evaluation.bootstrap,
        confidence=CONFIG.evaluation.confidence,
    script:
        "../scripts/compare.py"


rule collect_comparisons:
    input:
        library=library("collect_comparisons"),
        comparisons=every_dataset(DATASET_COMPARISON),
        differences=every_dataset(DIFFERENCES),
    output:
        comparison=report(
            COMPARISON,
            caption="../report/comparison.rst",
            category="Comparison",
            labels={"table": "comparison"},
        ),
        differences="results/differences.tsv",
        figure=report(
            "results/comparison.svg",
            caption="../report/comparison.rst",
            category="Comparison",
            labels={"table": "figure"},
        ),
    log:
        "results/logs/collect_comparisons.log",
    benchmark:
        "results/benchmarks/collect_comparisons.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(600),
        runtime=minutes(10),
    script:
        "../scripts/collect_comparisons.py"
