"""Put the comparisons of all datasets into one table and one picture."""

import pandas as pd

from motifloom.io import read_table, write_table
from motifloom.job import job
from motifloom.plots.comparison import forest
from motifloom.plots.style import save_figure

with job(snakemake.log[0]):
    files = snakemake.input
    comparison, differences = (
        # A table without rows, of a set without targets, has no types, and would turn numbers into objects.
        pd.concat([t for t in tables if len(t)] or tables[:1])
        for tables in ([read_table(p) for p in paths] for paths in (files.comparisons, files.differences))
    )
    save_figure(forest(comparison), snakemake.output.figure)
    write_table(differences, snakemake.output.differences)
    write_table(comparison, snakemake.output.comparison)
