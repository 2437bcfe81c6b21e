"""Scan sequences with convolution filters and reduce the activations, a block of sequences at a time.

Everything here is a reduction of the same scan; activations of all windows are never held at once. Windows
that reach outside the sequence, or in which no letter is known, are no evidence of a motif and never
counted; an unknown letter adds 0 to the score, as its row of zeros does in the model.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from motifloom.filters import kernels
from motifloom.filters.activations import FALL_FIRST, least_score

# Letters of a block of sequences, where only reductions are kept, and where a value per window and
# filter is kept (divided by the number of filters).
BLOCK_LETTERS = 2**22
BLOCK_VALUES = 2**23
# Filters scanned together: their tables fit a core's cache, and one vector instruction adds many.
FILTERS_TOGETHER = 32
LARGEST_TABLE = 1000


class Hits(NamedTuple):
    """Windows at or above a threshold, ordered by filter, sequence, start.

    row: int64 (n,) row of the token matrix; start: int64 (n,) first letter in the sequence; filter:
    int64 (n,) index in the layer; activation: float32 (n,).
    """

    row: np.ndarray
    start: np.ndarray
    filter: np.ndarray
    activation: np.ndarray


def read_rows(tokens, rows):
    """Return uint8 (n, L): rows, in any order, of a token matrix in memory or in HDF5."""
    rows = np.asarray(rows, np.int64)
    if isinstance(tokens, np.ndarray):
        block = tokens[rows]
    elif len(rows) and np.ptp(rows) < 4 * len(rows):
        block = tokens[rows.min() : rows.max() + 1][rows - rows.min()]
    else:
        unique, inverse = np.unique(rows, return_inverse=True)
        block = tokens[unique][inverse]
    return np.require(block, np.uint8, ["C", "W"])


def read_blocks(tokens, rows=None, letters=BLOCK_LETTERS):
    """Yield (rows int64 (n,), tokens uint8 (n, L)) blocks of about `letters` letters.

    Parameters
    ----------
    tokens : array or h5py dataset, uint8 (N, L)
        Token matrix; only blocks of it are read.
    rows : int array or None
        Rows to read, in this order; default all.
    letters : int
        Size of a block.
    """
    rows = np.arange(tokens.shape[0]) if rows is None else np.asarray(rows, np.int64)
    size = max(1, letters // max(1, tokens.shape[1]))
    for first in range(0, len(rows), size):
        part = rows[first : first + size]
        yield part, read_rows(tokens, part)


def available_cpus():
    """Return the number of CPUs that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Scanner:
    """A layer made ready to scan sequences of one length.

    Parameters
    ----------
    layer : ScanLayer
        The filters.
    length : int
        Letters of a sequence.
    inside : bool
        Only windows inside the sequence (see :meth:`ScanLayer.starts`).
    threads : int or None
        Default: the CPUs of this process. No result depends on it.
    """

    def __init__(self, layer, length, *, inside=True, threads=None):
        self.layer, self.length, self.inside = layer, length, inside
        self.threads = threads or available_cpus()
        self.starts = layer.starts(length, inside)
        self._before = -int(self.starts.min(initial=0))
        self._after = max(0, int(self.starts.max(initial=-layer.span)) + layer.span - length)
        size, group = layer.alphabet.size + 1, 1
        while size ** (group + 1) <= LARGEST_TABLE and group < layer.width:
            group += 1
        self.layout = (size, group, layer.dilation, layer.width)
        tables = _word_tables(layer, size, group)
        count = tables.shape[2]
        together = min(FILTERS_TOGETHER, max(4, -(-count // self.threads)))
        self._parts = [
            (slice(first, first + together), np.ascontiguousarray(tables[:, :, first : first + together]))
            for first in range(0, count, together)
        ]

    @property
    def words_shape(self):
        """(groups, words) of the tables."""
        return self._parts[0][1].shape[:2]

    def run(self, kernel, tokens, *by_filter):
        """Call a function of :mod:`kernels` on `tokens` for a few filters at a time, in threads.

        by_filter : tuples of (array, axis)
            Inputs and outputs; each call gets the slice of its filters along `axis`. A slice that is not
            contiguous is copied there and back.
        """
        if not self.inside:
            pad = ((0, 0), (self._before, self._after))
            tokens = np.pad(tokens, pad, constant_values=self.layer.alphabet.unknown)
        starts = self.starts + self._before

        def call(part):
            where, tables = part
            views = [array[(slice(None),) * axis + (where,)] for array, axis in by_filter]
            copies = [np.ascontiguousarray(view) for view in views]
            kernel(tokens, self.layout, starts, tables, *copies)
            for view, copy in zip(views, copies, strict=True):
                if copy is not view:
                    view[...] = copy

        if self.threads == 1 or len(self._parts) == 1:
            for part in self._parts:
                call(part)
        else:
            with ThreadPoolExecutor(self.threads) as pool:
                list(pool.map(call, self._parts))

    def scores(self, tokens):
        """Return float32 (n, windows, F): scores, bias included, before the activation function."""
        scores = np.empty((len(tokens), len(self.starts), len(self.layer.filters)), np.float32)
        self.run(kernels.scores_of, tokens, (scores, 2))
        return scores


def _word_tables(layer, size, group):
    """Return float32 (groups, words, F): what each word of a group of positions adds to a score."""
    width, letters, count = layer.kernel.shape
    groups = -(-width // group)
    weights = np.zeros((groups * group, size, count))
    weights[:width, :letters] = layer.kernel * layer.scale
    tables = np.zeros((groups, 1, count))
    for j in range(group):
        tables = (tables[:, :, None] + weights[j::group, None]).reshape(groups, -1, count)
    tables[0] += layer.bias * layer.scale
    return tables.astype(np.float32)


def activation_blocks(layer, tokens, rows=None, *, inside=True, threads=None):
    """Yield (rows (n,), activations float32 (n, windows, F)) of blocks of sequences.

    Parameters
    ----------
    layer : ScanLayer
        The filters.
    tokens : array or h5py dataset, uint8 (N, L)
        Sequences.
    rows : int array or None
        Which of them; default all.
    inside : bool
        Only windows inside the sequence; else as many as the layer has outputs, equal to the layer's.
    threads : int or None
        Default: all CPUs.
    """
    scanner = Scanner(layer, tokens.shape[1], inside=inside, threads=threads)
    for part, block in read_blocks(tokens, rows, BLOCK_VALUES // len(layer.filters)):
        yield part, layer.activate(scanner.scores(block))


def sequence_maxima(layer, tokens, rows=None, *, threads=None):
    """Return the largest activation of every sequence and filter, and where it is.

    Returns
    -------
    activation : float32 (n, F)
        NaN where a sequence has no window.
    start : int32 (n, F)
        First letter of the first window that has it; -1 where there is none.
    """
    shape = (tokens.shape[0] if rows is None else len(rows), len(layer.filters))
    values, starts = np.full(shape, np.nan, np.float32), np.full(shape, -1, np.int32)
    scanners = [Scanner(layer, tokens.shape[1], threads=threads)]
    if layer.activation in FALL_FIRST:
        opposite = replace(layer, kernel=-layer.kernel, bias=-layer.bias)
        scanners.append(Scanner(opposite, tokens.shape[1], threads=threads))
    done = 0
    for _, block in read_blocks(tokens, rows):
        here = slice(done, done + len(block))
        done += len(block)
        for scanner, direction in zip(scanners, (1, -1), strict=False):
            best, where = np.empty(values[here].shape, np.float32), np.empty(values[here].shape, np.int32)
            scanner.run(kernels.maxima, block, (best, 1), (where, 1))
            activation = layer.activate(direction * best)
            better = (where >= 0) & ~(activation <= values[here])
            values[here][better] = activation[better]
            starts[here][better] = scanner.starts[where[better]]
    return values, starts


def positive_quantile(layer, tokens, percentile, rows=None, *, threads=None):
    """Return a percentile of each filter's positive activations, exactly, without keeping them.

    The histogram over the upper 16 bits of the float32 scores tells in which bin the order statistic
    lies, a second scan counts that bin's lower 16 bits. Interpolation is linear as in `numpy.percentile`.

    Parameters
    ----------
    percentile : float
        0 to 100.

    Returns
    -------
    threshold : float64 (F,)
        NaN for a filter that never fires.
    count : int64 (F,)
        Number of windows with a positive activation.
    """
    scanner = Scanner(layer, tokens.shape[1], threads=threads)
    total = (tokens.shape[0] if rows is None else len(rows)) * len(scanner.starts)
    counter = np.uint32 if total < 2**32 else np.int64
    filters = len(layer.filters)
    least = np.full(filters, least_score(layer.activation, layer.activation_args, 0.0), np.float32)
    coarse = np.zeros((filters, 2**16), counter)
    for _, block in read_blocks(tokens, rows):
        scanner.run(kernels.coarse_histogram, block, (least, 0), (coarse, 0))
    count = coarse.sum(axis=1, dtype=np.int64)
    position = np.maximum(count - 1, 0) * (percentile / 100)
    low = np.floor(position).astype(np.int64)
    high = np.minimum(low + 1, np.maximum(count - 1, 0))
    upper, ends = None, []
    for bins, ranks in _find_bins(coarse, (low, high)):
        if upper is None or (bins != upper).any():
            fine, upper = np.zeros(coarse.shape, counter), bins
            for _, block in read_blocks(tokens, rows):
                scanner.run(kernels.fine_histogram, block, (least, 0), (upper, 0), (fine, 0))
        ends.append(layer.activate(_find_scores(fine, upper, ranks)).astype(np.float64))
    threshold = _interpolate(*ends, position - low)
    return np.where(count > 0, threshold, np.nan), count


def _find_bins(coarse, ranks):
    """Yield, for each of `ranks`, the bin of every filter that holds its score, and the rank therein."""
    # Bits of negative floats fall as the numbers rise.
    order = np.r_[0xFFFF:0x7FFF:-1, 0:0x8000]
    order = order[coarse.any(axis=0)[order]]
    below = np.pad(np.cumsum(coarse[:, order], axis=1, dtype=np.int64), ((0, 0), (1, 0)))
    for rank in ranks:
        place = (below[:, 1:] <= rank[:, None]).sum(axis=1)
        # A filter that never fires has no such bin; its result is not used.
        fires = place < len(order)
        bins = np.zeros(len(rank), np.uint32)
        bins[fires] = order[place[fires]]
        yield bins, rank - np.take_along_axis(below, place[:, None], axis=1)[:, 0]


def _find_scores(fine, upper, ranks):
    """Return the float32 scores of these ranks within the bins `upper`."""
    bits = upper << 16
    for f, rank in enumerate(ranks):
        used = np.flatnonzero(fine[f])
        if len(used):
            used = used[::-1] if upper[f] >= 0x8000 else used
            bits[f] |= used[np.searchsorted(np.cumsum(fine[f, used], dtype=np.int64), rank, side="right")]
    return bits.view(np.float32)


def _interpolate(low, high, weight):
    """Linear interpolation in the steps that NumPy takes, so that results are the same bits."""
    step = high - low
    return np.where(weight >= 0.5, high - step * (1 - weight), low + step * weight)


def score_cutoffs(layer, threshold):
    """Return float32 (W + 1, F): the least score of a hit, by its number of known letters.

    Parameters
    ----------
    threshold : float (F,)
        Least activation of a hit, which must also be positive; NaN means no hits.

    Notes
    -----
    Row 0 is inf: a window without a known letter is never a hit. Other analyses may fill the rows with
    thresholds that depend on the number of known letters.
    """
    least = least_score(layer.activation, layer.activation_args, threshold)
    cutoffs = np.tile(least, (layer.width + 1, 1))
    cutoffs[0] = np.inf
    return cutoffs


def count_hits(layer, tokens, cutoffs, rows=None, *, threads=None):
    """Count each filter's hits and the letters in them.

    Parameters
    ----------
    cutoffs : float32 (W + 1, F)
        See :func:`score_cutoffs`.

    Returns
    -------
    hits : int64 (F,)
        Number of windows.
    letters : int64 (F, W, A)
        Occurrences of each letter at each position; an unknown letter adds none.
    """
    scanner = Scanner(layer, tokens.shape[1], threads=threads)
    words = np.zeros((len(layer.filters), *scanner.words_shape), np.int64)
    hits = np.zeros(len(layer.filters), np.int64)
    for _, block in read_blocks(tokens, rows):
        hits += _count_block(scanner, block, cutoffs, words).sum(axis=0, dtype=np.int64)
    return hits, _letters_of(words, layer, scanner)


def _count_block(scanner, block, cutoffs, words):
    hits = np.zeros((len(block), len(scanner.layer.filters)), np.int32)
    scanner.run(kernels.count_hits, block, (cutoffs, 1), (hits, 1), (words, 0))
    return hits


def _letters_of(words, layer, scanner):
    """Return counts by position and letter, (F, W, A), from counts of words, (F, groups, words)."""
    size, group = scanner.layout[:2]
    filters, groups, _ = words.shape
    spread = words.reshape(filters, groups, *[size] * group)
    axes = range(2, 2 + group)
    by_place = [spread.sum(axis=tuple(set(axes) - {axis})) for axis in axes]
    letters = np.stack(by_place, axis=2).reshape(filters, groups * group, size)
    return letters[:, : layer.width, : size - 1]


def hit_blocks(layer, tokens, cutoffs, rows=None, *, threads=None):
    """Yield :class:`Hits` of blocks of sequences, in the order of `rows`.

    Parameters
    ----------
    cutoffs : float32 (W + 1, F)
        See :func:`score_cutoffs`.
    """
    scanner = Scanner(layer, tokens.shape[1], threads=threads)
    filters = len(layer.filters)
    for part, block in read_blocks(tokens, rows, BLOCK_VALUES // filters):
        hits = _count_block(scanner, block, cutoffs, np.zeros((filters, *scanner.words_shape), np.int64))
        counts = hits.sum(axis=0, dtype=np.int64)
        first = np.cumsum(counts) - counts
        total = int(counts.sum())
        where, window = np.empty(total, np.int32), np.empty(total, np.int32)
        values = np.empty(total, np.float32)
        lister = partial(_list_hits, where, window, values)
        scanner.run(lister, block, (cutoffs, 1), (first, 0))
        yield Hits(
            part[where],
            scanner.starts[window],
            np.repeat(np.arange(filters), counts),
            layer.activate(values),
        )


def _list_hits(rows, windows, values, *arguments):
    """`kernels.list_hits` with the outputs, which are not by filter, first."""
    kernels.list_hits(*arguments, rows, windows, values)
