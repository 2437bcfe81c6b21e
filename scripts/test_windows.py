"""Test all windows of a share of the filters."""

from motifloom.data.parts import read_rows_of
from motifloom.data.store import Dataset
from motifloom.filters.bank import FilterBank
from motifloom.filters.significance import test_windows, write_significance
from motifloom.job import job
from motifloom.randomness import derive_seed
from motifloom.shares import share_of

with job(snakemake.log[0]), Dataset(snakemake.input.dataset) as dataset:
    params = snakemake.params
    bank = FilterBank.read(snakemake.input.filters, strands=params.strands)
    tests, steps = test_windows(
        bank.subset(share_of(bank.filters, snakemake.wildcards.scatteritem)),
        dataset.tokens,
        rows=read_rows_of(snakemake.input.split, params.fold, params.parts),
        seed=derive_seed(params.seed, "test_windows"),
        threads=snakemake.threads,
        **params.options,
    )
    write_significance(snakemake.output[0], tests, steps)
