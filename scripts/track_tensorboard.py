"""Write a run for TensorBoard."""

from motifloom.job import job
from motifloom.tracking import read_run, write_tensorboard

with job(snakemake.log[0]):
    options, wildcards = snakemake.params, snakemake.wildcards
    files = dict(snakemake.input.items())
    run = read_run(wildcards.experiment, wildcards.seed, files, options.task, options.classes)
    write_tensorboard(run, snakemake.output[0])
