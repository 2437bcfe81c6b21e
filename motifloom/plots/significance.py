"""Significance thresholds of filters, and the tails behind one of them."""

import matplotlib.pyplot as plt
import numpy as np

from motifloom.plots.style import CLASS_COLOURS, GREY

LIGHT = "#D9DEE3"
BLUE = CLASS_COLOURS[0]
# Filters beyond the first column of panels start further ones, up to as many.
ROWS, COLUMNS = 40, 4
# Widths in inches: windows, p-values, thresholds.
PANELS = 1.5, 1.3, 1.1
NOTE = {"fontsize": 5.5, "color": GREY}
NULLS = {
    "shuffle": "shuffled weights",
    "permutation": "shuffled weights, sampled",
    "background": "random sequence",
}
UNIVERSES = {"positive": "windows with a positive activation", "all": "all windows"}


def thresholds(table, q_value=0.05):
    """Draw for every filter how many windows are significant, from which p-value and activation on.

    Parameters
    ----------
    table : pandas.DataFrame
        thresholds.tsv: filter, null, universe, tested, kept, threshold (activation), p_value,
        smallest_p_value.
    q_value : float
        The false discovery rate that it was made for.

    Returns
    -------
    matplotlib.figure.Figure
        One row per filter in the order of the table; a filter without significant windows has no dots.
    """
    blocks = min(COLUMNS, max(1, -(-len(table) // ROWS)))
    rows = max(1, -(-len(table) // blocks))
    figure, axes = _panels(blocks, rows, table["filter"])
    limits = _limits(table)
    for block in range(blocks):
        part = table.iloc[block * rows : (block + 1) * rows]
        _block(axes[block], part, rows, limits, small=blocks > 1)
    found = int((table["kept"] > 0).sum())
    kinds = table[["null", "universe"]].drop_duplicates().to_numpy().tolist()
    what = [f"null: {NULLS.get(null, null)}; tested: {UNIVERSES[universe]}" for null, universe in kinds]
    title = f"{found} of {len(table)} filters have windows with q ≤ {q_value:g}"
    figure.suptitle("\n".join([title, *what]), fontsize=10, y=1 - 0.08 / figure.get_figheight(), va="top")
    handles = [
        plt.Rectangle((0, 0), 1, 1, color=LIGHT, label="windows tested"),
        plt.Rectangle((0, 0), 1, 1, color=BLUE, label="significant"),
        plt.Line2D([], [], marker="o", linestyle="", markersize=4, color=BLUE, label="at the threshold"),
        plt.Line2D([], [], marker="|", linestyle="", markersize=7, color=GREY, label="smallest attainable p"),
    ]
    figure.legend(handles=handles, loc="lower center", ncols=4, handlelength=1.1)
    return figure


def _panels(blocks, rows, names):
    """Return a figure and its axes, three for every block of rows, below space for two lines of title.

    Laid out by hand: with so many panels the places of a computed layout differ in their last digits from
    run to run, and with them the file.
    """
    size, height = (7.5, 0.2) if blocks == 1 else (5.5, 0.14)
    label = 0.2 + 0.64 * size / 72 * max([10, *map(len, names)])
    gap, starts, right = 0.2, [], 0.0
    for _ in range(blocks):
        right += label
        for width in PANELS:
            starts.append((right, width))
            right += width + gap
    top, bottom = 0.55, 0.95
    total = top + height * max(4, rows) + bottom
    figure = plt.figure(figsize=(right, total), layout="none")
    body = (total - top - bottom) / total
    axes = [figure.add_axes((x / right, bottom / total, width / right, body)) for x, width in starts]
    return figure, [axes[i : i + 3] for i in range(0, len(axes), 3)]


def _limits(table):
    """Return the ends of the three axes, common to all columns of panels."""
    p = np.concatenate([table["p_value"], table["smallest_p_value"]]).astype(float)
    p = p[np.isfinite(p) & (p > 0)]
    activation = table["threshold"].dropna().to_numpy(float)
    most = activation.max() if len(activation) else 1.0
    least = activation.min() if len(activation) else 0.0
    margin = 0.08 * max(most - min(least, 0.0), 1e-3)
    return (
        (0.7, max(10.0, table["tested"].max() * 2) if len(table) else 10.0),
        (1.5, p.min() / 5 if len(p) else 1e-3),
        (min(least, 0.0) - margin, most + margin),
    )


def _block(axes, part, rows, limits, small):
    """Draw some filters in three panels: windows, p-values, thresholds."""
    windows, p_values, activations = axes
    places = np.arange(len(part))
    some = part["tested"].to_numpy() > 0
    for place in places[~some]:
        windows.text(0.03, place, "none", transform=windows.get_yaxis_transform(), va="center", **NOTE)
    windows.barh(places[some], part["tested"].to_numpy()[some], color=LIGHT, height=0.85)
    kept = part["kept"].to_numpy() > 0
    windows.barh(places[kept], part["kept"].to_numpy()[kept], color=BLUE, height=0.55)
    style = {"linestyle": "", "color": BLUE, "markersize": 3 if small else 4, "zorder": 3}
    p_values.plot(part["smallest_p_value"], places, "|", color=GREY, markersize=5 if small else 7)
    p_values.plot(part["p_value"], places, marker="o", **style)
    activations.plot(part["threshold"], places, marker="o", **style)
    for axis, limit in zip(axes, limits, strict=True):
        axis.set(ylim=(rows - 0.4, -0.6), xlim=limit)
        axis.tick_params(axis="y", length=0)
        axis.tick_params(axis="x", labelsize=7.5)
        axis.set_yticks([])
        axis.hlines(places, 0, 1, transform=axis.get_yaxis_transform(), color="#EEEEEE", lw=0.5, zorder=0)
    windows.set(xscale="log", xlabel="windows")
    # The same ticks in all columns of panels.
    lowest = int(np.floor(np.log10(limits[1][1])))
    p_values.set(xscale="log", xlabel="p-value", xlim=limits[1])
    p_values.set_xticks(10.0 ** np.arange(0, lowest - 1, min(-1, -(-lowest // 3))))
    p_values.set_xlim(limits[1])
    p_values.minorticks_off()
    activations.set_xlabel("threshold\n(activation)")
    windows.set_yticks(places, part["filter"], fontsize=5.5 if small else 7.5)
