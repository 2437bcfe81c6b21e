"""Read the motifs of a network's first-layer filters by one method."""

from motifloom.data.parts import read_rows_of
from motifloom.data.store import Dataset
from motifloom.filters.bank import FilterBank
from motifloom.filters.finding import find_motifs
from motifloom.filters.jaspar import write_jaspar
from motifloom.filters.meme import write_meme
from motifloom.job import job

with job(snakemake.log[0]), Dataset(snakemake.input.dataset) as dataset:
    method, options = snakemake.wildcards.method, dict(snakemake.params.options)
    bank = FilterBank.read(snakemake.input.filters, strands=options.pop("strands", "forward"))
    if "parts" in options:
        options["rows"] = read_rows_of(snakemake.input.split, snakemake.params.fold, options.pop("parts"))
        options["threads"] = snakemake.threads
    motifs = find_motifs(method, bank, dataset, special=next(iter(snakemake.input.special), None), **options)
    write_meme(motifs, snakemake.output.meme)
    write_jaspar(motifs, snakemake.output.jaspar)
    motifs.to_hdf5(snakemake.output.motifs)
