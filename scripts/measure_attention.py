"""Write where the attention layers of a network look in every example of a set."""

from motifloom.data.parts import parts_for
from motifloom.data.store import Dataset
from motifloom.evaluation.attention import (
    attention_tables,
    class_groups,
    compare_sites,
    describe_maxima,
    locate_sites,
)
from motifloom.genome.intervals import read_intervals
from motifloom.io import read_table, write_table
from motifloom.job import job
from motifloom.models import device
from motifloom.models.attention import attention_blocks, attention_fields
from motifloom.models.predict import load_model
from motifloom.plots import attention as figures
from motifloom.plots.style import save_figure

with job(snakemake.log[0]), Dataset(snakemake.input.dataset) as dataset:
    options, files, output = snakemake.params, snakemake.input, snakemake.output
    device.configure(**options.device)
    model = load_model(files.model)
    fields = attention_fields(model)
    parts = parts_for(read_table(files.split), options.fold)
    test = (parts == "test").to_numpy()
    groups = class_groups(dataset.targets, dataset.task, dataset.classes)
    groups = {name: members & test for name, members in groups.items()}
    blocks = attention_blocks(model, dataset.tokens)
    maxima, profile = attention_tables(blocks, fields, dataset.length, groups)
    write_table(describe_maxima(maxima, dataset, parts), output.maxima)
    write_table(profile, output.profile)
    save_figure(figures.profile(profile, dataset.task), output.profile_figure)
    located = locate_sites([read_intervals(path) for path in options.sites], dataset.regions, dataset.length)
    sites = compare_sites(maxima, located, test, fields, dataset.length, confidence=options.confidence)
    write_table(sites, output.sites)
    save_figure(figures.sites(sites, options.confidence), output.sites_figure)
