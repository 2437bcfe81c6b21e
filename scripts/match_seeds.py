"""Match the motifs of the seeds of an experiment with each other."""

from motifloom.filters.motifs import MotifSet
from motifloom.filters.stability import match_seeds
from motifloom.io import write_table
from motifloom.job import job
from motifloom.plots.stability import seeds_per_motif
from motifloom.plots.style import save_figure

with job(snakemake.log[0]):
    sets = map(MotifSet.from_hdf5, snakemake.input.motifs)
    table = match_seeds(
        dict(zip(snakemake.params.seeds, sets, strict=True)), threshold=snakemake.params.similarity
    )
    write_table(table, snakemake.output.table)
    save_figure(seeds_per_motif(table), snakemake.output.figure)
