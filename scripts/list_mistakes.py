"""List the most confident mistakes of a run, with where they lie."""

from motifloom.data.store import Dataset
from motifloom.evaluation.mistakes import list_mistakes, locate_mistakes
from motifloom.evaluation.threshold import threshold_values
from motifloom.io import read_table, write_table
from motifloom.job import job

with job(snakemake.log[0]), Dataset(snakemake.input.dataset) as dataset:
    options, files = snakemake.params, snakemake.input
    labels = options.task, options.classes
    thresholds = threshold_values(read_table(files.threshold), *labels)
    mistakes = list_mistakes(read_table(files.predictions), *labels, thresholds, most=options.most)
    write_table(locate_mistakes(mistakes, dataset), snakemake.output[0], float_format="%.9g")
