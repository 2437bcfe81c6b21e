"""Which base of a site matters: every single substitution at every position, from the scores alone.

A substitution of a by b at position p changes the score s of any site by the same d = K[p, b] - K[p, a]. So
the responses of a filter's sites follow from their scores, split by the letter at p:

    r(s) = log2((g(s + d) + e) / (g(s) + e))

with g the activation function, negative values being 0. No mutated window is scanned. Where g is a ReLU, r
falls with s for d >= 0; for d < 0 it falls down to s = -d, where the site is lost, and rises from there on.
Hence the quantiles of r are found among the sorted scores by bisection, without computing all r.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import pandas as pd

from motifloom.filters.jit import njit
from motifloom.filters.methods import stack_cutoffs
from motifloom.filters.scan import (
    BLOCK_VALUES,
    Hits,
    available_cpus,
    count_hits,
    hit_blocks,
    read_blocks,
    score_cutoffs,
)
from motifloom.randomness import generator

QUANTILES = {
    "quantile_05": 0.05,
    "quantile_25": 0.25,
    "median": 0.5,
    "quantile_75": 0.75,
    "quantile_95": 0.95,
}
COLUMNS = ["filter", "position", "reference", "base", "n", "mean", *QUANTILES]
SAMPLE_COLUMNS = [
    *("filter", "row", "start", "strand", "activation", "position", "reference", "base", "log2_ratio"),
]
# The reference of rows over all sites, whatever their letter.
ANY = "any"
# Percentile of a filter's activations that is added to both sides of a ratio.
EPSILON = 1.0
# Bytes of sites that are held together; a filter that has more is held alone.
SITE_BYTES = 2**26
# Above 0 these are the identity, but for a factor, which cancels out.
LIKE_RELU = {"linear", "relu", "leaky_relu", "elu", "selu", "celu"}

jit = njit(cache=True, nogil=True)


class Responses(NamedTuple):
    """How the sites of one filter respond to substitutions.

    The axes are position, letter of the sites (the last: any), letter that it becomes. n: int64
    (W, A + 1, A); mean: float64 (W, A + 1, A), NaN without sites; quantiles: float64 (W, A + 1, A, 5), in
    the order of :data:`QUANTILES`.
    """

    n: np.ndarray
    mean: np.ndarray
    quantiles: np.ndarray


def sensitivity_table(bank, tokens, cutoffs, rows=None, *, skip_weakest=False, threads=None):
    """Tell how each filter's sites respond to every substitution.

    A site is a window with a positive activation and a score of at least its cutoff. Its response to the
    letter b at position p is log2((g(s') + e) / (g(s) + e)); s and s' are its scores before and after, g is
    the activation function (ReLU for a layer that is linear), negative values being 0, and e the 1st
    percentile of g(s) over the filter's sites (linear interpolation). A site whose letter at p is unknown
    counts at its other positions only.

    Parameters
    ----------
    bank : FilterBank
        The filters.
    tokens : array or h5py dataset, uint8 (N, L)
        Sequences; read by blocks.
    cutoffs : dict of str to float32 (W + 1,)
        By filter: the least score of a site, by the number of known letters, as in `MotifSet.cutoffs`.
    rows : int array or None
        Which sequences; default all.
    skip_weakest : bool
        Leave out sites with g(s) <= e, as Cnnamon does.
    threads : int or None
        Default: all CPUs. The result does not depend on it.

    Returns
    -------
    DataFrame
        filter, position (0-based), reference (the letter of the sites; `any`: all sites with a known
        letter), base (what it becomes), n (sites), mean, quantile_05, quantile_25, median, quantile_75,
        quantile_95 (log2 ratios; linear interpolation, as `numpy.quantile`). Where base is the letter
        already, the response is 0. Without sites n is 0 and the rest missing.

    Notes
    -----
    Score and letters of a site, W + 4 bytes, are held for a few filters at a time (64 MB, or one filter),
    and about three times as much for the filter at work; else memory is bounded. Means and quantiles are
    exact.
    """
    frames = []
    for layer, bounds, cut in _filter_groups(bank, tokens, cutoffs, rows, threads):
        scores = np.empty(bounds[-1], np.float32)
        letters = np.empty((bounds[-1], layer.width), np.uint8)
        for place, hits, windows in _read_sites(layer, tokens, bounds, cut, rows, threads):
            scores[place], letters[place] = hits.score, windows

        def respond(f, layer=layer, bounds=bounds, scores=scores, letters=letters):
            here = slice(bounds[f], bounds[f + 1])
            return site_responses(layer, f, scores[here], letters[here], skip_weakest=skip_weakest)

        # Sorting takes several times the bytes of a filter's sites.
        largest = max(1, int(np.diff(bounds).max()) * (layer.width + 4))
        workers = max(1, min(threads or available_cpus(), SITE_BYTES // largest))
        with ThreadPoolExecutor(workers) as pool:
            responses = list(pool.map(respond, range(len(layer.filters))))
        frames.append(_table(layer, responses))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=COLUMNS)


def sensitivity_sample(bank, tokens, cutoffs, rows=None, *, sites, seed, threads=None):
    """Return the single responses of some sites of each filter.

    Parameters
    ----------
    bank, tokens, cutoffs, rows, threads
        As for :func:`sensitivity_table`.
    sites : int
        Sites of each filter, drawn without replacement; all where there are no more.
    seed : int
        Seed of the draw.

    Returns
    -------
    DataFrame
        filter, row (of the token matrix), start (0-based), strand (+ or -), activation, position (0-based),
        reference (letter of the site), base (what it becomes), log2_ratio; in the order of filters,
        `rows`, start, strand (+ first), position, base. e is that of all sites of the filter. Unknown
        letters have no rows, as have filters without sites.
    """
    frames = []
    for layer, bounds, cut in _filter_groups(bank, tokens, cutoffs, rows, threads):
        wanted = np.zeros(bounds[-1], bool)
        for name, first, last in zip(layer.filters, bounds, bounds[1:], strict=False):
            draw = generator(seed, "sensitivity", name)
            wanted[first + draw.choice(last - first, min(sites, last - first), replace=False)] = True
        scores, picked = np.empty(bounds[-1], np.float32), []
        for place, hits, windows in _read_sites(layer, tokens, bounds, cut, rows, threads):
            scores[place], chosen = hits.score, wanted[place]
            picked.append([place[chosen], windows[chosen], *(array[chosen] for array in hits)])
        if picked:
            before = np.split(fired(layer, scores), bounds[1:-1])
            epsilon = np.array([_epsilon(of_filter) for of_filter in before])
            place, windows, *hits = (np.concatenate(arrays) for arrays in zip(*picked, strict=True))
            order = np.argsort(place)
            hits = Hits(*(array[order] for array in hits))
            frames.append(_sample_table(layer, bank.filters, hits, windows[order], epsilon))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=SAMPLE_COLUMNS)


def _filter_groups(bank, tokens, cutoffs, rows, threads):
    """Yield (layer, bounds, cutoffs) of a few filters at a time, whose sites fit into SITE_BYTES.

    The sites of filter f are to be numbers bounds[f] to bounds[f + 1]; cutoffs, float32 (W + 1, filters),
    are such that all sites have a positive activation.
    """
    for whole in bank.layers:
        cut = np.maximum(stack_cutoffs(whole, cutoffs), score_cutoffs(whole, np.zeros(len(whole.filters))))
        sizes, _ = count_hits(whole, tokens, cut, rows, threads=threads)
        share = np.cumsum(sizes) * (whole.width + 4) // SITE_BYTES
        for number in np.unique(share):
            here = np.flatnonzero(share == number)
            yield whole.take(here), np.append(0, np.cumsum(sizes[here])), cut[:, here]


def _read_sites(layer, tokens, bounds, cutoffs, rows, threads):
    """Yield (place, hits, letters (n, W)) by block; place, int64 (n,), numbers the sites within bounds."""
    filled = bounds[:-1].copy()
    complement = np.arange(layer.alphabet.size + 1, dtype=np.uint8)
    if layer.both_strands:
        complement = layer.alphabet.complement_table
    for part, block in read_blocks(tokens, rows, BLOCK_VALUES // len(layer.filters)):
        for hits in hit_blocks(layer, block, cutoffs, threads=threads):
            counts = np.bincount(hits.filter, minlength=len(filled))
            place = np.arange(len(hits.filter)) + np.repeat(filled - np.cumsum(counts) + counts, counts)
            filled += counts
            letters = np.empty((len(place), layer.width), np.uint8)
            _window_letters(block, hits.row, hits.start, hits.strand, layer.dilation, complement, letters)
            yield place, hits._replace(row=part[hits.row]), letters


@jit
def _window_letters(tokens, row, start, strand, dilation, complement, letters):
    """Fill letters (n, W) of windows, as the filter reads them."""
    width, unknown = letters.shape[1], len(complement) - 1
    for i in range(len(row)):
        sequence = tokens[row[i]]
        for w in range(width):
            if strand[i] < 0:
                letter = min(sequence[start[i] + (width - 1 - w) * dilation], unknown)
                letters[i, w] = complement[letter]
            else:
                letters[i, w] = min(sequence[start[i] + w * dilation], unknown)


def site_responses(layer, f, scores, letters, *, skip_weakest=False):
    """Summarise the responses of one filter's sites.

    Parameters
    ----------
    layer : ScanLayer
    f : int
        Number of the filter in the layer.
    scores : float32 (n,)
        Scores of the sites; all with a positive activation.
    letters : uint8 (n, W)
        Their letters, as the filter reads them; `alphabet.size` is unknown.
    skip_weakest : bool
        See :func:`sensitivity_table`.

    Returns
    -------
    Responses
    """
    size = layer.alphabet.size
    kernel = layer.kernel[:, :, f].astype(float) * layer.scale[f]
    if not (np.isfinite(kernel).all() and np.isfinite(scores).all()):
        # A network that broke down in training; there are no ratios.
        scores, letters = scores[:0], letters[:0]
    order = np.argsort(scores)
    scores, letters = scores[order].astype(float), letters[order]
    epsilon = _epsilon(fired(layer, scores))
    if skip_weakest:
        stronger = fired(layer, scores) > epsilon
        scores, letters = scores[stronger], letters[stronger]
    counts = np.zeros((layer.width, size + 1), np.int64)
    _count_letters(letters, counts)
    known = counts[:, :size]
    n = np.concatenate([known, known.sum(axis=1, keepdims=True)], axis=1)
    mean = np.full((*n.shape, size), np.nan)
    quantiles = np.full((*mean.shape, len(QUANTILES)), np.nan)
    if _like_relu(layer):
        levels = np.array([*QUANTILES.values()])
        _relu_responses(scores, letters, counts, kernel, epsilon, levels, mean, quantiles)
    else:
        _other_responses(layer, scores, letters, kernel, epsilon, mean, quantiles)
    return Responses(np.repeat(n[:, :, None], size, axis=2), mean, quantiles)


def fired(layer, scores):
    """Return float64 activations of scores, negative ones being 0; those of a ReLU for a linear layer."""
    scores = np.asarray(scores, float)
    return np.maximum(scores if _like_relu(layer) else layer.activate(scores).astype(float), 0.0)


def _like_relu(layer):
    given = layer.activation_args
    return layer.activation in LIKE_RELU and given.get("max_value") is None and not given.get("threshold")


def _epsilon(before):
    return np.percentile(before, EPSILON) if len(before) else np.nan


def _log_ratio(after, before, epsilon):
    return np.log2((after + epsilon) / (before + epsilon))


def _other_responses(layer, scores, letters, kernel, epsilon, mean, quantiles):
    """Compute all responses, for an activation function of any form."""
    width, size = kernel.shape
    before = fired(layer, scores)
    for p in range(width):
        of_any = [[] for _ in range(size)]
        for a in range(size):
            here = letters[:, p] == a
            for b in range(size):
                changed = scores[here] + (kernel[p, b] - kernel[p, a])
                after = fired(layer, changed) if a != b else before[here]
                of_any[b].append(_log_ratio(after, before[here], epsilon))
                _summarise(of_any[b][a], mean, quantiles, (p, a, b))
        for b in range(size):
            _summarise(np.concatenate(of_any[b]), mean, quantiles, (p, size, b))


def _summarise(responses, mean, quantiles, where):
    if len(responses):
        mean[where], quantiles[where] = responses.mean(), np.quantile(responses, [*QUANTILES.values()])


@jit
def _count_letters(letters, counts):
    """Count letters (n, W) by position, into counts (W, letters)."""
    for i in range(letters.shape[0]):
        for p in range(letters.shape[1]):
            counts[p, letters[i, p]] += 1


@jit
def _relu_responses(scores, letters, counts, kernel, epsilon, levels, mean, quantiles):
    """Fill mean and quantiles of responses from ascending scores, by position and letter.

    The scores of the sites with letter a are put together. Their responses to b form two runs, of which one
    is often empty. Each is ascending if read in the right direction: from the last lost site to the first,
    and from the first kept site to the last (from the last to the first where b adds to the score).
    """
    width, size = kernel.shape
    logs, split = np.log2(scores + epsilon), np.empty(len(scores))
    first, step = np.zeros(2 * size, np.int64), np.zeros(2 * size, np.int64)
    length, change = np.zeros(2 * size, np.int64), np.zeros(2 * size)
    runs = (first, step, length, change)
    for p in range(width):
        bounds = np.zeros(size + 2, np.int64)
        bounds[1:] = np.cumsum(counts[p])
        before = np.zeros(size + 1)
        _split(scores, logs, letters[:, p], bounds.copy(), split, before)
        for b in range(size):
            total, end = 0.0, 0
            for a in range(size):
                low, high, begin = bounds[a], bounds[a + 1], end
                difference = kernel[p, b] - kernel[p, a]
                kept = low
                if difference < 0:
                    kept += np.searchsorted(split[low:high], -difference, side="right")
                if kept > low:
                    first[end], step[end], length[end], change[end] = kept - 1, -1, kept - low, difference
                    end += 1
                if high > kept:
                    first[end], step[end], length[end], change[end] = kept, 1, high - kept, difference
                    if difference >= 0:
                        first[end], step[end] = high - 1, -1
                    end += 1
                if a == b and high > low:
                    mean[p, a, b], quantiles[p, a, b] = 0.0, 0.0
                elif high > low:
                    after = (kept - low) * np.log2(epsilon)
                    after += _sum_log2(split, kept, high, difference + epsilon)
                    total += after - before[a]
                    mean[p, a, b] = (after - before[a]) / (high - low)
                    _run_quantiles(split, epsilon, runs, begin, end, levels, quantiles[p, a, b])
            if end > 0:
                mean[p, size, b] = total / bounds[size]
                _run_quantiles(split, epsilon, runs, 0, end, levels, quantiles[p, size, b])


@jit
def _split(scores, logs, letters, place, split, before):
    """Bring scores of the same letter together, in their order, and sum their logs."""
    for i in range(len(scores)):
        letter = letters[i]
        split[place[letter]] = scores[i]
        place[letter] += 1
        before[letter] += logs[i]


@jit
def _sum_log2(values, first, last, shift):
    """Return the sum of log2(values[first:last] + shift), with few logarithms, of products.

    The product of six float32 numbers, however small or large, is far within the range of float64.
    """
    total, product, i = 0.0, 1.0, first
    while i + 6 <= last:
        one = (values[i] + shift) * (values[i + 1] + shift)
        two = (values[i + 2] + shift) * (values[i + 3] + shift)
        three = (values[i + 4] + shift) * (values[i + 5] + shift)
        product *= one * two * three
        i += 6
        if not 1e-60 < product < 1e60:
            total += np.log2(product)
            product = 1.0
    while i < last:
        product *= values[i] + shift
        i += 1
    return total + np.log2(product)


@jit
def _run_quantiles(values, epsilon, runs, begin, end, levels, result):
    """Fill `result` with quantiles (linear interpolation) of the log2 ratios in the runs begin to end.

    The element of a rank among several ascending runs is found by bisection: the middle of the longest run
    is compared with all runs, and what cannot hold the rank is cut off. Levels ascend, so what lies below
    one of them is not looked at for the next.
    """
    first, step, length, change = runs
    total = length[begin:end].sum()
    low, high = np.zeros(end, np.int64), length.copy()
    below, up_to = np.zeros(end, np.int64), np.zeros(end, np.int64)
    for number in range(len(levels)):
        rank = int(levels[number] * (total - 1))
        high[begin:end] = length[begin:end]
        if end == begin + 1:
            low[begin], high[begin] = rank, rank + 1
        while True:
            longest = begin
            for run in range(begin + 1, end):
                if high[run] - low[run] > high[longest] - low[longest]:
                    longest = run
            middle = first[longest] + step[longest] * ((low[longest] + high[longest]) // 2)
            value = _ratio(values[middle], change[longest], epsilon)
            n_below = n_up_to = 0
            for run in range(begin, end):
                where = (values, first[run], step[run], change[run], epsilon)
                below[run] = _count(where, low[run], high[run], value, False)
                up_to[run] = _count(where, below[run], high[run], value, True)
                n_below += below[run]
                n_up_to += up_to[run]
            if n_below <= rank < n_up_to:
                break
            for run in range(begin, end):
                if rank < n_below:
                    high[run] = below[run]
                else:
                    low[run] = up_to[run]
        following = value
        if n_up_to == rank + 1 < total:
            following = np.inf
            for run in range(begin, end):
                if up_to[run] < length[run]:
                    place = first[run] + step[run] * up_to[run]
                    following = min(following, _ratio(values[place], change[run], epsilon))
        low[begin:end] = below[begin:end]
        weight = levels[number] * (total - 1) - rank
        result[number] = (1 - weight) * np.log2(value) + weight * np.log2(following)


@jit
def _ratio(score, change, epsilon):
    return (max(score + change, 0.0) + epsilon) / (score + epsilon)


@jit
def _count(run, low, high, value, equal):
    """Return how many elements of a run are below `value`, or equal to it; known to be in low to high."""
    values, first, step, change, epsilon = run
    while low < high:
        middle = (low + high) // 2
        element = _ratio(values[first + step * middle], change, epsilon)
        if element < value or (equal and element == value):
            low = middle + 1
        else:
            high = middle
    return low


def _table(layer, responses):
    """Return the rows of a layer's filters."""
    letters = list(layer.alphabet.letters)
    keys = pd.MultiIndex.from_product([layer.filters, range(layer.width), [*letters, ANY], letters])
    n, mean, quantiles = (np.stack(arrays) for arrays in zip(*responses, strict=True))
    columns = [*(keys.get_level_values(i) for i in range(4)), n.ravel(), mean.ravel()]
    columns += list(quantiles.reshape(-1, len(QUANTILES)).T)
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))


def _sample_table(layer, names, hits, letters, epsilon):
    """Return the rows of some sites of a layer; epsilon (filters,)."""
    size, width = layer.alphabet.size, layer.width
    kernel = (layer.kernel * layer.scale).astype(float)
    # An unknown letter is left out below; any weight will do for it.
    position, own = np.arange(width), np.minimum(letters, size - 1)
    f = hits.filter[:, None]
    change = kernel[position, :, f] - kernel[position, own, f][:, :, None]
    after = fired(layer, hits.score[:, None, None] + change)
    before = fired(layer, hits.score)[:, None, None]
    response = _log_ratio(after, before, epsilon[hits.filter][:, None, None])
    response[own[:, :, None] == np.arange(size)] = 0
    site, place = (index.repeat(size) for index in np.nonzero(letters < size))
    base = np.tile(np.arange(size), len(site) // size)
    alphabet = list(layer.alphabet.letters)
    number = np.array([names.index(name) for name in layer.filters])
    columns = (
        pd.Categorical.from_codes(number[hits.filter[site]], names),
        hits.row[site],
        hits.start[site],
        pd.Categorical.from_codes((hits.strand[site] < 0).astype(int), ["+", "-"]),
        hits.activation[site],
        place,
        pd.Categorical.from_codes(letters[site, place], alphabet),
        pd.Categorical.from_codes(base, alphabet),
        response[site, place, base],
    )
    return pd.DataFrame(dict(zip(SAMPLE_COLUMNS, columns, strict=True)))
