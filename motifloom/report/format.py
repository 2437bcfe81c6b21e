"""How numbers and names are written on the pages."""

import pandas as pd

from motifloom.plots.labels import METRIC_LABELS, decimals

# Shown in a table of their own, so that the first one stays legible.
FURTHER = ("specificity", "npv", "aunpvsc", "brier", "ece")
ERRORS = {"mse", "mae", "mape", "log_loss", "brier", "ece"}
OWN_SCALE = {"mse", "mae"}
PARTS = ["train", "validation", "test"]
MISSING = "–"


def is_missing(value):
    """Return whether a table's value is None, NaN or NA."""
    return bool(pd.isna(value))


def count(value):
    """Write a whole number with separators of thousands."""
    return MISSING if is_missing(value) else f"{int(value):,}"


def number(value, digits=3):
    """Write a number: `digits` decimals where its size is of order 1, else as many significant digits."""
    if is_missing(value):
        return MISSING
    value = float(value)
    sign, size = "−" if value < 0 else "", abs(value)
    plain = size == 0 or 0.01 <= size < 1000
    return sign + (decimals(size, digits) if plain else _exponent(f"{size:.{digits}g}"))


def p_value(value):
    """Write a p- or q-value: 0.042, 3e-12, and 0 as a bound."""
    if is_missing(value):
        return MISSING
    if value < 1e-300:
        return "< 1e-300"
    return _exponent(f"{value:.0e}") if value < 0.001 else f"{value:.2g}"


def difference(value):
    """Write a difference with its sign and three decimals."""
    return MISSING if is_missing(value) else ("−" if value < 0 else "+") + decimals(abs(value))


def metric_value(value, metric):
    """Write a metric: three decimals, or three significant digits where its scale is the data's own."""
    if is_missing(value):
        return MISSING
    if metric in OWN_SCALE:
        return number(value)
    return ("−" if value < 0 else "") + decimals(abs(value))


def metric_interval(row):
    """Write the confidence interval of a row of a metrics table, empty where it has none."""
    if is_missing(row["ci_low"]) or is_missing(row["ci_high"]):
        return ""
    return " – ".join(metric_value(row[key], row["metric"]) for key in ("ci_low", "ci_high"))


def metric_label(metric):
    """Return the usual way to write a metric's name."""
    return METRIC_LABELS.get(metric, metric)


def target_label(target):
    """Return how a metric's target reads after the metric's name; empty for the only or overall one."""
    return {"all": "", "macro": "macro average", "weighted": "weighted average"}.get(target, target)


def _exponent(text):
    mantissa, e, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if e else text
