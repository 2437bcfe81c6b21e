"""Write the config whose experiment is the best trial of a sweep."""

from motifloom.config.sweeps import Sweep
from motifloom.io import read_json, write_text
from motifloom.job import job
from motifloom.sweeps.best import best_config

with job(snakemake.log[0]):
    options, files = snakemake.params, snakemake.input
    text = best_config(
        options.config,
        snakemake.wildcards.sweep,
        Sweep.model_validate(options.sweep),
        [read_json(path) for path in files.trials],
        locate=lambda path: options.files.get(path, path),
        path=snakemake.output[0],
    )
    write_text(text, snakemake.output[0])
