"""Outputs of a network of which a few channels have changed, for several such changes at once.

What a change needs of the rest of the network is computed once for a batch of sequences (`front`). A step
(`change`) then takes several slots, which are changes of the same channels, through it. Shapes never
differ, so that both are compiled once.
"""

import math

import keras
import numpy as np
import tensorflow as tf

from motifloom.models.layers import DoubleStrandedConv1D
from motifloom.models.routes import find_plan, nodes_between, run

ops = keras.ops

# Numbers in the largest array of a step, few enough to stay in the processor's cache, and in that of a batch
# of the network itself, which bounds the memory.
STEP, FRONT = 2**21, 2**24
# Fewer sequences to a step are not worth a call of TensorFlow; more gain nothing.
FEW, MANY = 32, 512


class Steps:
    """How a batch of sequences is computed with changed filters.

    Parameters
    ----------
    model : keras.Model
        From tokens (batch, L) to (batch, T).
    layers : list of keras.layers.Conv1D
        Scanning layers that change together.
    room : list of int
        How many filters of each layer change.
    n : int
        Number of sequences.
    wanted : int
        Number of changes of the same filters.
    loss : callable
        (targets, outputs), tensors (n, T), -> (n,).

    Attributes
    ----------
    batch, slots : int
        Sequences and changes to a step.
    """

    def __init__(self, model, layers, room, n, wanted, loss):
        self.layers, self._loss = layers, loss
        self._input, self._output = model.inputs[0], model.outputs[0]
        self._plan = find_plan(model, layers)
        largest = self._largest(max(room))
        self.batch = evenly(n, min(max(FEW, STEP // (largest * wanted)), batch_size(model)))
        self.slots = evenly(wanted, max(1, STEP // (self.batch * largest)))
        ends = [sink.node.input_tensors[0] if sink.node else sink.tensor for sink in self._plan.sinks]
        self._groups = [call.input_tensors[0] for call in self._plan.calls], ends, self._plan.sides
        self._nodes = nodes_between(model.inputs, [tensor for group in self._groups for tensor in group])
        self.front, self.change = tf.function(self._front), tf.function(self._change)

    def _largest(self, room):
        """Return the most numbers that an array of a step holds per sequence and change."""
        made = [sink.tensor for sink in self._plan.sinks] + self._plan.sides
        sizes = [math.prod(tensor.shape[1:]) for tensor in made] + [_size(node) for node in self._plan.tail]
        return max(sizes + [room * _size(call) // call.operation.filters for call in self._plan.calls])

    def _front(self, tokens):
        """Return what all changes of some sequences start from.

        Parameters
        ----------
        tokens : uint8 (batch, L)

        Returns
        -------
        tuple of lists of tensors
            Inputs of the scanning layers, ends of the routes, what linear layers make of these, sides.
        """
        values = {id(self._input): tokens}
        run(self._nodes, values)
        calls, ends, sides = ([values[id(tensor)] for tensor in group] for group in self._groups)
        pairs = zip(self._plan.sinks, ends, strict=True)
        bases = [_linear(sink.node.operation, end) if sink.node else end for sink, end in pairs]
        return calls, ends, bases, sides

    def _change(self, front, targets, channels, kernels=None, constants=None):
        """Return losses and outputs with changed filters.

        Parameters
        ----------
        front
            From `front`.
        targets : float32 (batch, T)
        channels : list of int32 (k,)
            For every layer, which filters change.
        kernels : list of float32 (W, A, slots k), optional
            For every layer, the new kernels, slot by slot.
        constants : list of float32 (c,), optional
            In their place: what the :func:`output_channels` of the filters become (one slot).

        Returns
        -------
        float32 (slots, batch), float32 (slots, batch, T)
        """
        calls, ends, bases, sides = front
        new, numbers = [], []
        for call, inputs in zip(self._plan.calls, calls, strict=True):  # all calls of a layer change
            layer = self.layers.index(call.operation)
            numbers.append(output_channels(call.operation, channels[layer]))
            if kernels is None:
                shape = self.batch, *call.outputs[0].shape[1:-1], constants[layer].shape[0]
                new.append(ops.broadcast_to(ops.cast(constants[layer], call.outputs[0].dtype), shape))
            else:
                new.append(_scan(call.operation, inputs, channels[layer], kernels[layer]))
        values = {}
        for sink, end, base in zip(self._plan.sinks, ends, bases, strict=True):
            found = [self._follow(route, new[route.source], numbers[route.source]) for route in sink.routes]
            if sink.node:
                value = self._rows(base[None] + sum(_difference(sink.node.operation, end, *f) for f in found))
                value = sink.node.operation.activation(value)
            else:
                value = self._rows(_replace(base, found, self.slots))
            values[id(sink.tensor)] = value
        for tensor, side in zip(self._plan.sides, sides, strict=True):
            values[id(tensor)] = self._rows(ops.broadcast_to(side[None], (self.slots, *side.shape)))
        run(self._plan.tail, values)
        outputs = ops.cast(values[id(self._output)], "float32")
        loss = self._loss(ops.tile(targets, (self.slots, 1)), outputs)
        shape = self.slots, self.batch
        return ops.reshape(loss, shape), ops.reshape(outputs, (*shape, -1))

    def _follow(self, route, values, channels):
        """Take changed channels (batch, ..., slots k) along a route.

        Returns
        -------
        tensor (slots, batch, ..., k), int32 (k,), bool
            Values, their channels, and whether positions and channels are one axis there.
        """
        for step, offset in route.steps:
            values = step(values, ops.tile(channels, self.slots) + offset)
        values = ops.reshape(values, (*values.shape[:-1], self.slots, channels.shape[0]))
        return ops.moveaxis(values, -2, 0), channels + route.offset, route.flat

    def _rows(self, tensor):
        """Join slots and batch into one axis."""
        return ops.reshape(tensor, (self.slots * self.batch, *tensor.shape[2:]))


def batch_size(model):
    """Return how many sequences a network may compute at once."""
    largest = max(map(_size, nodes_between(model.inputs, model.outputs)))
    return int(np.clip(FRONT // largest, 1, MANY))


def _size(node):
    """Return how many numbers per sequence the largest array of a node holds."""
    sizes = [math.prod(tensor.shape[1:]) for tensor in node.outputs]
    if isinstance(node.operation, keras.layers.MultiHeadAttention):
        sizes.append(node.operation.num_heads * math.prod(t.shape[1] for t in node.input_tensors[:2]))
    return max(sizes)


def evenly(n, most):
    """Return the size of the parts, all alike but for the last, of n in as few parts of at most `most`."""
    return math.ceil(n / math.ceil(n / most))


def output_channels(layer, filters):
    """Return the output channels of filters (k,) of a layer: two each where both strands are concatenated."""
    if isinstance(layer, DoubleStrandedConv1D) and layer.merge == "concat":
        return ops.concatenate([filters, filters + layer.filters])
    return filters


def _scan(layer, inputs, channels, kernels):
    """Return the output of a layer with kernels (W, A, slots k) instead.

    Returns
    -------
    tensor (batch, ..., slots c)
        Of the c :func:`output_channels` of the k filters `channels`.
    """
    slots, kernels = kernels.shape[-1] // channels.shape[0], ops.cast(kernels, inputs.dtype)
    bias = None
    if layer.use_bias:
        bias = ops.cast(ops.tile(ops.take(layer.bias, channels), slots), inputs.dtype)
    if not isinstance(layer, DoubleStrandedConv1D):
        values = _convolve(layer, inputs, kernels)
        return layer.activation(values if bias is None else values + bias)
    values = layer.read(inputs, kernels, bias)
    if layer.merge != "concat":
        return values
    apart = ops.reshape(values, (*values.shape[:-1], 2, slots, -1))
    return ops.reshape(ops.swapaxes(apart, -3, -2), values.shape)


def _convolve(layer, inputs, kernel):
    """Return the convolution (n, positions, F) with a layer's settings and another kernel (W, A, F)."""
    padding, dilation = layer.padding, layer.dilation_rate[0]
    if padding == "causal":
        padding, left = "valid", dilation * (kernel.shape[0] - 1)
        inputs = ops.pad(inputs, [[0, 0], [left, 0], [0, 0]])
    return ops.conv(inputs, kernel, layer.strides[0], padding, dilation_rate=dilation)


def _linear(layer, inputs):
    """Return what a convolution or dense layer gives before its activation."""
    kernel = ops.cast(layer.kernel, layer.compute_dtype)
    inputs = ops.cast(inputs, layer.compute_dtype)
    dense = type(layer) is keras.layers.Dense
    values = ops.matmul(inputs, kernel) if dense else _convolve(layer, inputs, kernel)
    return values + ops.cast(layer.bias, values.dtype) if layer.use_bias else values


def _difference(layer, end, values, channels, flat):
    """Return what changed channels add to what a linear layer gives before its activation.

    Parameters
    ----------
    layer : keras.layers.Conv1D or keras.layers.Dense
    end : tensor (batch, ..., C)
        Its input before the change.
    values : tensor (slots, batch, ..., k)
        Its changed channels.
    channels : int32 (k,)
    flat : bool
        The input is (batch, positions x C), the values are (slots, batch, positions, k).

    Returns
    -------
    tensor (slots, batch, ..., U)
    """
    kernel = ops.cast(layer.kernel, end.dtype)
    if flat:  # a dense layer's row is that of (position, channel)
        places = values.shape[2]
        end = ops.reshape(end, (end.shape[0], places, -1))
        kernel = ops.reshape(kernel, (places, end.shape[2], -1))
    kernel = ops.take(kernel, channels, axis=-2)
    changed = values - ops.take(end, channels, axis=-1)
    if flat:
        kernel = ops.reshape(kernel, (-1, kernel.shape[-1]))
        changed = ops.reshape(changed, (*changed.shape[:2], -1))
    if type(layer) is keras.layers.Dense:
        return ops.matmul(changed, kernel)
    found = _convolve(layer, ops.reshape(changed, (-1, *changed.shape[2:])), kernel)
    return ops.reshape(found, (*changed.shape[:2], *found.shape[1:]))


def _replace(base, found, slots):
    """Put changed channels in their places.

    Parameters
    ----------
    base : tensor (batch, ..., C)
    found : list of (values (slots, batch, ..., k), channels (k,), flat)

    Returns
    -------
    tensor (slots, batch, ..., C)
    """
    total = base[None]
    for values, channels, flat in found:
        if flat:
            total = ops.reshape(total, (-1, base.shape[0], values.shape[2], base.shape[1] // values.shape[2]))
        here = ops.one_hot(channels, total.shape[-1], dtype="bool")
        for place in range(channels.shape[0]):
            total = ops.where(here[place], values[..., place, None], total)
    return ops.reshape(total, (slots, *base.shape))
