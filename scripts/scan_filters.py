"""Scan all sequences once and keep what each filter made of each."""

from motifloom.data.store import Dataset
from motifloom.filters.bank import FilterBank
from motifloom.filters.summaries import write_summary
from motifloom.job import job

with job(snakemake.log[0]), Dataset(snakemake.input.dataset) as dataset:
    bank = FilterBank.read(snakemake.input.filters, strands=snakemake.params.strands)
    write_summary(bank, dataset.tokens, snakemake.output[0], threads=snakemake.threads)
