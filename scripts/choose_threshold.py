"""Choose from which probability on a class is called, on the validation part."""

from motifloom.evaluation.threshold import choose_thresholds, write_thresholds
from motifloom.io import read_table
from motifloom.job import job

with job(snakemake.log[0]):
    options = snakemake.params
    predictions = read_table(snakemake.input.predictions)
    thresholds = choose_thresholds(predictions, options.task, options.classes, options.rule)
    write_thresholds(thresholds, snakemake.output[0])
