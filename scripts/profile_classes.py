"""Describe how filters respond to each class of sequences, and where."""

from motifloom.data.parts import read_rows_of
from motifloom.data.store import Dataset
from motifloom.filters.bank import FilterBank
from motifloom.filters.classes import profile_classes
from motifloom.filters.summaries import read_summary
from motifloom.io import write_table
from motifloom.job import job
from motifloom.plots import classes as plots
from motifloom.plots.style import save_figure

with job(snakemake.log[0]), Dataset(snakemake.input.dataset) as dataset:
    params, output = snakemake.params, snakemake.output
    rows = read_rows_of(snakemake.input.split, params.fold, params.parts)
    bank = FilterBank.read(snakemake.input.filters, strands=params.strands)
    summary = read_summary(snakemake.input.activations, rows)
    tables = profile_classes(bank, summary, dataset, rows, threads=snakemake.threads)
    for name in ("activation", "score", "maxima", "profile"):
        write_table(getattr(tables, name), output[name])
    save_figure(plots.violins(summary.maximum, tables), output.violins)
    shown = plots.strongest(tables.score)
    save_figure(plots.maxima(tables.maxima, shown), output.positions)
    save_figure(plots.profiles(tables.profile, shown), output.profiles)
