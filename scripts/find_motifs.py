"""Read the motifs of a network's first-layer filters by one method."""

from motifloom.data.splits import parts_for
from motifloom.data.store import Dataset
from motifloom.filters.bank import FilterBank
from motifloom.filters.meme import write_meme
from motifloom.filters.methods import find_motifs
from motifloom.io import read_table
from motifloom.job import job

with job(snakemake.log[0]), Dataset(snakemake.input.dataset) as dataset:
    method, options = snakemake.wildcards.method, dict(snakemake.params.options)
    bank = FilterBank.read(snakemake.input.filters)
    if method == "top":
        parts = parts_for(read_table(snakemake.input.split), snakemake.params.fold)
        options["rows"] = parts.isin(options.pop("parts")).to_numpy().nonzero()[0]
        options["threads"] = snakemake.threads
    motifs = find_motifs(method, bank, dataset.tokens, **options)
    write_meme(motifs, snakemake.output.meme)
    motifs.to_hdf5(snakemake.output.motifs)
