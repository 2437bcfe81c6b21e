"""What a built network looks like: which layer feeds which, and what each applies at its end."""

import inspect

import keras

from motifloom.models.names import snake_case

# Layers that change neither the order of values nor their places along the sequence.
TRANSPARENT = {
    "Dropout", "SpatialDropout1D", "GaussianDropout", "GaussianNoise", "AlphaDropout", "Identity",
    "ActivityRegularization",
}  # fmt: skip
RENAMED = {"re_lu": "relu", "leaky_re_lu": "leaky_relu"}


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
