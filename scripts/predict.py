"""Score every example with a trained network."""

from motifloom.data.parts import parts_for
from motifloom.data.store import Dataset
from motifloom.evaluation.predictions import write_predictions
from motifloom.io import read_table
from motifloom.job import job
from motifloom.models import device
from motifloom.models.predict import predict_dataset

with job(snakemake.log[0]), Dataset(snakemake.input.dataset) as dataset:
    options = snakemake.params
    device.configure(**options.device)
    parts = parts_for(read_table(snakemake.input.split), options.fold)
    scores = predict_dataset(snakemake.input.model, dataset, options.reverse_complement)
    write_predictions(dataset, parts, scores, snakemake.output[0])
