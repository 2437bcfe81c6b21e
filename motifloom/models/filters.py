"""The scanning layers of a network as plain arrays, so that motifs need no TensorFlow."""

import json
import re

import keras
import numpy as np

from motifloom.io import atomic_path
from motifloom.models.layers import OneHot
from motifloom.models.names import unique
from motifloom.models.structure import TRANSPARENT, activation_of, inputs_of


def scanning_layers(model):
    """Return the convolutions that read the sequence itself.

    Parameters
    ----------
    model : keras.Model
        A functional model with a :class:`~motifloom.models.layers.OneHot` layer.

    Returns
    -------
    dict of str to keras.layers.Conv1D
        Every ungrouped, channels-last Conv1D that the one-hot layer feeds directly or through layers that
        leave places and letters as they are (Dropout and the like), by a unique name of letters, digits
        and underscores.
    """
    layers, sources = {layer.name: layer for layer in model.layers}, inputs_of(model)

    def reads_sequence(name):
        layer = layers.get(name)
        if isinstance(layer, OneHot):
            return True
        return type(layer).__name__ in TRANSPARENT and any(map(reads_sequence, sources[name]))

    found, used = {}, set()
    for name in sources:
        layer = layers.get(name)
        plain = type(layer) is keras.layers.Conv1D and layer.groups == 1
        if plain and layer.data_format == "channels_last" and any(map(reads_sequence, sources[name])):
            found[unique(re.sub(r"[^A-Za-z0-9_]", "_", name), used)] = layer
    return found


def export_filters(model, path, alphabet="dna"):
    """Write kernels, biases and settings of the scanning layers.

    Parameters
    ----------
    model : keras.Model
    path : str or Path
        The .npz file: `alphabet` (name), `layers` (names), and for each layer `{layer}/kernel` float32
        (W, A, F), `{layer}/bias` float32 (F,) (zeros where the layer has none) and `{layer}/meta`, a JSON
        text with activation, activation_args, padding, strides, dilation_rate, and sign: for each filter -1
        where a BatchNormalization that follows scales it by a negative number, else 1. The activation is
        the layer's own: a normalisation or an Activation layer after it is not part of it.
        Without a scanning layer, `layers` is empty.
    alphabet : str
        Name of the alphabet.
    """
    layers = scanning_layers(model)
    content = {"alphabet": np.array(alphabet), "layers": np.array(list(layers), dtype=np.str_)}
    for name, layer in layers.items():
        weights = [np.asarray(weight, np.float32) for weight in layer.get_weights()]
        activation, arguments = activation_of(layer)
        meta = {
            "activation": activation,
            "activation_args": arguments,
            "padding": layer.padding,
            "strides": layer.strides[0],
            "dilation_rate": layer.dilation_rate[0],
            "sign": _signs(model, layer),
        }
        content[f"{name}/kernel"] = weights[0]
        content[f"{name}/bias"] = weights[1] if layer.use_bias else np.zeros(layer.filters, np.float32)
        content[f"{name}/meta"] = np.array(json.dumps(meta))
    with atomic_path(path) as temporary:
        np.savez(temporary, **content)


def _signs(model, layer):
    """Return the sign of the scale, per filter, of the BatchNormalization that a layer feeds."""
    layers, sources = {item.name: item for item in model.layers}, inputs_of(model)
    name = layer.name
    while True:
        fed = [layers.get(other) for other, by in sources.items() if name in by]
        if len(fed) != 1 or fed[0] is None:
            return [1] * layer.filters
        follower = fed[0]
        if isinstance(follower, keras.layers.BatchNormalization):
            last = follower.axis in (-1, 2)
            gamma = keras.ops.convert_to_numpy(follower.gamma) if follower.scale and last else 1.0
            return np.broadcast_to(np.where(gamma < 0, -1, 1), layer.filters).tolist()
        if type(follower).__name__ not in TRANSPARENT:
            return [1] * layer.filters
        name = follower.name
