"""What the trials of a sweep found."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.ticker import MaxNLocator

from motifloom.plots.labels import decimals
from motifloom.plots.style import CLASS_COLOURS, GREY

# From pale for the worst to dark for the best, which stands out on paper: without the yellow end of viridis,
# whose order of lightness all forms of colour blindness keep.
MERIT = LinearSegmentedColormap.from_list("merit", plt.get_cmap("viridis")(np.linspace(0.9, 0, 256)))
LOST = {"color": "#B5B5B5", "linewidth": 0.7, "linestyle": (0, (3, 2))}
_STATES = {"complete": "complete", "pruned": "given up early", "failed": "failed"}


def importance(table, metric, sign, n):
    """Draw how much of the metric's variation each parameter accounts for, as bars.

    Parameters
    ----------
    table : pandas.DataFrame
        parameter, importance (in [0, 1] or empty), correlation (empty for listed values).
    metric : str
    sign : int
        1 where more is better, -1 where less is.
    n : int
        Complete trials.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axis = plt.subplots(figsize=(6.5, 1.3 + 0.32 * max(len(table), 1)))
    axis.set_title(f"{_goal(metric, sign)}, n = {n:,} complete trials", loc="left", pad=18)
    if table["importance"].isna().all():
        return _note(figure, axis, "too few complete trials, or all alike")
    rows = range(len(table))
    axis.barh(rows, table["importance"], color=CLASS_COLOURS[0], height=0.6)
    # Columns of numbers at fixed distances, in points, from the end of the axis at 1.
    style = {"textcoords": "offset points", "ha": "right", "fontsize": 8, "annotation_clip": False}
    for offset, heading, column in ((42, "Share", "importance"), (112, "Spearman ρ", "correlation")):
        axis.annotate(heading, (1, 1), (offset, 6), xycoords="axes fraction", **style)
        for row, value in enumerate(table[column]):
            text = "–" if np.isnan(value) else decimals(value, 2).replace("-", "−")
            axis.annotate(text, (1, row), (offset, 0), va="center", **style)
    axis.set_yticks(rows, _short(table["parameter"]))
    axis.set_ylim(len(table) - 0.4, -0.6)
    axis.set_xlim(0, 1)
    meaning = f"ρ above 0: {metric} rises with the value; –: values without order"
    axis.set_xlabel(f"Share of the variation of {metric} (fANOVA)\n{meaning}")
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
    figure, axis = plt.subplots(figsize=(6.0, 3.2))
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
            axis.plot(
                lost,
                np.full(len(lost), 0.02),
                marker,
                color=GREY,
                transform=axis.get_xaxis_transform(),
                label=_STATES[state],
            )
    axis.set(xlabel="Trial", ylabel=_goal(metric, sign))
    axis.set_title(_counts(table), loc="left")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    figure.legend(loc="outside upper center", ncols=4)
    return figure


def parallel_coordinates(table, positions, ticks, metric, sign):
    """Draw a line per trial through its parameters to its metric, the best in the darkest colour.

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
    figure, axis = plt.subplots(figsize=(max(1.5 * (len(ticks) + 1), 4.5) + 0.7, 4.1))
    axis.set_title(_counts(table), loc="left")
    values = table["value"].to_numpy(float)
    shown = np.isfinite(values)
    if not shown.any():
        return _note(figure, axis, "no trial is complete")
    low, high = values[shown].min(), values[shown].max()
    heights = (values - low) / (high - low) if high > low else np.full(len(values), 0.5)
    merit = heights if sign > 0 else 1 - heights
    first = np.flatnonzero(shown & (merit == merit[shown].max()))[0]
    places = np.arange(len(ticks) + 1)
    for number, row in enumerate(np.flatnonzero(~shown)):
        label = "given up early or failed" if not number else None
        axis.plot(places[:-1], positions[row], **LOST, zorder=1, label=label)
    for row in sorted(np.flatnonzero(shown), key=lambda row: merit[row]):
        style = {"linewidth": 2.6, "label": f"best: trial {table['trial'].iloc[row]}"} if row == first else {}
        line = np.append(positions[row], heights[row])
        axis.plot(
            places, line, **{"linewidth": 1.1, "color": MERIT(merit[row]), **style}, zorder=2 + merit[row]
        )
    marks = [
        *ticks.values(),
        [(0.5, f"{low:.4g}")] if high == low else [(0, f"{low:.4g}"), (1, f"{high:.4g}")],
    ]
    for place, marked in zip(places, marks, strict=True):
        axis.axvline(place, color="black", linewidth=0.8, zorder=4)
        for height, text in marked:
            axis.plot([place - 0.02, place + 0.02], [height] * 2, color="black", linewidth=0.8, zorder=4)
            axis.text(place + 0.05, height, text, fontsize=7.5, va="center", zorder=9, bbox=_BOX)
    goal = f"{metric}\n{_direction(sign)}"
    axis.set_xticks(places, [*(name.replace(".", ".\n") for name in _short(ticks)), goal], fontsize=8)
    axis.set(xlim=(-0.1, len(ticks) + 0.45), ylim=(-0.05, 1.05), yticks=[])
    axis.tick_params(axis="x", length=0)
    axis.spines[["left", "bottom"]].set_visible(False)
    if high > low:
        bar = figure.colorbar(
            ScalarMappable(Normalize(low, high), MERIT if sign > 0 else MERIT.reversed()), ax=axis, aspect=30
        )
        bar.set_label(_goal(metric, sign))
    figure.legend(loc="outside lower left", ncols=2)
    return figure


# Lines pass behind the labels.
_BOX = {"facecolor": "white", "edgecolor": "none", "alpha": 0.92, "pad": 0.8}


def _direction(sign):
    return "higher is better" if sign > 0 else "lower is better"


def _goal(metric, sign):
    return f"{metric} ({_direction(sign)})"


def _counts(table):
    """Return how many trials there are, and how many of each state."""
    n = table["state"].value_counts()
    states = ", ".join(f"{n[state]:,} {text}" for state, text in _STATES.items() if state in n)
    return f"n = {len(table):,} trials: {states}"


def _short(keys):
    """Return the last steps of key paths, two or as many as tell them apart."""
    for count in range(2, 99):
        short = [".".join(key.split(".")[-count:]) for key in keys]
        if len(set(short)) == len(short):
            return short
    return list(keys)


def _note(figure, axis, text):
    axis.text(0.5, 0.5, text, ha="center", va="center", color=GREY, transform=axis.transAxes)
    axis.set_axis_off()
    return figure
