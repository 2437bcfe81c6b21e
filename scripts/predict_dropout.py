"""Score every example of a set many times with random dropout: mean and standard deviation."""

from motifloom.data.parts import parts_for
from motifloom.data.store import Dataset
from motifloom.evaluation.predictions import example_table
from motifloom.io import read_table, write_table
from motifloom.job import job
from motifloom.models import device
from motifloom.models.montecarlo import predict_dropout
from motifloom.models.predict import load_model
from motifloom.randomness import derive_seed

with job(snakemake.log[0]), Dataset(snakemake.input.dataset) as dataset:
    options = snakemake.params
    device.configure(**options.device)
    parts = parts_for(read_table(snakemake.input.split), options.fold)
    mean, sd = predict_dropout(
        load_model(snakemake.input.model),
        dataset.tokens,
        task=dataset.task,
        alphabet=dataset.alphabet,
        samples=options.samples,
        seed=derive_seed(options.seed, "predict_dropout", *snakemake.wildcards),
        reverse_complement=options.reverse_complement,
    )
    table = example_table(dataset, parts, {"mean": mean, "sd": sd}, places=True)
    write_table(table, snakemake.output[0], float_format="%.9g")
