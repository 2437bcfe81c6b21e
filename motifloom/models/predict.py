"""Predictions of a trained network, as probabilities or values."""

import zipfile
from pathlib import Path

import keras
import numpy as np

from motifloom.errors import UserError
from motifloom.models import layers, schedules  # noqa: F401  (registers ours for loading)
from motifloom.models.names import first_line
from motifloom.models.structure import output_activation


def load_model(path):
    """Load a network in safe mode, which runs no code that a file may hold.

    Raises
    ------
    UserError
        If the file is not there, or holds no such model.
    """
    if not Path(path).is_file():
        raise UserError(f"{path}: there is no such file")
    try:
        return keras.models.load_model(path, safe_mode=True)
    except Exception as error:  # Keras raises all kinds
        raise UserError(f"{path}: not a model that can be loaded ({_reason(path, error)})") from error


def _reason(path, error):
    """Say why Keras loads no network from a file, where its own words mislead."""
    if not zipfile.is_zipfile(path):
        return "it is no .keras file, or one that was cut off"
    text = str(error)
    return "it holds code, which is not run" if "safe_mode" in text or "unsafe" in text else first_line(error)


def predict(model, tokens, *, task, alphabet, reverse_complement=False, batch=512):
    """Return the scores of sequences.

    Parameters
    ----------
    model : keras.Model
        From tokens to one score per target.
    tokens : array or h5py.Dataset, uint8 (N, L)
        Read by blocks.
    task : str
        Outputs of a network that was trained on logits are turned into probabilities: by the sigmoid, or
        the softmax for a multi-class task.
    alphabet : Alphabet
        Used for the reverse complement.
    reverse_complement : bool
        Average the scores of both strands.
    batch : int
        Sequences per step. All steps are of this size, the last one padded, so that a network is compiled
        for one shape.

    Returns
    -------
    float32 (N, T)

    Raises
    ------
    UserError
        If the sequences are not of the network's length, or their alphabet has no complement.
    """
    squash = squash_of(model, task)
    scores = np.empty((len(tokens), model.output_shape[1]), np.float32)
    for rows, block in padded_blocks(model, tokens, batch):
        result = squash(model.predict_on_batch(block))
        if reverse_complement:
            result = (result + squash(model.predict_on_batch(alphabet.reverse_complement(block)))) / 2
        scores[rows] = result[: rows.stop - rows.start]
    return scores


def predict_strands(model, tokens, *, task, alphabet, batch=512):
    """Return the scores of both strands of sequences, float32 (N, 2, T); see :func:`predict`."""
    squash = squash_of(model, task)
    scores = np.empty((len(tokens), 2, model.output_shape[1]), np.float32)
    for rows, block in padded_blocks(model, tokens, batch):
        for strand, sequences in enumerate((block, alphabet.reverse_complement(block))):
            result = squash(model.predict_on_batch(sequences))
            scores[rows, strand] = result[: rows.stop - rows.start]
    return scores


def padded_blocks(model, tokens, batch):
    """Yield (slice of the rows, tokens uint8 (batch, L)); behind the last row a block holds zeros.

    Raises
    ------
    UserError
        If the sequences are not of the network's length.
    """
    length = model.input_shape[1]
    if length not in (None, tokens.shape[1]):
        raise UserError(f"the model takes sequences of {length} letters, not of {tokens.shape[1]}")
    for start in range(0, len(tokens), batch):
        block = np.asarray(tokens[start : start + batch])
        padded = np.zeros((batch, block.shape[1]), np.uint8)
        padded[: len(block)] = block
        yield slice(start, start + len(block)), padded


def squash_of(model, task):
    """Return the function from a network's outputs to scores."""
    loss = getattr(model, "loss", None)
    on_logits = getattr(loss, "get_config", dict)().get("from_logits", False)
    if task == "regression" or not on_logits or output_activation(model) not in ("linear", None):
        return np.asarray
    function = keras.activations.softmax if task == "multiclass" else keras.activations.sigmoid
    return lambda logits: keras.ops.convert_to_numpy(function(keras.ops.convert_to_tensor(logits)))


def predict_dataset(path, dataset, reverse_complement=False, batch=512):
    """Return the scores of all examples of a dataset, in its order: see :func:`predict`.

    Parameters
    ----------
    path : str or Path
        The model.keras file.
    dataset : motifloom.data.store.Dataset

    Returns
    -------
    float32 (N, T)
    """
    return predict(
        load_model(path),
        dataset.tokens,
        task=dataset.task,
        alphabet=dataset.alphabet,
        reverse_complement=reverse_complement,
        batch=batch,
    )
