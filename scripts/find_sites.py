"""Write the sites of the top motifs with their genomic coordinates."""

from motifloom.data.splits import parts_for
from motifloom.data.store import Dataset
from motifloom.filters.bank import FilterBank
from motifloom.filters.motifs import MotifSet
from motifloom.filters.sites import write_sites
from motifloom.io import read_table
from motifloom.job import job

with job(snakemake.log[0]), Dataset(snakemake.input.dataset) as dataset:
    parts = parts_for(read_table(snakemake.input.split), snakemake.params.fold)
    parts = parts.where(parts.isin(snakemake.params.parts), "").to_numpy(str)
    bank, motifs = FilterBank.read(snakemake.input.filters), MotifSet.from_hdf5(snakemake.input.motifs)
    write_sites(motifs, bank, dataset, parts, snakemake.output[0])
