"""From the section `model` of a spec that names a builder to its network."""

import keras

from motifloom.errors import UserError
from motifloom.models.builders import (
    conv_stack,
    danq,
    interpretable,
    multiscale_attention,
    pysster,
    residual_dilated,
)
from motifloom.models.builders.net import Net
from motifloom.models.builders.own import build_own, check_loadable
from motifloom.models.layers import HigherOrderOneHot, OneHot
from motifloom.models.names import first_line
from motifloom.models.values import check_held
from motifloom.parameters import is_file, read_parameters

BUILDERS = {
    "conv_stack": conv_stack.build,
    "double_stranded": conv_stack.build,
    "pysster": pysster.build,
    "multiscale_attention": multiscale_attention.build,
    "danq": danq.build,
    "residual_dilated": residual_dilated.build,
    "interpretable": interpretable.build,
}


def build_network(section, *, length, alphabet_size, n_targets, task, activation, path):
    """Return the network of a builder, not compiled, and the key path of every layer.

    Parameters
    ----------
    section : dict
        `builder`, a name or a Python file, and its parameters.
    length, alphabet_size : int
        Length of the sequences in letters, and number of letters.
    n_targets, task, activation : int, str, str
        Number of outputs, what they are, and the activation function of the output layer.
    path : str
        Key path of the section, for messages.

    Returns
    -------
    model : keras.Model
        From tokens, uint8 (batch, length).
    paths : dict of str to str

    Raises
    ------
    UserError
        For the first parameter that is not right or does not fit the length.
    """
    tokens = keras.Input((length,), dtype="uint8", name="tokens")
    name, paths = section["builder"], {}
    if is_file(name):
        output = _own(section, tokens, alphabet_size, n_targets, task, activation, path)
    else:
        parameters = read_parameters(section, path)
        sizes = {"length": length, "alphabet_size": alphabet_size}
        net = Net(_one_hot(tokens, alphabet_size, parameters.order), parameters, **sizes, path=path)
        BUILDERS[name](net, parameters)
        net.finish(n_targets, activation, l2=getattr(parameters, "l2_reg_final", 0))
        output, paths = net.output, net.paths
    if not is_file(name):
        return keras.Model(tokens, output, name="motifloom"), paths
    try:
        model = keras.Model(tokens, output, name="motifloom")
    except ValueError as error:  # the user's layers do not lead from the input, or two share a name
        taken = "; Motifloom's own layers are tokens, one_hot and output" if "unique" in str(error) else ""
        raise UserError(f"{path}.builder: {name}: {first_line(error).rstrip('.')}{taken}") from error
    check_loadable(model, name, path)
    for layer in model.layers:
        entry = {"class_name": type(layer).__name__, "config": layer.get_config()}
        check_held(entry, f"{path}.builder: {name}: layer {layer.name}")
    return model, {layer.name: f"{path}.builder: {name}" for layer in model.layers}


def _one_hot(tokens, alphabet_size, order=1):
    if order == 1:
        return OneHot(alphabet_size, name="one_hot")(tokens)
    return HigherOrderOneHot(alphabet_size, order, name="one_hot")(tokens)


def _own(section, tokens, alphabet_size, n_targets, task, activation, path):
    parameters = {key: value for key, value in section.items() if key != "builder"}
    given = {"n_targets": n_targets, "task": task}
    inputs = _one_hot(tokens, alphabet_size)
    output, finished = build_own(section["builder"], inputs, parameters, given, path)
    if finished:
        return output
    return keras.layers.Dense(n_targets, activation=activation, name="output")(output)
