"""Compute the geometric mean of a run's metrics over its extra sets."""

from motifloom.evaluation.average import average_sets
from motifloom.evaluation.custom import load_metrics
from motifloom.evaluation.threshold import threshold_values
from motifloom.io import read_table, write_table
from motifloom.job import job
from motifloom.randomness import derive_seed

with job(snakemake.log[0]):
    options, files = snakemake.params, snakemake.input
    labels = options.task, options.classes
    predictions = {name: read_table(path) for name, path in zip(options.sets, files.predictions, strict=True)}
    splits = {name: read_table(path) for name, path in zip(options.sets, files.splits, strict=True)}
    average = average_sets(
        predictions,
        *labels,
        bootstrap=options.bootstrap,
        confidence=options.confidence,
        # The resamples behind the metrics of each set by itself.
        seeds={name: derive_seed(options.seed, "evaluate", name) for name in options.sets},
        groups={name: split.set_index("id")["group"] for name, split in splits.items()},
        thresholds=threshold_values(read_table(files.threshold), *labels),
        custom=load_metrics(files.metrics),
    )
    write_table(average, snakemake.output[0])
