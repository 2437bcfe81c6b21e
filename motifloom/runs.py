"""From the experiments of a config to all that is run: them and what they are compared with."""

import re
from dataclasses import dataclass
from pathlib import Path

from motifloom.config.training import Training


@dataclass(frozen=True)
class Run:
    """One model on one dataset, trained once per seed; or the predictions of other runs put together.

    `kind` is cnn, gc, kmer, additive, label_shuffle, pooled or ensemble. Names of baselines and of single
    folds hold a dot, which names in the config cannot.

    `members` are the runs whose predictions are put together: their test parts one after the other
    (`pooled`: one run per fold; baselines of such an experiment keep their own kind), or their mean
    (ensemble). A run with members has the one seed 1.
    """

    name: str
    kind: str
    dataset: str
    model: str
    seeds: tuple
    fold: int
    training: dict
    k: int = 0
    members: tuple = ()

    @property
    def is_network(self):
        """Whether a network is trained."""
        return self.kind in ("cnn", "label_shuffle") and not self.members

    @property
    def is_regression(self):
        """Whether a regression is fitted."""
        return self.kind in ("gc", "kmer", "additive") and not self.members


def expand_runs(config):
    """Return every run of a config by name: experiments in order, each followed by what belongs to it.

    Parameters
    ----------
    config : motifloom.config.parse.Config

    Returns
    -------
    dict of str to Run
        Baselines of a dataset (`reb1.gc`, `reb1.kmer`; by folds `reb1.fold0.gc`) are shared by its
        experiments; the label-shuffle control (`reb1-shallow.label_shuffle`) is the experiment's own
        network, trained for its first seed. An experiment over folds is followed by a run per fold
        (`reb1-shallow.fold0`), and each of its baselines is pooled as it is itself
        (`reb1-shallow.pooled.gc`).
    """
    runs = {}
    for name, experiment in config.experiments.items():
        found = _members(config, name)
        if experiment.ensemble:
            fold = config.experiments[found[0]].fold
            runs[name] = _combined(name, "ensemble", "+".join(found), experiment.dataset, found, fold)
            continue
        if not found:
            runs |= _with_baselines(config, name, name, experiment.fold, runs)
            continue
        kind, folds = _model(config, name).baseline or "pooled", folds_of(config, name)
        runs[name] = _combined(name, kind, experiment.model, experiment.dataset, found)
        for member, fold in zip(found, folds, strict=True):
            runs |= _with_baselines(config, name, member, fold, runs)
        for baseline in baseline_names(config, name):
            kind = baseline.rsplit(".", 1)[1]
            pairs = zip(found, folds, strict=True)
            parts = [_baseline_name(experiment.dataset, member, fold, kind) for member, fold in pairs]
            runs[baseline] = _combined(baseline, kind, runs[parts[0]].model, experiment.dataset, parts)
    return runs


def baseline_names(config, name):
    """Return the names of the runs that an experiment, or its run on one fold, is compared with.

    Those of an ensemble are those of its first member, without the control, which is a network of its own.
    """
    stem, _, fold = name.partition(".fold")
    experiment = config.experiments[stem]
    if experiment.ensemble:
        found = baseline_names(config, experiment.ensemble[0])
        return [baseline for baseline in found if not baseline.endswith(".label_shuffle")]
    if _model(config, stem).baseline is not None:
        return []
    if experiment.folds is not None and not fold:
        return [f"{name}.pooled.{kind}" for kind in config.evaluation.baselines]
    by_folds = config.datasets[experiment.dataset].split.by == "folds"
    number = int(fold or experiment.fold) if by_folds else None
    return [_baseline_name(experiment.dataset, name, number, kind) for kind in config.evaluation.baselines]


def compared_runs(config, runs, dataset):
    """Return the names of the runs that are compared on a dataset, in order.

    Of a dataset that is held out these are the experiments that name it in `also`, and their baselines; none
    where it has no targets.
    """
    if not config.datasets[dataset].held_out:
        return [name for name, run in runs.items() if run.dataset == dataset]
    naming = [name for name, experiment in config.experiments.items() if dataset in experiment.also]
    known = naming if config.datasets[dataset].labelled else []
    return list(dict.fromkeys(run for name in known for run in (name, *baseline_names(config, name))))


def extra_sets(config, name):
    """Return the extra sets of a run: those of its experiment, or of all experiments it is a baseline of."""
    found = []
    for key, experiment in config.experiments.items():
        folds = [] if experiment.ensemble else _members(config, key)
        if name in (key, *folds, *baseline_names(config, key)):
            found += experiment.also
    return list(dict.fromkeys(found))


def folds_of(config, name):
    """Return the folds that are the test part of an experiment's runs, in order; of a single run its one."""
    experiment = config.experiments[name]
    if experiment.folds == "all":
        return list(range(config.datasets[experiment.dataset].split.folds))
    return [experiment.fold] if experiment.folds is None else list(experiment.folds)


def _baseline_name(dataset, run, fold, kind):
    stem = dataset if fold is None else f"{dataset}.fold{fold}"
    return f"{run}.{kind}" if kind == "label_shuffle" else f"{stem}.{kind}"


def _model(config, name):
    return config.models[config.experiments[name].model]


def _members(config, name):
    """Return the runs that an experiment puts together; none for a single run."""
    experiment = config.experiments[name]
    if experiment.ensemble:
        return list(experiment.ensemble)
    return [] if experiment.folds is None else [f"{name}.fold{fold}" for fold in folds_of(config, name)]


def _with_baselines(config, name, run, fold, runs):
    """Return the run of an experiment on one fold, and those of its baselines that are not there yet."""
    experiment, model = config.experiments[name], _model(config, name)
    first = Run(
        name=run,
        kind=model.baseline or "cnn",
        dataset=experiment.dataset,
        model=experiment.model,
        seeds=tuple(experiment.seeds),
        fold=fold,
        training=experiment.training.model_dump(),
        k=(model.k or 6) if model.baseline == "kmer" else 0,
    )
    by_folds = config.datasets[experiment.dataset].split.by == "folds"
    kinds = config.evaluation.baselines if model.baseline is None else []
    names = {
        _baseline_name(experiment.dataset, run, fold if by_folds else None, kind): kind for kind in kinds
    }
    new = {key: _baseline(key, kind, first, config) for key, kind in names.items() if key not in runs}
    return {run: first} | new


def _combined(name, kind, model, dataset, members, fold=0):
    return Run(name, kind, dataset, model, seeds=(1,), fold=fold, training={}, members=tuple(members))


def _baseline(name, kind, run, config):
    return Run(
        name=name,
        kind=kind,
        dataset=run.dataset,
        model=run.model if kind == "label_shuffle" else kind,
        seeds=run.seeds[:1] if kind == "label_shuffle" else (1,),
        fold=run.fold,
        training=_shuffled(run.training) if kind == "label_shuffle" else {},
        k=config.evaluation.kmer if kind == "kmer" else 0,
    )


def _shuffled(training):
    """Return the training of a control: without weights that were learnt from the true labels."""
    learnt = ("start_from", "freeze", "replace_head") if training["start_from"] else ()
    return training | Training().model_dump(include=set(learnt)) | {"shuffle_labels": True}


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
