"""Which base of a site matters: box plots of single filters, and all filters at a glance."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch

from motifloom.plots.logos import letter_colour
from motifloom.plots.style import GREY

CHANGE = "log2 fold change"
BOX = ["quantile_05", "quantile_25", "median", "quantile_75", "quantile_95"]
# Rows of the table over all sites, whatever their letter.
ANY = "any"
# Alphabets with more letters than this have no colour for each.
MOST_COLOURS = 6
# Filters of the overview below each other, before the next column begins.
MOST_ROWS = 60
SILENT = "#DCDCDC"


def sensitivity_figure(table, name):
    """Draw how the activation of one filter's sites changes when a position takes another letter.

    Below each position stands its most frequent letter, bold where more than half of the sites have it. The
    boxes above it are of the sites with this letter, one for each letter that it may become: median and
    quartiles, with whiskers from the 5 % to the 95 % quantile. Without a change, the value is 0.

    Parameters
    ----------
    table : DataFrame
        As of `motifloom.filters.sensitivity.sensitivity_table`.
    name : str
        The filter.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = table[table["filter"] == name]
    letters = list(dict.fromkeys(rows["base"]))
    counts = _letter_counts(rows, letters)
    frequent = np.array(letters)[counts.argmax(axis=1)]
    drawn = rows[(rows["reference"] == frequent[rows["position"]]) & (rows["n"] > 0)]
    drawn = drawn[drawn["reference"] != drawn["base"]]
    width, height = 0.8 + max(10, len(counts)) * len(letters) * 0.095, 3.2
    figure, axes = plt.subplots(figsize=(width, height), layout="none")
    figure.subplots_adjust(0.72 / width, 0.56 / height, 1 - 0.1 / width, 1 - 0.32 / height)
    axes.axhline(0, color=GREY, linewidth=0.8, zorder=0)
    step = 1 / len(letters)
    # Boxes of a position stand side by side, without a gap for the letter that is there already.
    order = drawn.groupby("position").cumcount()
    middle = (drawn["position"] + (order - (len(letters) - 2) / 2) * step).to_numpy()
    colours = [_colour(letter, letters) for letter in drawn["base"]]
    _draw_boxes(axes, middle, 0.4 * step, drawn[BOX].to_numpy(float).T, colours)
    axes.set_xlim(-0.55, len(counts) - 0.45)
    axes.set_ylabel(f"{CHANGE} of the activation")
    axes.set_xlabel("position, with its most frequent letter", labelpad=14)
    axes.set_xticks(range(len(counts)))
    axes.tick_params(axis="x", length=2, pad=1, labelsize=7)
    share = counts.max(axis=1) / np.maximum(counts.sum(axis=1), 1)
    for position in np.flatnonzero(share):
        below = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points", "va": "top"}
        weight = "bold" if share[position] > 0.5 else "normal"
        colour = _colour(frequent[position], letters)
        axes.annotate(
            frequent[position], (position, 0), (0, -12), ha="center", color=colour, weight=weight, **below
        )
    sites = int(counts.sum(axis=1).max(initial=0))
    axes.set_title(f"{name}: {sites:,} site{'s' * (sites != 1)}", loc="left")
    if len(letters) <= MOST_COLOURS:
        handles = [Patch(color=_colour(letter, letters), label=letter) for letter in letters]
        place = {"loc": "lower right", "bbox_to_anchor": (1, 0.99), "borderaxespad": 0, "ncols": len(letters)}
        axes.legend(handles=handles, handlelength=0.8, columnspacing=0.9, handletextpad=0.4, **place)
    else:
        for x, y, letter, colour in zip(middle, drawn["quantile_05"], drawn["base"], colours, strict=True):
            axes.annotate(
                letter,
                (x, y),
                (0, -1),
                textcoords="offset points",
                ha="center",
                va="top",
                fontsize=5,
                color=colour,
            )
    return figure


def _colour(letter, letters):
    return letter_colour(letter, "".join(letters))


def _letter_counts(rows, letters):
    """Return int (W, A): sites with each letter at each position of one filter."""
    own = rows[rows["reference"] == rows["base"]]
    return own.pivot(index="position", columns="base", values="n")[letters].to_numpy(int)


def _draw_boxes(axes, middle, half, quantiles, colours):
    """Draw upright boxes (quantiles: 5 x boxes) as a few collections, quick and small for many boxes."""
    low, first, median, third, high = quantiles
    left, right = middle - half, middle + half
    whiskers = np.concatenate([_path((middle, low), (middle, first)), _path((middle, third), (middle, high))])
    boxes = _path((left, first), (right, first), (right, third), (left, third))
    medians = _path((left, median), (right, median))
    axes.add_collection(LineCollection(whiskers, colors=[*colours, *colours], linewidths=0.9))
    axes.add_collection(PolyCollection(boxes, facecolors=colours, edgecolors=colours, linewidths=1.8))
    axes.add_collection(LineCollection(medians, colors="black", linewidths=0.7))
    axes.autoscale_view()


def _path(*points):
    """Return float (n, points, 2) from points (x (n,), y (n,))."""
    return np.stack([np.stack(point, axis=1) for point in points], axis=1)


def overview(table):
    """Draw the effect of the worst substitution at each position of all filters, as a heat map.

    The effect is the median over all sites of a filter, and the worst substitution of a position is the one
    with the lowest. Filters without sites are grey. The colours end at the 1st percentile of all effects.

    Parameters
    ----------
    table : DataFrame
        As of `motifloom.filters.sensitivity.sensitivity_table`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    effects = worst_effects(table)
    if not len(effects):
        figure = plt.figure(figsize=(4, 0.5), layout="none")
        figure.text(0.5, 0.5, "no convolution scans the sequence", ha="center", va="center", color=GREY)
        return figure
    count, widest = effects.shape
    across = -(-count // MOST_ROWS)
    down = -(-count // across)
    # In inches: a cell, the names of a column of filters, a whole column.
    cell, names = 0.14, 0.15 + 0.062 * max(map(len, effects.index))
    column = names + cell * widest + 0.1
    width, height = max(across * column + 0.75, 4.5), cell * max(down, 6) + 0.95
    figure = plt.figure(figsize=(width, height), layout="none")
    values = effects.to_numpy()[effects.notna().to_numpy()]
    low = min(np.quantile(values, 0.01) if len(values) else 0, -1e-9)
    # The lower half of the diverging map: white is no effect.
    colours = ListedColormap(plt.get_cmap("RdBu_r")(np.linspace(0, 0.5, 128)))
    top = height - 0.55
    for number in range(across):
        part = effects.iloc[number * down : (number + 1) * down]
        size = (cell * widest / width, cell * len(part) / height)
        axes = figure.add_axes(
            ((number * column + names) / width, (top - cell * len(part)) / height, *size), facecolor=SILENT
        )
        image = axes.imshow(part, cmap=colours, vmin=low, vmax=0, aspect="auto", interpolation="none")
        axes.set_yticks(range(len(part)), part.index)
        axes.set_xticks(range(0, widest, 5))
        axes.tick_params(length=2, pad=2, labelsize=7)
        axes.spines[:].set(visible=True, linewidth=0.5, color=GREY)
        axes.set_xlabel("position", fontsize=8, labelpad=2)
    tall = min(cell * max(down, 6), 1.6)
    bar = figure.add_axes(
        ((across * column + 0.1) / width, (top - tall) / height, 0.12 / width, tall / height)
    )
    extend = "min" if (values < low).any() else "neither"
    figure.colorbar(image, cax=bar, extend=extend).ax.tick_params(labelsize=7, length=2)
    title = f"Worst substitution at each position:\nmedian {CHANGE} over a filter's sites"
    if effects.isna().all(axis=1).any():
        title += " (grey: no sites)"
    figure.text(0.1 / width, 1 - 0.1 / height, title, va="top", fontsize=9)
    return figure


def worst_effects(table):
    """Return the lowest median over letters, DataFrame (filters, positions); missing without sites."""
    pooled = table[table["reference"] == ANY]
    lowest = pooled.groupby(["filter", "position"], sort=False)["median"].min()
    return lowest.unstack("position").reindex(list(dict.fromkeys(table["filter"])))
