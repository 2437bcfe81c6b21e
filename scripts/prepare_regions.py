"""Turn the sources of a dataset into its regions, and say what was lost or changed on the way."""

from motifloom.config.data import Dataset
from motifloom.data.regions import prepare_regions
from motifloom.genome.fasta import Genome
from motifloom.io import write_table
from motifloom.job import job

with job(snakemake.log[0]):
    dataset = Dataset.model_validate(snakemake.params.dataset)
    files = zip(snakemake.params.genomes, snakemake.input.genomes, snakemake.input.indexes, strict=True)
    genomes = {name: Genome(path, index) for name, path, index in files}
    regions, dropped = prepare_regions(dataset, genomes, snakemake.params.seed)
    write_table(dropped, snakemake.output.dropped)
    write_table(regions, snakemake.output.regions)
