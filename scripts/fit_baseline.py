"""Fit a regression on GC content or k-mers, and score every example with it."""

from motifloom.data.splits import parts_for
from motifloom.data.store import Dataset
from motifloom.evaluation.baselines import fit_baseline
from motifloom.evaluation.predictions import predictions_table
from motifloom.io import read_table, write_table
from motifloom.job import job
from motifloom.randomness import derive_seed

with job(snakemake.log[0]), Dataset(snakemake.input.dataset) as dataset:
    options = snakemake.params
    parts = parts_for(read_table(snakemake.input.split), options.fold)
    seed = derive_seed(options.seed, "fit_baseline", *snakemake.wildcards)
    scores, coefficients = fit_baseline(options.kind, dataset, parts, k=options.k, seed=seed)
    write_table(coefficients, snakemake.output.coefficients)
    write_table(predictions_table(dataset, parts, scores), snakemake.output.predictions)
