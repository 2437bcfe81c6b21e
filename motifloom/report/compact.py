"""Tables as plain values in few characters, for the numbers that a page carries."""

import json
import math
from itertools import groupby, pairwise
from operator import itemgetter

import numpy as np
from markupsafe import Markup

from motifloom.report.format import is_missing

# Shares of a scale are whole numbers up to this.
FINE = 999
# What the tables hold of a number, so that it reads the same wherever it is shown.
DIGITS = 6


def short(value, digits=DIGITS):
    """Return a value in as few characters as it needs: None, text, a whole number, or one of so many digits.

    Fewer digits are for what is only drawn: rounded twice, a number may end in another digit.
    """
    if isinstance(value, str):
        return value
    if is_missing(value):
        return None
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    value = float(value)
    if not value.is_integer():
        value = float(f"{value:.{digits}g}")
    return int(value) if value.is_integer() and abs(value) < 1e15 else value


def shorts(values, digits=DIGITS):
    """Return :func:`short` of each of several values, as a list."""
    return [short(value, digits) for value in values]


def as_json(content):
    """Write JSON that may stand inside a script element."""
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))


def columns_of(table, columns):
    """Return the rows of a table as tuples of plain values; columns that it has not are missing (NaN)."""
    return list(
        zip(
            *(table[name].tolist() if name in table else [math.nan] * len(table) for name in columns),
            strict=True,
        )
    )


def target_parts(table, columns, places, indices, kept=None):
    """Return what a table holds of each filter and target.

    Parameters
    ----------
    table : pandas.DataFrame
        filter, target, and numbers.
    columns : list of str
        The numbers wanted; those that the table has not are missing (NaN).
    places, indices : dict
        Names of filters and of targets to their places; rows of others are left out.
    kept : dict or None
        Targets wanted by place of a filter: {place: set of indices}; None: all.

    Returns
    -------
    list of (place, list of (index, float (rows, columns)))
        In the order of filters and targets; rows in the order of the table.
    """
    names, targets = table["filter"].astype(object).map(places), table["target"].astype(object).map(indices)
    known = (names.notna() & targets.notna()).to_numpy()
    place, index = names[known].to_numpy(int), targets[known].to_numpy(int)
    order = np.lexsort((index, place))
    place, index = place[order], index[order]
    values = table.reindex(columns=columns).to_numpy(float)[known][order]
    starts = np.flatnonzero(np.diff(place, prepend=-1) | np.diff(index, prepend=-1))
    found = [
        (int(place[first]), int(index[first]), values[first:end])
        for first, end in pairwise([*starts, len(place)])
        if kept is None or index[first] in kept.get(int(place[first]), ())
    ]
    return [(at, [part[1:] for part in parts]) for at, parts in groupby(found, itemgetter(0))]


def thinned(values, step):
    """Return the columns of values (P, C) with every `step` neighbouring rows averaged."""
    starts = np.arange(0, len(values), step)
    counts = np.diff(starts, append=len(values))
    return (np.add.reduceat(values, starts, axis=0) / counts[:, None]).T


def shares_of(top, values):
    """Return values as whole numbers from 0 to :data:`FINE`, which is `top`; None where missing."""
    shares = np.rint(values / (top or 1) * FINE)
    return [None if value != value else int(value) for value in shares.tolist()]
