"""Fit a regression again, and score every example of an extra set with it."""

from threadpoolctl import threadpool_limits

from motifloom.data.parts import parts_for
from motifloom.data.store import Dataset
from motifloom.evaluation.baselines import fit_baseline
from motifloom.evaluation.predictions import write_predictions
from motifloom.io import read_table
from motifloom.job import job
from motifloom.randomness import derive_seed

files, options = snakemake.input, snakemake.params
with job(snakemake.log[0]), threadpool_limits(1), Dataset(files.dataset) as own, Dataset(files.set) as other:
    parts = parts_for(read_table(files.split), options.fold)
    # The seed of rule fit_baseline, so that it is the same regression.
    seed = derive_seed(options.seed, "fit_baseline", snakemake.wildcards.experiment, snakemake.wildcards.seed)
    scores, _ = fit_baseline(options.kind, own, parts, k=options.k, seed=seed, scored=other.tokens)
    set_parts = parts_for(read_table(files.set_split), options.set_fold)
    write_predictions(other, set_parts, scores, snakemake.output[0], places=True)
