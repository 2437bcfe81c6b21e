"""Write the sites of the top motifs with their genomic coordinates, and where in the windows they lie."""

from motifloom.data.splits import parts_for
from motifloom.data.store import Dataset
from motifloom.filters.bank import FilterBank
from motifloom.filters.motifs import MotifSet
from motifloom.filters.positions import central_enrichment
from motifloom.filters.sites import write_sites
from motifloom.io import read_table, write_table
from motifloom.job import job

with job(snakemake.log[0]), Dataset(snakemake.input.dataset) as dataset:
    parts = parts_for(read_table(snakemake.input.split), snakemake.params.fold)
    parts = parts.where(parts.isin(snakemake.params.parts), "").to_numpy(str)
    bank, motifs = FilterBank.read(snakemake.input.filters), MotifSet.from_hdf5(snakemake.input.motifs)
    write_sites(motifs, bank, dataset, parts, snakemake.output.sites, threads=snakemake.threads)
    # Negatives made for other examples are centred on nothing.
    centred = (parts != "") & (dataset.regions["parent"] == "").to_numpy()
    rows = centred.nonzero()[0]
    table = central_enrichment(motifs, bank, dataset.tokens, rows, threads=snakemake.threads)
    write_table(table, snakemake.output.positions)
