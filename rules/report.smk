# The pages: one per experiment, one for all of them.


def simulation_truth(wildcards):
    """Return the planted sites of the simulation that an experiment's genome comes from, if it does."""
    names = map(simulation_of, genome_paths(CONFIG.datasets[run_of(wildcards).dataset]))
    return [f"{SIMULATION}/truth.tsv".format(simulation=name) for name in names if name]


def shown(wildcards):
    """Everything that the page of an experiment shows."""
    name = wildcards.experiment
    regression = CONFIG.datasets[RUNS[name].dataset].task == "regression"
    figures = ["scatter"] if regression else ["roc", "precision_recall", "confusion", "scores", "calibration"]
    paths = [f"{SEED}/curves.svg", METRICS, f"{SEED}/provenance.json", SUMMARY, MATCHES]
    paths += [f"{SEED}/evaluation/{figure}.svg" for figure in figures]
    paths += [path.replace("{method}", method) for path in (MOTIFS, LOGOS) for method in METHODS]
    paths += [SITES] if "top" in METHODS else []
    folder = f"results/datasets/{RUNS[name].dataset}"
    data = [REGIONS, LEDGER, DATASET, SPLIT, UNUSED, AUDIT, COUNTS, GC_CONTENT]
    return each_seed(paths, name) + [path.format(dataset=RUNS[name].dataset) for path in data]


def each_seed(paths, name):
    return [path.format(experiment=name, seed=seed) for seed in RUNS[name].seeds for path in paths]


rule recover:
    input:
        library=library("recover"),
        truth=simulation_truth,
        regions=of_run(REGIONS),
        matches=lambda wildcards: each_seed([MATCHES], wildcards.experiment),
        database=[locate(path) for path in [CONFIG.interpretation.match.database] if path],
    output:
        RECOVERY,
    log:
        "results/logs/recover/{experiment}.log",
    benchmark:
        "results/benchmarks/recover/{experiment}.tsv"
    threads: 1
    resources:
        mem_mb=megabytes(500),
        runtime=minutes(10),
    conda:
        ENVIRONMENT
    script:
        "../scripts/recover.py"


rule report:
    input:
        shown,
        library=library("report"),
        dataset=of_run(DATASET),
        templates=[locate(path) for path in TEMPLATES],
        comparison=of_run(DATASET_COMPARISON),
        differences=of_run(DIFFERENCES),
        truth=simulation_truth,
        recovery=lambda wildcards: [RECOVERY] if simulation_truth(wildcards) else [],
        database=[locate(path) for path in [CONFIG.interpretation.match.database] if path],
    output:
        report(REPORT, caption="../report/report.rst", category="Pages", labels={"experiment": "{experiment}"}),
    params:
        dataset=lambda wildcards: run_of(wildcards).dataset,
        task=task_of,
        classes=classes_of,
        seeds=lambda wildcards: list(run_of(wildcards).seeds),
        model=lambda wildcards: run_of(wildcards).model,
        fold=lambda wildcards: run_of(wildcards).fold,
        baselines=lambda wildcards: baseline_names(CONFIG, wildcards.experiment),
        methods=METHODS,
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
    log:
        "results/logs/report/{experiment}.log",
    benchmark:
        "results/benchmarks/report/{experiment}.tsv"
    threads: 1
    resources:
        mem_mb=megabytes(800, 10),
        runtime=minutes(20),
    conda:
        ENVIRONMENT
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
        report(INDEX, caption="../report/index.rst", category="Pages", labels={"experiment": "all"}),
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
    log:
        "results/logs/index.log",
    benchmark:
        "results/benchmarks/index.tsv"
    threads: 1
    resources:
        mem_mb=megabytes(500),
        runtime=minutes(10),
    conda:
        ENVIRONMENT
    script:
        "../scripts/index.py"
