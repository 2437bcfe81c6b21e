"""Measure what a network loses without each of a share of its filters, and of the groups of filters."""

from motifloom.data.parts import read_rows_of, sample_groups
from motifloom.data.store import Dataset
from motifloom.filters.bank import FilterBank
from motifloom.filters.importance import Measure, filter_importance, group_importance, redundant_groups
from motifloom.filters.influence import metric_names
from motifloom.io import read_table, write_table
from motifloom.job import job
from motifloom.models import device
from motifloom.models.perturb import Perturbation
from motifloom.models.predict import load_model
from motifloom.randomness import derive_seed, generator
from motifloom.shares import share_of

with job(snakemake.log[0]), Dataset(snakemake.input.dataset) as dataset:
    params, options, share = snakemake.params, snakemake.params.options, snakemake.wildcards.scatteritem
    device.configure(**params.device)
    groups = read_table(snakemake.input.split)["group"].to_numpy()
    rows = sample_groups(
        read_rows_of(snakemake.input.split, params.fold, [options["part"]]), groups, options["most_examples"],
        generator(params.seed, "perturb_filters", snakemake.wildcards.experiment),
    )  # fmt: skip
    targets, task = dataset.targets[:][rows], dataset.task
    perturbation = Perturbation(load_model(snakemake.input.model), dataset.tokens[rows], targets, task=task)
    metrics = [name for name in options["metrics"] if name in metric_names(task)] or None
    measure = Measure(
        perturbation.baseline(), targets, task, metrics=metrics, groups=groups[rows],
        confidence=params.confidence, method=options["summary"],
    )  # fmt: skip
    draws = {"iterations": options["iterations"], "seed": derive_seed(params.seed, "perturb_filters")}
    filters = share_of(FilterBank.read(snakemake.input.filters).filters, share)
    table, iterations = filter_importance(perturbation, filters, measure, **draws)
    together = [
        pair for path in snakemake.input.groups for pair in redundant_groups(read_table(path)).items()
    ]
    together = dict(share_of(together, share))
    write_table(table, snakemake.output.table)
    write_table(iterations, snakemake.output.iterations)
    write_table(group_importance(perturbation, together, measure, **draws), snakemake.output.groups)
