# What the first-layer filters say: motifs by method, logos, matches, one summary.
rule find_motifs:
    input:
        library=library("find_motifs"),
        filters=FILTERS,
        dataset=of_run(DATASET),
        split=of_run(SPLIT),
    output:
        motifs=MOTIFS,
        meme=f"{SEED}/filters/{{method}}.meme",
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
        options=method_params,
        fold=lambda wildcards: run_of(wildcards).fold,
    script:
        "../scripts/find_motifs.py"


rule find_sites:
    input:
        library=library("find_sites"),
        filters=FILTERS,
        motifs=f"{SEED}/filters/top.h5",
        dataset=of_run(DATASET),
        split=of_run(SPLIT),
    output:
        sites=SITES,
        positions=POSITIONS,
    log:
        "results/logs/find_sites/{experiment}.seed{seed}.log",
    benchmark:
        "results/benchmarks/find_sites/{experiment}.seed{seed}.tsv"
    conda:
        ENVIRONMENT
    threads: 2
    resources:
        mem_mb=megabytes(1000, 8),
        runtime=minutes(60),
    params:
        parts=CONFIG.interpretation.filters.parts,
        fold=lambda wildcards: run_of(wildcards).fold,
    script:
        "../scripts/find_sites.py"


rule draw_logos:
    input:
        library=library("draw_logos"),
        motifs=MOTIFS,
    output:
        grid=report(
            f"{SEED}/filters/{{method}}.logos.svg",
            caption="../report/logos.rst",
            category="Filters",
            labels={
                "experiment": "{experiment}",
                "seed": "{seed}",
                "method": "{method}",
            },
        ),
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
    script:
        "../scripts/draw_logos.py"


rule match_motifs:
    input:
        library=library("match_motifs"),
        motifs=[MOTIFS.replace("{method}", method) for method in METHODS],
        database=DATABASE,
    output:
        report(
            MATCHES,
            caption="../report/matches.rst",
            category="Filters",
            labels={"experiment": "{experiment}", "seed": "{seed}", "method": "matches"},
        ),
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
        seed=CONFIG.seed,
        q_value=CONFIG.interpretation.match.q_value,
    script:
        "../scripts/match_motifs.py"


rule draw_matches:
    input:
        library=library("draw_matches"),
        motifs=MOTIFS,
        matches=MATCHES,
        database=DATABASE,
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
        q_value=CONFIG.interpretation.match.q_value,
    script:
        "../scripts/draw_matches.py"


rule summarise_filters:
    input:
        library=library("summarise_filters"),
        motifs=[MOTIFS.replace("{method}", method) for method in METHODS],
        matches=MATCHES,
        positions=[POSITIONS] if "top" in METHODS else [],
    output:
        report(
            SUMMARY,
            caption="../report/filters.rst",
            category="Filters",
            labels={
                "experiment": "{experiment}",
                "seed": "{seed}",
                "method": "summary",
            },
        ),
    log:
        "results/logs/summarise_filters/{experiment}.seed{seed}.log",
    benchmark:
        "results/benchmarks/summarise_filters/{experiment}.seed{seed}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(500),
        runtime=minutes(10),
    params:
        q_value=CONFIG.interpretation.match.q_value,
    script:
        "../scripts/summarise_filters.py"
