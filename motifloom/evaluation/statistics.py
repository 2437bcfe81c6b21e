"""Metrics as functions of weights of the examples.

Weights of one give the metric itself; the counts of a bootstrap resample give its value in that resample.
The definitions are those of scikit-learn, which takes one resample at a time; here one sort of the scores
and one matrix product serve them all.
"""

import numpy as np

from motifloom.measures import CALIBRATION_BINS

# The metrics that perturbing a filter is measured by too (motifloom.filters.influence) come first.
CLASSIFICATION = ["auroc", "auprc", "accuracy", "f1", "mcc", "precision", "recall", "log_loss"]
REGRESSION = ["pearson", "spearman", "r2", "mse", "mae"]
OVERALL = ["accuracy", "mcc", "log_loss"]
CLASS_METRICS = [*CLASSIFICATION, "specificity", "npv", "aunpvsc", "brier", "ece"]
VALUE_METRICS = [*REGRESSION, "mape", "explained_variance"]
OVERALL_METRICS = [*OVERALL, "brier", "ece"]

# Probabilities are kept this far from 0 and 1 in the log loss, as Keras does.
_EPSILON = 1e-7


def _divide(numerator, denominator):
    """Divide, with NaN where the denominator is 0."""
    numerator, denominator = np.broadcast_arrays(numerator, denominator)
    empty = np.full(denominator.shape, np.nan)
    return np.divide(numerator, denominator, out=empty, where=denominator != 0)


def weighted_mean(values, weights=1.0):
    """Return the weighted mean over the first axis of what is defined."""
    defined = np.isfinite(values)
    weights = np.where(defined, weights, 0.0)
    return _divide((np.where(defined, values, 0.0) * weights).sum(axis=0), weights.sum(axis=0))


def ranking_statistic(labels, scores):
    """Return a function that gives AUROC and AUPRC of weighted examples.

    AUROC is the probability that a positive scores above a negative, ties counting half; AUPRC is the
    average precision, the sum over thresholds of the rise in recall times the precision.

    Parameters
    ----------
    labels : bool (N,)
        Positives; both classes must be there.
    scores : float (N,)
        Finite scores, sorted once here.

    Returns
    -------
    callable
        weights float64 (N, b) -> (auroc, auprc), float64 (b,) each, NaN where the weights leave one class.
    """
    order = np.argsort(-scores, kind="stable")
    ranked, positive = scores[order], labels[order]
    starts = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))
    # Ties form one step of the curves. Steps without a positive only count when the next positive is
    # met, so runs of them are merged, which leaves little to do where positives are rare.
    hit = np.logical_or.reduceat(positive, starts)
    kept = hit | np.concatenate([[True], hit[:-1]])
    starts, hit = starts[kept], hit[kept]
    positives = order[positive]
    positive_starts = (np.cumsum(positive) - positive)[starts[hit]]

    def statistic(weights):
        step = np.add.reduceat(weights[order], starts, axis=0)
        true = np.add.reduceat(weights[positives], positive_starts, axis=0)
        called, found = np.cumsum(step, axis=0)[hit], np.cumsum(true, axis=0)
        n_true = found[-1]
        n_false = step.sum(axis=0) - n_true
        below = n_false - (called - found) + (step[hit] - true) / 2
        both = n_true * n_false
        auroc = _divide((true * below).sum(axis=0), both)
        precision = found / np.where(called > 0, called, 1)
        return auroc, np.where(both > 0, _divide((true * precision).sum(axis=0), n_true), np.nan)

    return statistic


def _binary_statistic(labels, called, scores):
    """Return a function: weights (N, b) -> the metrics CLASS_METRICS and the prevalence, (14, b).

    One class only leaves the areas and MCC undefined; no positive also precision, recall and F1, and no
    negative specificity and NPV. A class that is never called has a precision (or NPV) and a MCC of 0, as
    in scikit-learn. NPV and AUNPVSC are the precision and the average precision of the negatives.
    """
    if not len(labels) or not np.isfinite(scores).all():
        return lambda weights: np.full((len(CLASS_METRICS) + 1, weights.shape[1]), np.nan)
    mixed = 0 < labels.sum() < len(labels)
    rankings = [ranking_statistic(labels, scores), ranking_statistic(~labels, -scores)] if mixed else []
    loss = -np.log(np.clip(np.where(labels, scores, 1 - scores), _EPSILON, 1 - _EPSILON))
    columns = np.stack([labels, called, labels & called, loss, (scores - labels) ** 2]).astype(np.float64)
    calibration = _calibration_statistic(scores, labels)

    def statistic(weights):
        n = weights.sum(axis=0)
        true, positive, hits, losses, squares = columns @ weights
        some, others = true > 0, true < n
        (auroc, auprc), (_, aunpvsc) = (
            [ranking(weights) for ranking in rankings] if mixed else np.full((2, 2, len(n)), np.nan)
        )
        product = true * (n - true) * positive * (n - positive)
        mcc = np.where(product > 0, _divide(hits * n - true * positive, np.sqrt(product)), 0.0)
        rejected = n - true - positive + hits
        return np.stack(
            [
                auroc,
                auprc,
                _divide(hits + rejected, n),
                np.where(some, _divide(2 * hits, true + positive), np.nan),
                np.where(some & others, mcc, np.nan),
                np.where(some, np.where(positive > 0, _divide(hits, positive), 0.0), np.nan),
                _divide(hits, true),
                _divide(losses, n),
                _divide(rejected, n - true),
                np.where(others, np.where(positive < n, _divide(rejected, n - positive), 0.0), np.nan),
                aunpvsc,
                _divide(squares, n),
                calibration(weights),
                _divide(true, n),
            ]
        )

    return statistic


def calibration_bins(scores):
    """Return the bin of each probability, int (N,), 0 to CALIBRATION_BINS - 1; 1 is in the last."""
    return np.clip((scores * CALIBRATION_BINS).astype(int), 0, CALIBRATION_BINS - 1)


def _calibration_statistic(confidence, right):
    """Return a function: weights (N, b) -> the expected calibration error, (b,).

    The mean over examples of how far the mean probability of their bin is from the fraction of the bin
    that is right (Naeini, Cooper and Hauskrecht 2015; with the largest probability for several classes,
    Guo et al. 2017).
    """
    place, excess = calibration_bins(confidence), confidence - right
    table = np.where(place == np.unique(place)[:, None], excess, 0.0)
    return lambda weights: _divide(np.abs(table @ weights).sum(axis=0), weights.sum(axis=0))


def _overall_statistic(truth, called, scores):
    """Return a function: weights (N, b) -> (14, b) with the metrics OVERALL_METRICS over all classes.

    MCC of several classes: Gorodkin 2004, doi:10.1016/j.compbiolchem.2004.09.006. The Brier score is the
    sum over classes (Brier 1950), from 0 to 2; the calibration error is that of the class that is called.
    """
    n_classes = scores.shape[1]
    rows = [CLASS_METRICS.index(metric) for metric in OVERALL_METRICS]
    if not len(truth) or not np.isfinite(scores).all():
        return lambda weights: np.full((len(CLASS_METRICS) + 1, weights.shape[1]), np.nan)
    loss = -np.log(np.clip(scores[np.arange(len(truth)), truth], _EPSILON, 1 - _EPSILON))
    true, predicted = (np.eye(n_classes)[:, labels] for labels in (truth, called))
    columns = np.stack([truth == called, loss, ((scores - true.T) ** 2).sum(axis=1)])
    calibration = _calibration_statistic(scores[np.arange(len(truth)), called], truth == called)

    def statistic(weights):
        values = np.full((len(CLASS_METRICS) + 1, weights.shape[1]), np.nan)
        n = weights.sum(axis=0)
        right, losses, squares = columns @ weights
        t, p = true @ weights, predicted @ weights
        spread_t, spread_p = n**2 - (t**2).sum(axis=0), n**2 - (p**2).sum(axis=0)
        mcc = _divide(right * n - (t * p).sum(axis=0), np.sqrt(spread_t * spread_p))
        mcc = np.where(spread_p > 0, mcc, np.where(spread_t > 0, 0.0, np.nan))
        values[rows] = [
            _divide(right, n), mcc, _divide(losses, n), _divide(squares, n), calibration(weights)
        ]  # fmt: skip
        return values

    return statistic


def _rows(known):
    """Return the selection of known rows of each column; a slice where that is all, which copies nothing."""
    return [slice(None) if column.all() else column for column in known.T]


def classification_statistic(targets, scores, known, task, thresholds=0.5):
    """Return a function that gives the metrics of every class of weighted examples.

    Parameters
    ----------
    targets, scores : float64 (N, T)
        0 or 1, and probabilities.
    known : bool (N, T)
        Where the target is known; for multiclass, rows are known as a whole.
    task : str
        binary, multiclass or multilabel.
    thresholds : float or float (T,)
        A class is called at this probability or more; multiclass calls the largest.

    Returns
    -------
    callable
        weights float64 (N, b) -> float64 (R, 14, b), with the metrics CLASS_METRICS and the prevalence. R
        is one row for binary; else the T classes, their mean, their mean weighted by prevalence, and
        for multiclass the metrics OVERALL_METRICS over all classes.
    """
    if task == "multiclass":
        best = scores.argmax(axis=1)
        called = np.eye(scores.shape[1], dtype=bool)[best]
    else:
        called = scores >= np.asarray(thresholds)
    single = [
        (rows, _binary_statistic(targets[rows, j] > 0.5, called[rows, j], scores[rows, j]))
        for j, rows in enumerate(_rows(known))
    ]
    if task == "multiclass":
        rows = _rows(known)[0]
        overall = _overall_statistic(targets[rows].argmax(axis=1), best[rows], scores[rows])

    def statistic(weights):
        each = np.stack([one(weights[rows]) for rows, one in single])
        if task == "binary":
            return each
        summary = [weighted_mean(each), weighted_mean(each, each[:, -1:])]
        summary += [overall(weights[rows])] if task == "multiclass" else []
        return np.concatenate([each, summary])

    return statistic


def regression_statistic(targets, scores, known):
    """Return a function that gives the metrics of every value of weighted examples.

    Parameters
    ----------
    targets, scores : float64 (N, T)
        Observed and predicted values.
    known : bool (N, T)
        Where the target is known.

    Returns
    -------
    callable
        weights float64 (N, b) -> float64 (T + 1, 7, b): the metrics VALUE_METRICS of T values, and their
        mean.
    """
    single = [
        (rows, _value_statistic(targets[rows, j], scores[rows, j])) for j, rows in enumerate(_rows(known))
    ]

    def statistic(weights):
        each = np.stack([one(weights[rows]) for rows, one in single])
        return np.concatenate([each, weighted_mean(each)[None]])

    return statistic


def _value_statistic(observed, predicted):
    """Return a function: weights (N, b) -> the metrics VALUE_METRICS, (7, b).

    A constant has no correlation, R2 or explained variance, and an observed value of 0 leaves no relative
    error.
    """
    if not len(observed) or not np.isfinite(predicted).all():
        return lambda weights: np.full((len(VALUE_METRICS), weights.shape[1]), np.nan)
    error = predicted - observed
    relative = np.abs(error / observed) if observed.all() else np.full(len(error), np.nan)
    # Products of centred values keep their digits; the first value makes a constant exactly 0.
    x, y, e = (_centred(values - values[0]) for values in (predicted, observed, error))
    columns = np.stack([x, y, e, x * x, y * y, e * e, x * y, error**2, np.abs(error), relative])
    ranks = _midrank_statistic(predicted), _midrank_statistic(observed)

    def statistic(weights):
        n = weights.sum(axis=0)
        x, y, e, xx, yy, ee, xy, squared, absolute, share = _divide(columns @ weights, n)
        variance = _positive(yy - y * y, yy)
        r2, explained = (1 - _divide(rest, variance) for rest in (squared, ee - e * e))
        pearson = _correlation(xy - x * y, _positive(xx - x * x, xx), variance)
        a, b = (rank(weights) for rank in ranks)
        aa, bb, ab = (_divide((weights * u * v).sum(axis=0), n) for u, v in ((a, a), (b, b), (a, b)))
        return np.stack([pearson, _correlation(ab, aa, bb), r2, squared, absolute, share, explained])

    return statistic


def _centred(values):
    return values - values.mean()


def _positive(variance, scale):
    """Return variances, with those that are nothing but rounding set to 0."""
    return np.where(variance > 1e-12 * scale, variance, 0.0)


def _correlation(covariance, variance_a, variance_b):
    return np.clip(_divide(covariance, np.sqrt(variance_a * variance_b)), -1, 1)


def _midrank_statistic(values):
    """Return a function: weights (N, b) -> ranks (N, b), ties sharing their mean, centred on 0."""
    distinct, tie = np.unique(values, return_inverse=True)
    order = np.argsort(tie, kind="stable")
    starts = np.searchsorted(tie[order], np.arange(len(distinct)))

    def statistic(weights):
        step = np.add.reduceat(weights[order], starts, axis=0)
        # Whole and half numbers are exact, so the ranks of a single value are exactly 0.
        ranks = np.cumsum(step, axis=0) - (step + step.sum(axis=0)) / 2
        return ranks[tie]

    return statistic
