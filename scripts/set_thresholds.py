"""Put the tests of all filters together and set the threshold of each."""

from motifloom.filters.significance import control_fdr, read_significance, write_significance
from motifloom.io import write_table
from motifloom.job import job
from motifloom.plots.significance import thresholds as draw
from motifloom.plots.style import save_figure

with job(snakemake.log[0]):
    q_value, output = snakemake.params.q_value, snakemake.output
    tests, steps = read_significance(*snakemake.input.shares)
    thresholds, steps, _ = control_fdr(tests, steps, q_value, snakemake.params.over)
    write_significance(output.significance, tests, steps)
    write_table(thresholds, output.thresholds)
    save_figure(draw(thresholds, q_value), output.figure)
