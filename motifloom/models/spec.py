"""Specs: a network, how it is compiled and trained, as JSON or YAML with the sections of Cnnamon.

    model:            {layers: [{class_name, config}, ...]}, or a Keras model's own config
    compile:          {optimizer, loss, metrics, and all that Keras' compile takes}
    training_params:  {epochs, batch_size, class_weight, and all that Keras' fit takes}
    callbacks:        {Name: {settings}}

In place of layers a model may name a builder and its parameters: {builder: conv_stack, conv_filters: 64}.
A spec is data: it is never changed, and program code in it is refused.
"""

import contextlib
import re

import keras
import numpy as np

from motifloom.errors import UserError
from motifloom.files import read_plain
from motifloom.filters import activations
from motifloom.models.builders.build import build_network
from motifloom.models.compilation import LOSSES, compile_arguments
from motifloom.models.device import seed_everything
from motifloom.models.filters import scanning_layers
from motifloom.models.graph import Graph
from motifloom.models.names import first_line, nearest
from motifloom.models.outputs import output_tensor
from motifloom.models.settings import blamed_on, check_options, merge_options
from motifloom.models.structure import (
    activation_of,
    check_constraints,
    check_flat,
    check_names,
    check_size,
    output_activation,
    without_values,
)
from motifloom.models.values import check_finite
from motifloom.parameters import SPOKEN_FOR, is_file, read_parameters, unused
from motifloom.validation import read_numbers

SECTIONS = ("model", "compile", "training_params", "callbacks")
ACTIVATIONS = {"binary": "sigmoid", "multilabel": "sigmoid", "multiclass": "softmax", "regression": "linear"}


def read_spec(source, where=None):
    """Read a spec.

    Parameters
    ----------
    source : str, Path or dict
        A JSON or YAML file (by its suffix; YAML is read safely), or the content. What Keras' `to_json`
        writes is a spec with a model and, if it was compiled, that.
    where : str, optional
        What to call it in messages; default: the path.

    Returns
    -------
    dict
        A copy with the sections `model`, `compile`, `training_params`, `callbacks`; missing ones are {},
        or, with a builder, what goes with it; its parameters that say what these say are there alone. A
        callback that is false has an empty list of settings.

    Raises
    ------
    UserError
        If the file cannot be read, or a section is unknown, of the wrong type, or the model is missing.
    """
    if isinstance(source, dict):
        where, spec = where or "spec", read_numbers(source)
    else:
        where = where or str(source)
        spec = read_numbers(read_plain(source, "a spec is JSON or YAML", where))
    if not isinstance(spec, dict):
        raise UserError(f"{where}: is no spec; write a mapping with the section model")
    if "class_name" in spec:
        model = {key: value for key, value in spec.items() if key != "compile_config"}
        spec = {"model": model, "compile": spec.get("compile_config") or {}}
    for key, value in spec.items():
        if key not in SECTIONS:
            raise UserError(f"{where}: {key}: is no section of a spec{nearest(key, SECTIONS)}")
        if not isinstance(value, dict) and value is not None:
            raise UserError(f"{where}: {key}: must be a mapping, not {type(value).__name__}")
    if not spec.get("model"):
        raise UserError(f"{where}: model: is missing; write model: {{layers: [...]}}")
    spec = {section: spec.get(section) or {} for section in SECTIONS}
    for section, content in spec.items():
        built = section == "model" and "builder" in content
        check_finite(content, model_path(where) if built else f"{where}: {section}")
    spec["callbacks"] = {name: [] if given is False else given for name, given in spec["callbacks"].items()}
    if "builder" not in spec["model"]:
        return spec
    path = model_path(where)
    if not isinstance(source, dict) and is_file(spec["model"]["builder"]):
        raise UserError(f"{path}.builder: a Python file is named in the config, as builder: of a model")
    return _complete(spec, path)


def model_path(where):
    """Return the key path of a builder's parameters: flat in a block of the config, else under model."""
    return where if re.fullmatch(r"models\.[^.]+", where) else f"{where}: model"


def _complete(spec, path):
    """Add what goes with a builder where a spec leaves it out, and refuse what would then be unused."""
    goes_with, model = {}, spec["model"]
    if not is_file(model["builder"]):
        parameters = read_parameters(model, path)
        goes_with = parameters.sections()
        complaint = unused(parameters, spec)
        if complaint:
            raise UserError(f"{path} {complaint}")
        model = {key: value for key, value in model.items() if key not in SPOKEN_FOR}
    sections = {name: {**goes_with.get(name, {}), **spec[name]} for name in SECTIONS[1:]}
    return {"model": model, **sections, "compile": {"metrics": "auto", **sections["compile"]}}


def build_model(spec, *, length, alphabet_size, task, n_targets, seed=0, where="spec", values=True):
    """Build and compile the network of a spec for a dataset.

    Parameters
    ----------
    spec : dict, str or Path
        See :func:`read_spec`. An `input_shape` is only checked. For `units` and `activation`, the value
        "auto" stands for the number of targets and for the activation function of the task, so that one
        spec serves several tasks. What `compile` leaves out is chosen by the task.
    length, alphabet_size : int
        Length of the sequences in letters, and number of letters.
    task : {"binary", "multiclass", "multilabel", "regression"}
        What the targets are; targets of a multi-class task are one-hot rows.
    n_targets : int
        Number of columns of the targets.
    seed : int
        Seed of the initial weights.
    where : str
        What to call the spec in messages.
    values : bool
        False: the weights get no values, so that a network of any size takes no memory (the user's own
        builder may need them, and gets them); it can be looked at, and not computed with.

    Returns
    -------
    keras.Model
        From `tokens`, uint8 (batch, length), to (batch, n_targets); one-hot first, layers flat.

    Raises
    ------
    UserError
        For the first thing in the spec that Keras does not have, or that does not fit the dataset.
    """
    spec = read_spec(spec, where)
    seed_everything(seed, "weights")
    sizes = {"length": length, "alphabet_size": alphabet_size}
    builder = spec["model"].get("builder")
    path = model_path(where) if builder else f"{where}: model"
    with contextlib.nullcontext() if values or is_file(builder) else without_values():
        if builder:
            targets = {"n_targets": n_targets, "task": task}
            activation = "linear" if _from_logits(spec["compile"]) else ACTIVATIONS[task]
            model, paths = build_network(spec["model"], **sizes, **targets, activation=activation, path=path)
        else:
            graph = Graph(_fill(spec["model"], task, n_targets), **sizes, path=path)
            model, paths = graph.model, graph.paths
    check_flat(model, paths, path)
    check_names(model, paths, path)
    check_size(model, path)
    check_constraints(model, paths, path)
    arguments = compile_arguments(spec["compile"], task, f"{where}: compile")
    _check_scanning(model, paths)
    _check_output(model, paths, arguments["loss"], task, n_targets, where)
    _compile(model, arguments, task, n_targets, f"{where}: compile")
    return model


def check_spec(
    spec,
    *,
    length,
    alphabet_size,
    task,
    n_targets,
    where="spec",
    training=None,
    training_path=None,
    classes=None,
    embedded=(),
):
    """Raise a UserError if a training of the spec on such a dataset could not start.

    Parameters
    ----------
    training : dict, optional
        What the training does beyond its spec: see :func:`motifloom.models.settings.merge_options`.
    training_path : str, optional
        What to call that in messages. Without, what it puts into the spec is told as the spec's.
    classes : list of str, optional
        Names of the classes.
    embedded : list of str
        Layers that maps are to be made of: evaluation.embedding.layers.

    The others are those of :func:`build_model`.
    """
    training = training or {}
    sizes = {"length": length, "alphabet_size": alphabet_size, "task": task, "n_targets": n_targets}
    targets = {"task": task, "n_targets": n_targets}
    with blamed_on(training, where, training_path):
        path = training_path or "training"
        spec = merge_options(read_spec(spec, where), training, classes, where)
        model = build_model(spec, **sizes, where=where, values=False)
        check_options(model, spec, training, **targets, where=where, path=path)
    for number, layer in enumerate(embedded):
        try:
            _ = layer == "last" or output_tensor(model, layer)
        except UserError as error:
            reason = str(error).removeprefix("layer: ")
            raise UserError(f"evaluation.embedding.layers[{number}]: {where}: {reason}") from None


def _from_logits(section):
    """Tell whether the loss of a section `compile` takes outputs that are no probabilities yet."""
    loss = section.get("loss")
    return isinstance(loss, dict) and bool((loss.get("config") or {}).get("from_logits"))


def _fill(item, task, n_targets):
    """Return a copy of the model section with "auto" filled in."""
    if isinstance(item, list):
        return [_fill(value, task, n_targets) for value in item]
    if not isinstance(item, dict):
        return item
    automatic = {"units": n_targets, "activation": ACTIVATIONS[task]}
    return {
        key: automatic[key] if value == "auto" and key in automatic else _fill(value, task, n_targets)
        for key, value in item.items()
    }


def _check_scanning(model, paths):
    """Raise a UserError where no motifs could be found for a layer that reads the sequence."""
    for layer in scanning_layers(model).values():
        try:
            activations.known(activation_of(layer)[0])
        except UserError as error:
            raise UserError(f"{paths[layer.name]}: layer {layer.name}: {error}") from None


def _check_output(model, paths, loss, task, n_targets, where):
    """Raise a UserError where the last layer does not give what the targets and the loss need."""
    last = model.get_config()["output_layers"]
    name = last[0] if isinstance(last[0], str) else last[0][0]
    path = f"{paths.get(name, f'{where}: model')}: output layer {name}"
    shape = model.output_shape
    if len(shape) != 2:
        raise UserError(
            f"{path}: gives {list(shape[1:])} values per example instead of {n_targets}; "
            "put Flatten or GlobalMaxPooling1D before it"
        )
    activation = output_activation(model)
    if shape[1] != n_targets:
        advice = f"write units: {n_targets}"
        if task == "binary" and shape[1] == 2:
            advice += " and activation: sigmoid, or make the dataset's task multiclass"
        raise UserError(f"{path}: {shape[1]} units do not fit the dataset's {n_targets} target(s); {advice}")
    if activation == "softmax" and n_targets == 1:
        raise UserError(f"{path}: softmax on one unit is always 1; write activation: {ACTIVATIONS[task]}")
    if activation is not None:
        _check_activation(activation, loss, task, path, f"{where}: compile.loss")


def _check_activation(activation, loss, task, path, loss_path):
    """Raise a UserError unless activation function, loss and task go together."""
    name = getattr(loss, "name", getattr(loss, "__name__", "loss"))
    from_logits = getattr(loss, "get_config", dict)().get("from_logits", False)
    crossentropy = isinstance(loss, keras.losses.BinaryCrossentropy | keras.losses.BinaryFocalCrossentropy)
    categorical = isinstance(
        loss, keras.losses.CategoricalCrossentropy | keras.losses.CategoricalFocalCrossentropy
    )
    if categorical and task != "multiclass":
        raise UserError(f"{loss_path}: {name} is for multiclass, not for {task}; write {LOSSES[task]}")
    if task == "regression":
        if crossentropy:
            raise UserError(f"{loss_path}: {name} is for classes, not for {task}; write {LOSSES[task]}")
        return
    right = ACTIVATIONS[task]
    allowed = {"sigmoid", "hard_sigmoid"} if right == "sigmoid" else {"softmax"}
    if from_logits and activation != "linear":
        raise UserError(
            f"{path}: {activation} with from_logits: true applies it twice; "
            "write activation: linear, or remove from_logits"
        )
    if not from_logits and activation not in allowed:
        advice = f"write activation: {right}"
        if activation == "linear":
            advice += ", or from_logits: true in the loss"
        raise UserError(f"{path}: {activation} gives no probabilities for a {task} task; {advice}")


def _compile(model, arguments, task, n_targets, path):
    """Compile, and try loss and metrics on two made-up examples; they fail here rather than in a job."""
    targets = np.zeros((2, n_targets), np.float32)
    if task == "multiclass":
        targets[[0, 1], [0, 1]] = 1
    else:
        targets[1] = 1
    scores = np.full((2, n_targets), 1 / max(n_targets, 2), np.float32)
    try:
        model.compile(**arguments)
        model.compute_loss(y=targets, y_pred=keras.ops.convert_to_tensor(scores))
        model.compute_metrics(None, targets, keras.ops.convert_to_tensor(scores))
        model.reset_metrics()
    except Exception as error:  # Keras raises all kinds
        raise UserError(f"{path}: {first_line(error)}") from error
