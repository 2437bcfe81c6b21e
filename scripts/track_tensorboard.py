"""Write a run for TensorBoard."""

from motifloom.io import read_json, read_table
from motifloom.job import job
from motifloom.tracking import read_run, write_tensorboard

with job(snakemake.log[0]):
    options, files = snakemake.params, snakemake.input
    run = read_run(
        *(snakemake.wildcards.experiment, snakemake.wildcards.seed),
        read_table(files.history),
        read_table(files.metrics),
        read_json(files.provenance),
        read_table(files.predictions, dtype={"id": str}),
        options.task,
        options.classes,
    )
    write_tensorboard(run, snakemake.output[0])
