"""Score every example of an extra set with a trained network."""

from motifloom.data.parts import parts_for
from motifloom.data.store import Dataset
from motifloom.evaluation.sets import set_table
from motifloom.io import read_table, write_table
from motifloom.job import job
from motifloom.models import device
from motifloom.models.predict import predict_dataset

with job(snakemake.log[0]), Dataset(snakemake.input.dataset) as dataset:
    options = snakemake.params
    device.configure(options.threads)
    parts = parts_for(read_table(snakemake.input.split), options.fold)
    scores = predict_dataset(snakemake.input.model, dataset, options.reverse_complement)
    table = set_table(dataset, parts, {"target": dataset.targets, "score": scores})
    write_table(table, snakemake.output[0], float_format="%.9g")
