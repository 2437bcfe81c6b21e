"""Find the learning rates between which a network learns."""

from motifloom.data.parts import parts_for
from motifloom.data.store import Dataset
from motifloom.io import read_table, write_json, write_table
from motifloom.job import job
from motifloom.models.range_test import range_test
from motifloom.plots import range_test as plots
from motifloom.plots.style import save_figure
from motifloom.randomness import derive_seed

with job(snakemake.log[0]), Dataset(snakemake.input.dataset) as dataset:
    options, output, wildcards = snakemake.params, snakemake.output, snakemake.wildcards
    table, suggestion = range_test(
        options.spec or snakemake.input.spec[0],
        dataset,
        parts_for(read_table(snakemake.input.split), options.fold),
        seed=derive_seed(options.seed, "train", wildcards.experiment, wildcards.seed),
        training=options.training,
        where=options.where,
        path=f"experiments.{wildcards.experiment.split('.')[0]}.training",
        start_from=next(iter(snakemake.input.start_from), None),
    )
    write_table(table, output.table)
    write_json(suggestion, output.suggestion)
    save_figure(plots.range_test(table, suggestion), output.figure)
