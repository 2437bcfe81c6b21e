"""Training examples as Keras' fit takes them: one byte a base, in memory or streamed from disk."""

import math

import numpy as np
import tensorflow as tf

from motifloom.randomness import generator

# Tokens up to this size are held in memory, with the reverse complements (Keras makes one more copy).
MEMORY = 2**30
# Rows read at once when streaming, and how many such runs of rows, chosen at random, are mixed.
RUN, MIXED = 2048, 8


def feed(tokens, rows, targets, *, batch_size, seed=None, class_weight=None, complement=None, memory=MEMORY):
    """Return the arguments of `fit` or `evaluate` that hold examples.

    Parameters
    ----------
    tokens : array or h5py.Dataset, uint8 (N, L)
    rows : int array (n,)
        Which rows, ascending.
    targets : float32 (n, T)
        Targets of these rows.
    batch_size : int
    seed : int or None
        Seed of the order, which is another in every epoch; None keeps the order.
    class_weight : float (classes,) or None
        Weight of each class.
    complement : motifloom.data.encode.Alphabet or None
        Add the reverse complement of each example, so that an epoch has 2 n.
    memory : int
        Bytes of tokens above which they are streamed from `tokens` in every epoch: batches are then
        drawn from `MIXED` runs of `RUN` neighbouring rows at a time, instead of from all.

    Returns
    -------
    dict
        x, y, sample_weight, batch_size, shuffle; or x, a tf.data.Dataset of batches, and shuffle.
    """
    weights = None if class_weight is None else _weights(targets, class_weight)
    copies = 1 if complement is None else 2
    if copies * len(rows) * tokens.shape[1] > memory:
        return {
            "x": _stream(tokens, rows, targets, weights, batch_size, seed, complement),
            "shuffle": False,  # by Keras
        }
    held = np.empty((copies * len(rows), tokens.shape[1]), np.uint8)
    for start in range(0, len(rows), RUN):
        chosen = rows[start : start + RUN]
        held[start : start + len(chosen)] = _read(tokens, chosen)
    if complement is not None:
        for start in range(0, len(rows), RUN):
            block = held[start : min(start + RUN, len(rows))]
            held[len(rows) + start : len(rows) + start + len(block)] = complement.reverse_complement(block)
    return {
        "x": held,
        "y": np.tile(targets, (copies, 1)),
        "sample_weight": None if weights is None else np.tile(weights, copies),
        "batch_size": batch_size,
        "shuffle": seed is not None,
    }


def _weights(targets, class_weight):
    """Return float32 (n,): the weight of each example's class."""
    classes = targets[:, 0].astype(int) if targets.shape[1] == 1 else targets.argmax(axis=1)
    return np.asarray(class_weight, np.float32)[classes]


def _read(tokens, rows):
    """Return rows (ascending, near each other) of an array in memory or in HDF5."""
    if not len(rows):
        return np.empty((0, tokens.shape[1]), np.uint8)
    return tokens[rows[0] : rows[-1] + 1][rows - rows[0]]


def _stream(tokens, rows, targets, weights, batch_size, seed, complement):
    """Return a tf.data.Dataset of batches that starts a new order in every epoch."""
    copies = 1 if complement is None else 2
    epoch = iter(range(2**62))

    def batches():
        rng = None if seed is None else generator(seed, "order", next(epoch))
        yield from _batches(tokens, rows, (targets, weights), batch_size, rng, complement)

    signature = [tf.TensorSpec((None, tokens.shape[1]), tf.uint8), tf.TensorSpec((None, targets.shape[1]))]
    if weights is not None:
        signature.append(tf.TensorSpec((None,)))
    steps = math.ceil(copies * len(rows) / batch_size)
    data = tf.data.Dataset.from_generator(batches, output_signature=tuple(signature))
    return data.apply(tf.data.experimental.assert_cardinality(steps)).prefetch(4)


def _batches(tokens, rows, labels, batch_size, rng, complement):
    """Yield (tokens, targets[, weights]) of one epoch; all batches but the last are full."""
    targets, weights = labels
    starts = np.arange(0, len(rows), RUN)
    if rng is not None:
        rng.shuffle(starts)
    rest = ()
    for group in range(0, len(starts), MIXED):
        places = [np.arange(s, min(s + RUN, len(rows))) for s in starts[group : group + MIXED]]
        block = np.concatenate([_read(tokens, rows[place]) for place in places])
        places = np.concatenate(places)
        if complement is not None:
            block = np.concatenate([block, complement.reverse_complement(block)])
            places = np.tile(places, 2)
        order = np.arange(len(block)) if rng is None else rng.permutation(len(block))
        arrays = [block[order], targets[places[order]]]
        if weights is not None:
            arrays.append(weights[places[order]])
        if rest:
            arrays = [np.concatenate(pair) for pair in zip(rest, arrays, strict=True)]
        whole = len(arrays[0]) // batch_size * batch_size
        if group + MIXED >= len(starts):
            whole = len(arrays[0])
        for start in range(0, whole, batch_size):
            yield tuple(array[start : min(start + batch_size, whole)] for array in arrays)
        rest = tuple(array[whole:] for array in arrays)
