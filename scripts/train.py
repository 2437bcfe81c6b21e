"""Train one network."""

from motifloom.data.parts import parts_for
from motifloom.data.store import Dataset
from motifloom.io import read_json, read_table
from motifloom.job import job
from motifloom.models.range_test import with_rates
from motifloom.models.training import train
from motifloom.randomness import derive_seed

with job(snakemake.log[0]), Dataset(snakemake.input.dataset) as dataset:
    options, files, output = snakemake.params, snakemake.input, snakemake.output
    notes = {"experiment": snakemake.wildcards.experiment, "replicate": int(snakemake.wildcards.seed)}
    path = f"experiments.{snakemake.wildcards.experiment.split('.')[0]}.training"
    rates = [read_json(file) for file in files.get("rates", [])]
    train(
        options.spec or files.spec[0],
        dataset,
        parts_for(read_table(files.split), options.fold),
        model=output.model,
        history=output.history,
        provenance=output.provenance,
        filters=output.filters,
        seed=derive_seed(options.seed, "train", snakemake.wildcards.experiment, snakemake.wildcards.seed),
        training=with_rates(options.training, rates[0], path) if rates else options.training,
        where=options.where,
        path=path,
        start_from=next(iter(files.get("start_from", [])), None),
        notes=notes | options.notes,
    )
