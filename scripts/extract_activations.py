"""Write what one layer of a network gives for every example of a set."""

from motifloom.data.store import Dataset
from motifloom.job import job
from motifloom.models import device
from motifloom.models.activations import write_activations
from motifloom.models.predict import load_model

with job(snakemake.log[0]), Dataset(snakemake.input.dataset) as dataset:
    device.configure(**snakemake.params.device)
    model = load_model(snakemake.input.model)
    write_activations(model, dataset, snakemake.wildcards.layer, snakemake.output[0])
