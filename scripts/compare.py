"""Lay the runs on a dataset side by side, and compare them pair by pair."""

from motifloom.evaluation.compare import comparison_table, difference_table, mean_table, run_distributions
from motifloom.io import read_table, write_table
from motifloom.job import job
from motifloom.randomness import derive_seed

with job(snakemake.log[0]):
    options, files = snakemake.params, snakemake.input
    metrics = [(*run, read_table(path)) for run, path in zip(options.runs, files.metrics, strict=True)]
    predictions = [
        (*run, read_table(path)) for run, path in zip(options.runs, files.predictions, strict=True)
    ]
    name, split = snakemake.wildcards.dataset, read_table(files.split)
    found = run_distributions(
        predictions,
        {name: options.task},
        {name: options.classes},
        bootstrap=options.bootstrap,
        # The resamples behind the metrics of single runs.
        seed=derive_seed(options.seed, "evaluate", name),
        groups={name: split.set_index("id")["group"]},
    )
    tables = {"differences": difference_table, "means": mean_table}
    for key, tabulate in tables.items():
        table = tabulate(found, {name: options.task}, confidence=options.confidence)
        write_table(table, snakemake.output[key])
    averaged = [run for run in options.runs if run[0] in options.averaged]
    averages = [(*run, read_table(path)) for run, path in zip(averaged, files.averages, strict=True)]
    write_table(comparison_table(metrics + averages), snakemake.output.table)
