"""Values of settings that Keras takes as they are, and then fails with in a training, or is misled by."""

import math
import re

from motifloom.errors import UserError
from motifloom.models.names import arguments_of, classes

# Settings whose defaults do not tell what they may be, and what else does: a number like this (above 0 where
# this one is, of any sign where it is below), one of these, or anything (None).
LIKE = {
    **dict.fromkeys(("learning_rate", "clipnorm", "clipvalue", "global_clipnorm"), 1.0),
    **dict.fromkeys(("loss_scale_factor", "loss_weights", "delta"), 1.0),
    **dict.fromkeys(("steps_per_execution", "ema_overwrite_frequency", "gradient_accumulation_steps"), 1),
    **dict.fromkeys(
        ("weight_decay", "min_delta", "initial_learning_rate", "decay_rate", "warmup_target"), 0.0
    ),
    **dict.fromkeys(("baseline", "initial_value_threshold"), -1.0),
    "profile_batch": None,
    "mode": ("auto", "min", "max"),
    "jit_compile": ("auto", True, False),
}
# How often something is done: at these times, or every so many batches.
OFTEN = {"save_freq": ("epoch",), "update_freq": ("epoch", "batch")}
# What settings of layers, and of what layers hold, must be where Keras takes anything: a test, and its words.
SHARE = (lambda value: 0 <= value < 1, "a number from 0 to below 1")
WHOLE_SHARE = (lambda value: 0 <= value <= 1, "a number from 0 to 1")
NOT_NEGATIVE = (lambda value: value >= 0, "a number, 0 or more")
POSITIVE = (lambda value: value > 0, "a number above 0")
HELD = {
    "layer": {"momentum": SHARE, "epsilon": NOT_NEGATIVE, "dropout": SHARE, "recurrent_dropout": SHARE},
    "constraint": {"min_value": NOT_NEGATIVE, "max_value": POSITIVE, "rate": WHOLE_SHARE},
    "initializer": {"stddev": NOT_NEGATIVE},
}
# Settings of which the first must not be above the second.
ORDERED = (("min_value", "max_value"), ("minval", "maxval"))
# What Keras multiplies something by in every step or so, that is to shrink, and a share that is not all.
FACTORS = r"(adam_)?beta_[12]|rho|(.*_)?momentum|factor|label_smoothing"


def check_finite(item, path):
    """Raise a UserError for the first number in part of a spec that is NaN or infinite."""
    if isinstance(item, float) and not math.isfinite(item):
        raise UserError(f"{path}: {item} is no finite number; write one, or leave it out")
    if isinstance(item, dict):
        for key, value in item.items():
            check_finite(value, f"{path}.{key}")
    if isinstance(item, list | tuple):
        for i, value in enumerate(item):
            check_finite(value, f"{path}[{i}]")


def check_values(settings, defaults, path):
    """Raise a UserError for the first setting that is not of the kind of its default, or below 0.

    Parameters
    ----------
    settings : dict
        Of an optimizer, a loss, a metric, a callback, or Keras' compile; those of a schedule or optimizer
        inside, too.
    defaults : dict
        See :func:`motifloom.models.names.arguments_of`.
    path : str
        Key path, for messages.
    """
    for key, value in settings.items():
        place = f"{path}.{key}"
        if isinstance(value, dict):
            name = value.get("class_name")
            cls = classes("schedule").get(name) or classes("optimizer").get(name)
            if cls and isinstance(value.get("config"), dict):
                check_values(value["config"], arguments_of(cls)[0], f"{place}.config")
        elif expected := _expected(key, defaults.get(key), value):
            raise UserError(f"{place}: {value!r} does not do; write {expected}")


def check_held(entry, path):
    """Raise a UserError for a value of a layer, or of what it holds, that Keras takes and cannot be meant.

    Parameters
    ----------
    entry : object
        Part of a spec: a layer or anything inside.
    path : str
        Key path, for messages.
    """
    if isinstance(entry, list | tuple):
        for i, value in enumerate(entry):
            check_held(value, f"{path}[{i}]")
        return
    if not isinstance(entry, dict):
        return
    settings = entry.get("config") if "class_name" in entry else None
    if isinstance(settings, dict) and isinstance(entry["class_name"], str):
        _check_held(entry["class_name"], settings, f"{path}.config")
    for key, value in entry.items():
        check_held(value, f"{path}.{key}")


def _check_held(name, settings, path):
    kind = next((kind for kind in HELD if name in classes(kind)), None)
    if kind is None:
        return
    defaults = arguments_of(classes(kind)[name])[0]
    for key, (fits, words) in HELD[kind].items():
        if key in defaults and key in settings and not (_is_number(settings[key]) and fits(settings[key])):
            raise UserError(f"{path}.{key}: {settings[key]!r} does not do; write {words}")
    for low, high in ORDERED:
        least, most = (settings.get(key, defaults.get(key)) for key in (low, high))
        if low in defaults and _is_number(least) and _is_number(most) and least > most:
            raise UserError(f"{path}.{low}: {least!r} is above {high}, {most!r}; lower it")


def _is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


def _expected(key, default, value):
    """Return what a setting should be; None where it is."""
    like = LIKE.get(key, default)
    if key in OFTEN:
        count = isinstance(value, int) and not isinstance(value, bool) and value > 0
        return (
            None if count or value in OFTEN[key] else f"{' or '.join(OFTEN[key])} or a whole number above 0"
        )
    if like is None or (value is None and default is None):
        return None
    if key in LIKE and isinstance(like, tuple):
        return None if value in like else " or ".join(str(known).lower() for known in like)
    if isinstance(like, bool):
        return None if isinstance(value, bool) else "true or false"
    if isinstance(like, str):
        letter = len(like) == 1
        ok = isinstance(value, str) and (len(value) == 1 or not letter)
        return None if ok else "one letter" if letter else "text"
    if not isinstance(like, int | float):
        return None
    kind, what = (int, "a whole number") if isinstance(like, int) else (int | float, "a number")
    number = isinstance(value, kind) and not isinstance(value, bool)
    if like < 0:
        return None if number else what
    if re.fullmatch(FACTORS, key):
        return None if number and 0 <= value < 1 else f"{what} from 0 to below 1"
    if key in LIKE and like > 0:
        return None if number and value > 0 else f"{what} above 0"
    return None if number and value >= 0 else f"{what}, 0 or more"
