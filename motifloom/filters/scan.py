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
# Values of a part of a block that are computed in one go where nothing per window is kept.
CHUNK_VALUES = 2**17
# Filters scanned together: their tables fit a core's cache, and one vector instruction adds many.
FILTERS_TOGETHER = 32
LARGEST_TABLE = 1000


class Hits(NamedTuple):
    """Windows at or above a threshold, ordered by filter, sequence, start, strand (1 first).

    row: int64 (n,) row of the token matrix; start: int64 (n,) first letter in the sequence; strand: int8
    (n,), 1, or -1 where the filter reads the reverse complement of the window; filter: int64 (n,) index in
    the layer; known: int16 (n,) number of known letters; score: float32 (n,), bias included; activation:
    float32 (n,).
    """

    row: np.ndarray
    start: np.ndarray
    strand: np.ndarray
    filter: np.ndarray
    known: np.ndarray
    score: np.ndarray
    activation: np.ndarray


class SequenceSummary(NamedTuple):
    """What filters made of sequences, all (n, F).

    maximum: float32, the largest activation, NaN where a sequence has no window; start: int32, first letter
    of the first window that has it, -1 where there is none; strand: int8, on which it was read (1 or -1);
    mean: float32, over windows, of max(activation, 0), 0 where there is no window.
    """

    maximum: np.ndarray
    start: np.ndarray
    strand: np.ndarray
    mean: np.ndarray


class ScoreHistogram(NamedTuple):
    """Windows counted by their number of known letters and their score.

    counts: uint32 (int64 where there are 2**32 windows) (F, K, bins); known: int64 (K,), ascending, those
    that occur; edges: float32 (F, bins): bin b of filter f holds edges[f, b] <= score < edges[f, b + 1], the
    last bin all above.
    """

    counts: np.ndarray
    known: np.ndarray
    edges: np.ndarray


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
    reading : int
        1, or -1 to read the windows' reverse complements. Windows keep their order. The sequences are turned,
        not the filters, so that a score is to the last bit that of the reverse complement of the sequence.
    """

    def __init__(self, layer, length, *, inside=True, threads=None, reading=1):
        self.layer, self.length, self.inside, self.reading = layer, length, inside, reading
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
        if self.reading < 0:
            alphabet = self.layer.alphabet
            tokens = alphabet.reverse_complement(np.minimum(tokens, alphabet.unknown))
            starts = tokens.shape[1] - self.layer.span - starts

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


def scanners_of(layer, length, *, inside=True, threads=None):
    """Return a scanner for each direction in which the layer reads windows."""
    return [
        Scanner(layer, length, inside=inside, threads=threads, reading=reading) for reading in layer.readings
    ]


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
        Only windows inside the sequence; else as many as the layer has outputs, equal to the layer's. On
        both strands the larger activation of a window.
    threads : int or None
        Default: all CPUs.
    """
    scanners = scanners_of(layer, tokens.shape[1], inside=inside, threads=threads)
    for part, block in read_blocks(tokens, rows, BLOCK_VALUES // len(layer.filters)):
        yield part, _activations(scanners, block)


def _activations(scanners, block):
    """Return the activations of a block, float32 (n, windows, F): the larger one of all readings."""
    layer = scanners[0].layer
    activations = layer.activate(scanners[0].scores(block))
    for scanner in scanners[1:]:
        np.maximum(activations, layer.activate(scanner.scores(block)), out=activations)
    return activations


def summarise_sequences(layer, tokens, rows=None, *, threads=None):
    """Return the largest and the mean activation of every sequence and filter.

    Parameters
    ----------
    layer, tokens, rows, threads
        As for :func:`activation_blocks`.

    Returns
    -------
    SequenceSummary
    """
    length, count = tokens.shape[1], tokens.shape[0] if rows is None else len(rows)
    shape = (count, len(layer.filters))
    result = SequenceSummary(
        np.full(shape, np.nan, np.float32),
        np.full(shape, -1, np.int32),
        np.ones(shape, np.int8),
        np.zeros(shape, np.float32),
    )
    turns = (1, -1) if layer.activation in FALL_FIRST else (1,)
    opposite = replace(layer, kernel=-layer.kernel, bias=-layer.bias)
    scanners = [
        (Scanner(layer if turn > 0 else opposite, length, threads=threads, reading=reading), turn)
        for reading in layer.readings
        for turn in turns
    ]
    done = 0
    for _, block in read_blocks(tokens, rows):
        here = slice(done, done + len(block))
        done += len(block)
        totals, known = np.zeros((len(block), shape[1])), _known_windows(layer, block)
        for scanner, turn in scanners:
            part = SequenceSummary(*(array[here] for array in result))
            _add_summary(scanner, turn, block, known, part, totals)
        windows = (known > 0).sum(axis=1) * len(layer.readings)
        result.mean[here] = totals / np.maximum(windows, 1)[:, None]
    return result


def _sums_scores(layer):
    """Tell whether positive activations are the positive scores themselves."""
    options = layer.activation_args
    capped = options.get("max_value") is not None or options.get("threshold")
    return layer.activation in ("linear", "leaky_relu") or (layer.activation == "relu" and not capped)


def _add_summary(scanner, turn, block, known, result, totals):
    """Put one direction of reading into the summary of a block, and its activations into the totals."""
    layer, shape = scanner.layer, result.maximum.shape
    best, where, total = np.empty(shape, np.float32), np.empty(shape, np.int32), np.empty(shape)
    scanner.run(kernels.summaries, block, (best, 1), (where, 1), (total, 1))
    activation = layer.activate(turn * best)
    start = np.append(scanner.starts, -1)[where]
    earlier = (activation == result.maximum) & (start < result.start)
    better = (where >= 0) & (earlier | ~(activation <= result.maximum))
    result.maximum[better] = activation[better]
    result.start[better] = start[better]
    result.strand[better] = scanner.reading
    if turn > 0 and not _sums_scores(layer):
        total[:] = 0
        scanner.run(partial(_rectify, layer, known), block, (total, 1))
    if turn > 0:
        totals += total


def _rectify(layer, known, tokens, layout, starts, tables, total):
    """Add the positive activations of a few filters to total (n, filters), a few sequences at a time."""
    shape = len(starts), tables.shape[2]
    size = max(1, CHUNK_VALUES // max(1, shape[0] * shape[1]))
    for first in range(0, len(tokens), size):
        here = slice(first, first + size)
        scores = np.empty((len(tokens[here]), *shape), np.float32)
        kernels.scores_of(tokens[here], layout, starts, tables, scores)
        kernels.add_rectified(layer.activate(scores), known[here], total[here])


def _known_windows(layer, block):
    """Return the number of known letters of every window inside, int (n, P)."""
    starts, known = layer.starts(block.shape[1]), block < layer.alphabet.size
    if known.all():
        return np.full((len(block), len(starts)), layer.width, np.int16)
    counts = np.zeros((len(block), len(starts)), np.int16)
    for w in range(layer.width):
        counts += known[:, starts + w * layer.dilation]
    return counts


def position_profile(layer, tokens, members, rows=None, *, threads=None):
    """Sum the activations of classes of sequences at every place.

    Parameters
    ----------
    layer, tokens, rows, threads
        As for :func:`activation_blocks`.
    members : bool or float (n, C)
        Which of the sequences are in which class, or with what weight.

    Returns
    -------
    total, squares : float64 (C, P, F)
        Sums of the activation, and of its square, at each of the P windows inside a sequence; on both
        strands of the larger one. A window without a known letter counts as 0.
    """
    members = np.ascontiguousarray(members, np.float64)
    scanners = scanners_of(layer, tokens.shape[1], threads=threads)
    total = np.zeros((members.shape[1], len(scanners[0].starts), len(layer.filters)))
    squares, done = np.zeros_like(total), 0
    for part, block in read_blocks(tokens, rows, BLOCK_VALUES // len(layer.filters)):
        weights = members[done : done + len(part)]
        done += len(part)
        known = _known_windows(layer, block)
        kernels.add_profile(_activations(scanners, block), known, weights, total, squares)
    return total, squares


def score_histogram(layer, tokens, low, high, bins, rows=None, *, threads=None):
    """Count windows by their number of known letters and their score.

    Parameters
    ----------
    layer, tokens, rows, threads
        As for :func:`activation_blocks`. Memory grows with filters x bins: take few filters at a time.
    low, high : float (F,)
        Bins are equally wide from low[f] (or the float32 next below) to high[f]; scores below are not
        counted, the last bin holds what is above. Bins narrower than the steps of float32 may stay empty.
    bins : int

    Returns
    -------
    ScoreHistogram
        Windows without a known letter are not counted.
    """
    low, high = (np.asarray(ends, np.float64) for ends in (low, high))
    steps = bins / np.where(high > low, high - low, 1.0)
    scanners = scanners_of(layer, tokens.shape[1], threads=threads)
    by_known = np.zeros(layer.width + 1, np.int64)
    for _, block in read_blocks(tokens, rows):
        kernels.known_histogram(block, scanners[0].layout, scanners[0].starts, by_known)
    known = np.flatnonzero(by_known[1:]) + 1
    place = np.full(layer.width + 1, -1)
    place[known] = np.arange(len(known))
    counter = np.uint32 if by_known.sum() * len(scanners) < 2**32 else np.int64
    counts = np.zeros((len(layer.filters), len(known), bins), counter)
    edges, count = _bin_edges(low, steps, bins), partial(kernels.bin_scores, place)
    for _, block in read_blocks(tokens, rows):
        for scanner in scanners:
            scanner.run(count, block, (low, 0), (steps, 0), (edges, 0), (counts, 0))
    return ScoreHistogram(counts, known, edges)


def _bin_edges(low, steps, bins):
    """Return the least float32 score of each bin, (F, bins); the first is not above low."""
    edges = np.empty((len(low), bins), np.float32)
    for f in range(len(low)):
        edges[f] = low[f] + np.arange(bins) / steps[f]
    first = edges[:, 0]
    edges[:, 0] = np.where(first > low, np.nextafter(first, np.float32(-np.inf)), first)
    return edges


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
    scanners = scanners_of(layer, tokens.shape[1], threads=threads)
    total = (tokens.shape[0] if rows is None else len(rows)) * len(scanners[0].starts) * len(scanners)
    counter = np.uint32 if total < 2**32 else np.int64
    filters = len(layer.filters)
    least = np.full(filters, least_score(layer.activation, layer.activation_args, 0.0), np.float32)
    coarse = np.zeros((filters, 2**16), counter)
    for _, block in read_blocks(tokens, rows):
        for scanner in scanners:
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
                for scanner in scanners:
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
        Occurrences of each letter at each position, as the filter reads them; an unknown letter adds none.
    """
    scanners = scanners_of(layer, tokens.shape[1], threads=threads)
    hits, words = np.zeros(len(layer.filters), np.int64), _no_words(scanners[0])
    for _, block in read_blocks(tokens, rows):
        for scanner in scanners:
            hits += _count_block(scanner, block, cutoffs, words).sum(axis=0, dtype=np.int64)
    return hits, _letters_of(words, layer, scanners[0])


def count_sequence_hits(layer, tokens, cutoffs, rows=None, *, threads=None):
    """Return the number of hits of every sequence and filter, int32 (n, F).

    Parameters are those of :func:`count_hits`.
    """
    scanners = scanners_of(layer, tokens.shape[1], threads=threads)
    blocks = [
        sum(_count_block(scanner, block, cutoffs, _no_words(scanner)) for scanner in scanners)
        for _, block in read_blocks(tokens, rows)
    ]
    return np.concatenate([np.zeros((0, len(layer.filters)), np.int32), *blocks])


def _no_words(scanner):
    return np.zeros((len(scanner.layer.filters), *scanner.words_shape), np.int64)


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
    scanners = scanners_of(layer, tokens.shape[1], threads=threads)
    for part, block in read_blocks(tokens, rows, BLOCK_VALUES // len(layer.filters)):
        found = [_block_hits(scanner, part, block, cutoffs) for scanner in scanners]
        yield found[0][0] if len(found) == 1 else _merge(found)


def _block_hits(scanner, rows, block, cutoffs):
    """Return the Hits of one direction of reading in a block, and their rows within it."""
    layer, filters = scanner.layer, len(scanner.layer.filters)
    counts = _count_block(scanner, block, cutoffs, _no_words(scanner)).sum(axis=0, dtype=np.int64)
    first, total = np.cumsum(counts) - counts, int(counts.sum())
    where, window = np.empty(total, np.int32), np.empty(total, np.int32)
    known, scores = np.empty(total, np.int16), np.empty(total, np.float32)
    lister = partial(kernels.list_hits, where, window, known, scores)
    scanner.run(lister, block, (cutoffs, 1), (first, 0))
    hits = Hits(
        row=rows[where],
        start=scanner.starts[window],
        strand=np.full(total, scanner.reading, np.int8),
        filter=np.repeat(np.arange(filters), counts),
        known=known,
        score=scores,
        activation=layer.activate(scores),
    )
    return hits, where


def _merge(found):
    """Put the hits of both directions of reading into one order."""
    hits = Hits(*map(np.concatenate, zip(*(one for one, _ in found), strict=True)))
    where = np.concatenate([rows for _, rows in found])
    order = np.lexsort((-hits.strand, hits.start, where, hits.filter))
    return Hits(*(array[order] for array in hits))
