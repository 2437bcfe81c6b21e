"""The compiled inner loops of scanning; `motifloom.filters.scan` calls them for a few filters at a time.

A window's score is a sum over groups of positions, each looked up in a table of all words of a group
(unknown letters included), so that a filter of width 19 costs 5 additions a window. The order of the sum
is fixed. All filters are independent of each other, hence the same for any number of threads.
"""

import numpy as np

from motifloom.filters.jit import njit

jit = njit(cache=True, nogil=True)


@jit
def _word_keys(sequence, size, group, dilation, unknown, keys):
    """Number the word of `group` letters, `dilation` apart, that starts at each position."""
    length = len(sequence)
    for start in range(length):
        key = 0
        for j in range(group):
            position = start + j * dilation
            letter = sequence[position] if position < length else unknown
            key = key * size + min(letter, unknown)
        keys[start] = key


@jit
def _known_letters(sequence, starts, width, dilation, unknown, known):
    """Count the known letters of each window; return whether all letters are known."""
    for letter in sequence:
        if letter >= unknown:
            break
    else:
        known[:] = width
        return True
    for i, start in enumerate(starts):
        known[i] = 0
        for w in range(width):
            known[i] += sequence[start + w * dilation] < unknown
    return False


@jit
def _score(keys, starts, step, tables, scores):
    """Fill scores (windows, filters) from tables (groups, words, filters)."""
    groups, _, filters = tables.shape
    for i, start in enumerate(starts):
        row = scores[i]
        first = tables[0, keys[start]]
        for f in range(filters):
            row[f] = first[f]
        g = 1
        while g + 1 < groups:
            one = tables[g, keys[start + g * step]]
            two = tables[g + 1, keys[start + (g + 1) * step]]
            for f in range(filters):
                row[f] = (row[f] + one[f]) + two[f]
            g += 2
        if g < groups:
            one = tables[g, keys[start + g * step]]
            for f in range(filters):
                row[f] += one[f]


@jit
def _scan(sequence, layout, starts, tables, keys, known, scores):
    """Score one sequence; return whether all its letters are known."""
    size, group, dilation, width = layout
    _word_keys(sequence, size, group, dilation, size - 1, keys)
    _score(keys, starts, group * dilation, tables, scores)
    return _known_letters(sequence, starts, width, dilation, size - 1, known)


@jit
def _buffers(tokens, starts, tables):
    windows, filters = len(starts), tables.shape[2]
    return (
        np.empty(tokens.shape[1], np.int32),
        np.empty(windows, np.int32),
        np.empty((windows, filters), np.float32),
    )


@jit
def scores_of(tokens, layout, starts, tables, scores):
    """Fill scores (N, windows, filters)."""
    keys, known, _ = _buffers(tokens, starts, tables)
    for n in range(len(tokens)):
        _scan(tokens[n], layout, starts, tables, keys, known, scores[n])


@jit
def maxima(tokens, layout, starts, tables, best, where):
    """Fill the largest score and its window's number, (N, filters), over windows with a known letter."""
    keys, known, scores = _buffers(tokens, starts, tables)
    for n in range(len(tokens)):
        _scan(tokens[n], layout, starts, tables, keys, known, scores)
        best[n] = -np.inf
        where[n] = -1
        for i in range(len(starts)):
            if known[i] > 0:
                for f in range(scores.shape[1]):
                    if scores[i, f] > best[n, f]:
                        best[n, f] = scores[i, f]
                        where[n, f] = i


@jit
def coarse_histogram(tokens, layout, starts, tables, least, counts):
    """Count scores of at least least[f] by their upper 16 bits: counts (filters, 2**16)."""
    keys, known, scores = _buffers(tokens, starts, tables)
    bits = scores.view(np.uint32)
    for n in range(len(tokens)):
        _scan(tokens[n], layout, starts, tables, keys, known, scores)
        for f in range(scores.shape[1]):
            row = counts[f]
            for i in range(len(starts)):
                row[bits[i, f] >> 16] += (scores[i, f] >= least[f]) & (known[i] > 0)


@jit
def fine_histogram(tokens, layout, starts, tables, least, upper, counts):
    """Count scores whose upper 16 bits are upper[f] by their lower 16 bits: counts (filters, 2**16)."""
    keys, known, scores = _buffers(tokens, starts, tables)
    bits = scores.view(np.uint32)
    for n in range(len(tokens)):
        _scan(tokens[n], layout, starts, tables, keys, known, scores)
        for f in range(scores.shape[1]):
            row = counts[f]
            for i in range(len(starts)):
                if bits[i, f] >> 16 == upper[f] and scores[i, f] >= least[f] and known[i] > 0:
                    row[bits[i, f] & 0xFFFF] += 1


@jit
def count_hits(tokens, layout, starts, tables, cutoffs, hits, words):
    """Count windows whose score is at least cutoffs[known letters, filter].

    hits (N, filters) counts them by sequence; words (filters, groups, words) counts the words that they
    hold, from which the position frequency matrix follows.
    """
    keys, known, scores = _buffers(tokens, starts, tables)
    groups, step = tables.shape[0], layout[1] * layout[2]
    for n in range(len(tokens)):
        whole = _scan(tokens[n], layout, starts, tables, keys, known, scores)
        for f in range(scores.shape[1]):
            cutoff = cutoffs[layout[3], f]
            count = 0
            for i in range(len(starts)):
                if not whole:
                    cutoff = cutoffs[known[i], f]
                if scores[i, f] >= cutoff:
                    count += 1
                    for g in range(groups):
                        words[f, g, keys[starts[i] + g * step]] += 1
            hits[n, f] = count


@jit
def list_hits(tokens, layout, starts, tables, cutoffs, first, rows, windows, values):
    """Write the hits that `count_hits` counted: filter f's from first[f] on, by sequence and window."""
    keys, known, scores = _buffers(tokens, starts, tables)
    place = first.copy()
    for n in range(len(tokens)):
        whole = _scan(tokens[n], layout, starts, tables, keys, known, scores)
        for f in range(scores.shape[1]):
            cutoff = cutoffs[layout[3], f]
            for i in range(len(starts)):
                if not whole:
                    cutoff = cutoffs[known[i], f]
                if scores[i, f] >= cutoff:
                    rows[place[f]] = n
                    windows[place[f]] = i
                    values[place[f]] = scores[i, f]
                    place[f] += 1
