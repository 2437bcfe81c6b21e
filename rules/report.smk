# The pages: one per experiment, one for all of them.

# Of every seed, what its page links to beside what it shows.
LINKED = [f"{SEED}/history.tsv", MODEL, FILTERS, PREDICTIONS]
LINKED += [f"{SEED}/filters/{method}{kind}" for method in METHODS for kind in (".meme", ".jaspar", ".logos")]


rule recover:
    input:
        library=library("recover"),
        truth=simulation_truth,
        regions=of_run(REGIONS),
        matches=lambda wildcards: each_seed([MATCHES], wildcards.experiment),
        database=[locate(path) for path in [CONFIG.interpretation.match.database] if path],
    output:
        report(
            RECOVERY,
            caption="../report/recovery.rst",
            category="Filters",
            labels={
                "experiment": "{experiment}",
                "seed": "all",
                "method": "planted motifs",
            },
        ),
    log:
        "results/logs/recover/{experiment}.log",
    benchmark:
        "results/benchmarks/recover/{experiment}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(500),
        runtime=minutes(10),
    params:
        seeds=lambda wildcards: list(run_of(wildcards).seeds),
    script:
        "../scripts/recover.py"


rule report:
    input:
        # The page shows and links what is listed here, and no other file.
        shown,
        lambda wildcards: each_seed(LINKED, wildcards.experiment),
        library=library("report"),
        dataset=of_run(DATASET),
        split=of_run(SPLIT),
        templates=[locate(path) for path in TEMPLATES],
        comparison=of_run(DATASET_COMPARISON),
        differences=of_run(DIFFERENCES),
        truth=simulation_truth,
        recovery=lambda wildcards: [RECOVERY] if simulation_truth(wildcards) else [],
        database=[locate(path) for path in [CONFIG.interpretation.match.database] if path],
    output:
        report(
            REPORT,
            caption="../report/report.rst",
            category="Pages",
            labels={"experiment": "{experiment}"},
        ),
    log:
        "results/logs/report/{experiment}.log",
    benchmark:
        "results/benchmarks/report/{experiment}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(800, 10),
        runtime=minutes(20),
    params:
        dataset=lambda wildcards: run_of(wildcards).dataset,
        task=task_of,
        classes=classes_of,
        seeds=lambda wildcards: list(run_of(wildcards).seeds),
        model=lambda wildcards: run_of(wildcards).model,
        fold=lambda wildcards: run_of(wildcards).fold,
        baselines=lambda wildcards: baseline_names(CONFIG, wildcards.experiment),
        methods=METHODS,
        enrichment_q=INTERPRETATION.enrichment.q_value,
        sources=lambda wildcards: [
            {"name": item.name, "kind": item.config.kind, "file": item.config.file}
            for item in list_inputs(CONFIG.datasets[run_of(wildcards).dataset])
        ],
        config=lambda wildcards: {
            "dataset": CONFIG.datasets[run_of(wildcards).dataset].model_dump(),
            "model": CONFIG.models[run_of(wildcards).model].model_dump(),
            "experiment": CONFIG.experiments[wildcards.experiment].model_dump(),
            "evaluation": CONFIG.evaluation.model_dump(),
            "interpretation": CONFIG.interpretation.model_dump(),
        },
    script:
        "../scripts/report.py"


rule index:
    input:
        library=library("index"),
        templates=[locate(path) for path in TEMPLATES],
        comparison=COMPARISON,
        differences="results/differences.tsv",
        splits=every_dataset(SPLIT),
        audits=every_dataset(AUDIT),
        reports=every(REPORT),
    output:
        report(
            INDEX,
            caption="../report/index.rst",
            category="Pages",
            labels={"experiment": "all"},
        ),
    log:
        "results/logs/index.log",
    benchmark:
        "results/benchmarks/index.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(500),
        runtime=minutes(10),
    params:
        datasets=list(CONFIG.datasets),
        experiments=[
            {
                "name": name,
                "dataset": RUNS[name].dataset,
                "task": CONFIG.datasets[RUNS[name].dataset].task,
                "model": RUNS[name].model,
                "baselines": baseline_names(CONFIG, name),
                "report": f"{name}/report.html" if name in NETWORKS else None,
            }
            for name in EXPERIMENTS
        ],
    script:
        "../scripts/index.py"
