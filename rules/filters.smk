# What the first-layer filters say: motifs by method, logos, matches, one summary.
METHODS = CONFIG.interpretation.filters.methods


def method_params(wildcards):
    """The keys that a method depends on: the weight-only methods have none."""
    keys = {"percentile", "include_all_positive", "parts"} if wildcards.method == "top" else set()
    return CONFIG.interpretation.filters.model_dump(include=keys)


rule find_motifs:
    input:
        library=library("find_motifs"),
        filters=FILTERS,
        dataset=of_run(DATASET),
        split=of_run(SPLIT),
    output:
        motifs=MOTIFS,
        meme=f"{SEED}/filters/{{method}}.meme",
    params:
        options=method_params,
        fold=lambda wildcards: run_of(wildcards).fold,
    log:
        "results/logs/find_motifs/{experiment}.seed{seed}.{method}.log",
    benchmark:
        "results/benchmarks/find_motifs/{experiment}.seed{seed}.{method}.tsv"
    wildcard_constraints:
        method="|".join(METHODS),
    threads: 2
    resources:
        mem_mb=megabytes(800, 4),
        runtime=minutes(60),
    conda:
        ENVIRONMENT
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
        SITES,
    params:
        parts=CONFIG.interpretation.filters.parts,
        fold=lambda wildcards: run_of(wildcards).fold,
    log:
        "results/logs/find_sites/{experiment}.seed{seed}.log",
    benchmark:
        "results/benchmarks/find_sites/{experiment}.seed{seed}.tsv"
    threads: 2
    resources:
        mem_mb=megabytes(1000, 8),
        runtime=minutes(60),
    conda:
        ENVIRONMENT
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
            labels={"experiment": "{experiment}", "seed": "{seed}", "method": "{method}"},
        ),
        single=directory(f"{SEED}/filters/{{method}}.logos"),
    log:
        "results/logs/draw_logos/{experiment}.seed{seed}.{method}.log",
    benchmark:
        "results/benchmarks/draw_logos/{experiment}.seed{seed}.{method}.tsv"
    threads: 1
    resources:
        mem_mb=megabytes(800),
        runtime=minutes(30),
    conda:
        ENVIRONMENT
    script:
        "../scripts/draw_logos.py"


rule match_motifs:
    input:
        library=library("match_motifs"),
        motifs=[MOTIFS.replace("{method}", method) for method in METHODS],
        database=[locate(path) for path in [CONFIG.interpretation.match.database] if path],
    output:
        MATCHES,
    params:
        seed=CONFIG.seed,
        q_value=CONFIG.interpretation.match.q_value,
    log:
        "results/logs/match_motifs/{experiment}.seed{seed}.log",
    benchmark:
        "results/benchmarks/match_motifs/{experiment}.seed{seed}.tsv"
    threads: 2
    resources:
        mem_mb=megabytes(1500, 4),
        runtime=minutes(60),
    conda:
        ENVIRONMENT
    script:
        "../scripts/match_motifs.py"


rule summarise_filters:
    input:
        library=library("summarise_filters"),
        motifs=[MOTIFS.replace("{method}", method) for method in METHODS],
        matches=MATCHES,
    output:
        report(
            SUMMARY,
            caption="../report/filters.rst",
            category="Filters",
            labels={"experiment": "{experiment}", "seed": "{seed}", "method": "summary"},
        ),
    params:
        q_value=CONFIG.interpretation.match.q_value,
    log:
        "results/logs/summarise_filters/{experiment}.seed{seed}.log",
    benchmark:
        "results/benchmarks/summarise_filters/{experiment}.seed{seed}.tsv"
    threads: 1
    resources:
        mem_mb=megabytes(500),
        runtime=minutes(10),
    conda:
        ENVIRONMENT
    script:
        "../scripts/summarise_filters.py"
