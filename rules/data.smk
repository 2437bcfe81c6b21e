# From the user's files to datasets: simulate, index, regions, sequences, splits and their audit.


rule simulate:
    input:
        library=library("simulate"),
        motifs=lambda wildcards: locate(CONFIG.simulations[wildcards.simulation].motifs),
    output:
        genome=f"{SIMULATION}/genome.fa.gz",
        truth=f"{SIMULATION}/truth.tsv",
        # A folder, since which files it holds depends on the config.
        peaks=directory(f"{SIMULATION}/peaks"),
    params:
        seed=CONFIG.seed,
        simulation=lambda wildcards: CONFIG.simulations[wildcards.simulation].model_dump(exclude={"motifs"}),
    log:
        "results/logs/simulate/{simulation}.log",
    benchmark:
        "results/benchmarks/simulate/{simulation}.tsv"
    threads: 1
    resources:
        mem_mb=megabytes(1000),
        runtime=minutes(15),
    conda:
        ENVIRONMENT
    script:
        "../scripts/simulate.py"


def genome_paths(dataset):
    """Return the genomes that the sources of a dataset use, in order, each once."""
    paths = [source.genome or dataset.genome for source in dataset.sources if needs_genome(source)]
    return list(dict.fromkeys(path for path in paths if path))


def needs_genome(source):
    shuffled = source.negatives == "dinucleotide_shuffled"
    return not (source.fasta or shuffled or (source.table and source.sequence))


GENOME_NAMES = name_files(path for dataset in CONFIG.datasets.values() for path in genome_paths(dataset))
GENOME_FILES = {name: path for path, name in GENOME_NAMES.items()}


rule index_genome:
    input:
        library=library("index_genome"),
        genome=lambda wildcards: GENOME_FILES[wildcards.genome],
    output:
        directory(GENOME),
    log:
        "results/logs/index_genome/{genome}.log",
    benchmark:
        "results/benchmarks/index_genome/{genome}.tsv"
    threads: 1
    resources:
        mem_mb=megabytes(300),
        runtime=minutes(20),
    conda:
        ENVIRONMENT
    script:
        "../scripts/index_genome.py"


def block(wildcards):
    return CONFIG.datasets[wildcards.dataset]


def source_files(wildcards):
    """Return every file that the sources of a dataset name."""
    sources = block(wildcards).sources
    files = [path for source in sources for path in (source.file, *source.exclude) if path]
    return list(dict.fromkeys(simulated_folder(path) or path for path in files))


def simulated_folder(path):
    """Return the folder of peaks that a path into a simulation lies in, which is what is made."""
    folder = Path(path).parent
    return str(folder) if simulation_of(path) and folder.name == "peaks" else None


def genome_inputs(wildcards):
    return genome_paths(block(wildcards))


def genome_indexes(wildcards):
    return [GENOME.format(genome=GENOME_NAMES[path]) for path in genome_paths(block(wildcards))]


def dataset_params(wildcards):
    """The part of a dataset's block that its examples depend on: of the split, only whether columns say it."""
    content = block(wildcards).model_dump(exclude={"split"})
    return content | ({"split": {"by": "column"}} if block(wildcards).split.by == "column" else {})


def source_genomes(wildcards):
    """Return the genome of each source of a dataset that has several, else nothing."""
    several = len(genome_paths(block(wildcards))) > 1
    return {item.name: item.genome for item in list_inputs(block(wildcards))} if several else {}


rule prepare_regions:
    input:
        library=library("prepare_regions"),
        sources=source_files,
        genomes=genome_inputs,
        indexes=genome_indexes,
    output:
        regions=REGIONS,
        dropped=LEDGER,
    params:
        seed=CONFIG.seed,
        dataset=dataset_params,
        genomes=lambda wildcards: genome_paths(block(wildcards)),
    log:
        "results/logs/prepare_regions/{dataset}.log",
    benchmark:
        "results/benchmarks/prepare_regions/{dataset}.tsv"
    threads: 1
    resources:
        mem_mb=megabytes(1500, 8),
        runtime=minutes(30),
    conda:
        ENVIRONMENT
    script:
        "../scripts/prepare_regions.py"


rule extract:
    input:
        library=library("extract"),
        regions=REGIONS,
        sources=source_files,
        genomes=genome_inputs,
        indexes=genome_indexes,
    output:
        DATASET,
    params:
        seed=CONFIG.seed,
        dataset=dataset_params,
        genomes=lambda wildcards: genome_paths(block(wildcards)),
    log:
        "results/logs/extract/{dataset}.log",
    benchmark:
        "results/benchmarks/extract/{dataset}.tsv"
    threads: 1
    resources:
        mem_mb=megabytes(1000, 8),
        runtime=minutes(30),
    conda:
        ENVIRONMENT
    script:
        "../scripts/extract.py"


rule split:
    input:
        library=library("split"),
        dataset=DATASET,
        file=lambda wildcards: block(wildcards).split.path or [],
    output:
        split=SPLIT,
        unused=UNUSED,
    params:
        seed=CONFIG.seed,
        split=lambda wildcards: block(wildcards).split.model_dump(),
        genomes=source_genomes,
    log:
        "results/logs/split/{dataset}.log",
    benchmark:
        "results/benchmarks/split/{dataset}.tsv"
    threads: 1
    resources:
        mem_mb=megabytes(600, 8),
        runtime=minutes(20),
    conda:
        ENVIRONMENT
    script:
        "../scripts/split.py"


rule audit_split:
    input:
        library=library("audit_split"),
        dataset=DATASET,
        split=SPLIT,
    output:
        AUDIT,
    params:
        genomes=source_genomes,
    log:
        "results/logs/audit_split/{dataset}.log",
    benchmark:
        "results/benchmarks/audit_split/{dataset}.tsv"
    threads: 1
    resources:
        mem_mb=megabytes(800, 20),
        runtime=minutes(30),
    conda:
        ENVIRONMENT
    script:
        "../scripts/audit_split.py"


rule plot_dataset:
    input:
        library=library("plot_dataset"),
        regions=REGIONS,
        split=SPLIT,
    output:
        counts=report(
            "results/datasets/{dataset}/counts.svg",
            caption="../report/counts.rst",
            category="Data",
            labels={"dataset": "{dataset}", "figure": "examples"},
        ),
        gc_content="results/datasets/{dataset}/gc_content.svg",
    params:
        task=lambda wildcards: block(wildcards).task,
        classes=lambda wildcards: block(wildcards).classes,
    log:
        "results/logs/plot_dataset/{dataset}.log",
    benchmark:
        "results/benchmarks/plot_dataset/{dataset}.tsv"
    threads: 1
    resources:
        mem_mb=megabytes(600, 8),
        runtime=minutes(10),
    conda:
        ENVIRONMENT
    script:
        "../scripts/plot_dataset.py"
