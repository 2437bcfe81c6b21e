"""Index a genome into results/, never beside the user's file."""

from motifloom.genome.fasta import index_genome
from motifloom.io import atomic_folder
from motifloom.job import job

with job(snakemake.log[0]), atomic_folder(snakemake.output[0]) as folder:
    index_genome(snakemake.input.genome, folder)
