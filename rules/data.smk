# From the user's files to datasets: simulate, index, regions, sequences, splits and their audit.


rule simulate:
    input:
        motifs=given(planted_motifs),
    output:
        genome=f"{SIMULATION}/genome.fa.gz",
        truth=f"{SIMULATION}/truth.tsv",
        # A folder, since which files it holds depends on the config.
        peaks=directory(f"{SIMULATION}/peaks"),
    log:
        "results/logs/simulate/{simulation}.log",
    benchmark:
        "results/benchmarks/simulate/{simulation}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(1000),
        runtime=minutes(15),
    params:
        library=library("simulate"),
        contents=contents(planted_motifs),
        seed=CONFIG.seed,
        simulation=lambda wildcards: CONFIG.simulations[wildcards.simulation].model_dump(exclude={"motifs"}),
    script:
        "../scripts/simulate.py"


rule index_genome:
    input:
        genome=given(indexed_genome),
    output:
        directory(GENOME),
    log:
        "results/logs/index_genome/{genome}.log",
    benchmark:
        "results/benchmarks/index_genome/{genome}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(500),
        runtime=minutes(20),
    params:
        library=library("index_genome"),
        contents=contents(indexed_genome),
    script:
        "../scripts/index_genome.py"


rule prepare_regions:
    input:
        sources=given(source_files),
        genomes=given(genome_inputs),
        indexes=genome_indexes,
    output:
        regions=REGIONS,
        dropped=LEDGER,
    log:
        "results/logs/prepare_regions/{dataset}.log",
    benchmark:
        "results/benchmarks/prepare_regions/{dataset}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(1500, 8),
        runtime=minutes(30),
    params:
        library=library("prepare_regions"),
        contents=contents(source_files, genome_inputs),
        seed=CONFIG.seed,
        dataset=dataset_params,
        genomes=lambda wildcards: genome_paths(block(wildcards)),
    script:
        "../scripts/prepare_regions.py"


rule extract:
    input:
        regions=REGIONS,
        sources=given(source_files),
        genomes=given(genome_inputs),
        indexes=genome_indexes,
    output:
        DATASET,
    log:
        "results/logs/extract/{dataset}.log",
    benchmark:
        "results/benchmarks/extract/{dataset}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(1000, 8),
        runtime=minutes(30),
    params:
        library=library("extract"),
        contents=contents(source_files, genome_inputs),
        seed=CONFIG.seed,
        dataset=dataset_params,
        genomes=lambda wildcards: genome_paths(block(wildcards)),
    script:
        "../scripts/extract.py"


rule split:
    input:
        dataset=DATASET,
        file=given(split_file),
    output:
        split=SPLIT,
        unused=UNUSED,
    log:
        "results/logs/split/{dataset}.log",
    benchmark:
        "results/benchmarks/split/{dataset}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(600, 8),
        runtime=minutes(20),
    params:
        library=library("split"),
        contents=contents(split_file),
        seed=CONFIG.seed,
        split=lambda wildcards: block(wildcards).split.model_dump(),
        genomes=source_genomes,
    script:
        "../scripts/split.py"


rule audit_split:
    input:
        dataset=DATASET,
        split=SPLIT,
    output:
        AUDIT,
    log:
        "results/logs/audit_split/{dataset}.log",
    benchmark:
        "results/benchmarks/audit_split/{dataset}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(800, 20),
        runtime=minutes(30),
    params:
        library=library("audit_split"),
        genomes=source_genomes,
    script:
        "../scripts/audit_split.py"


rule plot_dataset:
    input:
        regions=REGIONS,
        split=SPLIT,
    output:
        counts=report(
            "results/datasets/{dataset}/counts.svg",
            caption="../report/counts.rst",
            category="Data",
            labels={"dataset": "{dataset}", "figure": "examples"},
        ),
        gc_content=report(
            GC_CONTENT,
            caption="../report/gc_content.rst",
            category="Data",
            labels={"dataset": "{dataset}", "figure": "GC content"},
        ),
    log:
        "results/logs/plot_dataset/{dataset}.log",
    benchmark:
        "results/benchmarks/plot_dataset/{dataset}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(600, 8),
        runtime=minutes(10),
    params:
        library=library("plot_dataset"),
        task=lambda wildcards: block(wildcards).task,
        classes=lambda wildcards: block(wildcards).classes,
    script:
        "../scripts/plot_dataset.py"
