"""A builder of the user's own: a Python file with a function `build`."""

import inspect
import traceback
from pathlib import Path

import keras

from motifloom.errors import UserError
from motifloom.models.names import CODE, first_line, nearest

# What Motifloom gives a `build` that has a parameter of the name.
GIVEN = ("n_targets", "task")
OURS = ("keras.", "motifloom.")


def build_own(file, inputs, parameters, given, path):
    """Return what the function `build` of a file makes of the input.

    Parameters
    ----------
    file : str
        Python file with `build(inputs, **parameters)`.
    inputs : KerasTensor (batch, positions, letters)
        The one-hot sequence.
    parameters : dict
        The user's parameters.
    given : dict
        Values of `GIVEN`.
    path : str
        Key path of the model, for messages.

    Returns
    -------
    tensor : KerasTensor (batch, values)
    finished : bool
        Whether these are the outputs: `build` asked for `n_targets`. Else the output layer is to be added.

    Raises
    ------
    UserError
        If there is no such file or function, it does not take a parameter, fails, or gives something else.
    """
    build = _load(file, path)
    arguments = _arguments(build, file, parameters, given, path)
    output = _run(lambda: build(inputs, **arguments), file, path)
    if not isinstance(output, keras.KerasTensor):
        raise UserError(f"{path}.builder: {file}: build gives {type(output).__name__}, not a Keras tensor")
    if len(output.shape) != 2 or None in output.shape[1:]:
        raise UserError(
            f"{path}.builder: {file}: build gives {list(output.shape[1:])} values per example; "
            "end with Flatten, a global pooling or AttentionPooling"
        )
    operation = output._keras_history.operation
    if "n_targets" in arguments and not isinstance(operation, keras.layers.Layer):
        raise UserError(
            f"{path}.builder: {file}: build ends with the operation {operation.name}; end with a layer, "
            "such as Activation"
        )
    return output, "n_targets" in arguments


def check_loadable(model, file, path):
    """Raise a UserError where a network has objects that no other job could load."""
    for item in _objects(keras.saving.serialize_keras_object(model)):
        name = item["class_name"]
        # Keras writes its own functions as plain names.
        foreign = not f"{item.get('module') or 'keras'}.".startswith(OURS)
        if name == "function" or name in CODE or foreign:
            raise UserError(
                f"{path}.builder: {file}: {item['config'] if name == 'function' else name} cannot be loaded "
                "again; use layers and functions of Keras and of motifloom.models.layers only"
            )


def _objects(item):
    """Yield every serialised object of a config."""
    if isinstance(item, dict):
        if isinstance(item.get("class_name"), str) and "config" in item:
            yield item
        item = list(item.values())
    for value in item if isinstance(item, list | tuple) else ():
        yield from _objects(value)


def _load(file, path):
    """Run a file and return its function `build`."""
    try:
        text = Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else first_line(error)
        raise UserError(f"{path}.builder: {file}: {reason}") from None
    content = {"__name__": "motifloom_builder", "__file__": str(file)}
    _run(lambda: exec(compile(text, str(file), "exec"), content), file, path)
    build = content.get("build")
    if not callable(build):
        raise UserError(f"{path}.builder: {file}: has no function build; write def build(inputs, ...)")
    return build


def _arguments(build, file, parameters, given, path):
    """Return the arguments of `build` beside the input."""
    known = list(inspect.signature(build).parameters.values())
    if not known or known[0].kind not in (known[0].POSITIONAL_ONLY, known[0].POSITIONAL_OR_KEYWORD):
        raise UserError(f"{path}.builder: {file}: build takes no input; write def build(inputs, ...)")
    names = {p.name: p for p in known[1:] if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}
    anything = any(p.kind == p.VAR_KEYWORD for p in known)
    for key in parameters:
        if key in GIVEN or (key not in names and not anything):
            known = [name for name in names if name not in GIVEN]
            raise UserError(f"{path}.{key}: build of {file} has no parameter {key!r}{nearest(key, known)}")
    arguments = {**parameters, **{key: given[key] for key in GIVEN if key in names}}
    missing = [name for name, p in names.items() if p.default is p.empty and name not in arguments]
    if missing:
        raise UserError(f"{path}.{missing[0]}: missing; build of {file} needs it")
    return arguments


def _run(function, file, path):
    """Call a function; an error in the file is told with its line there."""
    try:
        return function()
    except BaseException as error:  # the file is the user's: it may raise all kinds
        if isinstance(error, KeyboardInterrupt) and not _raised_in(file, error):
            raise  # the user has pressed Ctrl-C
        if isinstance(error, SyntaxError):
            line, text = error.lineno, error.msg
        else:
            frames = traceback.extract_tb(error.__traceback__)
            line = next((f.lineno for f in reversed(frames) if f.filename == str(file)), None)
            text = first_line(error)
        place = f"{file}, line {line}" if line else file
        raise UserError(f"{path}.builder: {place}: {type(error).__name__}: {text}") from error


def _raised_in(file, error):
    """Tell whether a statement `raise` of a file is where an error comes from."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return last.filename == str(file) and (last.line or "").startswith("raise")
