"""Test which filters tell the classes apart."""

from motifloom.data.parts import read_rows_of
from motifloom.data.store import Dataset
from motifloom.filters.bank import FilterBank
from motifloom.filters.enrichment import count_windows, enrichment_table
from motifloom.filters.motifs import MotifSet
from motifloom.filters.summaries import read_summary
from motifloom.io import write_table
from motifloom.job import job
from motifloom.plots.enrichment import enrichment_figure
from motifloom.plots.style import save_figure

with job(snakemake.log[0]), Dataset(snakemake.input.dataset) as dataset:
    params, threads = snakemake.params, snakemake.threads
    rows = read_rows_of(snakemake.input.split, params.fold, params.options["parts"])
    bank = FilterBank.read(snakemake.input.filters, strands=params.strands)
    hits, windows = None, 0
    for path in snakemake.input.motifs:
        hits, windows = count_windows(
            bank, dataset.tokens, MotifSet.from_hdf5(path).cutoffs, rows, threads=threads
        )
    summary = read_summary(snakemake.input.activations, rows)
    table = enrichment_table(
        summary.maximum, hits, windows, dataset.targets[:][rows], dataset.task, bank.filters,
        dataset.target_names, units=params.options["unit"], universes=params.options["universe"],
        tests=["mann_whitney", "fisher"] if snakemake.input.motifs else ["mann_whitney"],
    )  # fmt: skip
    write_table(table, snakemake.output.table)
    save_figure(enrichment_figure(table, q_cutoff=params.options["q_value"]), snakemake.output.figure)
