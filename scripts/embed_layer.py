"""Draw examples by what a layer makes of them."""

import numpy as np
import pandas as pd

from motifloom.data.parts import read_rows_of, sample_groups
from motifloom.data.store import Dataset
from motifloom.evaluation.embedding import embed, pool_positions
from motifloom.io import read_table, write_table
from motifloom.job import job
from motifloom.models import device
from motifloom.models.outputs import layer_outputs
from motifloom.models.predict import load_model
from motifloom.plots.embedding import embedding
from motifloom.plots.style import save_figure
from motifloom.randomness import derive_seed, generator

with job(snakemake.log[0]), Dataset(snakemake.input.dataset) as dataset:
    options, files, name = snakemake.params, snakemake.input, snakemake.wildcards.layer
    device.configure(**options.device)
    groups = read_table(files.split)["group"].to_numpy()
    rows = read_rows_of(files.split, options.fold, [options.part])
    rows = sample_groups(rows, groups, options.examples, generator(options.seed, "embed_layer"))
    model = load_model(files.model)
    layer = model.layers[-2].name if name == "last" else name
    values = pool_positions(layer_outputs(model, dataset.tokens[rows], layer))
    places = embed(values, seed=derive_seed(options.seed, "embed_layer"), perplexity=options.perplexity)
    columns = dict(zip(dataset.target_names, dataset.targets[rows].T, strict=True))
    table = pd.DataFrame({"id": np.asarray(dataset.regions["id"])[rows], "part": options.part})
    table = table.assign(**{f"target.{key}": column for key, column in columns.items()}).join(places)
    write_table(table, snakemake.output.table)
    save_figure(embedding(table, dataset.task, dataset.classes, layer), snakemake.output.figure)
