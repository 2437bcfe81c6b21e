"""What linear models predict: logistic regression on GC content, on k-mer counts, or on letters by position.

A network that does not beat these has learnt nothing that needs a network. Baselines see the same
training examples with the same weights, choose their penalty on the same validation examples, and are judged
as networks are.
"""

import functools
import logging

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.linear_model import LogisticRegression, Ridge

from motifloom.data.encode import get_alphabet
from motifloom.errors import UserError
from motifloom.randomness import generator

logger = logging.getLogger(__name__)

KINDS = ("gc", "kmer", "additive")

# Inverse strengths of the penalty that validation chooses from; k-mer features have unit length.
PENALTIES = (0.1, 1.0, 10.0, 100.0)

# More training examples than this change a linear model no more, but cost memory.
MAX_TRAINING = 200_000

_MAX_KMERS = 4**10
_ROWS = 4096
_EPSILON = 1e-7


def fit_baseline(kind, dataset, parts, *, k=6, seed, scored=None):
    """Fit a baseline on the training part and score every example, or those of another dataset.

    Classes: logistic regression (multinomial for multiclass, one model per label for multilabel); values:
    ridge regression. Both have an L2 penalty, whose strength is the one of `PENALTIES` with the smallest
    log loss (squared error) on the validation part. Without validation examples it is 1. An example of
    weight 2 counts as two in all of this, one of weight 0 as none.

    Parameters
    ----------
    kind : str
        "gc" (fraction of G and C, and its square), "kmer" (see :func:`kmer_features`; of DNA, a k-mer and
        its reverse complement count as one) or "additive" (see :func:`letter_features`).
    dataset : object
        With `tokens` (N, L) uint8, array or HDF5 dataset, read by blocks of rows; `targets` (N, T), NaN where
        unknown; `weights` (N,) or None, where all count alike; `alphabet` (an Alphabet or its name); `task`;
        and `classes`.
    parts : array of str (N,)
        train, validation or anything else, which is scored only.
    k : int
        Length of the k-mers.
    seed : int
        Seed of the draw of `MAX_TRAINING` examples where there are more.
    scored : uint8 (M, L), array or HDF5 dataset, optional
        Tokens to score instead of those of `dataset`.

    Returns
    -------
    scores : float32 (N, T), or (M, T)
        Probabilities, or values for regression.
    coefficients : pandas.DataFrame
        feature, target, coefficient; the constant is feature "(intercept)". `gc` and `gc^2` are of the plain
        fractions, k-mers of the features of :func:`kmer_features`; `A3` is the letter A at position 3, from
        1, and without unknown letters the coefficients of each position add up to 0.

    Raises
    ------
    UserError
        For an alphabet without GC, a k that is longer than the sequences or gives too many k-mers, sequences
        to score of another length, and a training part without examples.
    """
    alphabet = dataset.alphabet if hasattr(dataset.alphabet, "size") else get_alphabet(dataset.alphabet)
    scored, length = dataset.tokens if scored is None else scored, dataset.tokens.shape[1]
    if scored.shape[1] != length:
        raise UserError(f"baseline {kind}: fitted to sequences of {length} letters, not of {scored.shape[1]}")
    featurise, names = _features(kind, alphabet, length, k)
    targets = np.asarray(dataset.targets[:], np.float64)
    weights = np.ones(len(targets)) if dataset.weights is None else np.asarray(dataset.weights, np.float64)
    parts = np.asarray(parts)
    rows = _sample(np.flatnonzero(parts == "train"), seed)
    if not len(rows):
        raise UserError(f"baseline {kind}: the training part has no examples; change the split")
    check = np.flatnonzero(parts == "validation")
    x, x_check = (_stack(_blocks(featurise, dataset.tokens, part)) for part in (rows, check))
    if dataset.task == "multiclass":
        known = np.isfinite(targets).all(axis=1)
        labels = np.where(known, np.nan_to_num(targets).argmax(axis=1), -1)
        fit, columns = functools.partial(_fit_classes, n_classes=targets.shape[1]), [labels]
    else:
        fit, columns = _fit_values if dataset.task == "regression" else _fit_label, targets.T
    models = [fit((x, y[rows], weights[rows]), (x_check, y[check], weights[check])) for y in columns]
    slopes, intercept = (np.concatenate(part) for part in zip(*models, strict=True))
    link = {"multiclass": _softmax, "regression": lambda z: z}.get(dataset.task, _sigmoid)
    scores = np.zeros((len(scored), len(intercept)), np.float32)
    for start, block in enumerate(_blocks(featurise, scored, np.arange(len(scored)))):
        scores[start * _ROWS : (start + 1) * _ROWS] = link(block @ slopes.T + intercept)
    classes = dataset.classes[1:] if dataset.task == "binary" else dataset.classes
    return scores, _coefficient_table(names, list(classes), slopes, intercept)


def gc_features(tokens, alphabet):
    """Return the fraction of G and C among known bases, and its square.

    Parameters
    ----------
    tokens : uint8 (n, L)
    alphabet : Alphabet
        DNA or RNA.

    Returns
    -------
    float64 (n, 2)
        A sequence without known bases counts as 0.5.
    """
    known = (tokens < alphabet.size).sum(axis=1)
    strong = np.isin(tokens, [alphabet.letters.index(letter) for letter in "GC"]).sum(axis=1)
    gc = np.where(known > 0, strong / np.maximum(known, 1), 0.5)
    return np.stack([gc, gc**2], axis=1)


def kmer_columns(alphabet, k, canonical):
    """Return the feature of every k-mer.

    Parameters
    ----------
    alphabet : Alphabet
    k : int
    canonical : bool
        Give a k-mer and its reverse complement the same feature.

    Returns
    -------
    columns : int64 (A ** k,)
        Feature of the k-mer whose tokens are the digits of the index in base A.
    names : list of str
        The k-mer of each feature, the alphabetically first of the two where canonical.
    """
    digits = np.stack(np.unravel_index(np.arange(alphabet.size**k), (alphabet.size,) * k), axis=1)
    digits = digits.astype(np.uint8)
    codes = np.arange(len(digits))
    if canonical:
        powers = alphabet.size ** np.arange(k)[::-1]
        codes = np.minimum(codes, alphabet.reverse_complement(digits).astype(np.int64) @ powers)
    distinct, columns = np.unique(codes, return_inverse=True)
    text = alphabet.decode(digits[distinct].ravel())
    return columns, [text[i : i + k] for i in range(0, len(text), k)]


def kmer_features(tokens, alphabet, k, columns):
    """Return k-mer features: log(1 + count), scaled to unit length.

    The logarithm keeps repeats from drowning the rest; the unit length makes the penalty mean the same for
    sequences of every length. A k-mer with an unknown base is not counted.

    Parameters
    ----------
    tokens : uint8 (n, L)
    alphabet : Alphabet
    k : int
    columns : int (A ** k,)
        Feature of every k-mer, from :func:`kmer_columns`.

    Returns
    -------
    scipy.sparse.csr_array
        float32 (n, F).
    """
    windows = tokens.shape[1] - k + 1
    codes = np.zeros((len(tokens), windows), np.int64)
    known = np.ones(codes.shape, bool)
    for offset in range(k):
        letters = tokens[:, offset : offset + windows]
        codes = codes * alphabet.size + letters
        known &= letters < alphabet.size
    pointers = np.concatenate([[0], np.cumsum(known.sum(axis=1))])
    found = columns[codes[known]]
    shape = (len(tokens), int(columns.max()) + 1)
    counts = sparse.csr_array((np.ones(len(found), np.float32), found, pointers), shape=shape)
    counts.sum_duplicates()
    counts.data = np.log1p(counts.data)
    length = np.sqrt(counts.multiply(counts).sum(axis=1))
    counts.data /= np.repeat(np.maximum(length, _EPSILON), np.diff(counts.indptr)).astype(np.float32)
    return counts


def letter_features(tokens, alphabet):
    """Return 1 for the letter at each position, 0 for the others; of an unknown one all are 0.

    Parameters
    ----------
    tokens : uint8 (n, L)
    alphabet : Alphabet

    Returns
    -------
    scipy.sparse.csr_array
        float64 (n, L * A): the letters of the first position, of the second, ....
    """
    known = tokens < alphabet.size
    found = (np.arange(tokens.shape[1]) * alphabet.size + tokens)[known]
    pointers = np.concatenate([[0], np.cumsum(known.sum(axis=1))])
    shape = (len(tokens), tokens.shape[1] * alphabet.size)
    return sparse.csr_array((np.ones(len(found)), found, pointers), shape=shape)


def _features(kind, alphabet, length, k):
    """Return the function from tokens (n, L) to features (n, F), and the names of the features."""
    if kind not in KINDS:
        raise UserError(f"baseline: {kind!r} is not one of {', '.join(KINDS)}")
    if kind == "additive":
        names = [f"{letter}{position + 1}" for position in range(length) for letter in alphabet.letters]
        return lambda tokens: letter_features(tokens, alphabet), names
    if kind == "gc":
        if alphabet.complement is None or not set("GC") <= set(alphabet.letters):
            raise UserError(f"baseline gc: alphabet {alphabet.name} has no GC content; use baseline kmer")
        return lambda tokens: gc_features(tokens, alphabet), ["gc", "gc^2"]
    if not 1 <= k <= length:
        raise UserError(f"baseline kmer: k is {k}, the sequences have {length} letters; use a smaller k")
    if alphabet.size**k > _MAX_KMERS:
        most = int(np.log(_MAX_KMERS) / np.log(alphabet.size))
        raise UserError(
            f"baseline kmer: k is {k}, too large for alphabet {alphabet.name}; use {most} or less"
        )
    # RNA has one strand.
    columns, names = kmer_columns(alphabet, k, canonical=alphabet.name == "dna")
    return lambda tokens: kmer_features(tokens, alphabet, k, columns), names


def _sample(rows, seed):
    """Return at most MAX_TRAINING of the rows, sorted."""
    if len(rows) > MAX_TRAINING:
        logger.info("fitting on %d of %d training examples", MAX_TRAINING, len(rows))
        rows = np.sort(generator(seed, "baseline").choice(rows, MAX_TRAINING, replace=False))
    return rows


def _blocks(featurise, tokens, rows):
    """Yield the features of sorted rows by blocks."""
    for start in range(0, max(len(rows), 1), _ROWS):
        block = rows[start : start + _ROWS]
        first, last = (block[0], block[-1] + 1) if len(block) else (0, 0)
        # A slice and a selection in memory are much faster on HDF5 than a selection on disk.
        yield featurise(np.asarray(tokens[first:last])[block - first])


def _stack(blocks):
    blocks = list(blocks)
    return sparse.vstack(blocks, "csr") if sparse.issparse(blocks[0]) else np.concatenate(blocks)


def _select(known, x, y, weights):
    """Return what is known and counts, without a copy of the features where that is all."""
    rows = known & (weights > 0)
    return (x, y, weights) if rows.all() else (x[rows], y[rows], weights[rows])


def _best(fit, losses, weights):
    """Return the fitted model whose penalty has the smallest mean loss on the validation part."""
    if not len(weights):
        return fit(1.0)
    models = [fit(penalty) for penalty in PENALTIES]
    return models[int(np.argmin([np.average(losses(model), weights=weights) for model in models]))]


def _scaled(x, weights):
    """Return features on a common scale, with means and scales; sparse features have one already."""
    if sparse.issparse(x):
        return x, np.zeros(x.shape[1]), np.ones(x.shape[1])
    mean = np.average(x, axis=0, weights=weights)
    scale = np.sqrt(np.average((x - mean) ** 2, axis=0, weights=weights))
    scale = np.where(scale > _EPSILON, scale, 1.0)
    return (x - mean) / scale, mean, scale


def _plain(slopes, intercept, mean, scale):
    """Return slopes (T, F) and intercepts (T,) of scaled features as those of the plain ones."""
    slopes = slopes / scale
    return slopes, intercept - slopes @ mean


def _fit_label(training, validation):
    """Fit one label to features, targets and weights; returns slopes (1, F), intercept (1,)."""
    training, validation = (
        (x, np.where(np.isfinite(y), y > 0.5, -1), weights) for x, y, weights in (training, validation)
    )
    slopes, intercept = _fit_classes(training, validation, n_classes=2)
    return slopes[1:] - slopes[:1], intercept[1:] - intercept[:1]


def _fit_classes(training, validation, n_classes):
    """Fit classes 0 to n - 1 (-1 is unknown); returns slopes (n, F), intercepts (n,) of a softmax."""
    x, labels, weights = _select(training[1] >= 0, *training)
    x_check, check, check_weights = _select(validation[1] >= 0, *validation)
    frequency = np.bincount(labels, weights, minlength=n_classes) / max(weights.sum(), _EPSILON)
    # A class without training examples has the probability that the limit of the log loss gives it.
    prior = np.log(np.maximum(frequency, _EPSILON))
    slopes = np.zeros((n_classes, x.shape[1]))
    if np.count_nonzero(frequency) < 2:
        return slopes, prior
    scaled, mean, scale = _scaled(x, weights)
    classes = np.unique(labels)

    def fit(penalty):
        model = LogisticRegression(C=penalty, max_iter=1000).fit(scaled, labels, weights)
        return _plain(_both(model.coef_), _both(model.intercept_), mean, scale)

    def losses(model):
        probability = np.full((len(check), n_classes), _EPSILON)
        probability[:, classes] = _softmax(x_check @ model[0].T + model[1])
        return -np.log(np.maximum(probability[np.arange(len(check)), check], _EPSILON))

    fitted = _best(fit, losses, check_weights)
    slopes[classes] = fitted[0]
    intercept = prior.copy()
    intercept[classes] = fitted[1]
    return slopes, intercept


def _both(values):
    """Return the parameters of both classes, where scikit-learn gives those of the second only."""
    return np.concatenate([-values / 2, values / 2]) if len(values) == 1 else values


def _fit_values(training, validation):
    """Fit one value; returns slopes (1, F), intercept (1,)."""
    x, y, weights = _select(np.isfinite(training[1]), *training)
    x_check, y_check, check_weights = _select(np.isfinite(validation[1]), *validation)
    if not len(y):
        return np.zeros((1, x.shape[1])), np.zeros(1)
    scaled, mean, scale = _scaled(x, weights)

    def fit(penalty):
        model = Ridge(alpha=1 / penalty, solver="auto", tol=1e-6).fit(scaled, y, weights)
        return _plain(model.coef_[None], np.atleast_1d(model.intercept_), mean, scale)

    def losses(model):
        return (x_check @ model[0][0] + model[1][0] - y_check) ** 2

    return _best(fit, losses, check_weights)


def _sigmoid(z):
    return 1 / (1 + np.exp(-np.clip(z, -500, 500)))


def _softmax(z):
    z = np.exp(z - z.max(axis=1, keepdims=True))
    return z / z.sum(axis=1, keepdims=True)


def _coefficient_table(names, classes, slopes, intercept):
    """Return slopes (T, F) and intercepts (T,) as feature, target, coefficient."""
    features = ["(intercept)", *names]
    values = np.concatenate([intercept[:, None], slopes], axis=1)
    return pd.DataFrame(
        {
            "feature": features * len(classes),
            "target": np.repeat(classes, len(features)),
            "coefficient": values.ravel(),
        }
    )
