"""Put the trials of a sweep together."""

from motifloom.config.sweeps import Sweep
from motifloom.io import read_json, write_table
from motifloom.job import job
from motifloom.randomness import derive_seed
from motifloom.sweeps.trials import importance_table, trials_table

with job(snakemake.log[0]):
    options, output = snakemake.params, snakemake.output
    sweep = Sweep.model_validate(options.sweep)
    records = [read_json(path) for path in snakemake.input.trials]
    seed = derive_seed(options.seed, "sweep", snakemake.wildcards.sweep)
    write_table(trials_table(records, sweep.parameters), output.trials, float_format="%.9g")
    write_table(importance_table(sweep, records, seed), output.importance)
