# What the first-layer filters mean to the network and to the classes: one table and its pictures per rule.


# Which filters resemble each other.
rule compare_filters:
    input:
        filters=FILTERS,
        motifs=COMPARED_MOTIFS,
    output:
        table=f"{SEED}/filters/redundancy.tsv",
        heatmap=filter_figure("redundancy"),
        clustermap=filter_figure("redundancy.clustermap"),
    log:
        "results/logs/compare_filters/{experiment}.seed{seed}.log",
    benchmark:
        "results/benchmarks/compare_filters/{experiment}.seed{seed}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(700),
        runtime=minutes(30),
    params:
        library=library("compare_filters"),
        similarity=INTERPRETATION.redundancy.similarity,
    script:
        "../scripts/compare_filters.py"


rule group_filters:
    input:
        motifs=COMPARED_MOTIFS,
    output:
        GROUPS,
    log:
        "results/logs/group_filters/{experiment}.seed{seed}.log",
    benchmark:
        "results/benchmarks/group_filters/{experiment}.seed{seed}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(600),
        runtime=minutes(30),
    params:
        library=library("group_filters"),
        similarity=INTERPRETATION.redundancy.similarity,
    script:
        "../scripts/group_filters.py"


# Groups of filters by what activates them, and by their motifs.
rule cluster_filters:
    input:
        activations=ACTIVATIONS,
        motifs=COMPARED_MOTIFS,
        groups=GROUPS,
        split=of_run(SPLIT),
    output:
        clusters=CLUSTERS,
        scores=f"{SEED}/filters/cluster_scores.tsv",
        agreement=f"{SEED}/filters/agreement.tsv",
        activation_newick=f"{SEED}/filters/clusters.nwk",
        motif_newick=f"{SEED}/filters/motif_clusters.nwk",
        activation_tree=filter_figure("clusters"),
        motif_tree=filter_figure("motif_clusters"),
        heatmap=filter_figure("clusters.heatmap"),
        silhouettes=filter_figure("cluster_scores"),
        agreement_figure=filter_figure("agreement"),
    log:
        "results/logs/cluster_filters/{experiment}.seed{seed}.log",
    benchmark:
        "results/benchmarks/cluster_filters/{experiment}.seed{seed}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(900, 8),
        runtime=minutes(60),
    params:
        library=library("cluster_filters"),
        options=INTERPRETATION.clustering.model_dump(exclude={"sequences_shown"}),
        parts=INTERPRETATION.filters.parts,
        fold=lambda wildcards: run_of(wildcards).fold,
    script:
        "../scripts/cluster_filters.py"


rule sample_sequences:
    input:
        activations=ACTIVATIONS,
        dataset=of_run(DATASET),
        split=of_run(SPLIT),
    output:
        sequences=f"{SEED}/filters/sequences.tsv.gz",
        drawn=f"{SEED}/filters/sequences.drawn.tsv",
        figure=filter_figure("sequences"),
    log:
        "results/logs/sample_sequences/{experiment}.seed{seed}.log",
    benchmark:
        "results/benchmarks/sample_sequences/{experiment}.seed{seed}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(900, 8),
        runtime=minutes(60),
    params:
        library=library("sample_sequences"),
        seed=CONFIG.seed,
        most=INTERPRETATION.clustering.sequences_shown,
        parts=INTERPRETATION.filters.parts,
        fold=lambda wildcards: run_of(wildcards).fold,
    script:
        "../scripts/sample_sequences.py"


# Which filters tell the classes apart.
rule test_enrichment:
    input:
        filters=FILTERS,
        activations=ACTIVATIONS,
        motifs=SITE_MOTIFS,
        dataset=of_run(DATASET),
        split=of_run(SPLIT),
    output:
        table=f"{SEED}/filters/enrichment.tsv",
        figure=filter_figure("enrichment"),
    log:
        "results/logs/test_enrichment/{experiment}.seed{seed}.log",
    benchmark:
        "results/benchmarks/test_enrichment/{experiment}.seed{seed}.tsv"
    conda:
        ENVIRONMENT
    threads: 2
    resources:
        mem_mb=megabytes(900, 8),
        runtime=minutes(60),
    params:
        library=library("test_enrichment"),
        options=INTERPRETATION.enrichment.model_dump(),
        strands=INTERPRETATION.filters.strands,
        fold=lambda wildcards: run_of(wildcards).fold,
    script:
        "../scripts/test_enrichment.py"


# How filters respond to each class, and where.
rule profile_classes:
    input:
        filters=FILTERS,
        activations=ACTIVATIONS,
        dataset=of_run(DATASET),
        split=of_run(SPLIT),
    output:
        activation=f"{SEED}/filters/class_activation.tsv",
        score=f"{SEED}/filters/kernel_score.tsv",
        maxima=f"{SEED}/filters/maxima.tsv",
        profile=f"{SEED}/filters/profile.tsv.gz",
        violins=filter_figure("class_activation"),
        positions=filter_figure("maxima"),
        profiles=filter_figure("profile"),
    log:
        "results/logs/profile_classes/{experiment}.seed{seed}.log",
    benchmark:
        "results/benchmarks/profile_classes/{experiment}.seed{seed}.tsv"
    conda:
        ENVIRONMENT
    threads: 2
    resources:
        mem_mb=megabytes(900, 8),
        runtime=minutes(60),
    params:
        library=library("profile_classes"),
        parts=INTERPRETATION.filters.parts,
        strands=INTERPRETATION.filters.strands,
        fold=lambda wildcards: run_of(wildcards).fold,
    script:
        "../scripts/profile_classes.py"


# Which base of a site matters.
rule measure_sensitivity:
    input:
        filters=FILTERS,
        motifs=SITE_MOTIFS,
        dataset=of_run(DATASET),
        split=of_run(SPLIT),
    output:
        table=f"{SEED}/filters/sensitivity.tsv",
        overview=filter_figure("sensitivity"),
        single=directory(f"{SEED}/filters/sensitivity"),
    log:
        "results/logs/measure_sensitivity/{experiment}.seed{seed}.log",
    benchmark:
        "results/benchmarks/measure_sensitivity/{experiment}.seed{seed}.tsv"
    conda:
        ENVIRONMENT
    threads: 2
    resources:
        mem_mb=megabytes(900, 6),
        runtime=minutes(60),
    params:
        library=library("measure_sensitivity"),
        parts=INTERPRETATION.filters.parts,
        strands=INTERPRETATION.filters.strands,
        fold=lambda wildcards: run_of(wildcards).fold,
    script:
        "../scripts/measure_sensitivity.py"


# Single values behind the table of sensitivities; made when asked for by name.
rule sample_sensitivity:
    input:
        filters=FILTERS,
        motifs=SITE_MOTIFS,
        dataset=of_run(DATASET),
        split=of_run(SPLIT),
    output:
        f"{SEED}/filters/sensitivity.sample.tsv.gz",
    log:
        "results/logs/sample_sensitivity/{experiment}.seed{seed}.log",
    benchmark:
        "results/benchmarks/sample_sensitivity/{experiment}.seed{seed}.tsv"
    conda:
        ENVIRONMENT
    threads: 2
    resources:
        mem_mb=megabytes(900, 6),
        runtime=minutes(30),
    params:
        library=library("sample_sensitivity"),
        seed=CONFIG.seed,
        sites=INTERPRETATION.sensitivity.sample,
        parts=INTERPRETATION.filters.parts,
        strands=INTERPRETATION.filters.strands,
        fold=lambda wildcards: run_of(wildcards).fold,
    script:
        "../scripts/sample_sensitivity.py"


# What the network loses without a filter, for a share of the filters.
rule perturb_filters:
    input:
        model=MODEL,
        filters=FILTERS,
        groups=importance_groups,
        dataset=of_run(DATASET),
        split=of_run(SPLIT),
    output:
        table=temp(f"{PERTURBATIONS}.tsv"),
        iterations=temp(f"{PERTURBATIONS}.iterations.tsv"),
        groups=temp(f"{PERTURBATIONS}.groups.tsv"),
    log:
        "results/logs/perturb_filters/{experiment}.seed{seed}.{scatteritem}.log",
    benchmark:
        "results/benchmarks/perturb_filters/{experiment}.seed{seed}.{scatteritem}.tsv"
    conda:
        ENVIRONMENT
    threads: lambda wildcards: run_of(wildcards).training["threads"]
    resources:
        gpu=one_gpu,
        mem_mb=megabytes(2500, 4),
        runtime=minutes(240),
    params:
        library=library("perturb_filters"),
        seed=CONFIG.seed,
        options=INTERPRETATION.importance.model_dump(exclude={"groups"}),
        confidence=CONFIG.evaluation.confidence,
        device=device_of,
        fold=lambda wildcards: run_of(wildcards).fold,
    script:
        "../scripts/perturb_filters.py"


rule rank_importance:
    input:
        tables=shares(f"{PERTURBATIONS}.tsv"),
        iterations=shares(f"{PERTURBATIONS}.iterations.tsv"),
        groups=shares(f"{PERTURBATIONS}.groups.tsv"),
        filters=FILTERS,
    output:
        table=f"{SEED}/filters/importance.tsv",
        groups=f"{SEED}/filters/importance.groups.tsv",
        iterations=f"{SEED}/filters/importance.iterations.tsv.gz",
        ranking=filter_figure("importance"),
        boxes=filter_figure("importance.boxes"),
        violins=filter_figure("importance.violins"),
    log:
        "results/logs/rank_importance/{experiment}.seed{seed}.log",
    benchmark:
        "results/benchmarks/rank_importance/{experiment}.seed{seed}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(900, 4),
        runtime=minutes(30),
    params:
        library=library("rank_importance"),
    script:
        "../scripts/rank_importance.py"


# Which motifs other seeds find, too.
rule match_seeds:
    input:
        motifs=lambda wildcards: each_seed([COMPARED_MOTIFS], wildcards.experiment),
    output:
        table=STABILITY,
        figure=report(
            STABILITY_FIGURE,
            caption="../report/stability.rst",
            category="Filters",
            labels={"experiment": "{experiment}", "seed": "all", "method": "stability"},
        ),
    log:
        "results/logs/match_seeds/{experiment}.log",
    benchmark:
        "results/benchmarks/match_seeds/{experiment}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(700),
        runtime=minutes(30),
    params:
        library=library("match_seeds"),
        seeds=lambda wildcards: list(run_of(wildcards).seeds),
        similarity=INTERPRETATION.stability.similarity,
    script:
        "../scripts/match_seeds.py"
