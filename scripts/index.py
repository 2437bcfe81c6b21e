"""Build the page of all experiments."""

from pathlib import Path

from motifloom.io import read_table
from motifloom.job import job
from motifloom.report.index import build_index

with job(snakemake.log[0]):
    files, options = snakemake.input, snakemake.params
    sizes = {name: len(read_table(path)) for name, path in zip(options.datasets, files.splits, strict=True)}
    build_index(
        [experiment | {"n": sizes[experiment["dataset"]]} for experiment in options.experiments],
        read_table(files.comparison),
        snakemake.output[0],
        differences=read_table(files.differences),
        audits={name: read_table(path) for name, path in zip(options.datasets, files.audits, strict=True)},
        starts={Path(path).parent.name: read_table(path) for path in files.starts},
        links={"comparison": "comparison.tsv", "differences": "differences.tsv"},
    )
