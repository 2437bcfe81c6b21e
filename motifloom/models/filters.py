"""The scanning layers of a network as plain arrays, so that motifs need no TensorFlow."""

import json
import re

import keras
import numpy as np

from motifloom.io import atomic_path
from motifloom.models.layers import DoubleStrandedConv1D, OneHot, ReverseComplement
from motifloom.models.names import unique
from motifloom.models.structure import TRANSPARENT, activation_of, inputs_of

# The order of the letters of the other strand: DNA and RNA are in the reverse order of their complements.
LETTERS = [3, 2, 1, 0]


def scanning_layers(model):
    """Return the convolutions that read the sequence itself.

    Parameters
    ----------
    model : keras.Model
        A functional model with a :class:`~motifloom.models.layers.OneHot` layer.

    Returns
    -------
    dict of str to keras.layers.Conv1D
        Every Conv1D (ungrouped, channels-last) or DoubleStrandedConv1D of letters that the one-hot layer
        feeds directly or through layers that leave places and letters as they are (Dropout and the like), by
        a unique name of letters, digits and underscores. A layer that reads words of a HigherOrderOneHot
        scans, but its kernel has no weights of letters, so it is none of these.
    """
    layers, strands = {layer.name: layer for layer in model.layers}, _strands(model)
    found, used = {}, set()
    for name, read in strands.items():
        if 1 in read and _scans(layers.get(name)):
            found[unique(re.sub(r"[^A-Za-z0-9_]", "_", name), used)] = layers[name]
    return found


def _scans(layer):
    """Tell whether a layer that the sequence feeds has filters of letters."""
    if isinstance(layer, DoubleStrandedConv1D):
        return layer.order == LETTERS
    return type(layer) is keras.layers.Conv1D and layer.groups == 1 and layer.data_format == "channels_last"


def _strands(model):
    """Return {layer: set of 1 and -1}, on which strands the sequence itself reaches a layer."""
    layers, sources = {layer.name: layer for layer in model.layers}, inputs_of(model)

    def arriving(name):
        return {strand for source in sources[name] for strand in leaving(source)}

    def leaving(name):
        layer = layers.get(name)
        if isinstance(layer, OneHot):
            return {1}
        if type(layer).__name__ in TRANSPARENT:
            return arriving(name)
        if isinstance(layer, ReverseComplement) and layer.order == LETTERS:
            return {-strand for strand in arriving(name)}
        return set()

    return {name: arriving(name) for name in sources}


def export_filters(model, path, alphabet="dna"):
    """Write kernels, biases and settings of the scanning layers.

    Parameters
    ----------
    model : keras.Model
    path : str or Path
        The .npz file: `alphabet` (name), `layers` (names), and for each layer `{layer}/kernel` float32
        (W, A, F), `{layer}/bias` float32 (F,) (zeros where the layer has none) and `{layer}/meta`, a JSON
        text with activation, activation_args, padding, strides (of the convolution, as dilation_rate),
        strands (both for a DoubleStrandedConv1D and for a layer that reads the sequence and its
        ReverseComplement, else forward), and sign: for each filter -1 where a BatchNormalization that follows
        scales it by a negative number (on both strands, where they are concatenated), else 1. The activation
        is the layer's own: a normalisation or an Activation layer after it is not part of it.
        Without a scanning layer, `layers` is empty.
    alphabet : str
        Name of the alphabet.
    """
    layers, strands = scanning_layers(model), _strands(model)
    content = {"alphabet": np.array(alphabet), "layers": np.array(list(layers), dtype=np.str_)}
    for name, layer in layers.items():
        weights = [np.asarray(weight, np.float32) for weight in layer.get_weights()]
        activation, arguments = activation_of(layer)
        both = isinstance(layer, DoubleStrandedConv1D) or len(strands[layer.name]) == 2
        meta = {
            "activation": activation,
            "activation_args": arguments,
            "padding": layer.padding,
            "strides": layer.strides[0],
            "dilation_rate": layer.dilation_rate[0],
            "strands": "both" if both else "forward",
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
            last = follower.axis in (-1, follower.input_spec.ndim - 1)
            if not (follower.scale and last):
                return [1] * layer.filters
            falls = keras.ops.convert_to_numpy(follower.gamma).reshape(-1, layer.filters) < 0
            return np.where(falls.all(axis=0), -1, 1).tolist()  # rows: strands that are concatenated
        if type(follower).__name__ not in TRANSPARENT:
            return [1] * layer.filters
        name = follower.name
