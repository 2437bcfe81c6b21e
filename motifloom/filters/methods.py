"""What filters look for, by several methods: from the windows that they respond to, or from their weights."""

import numpy as np

from motifloom.filters.motifs import MotifSet
from motifloom.filters.scan import count_hits, positive_quantile, read_blocks, score_cutoffs


def find_motifs(method, bank, tokens=None, *, rows=None, **options):
    """Return the motif set of one method: top, softmax or positive.

    Parameters
    ----------
    method : str
        See :func:`top_motifs`, :func:`softmax_motifs`, :func:`positive_motifs`.
    bank : FilterBank
        The filters.
    tokens, rows
        Sequences, for `top` alone.
    **options
        Of the method's function.
    """
    if method == "top":
        return top_motifs(bank, tokens, rows=rows, **options)
    return {"softmax": softmax_motifs, "positive": positive_motifs}[method](bank, **options)


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
    counts, layers, n_sites, thresholds = {}, [], [], []
    for layer in bank.layers:
        if include_all_positive:
            threshold = np.zeros(len(layer.filters))
        else:
            threshold, _ = positive_quantile(layer, tokens, percentile, rows, threads=threads)
        hits, letters = count_hits(layer, tokens, score_cutoffs(layer, threshold), rows, threads=threads)
        counts.update(zip(layer.filters, letters, strict=True))
        layers += [layer.name] * len(layer.filters)
        n_sites += hits.tolist()
        thresholds += threshold.tolist()
    parameters = {"percentile": percentile, "include_all_positive": include_all_positive}
    background = letter_frequencies(tokens, bank.alphabet, rows)
    return MotifSet("top", bank.alphabet, counts, layers, n_sites, thresholds, background, parameters)


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
    kernels = {
        name: function(layer.kernel[:, :, f].astype(float) * layer.scale[f])
        for layer in bank.layers
        for f, name in enumerate(layer.filters)
    }
    layers = [layer.name for layer in bank.layers for _ in layer.filters]
    return MotifSet(method, bank.alphabet, kernels, layers, background=background, parameters=parameters)
