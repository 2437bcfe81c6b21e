"""Write the sites of the motifs of one method with their genomic coordinates."""

from motifloom.data.parts import parts_for
from motifloom.data.store import Dataset
from motifloom.filters.bank import FilterBank
from motifloom.filters.finding import site_finder
from motifloom.filters.motifs import MotifSet
from motifloom.filters.sites import write_sites
from motifloom.io import read_table
from motifloom.job import job

with job(snakemake.log[0]), Dataset(snakemake.input.dataset) as dataset:
    options = dict(snakemake.params.options)
    parts = parts_for(read_table(snakemake.input.split), snakemake.params.fold)
    parts = parts.where(parts.isin(options.pop("parts")), "").to_numpy(str)
    bank = FilterBank.read(snakemake.input.filters, strands=options.pop("strands"))
    motifs, special = MotifSet.from_hdf5(snakemake.input.motifs), next(iter(snakemake.input.special), None)
    find, annotate = site_finder(
        motifs, dataset, special, rows=(parts != "").nonzero()[0], threads=snakemake.threads
    )
    write_sites(
        bank, dataset, parts, snakemake.output[0], find, expected=motifs.n_sites.sum(), annotate=annotate
    )
