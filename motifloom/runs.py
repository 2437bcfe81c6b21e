"""From the experiments of a config to all that is run: them and what they are compared with."""

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Run:
    """One model on one dataset, trained once per seed.

    `kind` is cnn, gc, kmer or label_shuffle; `experiment` is the experiment that a baseline is run for
    first. Names of baselines hold a dot, which names in the config cannot.
    """

    name: str
    kind: str
    dataset: str
    model: str
    seeds: tuple
    fold: int
    training: dict
    k: int = 0

    @property
    def is_network(self):
        """Whether a network is trained, rather than a regression fitted."""
        return self.kind in ("cnn", "label_shuffle")


def expand_runs(config):
    """Return every run of a config by name: experiments in order, each followed by new baselines.

    Parameters
    ----------
    config : motifloom.config.parse.Config

    Returns
    -------
    dict of str to Run
        Baselines of a dataset (`reb1.gc`, `reb1.kmer`) are shared by its experiments; the label-shuffle
        control (`reb1-shallow.label_shuffle`) is the experiment's own network, trained for its first seed.
    """
    runs = {}
    for name, experiment in config.experiments.items():
        runs[name] = _experiment(name, experiment, config.models[experiment.model])
        for kind in baseline_names(config, name):
            runs.setdefault(kind, _baseline(kind, runs[name], config))
    return runs


def baseline_names(config, name):
    """Return the names of the runs that an experiment is compared with."""
    experiment = config.experiments[name]
    model = config.models[experiment.model]
    by_folds = config.datasets[experiment.dataset].split.by == "folds"
    stem = experiment.dataset + (f".fold{experiment.fold}" if by_folds else "")
    return [
        f"{name}.{kind}" if kind == "label_shuffle" else f"{stem}.{kind}"
        for kind in config.evaluation.baselines
        if model.baseline is None
    ]


def _experiment(name, experiment, model):
    return Run(
        name=name,
        kind=model.baseline or "cnn",
        dataset=experiment.dataset,
        model=experiment.model,
        seeds=tuple(experiment.seeds),
        fold=experiment.fold,
        training=experiment.training.model_dump(),
        k=(model.k or 6) if model.baseline == "kmer" else 0,
    )


def _baseline(name, run, config):
    kind = name.rsplit(".", 1)[1]
    return Run(
        name=name,
        kind=kind,
        dataset=run.dataset,
        model=run.model if kind == "label_shuffle" else kind,
        seeds=run.seeds[:1] if kind == "label_shuffle" else (1,),
        fold=run.fold,
        training={**run.training, "shuffle_labels": True} if kind == "label_shuffle" else {},
        k=config.evaluation.kmer if kind == "kmer" else 0,
    )


def name_files(paths):
    """Name files for use in paths: the stem, with a number where two files share it.

    Returns
    -------
    dict of str to str
        From path to name, in the order of first appearance.
    """
    names = {}
    for path in dict.fromkeys(paths):
        stem = re.sub(r"(\.(fa|fasta|fna))?(\.b?gz)?$", "", Path(path).name, count=1)
        stem = re.sub(r"[^A-Za-z0-9_-]", "_", stem) or "genome"
        name, number = stem, 1
        while name in names.values():
            number += 1
            name = f"{stem}_{number}"
        names[path] = name
    return names
