"""Build the page of all experiments."""

from motifloom.io import read_table
from motifloom.job import job
from motifloom.report.index import build_index

with job(snakemake.log[0]):
    tables = read_table(snakemake.input.comparison), read_table(snakemake.input.differences)
    build_index(snakemake.params.experiments, *tables, snakemake.output[0])
