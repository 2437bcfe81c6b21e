"""Put the comparisons of all datasets into one table and one picture."""

import pandas as pd

from motifloom.io import read_table, write_table
from motifloom.job import job
from motifloom.plots.comparison import forest
from motifloom.plots.style import save_figure

with job(snakemake.log[0]):
    comparison = pd.concat([read_table(path) for path in snakemake.input.comparisons])
    differences = pd.concat([read_table(path) for path in snakemake.input.differences])
    save_figure(forest(comparison), snakemake.output.figure)
    write_table(differences, snakemake.output.differences)
    write_table(comparison, snakemake.output.comparison)
