"""What trials say, alone and together."""

import json
import math

import numpy as np
import pandas as pd

from motifloom.randomness import derive_seed
from motifloom.sweeps.space import position_of
from motifloom.sweeps.suggest import import_optuna, study_of

COLUMNS = ["trial", "state", "value", "best_epoch", "epochs", "message"]


def record(number, parameters, *, state="complete", value=None, epochs=(), best_epoch=None, message=""):
    """Return the record of a trial, which is its file.

    Parameters
    ----------
    number : int
        From 0.
    parameters : dict of str to object
        Value of each key.
    state : {"complete", "pruned", "failed"}
    value : float or None
        The metric; a complete trial without one has failed.
    epochs : sequence of float
        What each epoch gave, in the column of history.tsv that tells of the metric (else the loss).
    best_epoch : int or None
        The epoch whose weights were kept, from 1.
    message : str
        Why it failed.

    Returns
    -------
    dict
    """
    if state == "complete" and (value is None or not math.isfinite(value)):
        state, value, message = "failed", None, "the metric is not defined for these predictions"
    return {
        "trial": number,
        "state": state,
        "parameters": parameters,
        "value": value,
        "epochs": [float(v) if math.isfinite(v) else None for v in epochs],
        "best_epoch": best_epoch,
        "message": message,
    }


def trials_table(records, parameters):
    """Return one row per trial, in order.

    Parameters
    ----------
    records : sequence of dict
    parameters : dict of str to motifloom.config.sweeps.Parameter

    Returns
    -------
    DataFrame
        trial, state, value (empty unless complete), best_epoch, epochs (how many were trained), message,
        and a column per parameter: text as it is, all else as JSON, so that no digit is lost.
    """
    rows = [
        {
            **{key: trial[key] for key in COLUMNS},
            "epochs": len(trial["epochs"]),
            **{key: _text(trial["parameters"][key]) for key in parameters},
        }
        for trial in sorted(records, key=lambda trial: trial["trial"])
    ]
    table = pd.DataFrame(rows, columns=[*COLUMNS, *parameters])
    return table.astype({"value": float, "best_epoch": "Int64"})


def best_trial(records, sign):
    """Return the record of the best complete trial (the first of equals), or None where none is."""
    complete = [trial for trial in records if trial["state"] == "complete"]
    return min(complete, key=lambda trial: (-sign * trial["value"], trial["trial"]), default=None)


def importance_table(sweep, records, seed):
    """Return how much of the metric's variation each parameter accounts for.

    Parameters
    ----------
    sweep : motifloom.config.sweeps.Sweep
    records : sequence of dict
    seed : int

    Returns
    -------
    DataFrame
        parameter; importance: share of the variance over the whole space that it explains alone or with
        others, by functional ANOVA of a random forest over complete trials (Hutter 2014), adding up to 1;
        correlation: Spearman's, of value and metric, empty for listed values. Both are empty where fewer
        than three trials are complete or none differs. Sorted by importance.
    """
    varying = [key for key, parameter in sweep.parameters.items() if parameter.family != "constant"]
    complete = sorted((t for t in records if t["state"] == "complete"), key=lambda trial: trial["trial"])
    values = pd.Series([trial["value"] for trial in complete], dtype=float)
    shares = _importance(sweep, complete, seed) if values.nunique() > 1 and len(values) > 2 else {}
    rows = []
    for key in varying:
        parameter, correlation = sweep.parameters[key], np.nan
        places = pd.Series([position_of(parameter, t["parameters"][key]) for t in complete], dtype=float)
        if parameter.family != "categorical" and shares and places.nunique() > 1:
            correlation = places.corr(values, method="spearman")
        share = shares.get(key, 0.0) if shares else np.nan
        rows.append({"parameter": key, "importance": share, "correlation": correlation})
    table = pd.DataFrame(rows, columns=["parameter", "importance", "correlation"])
    return table.sort_values("importance", ascending=False, kind="stable", ignore_index=True)


def _importance(sweep, complete, seed):
    optuna = import_optuna()
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=derive_seed(seed, "importance") % 2**32)
    return optuna.importance.get_param_importances(study_of(sweep, complete), evaluator=evaluator)


def coordinates(table, parameters):
    """Return the positions of all trials' values, float64 (trials, parameters), from a table of trials."""
    columns = [[_place(parameter, text) for text in table[key]] for key, parameter in parameters.items()]
    return np.array(columns, dtype=float).reshape(len(parameters), len(table)).T


def _place(parameter, text):
    if parameter.family == "constant":
        return 0.5
    known = {_text(value): value for value in parameter.values or []}
    return position_of(parameter, known[text] if text in known else float(text))


def _text(value):
    return value if isinstance(value, str) else json.dumps(value)
