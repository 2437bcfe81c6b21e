"""Build the page of an experiment."""

from motifloom.job import job
from motifloom.report.page import build_experiment_page, load_experiment

with job(snakemake.log[0]):
    files, options = snakemake.input, dict(snakemake.params.items())
    report = load_experiment(
        "results",
        snakemake.wildcards.experiment,
        truth=next(iter(files.truth), None),
        database=next(iter(files.database), None),
        **options,
    )
    build_experiment_page(report, snakemake.output[0])
