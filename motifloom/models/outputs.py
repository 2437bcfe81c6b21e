"""What any layer of a network gives for sequences, and which bases each of its positions sees."""

from typing import NamedTuple

import keras
import numpy as np

from motifloom.errors import UserError, suggest
from motifloom.models.layers import HigherOrderOneHot
from motifloom.models.predict import padded_blocks
from motifloom.models.routes import nodes_between

# Layers after which a position still stands for the same bases as before.
KEEPS_PLACES = {
    "Activation", "Add", "AlphaDropout", "Average", "BatchNormalization", "Concatenate", "Dense", "Dropout",
    "ELU", "GaussianDropout", "GaussianNoise", "GetItem", "Identity", "LayerNormalization", "LeakyReLU",
    "Maximum", "Minimum", "Multiply", "OneHot", "PReLU", "ReLU", "Rescaling", "Softmax", "SpatialDropout1D",
    "Subtract", "UnitNormalization",
}  # fmt: skip


class Field(NamedTuple):
    """Which bases position i of a layer sees: those from offset + i * stride on, `width` of them."""

    width: int
    stride: int
    offset: int


def layer_outputs(model, tokens, layer, *, batch=512):
    """Return what a layer gives for sequences: see :func:`output_blocks`.

    Returns
    -------
    float32 (N, ...)
        The layer's own shape behind the first axis: positions and channels, or units.
    """
    blocks = [values for _, values in output_blocks(model, tokens, layer, batch=batch)]
    return (
        np.concatenate(blocks)
        if blocks
        else np.empty((0, *output_tensor(model, layer).shape[1:]), np.float32)
    )


def output_blocks(model, tokens, layer, *, batch=512):
    """Yield what a layer gives for sequences, block by block.

    Parameters
    ----------
    model : keras.Model
        From tokens.
    tokens : array or h5py.Dataset, uint8 (N, L)
        Read by blocks.
    layer : str
        Name of a layer; its output is taken as it is, after its own activation function.
    batch : int
        Sequences per step. All steps are of this size, the last one padded, so that a network is compiled
        for one shape.

    Yields
    ------
    slice
        Rows of `tokens`.
    float32 (at most batch, ...)

    Raises
    ------
    UserError
        If there is no such layer, it is used several times or has several outputs, or the sequences are
        not of the network's length.
    """
    inner = keras.Model(model.inputs, output_tensor(model, layer))
    for rows, block in padded_blocks(model, tokens, batch):
        values = np.asarray(inner.predict_on_batch(block), np.float32)
        yield rows, values[: rows.stop - rows.start]


def output_tensor(model, layer):
    """Return the symbolic output of a layer by its name; a UserError where it has none or several."""
    names = [item.name for item in model.layers if not isinstance(item, keras.layers.InputLayer)]
    if layer not in names:
        known, near = ", ".join(names), suggest(layer, names)
        raise UserError(f"layer: the network has no layer {layer!r} (its layers: {known}){near}")
    calls = [
        node
        for node in nodes_between(model.inputs, model.outputs)
        if node.operation is model.get_layer(layer)
    ]
    if len(calls) != 1:
        raise UserError(f"layer: {layer} is used several times in the network; choose another")
    if len(calls[0].outputs) != 1:
        raise UserError(f"layer: {layer} has {len(calls[0].outputs)} outputs; choose another")
    return calls[0].outputs[0]


def receptive_field(model, layer):
    """Return which bases each position of a layer sees, by the shapes of the layers before it.

    Parameters
    ----------
    model : keras.Model
        From tokens (batch, L).
    layer : str

    Returns
    -------
    Field
        width, stride and offset in bases; the offset is that of the first position, negative where it
        begins in padding. A layer without positions, or behind one that mixes all of them (recurrent,
        attention, flattened, of a kind not known here), sees the whole sequence: (L, 0, 0).
    """
    return tensor_field(model, output_tensor(model, layer))


def tensor_field(model, tensor):
    """Return which bases each position of a symbolic tensor sees: see :func:`receptive_field`."""
    whole = Field(model.input_shape[1] or 0, 0, 0)
    fields = {id(model.inputs[0]): Field(1, 1, 0)}
    for node in nodes_between(model.inputs, [tensor]):
        before = [fields.get(id(source), whole) for source in node.input_tensors]
        for output in node.outputs:
            fields[id(output)] = _step(node, output, before, whole)
    return fields[id(tensor)]


def _step(node, output, before, whole):
    """Return the field behind one call of a layer."""
    layer = node.operation
    if len(output.shape) < 3 or any(field.stride == 0 for field in before):
        # Without an axis of positions, or behind such; tensors (batch, L) are tokens.
        return whole if len(output.shape) != 2 or not _is_tokens(node, output) else before[0]
    one, size = before[0], _extent(layer)
    kind = type(layer).__name__
    if kind in ("ZeroPadding1D", "Cropping1D"):
        moved = -layer.padding[0] if kind == "ZeroPadding1D" else layer.cropping[0]
        return one._replace(offset=one.offset + moved * one.stride)
    if size is not None:
        width, stride, dilation = size
        padding = _padding(layer, node.input_tensors[0].shape[1], (width - 1) * dilation + 1, stride)
        return Field(
            one.width + (width - 1) * dilation * one.stride,
            one.stride * stride,
            one.offset - padding * one.stride,
        )
    if kind not in KEEPS_PLACES or len({field.stride for field in before}) > 1:
        return whole
    # Several inputs side by side: from the first base that any sees to the last.
    first = min(field.offset for field in before)
    last = max(field.offset + field.width for field in before)
    return Field(last - first, one.stride, first)


def _is_tokens(node, output):
    return len(node.input_tensors[0].shape) == 2 and output.shape[1] == node.input_tensors[0].shape[1]


def _extent(layer):
    """Return (width, stride, dilation) in positions of a layer that slides along the sequence, else None."""
    if isinstance(layer, keras.layers.Conv1DTranspose):
        return None
    if isinstance(layer, HigherOrderOneHot):
        return layer.order, 1, 1
    for name in ("kernel_size", "pool_size", "window"):
        width = _first(getattr(layer, name, None))
        if isinstance(width, int):
            stride = _first(getattr(layer, "strides", None) or getattr(layer, "stride", None) or 1)
            return width, stride, _first(getattr(layer, "dilation_rate", 1) or 1)
    return None


def _padding(layer, length, span, stride):
    """Return how many positions before its input the first position of a layer begins."""
    padding = getattr(layer, "padding", "valid")
    if padding == "causal":
        return span - 1
    if padding != "same":
        return 0
    missing = max((-(-length // stride) - 1) * stride + span - length, 0)
    return missing // 2


def _first(value):
    return value[0] if isinstance(value, list | tuple) else value
