"""Write a run for Weights & Biases."""

from motifloom.job import job
from motifloom.tracking import read_run, write_wandb

with job(snakemake.log[0]):
    options, wildcards = snakemake.params, snakemake.wildcards
    files = dict(snakemake.input.items())
    run = read_run(wildcards.experiment, wildcards.seed, files, options.task, options.classes)
    write_wandb(run, snakemake.output[0], **options.wandb)
