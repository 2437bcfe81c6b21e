"""Train one network."""

from motifloom.data.parts import parts_for
from motifloom.data.store import Dataset
from motifloom.io import read_table
from motifloom.job import job
from motifloom.models.training import train
from motifloom.randomness import derive_seed

with job(snakemake.log[0]), Dataset(snakemake.input.dataset) as dataset:
    options, output = snakemake.params, snakemake.output
    train(
        options.spec or snakemake.input.spec[0],
        dataset,
        parts_for(read_table(snakemake.input.split), options.fold),
        model=output.model,
        history=output.history,
        provenance=output.provenance,
        filters=output.filters,
        seed=derive_seed(options.seed, "train", snakemake.wildcards.experiment, snakemake.wildcards.seed),
        training=options.training,
        where=options.where,
        notes={"experiment": snakemake.wildcards.experiment, "replicate": int(snakemake.wildcards.seed)},
    )
