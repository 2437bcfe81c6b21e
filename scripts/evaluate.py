"""Compute the metrics of a run with their intervals."""

from motifloom.evaluation.metrics import evaluate_predictions, nest_metrics
from motifloom.io import read_table, write_json, write_table
from motifloom.job import job
from motifloom.randomness import derive_seed

with job(snakemake.log[0]):
    options = snakemake.params
    metrics = evaluate_predictions(
        read_table(snakemake.input.predictions, dtype={"id": str}),
        options.task,
        options.classes,
        bootstrap=options.bootstrap,
        confidence=options.confidence,
        # The same resamples for every run on a dataset, so that differences are paired.
        seed=derive_seed(options.seed, "evaluate", options.dataset),
        groups=read_table(snakemake.input.split, dtype={"id": str}).set_index("id")["group"],
    )
    write_json(nest_metrics(metrics), snakemake.output.json)
    write_table(metrics, snakemake.output.table)
