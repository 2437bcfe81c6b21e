"""Targets: from what stands in a file or in the config to one number per target column."""

import numpy as np
import pandas as pd

from motifloom.config.data import example_negatives
from motifloom.data.store import target_names
from motifloom.errors import UserError, suggest

LARGEST = float(np.finfo(np.float32).max)  # what targets are stored as


def parse_targets(values, task, classes, describe):
    """Turn written targets into numbers.

    Parameters
    ----------
    values : sequence of str, length n
        binary: 0, 1 or a class name; multiclass: a class name, its index from 0, or `0|1|0` with one 1;
        multilabel: `0|1|0`, or names of labels separated by `,` or `|`; regression: a number, or one per
        target separated by `|`.
    task : str
        binary, multiclass, multilabel or regression.
    classes : list of str
        Names of the classes, labels or values.
    describe : callable
        Gives the place of row i ("peaks.bed, line 3") for messages.

    Returns
    -------
    ndarray, float32 (n, T)
        One column per name in `target_names(task, classes)`.

    Raises
    ------
    UserError
        At the first value that is no target of this task.
    """
    if task == "regression" and len(classes) == 1:
        numbers = pd.to_numeric(pd.Series(values), errors="coerce").to_numpy(np.float64)
        if (np.abs(numbers) <= LARGEST).all():
            return numbers[:, None].astype(np.float32)
    codes, unique = pd.factorize(np.asarray(values, object), use_na_sentinel=False)
    table = np.empty((len(unique), len(target_names(task, classes))), np.float32)
    for code, text in enumerate(unique):
        try:
            table[code] = _PARSERS[task](_text(text), classes)
        except ValueError as error:
            place = describe(int(np.argmax(codes == code)))
            raise UserError(f"{place}: target {text!r} {error}") from None
    return table[codes]


def constant_targets(value, task, classes, key):
    """Return the targets, float32 (T,), of a source whose examples all have the same.

    Parameters
    ----------
    value : int, float, str, list of str or None
        None and 0 stand for the negative class, no label, or the number 0. Multiclass takes a name only:
        none of its classes is the negative one.
    task, classes
        As in :func:`parse_targets`.
    key : str
        Key path of the source, for messages.

    Raises
    ------
    UserError
        If the value is no target of this task.
    """
    if task == "multiclass" and not isinstance(value, str):
        what = "is missing" if value is None else f"is {value!r}"
        raise UserError(f"{key}.target: {what}; give the name of a class ({', '.join(classes)})")
    if value is None or value == 0:
        value = "|".join(["0"] * len(classes)) if task in ("multilabel", "regression") else "0"
    text = ",".join(value) if isinstance(value, list) else str(value)
    return parse_targets([text], task, classes, lambda _: f"{key}.target")[0]


def join_columns(columns, names, task, classes, place):
    """Join one column per class into values that :func:`parse_targets` reads.

    Parameters
    ----------
    columns : list of Series of str
        Columns by name are put into the order of `classes`; columns by number must be in that order.
    names : list of int or str
        What the config calls them.
    task, classes
        As in :func:`parse_targets`.
    place : str
        File and key path, for messages.
    """
    targets = target_names(task, classes)
    if len(names) != len(targets):
        raise UserError(
            f"{place}: {len(names)} columns for {len(targets)} targets ({', '.join(targets)}); "
            "name one column per target"
        )
    if set(names) == set(targets):
        columns = [columns[names.index(target)] for target in targets]
    return columns[0].str.cat(columns[1:], sep="|") if columns[1:] else columns[0]


def check_classes(targets, task, classes):
    """Raise a UserError where a class has no example or no counter-example.

    Parameters
    ----------
    targets : ndarray, float32 (n, T)
    task, classes
        As in :func:`parse_targets`.
    """
    if task == "regression":
        constant = np.ptp(targets, axis=0) == 0
        if constant.any():
            name, value = np.array(classes)[constant][0], targets[0, constant][0]
            raise UserError(
                f"sources: every example has the value {value:g} for {name}; nothing can be learnt"
            )
        return
    if task == "binary":
        targets = np.column_stack([1 - targets, targets])
    present = targets.any(axis=0)
    if task != "multilabel" and present.sum() == 1:
        only = classes[int(present.argmax())]
        raise UserError(
            f"sources: every example is of class {only}; add a source of another class, "
            f"for example {example_negatives(task)}"
        )
    if not present.all():
        missing = ", ".join(np.array(classes)[~present])
        raise UserError(
            f"classes: no example of {missing} is left; remove it from classes or check its source"
        )
    if task == "multilabel" and (full := targets.all(axis=0)).any():
        names = ", ".join(np.array(classes)[full])
        raise UserError(
            f"classes: every example has the label {names}; add examples without it, "
            f"for example {example_negatives(task)}"
        )


def _text(value):
    text = "" if value is None or value != value else str(value).strip()
    if not text:
        raise ValueError("is empty; give every example a target or remove its line")
    return text


def _number(text):
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    return value


def _nearest(text, classes):
    return f"the classes are {', '.join(classes)}{suggest(text, classes)}"


def _binary(text, classes):
    if text in classes:
        return classes.index(text)
    value = _number(text)
    if value not in (0, 1):
        raise ValueError(f"is not 0, 1 or a class; {_nearest(text, classes)}")
    return value


def _flags(text, classes):
    """Return the numbers of `0|1|0`, one per class, each 0 or 1."""
    values = [_number(part) for part in text.split("|")]
    if len(values) != len(classes):
        raise ValueError(f"has {len(values)} values for {len(classes)} classes ({', '.join(classes)})")
    if not set(values) <= {0, 1}:
        raise ValueError("has a value that is not 0 or 1")
    return values


def _multiclass(text, classes):
    if text in classes:
        return np.eye(len(classes))[classes.index(text)]
    if "|" in text:
        flags = _flags(text, classes)
        if sum(flags) != 1:
            raise ValueError(f"names {sum(flags):g} classes; task multiclass takes exactly one")
        return flags
    value = _number(text)
    if value not in range(len(classes)):
        raise ValueError(
            f"is not a class or an index from 0 to {len(classes) - 1}; {_nearest(text, classes)}"
        )
    return np.eye(len(classes))[int(value)]


def _multilabel(text, classes):
    names = [name.strip() for name in text.replace(",", "|").split("|")]
    if all(name in classes for name in names):
        return [name in names for name in classes]
    if all(_number(name) == _number(name) for name in names):
        return _flags(text, classes)
    wrong = next(name for name in names if name not in classes)
    raise ValueError(f"holds {wrong!r}, which is no label; {_nearest(wrong, classes)}")


def _regression(text, classes):
    values = [_number(part) for part in text.split("|")]
    if len(values) != len(classes):
        raise ValueError(f"has {len(values)} values for {len(classes)} targets ({', '.join(classes)})")
    if not np.isfinite(values).all():
        raise ValueError("is not a finite number")
    if max(map(abs, values)) > LARGEST:
        raise ValueError(f"is beyond what single precision holds ({LARGEST:.1e}); rescale the values")
    return values


_PARSERS = {
    "binary": _binary,
    "multiclass": _multiclass,
    "multilabel": _multilabel,
    "regression": _regression,
}
