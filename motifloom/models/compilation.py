"""Section `compile` of a spec: optimizer, loss and metrics, chosen by the task where they are left out."""

import inspect

import keras

from motifloom.errors import UserError
from motifloom.models.names import (
    arguments_of,
    check_entry,
    classes,
    complete,
    create,
    find,
    first_line,
    nearest,
    snake_case,
    unique,
)
from motifloom.models.values import check_values

LOSSES = {
    "binary": "binary_crossentropy",
    "multilabel": "binary_crossentropy",
    "multiclass": "categorical_crossentropy",
    "regression": "mean_squared_error",
}
METRICS = {
    "binary": ["accuracy", "AUC"],
    "multilabel": ["AUC"],
    "multiclass": ["accuracy", "AUC"],
    "regression": ["mean_absolute_error"],
}
# Names whose meaning Keras takes from the shapes of targets and outputs.
BY_SHAPE = {"accuracy", "acc", "crossentropy", "ce"}
# Settings of compile that hold Keras objects.
OBJECTS = {"optimizer", "loss", "metrics", "weighted_metrics"}
# What the log of a training has beside metrics.
COLUMNS = ("epoch", "loss", "learning_rate")
# Training steps run in one call of TensorFlow: Python's part of a step, a tenth of a small network's
# time, is then paid once. Results are the same.
STEPS = 16


def compile_arguments(section, task, path):
    """Return the arguments of Keras' `compile`.

    Parameters
    ----------
    section : dict
        optimizer, loss, metrics (or "auto") and any other argument of `compile`. The targets of a
        multi-class task are one-hot rows, on which the sparse losses and metrics are the same numbers as
        those without "sparse", which stand in for them under the name that was written.
    task : str
        Chooses loss and, where the section is empty or says so, metrics; the default optimizer is Adam.
    path : str
        Key path of the section, for messages.

    Returns
    -------
    dict
        With Keras objects for optimizer, loss and metrics.

    Raises
    ------
    UserError
        If Keras has no such argument, optimizer, loss or metric, or does not take its settings.
    """
    known = {name: p.default for name, p in inspect.signature(keras.Model.compile).parameters.items()}
    for key in section:
        if key not in known or key == "self":
            raise UserError(f"{path}.{key}: is no setting of compile{nearest(key, known)}")
    section = {key: value for key, value in section.items() if value is not None or key == "metrics"}
    check_values({key: _only(value) for key, value in section.items() if key not in OBJECTS}, known, path)
    loss = _by_name(_only(section.get("loss", LOSSES[task])), "loss", f"{path}.loss")
    from_logits = getattr(loss, "get_config", dict)().get("from_logits", False)
    arguments = {"steps_per_execution": STEPS, **section, "loss": loss}
    arguments["optimizer"] = _optimizer(section.get("optimizer", "adam"), f"{path}.optimizer")
    if not section or arguments.get("metrics") == "auto":
        arguments["metrics"] = METRICS[task]
    used = set()
    for key in ("metrics", "weighted_metrics"):
        entries = arguments.get(key) or []
        while isinstance(entries, dict) and "class_name" not in entries:
            entries = _only(entries)
        entries = entries if isinstance(entries, list) else [entries]
        entries = entries[0] if len(entries) == 1 and isinstance(entries[0], list) else entries
        arguments[key] = [
            _metric(entry, task, from_logits, used, f"{path}.{key}[{i}]") for i, entry in enumerate(entries)
        ]
    return arguments


def log_names(model):
    """Return the names of loss and metrics in the logs of a compiled model, without `val_`."""
    compiled = model.get_compile_config() or {}
    metrics = [*(compiled.get("metrics") or []), *(compiled.get("weighted_metrics") or [])]
    return ["loss", *(m if isinstance(m, str) else m["config"]["name"] for m in metrics)]


def left_out(item):
    """Return the settings of a loss or metric that Keras leaves out of its config, as Huber's delta."""
    config, known = item.get_config(), arguments_of(type(item))[0]
    inside = getattr(item, "_fn_kwargs", None) or {}
    return {key: value for key, value in inside.items() if key in known and key not in config}


def _only(item):
    """Take the one item out of a list, or a dict by output, that Keras' compile also accepts."""
    if isinstance(item, list) and len(item) == 1:
        return item[0]
    if isinstance(item, dict) and "class_name" not in item and len(item) == 1:
        return next(iter(item.values()))
    return item


def _optimizer(entry, path):
    name, settings = _parts(entry, "optimizer", path)
    spelled = {known.lower(): known for known in classes("optimizer")}
    name = spelled.get(str(name).lower(), name)
    cls = find(name, "optimizer", f"{path}.class_name")
    check_values(settings, arguments_of(cls)[0], f"{path}.config")
    _check_averaging(settings, f"{path}.config")
    settings = {"name": snake_case(name), **settings}  # not counted up in every build
    item = complete({"class_name": name, "config": settings}, "optimizer", path)
    optimizer = create(item, path)
    schedule = optimizer._learning_rate
    if isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
        try:
            float(schedule(0))
        except Exception as error:  # Keras raises all kinds
            raise UserError(f"{path}.config.learning_rate: {first_line(error)}") from error
    return optimizer


def _check_averaging(settings, path):
    """Raise a UserError for settings of the average of the weights where there is none."""
    inner = settings.get("inner_optimizer")
    if isinstance(inner, dict) and isinstance(inner.get("config"), dict):
        _check_averaging(inner["config"], f"{path}.inner_optimizer.config")
    for key, default in (("ema_overwrite_frequency", None), ("ema_momentum", 0.99)):
        if not settings.get("use_ema") and settings.get(key, default) != default:
            raise UserError(f"{path}.{key}: goes with use_ema: true; write that too, or remove it")


def _parts(entry, kind, path):
    """Return name and settings of an optimizer, loss or metric that a spec names or writes out."""
    if not isinstance(entry, dict):
        return entry, {}
    check_entry(entry, path)
    if "class_name" not in entry:
        raise UserError(f"{path}: is no {kind}; write its name, or {{class_name: ..., config: {{...}}}}")
    settings = entry.get("config") or {}
    if not isinstance(settings, dict):
        raise UserError(f"{path}.config: must hold settings by name, not {settings!r}")
    return entry["class_name"], dict(settings)


def _metric(entry, task, from_logits, used, path):
    """Return a metric under the name that it has in logs, or a name for Keras to look up."""
    if isinstance(entry, str):
        name = entry
        if entry in BY_SHAPE and not (from_logits and task == "binary"):
            used.add(entry)
            return entry
        entry = "BinaryAccuracy" if entry in ("accuracy", "acc") else entry
    else:
        name = None
    metric = _by_name(entry, "metric", path)
    if not isinstance(metric, keras.metrics.Metric):
        return metric
    config = {**left_out(metric), **metric.get_config()}
    written = isinstance(entry, dict) and (entry.get("config") or {}).get("name")
    if written and (written in COLUMNS or str(written).startswith("val_") or not str(written).isprintable()):
        raise UserError(f"{path}.config.name: {written!r} cannot be a column of the log; choose another name")
    config["name"] = unique(name or written or snake_case(_name_of(entry)), used)
    if from_logits:  # the outputs are no probabilities yet
        if "from_logits" in config:
            config["from_logits"] = True
        if isinstance(metric, keras.metrics.BinaryAccuracy):
            config["threshold"] = 0.0
    return type(metric).from_config(config)


def _name_of(entry):
    return str(entry.get("class_name") if isinstance(entry, dict) else entry)


def _by_name(entry, kind, path):
    """Return the loss or metric of a name, in any of the spellings that Keras takes, or of a dict."""
    if isinstance(entry, dict) and entry.get("class_name") == "function":
        entry = entry.get("config")
    name, settings = _parts(entry, kind, path)
    known = classes(kind)
    spelled = {**{snake_case(n): n for n in known}, **{n: n for n in known}}
    module = keras.losses if kind == "loss" else keras.metrics
    if isinstance(name, str) and name not in spelled:
        try:  # mse, bce, kld, ...: aliases, which Keras knows as functions or classes
            found = module.get(name)
        except ValueError:
            found = None
        alias = snake_case(getattr(found, "__name__", type(found).__name__))
        if found is not None and alias not in spelled:
            return found
        name = alias if found is not None else name
    if not isinstance(name, str) or name not in spelled:
        options = {*spelled, *BY_SHAPE} if kind == "metric" else spelled
        raise UserError(f"{path}: Keras has no {kind} {name!r}{nearest(name, options)}")
    name = spelled[name]
    if name.startswith("Sparse"):
        if settings.pop("ignore_class", None) is not None:
            raise UserError(f"{path}.config.ignore_class: every example has a class here; remove it")
        settings.setdefault("name", snake_case(name))
        name = name.removeprefix("Sparse")
    check_values(settings, arguments_of(known[name])[0], f"{path}.config")
    return create(complete({"class_name": name, "config": settings}, kind, path), path)
