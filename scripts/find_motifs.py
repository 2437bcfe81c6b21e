"""Read the motifs of a network's first-layer filters by one method."""

from motifloom.data.splits import parts_for
from motifloom.data.store import Dataset
from motifloom.filters.bank import FilterBank
from motifloom.filters.meme import write_meme
from motifloom.filters.motifs import find_motifs
from motifloom.io import read_table
from motifloom.job import job

with job(snakemake.log[0]), Dataset(snakemake.input.dataset) as dataset:
    options = dict(snakemake.params.options)
    parts = parts_for(read_table(snakemake.input.split), snakemake.params.fold)
    rows = parts.isin(options.pop("parts", parts.unique())).to_numpy().nonzero()[0]
    bank = FilterBank.read(snakemake.input.filters)
    motifs = find_motifs(snakemake.wildcards.method, bank, dataset.tokens, rows=rows, **options)
    write_meme(motifs, snakemake.output.meme)
    motifs.to_hdf5(snakemake.output.motifs)
