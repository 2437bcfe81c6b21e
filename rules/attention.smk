# Where attention layers look; made when asked for by name.


rule measure_attention:
    input:
        model=MODEL,
        dataset=of_fitting_set(DATASET, "alphabet", "window.length"),
        split=of_set(SPLIT),
        sites=given(KNOWN_FILES),
    output:
        maxima=f"{ATTENTION}.tsv.gz",
        profile=f"{ATTENTION}.profile.tsv",
        profile_figure=f"{ATTENTION}.svg",
        sites=f"{ATTENTION}.sites.tsv",
        sites_figure=f"{ATTENTION}.sites.svg",
    log:
        "results/logs/measure_attention/{experiment}.seed{seed}.{set}.log",
    benchmark:
        "results/benchmarks/measure_attention/{experiment}.seed{seed}.{set}.tsv"
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
        library=library("measure_attention"),
        contents=contents(KNOWN_FILES),
        fold=set_fold,
        sites=KNOWN_SITES,
        confidence=CONFIG.evaluation.confidence,
        device=device_of,
    script:
        "../scripts/measure_attention.py"
