"""Section `training_params` of a spec: what Keras' fit is told beside the data."""

import inspect

import keras
import numpy as np

from motifloom.errors import UserError
from motifloom.models.names import nearest

# The data are the dataset's, and callbacks have a section of their own.
NOT_FIT = {"self", "x", "y", "validation_data", "validation_split", "sample_weight", "callbacks"}


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
        Arguments of Keras' `fit`; `epochs` (default 30), `batch_size` (default 64), and `class_weight` as
        float64 (classes,) or None.

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
    arguments = {"epochs": 30, "batch_size": 64, **given, "verbose": 0}
    for key in ("epochs", "batch_size"):
        value = arguments[key]
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise UserError(f"{path}.{key}: {value!r} is not a whole number above 0")
    weights = arguments.pop("class_weight", None)
    return {**arguments, "class_weight": _class_weight(weights, task, n_targets, f"{path}.class_weight")}


def _class_weight(weights, task, n_targets, path):
    """Return the weight of each class; JSON has the numbers of the classes as text."""
    if weights is None:
        return None
    if task not in ("binary", "multiclass"):
        raise UserError(f"{path}: a {task} task has no classes to weigh; remove it")
    n_classes = 2 if task == "binary" else n_targets
    table = np.ones(n_classes)
    try:
        pairs = {int(key): float(value) for key, value in weights.items()}
    except (AttributeError, TypeError, ValueError):
        raise UserError(f'{path}: write a weight for each class number, as in {{"0": 1, "1": 5}}') from None
    for number, value in pairs.items():
        if not 0 <= number < n_classes:
            raise UserError(f"{path}: there is no class {number}; classes are 0 to {n_classes - 1}")
        if not value >= 0:
            raise UserError(f"{path}: the weight of class {number} is {value}; it must be 0 or more")
        table[number] = value
    return table
