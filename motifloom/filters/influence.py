"""Metrics of many predictions of the same examples, and how much each example contributes to their error.

A metric is a function of the weights of the examples, which are all 1. Its influence on the metric is an
example's derivative, d metric / d weight; the derivatives of a metric sum to 0, and the sum of their squares,
summed over independent groups of examples, is the variance of the metric (infinitesimal jackknife, Jaeckel
1972; for AUROC these are the placements of DeLong et al. 1988, doi:10.2307/2531595, and with groups of
examples Obuchowski 1997, doi:10.2307/2533958). The derivatives of a difference are differences of
derivatives, so that this pairs what is measured on the same examples, at the cost of one sort per metric.

Definitions are those of :mod:`motifloom.evaluation.statistics`; undefined metrics are NaN.
"""

from typing import NamedTuple

import numpy as np

CLASSIFICATION = ["auroc", "auprc", "accuracy", "f1", "mcc", "precision", "recall", "log_loss"]
REGRESSION = ["pearson", "spearman", "r2", "mse", "mae"]
LOW_IS_GOOD = {"loss", "log_loss", "mse", "mae"}
# Metrics that a multi-class task has over all its classes; others are means over the classes.
OVERALL = {"accuracy", "mcc", "log_loss"}

_EPSILON = 1e-7  # as in the log loss of the evaluation


class Estimate(NamedTuple):
    """value float64 (..., ) and influence float64 (..., n), whose last axis sums to 0."""

    value: np.ndarray
    influence: np.ndarray


def metric_names(task):
    """Return the names of the metrics of a task."""
    return REGRESSION if task == "regression" else CLASSIFICATION


def estimate(metric, targets, scores, task, constant=np.nan):
    """Return a metric of several predictions of the same examples.

    Parameters
    ----------
    metric : str
        One of :func:`metric_names`.
    targets : float (n, T)
    scores : float (I, n, T)
        Probabilities, or values for regression.
    task : str
        binary, multiclass, multilabel or regression.
    constant : float
        The correlation of predictions that are all the same with values that are not.

    Returns
    -------
    Estimate
        value (I,), influence (I, n): of the mean over the T targets for which the metric is defined, or, for
        multiclass and a metric in `OVERALL`, over all classes. A class is called at 0.5, or where it is the
        largest.
    """
    targets, scores = np.asarray(targets, np.float64), np.asarray(scores, np.float64)
    if not np.isfinite(scores).all():
        return _undefined(scores[..., 0])
    if task == "regression":
        single = [_REGRESSION[metric](targets[:, j], scores[..., j]) for j in range(targets.shape[1])]
        if metric in ("pearson", "spearman"):
            single = [_fill(e, targets[:, j], scores[..., j], constant) for j, e in enumerate(single)]
        return _macro(single)
    labels = targets > 0.5
    if task != "multiclass":
        called = scores >= 0.5
    else:
        best = scores.argmax(axis=-1)
        if metric in OVERALL:
            return _OVERALL[metric](targets.argmax(axis=1), best, scores)
        called = best[..., None] == np.arange(scores.shape[-1])
    columns = range(targets.shape[1])
    return _macro([_CLASSIFICATION[metric](labels[:, j], called[..., j], scores[..., j]) for j in columns])


def mean_estimate(values):
    """Return the mean over the last axis of values (..., n)."""
    values = np.asarray(values, np.float64)
    mean = values.mean(axis=-1)
    return Estimate(mean, (values - mean[..., None]) / values.shape[-1])


def variance(influence, groups, n_groups):
    """Return the variance of a metric from its influence (..., n) and the group of each example (n,).

    The factor G / (G - 1) for G groups makes the variance of a mean of single examples the usual one; a
    single group leaves it undefined.
    """
    if n_groups < 2:
        return np.full(influence.shape[:-1], np.nan)
    flat = influence.reshape(-1, influence.shape[-1])
    sums = np.stack([np.bincount(groups, row, n_groups) for row in flat])
    return (n_groups / (n_groups - 1) * (sums**2).sum(axis=1)).reshape(influence.shape[:-1])


def _undefined(like):
    return Estimate(np.full(like.shape[:-1], np.nan), np.full(like.shape, np.nan))


def _macro(estimates):
    """Return the mean of estimates, each left out where it is not defined."""
    value, influence = np.stack([e.value for e in estimates]), np.stack([e.influence for e in estimates])
    defined = np.isfinite(value)
    with np.errstate(invalid="ignore"):
        share = (defined / defined.sum(axis=0))[..., None]
    value, influence = np.where(defined, value, 0.0), np.where(defined[..., None], influence, 0.0)
    return Estimate((value * share[..., 0]).sum(axis=0), (influence * share).sum(axis=0))


def _fill(estimate, observed, predicted, constant):
    """Return a correlation with `constant` for that of predictions that are all the same."""
    same = (np.ptp(predicted, axis=-1) == 0) & (np.ptp(observed) > 0) & np.isfinite(constant)
    influence = np.where(same[..., None], 0.0, estimate.influence)
    return Estimate(np.where(same, constant, estimate.value), influence)


def _ratio(numerator, denominator, empty):
    """Return sum(numerator) / sum(denominator) over the last axis, `empty` where there is nothing."""
    numerator, denominator = np.broadcast_arrays(numerator * 1.0, denominator * 1.0)
    below = denominator.sum(axis=-1)
    fine = below > 0
    value = np.divide(numerator.sum(axis=-1), below, out=np.full(below.shape, float(empty)), where=fine)
    influence = numerator - value[..., None] * denominator
    influence = np.divide(influence, below[..., None], out=np.zeros(influence.shape), where=fine[..., None])
    return Estimate(value, np.where(np.isnan(value)[..., None], np.nan, influence))


def _accuracy(labels, called, _):
    return mean_estimate(called == labels)


def _f1(labels, called, scores):
    if not labels.any():
        return _undefined(scores)
    return _ratio(2 * (called & labels), called * 1 + labels, 0)


def _precision(labels, called, scores):
    return _ratio(called & labels, called, 0) if labels.any() else _undefined(scores)


def _recall(labels, called, _):
    return _ratio(called & labels, np.broadcast_to(labels, called.shape), np.nan)


def _log_loss(labels, _, scores):
    return mean_estimate(-np.log(np.clip(np.where(labels, scores, 1 - scores), _EPSILON, 1 - _EPSILON)))


def _mcc(labels, called, scores):
    if not 0 < labels.sum() < len(labels):
        return _undefined(scores)
    return _overall_mcc(labels * 1, called * 1, np.stack([scores, scores], axis=-1))


def _overall_accuracy(truth, best, _):
    return mean_estimate(best == truth)


def _overall_log_loss(truth, _, scores):
    right = np.take_along_axis(scores, truth[None, :, None], axis=-1)[..., 0]
    return mean_estimate(-np.log(np.clip(right, _EPSILON, 1 - _EPSILON)))


def _overall_mcc(truth, called, scores):
    """Return Matthews' correlation of classes (Gorodkin 2004, doi:10.1016/j.compbiolchem.2004.09.006)."""
    n, classes = len(truth), np.arange(scores.shape[-1])
    true, found = (truth[:, None] == classes), (called[..., None] == classes)
    right, t, p = called == truth, true.sum(axis=0), found.sum(axis=-2)
    above = n * right.sum(axis=-1) - (t * p).sum(axis=-1)
    spread_t, spread_p = n**2 - (t**2).sum(), n**2 - (p**2).sum(axis=-1)
    if not spread_t:
        return _undefined(scores[..., 0])
    fine = spread_p > 0
    below = np.sqrt(spread_t * np.where(fine, spread_p, 1))
    value = np.where(fine, above / below, 0.0)
    # Derivatives: of the numerator, and half of those of the logarithms of the spreads.
    of_called, of_truth = np.take_along_axis(p, np.broadcast_to(truth, called.shape), -1), t[called]
    slope = n * right + right.sum(axis=-1, keepdims=True) - of_called - of_truth
    slope_t = (n - t[truth]) / spread_t
    slope_p = (n - np.take_along_axis(p, called, -1)) / np.where(fine, spread_p, 1)[..., None]
    influence = slope / below[..., None] - value[..., None] * (slope_t + slope_p)
    return Estimate(value, np.where(fine[..., None], influence, 0.0))


def _auroc(labels, _, scores):
    """Return AUROC; influences are the placements: how many of the other class an example is right about."""
    from scipy.stats import rankdata

    n_true = labels.sum()
    n_false = len(labels) - n_true
    if not n_true or not n_false:
        return _undefined(scores)
    ranks = rankdata(scores, axis=-1)
    below = (ranks[..., labels] - rankdata(scores[..., labels], axis=-1)) / n_false
    above = 1 - (ranks[..., ~labels] - rankdata(scores[..., ~labels], axis=-1)) / n_true
    value = below.mean(axis=-1)
    influence = np.empty(scores.shape)
    influence[..., labels] = (below - value[..., None]) / n_true
    influence[..., ~labels] = (above - value[..., None]) / n_false
    return Estimate(value, influence)


def _auprc(labels, _, scores):
    """Return the average precision, the mean over positives of the precision at their score."""
    n_true = labels.sum()
    if not 0 < n_true < len(labels):
        return _undefined(scores)
    order = np.argsort(-scores, axis=-1, kind="stable")
    ranked, true = np.take_along_axis(scores, order, -1), labels[order]
    # Place of the last and of the first of those with the same score.
    places = np.arange(len(labels))
    differ = ranked[..., 1:] != ranked[..., :-1]
    edge = np.ones((*scores.shape[:-1], 1), bool)
    last = np.where(np.concatenate([differ, edge], axis=-1), places, len(labels))
    last = np.minimum.accumulate(last[..., ::-1], axis=-1)[..., ::-1]
    first = np.maximum.accumulate(np.where(np.concatenate([edge, differ], axis=-1), places, 0), axis=-1)
    called = last + 1
    precision = np.take_along_axis(np.cumsum(true, axis=-1), last, -1) / called
    value = (precision * true).sum(axis=-1) / n_true

    def lower(terms):
        """Sum over the positives that score no higher than each example."""
        sums = np.cumsum((terms * true)[..., ::-1], axis=-1)[..., ::-1]
        return np.take_along_axis(sums, first, -1)

    own = (precision - value[..., None]) * true
    ranked = (own + true * lower(1 / called) - lower(precision / called)) / n_true
    influence = np.empty(scores.shape)
    np.put_along_axis(influence, order, ranked, -1)
    return Estimate(value, influence)


def _standard(values):
    """Return values less their mean over their standard deviation, and that; NaN for a constant."""
    centred = values - values.mean(axis=-1, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True))
    constant = np.ptp(values, axis=-1, keepdims=True) == 0
    empty = np.full(centred.shape, np.nan)
    return np.divide(centred, spread, out=empty, where=~constant & (spread > 0)), spread


def _pearson(observed, predicted):
    (y, _), (x, _) = _standard(observed), _standard(predicted)
    value = np.clip((x * y).mean(axis=-1), -1, 1)
    return Estimate(value, (x * y - value[..., None] * (x**2 + y**2) / 2) / len(observed))


def _spearman(observed, predicted):
    """Return the correlation of ranks; an example also moves the ranks of those above it."""
    from scipy.stats import rankdata

    ranks = rankdata(observed), rankdata(predicted, axis=-1)
    (b, spread_b), (a, spread_a) = map(_standard, ranks)
    value = np.clip((a * b).mean(axis=-1), -1, 1)
    influence = a * b - value[..., None] * (a**2 + b**2) / 2
    for rank, own, other, spread in ((ranks[1], a, b, spread_a), (ranks[0], b, a, spread_b)):
        rank, own, other = np.broadcast_arrays(rank, own, other)
        slope = (other - value[..., None] * own) / spread
        influence = influence + _sum_above(rank, slope)
    return Estimate(value, influence / len(observed))


def _sum_above(ranks, terms):
    """Sum the terms (I, n) of all that rank above each example, and half of those that rank the same."""
    result = np.empty(ranks.shape)
    for i, (row, term) in enumerate(zip(ranks, terms, strict=True)):
        _, tie = np.unique(row, return_inverse=True)
        sums = np.bincount(tie, term)
        result[i] = (sums.sum() - np.cumsum(sums) + sums / 2)[tie]
    return result


def _r2(observed, predicted):
    centred = observed - observed.mean()
    spread = (centred**2).mean()
    if np.ptp(observed) == 0:
        return _undefined(predicted)
    error = (predicted - observed) ** 2
    share = error.mean(axis=-1, keepdims=True) / spread
    return Estimate(1 - share[..., 0], (share * centred**2 - error) / (spread * len(observed)))


def _mse(observed, predicted):
    return mean_estimate((predicted - observed) ** 2)


def _mae(observed, predicted):
    return mean_estimate(np.abs(predicted - observed))


_CLASSIFICATION = {
    "auroc": _auroc,
    "auprc": _auprc,
    "accuracy": _accuracy,
    "f1": _f1,
    "mcc": _mcc,
    "precision": _precision,
    "recall": _recall,
    "log_loss": _log_loss,
}
_OVERALL = {"accuracy": _overall_accuracy, "mcc": _overall_mcc, "log_loss": _overall_log_loss}
_REGRESSION = {"pearson": _pearson, "spearman": _spearman, "r2": _r2, "mse": _mse, "mae": _mae}
