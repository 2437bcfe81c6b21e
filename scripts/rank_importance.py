"""Put the importance of all filters together, rank it and draw it."""

from motifloom.filters.bank import FilterBank
from motifloom.filters.importance import join
from motifloom.io import read_table, write_table
from motifloom.job import job
from motifloom.plots import importance as plots
from motifloom.plots.style import save_figure

with job(snakemake.log[0]):
    files, output = snakemake.input, snakemake.output
    filters = FilterBank.read(files.filters).filters
    table = join(map(read_table, files.tables), filters)
    iterations = join(map(read_table, files.iterations), filters)
    write_table(table, output.table)
    write_table(iterations, output.iterations)
    write_table(join(map(read_table, files.groups)), output.groups)
    save_figure(plots.ranking(table), output.ranking)
    save_figure(plots.boxes(table, iterations), output.boxes)
    save_figure(plots.violins(table, iterations), output.violins)
