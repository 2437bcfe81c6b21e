"""Which filters fire more in which class: rank tests on maxima, exact tests on hits.

Everything is computed from one number per sequence and filter, for all filters and targets at once and a
block of filters at a time. Where nothing can be compared (the filter never fires, or does the same in
every sequence; a class is empty) effect and p-value are missing, and the test does not count in the
correction for multiple testing.
"""

import numpy as np
import pandas as pd
from scipy.special import gammaln, ndtr, stdtr

from motifloom.filters.fdr import benjamini_hochberg
from motifloom.filters.methods import stack_cutoffs
from motifloom.filters.scan import count_sequence_hits, read_blocks
from motifloom.filters.summaries import layer_slices

# Added to both means of a fold change, so that it is finite where a filter is silent in one class.
PSEUDOCOUNT = 1e-6
UNITS = ("sequence", "window")
UNIVERSES = ("activated", "global")
COUNTS = ["a", "b", "c", "d"]
EFFECTS = ["log2_fold_change", "auc", "odds_ratio", "log2_odds_ratio", "correlation"]
COLUMNS = [
    *("filter", "target", "test", "unit", "universe", "n", "n_target"),
    *EFFECTS,
    *COUNTS,
    *("p_value", "q_value"),
]
# Filters in memory as float64 at once.
BLOCK_FILTERS = 64
# Tables are as likely as the one observed up to this relative error of their probabilities, as in R.
SAME = 1e-7
# Terms of a tail that are summed in one step, and the share of the sum below which the rest is left out.
STEP = 64
NEGLIGIBLE = 1e-20


def enrichment_table(
    maxima,
    hits,
    windows,
    targets,
    task,
    filters,
    names,
    *,
    tests=("mann_whitney", "fisher"),
    units=("sequence",),
    universes=("global",),
):
    """Return all tests asked for, one row per test, filter and target.

    Parameters
    ----------
    maxima : float (N, F)
        Largest activation of each sequence and filter; NaN where a sequence has no window.
    hits : int (N, F) or None
        Windows at or above a method's cutoffs; None without Fisher's test.
    windows : int, int (N,) or int (N, F)
        Windows scanned; see :func:`fisher`.
    targets : float (N, T)
        0 and 1, or values for regression. Binary tasks have one target, the positive class.
    task : str
        binary, multiclass, multilabel or regression. Classes and labels are each compared with all other
        sequences. For regression the maxima are correlated with the values instead, whatever `tests` says.
    filters, names : list of str
        Of the F filters and the T targets.
    tests : iterable of str
        Of mann_whitney and fisher.
    units, universes : iterable of str
        For Fisher's test, in all combinations; see :func:`fisher`.

    Returns
    -------
    DataFrame
        COLUMNS; those that do not apply are empty.
    """
    if task == "regression":
        return rank_correlation(maxima, targets, filters, names)
    frames = [mann_whitney(maxima, targets, filters, names)] if "mann_whitney" in tests else []
    if "fisher" in tests:
        frames += [
            fisher(hits, windows, targets, filters, names, unit=unit, universe=universe)
            for unit in units
            for universe in universes
        ]
    return pd.concat(frames or [_frame("", [], [])], ignore_index=True)


def mann_whitney(maxima, targets, filters, names, *, pseudocount=PSEUDOCOUNT):
    """Compare the maxima of the sequences with a target and of those without.

    The maxima are rectified: a sequence in which a filter does not fire counts 0. The p-value is that of
    the two-sided U test of Mann and Whitney (1947) by the normal approximation, corrected for ties and
    continuity (as `scipy.stats.mannwhitneyu(method="asymptotic")`).

    Parameters
    ----------
    maxima, targets, filters, names
        As for :func:`enrichment_table`.
    pseudocount : float
        See below.

    Returns
    -------
    DataFrame
        COLUMNS. auc: probability that a sequence with the target has the larger maximum, ties counting
        half; above 0.5 the filter is enriched in the target (for binary tasks: in the positive class).
        log2_fold_change: log2((m1 + pseudocount) / (m0 + pseudocount)), m being the mean maximum of the
        sequences with and without the target. q_value by Benjamini and Hochberg (1995) over all rows.
    """
    member = _members(targets, maxima, names)
    shape = (len(filters), len(names))
    auc, change, p = np.full((3, *shape), np.nan)
    n, n_target = np.zeros((2, *shape), np.int64)
    for block in _blocks(len(filters)):
        values = _rectified(maxima, block)
        ranks, ties = _rank_rows(values)
        seen = ~np.isnan(values)
        values = np.where(seen, values, 0.0)
        n_with = seen @ member
        n_all = np.broadcast_to(seen.sum(axis=1)[:, None], n_with.shape).astype(float)
        n_without = n_all - n_with
        pairs = n_with * n_without
        u = ranks @ member - n_with * (n_with + 1) / 2
        variance = pairs / 12 * (n_all + 1 - _divide(ties[:, None], n_all * (n_all - 1)))
        # Identical maxima have a variance of 0, but for rounding.
        differ = values.min(axis=1, initial=np.inf, where=seen) < values.max(axis=1, initial=0)
        tested = (pairs > 0) & differ[:, None]
        z = _divide(np.abs(u - pairs / 2) - 0.5, np.sqrt(variance))
        mean_with, mean_without = (
            _divide(values @ part, size) for part, size in ((member, n_with), (1 - member, n_without))
        )
        fold = np.log2((mean_with + pseudocount) / (mean_without + pseudocount))
        auc[block] = np.where(tested, _divide(u, pairs), np.nan)
        change[block] = np.where(tested, fold, np.nan)
        p[block] = np.where(tested, np.minimum(1.0, 2 * ndtr(-z)), np.nan)
        n[block], n_target[block] = n_all, n_with
    columns = {"n": n, "n_target": n_target, "auc": auc, "log2_fold_change": change, "p_value": p}
    return _frame("mann_whitney", filters, names, unit="sequence", **columns)


def rank_correlation(maxima, targets, filters, names):
    """Correlate the ranks of the maxima with those of the values of a regression task.

    Parameters
    ----------
    maxima, targets, filters, names
        As for :func:`enrichment_table`; the maxima are rectified as for :func:`mann_whitney`.

    Returns
    -------
    DataFrame
        COLUMNS. correlation: Spearman's (1904), ties having their mean rank; p_value: two-sided, by the t
        distribution (as `scipy.stats.spearmanr`); q_value over all rows.
    """
    values = np.asarray(targets, np.float64).reshape(len(maxima), len(names)).T
    if not np.isfinite(values).all():
        raise ValueError("targets must be finite")
    target_ranks = _centred_ranks(values)
    correlation = np.full((len(filters), len(names)), np.nan)
    n = np.zeros(correlation.shape, np.int64)
    for block in _blocks(len(filters)):
        found = _rectified(maxima, block)
        seen = ~np.isnan(found)
        ranks = _centred_ranks(found)
        n[block] = seen.sum(axis=1)[:, None]
        whole = seen.all(axis=1)
        first = block.start
        correlation[first + np.flatnonzero(whole)] = _correlation(ranks[whole], target_ranks)
        # Sequences without a window leave fewer values to rank.
        for f in np.flatnonzero(~whole):
            rest = _centred_ranks(values[:, seen[f]])
            correlation[first + f] = _correlation(ranks[f : f + 1, seen[f]], rest)[0]
    freedom = np.maximum(n - 2.0, 0.0)
    t = np.abs(correlation) * np.sqrt(_divide(freedom, (1 + correlation) * (1 - correlation), np.inf))
    tested = np.isfinite(correlation) & (freedom > 0)
    p = np.where(tested, 2 * stdtr(np.maximum(freedom, 1), -t), np.nan)
    return _frame("spearman", filters, names, unit="sequence", n=n, correlation=correlation, p_value=p)


def fisher(hits, windows, targets, filters, names, *, unit="sequence", universe="global"):
    """Test by Fisher's exact test whether hits and a target go together.

    The table of a filter and a target is a: hits with the target, b: others with it, c: hits without
    it, d: others without it.

    Parameters
    ----------
    hits : int (N, F)
        Windows of each sequence at or above a method's cutoffs.
    windows : int, int (N,) or int (N, F)
        Windows scanned in each sequence, the same for all filters or not, from :func:`tested_windows`. 0
        leaves the sequence out.
    targets, filters, names
        As for :func:`enrichment_table`.
    unit : str
        What is counted. sequence: sequences with at least one hit. window: hits. Windows of one sequence
        overlap and are no independent observations, so that p-values by window are far too small where
        a motif repeats; they are there because other programs give them.
    universe : str
        What hits are compared with. global: all sequences (windows) scanned. activated: the sequences in
        which any filter has a hit; with unit window, the hits of all filters, so that a window that three
        filters hit counts three times (Cnnamon's definition).

    Returns
    -------
    DataFrame
        COLUMNS. odds_ratio: the sample's, ad / bc, which may be 0 or infinite; log2_odds_ratio: its
        logarithm, where a count is 0 after adding 0.5 to all four (Haldane 1956), hence always finite;
        p_value: two-sided; q_value over all rows. n and n_target are numbers of units.

    Raises
    ------
    ValueError
        If a sequence has more hits than windows, or unit or universe is not known.
    """
    if unit not in UNITS or universe not in UNIVERSES:
        raise ValueError(f"unit {unit!r} or universe {universe!r} is not one of {UNITS}, {UNIVERSES}")
    hits, windows = np.asarray(hits), np.asarray(windows)
    member = _members(targets, hits, names)
    if windows.ndim < 2:
        windows = np.broadcast_to(windows, len(hits))[:, None]
    by_sequence = unit == "sequence"
    active = (hits > 0).any(axis=1) if by_sequence else hits.sum(axis=1, dtype=np.int64)
    a, with_target, hit, n = np.zeros((4, len(filters), len(names)))
    for block in _blocks(len(filters)):
        found, units = hits[:, block], windows[:, block if windows.shape[1] > 1 else slice(None)]
        if (found > units).any():
            raise ValueError("a sequence has more hits than windows")
        if universe == "activated":
            units = (units > 0) * active[:, None]
        elif by_sequence:
            units = units > 0
        found = (found > 0 if by_sequence else found).T.astype(np.float64)
        units = units.T.astype(np.float64)
        a[block], hit[block] = found @ member, found.sum(axis=1)[:, None]
        with_target[block], n[block] = units @ member, units.sum(axis=1)[:, None]
    table = a, with_target - a, hit - a, n - with_target - (hit - a)
    table = [np.rint(count).astype(np.int64) for count in table]
    columns = dict(zip(COUNTS, table, strict=True))
    columns |= {"n": n.astype(np.int64), "n_target": with_target.astype(np.int64)}
    columns["odds_ratio"], columns["log2_odds_ratio"] = _odds_ratios(*table)
    columns["p_value"] = fisher_p_values(*table)
    return _frame("fisher", filters, names, unit=unit, universe=universe, **columns)


def count_windows(bank, tokens, cutoffs, rows=None, *, threads=None):
    """Count the hits of each sequence and filter, and the windows scanned: the input of :func:`fisher`.

    Parameters
    ----------
    bank : FilterBank
    tokens : array or h5py dataset, uint8 (N, L)
    cutoffs : dict of str to float32 (W + 1,)
        By filter: the least score of a hit, by its number of known letters; those of a motif set.
    rows : int array or None
        Which sequences; default all.
    threads : int or None
        Default: all CPUs. The result does not depend on it.

    Returns
    -------
    hits, windows : int32 (n, F)
    """
    count = tokens.shape[0] if rows is None else len(rows)
    hits = np.zeros((count, len(bank)), np.int32)
    for layer, columns in layer_slices(bank):
        found = stack_cutoffs(layer, cutoffs)
        hits[:, columns] = count_sequence_hits(layer, tokens, found, rows, threads=threads)
    return hits, tested_windows(bank, tokens, rows)


def tested_windows(bank, tokens, rows=None):
    """Count the windows scanned in each sequence: those inside it with at least one known letter.

    Parameters
    ----------
    bank : FilterBank
    tokens : array or h5py dataset, uint8 (N, L)
    rows : int array or None
        Which sequences; default all.

    Returns
    -------
    int32 (n, F)
        By filter, the same for those of a layer; a window that is read on both strands counts twice.
    """
    count = tokens.shape[0] if rows is None else len(rows)
    windows, done = np.zeros((count, len(bank)), np.int32), 0
    for _, block in read_blocks(tokens, rows):
        for layer, columns in layer_slices(bank):
            found = _windows_of(layer, block)[:, None] * (2 if layer.both_strands else 1)
            windows[done : done + len(block), columns] = found
        done += len(block)
    return windows


def _windows_of(layer, tokens):
    """Return int (n,): windows inside the sequences with a known letter."""
    starts = layer.starts(tokens.shape[1])
    found = np.full(len(tokens), len(starts))
    known = tokens < layer.alphabet.size
    # Few sequences have unknown letters.
    rest = np.flatnonzero(~known.all(axis=1))
    known = known[rest]
    seen = np.zeros((len(rest), len(starts)), bool)
    for w in range(layer.width):
        seen |= known[:, starts + w * layer.dilation]
    found[rest] = seen.sum(axis=1)
    return found


def _odds_ratios(a, b, c, d):
    """Return the sample odds ratios and the logarithms of the corrected ones; NaN where a margin is 0."""
    a, b, c, d = (count.astype(np.float64) for count in (a, b, c, d))
    defined = _has_margins(a, b, c, d)
    ratio = np.where(defined, _divide(a * d, b * c, np.inf), np.nan)
    add = np.where((a == 0) | (b == 0) | (c == 0) | (d == 0), 0.5, 0.0)
    logarithm = np.log2((a + add) * (d + add)) - np.log2((b + add) * (c + add))
    return ratio, np.where(defined, logarithm, np.nan)


def _has_margins(a, b, c, d):
    return (a + b > 0) & (c + d > 0) & (a + c > 0) & (b + d > 0)


def fisher_p_values(a, b, c, d):
    """Return two-sided p-values of Fisher's exact test (1935) of many 2 x 2 tables.

    The sum of the probabilities of all tables with the same margins that are at most as likely as the one
    observed. The probability of the first table of each tail comes from Stirling's formula with Loader's
    (2000) deviances, in which nothing large cancels, and those of the others from ratios of neighbours;
    so neither counts of millions nor p-values down to 1e-300 lose digits.

    Parameters
    ----------
    a, b, c, d : int arrays of one shape
        Counts, rows (a, b) and (c, d).

    Returns
    -------
    float64 array
        NaN where a row or a column is empty.
    """
    shape = np.shape(a)
    a, b, c, d = (np.ravel(count).astype(np.float64) for count in (a, b, c, d))
    p = np.full(a.shape, np.nan)
    some = _has_margins(a, b, c, d)
    a, b, c, d = a[some], b[some], c[some], d[some]
    # Turn the tables so that a is not below its expectation; more extreme ones then have a larger a.
    turn = a * d < b * c
    a, b, c, d = np.where(turn, b, a), np.where(turn, a, b), np.where(turn, d, c), np.where(turn, c, d)
    row, column, n = a + b, a + c, a + b + c + d
    observed = _log_probability(a, row, column, n)
    other = _other_tail(a, row, column, n, observed + SAME)
    total = np.exp(observed) * _tail_sum(a, b, c, d)
    exists = other >= np.maximum(0, row + column - n)
    x, r, k, m = other[exists], row[exists], column[exists], n[exists]
    # Down the other tail a and d fall, b and c rise.
    total[exists] += np.exp(_log_probability(x, r, k, m)) * _tail_sum(r - x, x, m - r - k + x, k - x)
    p[some] = np.minimum(1.0, total)
    return p.reshape(shape)


def _log_probability(a, row, column, n):
    """Return the logarithm of the hypergeometric probability of tables with these margins."""
    total = -_stirling_rest(n)
    for margin in (row, n - row, column, n - column):
        total += _stirling_rest(margin)
    cells = ((a, row, column), (row - a, row, n - column))
    cells += ((column - a, n - row, column), (n - row - column + a, n - row, n - column))
    for count, one, two in cells:
        total -= _stirling_rest(count) + _deviance(count, one * two / n)
    return total


def _deviance(x, expected):
    """Return x log(x / expected) + expected - x, accurate where the two are close."""
    some = np.where(x > 0, x, 1.0)
    t = (expected - some) / some
    close = np.abs(t) < 0.5
    near = some * (t - np.log1p(np.where(close, t, 0.0)))
    far = some * np.log(some / expected) + expected - some
    return np.where(x > 0, np.where(close, near, far), expected)


# log k! - (k log k - k) of small k.
_SMALL = np.arange(16.0)
_SMALL = gammaln(_SMALL + 1) - _SMALL * np.log(np.maximum(_SMALL, 1)) + _SMALL


def _stirling_rest(k):
    """Return log k! - (k log k - k)."""
    large = np.maximum(k, len(_SMALL))
    square = large**2
    series = (1 / 12 - (1 / 360 - (1 / 1260 - 1 / (1680 * square)) / square) / square) / large
    small = _SMALL[np.minimum(k, len(_SMALL) - 1).astype(int)]
    return np.where(k < len(_SMALL), small, 0.5 * np.log(2 * np.pi * large) + series)


def _other_tail(a, row, column, n, limit):
    """Return the largest count below the mode whose log probability is at most `limit`.

    Where there is none, it is less than the smallest possible count.
    """
    # Up to here probabilities rise; the observed count is the mode or beyond.
    mode = np.floor((row + 1) * (column + 1) / (n + 2))
    low = np.maximum(0, row + column - n) - 1
    high = np.minimum(mode, a - 1)
    while (low < high).any():
        middle = np.ceil((low + high) / 2)
        fits = _log_probability(np.maximum(middle, low + 1), row, column, n) <= limit
        low, high = np.where(fits & (low < high), middle, low), np.where(fits, high, middle - 1)
        high = np.maximum(low, high)
    return low


def _tail_sum(a, b, c, d):
    """Return the sum of the probabilities of this table and those with a larger a, relative to its own."""
    total, term = np.ones(len(a)), np.ones(len(a))
    active, first = np.arange(len(a)), 0
    while len(active):
        i = np.arange(first, first + STEP)
        fall = np.maximum(b[active, None] - i, 0) * np.maximum(c[active, None] - i, 0)
        terms = np.cumprod(fall / ((a[active, None] + 1 + i) * (d[active, None] + 1 + i)), axis=1)
        terms *= term[active, None]
        total[active] += terms.sum(axis=1)
        term[active] = terms[:, -1]
        active = active[term[active] > NEGLIGIBLE * total[active]]
        first += STEP
    return total


def _members(targets, values, names):
    """Return float64 (N, T): 1 for the sequences with each target, else 0."""
    targets = np.asarray(targets, np.float64).reshape(len(values), len(names))
    if not np.isin(targets, (0, 1)).all():
        raise ValueError("targets of a classification must be 0 or 1")
    return targets


def _blocks(count):
    return [slice(first, min(count, first + BLOCK_FILTERS)) for first in range(0, count, BLOCK_FILTERS)]


def _rectified(maxima, block):
    """Return the maxima of some filters, float64 (f, N), none below 0; NaN stays."""
    return np.maximum(np.asarray(maxima[:, block]).T.astype(np.float64, order="C"), 0.0)


def _rank_rows(values):
    """Return ranks (from 1, ties sharing their mean, 0 for NaN), float64 (f, n), and ties, float64 (f,).

    ties : sum of t^3 - t over the groups of t equal values.
    """
    ranks, ties = np.zeros(values.shape), np.zeros(len(values))
    for f, (row, rank) in enumerate(zip(values, ranks, strict=True)):
        order = np.argsort(row)
        # NaN come last.
        order = order[: len(order) - np.count_nonzero(np.isnan(row))]
        ordered = row[order]
        first = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))[: len(order)]
        size = np.diff(np.append(first, len(order)))
        rank[order] = np.repeat(first + (size + 1) / 2, size)
        size = size.astype(np.float64)
        ties[f] = (size**3 - size).sum()
    return ranks, ties


def _centred_ranks(values):
    """Return ranks less their mean, float64 (f, n); 0 for NaN."""
    ranks, _ = _rank_rows(values)
    seen = ranks > 0
    return np.where(seen, ranks - (seen.sum(axis=1, keepdims=True) + 1) / 2, 0.0)


def _correlation(x, y):
    """Return the correlations (f, t) of centred rows (f, n) and (t, n); NaN where one is constant."""
    scale = np.sqrt((x * x).sum(axis=1)[:, None] * (y * y).sum(axis=1))
    return np.clip(_divide(x @ y.T, scale), -1.0, 1.0)


def _divide(numerator, denominator, otherwise=np.nan):
    """Divide, with `otherwise` where the denominator is 0."""
    numerator, denominator = np.broadcast_arrays(numerator, denominator)
    result = np.full(numerator.shape, otherwise, np.float64)
    return np.divide(numerator, denominator, out=result, where=denominator != 0)


def _frame(test, filters, names, *, unit="", universe=None, **arrays):
    """Return COLUMNS for arrays (F, T), filter by filter; types do not depend on what is missing."""
    count = len(filters) * len(names)
    if "p_value" in arrays:
        arrays["q_value"] = benjamini_hochberg(arrays["p_value"])
    columns = {
        "filter": np.repeat(np.asarray(filters, object), len(names)),
        "target": np.tile(np.asarray(names, object), len(filters)),
        "test": test,
        "unit": unit,
        "universe": np.full(count, universe, object),
    }
    for name in COLUMNS[len(columns) :]:
        whole = name in ("n", "n_target", *COUNTS)
        missing = pd.array([pd.NA] * count, "Int64") if whole else np.full(count, np.nan)
        columns[name] = arrays[name].ravel() if name in arrays else missing
        if whole:
            columns[name] = pd.array(columns[name], "Int64")
    return pd.DataFrame(columns).astype({"filter": str, "target": str, "test": str, "unit": str})[COLUMNS]
