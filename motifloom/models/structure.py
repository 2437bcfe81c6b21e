"""What a built network looks like: which layer feeds which, and what each applies at its end."""

import contextlib
import inspect
import math

import keras
from keras.src.backend.common import global_state

from motifloom.errors import UserError
from motifloom.models.names import LAYER_NAME, snake_case

# Layers that change neither the order of values nor their places along the sequence.
TRANSPARENT = {
    "Dropout", "SpatialDropout1D", "GaussianDropout", "GaussianNoise", "AlphaDropout", "Identity",
    "ActivityRegularization",
}  # fmt: skip
RENAMED = {"re_lu": "relu", "leaky_re_lu": "leaky_relu"}


MOST_WEIGHTS = 10**9  # of a network: 4 GB, and three times as much with an optimizer's


@contextlib.contextmanager
def without_values():
    """Let layers be made whose weights have shapes and no values: any network then takes no memory."""
    try:
        with keras.StatelessScope(initialize_variables=False):
            yield
    finally:  # or Keras would give them values when it leaves the next such scope
        global_state.set_global_attribute("uninitialized_variables", [])


def check_size(model, path):
    """Raise a UserError for a network with more weights than a machine can be thought to hold."""
    sizes = {layer.name: sum(math.prod(w.shape) for w in layer.weights) for layer in model.layers}
    total, largest = sum(sizes.values()), max(sizes, key=sizes.get)
    if total > MOST_WEIGHTS:
        raise UserError(
            f"{path}: the network has {total:,} weights, {sizes[largest]:,} of them in layer {largest}; "
            f"write sizes with which it has at most {MOST_WEIGHTS:,}"
        )


def check_names(model, paths, path):
    """Raise a UserError for the name of a layer that files and TensorFlow cannot have.

    `paths` has the key paths of layers by name, `path` is that of the others.
    """
    for layer in model._flatten_layers(include_self=False, recursive=True):
        if not LAYER_NAME.fullmatch(layer.name):
            raise UserError(
                f"{paths.get(layer.name, path)}: no layer can be called {layer.name!r}; use up to 100 of "
                "A-Z, a-z, 0-9, _, - and ., and begin with none of the last two"
            )


def check_flat(model, paths, path):
    """Raise a UserError for a model among the layers of a network, which analyses could not look into.

    `paths` has the key paths of layers by name, `path` is that of the others.
    """
    for outer in model.layers:
        for layer in outer._flatten_layers():
            if isinstance(layer, keras.Model | keras.layers.Pipeline):
                raise UserError(
                    f"{paths.get(outer.name, path)}: layer {layer.name} is a whole model "
                    f"({type(layer).__name__}); write its layers in its place"
                )


def check_constraints(model, paths, path):
    """Raise a UserError for a constraint of weights along an axis that they do not have."""
    for outer in model.layers:
        for weight in outer.weights:
            constraint, most = getattr(weight, "constraint", None), len(weight.shape)
            axes = getattr(constraint, "axis", None)
            for axis in axes if isinstance(axes, list | tuple) else [axes]:
                if axis is None or (_is_whole(axis) and -most <= axis < most):
                    continue
                raise UserError(
                    f"{paths.get(outer.name, path)}: layer {outer.name}: {weight.name}_constraint: "
                    f"{type(constraint).__name__} has axis {axis!r}, and the weights have {most} axes; "
                    f"write 0 to {most - 1}, or a list of these"
                )


def _is_whole(value):
    return isinstance(value, int) and not isinstance(value, bool)


def references(value):
    """Return the [layer name, call, index] triples in nested lists, as output_layers of a config has them."""
    if isinstance(value, list | tuple) and value and isinstance(value[0], str):
        return [value]
    items = value.values() if isinstance(value, dict) else value
    return [triple for item in items for triple in references(item)]


def inputs_of(model):
    """Return {name: [names of the layers it is fed by]} of a functional model, in the order of its config."""
    config = model.get_config()
    return {
        entry["name"]: list(dict.fromkeys(_histories(entry["inbound_nodes"]))) for entry in config["layers"]
    }


def _histories(value):
    if isinstance(value, dict):
        if value.get("class_name") == "__keras_tensor__":
            yield value["config"]["keras_history"][0]
            return
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from _histories(item)


def activation_of(layer):
    """Return the activation function of a layer: its name and its arguments, as ("relu", {...}).

    The name is "linear" for a layer without one, and None for an operation that is not a layer.
    """
    kind = type(layer).__name__
    if kind in ("ReLU", "LeakyReLU", "ELU", "PReLU", "Softmax"):
        function = layer
    elif not isinstance(layer, keras.layers.Layer):
        return None, {}
    else:
        function = getattr(layer, "activation", None)
    if function is None:
        return "linear", {}
    if isinstance(function, keras.layers.Layer):
        base = {"name", "trainable", "dtype"}
        arguments = {k: v for k, v in function.get_config().items() if k not in base}
        name = snake_case(type(function).__name__)
        return RENAMED.get(name, name), arguments
    return keras.activations.serialize(function), _defaults(function)


def _defaults(function):
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not p.empty}


def output_activation(model):
    """Return the name of the activation function that a model ends in; None where it cannot be told."""
    layers, sources = {layer.name: layer for layer in model.layers}, inputs_of(model)
    name = references(model.get_config()["output_layers"])[0][0]
    through = TRANSPARENT | {"Flatten", "Reshape", "Permute"}
    while name in layers:
        layer = layers[name]
        activation, _ = activation_of(layer)
        plain = activation == "linear" and (type(layer).__name__ in through | {"Activation"})
        if not plain or len(sources[name]) != 1:
            return activation
        name = sources[name][0]
    return None
