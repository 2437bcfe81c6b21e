"""Which positions a network with attention looks at."""

import keras
import numpy as np

from motifloom.errors import UserError
from motifloom.models.layers import AttentionPooling
from motifloom.models.names import unique
from motifloom.models.outputs import tensor_field
from motifloom.models.predict import padded_blocks
from motifloom.models.routes import nodes_between, run


def attention_weights(model, tokens, batch=512):
    """Return the weights that attention layers give to positions.

    Parameters
    ----------
    model : keras.Model
        From tokens, uint8 (batch, L).
    tokens : array or h5py.Dataset, uint8 (N, L)
        Read by blocks.
    batch : int
        Sequences per step.

    Returns
    -------
    dict of str to float32 (N, positions)
        For each :class:`~motifloom.models.layers.AttentionPooling` by name (name_1, ... where one is called
        again), the weights of the positions of its input, which sum to 1. Pooling and unpadded convolutions
        before it make these fewer than L. Empty where the model has no such layer.
    """
    blocks = {
        name: [np.empty((0, node.input_tensors[0].shape[1]), np.float32)]
        for name, node in _calls(model).items()
    }
    for _, weights in attention_blocks(model, tokens, batch):
        for name, values in weights.items():
            blocks[name].append(values)
    return {name: np.concatenate(parts) for name, parts in blocks.items()}


def attention_blocks(model, tokens, batch=512):
    """Yield (slice of the rows, weights of these as of :func:`attention_weights`), block by block."""
    calls = _calls(model)
    before = nodes_between(model.inputs, [node.input_tensors[0] for node in calls.values()])
    for rows, block in padded_blocks(model, tokens, batch) if calls else ():
        values, weights = {id(model.inputs[0]): keras.ops.convert_to_tensor(block)}, {}
        run(before, values)
        for name, node in calls.items():
            found = keras.ops.convert_to_numpy(node.operation.attend(values[id(node.input_tensors[0])]))
            weights[name] = found[: rows.stop - rows.start, :, 0].astype(np.float32)
        yield rows, weights


def attention_fields(model):
    """Return which bases the positions see that attention layers weigh.

    Parameters
    ----------
    model : keras.Model

    Returns
    -------
    dict of str to (motifloom.models.outputs.Field, int)
        By the names of :func:`attention_weights`: width, stride and offset in bases (a stride of 0 says that
        every position sees the whole sequence), and the number of positions.

    Raises
    ------
    UserError
        If the network has no attention.
    """
    calls = _calls(model)
    if not calls:
        raise UserError(
            "the network has no attention: none of its layers is an AttentionPooling, as "
            "builder: multiscale_attention and residual_dilated with pool: attention have"
        )
    tensors = {name: node.input_tensors[0] for name, node in calls.items()}
    return {name: (tensor_field(model, tensor), tensor.shape[1]) for name, tensor in tensors.items()}


def _calls(model):
    """Return every call of an attention layer by its name."""
    used, nodes = set(), nodes_between(model.inputs, model.outputs)
    calls = [node for node in nodes if isinstance(node.operation, AttentionPooling)]
    return {unique(node.operation.name, used): node for node in calls}
