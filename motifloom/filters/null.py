"""What score a window has by chance: null distributions of the scores of one filter.

Every null answers the same two questions. `bracket(score, known)` bounds P(S >= score) for windows with
`known` known letters from below and above; `smallest(known)` is the p-value of the best window that the
filter can read. Scores here are sums of weights, without the bias.
"""

from math import comb

import numpy as np

from motifloom.filters.jit import njit

LEVELS = 4096
# Cells of a table of distributions: levels are fewer for filters so wide that they need more.
LARGEST_TABLE = 2**24

jit = njit(cache=True, nogil=True)


def feasible_levels(levels, width):
    """Return how many of the levels asked for a filter of `width` positions can have."""
    return min(levels, max(2, LARGEST_TABLE // width**2))


def rounding_error(kernel, bias=0.0):
    """Return by how much a score that was summed in float32 may be off.

    Parameters
    ----------
    kernel : float (W, A)
        Weights.
    bias : float
        Added to each score.

    Notes
    -----
    At most W + 1 numbers are added, in any order; each of them and each sum is off by at most 2**-24 of
    its size, which the sum of the largest weights bounds.
    """
    largest = np.abs(np.asarray(kernel, np.float64)).max(axis=1).sum() + abs(float(bias))
    return 2.0**-23 * (len(kernel) + 2) * largest


class _GridNull:
    """Distributions of sums that were computed on an integer grid.

    With a score S = offset + step T + E, T an integer and E between two known bounds, T >= (s - largest E
    - offset) / step is necessary for S >= s, and the same with the smallest E sufficient.
    """

    # Whether there is but one sum.
    _constant = False

    def __init__(self, kernel, slack):
        self.kernel = np.asarray(kernel, np.float64)
        self.slack = rounding_error(kernel) if slack is None else slack
        self._best = _best_scores(self.kernel)

    def smallest(self, known):
        """Return the p-value (upper bound) of the best window with `known` known letters."""
        return float(self.bracket(self._best[known], known)[1])

    def _bracket(self, score, tail, first, offset, errors, atom, largest):
        """Bound P(S >= score); tail[i] is P(T >= first + i), and `atom` that of the window itself."""
        score = np.asarray(score, np.float64) - offset
        attainable = score <= largest - offset + self.slack
        if self._constant:
            return np.where(attainable, 1.0, 0.0), np.where(attainable, 1.0, atom)
        bounds = []
        for shift in (self.slack - errors[0], -self.slack - errors[1]):
            with np.errstate(over="ignore"):
                place = np.ceil((score + shift) / self.step) - first
            bounds.append(tail[np.clip(place, 0, len(tail) - 1).astype(np.int64)])
        # The sums of the distribution and of the tail round too. What lies before the tail is not known.
        error = 8 * np.finfo(np.float64).eps * (self.kernel.size + 4)
        low = np.where(attainable, np.maximum(bounds[0] * (1 - error), atom), 0.0)
        high = np.where(place < 0, 1.0, bounds[1] * (1 + error))
        return np.minimum(low, 1.0), np.clip(high, atom, 1.0)


class ShuffleNull(_GridNull):
    """Scores after a uniform shuffle of all cells of the kernel: sums of cells drawn without replacement.

    A window picks one weight for each known letter, so whatever its letters are, after the shuffle it
    picks as many cells of the kernel at random. Rounded to a grid, the weights give the whole distribution
    by dynamic programming over the cells, and rounding errors bound it on both sides.

    Parameters
    ----------
    kernel : float (W, A)
        Weights of the filter.
    levels : int
        Steps of the grid from the smallest to the largest weight; fewer where the table would be too large.
    least_known : int
        Windows with fewer known letters are not asked for.
    slack : float or None
        Error of the scores; default :func:`rounding_error` without a bias.
    floor : float
        Smaller scores are not asked for, best windows apart: sums that cannot reach it are not followed.
    """

    def __init__(self, kernel, levels=LEVELS, *, least_known=1, slack=None, floor=-np.inf):
        super().__init__(kernel, slack)
        weights = np.sort(self.kernel.ravel())
        width, cells = len(self.kernel), len(weights)
        self._constant = weights[0] == weights[-1]
        levels = feasible_levels(levels, width)
        self.step = 1.0 if self._constant else (weights[-1] - weights[0]) / levels
        # Steps are counted from the middle, and cells enter from there outwards: so the ranges of the sums
        # stay narrow until the last cells.
        self._middle = weights[cells // 2]
        steps = np.rint((weights - self._middle) / self.step).astype(np.int64)
        errors = np.sort(weights - (self._middle + self.step * steps))
        self._errors = _ends(errors, width)
        self._largest = _ends(weights, width)[1]
        least, most = _ends(steps, width)
        lowest = np.minimum(floor, self._best) - self.slack - self._middle * np.arange(width + 1)
        lowest = (lowest - self._errors[1]) / self.step
        self._first = np.clip(np.ceil(lowest) - 1, least, most + 1).astype(np.int64)
        start = np.concatenate([[0], np.cumsum(most - least + 1)])
        table = np.zeros(start[-1])
        order = steps[np.argsort(np.abs(steps), kind="stable")]
        _draw_without_replacement(order, least_known, table, start, least, self._first)
        begin = start[:-1] + self._first - least
        rows = range(least_known, width + 1)
        self._tails = {known: _tail(table[begin[known] : start[known + 1]]) for known in rows}
        self._atoms = [1 / comb(cells, known) for known in range(width + 1)]

    def bracket(self, score, known):
        """Return (low, high), float64 of the shape of `score`, with low <= P(S >= score) <= high.

        Parameters
        ----------
        score : float array
            Scores without the bias. The bounds are wide below the floor.
        known : int
            Number of known letters of the windows, `least_known` to W.
        """
        return self._bracket(
            score,
            self._tails[known],
            self._first[known],
            known * self._middle,
            (self._errors[0][known], self._errors[1][known]),
            self._atoms[known],
            self._largest[known],
        )


class BackgroundNull(_GridNull):
    """Scores of random words, letters drawn independently from a background, through the filter as it is.

    Only windows without unknown letters can be tested.

    Parameters
    ----------
    kernel : float (W, A)
        Weights of the filter.
    background : float (A,)
        Letter frequencies, summing to 1.
    levels, slack
        As for :class:`ShuffleNull`.
    """

    def __init__(self, kernel, background, levels=LEVELS, *, slack=None):
        super().__init__(kernel, slack)
        used = np.asarray(background, np.float64) > 0
        weights, frequencies = self.kernel[:, used], np.asarray(background, np.float64)[used]
        width = len(weights)
        lowest = weights.min(axis=1)
        span = (weights.max(axis=1) - lowest).max()
        self._constant = span == 0
        levels = feasible_levels(levels, width)
        self.step = 1.0 if self._constant else span / levels
        steps = np.rint((weights - lowest[:, None]) / self.step).astype(np.int64)
        errors = weights - (lowest[:, None] + self.step * steps)
        self._errors = errors.min(axis=1).sum(), errors.max(axis=1).sum()
        self._offset = lowest.sum()
        self._largest = weights.max(axis=1).sum()
        self._tail = _tail(_draw_words(steps[np.argsort(steps.max(axis=1))], frequencies))
        self._atom = float(frequencies.min() ** width)

    def bracket(self, score, known):
        """Return (low, high) around P(S >= score); NaN for windows with an unknown letter."""
        if known < len(self.kernel):
            return np.full(np.shape(score), np.nan), np.full(np.shape(score), np.nan)
        return self._bracket(score, self._tail, 0, self._offset, self._errors, self._atom, self._largest)


class PermutationNull:
    """A sample of shuffles of the kernel's cells: the Monte Carlo counterpart of :class:`ShuffleNull`.

    The p-value is (1 + shuffles with a sum of at least the score) / (1 + shuffles), which counts the
    kernel itself as one of them (Davison and Hinkley 1997, section 4.2).

    Parameters
    ----------
    kernel : float (W, A)
        Weights of the filter.
    permutations : int
        Number of shuffles, the same for all windows.
    rng : numpy.random.Generator
        Its state decides the shuffles.
    slack : float or None
        As for :class:`ShuffleNull`; sums so near to a score count as equal to it, and so as at least it.
    """

    def __init__(self, kernel, permutations, rng, *, slack=None):
        self.kernel = np.asarray(kernel, np.float64)
        self.slack = rounding_error(kernel) if slack is None else slack
        self._best = _best_scores(self.kernel)
        cells = np.tile(self.kernel.ravel(), (permutations, 1))
        sums = np.cumsum(rng.permuted(cells, axis=1)[:, : len(self.kernel)], axis=1)
        self._sums = np.sort(sums, axis=0).T.copy()

    def bracket(self, score, known):
        """Return (p, p), both float64 of the shape of `score`."""
        sums = self._sums[known - 1]
        below = np.searchsorted(sums, np.asarray(score, np.float64) - self.slack, side="left")
        p = (1 + len(sums) - below) / (1 + len(sums))
        return p, p

    def smallest(self, known):
        """Return the p-value of the best window with `known` known letters."""
        return float(self.bracket(self._best[known], known)[1])


def _best_scores(kernel):
    """Return the largest score of a window by its number of known letters, float64 (W + 1,)."""
    return _ends(np.sort(kernel.max(axis=1)), len(kernel))[1]


def _ends(ordered, width):
    """Return the sums of the m smallest and of the m largest numbers, m = 0..width, both (width + 1,)."""
    zero = np.zeros(1, ordered.dtype)
    sums = [np.concatenate([zero, np.cumsum(side[:width])]) for side in (ordered, ordered[::-1])]
    return sums[0], sums[1]


def _tail(probabilities):
    """Return P(T >= first + i) for i = 0..n; the small terms at the top are added first."""
    return np.append(np.cumsum(probabilities[::-1])[::-1], 0.0)


@jit
def _draw_without_replacement(steps, least, table, start, first, needed):
    """Fill the distributions of the sum of m of the `steps`, drawn without replacement, m = 0..width.

    With P_j[m] that of m of the first j cells, cell j is among the m with probability m / j:
    P_j[m] = (1 - m / j) P_{j-1}[m] + (m / j) P_{j-1}[m - 1] shifted by the cell. All are proper
    distributions, so that nothing overflows however many cells there are.

    Parameters
    ----------
    steps : int64 (cells,)
        The cells, in the order in which they enter.
    least : int
        Distributions of fewer cells are left unfinished.
    table : float64
        Zeros; table[start[m] + t - first[m]] becomes P(sum of m = t).
    start, first : int64 (width + 2,), (width + 1,)
        Where row m begins, and the smallest sum of m cells.
    needed : int64 (width + 1,)
        Smaller sums of m cells are left unfinished.
    """
    cells, width = len(steps), len(first) - 1
    seen, unseen = np.empty(cells, np.int64), np.sort(steps)[::-1].copy()
    low, high = np.zeros(width + 1, np.int64), np.zeros(width + 1, np.int64)
    table[0] = 1.0
    for j in range(1, cells + 1):
        step = steps[j - 1]
        top = min(j, width)
        place = np.argmax(unseen == step)
        unseen[place : cells - j] = unseen[place + 1 : cells - j + 1].copy()
        for m in range(top, max(1, least - (cells - j)) - 1, -1):
            row, source = table[start[m] : start[m + 1]], table[start[m - 1] : start[m]]
            reach = _needed_sum(m, least, unseen[: cells - j], needed) - first[m]
            begin, end = low[m] - first[m], high[m] - first[m] + 1
            new_begin, new_end = low[m - 1] + step - first[m], high[m - 1] + step - first[m] + 1
            begin, new_begin = min(max(begin, reach), end), min(max(new_begin, reach), new_end)
            if m == j:
                begin, end = new_begin, new_begin
            _mix(
                row, begin, end, 1 - m / j, source, new_begin, new_end, m / j, step + first[m - 1] - first[m]
            )
        place = j - 1
        while place > 0 and seen[place - 1] > step:
            seen[place] = seen[place - 1]
            place -= 1
        seen[place] = step
        for m in range(1, top + 1):
            low[m] = low[m - 1] + seen[m - 1]
            high[m] = high[m - 1] + seen[j - m]


@jit
def _needed_sum(m, least, unseen, needed):
    """Return which sum of m cells can still become one that is needed, with the largest cells to come."""
    total, lowest = 0, np.iinfo(np.int64).max
    for k in range(m, min(len(needed) - 1, m + len(unseen)) + 1):
        if k > m:
            total += unseen[k - m - 1]
        if k >= least:
            lowest = min(lowest, needed[k] - total)
    return lowest


@jit
def _mix(row, begin, end, share, source, new_begin, new_end, new_share, shift):
    """row = share row + new_share source shifted; row is 0 outside [begin, end), source outside the other."""
    left, right = max(begin, new_begin), min(end, new_end)
    if left >= right:
        for i in range(begin, end):
            row[i] *= share
        for i in range(new_begin, new_end):
            row[i] = new_share * source[i - shift]
        return
    for i in range(begin, left):
        row[i] *= share
    for i in range(new_begin, left):
        row[i] = new_share * source[i - shift]
    both, other = row[left:right], source[left - shift : right - shift]
    for i in range(right - left):
        both[i] = share * both[i] + new_share * other[i]
    for i in range(right, end):
        row[i] *= share
    for i in range(right, new_end):
        row[i] = new_share * source[i - shift]


@jit
def _draw_words(steps, frequencies):
    """Return the distribution of the sum of one step of each row, steps int64 (W, A) from 0 up."""
    size = 1
    for w in range(len(steps)):
        size += steps[w].max()
    old, new = np.zeros(size), np.zeros(size)
    old[0] = 1.0
    reach = 1
    for w in range(len(steps)):
        new[: reach + steps[w].max()] = 0.0
        for a in range(len(frequencies)):
            share, target = frequencies[a], new[steps[w, a] : steps[w, a] + reach]
            for i in range(reach):
                target[i] += share * old[i]
        reach += steps[w].max()
        old, new = new, old
    return old
