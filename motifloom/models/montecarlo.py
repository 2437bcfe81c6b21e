"""How sure a network is: its predictions with dropout as in training (Gal & Ghahramani 2016)."""

import logging

import keras
import numpy as np
import tensorflow as tf

from motifloom.models.predict import padded_blocks, squash_of
from motifloom.models.routes import nodes_between
from motifloom.randomness import derive_seed

logger = logging.getLogger(__name__)

DROPOUT = (
    keras.layers.Dropout,
    keras.layers.SpatialDropout1D,
    keras.layers.GaussianDropout,
    keras.layers.AlphaDropout,
)


def predict_dropout(model, tokens, *, task, alphabet, samples=64, seed, reverse_complement=False, batch=512):
    """Return mean and standard deviation of the scores of sequences over random dropout.

    Only dropout is as in training; normalisation goes by what it has learnt.

    Parameters
    ----------
    model, tokens, task, alphabet, reverse_complement, batch
        As for :func:`motifloom.models.predict.predict`. The draws depend on the batch.
    samples : int
        Predictions of each sequence, at least 2.
    seed : int

    Returns
    -------
    mean, sd : float32 (N, T) each
        sd is that of a sample (n - 1); it is 0 for a network without dropout.
    """
    squash, random = squash_of(model, task), drop(model, seed)
    if random is None:
        logger.info("the network has no dropout: its predictions do not vary, and their sd is 0")
        random, samples = model.predict_on_batch, 1
    else:
        logger.info("%d predictions of each sequence with random dropout", samples)
    mean = np.empty((len(tokens), model.output_shape[1]), np.float32)
    sd = np.zeros_like(mean)
    for rows, block in padded_blocks(model, tokens, batch):
        strands = [block, alphabet.reverse_complement(block)] if reverse_complement else [block]
        found = np.stack(
            [np.mean([squash(random(strand)) for strand in strands], 0) for _ in range(samples)]
        )[:, : rows.stop - rows.start]
        mean[rows] = found.mean(axis=0, dtype=np.float64)
        if samples > 1:
            sd[rows] = found.std(axis=0, ddof=1, dtype=np.float64)
    return mean, sd


def drop(model, seed):
    """Return a function from tokens to outputs with dropout at work, or None where the model has none.

    The layers are the model's own, and their dropout starts again from `seed`.
    """
    random = [layer for layer in model.layers if any(map(_drops, _parts(layer)))]
    if not random:
        return None
    for number, part in enumerate(part for layer in random for part in _parts(layer)):
        if getattr(part, "seed_generator", None) is not None:
            state = derive_seed(seed, "dropout", number)
            part.seed_generator.state.assign(np.array([state >> 32, state & 0xFFFFFFFF], np.uint32))
    nodes, (source,), (result,) = nodes_between(model.inputs, model.outputs), model.inputs, model.outputs

    @tf.function
    def forward(tokens):
        values = {id(source): tokens}
        for node in nodes:
            args, kwargs = node.arguments.fill_in(values)
            if node.operation in random:
                kwargs = {**kwargs, "training": True}
            outputs = keras.tree.flatten(node.operation(*args, **kwargs))
            values.update(zip(map(id, node.outputs), outputs, strict=True))
        return values[id(result)]

    return lambda tokens: forward(tf.constant(tokens)).numpy()


def _parts(layer):
    """Return a layer and the layers in it, as a recurrent layer holds its cell."""
    return list(layer._flatten_layers())


def _drops(layer):
    if isinstance(layer, DROPOUT):
        return layer.rate > 0
    return any(
        isinstance(rate := getattr(layer, key, 0), float | int) and rate > 0
        for key in ("dropout", "recurrent_dropout")
    )
