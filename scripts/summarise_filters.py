"""Put what is known of every filter into one table."""

import pandas as pd

from motifloom.filters.match import best_matches
from motifloom.filters.motifs import MotifSet
from motifloom.io import read_table, write_table
from motifloom.job import job

with job(snakemake.log[0]):
    summary = pd.concat([MotifSet.from_hdf5(path).summary() for path in snakemake.input.motifs])
    best = best_matches(read_table(snakemake.input.matches), snakemake.params.q_value)
    summary = summary.merge(best, on=["method", "filter"], how="left")
    for path in snakemake.input.positions:
        central = read_table(path)[["method", "filter", "central_enrichment", "central_p_value"]]
        summary = summary.merge(central, on=["method", "filter"], how="left")
    write_table(summary, snakemake.output[0])
