"""Draw what a dataset is made of."""

from motifloom.io import read_table
from motifloom.job import job
from motifloom.plots.data import counts, gc_content
from motifloom.plots.style import save_figure

with job(snakemake.log[0]):
    regions, split = read_table(snakemake.input.regions), read_table(snakemake.input.split)
    labels = snakemake.params.task, snakemake.params.classes
    save_figure(counts(regions, split, *labels), snakemake.output.counts)
    save_figure(gc_content(regions, *labels), snakemake.output.gc_content)
