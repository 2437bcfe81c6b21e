# The pages: one per experiment, one for all of them.


rule recover:
    input:
        truth=simulation_truth,
        regions=of_run(REGIONS),
        matches=lambda wildcards: each_seed([MATCHES], wildcards.experiment),
        database=given(DATABASE),
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
        library=library("recover"),
        contents=contents(DATABASE),
        seeds=lambda wildcards: list(run_of(wildcards).seeds),
    script:
        "../scripts/recover.py"


rule report:
    input:
        # The page shows and links what is listed here, and no other file.
        shown,
        linked,
        dataset=of_run(DATASET),
        split=of_run(SPLIT),
        templates=[locate(path) for path in TEMPLATES],
        comparison=of_run(DATASET_COMPARISON),
        differences=of_run(DIFFERENCES),
        truth=simulation_truth,
        recovery=recovery,
        database=given(DATABASE),
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
    wildcard_constraints:
        experiment=either(PAGED + FOLD_RUNS),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(800, 10),
        runtime=minutes(20),
    params:
        library=library("report"),
        contents=contents(DATABASE),
        dataset=lambda wildcards: run_of(wildcards).dataset,
        task=task_of,
        classes=classes_of,
        seeds=lambda wildcards: list(run_of(wildcards).seeds),
        model=lambda wildcards: run_of(wildcards).model,
        members=lambda wildcards: list(run_of(wildcards).members),
        fold=lambda wildcards: None if run_of(wildcards).kind == "pooled" else run_of(wildcards).fold,
        baselines=lambda wildcards: baseline_names(CONFIG, wildcards.experiment),
        methods=lambda wildcards: [] if run_of(wildcards).members else METHODS,
        enrichment_q=INTERPRETATION.enrichment.q_value,
        sources=lambda wildcards: [
            {"name": item.name, "kind": item.config.kind, "file": item.config.file}
            for item in list_inputs(CONFIG.datasets[run_of(wildcards).dataset])
        ],
        config=shown_config,
    script:
        "../scripts/report.py"


rule index:
    input:
        templates=[locate(path) for path in TEMPLATES],
        comparison=COMPARISON,
        differences="results/differences.tsv",
        splits=every_dataset(SPLIT),
        audits=every_dataset(AUDIT),
        starts=[START_AUDIT.format(experiment=name) for name in EXPERIMENTS if name in STARTED],
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
        library=library("index"),
        datasets=list(CONFIG.datasets),
        experiments=[
            {
                "name": name,
                "dataset": RUNS[name].dataset,
                "task": CONFIG.datasets[RUNS[name].dataset].task,
                "model": RUNS[name].model,
                "baselines": baseline_names(CONFIG, name),
                "report": f"{name}/report.html" if name in PAGED else None,
            }
            for name in EXPERIMENTS
        ],
    script:
        "../scripts/index.py"
