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
def summaries(tokens, layout, starts, tables, best, where, total):
    """Fill the largest score, its window's number, and the sum of positive scores, all (N, filters).

    Over windows with a known letter.
    """
    keys, known, scores = _buffers(tokens, starts, tables)
    for n in range(len(tokens)):
        _scan(tokens[n], layout, starts, tables, keys, known, scores)
        best[n] = -np.inf
        where[n] = -1
        total[n] = 0.0
        for i in range(len(starts)):
            if known[i] > 0:
                for f in range(scores.shape[1]):
                    total[n, f] += max(scores[i, f], np.float32(0))
                    if scores[i, f] > best[n, f]:
                        best[n, f] = scores[i, f]
                        where[n, f] = i


@jit
def add_rectified(activations, known, total):
    """Add the positive ones of activations (N, windows, filters) to total (N, filters).

    Only of windows with a known letter; known (N, windows) is their number.
    """
    for n in range(len(activations)):
        for i in range(activations.shape[1]):
            if known[n, i] > 0:
                for f in range(activations.shape[2]):
                    total[n, f] += max(activations[n, i, f], np.float32(0))


@jit
def add_profile(activations, known, weights, total, squares):
    """Add activations (N, windows, filters), weighted by class (N, C), to sums (C, windows, filters).

    A window without a known letter adds nothing.
    """
    for n in range(len(activations)):
        for c in range(weights.shape[1]):
            weight = weights[n, c]
            if weight != 0:
                for i in range(activations.shape[1]):
                    if known[n, i] > 0:
                        for f in range(activations.shape[2]):
                            value = np.float64(activations[n, i, f])
                            total[c, i, f] += weight * value
                            squares[c, i, f] += weight * value * value


@jit
def known_histogram(tokens, layout, starts, counts):
    """Count windows by their number of known letters: counts (W + 1,)."""
    known = np.empty(len(starts), np.int32)
    for n in range(len(tokens)):
        _known_letters(tokens[n], starts, layout[3], layout[2], layout[0] - 1, known)
        for i in range(len(starts)):
            counts[known[i]] += 1


@jit
def bin_scores(place, tokens, layout, starts, tables, low, steps, edges, counts):
    """Count windows in bins of the score: counts (filters, K, bins).

    place (W + 1,) is the index into K of a number of known letters, -1 where windows are not counted. Bin b
    holds scores from edges[f, b] to below edges[f, b + 1], the last bin all that are larger. Edges lie at
    low[f] + b / steps[f] up to rounding, so that the edges themselves are looked at near one only.
    """
    keys, known, scores = _buffers(tokens, starts, tables)
    found, bins = np.empty(len(starts) + 1, np.int32), counts.shape[2]
    for n in range(len(tokens)):
        _scan(tokens[n], layout, starts, tables, keys, known, scores)
        for f in range(scores.shape[1]):
            row, first, step, count = edges[f], low[f], steps[f], 0
            # Most scores are too low: they are left behind without a branch.
            for i in range(len(starts)):
                found[count] = i
                count += scores[i, f] >= row[0]
            # More than the rounding of an edge, as a part of a bin.
            margin = 2.0**-23 * max(abs(row[0]), abs(row[-1]), 2.0**-126) * step
            for i in found[:count]:
                k, score = place[known[i]], scores[i, f]
                if k >= 0:
                    guess = (score - first) * step
                    b = int(max(min(guess, bins - 1.0), 0.0))
                    if abs(guess - b - 0.5) > 0.5 - margin and (
                        score < row[b] or (b + 1 < bins and score >= row[b + 1])
                    ):
                        b = np.searchsorted(row, score, side="right") - 1
                    counts[f, k, b] += 1


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
def list_hits(rows, windows, letters, values, tokens, layout, starts, tables, cutoffs, first):
    """Write the hits that `count_hits` counted: filter f's from first[f] on, by sequence and window.

    rows, windows, letters (known ones) and values (scores) are (hits,).
    """
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
                    letters[place[f]] = known[i]
                    values[place[f]] = scores[i, f]
                    place[f] += 1
