"""Why a metric of some predictions is not defined, in words."""

import numpy as np


def undefined_reasons(predictions, task, classes, metrics):
    """Return why each row of a table of metrics has no value.

    Parameters
    ----------
    predictions : pandas.DataFrame
        The rows that the metrics are of: target.<name>..., score.<name>...
    task : str
        binary, multiclass, multilabel or regression.
    classes : list of str
    metrics : pandas.DataFrame
        target, metric, value.

    Returns
    -------
    list of str
        In the order of `metrics`; empty where there is a value.
    """
    names = list(classes[1:] if task == "binary" else classes)
    explain = _of_values if task == "regression" else _of_classes
    targets, scores = (
        predictions[[f"{kind}.{name}" for name in names]].to_numpy(float) for kind in ("target", "score")
    )
    known = np.isfinite(targets)
    if task == "multiclass":
        known &= known.all(axis=1, keepdims=True)
    rows = ["all"] if task == "binary" else names
    found = {
        name: explain(targets[k, j], scores[k, j])
        for j, (name, k) in enumerate(zip(rows, known.T, strict=True))
    }
    if task == "multiclass":
        found["all"] = {"": _bad(scores[known[:, 0]]) or "one class only"}
    return [
        "" if np.isfinite(value) else _reason(found, target, metric)
        for target, metric, value in zip(metrics["target"], metrics["metric"], metrics["value"], strict=True)
    ]


def _reason(found, target, metric):
    if target in found:
        reasons = found[target]
        return reasons.get(metric) or reasons.get("") or "the metric itself gives none"
    return "not defined for any target"


def _bad(scores):
    """Return what leaves every metric of scores (n,) or (n, T) undefined, or ""."""
    if not len(scores):
        return "no examples"
    return "" if np.isfinite(scores).all() else "a score is not a finite number"


def _of_classes(labels, scores):
    """Return the reasons by metric; the key "" stands for all others."""
    if bad := _bad(scores):
        return {"": bad}
    return {"": "no positives" if not labels.any() else "no negatives" if labels.all() else ""}


def _of_values(observed, predicted):
    if bad := _bad(predicted):
        return {"": bad}
    reason = "one example" if len(observed) == 1 else ""
    flat = reason or ("the observed values are all equal" if not np.ptp(observed) else "")
    constant = flat or ("the predictions are all equal" if not np.ptp(predicted) else "")
    zero = "" if observed.all() else "an observed value is 0"
    correlations = {"pearson": constant, "spearman": constant}
    return {"r2": flat, "explained_variance": flat, "mape": zero, "": ""} | correlations
