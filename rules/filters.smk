# What the first-layer filters look for: motifs by method, their sites, logos and matches, one summary.


# What every filter makes of every sequence, in one scan.
rule scan_filters:
    input:
        filters=FILTERS,
        dataset=of_run(DATASET),
    output:
        ACTIVATIONS,
    log:
        "results/logs/scan_filters/{experiment}.seed{seed}.log",
    benchmark:
        "results/benchmarks/scan_filters/{experiment}.seed{seed}.tsv"
    conda:
        ENVIRONMENT
    threads: 2
    resources:
        mem_mb=megabytes(800, 6),
        runtime=minutes(60),
    params:
        library=library("scan_filters"),
        strands=INTERPRETATION.filters.strands,
    script:
        "../scripts/scan_filters.py"


# Exact p-values of windows, for a share of the filters.
rule test_windows:
    input:
        filters=FILTERS,
        dataset=of_run(DATASET),
        split=of_run(SPLIT),
    output:
        temp(TESTS),
    log:
        "results/logs/test_windows/{experiment}.seed{seed}.{scatteritem}.log",
    benchmark:
        "results/benchmarks/test_windows/{experiment}.seed{seed}.{scatteritem}.tsv"
    conda:
        ENVIRONMENT
    threads: 2
    resources:
        mem_mb=megabytes(1000, 4),
        runtime=minutes(120),
    params:
        library=library("test_windows"),
        seed=CONFIG.seed,
        options=test_options(),
        parts=INTERPRETATION.filters.parts,
        strands=INTERPRETATION.filters.strands,
        fold=lambda wildcards: run_of(wildcards).fold,
    script:
        "../scripts/test_windows.py"


rule set_thresholds:
    input:
        shares=shares(TESTS),
        filters=FILTERS,
    output:
        significance=SIGNIFICANCE,
        thresholds=THRESHOLDS,
        figure=filter_figure("significance"),
    log:
        "results/logs/set_thresholds/{experiment}.seed{seed}.log",
    benchmark:
        "results/benchmarks/set_thresholds/{experiment}.seed{seed}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(600),
        runtime=minutes(30),
    params:
        library=library("set_thresholds"),
        q_value=INTERPRETATION.significance.q_value,
        over=INTERPRETATION.significance.correct_over,
    script:
        "../scripts/set_thresholds.py"


rule find_motifs:
    input:
        special=method_inputs,
        filters=FILTERS,
        dataset=of_run(DATASET),
        split=of_run(SPLIT),
    output:
        motifs=MOTIFS,
        meme=f"{SEED}/filters/{{method}}.meme",
        jaspar=f"{SEED}/filters/{{method}}.jaspar",
    log:
        "results/logs/find_motifs/{experiment}.seed{seed}.{method}.log",
    benchmark:
        "results/benchmarks/find_motifs/{experiment}.seed{seed}.{method}.tsv"
    wildcard_constraints:
        method="|".join(METHODS),
    conda:
        ENVIRONMENT
    threads: 2
    resources:
        mem_mb=megabytes(800, 4),
        runtime=minutes(60),
    params:
        library=library("find_motifs"),
        options=method_options,
        fold=lambda wildcards: run_of(wildcards).fold,
    script:
        "../scripts/find_motifs.py"


rule find_sites:
    input:
        special=method_inputs,
        filters=FILTERS,
        motifs=MOTIFS,
        dataset=of_run(DATASET),
        split=of_run(SPLIT),
    output:
        SITES,
    log:
        "results/logs/find_sites/{experiment}.seed{seed}.{method}.log",
    benchmark:
        "results/benchmarks/find_sites/{experiment}.seed{seed}.{method}.tsv"
    wildcard_constraints:
        method=either(SITE_METHODS),
    conda:
        ENVIRONMENT
    threads: 2
    resources:
        mem_mb=megabytes(1000, 8),
        runtime=minutes(60),
    params:
        library=library("find_sites"),
        options=method_options,
        fold=lambda wildcards: run_of(wildcards).fold,
    script:
        "../scripts/find_sites.py"


rule locate_sites:
    input:
        filters=FILTERS,
        sites=[SITES.replace("{method}", method) for method in SITE_METHODS],
        dataset=of_run(DATASET),
    output:
        POSITIONS,
    log:
        "results/logs/locate_sites/{experiment}.seed{seed}.log",
    benchmark:
        "results/benchmarks/locate_sites/{experiment}.seed{seed}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(800, 10),
        runtime=minutes(30),
    params:
        library=library("locate_sites"),
        methods=SITE_METHODS,
    script:
        "../scripts/locate_sites.py"


rule draw_logos:
    input:
        motifs=MOTIFS,
    output:
        grid=filter_figure("{method}.logos"),
        single=directory(f"{SEED}/filters/{{method}}.logos"),
    log:
        "results/logs/draw_logos/{experiment}.seed{seed}.{method}.log",
    benchmark:
        "results/benchmarks/draw_logos/{experiment}.seed{seed}.{method}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(800),
        runtime=minutes(30),
    params:
        library=library("draw_logos"),
        kind=INTERPRETATION.filters.logos,
    script:
        "../scripts/draw_logos.py"


rule match_motifs:
    input:
        motifs=[MOTIFS.replace("{method}", method) for method in METHODS],
        database=given(DATABASE),
    output:
        filter_figure("matches", "tsv"),
    log:
        "results/logs/match_motifs/{experiment}.seed{seed}.log",
    benchmark:
        "results/benchmarks/match_motifs/{experiment}.seed{seed}.tsv"
    conda:
        ENVIRONMENT
    threads: 2
    resources:
        mem_mb=megabytes(1500, 4),
        runtime=minutes(60),
    params:
        library=library("match_motifs"),
        contents=contents(DATABASE),
        seed=CONFIG.seed,
        q_value=INTERPRETATION.match.q_value,
    script:
        "../scripts/match_motifs.py"


rule draw_matches:
    input:
        motifs=MOTIFS,
        matches=MATCHES,
        database=given(DATABASE),
    output:
        directory(ALIGNED),
    log:
        "results/logs/draw_matches/{experiment}.seed{seed}.{method}.log",
    benchmark:
        "results/benchmarks/draw_matches/{experiment}.seed{seed}.{method}.tsv"
    wildcard_constraints:
        method="|".join(METHODS),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(800),
        runtime=minutes(30),
    params:
        library=library("draw_matches"),
        contents=contents(DATABASE),
        q_value=INTERPRETATION.match.q_value,
    script:
        "../scripts/draw_matches.py"


rule summarise_filters:
    input:
        motifs=[MOTIFS.replace("{method}", method) for method in METHODS],
        matches=MATCHES,
        positions=[POSITIONS] if SITE_METHODS else [],
    output:
        filter_figure("summary", "tsv"),
    log:
        "results/logs/summarise_filters/{experiment}.seed{seed}.log",
    benchmark:
        "results/benchmarks/summarise_filters/{experiment}.seed{seed}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(600),
        runtime=minutes(10),
    params:
        library=library("summarise_filters"),
        q_value=INTERPRETATION.match.q_value,
    script:
        "../scripts/summarise_filters.py"
