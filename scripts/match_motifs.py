"""Compare motifs with a database, and draw the best matches aligned."""

import pandas as pd

from motifloom.filters.jaspar import read_motifs
from motifloom.filters.match import COLUMNS, match_motifs
from motifloom.filters.motifs import MotifSet
from motifloom.io import write_table
from motifloom.job import job

with job(snakemake.log[0]):
    sets = [MotifSet.from_hdf5(path) for path in snakemake.input.motifs]
    tables = [pd.DataFrame(columns=COLUMNS)]
    for path in snakemake.input.database:
        database = read_motifs(path)
        options = {"q_value": snakemake.params.q_value, "seed": snakemake.params.seed}
        tables = [match_motifs(motifs, database, threads=snakemake.threads, **options) for motifs in sets]
    write_table(pd.concat(tables, ignore_index=True), snakemake.output[0])
