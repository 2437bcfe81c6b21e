"""Write the sequences and targets of a dataset into one HDF5 file."""

from motifloom.config.data import Dataset
from motifloom.data.extract import extract
from motifloom.genome.fasta import Genome
from motifloom.io import read_table
from motifloom.job import job

with job(snakemake.log[0]):
    dataset = Dataset.model_validate(snakemake.params.dataset)
    files = zip(snakemake.params.genomes, snakemake.input.genomes, snakemake.input.indexes, strict=True)
    genomes = {name: Genome(path, index) for name, path, index in files}
    text = {"chrom": str, "strand": str, "name": str, "parent": str, "source": str, "part": str}
    regions = read_table(snakemake.input.regions, dtype=text)
    extract(regions, dataset, genomes, snakemake.params.seed, snakemake.output[0])
