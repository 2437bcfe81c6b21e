"""Which positions a network with attention looks at."""

import keras
import numpy as np

from motifloom.models.layers import AttentionPooling
from motifloom.models.names import unique
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
    nodes, used = nodes_between(model.inputs, model.outputs), set()
    calls = [node for node in nodes if isinstance(node.operation, AttentionPooling)]
    found = {unique(node.operation.name, used): node for node in calls}
    blocks = {
        name: [np.empty((0, node.input_tensors[0].shape[1]), np.float32)] for name, node in found.items()
    }
    before = nodes_between(model.inputs, [node.input_tensors[0] for node in calls])
    for start in range(0, len(tokens) if found else 0, batch):
        block = np.asarray(tokens[start : start + batch], np.uint8)
        values = {id(model.inputs[0]): keras.ops.convert_to_tensor(block)}
        run(before, values)
        for name, node in found.items():
            weights = node.operation.attend(values[id(node.input_tensors[0])])
            blocks[name].append(keras.ops.convert_to_numpy(weights)[:, :, 0].astype(np.float32))
    return {name: np.concatenate(parts) for name, parts in blocks.items()}
