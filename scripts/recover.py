"""Say which planted motifs every seed of an experiment found."""

import pandas as pd

from motifloom.filters.jaspar import read_motifs
from motifloom.filters.recovery import recovered_motifs
from motifloom.io import read_table, write_table
from motifloom.job import job

with job(snakemake.log[0]):
    files = snakemake.input
    truth = pd.concat([read_table(path, dtype={"motif": str}) for path in files.truth])
    matches = dict(zip(snakemake.params.seeds, map(read_table, files.matches), strict=True))
    database = read_motifs(files.database[0]) if files.database else None
    regions = read_table(files.regions)
    write_table(recovered_motifs(truth, matches, database, regions=regions), snakemake.output[0])
