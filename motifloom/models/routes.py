"""Where a filter's output goes in a network, so that a change of it is followed there and nowhere else.

What follows a convolution usually treats every channel by itself (activation, normalisation, pooling), up to
the first layer that mixes channels; that layer is usually linear. A change of one channel is then carried to
it as one channel, and adds a term to what the layer gave. Only what comes after has to be run again.
"""

from typing import NamedTuple

import keras

from motifloom.errors import UserError
from motifloom.filters import activations
from motifloom.models.structure import TRANSPARENT, activation_of

# Layers that treat every channel alike and by itself: of some channels they give these of their output.
CHANNELWISE = {
    "ReLU", "LeakyReLU", "ELU", "MaxPooling1D", "AveragePooling1D", "GlobalMaxPooling1D",
    "GlobalAveragePooling1D", "UpSampling1D", "ZeroPadding1D", "Cropping1D", "LocalAveragePooling1D",
    "MaxPooling2D", "AveragePooling2D", "GlobalMaxPooling2D", "GlobalAveragePooling2D",
}  # fmt: skip
ELEMENTWISE = {"ReLU", "LeakyReLU", "ELU"}


class Route(NamedTuple):
    """A way from a scanning call to a tensor on which channels stay apart.

    source is the number of the call, steps are (function of (values, channels), offset) from first to last,
    offset is what a filter's number became by concatenation, and flat tells that positions and channels were
    flattened into one axis (position first).
    """

    source: int
    steps: tuple
    offset: int
    flat: bool


class Sink(NamedTuple):
    """Where channels stop being apart: tensor, the linear node that makes it, or None, and the routes to it.

    With a node, `routes` lead to its input. Without one, they lead to the tensor itself, in which the
    channels have to be replaced.
    """

    tensor: object
    node: object
    routes: list


class Plan(NamedTuple):
    """How to get from a change of filters to the outputs of a network.

    calls are the nodes of the scanning layers, sinks what their change reaches first, sides the tensors
    that it does not reach but that the nodes of `tail`, in this order, need beside the sinks.
    """

    calls: list
    sinks: list
    sides: list
    tail: list


def node_of(tensor):
    """Return the node (call of an operation) that makes a symbolic tensor."""
    operation, index, _ = tensor._keras_history
    return operation._inbound_nodes[index]


def nodes_between(known, wanted):
    """Return the nodes that make the `wanted` tensors from the `known` ones, in an order that can be run."""
    reached, ordered = {id(tensor) for tensor in known}, []
    waiting = [(tensor, False) for tensor in reversed(wanted)]
    while waiting:
        tensor, ready = waiting.pop()
        if id(tensor) in reached:
            continue
        node = node_of(tensor)
        if ready or not node.input_tensors:
            reached.update(id(output) for output in node.outputs)
            if node.input_tensors:
                ordered.append(node)
        else:
            waiting.append((tensor, True))
            waiting += [(source, False) for source in reversed(node.input_tensors)]
    return ordered


def run(nodes, values):
    """Run nodes on concrete values.

    Parameters
    ----------
    nodes : list
        From :func:`nodes_between`.
    values : dict of int to tensor
        Values by the id of their symbolic tensor; those of all outputs are added.
    """
    for node in nodes:
        args, kwargs = node.arguments.fill_in(values)
        outputs = keras.tree.flatten(node.operation(*args, **kwargs))
        # A node may give tensors that are known already, where another of its outputs is needed.
        for symbolic, output in zip(node.outputs, outputs, strict=True):
            values.setdefault(id(symbolic), output)


def find_plan(model, scanning):
    """Plan how changes of filters of some layers reach the outputs of a model.

    Parameters
    ----------
    model : keras.Model
    scanning : list of keras.layers.Conv1D
        Layers whose filters change together.

    Returns
    -------
    Plan
    """
    output = model.outputs[0]
    nodes = nodes_between(model.inputs, [output])
    calls = [node for node in nodes if node.operation in scanning]
    forms = {id(node.outputs[0]): [Route(i, (), 0, False)] for i, node in enumerate(calls)}
    symbolic, sinks = {id(node.outputs[0]): node.outputs[0] for node in calls}, {}

    def stop(tensor):
        """Replace channels in a tensor that the plan cannot follow further."""
        if forms.get(id(tensor)):
            sinks.setdefault(id(tensor), Sink(tensor, None, forms[id(tensor)]))

    for node in nodes:
        touched = [tensor for tensor in node.input_tensors if id(tensor) in forms]
        if not touched:
            continue
        if node in calls:
            raise UserError(f"layer {node.operation.name} reads its own output; use two layers")
        routes = _follow(node, forms)
        for tensor in node.outputs:
            forms[id(tensor)], symbolic[id(tensor)] = routes, tensor
        if routes is None and len(touched) == 1 and _linear(node) and forms[id(touched[0])]:
            sinks[id(node.outputs[0])] = Sink(node.outputs[0], node, forms[id(touched[0])])
        elif routes is None:
            for tensor in touched:
                stop(tensor)
    stop(output)
    sinks = list(sinks.values())
    starts = [sink.tensor for sink in sinks]
    sides = _unchanged(starts, output, forms)
    return Plan(calls, sinks, sides, nodes_between(starts + sides, [output]))


def _unchanged(starts, output, forms):
    """Return the tensors that are needed from `starts` to the output but that no change reaches."""
    seen, sides, waiting = {id(tensor) for tensor in starts}, [], [output]
    while waiting:
        tensor = waiting.pop()
        if id(tensor) in seen:
            continue
        seen.add(id(tensor))
        if id(tensor) in forms:
            waiting += node_of(tensor).input_tensors
        else:
            sides.append(tensor)
    return sides


def _follow(node, forms):
    """Return the routes to the output of a node, or None where its channels are not apart any more."""
    tensors = node.input_tensors
    layer, kind = node.operation, type(node.operation).__name__
    changed = [tensor for tensor in tensors if id(tensor) in forms]
    if not isinstance(layer, keras.layers.Layer) or not _plain(node) or len(node.outputs) > 1:
        return None
    if not all(forms[id(tensor)] for tensor in changed):
        return None
    if kind == "Concatenate":
        return _concatenate(tensors, layer, forms)
    if len(tensors) > 1:
        return None
    routes, rank = forms[id(tensors[0])], len(tensors[0].shape)
    flat = routes[0].flat
    if kind in TRANSPARENT or (kind == "Flatten" and rank == 2):
        return routes
    if kind == "Flatten" and rank == 3 and layer.data_format == "channels_last":
        return [route._replace(flat=True) for route in routes]
    step = _step(layer, kind, flat, rank)
    return step and [route._replace(steps=(*route.steps, (step, route.offset))) for route in routes]


def _plain(node):
    """Tell whether a layer was called without options, but for training=False."""
    return all(value is None or value is False for value in node.arguments.kwargs.values())


def _concatenate(tensors, layer, forms):
    """Return the routes through a concatenation of channels."""
    rank, routes, offset = len(tensors[0].shape), [], 0
    if layer.axis not in (-1, rank - 1):
        return None
    for tensor in tensors:
        for route in forms.get(id(tensor), []):
            if route.flat:
                return None
            routes.append(route._replace(offset=route.offset + offset))
        offset += tensor.shape[-1]
    return routes


def _step(layer, kind, flat, rank):
    """Return the function from values (b, ..., k) of some channels and their numbers (k,) to new values."""
    if kind in CHANNELWISE and not (flat and kind not in ELEMENTWISE):
        if getattr(layer, "data_format", None) == "channels_first":
            return None
        return lambda values, _: layer(values)
    if kind == "Activation" and activation_of(layer)[0] in activations.FUNCTIONS:
        return lambda values, _: layer(values)
    if kind == "PReLU" and not flat:
        return lambda values, channels: _prelu(layer, values, channels)
    if kind == "BatchNormalization" and not flat and layer.axis in (-1, rank - 1):
        return lambda values, channels: _normalise(layer, values, channels)
    return None


def _prelu(layer, values, channels):
    slope = keras.ops.take(keras.ops.cast(layer.alpha, values.dtype), channels, axis=-1)
    return keras.ops.relu(values) - slope * keras.ops.relu(-values)


def _normalise(layer, values, channels):
    """Apply a batch normalisation as it is after training."""

    def of(weight):
        return None if weight is None else keras.ops.take(keras.ops.cast(weight, values.dtype), channels)

    mean, variance = of(layer.moving_mean), of(layer.moving_variance)
    offset, scale = of(layer.beta if layer.center else None), of(layer.gamma if layer.scale else None)
    return keras.ops.batch_normalization(values, mean, variance, -1, offset, scale, layer.epsilon)


def _linear(node):
    """Tell whether a node is a convolution or a dense layer that a change of its input simply adds to."""
    layer = node.operation
    if len(node.input_tensors) > 1 or not _plain(node):
        return False
    if type(layer) is keras.layers.Dense:
        return not layer.lora_enabled
    plain = type(layer) is keras.layers.Conv1D and layer.groups == 1
    return plain and layer.data_format == "channels_last" and not layer.lora_enabled
