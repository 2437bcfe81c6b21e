"""What composition alone predicts: logistic regression on GC content or on k-mer counts.

A network that does not beat these has learnt nothing that needs a network. Baselines see the same
training examples, choose their penalty on the same validation examples, and are judged as networks are.
"""

import logging

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.linear_model import LogisticRegression, Ridge

from motifloom.data.encode import get_alphabet
from motifloom.errors import UserError
from motifloom.randomness import generator

logger = logging.getLogger(__name__)

KINDS = ("gc", "kmer")

# Inverse strengths of the penalty that validation chooses from; k-mer features have unit length.
PENALTIES = (0.1, 1.0, 10.0, 100.0)

# More training examples than this change a linear model no more, but cost memory.
MAX_TRAINING = 200_000

_MAX_KMERS = 4**10
_ROWS = 4096
_EPSILON = 1e-7


def fit_baseline(kind, dataset, parts, *, k=6, seed):
    """Fit a baseline on the training part and score every example.

    Classes: logistic regression (multinomial for multiclass, one model per label for multilabel); values:
    ridge regression. Both have an L2 penalty, whose strength is the one of `PENALTIES` with the smallest
    log loss (squared error) on the validation part. Without validation examples it is 1.

    Parameters
    ----------
    kind : str
        "gc" (fraction of G and C, and its square) or "kmer" (see :func:`kmer_features`; of DNA,
        a k-mer and its reverse complement count as one).
    dataset : object
        With `tokens` (N, L) uint8, array or HDF5 dataset, read by blocks of rows; `targets` (N, T), NaN where
        unknown; `alphabet` (an Alphabet or its name); `task`; and `classes`.
    parts : array of str (N,)
        train, validation or anything else, which is scored only.
    k : int
        Length of the k-mers.
    seed : int
        Seed of the draw of `MAX_TRAINING` examples where there are more.

    Returns
    -------
    scores : float32 (N, T)
        Probabilities, or values for regression.
    coefficients : pandas.DataFrame
        feature, target, coefficient; the constant is feature "(intercept)". `gc` and `gc^2` are of the plain
        fractions, k-mers of the features of :func:`kmer_features`.

    Raises
    ------
    UserError
        For an alphabet without GC, a k that is longer than the sequences or gives too many k-mers, and a
        training part without examples.
    """
    alphabet = dataset.alphabet if hasattr(dataset.alphabet, "size") else get_alphabet(dataset.alphabet)
    featurise, names = _features(kind, alphabet, dataset.tokens.shape[1], k)
    targets = np.asarray(dataset.targets[:], np.float64)
    parts = np.asarray(parts)
    rows = _sample(np.flatnonzero(parts == "train"), seed)
    if not len(rows):
        raise UserError(f"baseline {kind}: the training part has no examples; change the split")
    check = np.flatnonzero(parts == "validation")
    x, x_check = (_stack(_blocks(featurise, dataset.tokens, part)) for part in (rows, check))
    if dataset.task == "multiclass":
        known = np.isfinite(targets).all(axis=1)
        labels = np.where(known, np.nan_to_num(targets).argmax(axis=1), -1)
        models = [_fit_classes(x, labels[rows], x_check, labels[check], targets.shape[1])]
    else:
        fit = _fit_values if dataset.task == "regression" else _fit_label
        models = [fit(x, y[rows], x_check, y[check]) for y in targets.T]
    weights, intercept = (np.concatenate(part) for part in zip(*models, strict=True))
    link = {"multiclass": _softmax, "regression": lambda z: z}.get(dataset.task, _sigmoid)
    everything = np.arange(len(parts))
    scores = np.zeros((len(parts), len(intercept)), np.float32)
    for start, block in enumerate(_blocks(featurise, dataset.tokens, everything)):
        scores[start * _ROWS : (start + 1) * _ROWS] = link(block @ weights.T + intercept)
    classes = dataset.classes[1:] if dataset.task == "binary" else dataset.classes
    return scores, _coefficient_table(names, list(classes), weights, intercept)


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


def _features(kind, alphabet, length, k):
    """Return the function from tokens (n, L) to features (n, F), and the names of the features."""
    if kind not in KINDS:
        raise UserError(f"baseline: {kind!r} is not one of {', '.join(KINDS)}")
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


def _select(rows, *arrays):
    """Return the rows of arrays, without a copy where those are all."""
    return arrays if rows.all() else tuple(array[rows] for array in arrays)


def _best(fit, loss, n_check):
    """Return the fitted model whose penalty has the smallest validation loss."""
    if not n_check:
        return fit(1.0)
    models = [fit(penalty) for penalty in PENALTIES]
    return models[int(np.argmin([loss(model) for model in models]))]


def _scaled(x):
    """Return features on a common scale, with means and scales; k-mer features (sparse) have one already."""
    if sparse.issparse(x):
        return x, np.zeros(x.shape[1]), np.ones(x.shape[1])
    mean, scale = x.mean(axis=0), x.std(axis=0)
    scale = np.where(scale > _EPSILON, scale, 1.0)
    return (x - mean) / scale, mean, scale


def _plain(weights, intercept, mean, scale):
    """Return weights (T, F) and intercepts (T,) of scaled features as those of the plain ones."""
    weights = weights / scale
    return weights, intercept - weights @ mean


def _fit_label(x, y, x_check, y_check):
    """Fit one label; returns weights (1, F), intercept (1,)."""
    labels = np.where(np.isfinite(y), y > 0.5, -1)
    check = np.where(np.isfinite(y_check), y_check > 0.5, -1)
    weights, intercept = _fit_classes(x, labels, x_check, check, 2)
    return weights[1:] - weights[:1], intercept[1:] - intercept[:1]


def _fit_classes(x, labels, x_check, check, n_classes):
    """Fit classes 0 to n - 1 (-1 is unknown); returns weights (n, F), intercepts (n,) of a softmax."""
    x, labels = _select(labels >= 0, x, labels)
    x_check, check = _select(check >= 0, x_check, check)
    frequency = np.bincount(labels, minlength=n_classes) / max(len(labels), 1)
    # A class without training examples has the probability that the limit of the log loss gives it.
    prior = np.log(np.maximum(frequency, _EPSILON))
    weights = np.zeros((n_classes, x.shape[1]))
    if np.count_nonzero(frequency) < 2:
        return weights, prior
    scaled, mean, scale = _scaled(x)
    classes = np.unique(labels)

    def fit(penalty):
        model = LogisticRegression(C=penalty, max_iter=1000).fit(scaled, labels)
        return _plain(_both(model.coef_), _both(model.intercept_), mean, scale)

    def loss(model):
        probability = np.full((len(check), n_classes), _EPSILON)
        probability[:, classes] = _softmax(x_check @ model[0].T + model[1])
        return -np.log(np.maximum(probability[np.arange(len(check)), check], _EPSILON)).mean()

    fitted = _best(fit, loss, len(check))
    weights[classes] = fitted[0]
    intercept = prior.copy()
    intercept[classes] = fitted[1]
    return weights, intercept


def _both(values):
    """Return the parameters of both classes, where scikit-learn gives those of the second only."""
    return np.concatenate([-values / 2, values / 2]) if len(values) == 1 else values


def _fit_values(x, y, x_check, y_check):
    """Fit one value; returns weights (1, F), intercept (1,)."""
    x, y = _select(np.isfinite(y), x, y)
    x_check, y_check = _select(np.isfinite(y_check), x_check, y_check)
    if not len(y):
        return np.zeros((1, x.shape[1])), np.zeros(1)
    scaled, mean, scale = _scaled(x)

    def fit(penalty):
        model = Ridge(alpha=1 / penalty, solver="auto", tol=1e-6).fit(scaled, y)
        return _plain(model.coef_[None], np.atleast_1d(model.intercept_), mean, scale)

    def loss(model):
        return ((x_check @ model[0][0] + model[1][0] - y_check) ** 2).mean()

    return _best(fit, loss, len(y_check))


def _sigmoid(z):
    return 1 / (1 + np.exp(-np.clip(z, -500, 500)))


def _softmax(z):
    z = np.exp(z - z.max(axis=1, keepdims=True))
    return z / z.sum(axis=1, keepdims=True)


def _coefficient_table(names, classes, weights, intercept):
    """Return weights (T, F) and intercepts (T,) as feature, target, coefficient."""
    features = ["(intercept)", *names]
    values = np.concatenate([intercept[:, None], weights], axis=1)
    return pd.DataFrame(
        {
            "feature": features * len(classes),
            "target": np.repeat(classes, len(features)),
            "coefficient": values.ravel(),
        }
    )
