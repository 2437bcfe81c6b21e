"""Divide the examples of a dataset into parts or folds."""

from motifloom.config.data import Split
from motifloom.data.splits import split_dataset, unused_rows
from motifloom.data.store import Dataset
from motifloom.io import write_table
from motifloom.job import job

with job(snakemake.log[0]), Dataset(snakemake.input.dataset) as dataset:
    config = Split.model_validate(snakemake.params.split)
    options = snakemake.params
    name, genomes = snakemake.wildcards.dataset, options.genomes or None
    table = split_dataset(dataset, config, options.seed, name, genomes=genomes)
    write_table(unused_rows(dataset.regions, table), snakemake.output.unused)
    write_table(table, snakemake.output.split)
