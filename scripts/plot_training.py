"""Draw the curves of a training."""

from motifloom.io import read_json, read_table
from motifloom.job import job
from motifloom.plots.style import save_figure
from motifloom.plots.training import curves

with job(snakemake.log[0]):
    best = read_json(snakemake.input.provenance)["best"]["epoch"]
    save_figure(curves(read_table(snakemake.input.history), best), snakemake.output[0])
