# Predictions of networks and baselines, their metrics and pictures, and the comparison of all.


wildcard_constraints:
    layer=r"[A-Za-z0-9][A-Za-z0-9_.-]*",


rule predict:
    input:
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
        gpu=one_gpu,
        mem_mb=megabytes(2000, 4),
        runtime=minutes(60),
    params:
        library=library("predict"),
        fold=lambda wildcards: run_of(wildcards).fold,
        reverse_complement=CONFIG.evaluation.reverse_complement,
        device=device_of,
    script:
        "../scripts/predict.py"


rule fit_baseline:
    input:
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
        library=library("fit_baseline"),
        seed=CONFIG.seed,
        kind=lambda wildcards: run_of(wildcards).kind,
        k=lambda wildcards: run_of(wildcards).k,
        fold=lambda wildcards: run_of(wildcards).fold,
    script:
        "../scripts/fit_baseline.py"


rule baseline_coefficients:
    input:
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
        library=library("baseline_coefficients"),
        seed=CONFIG.seed,
        kind=lambda wildcards: run_of(wildcards).kind,
        k=lambda wildcards: run_of(wildcards).k,
        fold=lambda wildcards: run_of(wildcards).fold,
    script:
        "../scripts/baseline_coefficients.py"


ruleorder: fit_baseline > predict


rule choose_threshold:
    input:
        predictions=PREDICTIONS,
    output:
        THRESHOLD,
    log:
        "results/logs/choose_threshold/{experiment}.seed{seed}.log",
    benchmark:
        "results/benchmarks/choose_threshold/{experiment}.seed{seed}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(600, 20),
        runtime=minutes(10),
    params:
        library=library("choose_threshold"),
        task=task_of,
        classes=classes_of,
        rule=CONFIG.evaluation.threshold,
    script:
        "../scripts/choose_threshold.py"


rule evaluate:
    input:
        predictions=PREDICTIONS,
        split=of_run(SPLIT),
        threshold=THRESHOLD,
        metrics=given(CUSTOM_METRICS),
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
        library=library("evaluate"),
        contents=contents(CUSTOM_METRICS),
        seed=CONFIG.seed,
        dataset=lambda wildcards: run_of(wildcards).dataset,
        task=task_of,
        classes=classes_of,
        bootstrap=CONFIG.evaluation.bootstrap,
        confidence=CONFIG.evaluation.confidence,
    script:
        "../scripts/evaluate.py"


rule list_mistakes:
    input:
        predictions=PREDICTIONS,
        threshold=THRESHOLD,
        dataset=of_run(DATASET),
    output:
        MISTAKES,
    log:
        "results/logs/list_mistakes/{experiment}.seed{seed}.log",
    benchmark:
        "results/benchmarks/list_mistakes/{experiment}.seed{seed}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(600, 10),
        runtime=minutes(10),
    params:
        library=library("list_mistakes"),
        task=task_of,
        classes=classes_of,
        most=CONFIG.evaluation.mistakes,
    script:
        "../scripts/list_mistakes.py"


rule average_sets:
    input:
        # Of extra sets with targets, in the order of params.sets.
        predictions=lambda wildcards: [
            f"{SEED}/sets/{name}/predictions.tsv.gz" for name in labelled_sets(wildcards)
        ],
        splits=lambda wildcards: [SPLIT.format(dataset=name) for name in labelled_sets(wildcards)],
        threshold=THRESHOLD,
        metrics=given(CUSTOM_METRICS),
    output:
        SETS_AVERAGE,
    log:
        "results/logs/average_sets/{experiment}.seed{seed}.log",
    benchmark:
        "results/benchmarks/average_sets/{experiment}.seed{seed}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(1000, 20),
        runtime=minutes(30),
    params:
        library=library("average_sets"),
        contents=contents(CUSTOM_METRICS),
        seed=CONFIG.seed,
        sets=lambda wildcards: labelled_sets(wildcards),
        task=task_of,
        classes=classes_of,
        bootstrap=CONFIG.evaluation.bootstrap,
        confidence=CONFIG.evaluation.confidence,
    script:
        "../scripts/average_sets.py"


rule embed_layer:
    input:
        model=MODEL,
        dataset=of_run(DATASET),
        split=of_run(SPLIT),
    output:
        table=f"{EMBEDDING}.tsv",
        figure=report(
            f"{EMBEDDING}.svg",
            caption="../report/embedding.rst",
            category="Performance",
            labels={
                "experiment": "{experiment}",
                "seed": "{seed}",
                "figure": "embedding of {layer}",
            },
        ),
    log:
        "results/logs/embed_layer/{experiment}.seed{seed}.{layer}.log",
    benchmark:
        "results/benchmarks/embed_layer/{experiment}.seed{seed}.{layer}.tsv"
    wildcard_constraints:
        experiment=either(name for name, run in RUNS.items() if run.is_network),
    conda:
        ENVIRONMENT
    threads: lambda wildcards: run_of(wildcards).training["threads"]
    resources:
        gpu=one_gpu,
        mem_mb=megabytes(2500, 4),
        runtime=minutes(30),
    params:
        library=library("embed_layer"),
        seed=CONFIG.seed,
        fold=lambda wildcards: run_of(wildcards).fold,
        device=device_of,
        part=CONFIG.evaluation.embedding.part,
        examples=CONFIG.evaluation.embedding.examples,
        perplexity=CONFIG.evaluation.embedding.perplexity,
    script:
        "../scripts/embed_layer.py"


rule plot_classification:
    input:
        unpack(baseline_predictions),
        predictions=PREDICTIONS,
        threshold=THRESHOLD,
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
        library=library("plot_classification"),
        task=task_of,
        classes=classes_of,
        baselines=lambda wildcards: list(baseline_predictions(wildcards)),
    script:
        "../scripts/plot_classification.py"


rule plot_regression:
    input:
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
        library=library("plot_regression"),
        classes=classes_of,
    script:
        "../scripts/plot_regression.py"


rule compare:
    input:
        metrics=lambda wildcards: compared(METRICS, wildcards),
        predictions=lambda wildcards: compared(PREDICTIONS, wildcards),
        averages=lambda wildcards: each(SETS_AVERAGE, averaged_on(wildcards)),
        split=SPLIT,
    output:
        table=DATASET_COMPARISON,
        differences=DIFFERENCES,
        means=MEANS,
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
        library=library("compare"),
        seed=CONFIG.seed,
        runs=lambda wildcards: [
            [name, RUNS[name].model, RUNS[name].kind, wildcards.dataset, seed]
            for name in runs_on(wildcards)
            for seed in RUNS[name].seeds
        ],
        averaged=averaged_on,
        task=lambda wildcards: block(wildcards).task,
        classes=lambda wildcards: block(wildcards).classes,
        bootstrap=CONFIG.evaluation.bootstrap,
        confidence=CONFIG.evaluation.confidence,
    script:
        "../scripts/compare.py"


rule plot_comparison:
    input:
        means=MEANS,
        predictions=lambda wildcards: compared(
            PREDICTIONS, wildcards, [name for name in runs_on(wildcards) if name not in FOLD_RUNS]
        ),
    output:
        roc=report(
            "results/datasets/{dataset}/roc.svg",
            caption="../report/comparison_curves.rst",
            category="Comparison",
            labels={"table": "ROC curves on {dataset}"},
        ),
        precision_recall=report(
            "results/datasets/{dataset}/precision_recall.svg",
            caption="../report/comparison_curves.rst",
            category="Comparison",
            labels={"table": "precision and recall on {dataset}"},
        ),
    log:
        "results/logs/plot_comparison/{dataset}.log",
    benchmark:
        "results/benchmarks/plot_comparison/{dataset}.tsv"
    wildcard_constraints:
        dataset=either(name for name, dataset in CONFIG.datasets.items() if dataset.task != "regression"),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(800, 20),
        runtime=minutes(20),
    params:
        library=library("plot_comparison"),
        runs=lambda wildcards: [
            [name, RUNS[name].kind]
            for name in runs_on(wildcards)
            if name not in FOLD_RUNS
            for seed in RUNS[name].seeds
        ],
        task=lambda wildcards: block(wildcards).task,
        classes=lambda wildcards: block(wildcards).classes,
    script:
        "../scripts/plot_comparison.py"


rule collect_comparisons:
    input:
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
    params:
        library=library("collect_comparisons"),
    script:
        "../scripts/collect_comparisons.py"
