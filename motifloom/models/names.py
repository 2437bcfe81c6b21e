"""Keras objects by the names that a spec gives them: found safely, or refused with the nearest name."""

import copy
import difflib
import inspect
import re

import keras

from motifloom.errors import UserError
from motifloom.models import layers

MODULES = {
    "layer": keras.layers,
    "optimizer": keras.optimizers,
    "schedule": keras.optimizers.schedules,
    "loss": keras.losses,
    "metric": keras.metrics,
    "callback": keras.callbacks,
    "initializer": keras.initializers,
    "regularizer": keras.regularizers,
    "constraint": keras.constraints,
    "activation": keras.activations,
    "dtype policy": keras.dtype_policies,
    "seed generator": keras.random,
    "model": keras.models,
}
OWN = {
    name: item
    for name, item in vars(layers).items()
    if inspect.isclass(item) and issubclass(item, keras.layers.Layer)
}
# What a serialised object may have beside its class and settings; Keras ignores anything else.
ENTRY = ("class_name", "config", "module", "registered_name", "name", "inbound_nodes")
ENTRY += ("build_config", "compile_config", "shared_object_id")
# What layers may be called: their names are parts of names of files, and of TensorFlow's own.
LAYER_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
# Settings of layers that take a name, by the end of their key.
NAMED = ("activation", "initializer", "regularizer", "constraint")
# A spec is data. These hold program code, or load it from a file.
CODE = {
    "__lambda__", "__typespec__", "Lambda", "LambdaCallback", "LearningRateScheduler",
    "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "TFSMLayer",
}  # fmt: skip
VALUES = {"__keras_tensor__", "__numpy__", "__tensor__", "__bytes__", "__slice__", "__ellipsis__"}


def snake_case(name):
    """Return a class name as Keras writes it in layer and metric names: MaxPooling1D, max_pooling1d."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def unique(name, used):
    """Return `name`, or name_1, name_2, ... so that it is not in the set `used`; and add it there."""
    number, candidate = 0, name
    while candidate in used:
        number += 1
        candidate = f"{name}_{number}"
    used.add(candidate)
    return candidate


def nearest(word, options):
    """Return "; did you mean ...?" with the nearest of `options`, or nothing where none is near."""
    lower = str(word).islower()  # Keras has some names in two spellings: offer the one like the word
    by_lower = {option.lower(): option for option in sorted(options, key=lambda o: (o.islower() == lower, o))}
    near = difflib.get_close_matches(str(word).lower(), by_lower, 1, 0.5)
    return f"; did you mean {by_lower[near[0]]!r}?" if near else ""


def classes(kind):
    """Return {name: class} of Keras' classes of a kind (a key of `MODULES`), with our own layers."""
    public = vars(MODULES[kind]).items()
    found = {name: item for name, item in public if inspect.isclass(item) and name not in CODE}
    return {**found, **OWN} if kind == "layer" else found


def find(name, kind, path):
    """Return Keras' class `name` of a kind.

    Raises
    ------
    UserError
        If there is none, or it holds program code.
    """
    known = classes(kind)
    if isinstance(name, str) and name in CODE:
        raise UserError(f"{path}: {name} holds program code, which a spec may not; use another {kind}")
    if not isinstance(name, str) or name not in known:
        raise UserError(f"{path}: Keras has no {kind} {name!r}{nearest(name, known)}")
    return known[name]


def complete(item, kind, path):
    """Return a copy of part of a spec in which Keras finds every object by module and name.

    Parameters
    ----------
    item : object
        Part of a spec. A dict with `class_name` stands for a Keras object.
    kind : str
        What an object at this place is; deeper ones may be of any kind.
    path : str
        Key path, for messages.

    Raises
    ------
    UserError
        If an object is not one of Keras', or holds program code.
    """
    if isinstance(item, list | tuple):
        return [complete(value, kind, f"{path}[{i}]") for i, value in enumerate(item)]
    if not isinstance(item, dict):
        return item
    if "class_name" not in item:
        return {key: complete(value, kind, f"{path}.{key}") for key, value in item.items()}
    name = item["class_name"]
    if not isinstance(name, str):
        raise UserError(f"{path}.class_name: {name!r} is no name; write one {kind}")
    if name in VALUES:
        return item
    check_entry(item, path)
    if name == "function":
        return _function(item, path)
    module = item.get("module")
    if name in CODE or not str(module or "").startswith("keras.src."):
        module = _module_of(name, kind, f"{path}.class_name")
    config = item.get("config") or {}
    if not isinstance(config, dict):
        raise UserError(f"{path}.config: must hold the settings of {name} by name, not {config!r}")
    # build_config would fix the shapes of another dataset; a registered name only our own layers have.
    return {
        "class_name": name,
        "config": {key: complete(value, "object", f"{path}.config.{key}") for key, value in config.items()},
        "module": module,
        "registered_name": f"motifloom>{name}" if name in OWN else None,
    }


def _module_of(name, kind, path):
    """Return the public module of a class, looking for the expected kind first."""
    order = [kind, *(other for other in MODULES if other not in (kind, "callback"))]
    for other in order:
        if other in MODULES and isinstance(name, str) and name in classes(other):
            return layers.__name__ if name in OWN else MODULES[other].__name__
    if kind in MODULES or name in CODE:
        find(name, kind if kind in MODULES else "layer", path)
    every = {known for other in MODULES for known in classes(other)}
    raise UserError(f"{path}: Keras has no {name!r}{nearest(name, every)}")


def _function(item, path):
    """Return a reference to one of Keras' functions; any other would be program code."""
    name = item.get("config")
    for kind in ("activation", "loss", "metric"):
        if isinstance(name, str) and inspect.isfunction(getattr(MODULES[kind], name, None)):
            return {"class_name": "function", "config": name, "module": "builtins", "registered_name": name}
    raise UserError(f"{path}: {name!r} is not a function of Keras; a spec may not hold program code")


def create(item, path):
    """Return the Keras object of an item that :func:`complete` returned.

    Raises
    ------
    UserError
        If its settings are not right; the message names the setting and its nearest valid spelling.
    """
    try:
        # A copy, as some classes take their settings out of what they are given.
        return keras.saving.deserialize_keras_object(copy.deepcopy(item), safe_mode=True)
    except Exception as error:  # Keras raises all kinds for a wrong setting
        raise UserError(_explain(item, path) or f"{path}: {first_line(error)}") from error


def first_line(error):
    """Return the line of a Keras error that says what is wrong, without its wrapping and colours."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and lines[0].startswith("Exception encountered"):
        lines = lines[1:]
    if len(lines) > 1 and "could not be deserialized properly" in lines[0]:
        lines = [lines[-1].removeprefix("Exception encountered:").strip()]
    return lines[0][:300] if lines else type(error).__name__


def check_entry(item, path):
    """Raise a UserError for a key of a serialised object that would be ignored."""
    for key in item:
        if key not in ENTRY:
            raise UserError(f"{path}.{key}: is not read here; write it into config: beside class_name:")


def check_settings(cls, settings, path):
    """Raise a UserError for the first key of `settings` that `cls` does not take, or one it lacks."""
    known, needed = arguments_of(cls)
    for key in settings:
        if key not in known:
            raise UserError(f"{path}.{key}: {cls.__name__} has no setting {key!r}{nearest(key, known)}")
    missing = [key for key in needed if key not in settings]
    if missing:
        raise UserError(f"{path}: {cls.__name__} needs {' and '.join(missing)}")


def arguments_of(cls):
    """Return {name: default, or None} of all settings of a class, and which have no default."""
    known, needed = {}, []
    for base in cls.__mro__[:-1]:
        if "__init__" not in vars(base):
            continue
        own = list(inspect.signature(base.__init__).parameters.values())[1:]
        named = [p for p in own if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
        if not known:
            needed = [p.name for p in named if p.default is p.empty]
        defaults = {p.name: None if p.default is p.empty else p.default for p in named}
        known = {**defaults, **known}
        if not any(p.kind == p.VAR_KEYWORD for p in own):
            break
    return known, needed


def _explain(item, path):
    """Return what is wrong with the settings of an item that Keras could not make, or None."""
    cls = next((classes(k)[item["class_name"]] for k in MODULES if item["class_name"] in classes(k)), None)
    if cls is None:
        return None
    try:
        check_settings(cls, item["config"], f"{path}.config")
    except UserError as error:
        return str(error)
    for key, value in item["config"].items():
        place = f"{path}.config.{key}"
        kind = next((end for end in NAMED if key.endswith(end)), None)
        if isinstance(value, dict) and "class_name" in value:
            found = _explain(value, place)
            if found:
                return found
        elif isinstance(value, str) and kind:
            try:
                MODULES[kind].get(value)
            except ValueError:
                return f"{place}: Keras has no {kind} {value!r}{nearest(value, _public(kind))}"
    return None


def _public(kind):
    """Return the names under which Keras knows objects of a kind: classes and their snake case, functions."""
    functions = {n for n, item in vars(MODULES[kind]).items() if inspect.isfunction(item)}
    names = classes(kind)
    return ({*names, *map(snake_case, names)} | functions) - {"get", "serialize", "deserialize"}
