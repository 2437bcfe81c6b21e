"""Examples as Keras' fit takes them: one byte a base, from memory or read from disk in every epoch."""

import math

import keras
import numpy as np
import tensorflow as tf

from motifloom.models.augment import NOTHING, augment
from motifloom.randomness import generator

# Bytes of tokens that are handed to TensorFlow at once, which cuts them into batches.
BLOCK = 2**20
# When streaming, an epoch is read in runs of neighbouring rows, and a block mixes some of them.
RUN, MIXED = 2**17, 64


class Feed(keras.callbacks.Callback):
    """Examples for `fit` or `evaluate`; a callback, for order and augmentation depend on the epoch.

    Parameters
    ----------
    tokens : array or h5py.Dataset, uint8 (N, L)
    rows : int array (n,)
        Which rows, ascending.
    targets : float32 (n, T)
        Targets of these rows.
    batch_size : int
    weights : float32 (n,) or None
        Weight of each of these examples in the loss.
    seed : int or None
        Seed of the order, which is another in every epoch, and of the augmentation; None keeps the order.
    shuffle : bool
        False keeps the order whatever the seed.
    augmentation : motifloom.models.augment.Augmentation
    alphabet : motifloom.data.encode.Alphabet or None
        Needed where something is augmented.
    stream : bool
        Read tokens in every epoch rather than hold them. Batches are then drawn from some 8 MB of tokens at
        a time, made of `MIXED` runs of neighbouring rows chosen at random, rather than from all rows.
    steps : int or None
        Batches of an epoch, if fewer than all.

    Attributes
    ----------
    batches : tf.data.Dataset
        Of (tokens uint8 (batch, L), targets float32 (batch, T)[, weights float32 (batch,)]); every pass
        over it shows epoch `epoch`.
    epoch : int
        From 0; `fit` sets it where this is among its callbacks.
    """

    def __init__(
        self,
        tokens,
        rows,
        targets,
        *,
        batch_size,
        weights=None,
        seed=None,
        shuffle=True,
        augmentation=NOTHING,
        alphabet=None,
        stream=False,
        steps=None,
    ):
        super().__init__()
        self.rows, self.targets, self.weights = np.asarray(rows), targets, weights
        self.batch_size, self.stream = batch_size, stream
        self.seed, self.shuffle = seed, shuffle and seed is not None
        self.augmentation, self.alphabet, self.epoch = augmentation, alphabet, 0
        self.length = tokens.shape[1]
        if alphabet is not None and augmentation.reverse_complement:
            _ = alphabet.complement_table  # or a UserError
        # An array in memory is read where it is; a file that is not streamed, once.
        held = stream or isinstance(tokens, np.ndarray)
        self.tokens = tokens if held else _read_all(tokens, self.rows)
        self._places = self.rows if held else np.arange(len(self.rows))
        every = count_steps(len(self.rows), batch_size, augmentation)
        self.steps = min(steps or every, every)
        self.batches = self._dataset()

    def on_epoch_begin(self, epoch, logs=None):
        """Choose the epoch."""
        self.epoch = epoch

    def blocks(self, epoch):
        """Yield the examples of an epoch (from 0) in its order: (tokens, targets[, weights])."""
        n = len(self.rows)
        for source, places, order in self._orders(epoch):
            at, copies = order % n, order // n  # entries n to 2 n - 1 are the second copies
            tokens = augment(
                source[places],
                self.augmentation,
                self.alphabet,
                seed=self.seed,
                epoch=epoch,
                examples=self.rows[at],
                copies=copies,
            )
            labels = (self.targets[at],) if self.weights is None else (self.targets[at], self.weights[at])
            yield tokens, *labels

    def _orders(self, epoch):
        """Yield (array of tokens, row of each example in it, entry of each example), block by block."""
        n, copies = len(self.rows), self.augmentation.copies
        rng = generator(self.seed, "order", epoch) if self.shuffle else None
        if not self.stream:
            order = np.arange(copies * n) if rng is None else rng.permutation(copies * n)
            size = max(1, BLOCK // self.length)
            for start in range(0, len(order), size):
                part = order[start : start + size]
                yield self.tokens, self._places[part % n], part
            return
        run = max(1, RUN // self.length)
        starts = np.arange(0, n, run)
        if rng is not None:
            rng.shuffle(starts)
        for group in range(0, len(starts), MIXED):
            runs = [np.arange(s, min(s + run, n)) for s in starts[group : group + MIXED]]
            source = np.concatenate([_read(self.tokens, self.rows[places]) for places in runs])
            order = np.concatenate([np.concatenate(runs) + n * copy for copy in range(copies)])
            places = np.arange(len(order)) if rng is None else rng.permutation(len(order))
            yield source, places % len(source), order[places]

    def _dataset(self):
        """Return the tf.data.Dataset of batches."""
        signature = [
            tf.TensorSpec((None, self.length), tf.uint8),
            tf.TensorSpec((None, *self.targets.shape[1:])),
        ]
        if self.weights is not None:
            signature.append(tf.TensorSpec((None,)))
        blocks = tf.data.Dataset.from_generator(
            lambda: self.blocks(self.epoch), output_signature=tuple(signature)
        )
        batches = blocks.prefetch(1).rebatch(self.batch_size).take(self.steps)
        return batches.apply(tf.data.experimental.assert_cardinality(self.steps)).prefetch(4)


def count_steps(n, batch_size, augmentation=NOTHING):
    """Return the number of batches of an epoch over n examples."""
    return math.ceil(augmentation.copies * n / batch_size)


def _read(tokens, rows):
    """Return rows (ascending, near each other) of an array in memory or in HDF5."""
    return tokens[rows[0] : rows[-1] + 1][rows - rows[0]]


def _read_all(tokens, rows):
    """Return rows (ascending) of an array in HDF5, read in runs."""
    held = np.empty((len(rows), tokens.shape[1]), np.uint8)
    run = max(1, RUN // tokens.shape[1])
    for start in range(0, len(rows), run):
        held[start : start + run] = _read(tokens, rows[start : start + run])
    return held
