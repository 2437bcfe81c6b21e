"""From which probability on a class is called: a given one, or the best on the validation part.

Chosen on validation and used for all parts, so that what is reported for the test part has not been fitted
to it.
"""

import logging

import numpy as np
import pandas as pd

from motifloom.errors import UserError
from motifloom.evaluation.metrics import read_columns, rows_of
from motifloom.io import write_table

logger = logging.getLogger(__name__)

DEFAULT = 0.5
COLUMNS = ["target", "rule", "threshold", "value", "n", "reason"]


def choose_thresholds(predictions, task, classes, rule=DEFAULT, part="validation"):
    """Return the threshold of every target.

    Parameters
    ----------
    predictions : pandas.DataFrame
        id, part, target.<name>..., score.<name>...
    task : str
        binary, multiclass, multilabel or regression.
    classes : list of str
    rule : float or str
        A probability, or what is to be largest on `part`: f1, mcc or youden (sensitivity + specificity - 1;
        Youden 1950).
    part : str

    Returns
    -------
    pandas.DataFrame
        target ("all" for binary, else the label), rule, threshold, value (of the rule, at the threshold; NaN
        for a given one), n (examples that decided), reason (why DEFAULT stands instead of a chosen one, else
        ""). No rows for multiclass, which calls the largest probability, and for regression.
    """
    if task not in ("binary", "multilabel"):
        return pd.DataFrame(columns=COLUMNS)
    names = list(classes[1:] if task == "binary" else classes)
    rows = rows_of(predictions, part)
    targets, scores = (read_columns(rows, kind, names) for kind in ("target", "score"))
    found = []
    for name, target, score in zip(names, targets.T, scores.T, strict=True):
        label, known = ("all" if task == "binary" else name), np.isfinite(target)
        if not isinstance(rule, str):
            found.append([label, f"{rule:g}", float(rule), np.nan, 0, ""])
            continue
        reason = _undecided(target[known] > 0.5, score[known], part)
        threshold, value = (
            (DEFAULT, np.nan) if reason else best_threshold(target[known] > 0.5, score[known], rule)
        )
        if reason:
            logger.warning("target %s: threshold %g instead of the best %s: %s", label, DEFAULT, rule, reason)
        found.append([label, rule, threshold, value, int(known.sum()), reason])
    return pd.DataFrame(found, columns=COLUMNS)


def _undecided(labels, scores, part):
    """Return why no threshold can be chosen, or ""."""
    if not len(labels):
        return f"no examples in part {part}"
    if not np.isfinite(scores).all():
        return f"a score in part {part} is not a finite number"
    if labels.all() or not labels.any():
        return f"one class only in part {part}"
    return "" if np.ptp(scores) else f"all scores in part {part} are equal"


def best_threshold(labels, scores, rule):
    """Return the threshold at which a rule is largest, and its value there.

    Every distinct score is tried as the lowest one that is called. The threshold stands half-way between it
    and the next lower score (at the lowest score itself where all are called), rounded to 12 digits. Of
    several that are equally good, the one closest to 0.5 is taken, of two as close the lower.

    Parameters
    ----------
    labels : bool (N,)
        Both classes.
    scores : float (N,)
        Finite, not all equal.
    rule : str
        f1, mcc or youden.

    Returns
    -------
    threshold, value : float
    """
    order = np.argsort(-scores, kind="stable")
    ranked, positive = scores[order], labels[order].astype(float)
    last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    hits, called = np.cumsum(positive)[last], last + 1.0
    n, true = float(len(labels)), positive.sum()
    values = _RULES[rule](hits, called, true, n)
    lowest = ranked[last]
    middle = np.append((lowest[:-1] + lowest[1:]) / 2, lowest[-1])
    middle = np.array([float(f"{value:.12g}") for value in middle])
    between = (middle <= lowest) & (middle > np.append(lowest[1:], -np.inf))
    thresholds = np.where(between, middle, lowest)
    best = np.flatnonzero(values >= values.max() - 1e-12)
    chosen = min(best, key=lambda i: (abs(thresholds[i] - 0.5), thresholds[i]))
    return float(thresholds[chosen]), float(values[chosen])


def _mcc(hits, called, true, n):
    product = called * (n - called) * true * (n - true)
    return np.where(product > 0, (hits * n - called * true) / np.sqrt(np.where(product > 0, product, 1)), 0.0)


_RULES = {
    "f1": lambda hits, called, true, n: 2 * hits / (called + true),
    "mcc": _mcc,
    "youden": lambda hits, called, true, n: hits / true - (called - hits) / (n - true),
}


def threshold_values(table, task, classes):
    """Return the thresholds of a table of :func:`choose_thresholds` as float64 (T,); (0,) without rows.

    Raises
    ------
    UserError
        If a target has none.
    """
    if task not in ("binary", "multilabel"):
        return np.empty(0)
    found = dict(zip(table["target"], table["threshold"], strict=True))
    names = ["all"] if task == "binary" else list(classes)
    missing = [name for name in names if name not in found]
    if missing:
        raise UserError(f"thresholds: no target {missing[0]}; the table has {', '.join(found) or 'none'}")
    return np.array([found[name] for name in names], np.float64)


def write_thresholds(table, path):
    """Write a table of :func:`choose_thresholds`, with all digits of the thresholds."""
    write_table(table, path, float_format="%.12g")
