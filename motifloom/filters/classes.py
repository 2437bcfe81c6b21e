"""How active filters are in each class, and where in the sequences (as pysster's kernel plots).

A class here is any group of sequences: the classes of a task, its labels, or the thirds of a value. The
maximum of a sequence and filter is the largest activation of its windows.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from motifloom.filters.scan import position_profile
from motifloom.filters.summaries import layer_slices

QUANTILES = {
    "quantile_05": 0.05,
    "quantile_25": 0.25,
    "median": 0.5,
    "quantile_75": 0.75,
    "quantile_95": 0.95,
}
NO_LABEL = "no label"
# Bins of a histogram and points of a profile, at most about as many as a picture shows.
BINS = 50
POINTS = 200
# Filters in memory as float64 at once.
BLOCK_FILTERS = 64


class ClassTables(NamedTuple):
    """What :func:`profile_classes` makes: names, list of str; members, bool (n, C); and four tables."""

    names: list
    members: np.ndarray
    activation: pd.DataFrame
    score: pd.DataFrame
    maxima: pd.DataFrame
    profile: pd.DataFrame


def profile_classes(bank, summary, dataset, rows=None, *, threads=None):
    """Describe how active filters are in each class, and where.

    Parameters
    ----------
    bank : FilterBank
    summary : Summary
        Of these rows, see :func:`motifloom.filters.summaries.read_summary`.
    dataset : motifloom.data.store.Dataset
        Tokens, targets, task, classes and regions are used. With coordinates, positions are relative to
        the centre of the sequence.
    rows : int array or None
        Which sequences; default all.
    threads : int or None
        Default: all CPUs. The result does not depend on it.

    Returns
    -------
    ClassTables
        Of :func:`class_activation`, :func:`kernel_scores`, :func:`maxima_histogram` (sequences above the
        threshold of `score`, as pysster does) and :func:`profile_table` (all sequences).
    """
    rows = np.arange(dataset.tokens.shape[0]) if rows is None else np.asarray(rows)
    names, members = class_members(dataset.targets[:][rows], dataset.task, dataset.classes)
    maxima, filters = summary.maximum, bank.filters
    place = {"length": dataset.tokens.shape[1]}
    place["centred"] = bool((dataset.regions["chrom"].to_numpy()[rows] != "").any())
    score = kernel_scores(maxima, members, filters, names)
    thresholds = score["threshold"].to_numpy(float)
    activation = class_activation(maxima, members, filters, names, thresholds)
    histogram = maxima_histogram(
        maxima, summary.start, summary.spans, members, filters, names, thresholds=thresholds, **place
    )
    sizes, profiles = members.sum(axis=0), []
    for layer, _ in layer_slices(bank):
        sums = position_profile(layer, dataset.tokens, members, rows, threads=threads)
        starts = layer.starts(place["length"])
        profiles.append(profile_table(*sums, sizes, starts, layer.span, layer.filters, names, **place))
    nothing = profile_table(*np.zeros((2, len(names), 0, 0)), sizes, [], 1, [], names, **place)
    profile = pd.concat(profiles, ignore_index=True) if profiles else nothing
    return ClassTables(names, members, activation, score, histogram, profile)


def class_members(targets, task, classes):
    """Return the groups of sequences to compare.

    Parameters
    ----------
    targets : float (N, T)
    task : str
        binary: the two classes. multiclass: the classes. multilabel: a sequence counts for each of its
        labels; those without any are a group NO_LABEL of their own, if there are any. regression: the
        sequences are split at the terciles of each value (`numpy.quantile`; a value equal to a tercile is
        in the lower group) into low, middle and high; the names say the bounds, after the name of the
        value where there are several. A group that ties leave empty is left out.
    classes : list of str
        [negative, positive] for binary, else names of classes, labels or values.

    Returns
    -------
    names : list of str
    members : bool (N, C)
    """
    targets = np.asarray(targets, np.float64)
    if task == "regression":
        groups = {}
        for value, column in zip(classes, targets.T, strict=True):
            groups |= _thirds(column, f"{value} " if len(classes) > 1 else "")
    elif task == "binary":
        positive = targets[:, 0] > 0.5
        groups = dict(zip(classes, (~positive, positive), strict=True))
    else:
        groups = dict(zip(classes, targets.T > 0.5, strict=True))
        bare = ~(targets > 0.5).any(axis=1)
        if task == "multilabel" and bare.any():
            groups[NO_LABEL] = bare
    members = np.array(list(groups.values()), bool).reshape(len(groups), len(targets)).T
    return list(groups), members


def _thirds(values, prefix):
    first, second = np.quantile(values, [1 / 3, 2 / 3]) if len(values) else (np.nan, np.nan)
    # As many digits as tell the bounds apart from each other.
    digits = next((d for d in range(3, 17) if f"{first:.{d}g}" != f"{second:.{d}g}"), 3)
    low, high = f"{first:.{digits}g}", f"{second:.{digits}g}"
    groups = {
        f"{prefix}low (<= {low})": values <= first,
        f"{prefix}middle ({low} to {high})": (values > first) & (values <= second),
        f"{prefix}high (> {high})": values > second,
    }
    return {name: rows for name, rows in groups.items() if rows.any()}


def kernel_scores(maxima, members, filters, names):
    """Score filters by how much their class means differ (pysster's importance score).

    Parameters
    ----------
    maxima : float (N, F)
        Largest activation of each sequence and filter; NaN where a sequence has no window.
    members : bool (N, C)
        Which sequences belong to which class; see :func:`class_members`.
    filters, names : list of str
        Of the F filters and the C classes.

    Returns
    -------
    DataFrame
        filter; kernel_score: largest less smallest class mean of the maxima; top_target: the class with
        the largest; threshold: that mean. Missing for a filter that never fires. Classes without a
        sequence do not count.
    """
    n, total, _ = _moments(maxima, members)
    mean = np.divide(total, n, out=np.full(total.shape, np.nan), where=n > 0)
    silent = _is_silent(maxima) | ~(n > 0).any(axis=1)
    filled = np.where(silent[:, None] | np.isnan(mean), -np.inf, mean)
    top, largest = filled.argmax(axis=1) if len(names) else np.zeros(len(filters), int), filled.max(axis=1)
    smallest = np.where(np.isnan(mean), np.inf, mean).min(axis=1)
    top_names = np.asarray([*names, None], object)[np.where(silent, len(names), top)]
    with np.errstate(invalid="ignore"):
        score = np.where(silent, np.nan, largest - smallest)
    return pd.DataFrame(
        {
            "filter": np.asarray(filters, object),
            "kernel_score": score,
            "top_target": top_names,
            "threshold": np.where(silent, np.nan, largest),
        }
    ).astype({"filter": str})


def class_activation(maxima, members, filters, names, thresholds=None):
    """Describe the distribution of the maxima in each class.

    Parameters
    ----------
    maxima, members, filters, names
        As for :func:`kernel_scores`.
    thresholds : float (F,) or None
        For `above`; default those of :func:`kernel_scores`.

    Returns
    -------
    DataFrame
        filter, target (the class), n (sequences with a window), mean, sd (n - 1 in the denominator),
        quantile_05, quantile_25, median, quantile_75, quantile_95 (linear interpolation), above (fraction
        of the maxima above the threshold). Missing for a filter that never fires.
    """
    if thresholds is None:
        thresholds = kernel_scores(maxima, members, filters, names)["threshold"].to_numpy(float)
    n, total, squares = _moments(maxima, members)
    shape = n.shape
    mean, variance = np.full((2, *shape), np.nan)
    np.divide(total, n, out=mean, where=n > 0)
    np.divide(squares, n - 1, out=variance, where=n > 1)
    quantiles = np.full((len(QUANTILES), *shape), np.nan)
    above = np.full(shape, np.nan)
    for block in _blocks(len(filters)):
        found = np.ascontiguousarray(np.asarray(maxima[:, block]).T)
        for c, rows in enumerate(np.asarray(members, bool).T):
            # NaN come last.
            ordered = np.sort(found[:, rows], axis=1).astype(np.float64)
            quantiles[:, block, c] = _sorted_quantiles(ordered, n[block, c].astype(int))
            over = (ordered > thresholds[block, None]).sum(axis=1)
            np.divide(over, n[block, c], out=above[block, c], where=n[block, c] > 0)
    columns = {"mean": mean, "sd": np.sqrt(variance), **dict(zip(QUANTILES, quantiles, strict=True))}
    columns["above"] = above
    silent = _is_silent(maxima)[:, None]
    columns = {name: np.where(silent, np.nan, values).ravel() for name, values in columns.items()}
    return pd.DataFrame({**_keys(filters, names), "n": n.astype(np.int64).ravel(), **columns})


def _sorted_quantiles(ordered, n):
    """Return quantiles, float (Q, f), of rows that are sorted and have n values (f,) before their NaN."""
    if not ordered.shape[1]:
        return np.full((len(QUANTILES), len(ordered)), np.nan)
    place = np.array(list(QUANTILES.values()))[:, None] * np.maximum(n - 1, 0)
    low = np.floor(place).astype(int)
    row = np.arange(len(ordered))
    below, next_ = ordered[row, low], ordered[row, np.minimum(low + 1, np.maximum(n - 1, 0))]
    return np.where(n > 0, below + (next_ - below) * (place - low), np.nan)


def _moments(maxima, members):
    """Return n, sums, and sums of squared deviations from the mean, each float64 (F, C)."""
    members = np.asarray(members, np.float64)
    n, total, squares = np.zeros((3, maxima.shape[1], members.shape[1]))
    for block in _blocks(maxima.shape[1]):
        found = np.asarray(maxima[:, block]).T.astype(np.float64)
        seen = ~np.isnan(found)
        n[block] = seen @ members
        total[block] = np.where(seen, found, 0.0) @ members
        # About the mean of all, squares keep their digits.
        centre = total[block].sum(axis=1) / np.maximum(n[block].sum(axis=1), 1)
        found = np.where(seen, found - centre[:, None], 0.0)
        part = found @ members
        squares[block] = (found * found) @ members - part * part / np.maximum(n[block], 1)
    return n, total, np.maximum(squares, 0.0)


def _is_silent(maxima):
    """Return which filters have no positive maximum, bool (F,)."""
    return ~(np.asarray(maxima) > 0).any(axis=0)


def maxima_histogram(
    maxima,
    starts,
    spans,
    members,
    filters,
    names,
    length,
    *,
    thresholds=None,
    centred=False,
    width=None,
):
    """Count where along the sequences each filter's best windows lie, by class.

    Parameters
    ----------
    maxima, members, filters, names
        As for :func:`kernel_scores`.
    starts : int (N, F)
        First letter of the window that has the maximum; -1 without one.
    spans : int (F,)
        Letters of a window.
    length : int
        Letters of a sequence.
    thresholds : float (F,) or None
        Only sequences whose maximum lies above it count; pysster takes those of :func:`kernel_scores`.
        None: all sequences with a window.
    centred : bool
        Positions are relative to the middle of the sequence, else to its start.
    width : int or None
        Width of a bin in bp; default such that there are about 50.

    Returns
    -------
    DataFrame
        filter, target, bin_start, bin_end (bp; half-open; of the middle of the window), sequences,
        fraction (of those counted). A filter that never fires has 0 sequences and no fraction.
    """
    width = width or -(-length // BINS)
    if centred:
        half = -(-length // (2 * width))
        edges = np.arange(-half, half + 1) * width
    else:
        edges = np.arange(-(-length // width) + 1) * width
    bins, silent = len(edges) - 1, _is_silent(maxima)
    limits = np.full(len(filters), -np.inf) if thresholds is None else np.asarray(thresholds, np.float64)
    limits = np.where(silent, np.nan, limits)
    counts = np.zeros((len(filters), len(names), bins), np.int64)
    for block in _blocks(len(filters)):
        where, size = np.asarray(starts[:, block]), block.stop - block.start
        middle = where + np.asarray(spans)[block] / 2 - (length / 2 if centred else 0)
        place = np.floor((middle - edges[0]) / width).astype(np.int64) + bins * np.arange(size)
        counted = (where >= 0) & (np.asarray(maxima[:, block]) > limits[block])
        for c, rows in enumerate(np.asarray(members, bool).T):
            found = np.bincount(place[rows][counted[rows]], minlength=size * bins)
            counts[block, c] = found.reshape(size, bins)
    total = counts.sum(axis=2, keepdims=True)
    fraction = np.divide(counts, total, out=np.full(counts.shape, np.nan), where=total > 0)
    return pd.DataFrame(
        {
            **_keys(filters, names, bins),
            "bin_start": np.tile(edges[:-1], len(filters) * len(names)),
            "bin_end": np.tile(edges[1:], len(filters) * len(names)),
            "sequences": counts.ravel(),
            "fraction": fraction.ravel(),
        }
    )


def profile_table(
    total, squares, sequences, starts, span, filters, names, length, *, centred=False, width=None
):
    """Describe the activation at every place of the sequences, by class.

    Parameters
    ----------
    total, squares : float64 (C, P, F)
        Sums over sequences of the activation (not rectified) at each window and of its square, from
        :func:`motifloom.filters.scan.position_profile`.
    sequences : int (C,)
        Sequences of each class.
    starts : int (P,)
        First letters of the windows.
    span : int
        Letters of a window.
    filters, names, length, centred
        As for :func:`maxima_histogram`; the filters are those of one layer.
    width : int or None
        Neighbouring windows that make one point; default such that there are at most 200 points.

    Returns
    -------
    DataFrame
        filter, target, position (bp; middle of the windows), mean, sd (of the activations of all windows
        of the point; n - 1 in the denominator), n (sequences).
    """
    width = width or max(1, -(-len(starts) // POINTS))
    first = np.arange(0, len(starts), width)
    windows = np.diff(np.append(first, len(starts)))
    middle = np.asarray(starts) + span / 2 - (length / 2 if centred else 0)
    position = np.add.reduceat(middle, first) / windows if len(first) else np.zeros(0)
    total, squares = (
        np.add.reduceat(sums, first, axis=1) if len(first) else sums for sums in (total, squares)
    )
    n = np.asarray(sequences, np.float64)[:, None] * windows
    n = np.broadcast_to(n[:, :, None], total.shape)
    mean, variance = np.full((2, *total.shape), np.nan)
    np.divide(total, n, out=mean, where=n > 0)
    np.divide(np.maximum(squares - mean * total, 0), n - 1, out=variance, where=n > 1)
    points = len(position)
    return pd.DataFrame(
        {
            **_keys(filters, names, points),
            "position": np.tile(position, len(filters) * len(names)),
            "mean": mean.transpose(2, 0, 1).ravel(),
            "sd": np.sqrt(variance).transpose(2, 0, 1).ravel(),
            "n": np.tile(np.repeat(np.asarray(sequences, np.int64), points), len(filters)),
        }
    )


def _keys(filters, names, each=1):
    """Return the columns filter and target for `each` rows per pair, filter by filter."""
    return {
        "filter": pd.Series(np.repeat(np.asarray(filters, object), len(names) * each), dtype=str),
        "target": pd.Series(np.tile(np.repeat(np.asarray(names, object), each), len(filters)), dtype=str),
    }


def _blocks(count):
    return [slice(first, min(count, first + BLOCK_FILTERS)) for first in range(0, count, BLOCK_FILTERS)]
