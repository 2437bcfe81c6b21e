"""Lay the runs on a dataset side by side, and compare them pair by pair."""

from motifloom.evaluation.compare import comparison_table, difference_table
from motifloom.io import read_table, write_table
from motifloom.job import job
from motifloom.randomness import derive_seed

with job(snakemake.log[0]):
    options, files = snakemake.params, snakemake.input
    metrics = [(*run, read_table(path)) for run, path in zip(options.runs, files.metrics, strict=True)]
    predictions = [
        (*run, read_table(path, dtype={"id": str}))
        for run, path in zip(options.runs, files.predictions, strict=True)
    ]
    name, split = snakemake.wildcards.dataset, read_table(files.split, dtype={"id": str})
    differences = difference_table(
        predictions,
        {name: options.task},
        {name: options.classes},
        bootstrap=options.bootstrap,
        confidence=options.confidence,
        # The resamples behind the metrics of single runs.
        seed=derive_seed(options.seed, "evaluate", name),
        groups={name: split.set_index("id")["group"]},
    )
    write_table(differences, snakemake.output.differences)
    write_table(comparison_table(metrics), snakemake.output.table)
