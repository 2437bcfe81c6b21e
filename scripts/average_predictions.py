"""Put the predictions of several runs together: their mean, or the test parts of all folds."""

from itertools import groupby

from motifloom.evaluation.ensemble import average_predictions, pool_predictions
from motifloom.io import read_table, write_table
from motifloom.job import job

with job(snakemake.log[0]):
    tables = [read_table(path) for path in snakemake.input.predictions]
    if snakemake.params.pooled:
        pairs = groupby(zip(snakemake.params.runs, tables, strict=True), key=lambda pair: pair[0][0])
        combined = pool_predictions([[table for _, table in member] for _, member in pairs])
    else:
        combined = average_predictions(tables)
    write_table(combined, snakemake.output[0], float_format="%.9g")
