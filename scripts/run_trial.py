"""Run one trial of a sweep."""

from motifloom.config.sweeps import Sweep
from motifloom.data.store import Dataset
from motifloom.io import read_json, read_table, write_json
from motifloom.job import job
from motifloom.randomness import derive_seed
from motifloom.sweeps.running import run_trial
from motifloom.sweeps.suggest import suggest

with job(snakemake.log[0]), Dataset(snakemake.input.dataset) as dataset:
    options, files = snakemake.params, snakemake.input
    sweep, name = Sweep.model_validate(options.sweep), snakemake.wildcards.sweep
    earlier = [read_json(path) for path in files.earlier] if sweep.learns else []
    number = int(snakemake.wildcards.trial)
    trial = run_trial(
        number,
        suggest(sweep, number, derive_seed(options.seed, "sweep", name), earlier),
        name=name,
        sweep=sweep,
        config=options.config,
        dataset=dataset,
        split=read_table(files.split),
        locate=lambda path: options.files.get(path, path),
        seed=options.seed,
        earlier=earlier,
        start_from=list(files.start_from),
        scratch=snakemake.output[0].removesuffix(".json"),
    )
    write_json(trial, snakemake.output[0])
