"""Draw the curves of all runs on a dataset in one picture each."""

from motifloom.io import read_table
from motifloom.job import job
from motifloom.plots.comparison import compare_precision_recall, compare_roc
from motifloom.plots.style import save_figure

with job(snakemake.log[0]):
    options, files, output = snakemake.params, snakemake.input, snakemake.output
    runs = {}
    for (name, kind), path in zip(options.runs, files.predictions, strict=True):
        runs.setdefault(name, (kind, []))[1].append(read_table(path))
    arguments = runs, options.task, options.classes, read_table(files.means)
    save_figure(compare_roc(*arguments), output.roc)
    save_figure(compare_precision_recall(*arguments), output.precision_recall)
