"""A network as a table: its layers, their shapes and weights, and which bases a position of theirs sees."""

import keras
import numpy as np
import pandas as pd

from motifloom.models.outputs import tensor_field
from motifloom.models.routes import nodes_between

# What a layer is told by, in the order in which its settings are shown.
SHOWN = {
    "filters": "filters", "units": "units", "kernel_size": "width", "pool_size": "width", "window": "width",
    "order": "order", "strides": "stride", "dilation_rate": "dilation", "padding": "padding", "rate": "rate",
    "merge": "strands", "pool": "pool", "score_activation": "score",
}  # fmt: skip
USUAL = {"strides": 1, "dilation_rate": 1, "padding": "valid"}


def summarise(model):
    """Return the layers of a network in the order in which they compute.

    Parameters
    ----------
    model : keras.Model
        From tokens (batch, L).

    Returns
    -------
    pandas.DataFrame
        layer; class; settings, as text; inputs, the layers that feed it, with commas; output_shape, without
        the batch, as "182 x 300"; weights; receptive_field_bp, how many bases a position sees, and
        stride_bp, how many bases lie from one to the next. Both are missing where positions are mixed.
    """
    nodes, rows = nodes_between(model.inputs, model.outputs), {}
    for node in nodes:
        layer = node.operation
        if layer.name in rows:  # the other strand
            continue
        field = tensor_field(model, node.outputs[0])
        rows[layer.name] = {
            "layer": layer.name,
            "class": type(layer).__name__,
            "settings": _settings(layer),
            "inputs": _inputs(node, nodes),
            "output_shape": _shape(node.outputs[0]),
            "weights": layer.count_params() if isinstance(layer, keras.layers.Layer) else 0,
            "receptive_field_bp": field.width if field.stride else None,
            "stride_bp": field.stride or None,
        }
    table = pd.DataFrame(rows.values())
    whole = ["receptive_field_bp", "stride_bp"]
    return table.astype(dict.fromkeys(whole, "Int64"))


def _inputs(node, nodes):
    """Return the names of the layers that feed all calls of a layer, the network's input left out."""
    calls = [other for other in nodes if other.operation is node.operation]
    fed = [tensor._keras_history[0] for call in calls for tensor in call.input_tensors]
    names = [layer.name for layer in fed if not isinstance(layer, keras.layers.InputLayer)]
    return ",".join(dict.fromkeys(names))


def _shape(tensor):
    return " x ".join(str(size) for size in tensor.shape[1:])


def _settings(layer):
    """Return what tells a layer, as "filters 300, width 19, relu"."""
    inner = getattr(layer, "forward_layer", layer)
    found = {}
    for name, word in SHOWN.items():
        value = getattr(inner, name, None)
        value = value[0] if isinstance(value, tuple) and value else value
        if isinstance(value, int | float | str) and value != USUAL.get(name):
            found[word] = value
        elif callable(value) and name == "score_activation":
            found[word] = keras.activations.serialize(value)
    if hasattr(inner, "pool_size") and found.get("stride") == found.get("width"):
        found.pop("stride", None)  # pools side by side
    texts = [] if inner is layer else [f"{type(inner).__name__} in both directions"]
    texts += [f"{word} {value}" for word, value in found.items()]
    activation = _activation(inner)
    return ", ".join(texts + ([activation] if activation else []))


def _activation(layer):
    function = getattr(layer, "activation", None)
    if function is None or isinstance(layer, keras.layers.LSTM | keras.layers.GRU):
        return None
    name = keras.activations.serialize(function)
    name = name if isinstance(name, str) else name.get("class_name")
    return None if name == "linear" else name


def as_text(table, title):
    """Return a summary as text for a terminal: columns side by side, the sums below.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`summarise`.
    title : str
        First line.

    Returns
    -------
    str
    """
    head = ["layer", "class", "settings", "output shape", "weights", "sees (bp)", "step (bp)"]
    columns = ["layer", "class", "settings", "output_shape", "weights", "receptive_field_bp", "stride_bp"]
    cells = [["" if pd.isna(value) else _cell(value) for value in row] for row in table[columns].to_numpy()]
    widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
    right = [name in columns[4:] for name in columns]
    lines = [
        "  ".join(
            text.rjust(width) if at_right else text.ljust(width)
            for text, width, at_right in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in [head, ["-" * width for width in widths], *cells]
    ]
    total = f"{int(table['weights'].sum()):,} weights in {len(table)} layers"
    return "\n".join([title, "", *lines, "", total]) + "\n"


def _cell(value):
    return f"{int(value):,}" if isinstance(value, int | np.integer) else str(value)
