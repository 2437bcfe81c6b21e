"""Tell where in their examples the sites of each method lie."""

import pandas as pd

from motifloom.data.store import Dataset
from motifloom.filters.bank import FilterBank
from motifloom.filters.positions import central_enrichment, site_places
from motifloom.io import write_table
from motifloom.job import job

with job(snakemake.log[0]), Dataset(snakemake.input.dataset) as dataset:
    bank, length = FilterBank.read(snakemake.input.filters), dataset.tokens.shape[1]
    # Negatives made for other examples are centred on nothing.
    centred = dataset.regions.loc[dataset.regions["parent"] == "", "id"]
    tables = []
    for method, path in zip(snakemake.params.methods, snakemake.input.sites, strict=True):
        table = central_enrichment(bank, site_places(path, centred), length)
        table.insert(0, "method", method)
        tables.append(table)
    write_table(pd.concat(tables, ignore_index=True), snakemake.output[0])
