"""Look for what an experiment is tested on among the examples that what it starts from was trained on."""

import numpy as np
import pandas as pd

from motifloom.data.audit import audit_start, without_audit
from motifloom.data.parts import parts_for
from motifloom.data.store import Dataset
from motifloom.io import read_table, write_table
from motifloom.job import job

with job(snakemake.log[0]), Dataset(snakemake.input.dataset) as own:
    files, options = snakemake.input, snakemake.params
    split = read_table(files.split)
    rows = np.flatnonzero(np.any([parts_for(split, fold) == "test" for fold in options.folds], axis=0))
    tables = [without_audit(name) for name in options.unknown]
    for start, path, table in zip(options.starts, files.start_datasets, files.start_splits, strict=True):
        with Dataset(path) as dataset:
            theirs = read_table(table)
            theirs["part"] = parts_for(theirs, start["fold"])
            genomes = {"genomes": start["genomes"], "other_genomes": options.genomes}
            tables.append(audit_start(start["name"], dataset, theirs, own, rows=rows, **genomes))
    write_table(pd.concat(tables, ignore_index=True), snakemake.output[0])
