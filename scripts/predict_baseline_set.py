"""Fit a regression on GC content or k-mers again, and score every example of an extra set with it."""

from threadpoolctl import threadpool_limits

from motifloom.data.parts import parts_for
from motifloom.data.store import Dataset
from motifloom.evaluation.baseline_sets import fit_and_score
from motifloom.evaluation.sets import set_table
from motifloom.io import read_table, write_table
from motifloom.job import job
from motifloom.randomness import derive_seed

files, options = snakemake.input, snakemake.params
with job(snakemake.log[0]), threadpool_limits(1), Dataset(files.dataset) as own, Dataset(files.set) as other:
    parts = parts_for(read_table(files.split), options.fold)
    # The seed of rule fit_baseline, so that it is the same regression.
    seed = derive_seed(options.seed, "fit_baseline", snakemake.wildcards.experiment, snakemake.wildcards.seed)
    scores = fit_and_score(options.kind, own, parts, other, k=options.k, seed=seed)
    table = set_table(other, ["test"] * len(other), {"target": other.targets, "score": scores})
    write_table(table, snakemake.output[0], float_format="%.9g")
