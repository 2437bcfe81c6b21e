"""Lay all runs side by side, and compare those on the same dataset pair by pair."""

from motifloom.evaluation.compare import comparison_table, difference_table
from motifloom.io import read_table, write_table
from motifloom.job import job
from motifloom.plots.comparison import forest
from motifloom.plots.style import save_figure
from motifloom.randomness import derive_seed

with job(snakemake.log[0]):
    options, files, output = snakemake.params, snakemake.input, snakemake.output
    metrics = [(*run, read_table(path)) for run, path in zip(options.runs, files.metrics, strict=True)]
    predictions = [
        (*run, read_table(path, dtype={"id": str}))
        for run, path in zip(options.runs, files.predictions, strict=True)
    ]
    splits = {name: read_table(path, dtype={"id": str}) for name, path in zip(options.tasks, files.splits)}
    comparison = comparison_table(metrics)
    differences = difference_table(
        predictions,
        options.tasks,
        options.classes,
        bootstrap=options.bootstrap,
        confidence=options.confidence,
        seed=derive_seed(options.seed, "compare"),
        groups={name: split.set_index("id")["group"] for name, split in splits.items()},
    )
    write_table(differences, output.differences)
    save_figure(forest(comparison), output.figure)
    write_table(comparison, output.table)
