"""Experiments side by side: one table of all their metrics, and paired differences."""

import logging
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd

from motifloom.errors import UserError
from motifloom.evaluation.intervals import bootstrap_p_value, percentile_interval
from motifloom.evaluation.metrics import metric_distribution, read_columns, rows_of
from motifloom.evaluation.statistics import VALUE_METRICS
from motifloom.headlines import headline_metric

logger = logging.getLogger(__name__)

COMPARISON = ["experiment", "model", "kind", "dataset", "seed"]
METRICS = ["part", "target", "metric", "value", "ci_low", "ci_high", "n"]
DIFFERENCES = [
    "dataset", "experiment_a", "experiment_b", "part", "target", "metric",
    "difference", "ci_low", "ci_high", "p_value", "n",
]  # fmt: skip
MEANS = [
    "dataset", "experiment", "part", "target", "metric", "value", "ci_low", "ci_high", "n", "seeds", "sd",
]  # fmt: skip

# Metrics of probabilities that no threshold decides.
RANKING = ["auroc", "auprc", "aunpvsc", "log_loss", "brier", "ece"]


class Entry(NamedTuple):
    """One trained model with a table: its metrics or its predictions."""

    experiment: str
    model: str
    kind: str
    dataset: str
    seed: int
    table: pd.DataFrame


def comparison_table(entries):
    """Put the metrics of all models into one table.

    Parameters
    ----------
    entries : iterable of (experiment, model, kind, dataset, seed, metrics table)
        `kind` is that of a :class:`motifloom.runs.Run`.

    Returns
    -------
    pandas.DataFrame
        experiment, model, kind, dataset, seed, part, target, metric, value, ci_low, ci_high, n.
    """
    frames = []
    for entry in map(Entry._make, entries):
        frame = entry.table[METRICS].copy()
        for position, name in enumerate(COMPARISON):
            frame.insert(position, name, entry[position])
        frames.append(frame)
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=COMPARISON + METRICS)


def paired_difference(
    a,
    b,
    task,
    classes,
    *,
    part="test",
    bootstrap=1000,
    confidence=0.95,
    seed,
    groups=None,
    thresholds=(0.5, 0.5),
    custom=(),
):
    """Return how much better predictions `a` are than predictions `b` of the same examples.

    Both are evaluated on the same bootstrap resamples, so what makes an example hard for both cancels.

    Parameters
    ----------
    a, b : pandas.DataFrame
        Predictions tables with the same ids in `part`, in any order.
    task, classes, bootstrap, confidence, seed, groups, custom
        As in :func:`motifloom.evaluation.metrics.evaluate_predictions`.
    part : str
        The part to compare on.
    thresholds : pair
        Those of `a` and of `b`, each as in that function.

    Returns
    -------
    pandas.DataFrame
        target, metric, difference (a - b), ci_low, ci_high, p_value (two-sided, see
        :func:`motifloom.evaluation.intervals.bootstrap_p_value`), n; one row per defined metric.

    Raises
    ------
    UserError
        If the tables hold other examples or other targets.
    """
    rows = [rows_of(table, part) for table in (a, b)]
    names = list(classes[1:]) if task == "binary" else list(classes)
    _check_same(*rows, names, part)
    first, second = (
        metric_distribution(
            table, task, classes, bootstrap=bootstrap, seed=seed, groups=groups, thresholds=each,
            custom=custom,
        )
        for table, each in zip(rows, thresholds, strict=True)
    )  # fmt: skip
    difference = _difference(first.value - second.value, first.samples - second.samples, confidence)
    n_metrics = len(first.metrics)
    frame = pd.DataFrame(
        {
            "target": np.repeat(first.targets, n_metrics),
            "metric": np.tile(first.metrics, len(first.targets)),
            **{name: values.ravel() for name, values in difference.items()},
            "n": np.repeat(first.n, n_metrics),
        }
    )
    return frame[frame["difference"].notna()].reset_index(drop=True)


def run_distributions(entries, tasks, classes, *, part="test", bootstrap=1000, seed, groups=None):
    """Evaluate every run on the same resamples of the part of its dataset.

    Thresholds do not matter here: what is compared are metrics of ranks and of values.

    Parameters
    ----------
    entries : iterable of (experiment, model, kind, dataset, seed, predictions table)
    tasks, classes : dict
        Task and classes of each dataset.
    part : str
        The part to compare on.
    bootstrap, seed
        As in :func:`motifloom.evaluation.metrics.evaluate_predictions`.
    groups : dict of str to pandas.Series, or None
        Group of each example by dataset, each Series indexed by id.

    Returns
    -------
    dict of (dataset, experiment) to list of (ids, Distribution)
        One per seed; runs without an example in the part are left out.
    """
    found = {}
    for entry in map(Entry._make, entries):
        table = rows_of(entry.table, part)
        if len(table):
            values = metric_distribution(
                table, tasks[entry.dataset], classes[entry.dataset], bootstrap=bootstrap, seed=seed,
                groups=(groups or {}).get(entry.dataset),
            )  # fmt: skip
            ids = tuple(table["id"])
            found.setdefault((entry.dataset, entry.experiment), []).append((ids, values))
    return found


def difference_table(found, tasks, *, part="test", confidence=0.95):
    """Compare all pairs of experiments on the same dataset by their headline metric.

    The value of an experiment is the mean over its seeds, in the data as in every resample. Pairs that do
    not predict the same examples, as those of different folds, are left out.

    Parameters
    ----------
    found : dict
        From :func:`run_distributions`.
    tasks : dict
        Task of each dataset.
    part : str
        The part that `found` is of.
    confidence : float

    Returns
    -------
    pandas.DataFrame
        dataset, experiment_a, experiment_b, part, target, metric, difference (a - b), ci_low, ci_high,
        p_value, n.
    """
    rows = []
    for (dataset, a), (other, b) in combinations(found, 2):
        if dataset != other:
            continue
        first, second = found[dataset, a], found[dataset, b]
        if len({ids for ids, _ in first + second}) > 1:
            logger.info("%s and %s predict different examples of %s: no difference", a, b, dataset)
            continue
        target, metric = headline_metric(tasks[dataset])
        (n, *ours), (_, *theirs) = (_mean_over_seeds(runs, target, metric) for runs in (first, second))
        difference = _difference(ours[0] - theirs[0], ours[1] - theirs[1], confidence)
        rows.append([dataset, a, b, part, target, metric, *map(float, difference.values()), n])
    return pd.DataFrame(rows, columns=DIFFERENCES)


def mean_table(found, tasks, *, part="test", confidence=0.95):
    """Return the metrics of every experiment averaged over its seeds, in the data as in every resample.

    The interval tells how the mean would move with other examples; `sd`, how far apart the seeds are.

    Parameters
    ----------
    found, tasks, part, confidence
        As for :func:`difference_table`.

    Returns
    -------
    pandas.DataFrame
        dataset, experiment, part, target, metric (those that need no threshold), value, ci_low, ci_high, n,
        seeds (how many), sd (standard deviation over seeds; NaN of one). Without what is not defined.
    """
    rows = []
    for (dataset, experiment), runs in found.items():
        target, _ = headline_metric(tasks[dataset])
        for metric in VALUE_METRICS if tasks[dataset] == "regression" else RANKING:
            n, value, samples = _mean_over_seeds(runs, target, metric)
            values = [_value_of(run, target, metric) for _, run in runs]
            sd = np.std(values, ddof=1) if len(runs) > 1 else np.nan
            bounds = map(float, percentile_interval(samples, confidence))
            if np.isfinite(value):
                rows.append([dataset, experiment, part, target, metric, value, *bounds, n, len(runs), sd])
    return pd.DataFrame(rows, columns=MEANS)


def _check_same(a, b, names, part):
    if len(a) != len(b) or (a["id"] != b["id"]).any():
        raise UserError(
            f"predictions: the two tables hold different examples in part {part}; use the same split"
        )
    targets = [read_columns(table, "target", names) for table in (a, b)]
    if not np.array_equal(*targets, equal_nan=True):
        raise UserError(
            f"predictions: the two tables hold different targets in part {part}; use the same dataset"
        )


def _mean_over_seeds(runs, target, metric):
    """Return n, value and samples (B,) of a metric, the latter two averaged over runs."""
    values = runs[0][1]
    at = values.targets.index(target), values.metrics.index(metric)
    value = np.mean([_value_of(run, target, metric) for _, run in runs])
    return int(values.n[at[0]]), value, np.mean([run.samples[at] for _, run in runs], axis=0)


def _value_of(run, target, metric):
    return run.value[run.targets.index(target), run.metrics.index(metric)]


def _difference(difference, samples, confidence):
    low, high = percentile_interval(samples, confidence)
    p = bootstrap_p_value(samples)
    return {"difference": difference, "ci_low": low, "ci_high": high, "p_value": p}
