"""What filters look for, by several methods: from the windows that they respond to, or from their weights.

`motifloom.config.methods` lists the methods and what each depends on.
"""

import numpy as np

from motifloom.filters.motifs import MotifSet
from motifloom.filters.scan import Hits, count_hits, positive_quantile, read_blocks, score_cutoffs
from motifloom.filters.summaries import layer_slices


def letter_frequencies(tokens, alphabet, rows=None):
    """Return the frequencies, float (A,), of the known letters of tokens (N, L); uniform without any."""
    counts = np.zeros(256, np.int64)
    for _, block in read_blocks(tokens, rows):
        counts += np.bincount(block.ravel(), minlength=256)
    counts = counts[: alphabet.size]
    return counts / counts.sum() if counts.any() else np.full(alphabet.size, 1 / alphabet.size)


def top_motifs(bank, tokens, *, rows=None, percentile=90.0, include_all_positive=False, threads=None):
    """Build motifs from the windows that activate each filter most.

    A site is a window whose activation is positive and at or above the percentile of the filter's
    positive activations over all windows (linear interpolation, as `numpy.percentile`). Windows inside
    the sequence count, with at least one known letter. A filter that never fires has 0 sites.

    Parameters
    ----------
    bank : FilterBank
        The filters.
    tokens : array or h5py dataset, uint8 (N, L)
        Sequences; read by blocks.
    rows : int array or None
        Which sequences; default all.
    percentile : float
        0 to 100.
    include_all_positive : bool
        Every window with a positive activation is a site; the threshold is 0, exclusive.
    threads : int or None
        Default: all CPUs. No result depends on it.
    """
    thresholds, cutoffs = [], {}
    for layer in bank.layers:
        if include_all_positive:
            threshold = np.zeros(len(layer.filters))
        else:
            threshold, _ = positive_quantile(layer, tokens, percentile, rows, threads=threads)
        cutoffs.update(zip(layer.filters, score_cutoffs(layer, threshold).T, strict=True))
        thresholds += threshold.tolist()
    parameters = {"percentile": percentile, "include_all_positive": include_all_positive}
    return cutoff_motifs("top", bank, tokens, cutoffs, thresholds, parameters, rows=rows, threads=threads)


def cutoff_motifs(method, bank, tokens, cutoffs, thresholds, parameters=None, *, rows=None, threads=None):
    """Build motifs from all windows with a score of at least a cutoff.

    Parameters
    ----------
    method : str
        Name of the method that chose the cutoffs.
    cutoffs : dict of str to float32 (W + 1,)
        By filter: the least score of a site, by its number of known letters.
    thresholds : float (F,)
        The least activations, for the record.
    """
    counts, n_sites = {}, []
    for layer in bank.layers:
        hits, letters = count_hits(layer, tokens, stack_cutoffs(layer, cutoffs), rows, threads=threads)
        counts.update(zip(layer.filters, letters, strict=True))
        n_sites += hits.tolist()
    return MotifSet(
        method,
        bank.alphabet,
        counts,
        _layers(bank),
        n_sites,
        np.where(np.array(n_sites) > 0, thresholds, np.nan),
        letter_frequencies(tokens, bank.alphabet, rows),
        parameters,
        cutoffs=cutoffs,
        kernels=_kernels(bank),
    )


def stack_cutoffs(layer, cutoffs):
    """Return the cutoffs of a layer's filters, float32 (W + 1, F), from those by name."""
    return np.stack([cutoffs[name] for name in layer.filters], axis=1).astype(np.float32)


def class_max_motifs(bank, tokens, summary, members, names, *, rows=None, most_sites=750):
    """Build motifs from the best windows of the sequences of each filter's top class (pysster).

    The top class of a filter is the one with the largest mean, over its sequences, of the largest
    activation; that mean is the threshold. Sites are the best windows of the sequences of that class whose
    activation lies above it, at most `most_sites`, the most active first.

    Parameters
    ----------
    bank, tokens
        As for :func:`top_motifs`.
    summary : Summary
        Of all N sequences, see :mod:`motifloom.filters.summaries`.
    members : bool (N, C)
        Which sequences belong to which class.
    names : list of str
        Names of the classes.
    rows : int array or None
        Which sequences; default all.
    most_sites : int
        See above.
    """
    counts, n_sites, thresholds, tops = {}, [], [], {}
    for layer, columns in layer_slices(bank):
        hits, threshold, top = best_windows(layer, columns, summary, members, rows, most_sites)
        counts.update(zip(layer.filters, letters_of(layer, tokens, hits), strict=True))
        n_sites += np.bincount(hits.filter, minlength=len(layer.filters)).tolist()
        thresholds += threshold.tolist()
        tops |= {
            name: names[c] if c >= 0 else None for name, c in zip(layer.filters, top.tolist(), strict=True)
        }
    background = letter_frequencies(tokens, bank.alphabet, rows)
    parameters = {"most_sites": most_sites, "top_targets": tops}
    return MotifSet(
        "class_max",
        bank.alphabet,
        counts,
        _layers(bank),
        n_sites,
        thresholds,
        background,
        parameters,
        kernels=_kernels(bank),
    )


def best_windows(layer, columns, summary, members, rows=None, most_sites=750):
    """Return the windows behind the motifs of :func:`class_max_motifs` in one layer.

    Returns
    -------
    hits : Hits
        Ordered by filter and row; without `score`, and `known` 0.
    threshold : float (F,)
        Largest class mean of the maxima; NaN for a filter that never fires.
    top : int (F,)
        The class that has it; -1 where there is none.
    """
    rows = np.arange(len(members)) if rows is None else np.asarray(rows)
    maxima, members = summary.maximum[rows, columns].astype(np.float64), np.asarray(members)[rows] > 0
    # A filter that never fires has no best window, wherever its maximum is.
    seen = ~np.isnan(maxima) & (maxima > 0).any(axis=0)
    size = members.T.astype(float) @ seen
    total = members.T.astype(float) @ np.where(seen, maxima, 0.0)
    means = np.divide(total, size, out=np.full(size.shape, -np.inf), where=size > 0)
    top = np.where((size > 0).any(axis=0), means.argmax(axis=0), -1)
    threshold = np.where(top >= 0, means.max(axis=0), np.nan)
    found = [
        _most_active(maxima[:, f], members[:, top[f]], threshold[f], most_sites) for f in range(len(top))
    ]
    number = np.repeat(np.arange(len(found)), [len(chosen) for chosen in found])
    here = np.concatenate([*found, np.zeros(0, np.int64)]).astype(np.int64)
    row, column = rows[here], number + columns.start
    hits = Hits(
        row=row,
        start=summary.start[row, column].astype(np.int64),
        strand=summary.strand[row, column],
        filter=number,
        known=np.zeros(len(row), np.int16),
        score=np.full(len(row), np.nan, np.float32),
        activation=summary.maximum[row, column],
    )
    return hits, threshold, top


def _most_active(maxima, members, threshold, most):
    """Return which sequences (ascending) of a class lie above the threshold and 0, the most active only."""
    above = np.flatnonzero(members & (maxima > max(threshold, 0.0))) if threshold == threshold else []
    if len(above) > most:
        above = np.sort(above[np.argsort(-maxima[above], kind="stable")[:most]])
    return above


def letters_of(layer, tokens, hits):
    """Count the letters of windows: int64 (F, W, A), as the filters read them; unknown letters add none."""
    size, shape = layer.alphabet.size, (len(layer.filters), layer.width)
    counts = np.zeros(shape[0] * shape[1] * (size + 1), np.int64)
    order = np.argsort(hits.row, kind="stable")
    rows = np.unique(hits.row)
    for part, block in read_blocks(tokens, rows):
        first, last = np.searchsorted(hits.row[order], [part[0], part[-1] + 1])
        chosen = order[first:last]
        at = np.searchsorted(part, hits.row[chosen])
        letters = window_letters(layer, block, at, hits.start[chosen], hits.strand[chosen])
        place = hits.filter[chosen][:, None] * layer.width + np.arange(layer.width)
        counts += np.bincount((place * (size + 1) + letters).ravel(), minlength=len(counts))
    return counts.reshape(*shape, size + 1)[:, :, :size]


def window_letters(layer, sequences, row, start, strand):
    """Return the tokens, uint8 (n, W), of windows as the filter reads them.

    sequences : uint8 (m, L); row, start, strand : int (n,), where the windows lie in them.
    """
    places = np.asarray(start)[:, None] + np.arange(layer.width) * layer.dilation
    letters = sequences[np.asarray(row)[:, None], places]
    minus = np.asarray(strand) < 0
    if minus.any():
        letters[minus] = layer.alphabet.reverse_complement(letters[minus])
    return np.minimum(letters, layer.alphabet.size)


def softmax_motifs(bank, background=None):
    """Build motifs from the weights: the softmax of each position's weights over the letters."""

    def softmax(kernel):
        powers = np.exp(kernel - kernel.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    return _weight_motifs("softmax", bank, softmax, background)


def positive_motifs(bank, background=None, equal_shares=False):
    """Build motifs from the positive weights: each position's, divided by their sum.

    Parameters
    ----------
    bank : FilterBank
        The filters.
    background : float (A,) or None
        What a position without a positive weight holds; default all letters equally likely.
    equal_shares : bool
        All letters with a positive weight share a position equally, whatever their weights (Cnnamon's
        definition).
    """

    def normalise(kernel):
        # Positions without a positive weight stay empty, which reads as background.
        kernel = kernel > 0 if equal_shares else np.maximum(kernel, 0)
        total = kernel.sum(axis=1, keepdims=True)
        return np.divide(kernel, total, out=np.zeros(kernel.shape), where=total > 0)

    return _weight_motifs("positive", bank, normalise, background, {"equal_shares": equal_shares})


def _weight_motifs(method, bank, function, background, parameters=None):
    kernels = _kernels(bank)
    counts = {name: function(kernel) for name, kernel in kernels.items()}
    return MotifSet(
        method,
        bank.alphabet,
        counts,
        _layers(bank),
        background=background,
        parameters=parameters,
        kernels=kernels,
    )


def _layers(bank):
    return [layer.name for layer in bank.layers for _ in layer.filters]


def _kernels(bank):
    """Return the weights (W, A) of each filter, with the sign that makes high scores speak for it."""
    return {
        name: layer.kernel[:, :, f].astype(float) * layer.scale[f]
        for layer in bank.layers
        for f, name in enumerate(layer.filters)
    }
