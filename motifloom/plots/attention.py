"""Where attention layers look: mean weights along the window, and how often the most is at known sites."""

import math

import matplotlib.pyplot as plt
import numpy as np

from motifloom.plots.clustering import message
from motifloom.plots.style import CLASS_COLOURS, GREY

_OTHERS = "#C9C9C9"
_MARKERS = "osD^vP*X"
# Motifs of a figure, those with the most examples; the table has all.
_MOST_MOTIFS = 40
# Inches of a row.
_ROW = 0.17


def profile(table, task, part="test"):
    """Draw the mean weight along the window, a panel per layer and a line per class.

    Parameters
    ----------
    table : pandas.DataFrame
        layer, target, position_bp, relative (mean weight times number of positions), n.
    task : str
        binary: the negative class, the first, is grey.
    part : str
        For the title.

    Returns
    -------
    matplotlib.figure.Figure
        The seven classes with the most examples have a colour each, the others share a grey.
    """
    if table.empty:
        return message("no attention layer whose positions stand for places in the window")
    layers = list(dict.fromkeys(table["layer"]))
    columns = min(len(layers), 2)
    rows = math.ceil(len(layers) / columns)
    size = (1.0 + 3.6 * columns, 1.1 + 1.75 * rows)
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, sharex=True, sharey=True)
    counts = table.drop_duplicates("target").set_index("target")["n"]
    colours = _class_colours(counts, task)
    for axis, layer in zip(axes.flat, layers, strict=False):
        axis.axhline(1, color="#777777", linewidth=0.8, linestyle=(0, (4, 3)))
        lines = dict(iter(table[table["layer"] == layer].groupby("target")))
        for name, colour in colours.items():
            style = {"color": colour, "linewidth": 1.1, "marker": "o" if len(lines[name]) < 2 else None}
            axis.plot(lines[name]["position_bp"], lines[name]["relative"], label=name, **style)
        axis.set_title(layer, loc="left")
    for axis in axes.flat[len(layers) :]:
        axis.set_axis_off()
    for axis in axes.flat[max(0, len(layers) - columns) : len(layers)]:  # the last of each column
        axis.tick_params(labelbottom=True)
        axis.set_xlabel("Position in the window (bp)")
    figure.supylabel("Mean weight × positions (1: even)", fontsize=9)
    total = f"n = {counts.sum():,}" if task not in ("multilabel", "regression") else "mean over examples"
    figure.suptitle(f"Attention · {part}: {total}", x=0.02, ha="left", fontsize=10)
    shown = {name: colour for name, colour in colours.items() if colour != _OTHERS}
    handles = [plt.Line2D([], [], color=colour) for colour in shown.values()]
    labels = [f"{name} ({counts[name]:,})" for name in shown]
    if len(shown) < len(colours):
        handles.append(plt.Line2D([], [], color=_OTHERS))
        labels.append(f"{len(colours) - len(shown)} others")
    figure.legend(handles, labels, loc="outside lower left", ncols=min(len(labels), 2 + columns))
    return figure


def _class_colours(counts, task):
    """Return {class: colour}, those in front last."""
    if task == "binary" and len(counts) == 2:
        return dict(zip(counts.index, (GREY, CLASS_COLOURS[0]), strict=True))
    frequent = counts.sort_values(ascending=False, kind="stable").index[: len(CLASS_COLOURS) - 1]
    shown = [name for name in counts.index if name in frequent]
    return dict.fromkeys(counts.index.difference(shown, sort=False), _OTHERS) | dict(
        zip(shown, CLASS_COLOURS, strict=False)
    )


def sites(table, confidence, part="test"):
    """Draw how often the most weight lies in a site of each motif, beside chance.

    Parameters
    ----------
    table : pandas.DataFrame
        layer, motif, n, fraction, ci_low, ci_high, chance.
    confidence : float
        Level of the intervals.
    part : str
        For the title.

    Returns
    -------
    matplotlib.figure.Figure
        A row per motif that any example holds, with a point per layer and a grey tick at its chance level.
    """
    table = table[table["n"] > 0]
    if table.empty:
        return message(f"no known sites in examples of the {part} part")
    counts = table.drop_duplicates("motif").set_index("motif")["n"]
    motifs = counts.index[counts.index.isin(counts.nlargest(_MOST_MOTIFS).index)]
    layers = list(dict.fromkeys(table["layer"]))
    height = _ROW * (len(layers) + 1.2)
    size = (6.2, 1.35 + height * len(motifs) + 0.2 * math.ceil(len(layers) / 4))
    figure, axis = plt.subplots(figsize=size)
    offsets = (np.arange(len(layers)) - (len(layers) - 1) / 2) / (len(layers) + 1.2)
    for number, (layer, offset) in enumerate(zip(layers, offsets, strict=True)):
        rows = table[table["layer"] == layer].set_index("motif").loc[motifs]
        y, colour = np.arange(len(motifs)) + offset, CLASS_COLOURS[number % len(CLASS_COLOURS)]
        axis.hlines(y, rows["ci_low"], rows["ci_high"], color=colour, linewidth=1.3)
        marker = _MARKERS[number % len(_MARKERS)]
        axis.plot(rows["fraction"], y, marker, color=colour, markersize=4.5, label=layer)
        half = 0.4 / (len(layers) + 1.2)
        axis.vlines(rows["chance"], y - half, y + half, color="#5A5A5A", linewidth=1.6)
    for row in range(1, len(motifs)):
        axis.axhline(row - 0.5, color="#E4E4E4", linewidth=0.6)
    handles, labels = axis.get_legend_handles_labels()
    handles.append(plt.Line2D([], [], color="#5A5A5A", marker="|", linestyle="", markersize=7, mew=1.6))
    figure.legend(handles, [*labels, "chance"], loc="outside lower left", ncols=min(5, len(labels) + 1))
    axis.set_yticks(range(len(motifs)), [f"{motif} (n = {counts[motif]:,})" for motif in motifs])
    axis.set(ylim=(len(motifs) - 0.45, -0.55), xlim=(-0.01, 1.01))
    axis.tick_params(axis="y", length=0)
    axis.set_xlabel(f"Fraction of examples with the most weight in the site ({confidence:.0%} interval)")
    some = f", {len(motifs)} of {len(counts)} motifs" if len(motifs) < len(counts) else ""
    figure.suptitle(f"Attention at known sites · {part}{some}", x=0.02, ha="left", fontsize=10)
    return figure
