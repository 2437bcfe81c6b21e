"""Fit a regression on GC content, k-mers or letters, and score every example with it."""

from threadpoolctl import threadpool_limits

from motifloom.data.parts import parts_for
from motifloom.data.store import Dataset
from motifloom.evaluation.baselines import fit_baseline
from motifloom.evaluation.predictions import write_predictions
from motifloom.io import read_table
from motifloom.job import job
from motifloom.randomness import derive_seed

# One thread: the order in which several add up would show in the last digits.
with job(snakemake.log[0]), threadpool_limits(1), Dataset(snakemake.input.dataset) as dataset:
    options = snakemake.params
    parts = parts_for(read_table(snakemake.input.split), options.fold)
    seed = derive_seed(options.seed, "fit_baseline", *snakemake.wildcards)
    scores, _ = fit_baseline(options.kind, dataset, parts, k=options.k, seed=seed)
    write_predictions(dataset, parts, scores, snakemake.output[0])
