"""Draw the largest activations of all filters in a sample of the sequences, clustered on both axes."""

from motifloom.data.parts import read_rows_of
from motifloom.data.store import Dataset
from motifloom.filters.clustering import sample_sequences
from motifloom.filters.summaries import read_summary
from motifloom.io import write_table
from motifloom.job import job
from motifloom.plots.clustering import sequences
from motifloom.plots.style import save_figure

with job(snakemake.log[0]), Dataset(snakemake.input.dataset) as dataset:
    params, output = snakemake.params, snakemake.output
    rows = read_rows_of(snakemake.input.split, params.fold, params.parts)
    summary = read_summary(snakemake.input.activations, rows)
    sample, counts = sample_sequences(
        summary.maximum, summary.filters, dataset.regions["id"].iloc[rows], dataset.targets[:][rows],
        dataset.task, dataset.classes, most=params.most, seed=params.seed,
    )  # fmt: skip
    write_table(sample, output.sequences)
    write_table(counts, output.drawn)
    save_figure(sequences(sample, counts, dataset.task, dataset.classes), output.figure)
