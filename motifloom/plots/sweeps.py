"""What the trials of a sweep found."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import MaxNLocator

from motifloom.plots.style import CLASS_COLOURS, GREY

MAP = "viridis"
FAILED = "#B5B5B5"


def importance(table):
    """Draw how much of the metric's variation each parameter accounts for, as bars.

    Parameters
    ----------
    table : pandas.DataFrame
        parameter, importance (in [0, 1] or empty), correlation (empty for listed values).

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axis = plt.subplots(figsize=(6.5, 0.9 + 0.32 * max(len(table), 1)))
    if table["importance"].isna().all():
        return _note(figure, axis, "too few complete trials, or all alike")
    rows = range(len(table))
    axis.barh(rows, table["importance"], color=CLASS_COLOURS[0], height=0.6)
    for row, (share, correlation) in enumerate(zip(table["importance"], table["correlation"], strict=True)):
        text = f" {share:.2f}" + ("" if np.isnan(correlation) else f"  (correlation {correlation:+.2f})")
        axis.text(share, row, text, va="center", fontsize=8)
    axis.set_yticks(rows, _short(table["parameter"]))
    axis.invert_yaxis()
    axis.set_xlim(0, 1.7)
    axis.set_xticks(np.linspace(0, 1, 6))
    axis.set_xlabel("Share of the variation of the metric (fANOVA)")
    return figure


def history(table, metric, sign):
    """Draw the metric of every trial, and the best so far.

    Parameters
    ----------
    table : pandas.DataFrame
        trial, state, value.
    metric : str
    sign : int
        1 where more is better, -1 where less is.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axis = plt.subplots(figsize=(6.0, 3.0))
    complete = table[table["state"] == "complete"]
    axis.plot(complete["trial"], complete["value"], "o", color=CLASS_COLOURS[0], markersize=4, label="trial")
    if len(complete):
        best = (sign * table["value"]).cummax().ffill() * sign
        axis.step(
            table["trial"], best, where="post", color=CLASS_COLOURS[1], linewidth=1.4, label="best so far"
        )
    for state, marker in (("pruned", "|"), ("failed", "x")):
        lost = table.loc[table["state"] == state, "trial"]
        if len(lost):
            label = {"pruned": "given up early", "failed": "failed"}[state]
            axis.plot(
                lost,
                np.full(len(lost), 0.02),
                marker,
                color=GREY,
                transform=axis.get_xaxis_transform(),
                label=label,
            )
    axis.set(xlabel="Trial", ylabel=metric)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    figure.legend(loc="outside upper center", ncols=4)
    return figure


def parallel_coordinates(table, positions, ticks, metric, sign):
    """Draw a line per trial through its parameters to its metric, the best in the brightest colour.

    Parameters
    ----------
    table : pandas.DataFrame
        trial, state, value.
    positions : float (trials, parameters)
        In [0, 1].
    ticks : dict of str to list of (float, str)
        Parameter to places in [0, 1] and what stands there; in the order of the columns of `positions`.
    metric : str
    sign : int
        1 where more is better, -1 where less is.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axis = plt.subplots(figsize=(max(1.5 * (len(ticks) + 1), 4.5), 3.8))
    values = table["value"].to_numpy(float)
    shown = np.isfinite(values)
    if not shown.any():
        return _note(figure, axis, "no trial is complete")
    low, high = values[shown].min(), values[shown].max()
    heights = (values - low) / (high - low) if high > low else np.full(len(values), 0.5)
    merit = heights if sign > 0 else 1 - heights
    places = np.arange(len(ticks) + 1)
    for row in np.flatnonzero(~shown):
        axis.plot(places[:-1], positions[row], color=FAILED, linewidth=0.7, linestyle=(0, (3, 2)), zorder=1)
    for row in sorted(np.flatnonzero(shown), key=lambda row: merit[row]):
        line = np.append(positions[row], heights[row])
        width = 2.4 if merit[row] == merit[shown].max() else 1.1
        axis.plot(
            places, line, color=plt.get_cmap(MAP)(0.95 * merit[row]), linewidth=width, zorder=2 + merit[row]
        )
    marks = [
        *ticks.values(),
        [(0.5, f"{low:.4g}")] if high == low else [(0, f"{low:.4g}"), (1, f"{high:.4g}")],
    ]
    for place, marked in zip(places, marks, strict=True):
        axis.axvline(place, color="black", linewidth=0.8, zorder=0)
        for height, text in marked:
            axis.text(place + 0.03, height, text, fontsize=7, va="center", zorder=9, bbox=_BOX)
    axis.set_xticks(places, [*(name.replace(".", ".\n") for name in _short(ticks)), metric], fontsize=8)
    axis.set(xlim=(-0.1, len(ticks) + 0.45), ylim=(-0.05, 1.05), yticks=[])
    axis.tick_params(axis="x", length=0)
    axis.spines[["left", "bottom"]].set_visible(False)
    return figure


_BOX = {"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.8}


def _short(keys):
    """Return the last steps of key paths, two or as many as tell them apart."""
    for count in range(2, 99):
        short = [".".join(key.split(".")[-count:]) for key in keys]
        if len(set(short)) == len(short):
            return short
    return list(keys)


def _note(figure, axis, text):
    axis.text(0.5, 0.5, text, ha="center", va="center", color=GREY)
    axis.set_axis_off()
    return figure
