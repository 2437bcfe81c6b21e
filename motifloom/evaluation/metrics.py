"""How good predictions are, as a tidy table of metrics with bootstrap intervals."""

import logging
from typing import NamedTuple

import numpy as np
import pandas as pd

from motifloom.errors import UserError
from motifloom.evaluation.custom import custom_statistic
from motifloom.evaluation.intervals import bootstrap_values, percentile_interval
from motifloom.evaluation.reasons import undefined_reasons
from motifloom.evaluation.statistics import (
    CLASS_METRICS,
    OVERALL_METRICS,
    VALUE_METRICS,
    classification_statistic,
    regression_statistic,
    weighted_mean,
)
from motifloom.randomness import generator

logger = logging.getLogger(__name__)

COLUMNS = ["part", "target", "metric", "value", "ci_low", "ci_high", "n", "prevalence", "reason"]
PARTS = ["train", "validation", "test"]


class Distribution(NamedTuple):
    """Metrics of one set of predictions and of its resamples.

    targets (R names), metrics (M names), n int (R,), prevalence float64 (R,), value float64 (R, M),
    samples float64 (R, M, B). A metric that is not defined is NaN.
    """

    targets: list
    metrics: list
    n: np.ndarray
    prevalence: np.ndarray
    value: np.ndarray
    samples: np.ndarray


def evaluate_predictions(
    predictions,
    task,
    classes,
    *,
    bootstrap=1000,
    confidence=0.95,
    seed,
    groups=None,
    thresholds=0.5,
    custom=(),
):
    """Return all metrics of predictions, part by part, with bootstrap intervals.

    Parameters
    ----------
    predictions : pandas.DataFrame
        id, part, target.<name>..., score.<name>...; examples with a missing target are left out for it,
        those without any altogether. Any parts will do, also one alone.
    task : str
        binary, multiclass, multilabel or regression.
    classes : list of str
        [negative, positive] for binary, else the names of classes, labels or values.
    bootstrap : int
        Number of resamples; 0 for no intervals.
    confidence : float
        Level of the intervals.
    seed : int
        Seed of the resamples, which are the same for all metrics and for all models on the same examples.
    groups : pandas.Series or None
        Group of each example, indexed by id. Whole groups are resampled then; an id that is not in it is
        a group of its own.
    thresholds : float or float (T,)
        A class is called at this probability or more (:func:`motifloom.evaluation.threshold.
        threshold_values`); multiclass calls the largest.
    custom : sequence of motifloom.evaluation.custom.Custom
        The user's own metrics.

    Returns
    -------
    pandas.DataFrame
        part, target, metric, value, ci_low, ci_high, n, prevalence, reason. Targets: "all" for binary; every
        name, "macro" (mean) and "weighted" (mean weighted by prevalence) for multiclass and multilabel,
        with "all" (the argmax against the class) for multiclass; every name and "macro" for regression.
        What cannot be computed, because a part has one class only for instance, is NaN; `reason` and the
        log say why.

    Raises
    ------
    UserError
        If a column of a target or score is missing, or a metric of the user fails.
    """
    frames = []
    for part in part_order(predictions["part"]):
        rows = rows_of(predictions, part)
        found = metric_distribution(
            rows, task, classes, bootstrap=bootstrap, seed=seed, groups=groups, thresholds=thresholds,
            custom=custom,
        )  # fmt: skip
        frame = distribution_table(found, confidence)
        frame.insert(0, "part", part)
        frame["reason"] = undefined_reasons(rows, task, classes, frame)
        keep = (frame["target"] != "all") | frame["metric"].isin(OVERALL_METRICS) | (task == "binary")
        frames.append(frame[keep])
        _log_undefined(frames[-1], part)
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=COLUMNS)


def distribution_table(found, confidence):
    """Return the metrics of a :class:`Distribution` as a tidy table with percentile intervals.

    Returns
    -------
    pandas.DataFrame
        target, metric, value, ci_low, ci_high, n, prevalence.
    """
    low, high = percentile_interval(found.samples, confidence)
    n_targets, n_metrics = found.value.shape
    return pd.DataFrame(
        {
            "target": np.repeat(found.targets, n_metrics),
            "metric": np.tile(found.metrics, n_targets),
            "value": found.value.ravel(),
            "ci_low": low.ravel(),
            "ci_high": high.ravel(),
            "n": np.repeat(found.n, n_metrics),
            "prevalence": np.repeat(found.prevalence, n_metrics),
        }
    )


def rows_of(predictions, part):
    """Return the rows of a part by id: in one order, the same seed draws the same examples from any table."""
    return predictions[predictions["part"] == part].sort_values("id", ignore_index=True)


def part_order(parts):
    """Return the distinct names in `parts`: train, validation, test, then others as they appear."""
    present = list(dict.fromkeys(parts))
    return [part for part in PARTS if part in present] + [part for part in present if part not in PARTS]


def nest_metrics(metrics):
    """Return a metrics table as nested dicts: part, target, metric, then value, ci_low, ci_high and n."""
    nested = {}
    for row in metrics.itertuples():
        entry = {"value": row.value, "ci_low": row.ci_low, "ci_high": row.ci_high, "n": row.n}
        nested.setdefault(row.part, {}).setdefault(row.target, {})[row.metric] = entry
    return nested


def _log_undefined(frame, part):
    missing = frame[frame["value"].isna()]
    for (target, n, reason), metrics in missing.groupby(["target", "n", "reason"], sort=False)["metric"]:
        logger.warning(
            "part %s, target %s: no %s from its %d examples: %s", part, target, ", ".join(metrics), n, reason
        )


def metric_distribution(
    predictions, task, classes, *, bootstrap, seed, groups=None, thresholds=0.5, custom=()
):
    """Return the metrics of one part and their values in bootstrap resamples.

    Parameters
    ----------
    predictions : pandas.DataFrame
        Rows of one part; otherwise as in :func:`evaluate_predictions`.
    task, classes, bootstrap, seed, groups, thresholds, custom
        As in :func:`evaluate_predictions`.

    Returns
    -------
    Distribution
    """
    names = list(classes[1:]) if task == "binary" else list(classes)
    targets, scores = (read_columns(predictions, kind, names) for kind in ("target", "score"))
    known = np.isfinite(targets)
    if task == "multiclass":
        known &= known.all(axis=1, keepdims=True)
    # What has no target is no example here: drawn with the others, it would only widen the intervals.
    told = known.any(axis=1)
    targets, scores, known, ids = targets[told], scores[told], known[told], predictions["id"][told]
    n = known.sum(axis=0)
    if task == "regression":
        rows, metrics = [*names, "macro"], VALUE_METRICS
        statistic = regression_statistic(targets, scores, known)
    else:
        rows = ["all"] if task == "binary" else [*names, "macro", "weighted"]
        rows += ["all"] if task == "multiclass" else []
        metrics = CLASS_METRICS
        statistic = classification_statistic(targets, scores, known, task, thresholds)
    if custom:
        statistic = _beside(statistic, custom_statistic(targets, scores, known, custom), len(metrics))
        metrics = [*metrics, *(metric.name for metric in custom)]
    n = np.concatenate([n, np.full(len(rows) - len(names), len(ids))])
    units = _units(ids, groups)
    value, samples = bootstrap_values(statistic, units, bootstrap, generator(seed, "bootstrap"))
    prevalence = np.full(len(rows), np.nan)
    if task != "regression":
        value, samples, prevalence = value[:, :-1], samples[:, :-1], value[:, -1]
    return Distribution(rows, metrics, n, prevalence, value, samples)


def _beside(statistic, custom, n_metrics):
    """Return a statistic with the user's metrics after the first `n_metrics` of ours.

    Those of single targets are averaged for macro and, by the prevalence that ours ends in, for weighted.
    """

    def joined(weights):
        ours, each = statistic(weights), custom(weights)
        theirs = np.full((len(ours), *each.shape[1:]), np.nan)
        theirs[: len(each)] = each
        averages = [1.0] + [ours[: len(each), n_metrics:]] * (ours.shape[1] > n_metrics)
        for row, share in zip(range(len(each), len(ours)), averages, strict=False):
            theirs[row] = weighted_mean(each, share)
        return np.concatenate([ours[:, :n_metrics], theirs, ours[:, n_metrics:]], axis=1)

    return joined


def read_columns(predictions, kind, names):
    """Return the columns `{kind}.{name}` of a predictions table as float64 (N, len(names))."""
    columns = [f"{kind}.{name}" for name in names]
    missing = [column for column in columns if column not in predictions]
    if missing:
        raise UserError(f"predictions: no column {missing[0]}; its columns are {', '.join(predictions)}")
    return predictions[columns].to_numpy(np.float64)


def _units(ids, groups):
    """Return the resampled unit of every example, int (N,)."""
    if groups is None:
        return np.arange(len(ids))
    found = ids.map(groups)
    lost = found.isna().to_numpy()
    units = pd.factorize(found)[0]
    units[lost] = units.max(initial=-1) + 1 + np.arange(lost.sum())
    return units
