"""Write what one layer of a network gives for every example of a set."""

from motifloom.data.store import Dataset
from motifloom.evaluation.strands import BothStrands, mark_reads
from motifloom.io import atomic_path
from motifloom.job import job
from motifloom.models import device
from motifloom.models.activations import write_activations
from motifloom.models.predict import load_model

with job(snakemake.log[0]), Dataset(snakemake.input.dataset) as dataset:
    device.configure(**snakemake.params.device)
    model, layer = load_model(snakemake.input.model), snakemake.wildcards.layer
    with atomic_path(snakemake.output[0]) as path:
        if snakemake.wildcards.table == "strands.h5":
            write_activations(model, BothStrands(dataset), layer, path)
            mark_reads(path)
        else:
            write_activations(model, dataset, layer, path)
