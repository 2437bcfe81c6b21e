"""Look for examples that straddle the parts of a split."""

from motifloom.data.audit import audit_split
from motifloom.data.store import Dataset
from motifloom.io import read_table, write_table
from motifloom.job import job

with job(snakemake.log[0]), Dataset(snakemake.input.dataset) as dataset:
    genomes = snakemake.params.genomes or None
    table = audit_split(dataset, read_table(snakemake.input.split), genomes=genomes)
    write_table(table, snakemake.output[0])
