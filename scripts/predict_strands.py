"""Score both strands of every example of a set with a trained network, one row each."""

from motifloom.data.parts import parts_for
from motifloom.data.store import Dataset
from motifloom.evaluation.predictions import interleave_strands
from motifloom.io import read_table, write_table
from motifloom.job import job
from motifloom.models import device
from motifloom.models.predict import load_model, predict_strands

with job(snakemake.log[0]), Dataset(snakemake.input.dataset) as dataset:
    device.configure(**snakemake.params.device)
    parts = parts_for(read_table(snakemake.input.split), snakemake.params.fold)
    model = load_model(snakemake.input.model)
    both = predict_strands(model, dataset.tokens, task=dataset.task, alphabet=dataset.alphabet)
    table = interleave_strands(dataset, parts, both)
    write_table(table, snakemake.output[0], float_format="%.9g")
