"""Sections `compile` and `training_params` of a spec: what a training is told beside its data."""

import contextlib
import inspect

import keras
import numpy as np

from motifloom.errors import UserError
from motifloom.models import device
from motifloom.models.augment import Augmentation, check_shift
from motifloom.models.callbacks import check_measured, make_callbacks, validates_always
from motifloom.models.exact import check_task, wants_exact
from motifloom.models.names import nearest
from motifloom.models.schedules import install_schedule
from motifloom.models.transfer import freeze, head

# The data are the dataset's, and callbacks have a section of their own.
NOT_FIT = {"self", "x", "y", "validation_data", "validation_split", "sample_weight", "callbacks"}
# Class weights that follow from how often the classes are, in the training part.
WEIGHTINGS = ("reciprocal", "proportional", "balanced")
# Where the options of a training block go in a spec.
COMPILED, FITTED = ("optimizer", "loss"), ("epochs", "batch_size", "class_weight")
MOST_WEIGHT = 1e6  # of a class
MOST = 100_000_000  # epochs, examples to a batch, ...
# Settings of a training that are whole numbers above 0.
WHOLE = ("epochs", "batch_size", "steps_per_epoch", "validation_steps", "validation_batch_size")


def merge_options(spec, training, classes=None, where="spec"):
    """Return a spec with the options of a training block in its sections.

    Parameters
    ----------
    spec : dict
        See :func:`motifloom.models.spec.read_spec`. It is not changed.
    training : dict
        The training block. optimizer, loss, epochs, batch_size and class_weight stand instead of the
        spec's where they are given; learning_rate is put into the optimizer, the block's or the spec's, and
        "none" as class_weight takes the spec's away. Several gpus take one step per call. Other keys are
        left alone.
    classes : sequence of str, optional
        Names that class_weight may use instead of numbers, in the order of the numbers.
    where : str
        What to call the spec in messages.

    Returns
    -------
    dict
        With the sections `compile` and `training_params`. A section `compile` that was empty, so that the
        task was to choose the metrics, says so with `metrics: auto`.

    Raises
    ------
    UserError
        If class_weight names a class that there is not, or one twice.
    """
    given = {key: value for key, value in training.items() if value is not None}
    section = dict(spec.get("compile") or {})
    chosen = {key: given[key] for key in COMPILED if key in given}
    if "learning_rate" in given:
        optimizer = next(
            (o for o in (chosen.get("optimizer"), section.get("optimizer")) if o is not None), "adam"
        )
        chosen["optimizer"] = _with_rate(optimizer, given["learning_rate"])
    if given.get("gpus", 1) > 1:
        chosen["steps_per_execution"] = 1  # TensorFlow cannot spread several in one call
    if chosen:
        section = {**(section or {"metrics": "auto"}), **chosen}
    fitted = {**(spec.get("training_params") or {}), **{key: given[key] for key in FITTED if key in given}}
    if fitted.get("class_weight") == "none":
        del fitted["class_weight"]
    if isinstance(fitted.get("class_weight"), dict) and classes:
        path = f"{where}: training_params.class_weight"
        fitted["class_weight"] = _numbered(fitted["class_weight"], list(classes), path)
    return {**spec, "compile": section, "training_params": fitted}


def _numbered(weights, classes, path):
    """Return class weights by number, as text, which JSON keeps; a name goes before a number like it."""
    numbered = {}
    for name, value in weights.items():
        name = str(name)
        if name not in classes and not name.isdecimal():
            near = nearest(name, classes) or f"; classes are {', '.join(classes)}"
            raise UserError(f"{path}: there is no class {name!r}{near}")
        number = str(classes.index(name) if name in classes else int(name))
        if number in numbered:
            raise UserError(f"{path}: gives class {number} twice, by name and by number; remove one")
        numbered[number] = value
    return numbered


@contextlib.contextmanager
def blamed_on(training, where, path):
    """Let errors about what a training block has put into a spec name the key of the block.

    Parameters
    ----------
    training : dict
        The training block.
    where : str
        What messages call the spec.
    path : str or None
        What to call the training block in them; None leaves errors alone.
    """
    try:
        yield
    except UserError as error:
        text = str(error)
        for section, keys in (("compile", COMPILED), ("training_params", FITTED)):
            for key in keys:
                place, given = f"{where}: {section}.{key}", training.get(key)
                if path and given is not None and text.startswith(place):
                    rest = text.removeprefix(place)
                    rest = rest if isinstance(given, dict) else rest.removeprefix(".class_name")
                    raise UserError(f"{path}.{key}{rest}") from error
        raise


def _with_rate(optimizer, rate):
    """Return a copy of an optimizer's entry with a learning rate."""
    if not isinstance(optimizer, dict):
        return {"class_name": optimizer, "config": {"learning_rate": float(rate)}}
    settings = optimizer.get("config") or {}
    if not isinstance(settings, dict):
        return optimizer  # which is refused where it is read
    inner = settings.get("inner_optimizer")
    if isinstance(inner, dict):  # a LossScaleOptimizer has no rate of its own
        return {**optimizer, "config": {**settings, "inner_optimizer": _with_rate(inner, rate)}}
    return {**optimizer, "config": {**settings, "learning_rate": float(rate)}}


def fit_arguments(spec, task, n_targets, where="spec"):
    """Return the settings of section `training_params`, with defaults.

    Parameters
    ----------
    spec : dict
        See :func:`read_spec`.
    task, n_targets : str, int
        As in :func:`build_model`.
    where : str
        What to call the spec in messages.

    Returns
    -------
    dict
        Arguments of Keras' `fit`; `epochs` (default 30), `batch_size` (default 64), and `class_weight` for
        :func:`class_weights`: one of `WEIGHTINGS`, or float64 (classes,), or None.

    Raises
    ------
    UserError
        If a setting is unknown or out of range, or class weights do not fit the task.
    """
    path = f"{where}: training_params"
    known = set(inspect.signature(keras.Model.fit).parameters) - NOT_FIT
    given = spec["training_params"]
    for key in given:
        if key not in known:
            raise UserError(f"{path}.{key}: is no setting of a training{nearest(key, known)}")
    if given.get("initial_epoch"):
        raise UserError(f"{path}.initial_epoch: remove it; a training that was killed goes on by itself")
    given = {key: value for key, value in given.items() if value is not None and key != "initial_epoch"}
    arguments = {"epochs": 30, "batch_size": 64, **given, "verbose": 0}
    for key in WHOLE:
        if not _is_whole(arguments.get(key, 1)):
            raise UserError(f"{path}.{key}: {arguments[key]!r} is not a whole number above 0, up to {MOST}")
    every = arguments.get("validation_freq", 1)
    if not (isinstance(every, list) and every and all(map(_is_whole, every))) and not _is_whole(every):
        raise UserError(f"{path}.validation_freq: {every!r} is no whole number above 0, or list of them")
    if not isinstance(arguments.get("shuffle", True), bool):
        raise UserError(f"{path}.shuffle: {arguments['shuffle']!r} is neither true nor false")
    weights = arguments.pop("class_weight", None)
    return {**arguments, "class_weight": _class_weight(weights, task, n_targets, f"{path}.class_weight")}


def _is_whole(value):
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MOST


def _class_weight(weights, task, n_targets, path):
    """Return the weight of each class; JSON has the numbers of the classes as text."""
    if weights is None or weights == "none":
        return None
    if task not in ("binary", "multiclass"):
        raise UserError(f"{path}: a {task} task has no classes to weigh; remove it")
    if isinstance(weights, str):
        if weights not in WEIGHTINGS:
            known = ("none", *WEIGHTINGS)
            raise UserError(f"{path}: {weights!r} is not one of {', '.join(known)}{nearest(weights, known)}")
        return weights
    n_classes = 2 if task == "binary" else n_targets
    table = np.ones(n_classes)
    try:
        pairs = {int(key): float(value) for key, value in weights.items()}
    except (AttributeError, TypeError, ValueError):
        modes, example = ", ".join(WEIGHTINGS), '{"0": 1, "1": 5}'
        raise UserError(
            f"{path}: write {modes}, or a weight for each class number, as in {example}"
        ) from None
    for number, value in pairs.items():
        if not 0 <= number < n_classes:
            raise UserError(f"{path}: there is no class {number}; classes are 0 to {n_classes - 1}")
        if not 0 <= value <= MOST_WEIGHT:
            raise UserError(f"{path}: the weight of class {number} is {value:g}; write 0 to {MOST_WEIGHT:g}")
        table[number] = value
    if (table > 0).sum() < 2:
        raise UserError(f"{path}: leaves examples of fewer than two classes a weight above 0; give two one")
    return table


def class_weights(mode, targets, task):
    """Return how much an example of each class counts in the loss.

    Parameters
    ----------
    mode : str, array or None
        "reciprocal" and "balanced": N / (C n), with n the examples of the class, N of all and C the number
        of classes that have any (King and Zeng 2001; cnn_pipeline calls it the first, scikit-learn the
        second). "proportional": 1 - n / N, the share of the other classes. Weights as
        :func:`fit_arguments` returns them are taken as they are, and None stays None.
    targets : float32 (N, T)
        Of the training examples: 0 or 1, or one-hot rows for a multi-class task.
    task : {"binary", "multiclass"}

    Returns
    -------
    float64 (classes,) or None
        A class without examples weighs 1, which counts nowhere.
    """
    if mode is None or not isinstance(mode, str):
        return mode
    counts = np.asarray(targets, np.float64).sum(axis=0)
    if task == "binary":
        counts = np.array([len(targets) - counts[0], counts[0]])
    there = counts > 0
    if mode == "proportional":
        weights = 1 - counts / len(targets)
    else:
        weights = len(targets) / (there.sum() * np.maximum(counts, 1))
    return np.where(there, weights, 1.0)


def check_options(model, spec, training, *, task, n_targets, where="spec", path="training"):
    """Raise a UserError if a training of a network could not start as told.

    Parameters
    ----------
    model : keras.Model
        Compiled. It may get the schedule and frozen layers, and is not to be trained afterwards.
    spec : dict
        From :func:`merge_options`.
    training : dict
        The training block.
    task, n_targets, where
        As in :func:`fit_arguments`.
    path : str
        What to call the training block in messages.
    """
    settings = fit_arguments(spec, task, n_targets, where)
    schedule = training.get("schedule")
    if schedule and schedule.get("from_range_test"):
        schedule = {**schedule, "lr_max": 1.0}  # any will do here
    install_schedule(
        model,
        schedule,
        warmup_epochs=training.get("warmup_epochs") or 0,
        steps_per_epoch=10**6,  # not known yet
        epochs=settings["epochs"],
        where=path,
    )
    told = {"where": where, "task": task, "always": validates_always(settings)}
    _, best = make_callbacks(spec["callbacks"], model, folder=None, validated=True, **told)
    check_measured(best, settings, where)
    if wants_exact(spec, training):
        check_task(task, path)
    check_shift(Augmentation.of(training), model.input_shape[1], path)
    anew = head(model) if training.get("replace_head") else ()
    freeze(model, training.get("freeze") or [], path, anew)
    device.prepare(model, training.get("xla", "auto"), path)
