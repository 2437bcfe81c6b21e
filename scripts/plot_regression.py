"""Draw predicted against measured values."""

from motifloom.io import read_table
from motifloom.job import job
from motifloom.plots.evaluation import scatter
from motifloom.plots.style import save_figure

with job(snakemake.log[0]):
    predictions = read_table(snakemake.input.predictions)
    save_figure(scatter(predictions, snakemake.params.classes), snakemake.output.scatter)
