"""Metrics from a user's Python file.

Every function that stands in the file as ``def name(target, score): ...``, not indented, and whose name does
not begin with an underscore is a metric of that name. What is imported, assigned (a lambda or a partial, say)
or of a class is none::

    def within_two_fold(target, score):
        return (abs(score - target) < 1).mean()

    def cost(target, score, weight):
        return (weight * abs(target - score)).sum() / weight.sum()

It is called for every target by itself with float64 arrays of shape (n,): `target` (0 and 1, or the
observed values), `score` (probabilities, or predicted values), and returns one number; NaN says that the
metric is not defined for these examples. A function with a third parameter `weight` gets the number of
times that each example counts, float64 (n,), all positive; without it examples are repeated. Parameters
beyond these have defaults.
"""

import ast
import logging
import traceback
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import numpy as np

from motifloom.errors import UserError
from motifloom.evaluation.statistics import CLASS_METRICS, VALUE_METRICS

logger = logging.getLogger(__name__)


class Custom(NamedTuple):
    """A metric of the user: its name, the function, whether it takes weights, and the file it is from."""

    name: str
    function: object
    weighted: bool
    path: str


def load_metrics(paths):
    """Return the metrics that Python files define, in the order of the files and of their lines.

    Parameters
    ----------
    paths : iterable of path

    Returns
    -------
    list of Custom

    Raises
    ------
    UserError
        As :func:`find_metrics`, and if a file cannot be run.
    """
    metrics = []
    for path, found in find_metrics(paths).items():
        # Not imported, which would leave a folder of byte code beside the user's file.
        module = ModuleType(f"metrics of {path}")
        try:
            exec(compile(Path(path).read_bytes(), path, "exec"), module.__dict__)
            metrics += [
                Custom(name, getattr(module, name), weighted, path) for name, weighted in found.items()
            ]
        except BaseException as error:  # whatever the user's code raises
            if _is_interrupt(error, path):
                raise
            raise UserError(f"{path}: cannot be run: {_line(error)}") from error
        logger.info("%s: metrics %s", path, ", ".join(found))
    return metrics


def find_metrics(paths):
    """Return what metrics Python files hold, without running them.

    Parameters
    ----------
    paths : iterable of path

    Returns
    -------
    dict of str to dict of str to bool
        By file, then by name, in the order of the lines: whether the function takes weights.

    Raises
    ------
    UserError
        If a file cannot be read, is no Python, holds no function, or one that cannot be called as a metric,
        or a name is taken.
    """
    taken, files = dict.fromkeys([*CLASS_METRICS, *VALUE_METRICS], "Motifloom"), {}
    for path in map(str, paths):
        functions = _functions(path)
        if not functions:
            raise UserError(f"{path}: defines no function; write def name(target, score): ...")
        for name in functions:
            if name in taken:
                raise UserError(
                    f"{path}: {name}: {taken[name]} has a metric of that name; choose another name"
                )
            taken[name] = path
        files[path] = {name: _takes_weight(name, found, path) for name, found in functions.items()}
    return files


def _functions(path):
    """Return the parameters (ast.arguments) of the public functions in a file, by name."""
    if not Path(path).is_file():
        raise UserError(f"{path}: there is no such file")
    try:
        lines = ast.parse(Path(path).read_bytes(), path).body
    except Exception as error:  # a syntax error, a null byte, nesting too deep
        raise UserError(f"{path}: cannot be run: {_line(error)}") from error
    return {
        line.name: line.args for line in lines if isinstance(line, ast.FunctionDef) and line.name[0] != "_"
    }


def _takes_weight(name, found, path):
    """Return whether a function takes weights; a UserError where it is not one of target and score."""
    names, keywords = ([a.arg for a in arguments] for arguments in (found.args, found.kwonlyargs))
    needed = names[: len(names) - len(found.defaults)]
    needed += [k for k, default in zip(keywords, found.kw_defaults, strict=True) if default is None]
    fits = names[:2] == ["target", "score"] and set(needed) <= {"target", "score", "weight"}
    if found.posonlyargs or not fits:
        raise UserError(
            f"{path}: {name}: takes ({ast.unparse(found)}); write (target, score) or (target, score, weight)"
        )
    return "weight" in names + keywords


def custom_statistic(targets, scores, known, metrics):
    """Return a function that gives the user's metrics of weighted examples, one resample at a time.

    Parameters
    ----------
    targets, scores : float64 (N, T)
    known : bool (N, T)
        Where the target is known.
    metrics : sequence of Custom

    Returns
    -------
    callable
        weights float64 (N, b), whole numbers -> float64 (T, C, b). NaN without examples, with a score that
        is not finite, and where a metric fails in a resample; that it fails for the examples as they are is
        an error.
    """
    finite = [np.isfinite(scores[known[:, j], j]).all() for j in range(targets.shape[1])]

    def statistic(weights):
        values = np.full((targets.shape[1], len(metrics), weights.shape[1]), np.nan)
        for j, column in np.ndindex(targets.shape[1], weights.shape[1]):
            drawn = weights[:, column] * known[:, j]
            if finite[j] and drawn.any():
                kept = drawn > 0
                examples = targets[kept, j], scores[kept, j], drawn[kept]
                as_they_are = (weights[:, column] == 1).all()
                values[j, :, column] = [_value(metric, *examples, as_they_are) for metric in metrics]
        return values

    return statistic


def _value(metric, target, score, weight, as_they_are):
    try:
        if metric.weighted:
            value = metric.function(target.copy(), score.copy(), weight=weight.copy())
        else:
            times = weight.astype(int)
            value = metric.function(np.repeat(target, times), np.repeat(score, times))
        return _number(value)
    except BaseException as error:  # whatever the user's code raises
        if _is_interrupt(error, metric.path):
            raise
        if as_they_are:
            raise UserError(f"{metric.path}: {metric.name}: {_line(error)}") from error
        return np.nan


def _is_interrupt(error, path):
    """Tell whether somebody has pressed Ctrl-C, rather than a statement `raise` of the user's file."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    own = last.filename == str(path) and (last.line or "").startswith("raise")
    return isinstance(error, KeyboardInterrupt) and not own


def _number(value):
    try:
        number = float(value) if np.ndim(value) == 0 else None
    except (TypeError, ValueError):
        number = None
    if number is None:
        raise TypeError(f"returned {type(value).__name__}, not one number")
    return number if np.isfinite(number) else np.nan


def _line(error):
    """Return an exception in one line: its kind and the first line of what it says."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__
