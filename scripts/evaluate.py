"""Compute the metrics of a run, or of a run on an extra set, with their intervals.

The thresholds are those chosen on the validation part of the run's own dataset.
"""

from motifloom.evaluation.custom import load_metrics
from motifloom.evaluation.metrics import evaluate_predictions, nest_metrics
from motifloom.evaluation.threshold import threshold_values
from motifloom.io import read_table, write_json, write_table
from motifloom.job import job
from motifloom.randomness import derive_seed

with job(snakemake.log[0]):
    options, files, output = snakemake.params, snakemake.input, snakemake.output
    labels = options.task, options.classes
    metrics = evaluate_predictions(
        read_table(files.predictions),
        *labels,
        bootstrap=options.bootstrap,
        confidence=options.confidence,
        # The same resamples for every run on a dataset, so that differences are paired.
        seed=derive_seed(options.seed, "evaluate", options.dataset),
        groups=read_table(files.split).set_index("id")["group"],
        thresholds=threshold_values(read_table(files.threshold), *labels),
        custom=load_metrics(files.metrics),
    )
    write_json(nest_metrics(metrics), output.json)
    write_table(metrics, output.table)
