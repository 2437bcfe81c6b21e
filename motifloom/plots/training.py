"""How a training went: the curves of the loss and of every metric."""

import math

import matplotlib.pyplot as plt
from matplotlib.ticker import MaxNLocator

from motifloom.plots.data import PART_COLOURS
from motifloom.plots.labels import training_label
from motifloom.plots.style import GREY

_COLUMNS = 4


def curves(history, best_epoch=None):
    """Draw the loss and every metric by epoch, training beside validation.

    Parameters
    ----------
    history : pandas.DataFrame
        epoch (from 1), then Keras' names: loss, val_loss, ..., learning_rate; with a column `seed`, every
        seed is a line of its own.
    best_epoch : int, dict of seed to int, or None
        The epoch whose weights were kept, marked.

    Returns
    -------
    matplotlib.figure.Figure
    """
    seeds = dict(iter(history.groupby("seed"))) if "seed" in history else {None: history}
    best = best_epoch if isinstance(best_epoch, dict) else dict.fromkeys(seeds, best_epoch)
    measured = [name for name in history if name not in ("epoch", "seed", "learning_rate")]
    names = list(dict.fromkeys(name.removeprefix("val_") for name in measured))
    if "learning_rate" in history and history["learning_rate"].nunique() > 1:
        names.append("learning_rate")
    columns = min(len(names), _COLUMNS)
    rows = math.ceil(len(names) / columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(max(2.6 * columns, 3.4), 2.1 * rows + 0.4), squeeze=False, sharex=True
    )
    for axis, name in zip(axes.flat, names, strict=False):
        for seed, rows_of_seed in seeds.items():
            _panel(axis, rows_of_seed, name, best[seed], 1.6 if len(seeds) == 1 else 1.0)
        axis.set_title(training_label(name, history.columns))
        axis.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        axis.margins(x=0.03)
    for axis in axes.flat[len(names) :]:
        axis.set_axis_off()
    for column in range(columns):
        lowest = axes[rows - 1 if column + (rows - 1) * columns < len(names) else rows - 2, column]
        lowest.set_xlabel("Epoch")
        lowest.tick_params(labelbottom=True)
    _legend(figure, history, best)
    return figure


def _panel(axis, history, name, best, width):
    styles = {name: ("train", "o"), f"val_{name}": ("validation", "o")}
    for column, (part, marker) in styles.items():
        if column not in history:
            continue
        colour = PART_COLOURS[part] if name != "learning_rate" else GREY
        dots = marker if len(history) == 1 else None
        axis.plot(history["epoch"], history[column], color=colour, linewidth=width, marker=dots, markersize=4)
        at = history["epoch"] == best
        if part == "validation" and at.any():
            axis.plot(best, history.loc[at, column].iloc[0], "o", color=colour, markersize=5, zorder=3)
    if best is not None:
        axis.axvline(best, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
    if name == "learning_rate":
        axis.set_yscale("log")


def _legend(figure, history, best):
    lines = [plt.Line2D([], [], color=PART_COLOURS["train"], linewidth=1.6, label="training")]
    if any(name.startswith("val_") for name in history):
        lines.append(plt.Line2D([], [], color=PART_COLOURS["validation"], linewidth=1.6, label="validation"))
    epochs = [str(epoch) for epoch in best.values() if epoch is not None]
    if epochs:
        text = f"best epoch ({', '.join(epochs)})" if len(epochs) <= 5 else "best epochs"
        lines.append(plt.Line2D([], [], color=GREY, linewidth=0.8, linestyle=(0, (4, 3)), label=text))
    figure.legend(handles=lines, loc="outside upper center", ncols=len(lines))
