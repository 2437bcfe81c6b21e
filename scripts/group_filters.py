"""Put filters that look for the same thing into groups."""

from motifloom.filters.motifs import MotifSet
from motifloom.filters.redundancy import motif_similarity, redundancy_groups
from motifloom.io import write_table
from motifloom.job import job

with job(snakemake.log[0]):
    similarity = motif_similarity(MotifSet.from_hdf5(snakemake.input.motifs))
    groups = redundancy_groups(similarity, snakemake.params.similarity)
    write_table(groups.rename_axis("filter").reset_index(), snakemake.output[0])
