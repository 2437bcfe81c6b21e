"""Clusters of filters: trees, heat maps ordered by trees, the choice of the number of clusters."""

import contextlib
import functools
import sys
import textwrap
from dataclasses import dataclass, field
from io import StringIO

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize, to_rgb

from motifloom.plots.style import CLASS_COLOURS, GREY

NO_VALUE = "#DDDDDD"
# Yellow and black of the palette are left out: text and lines lie on the colours of clusters.
CLUSTER_COLOURS = [*CLASS_COLOURS[:6], "#6A51A3", "#8C6D31"]
KINDS = {"activation": "activation over sequences", "motif": "motifs"}
# Inches, except the sizes of type (points).
TREE, MARGIN, GAP = 0.8, 0.12, 0.05
LARGEST, SMALLEST = 8.0, 2.9


@dataclass
class Side:
    """One side of a heat map, of n rows or columns in the order of the values.

    linkage: float (n - 1, 4) as SciPy's, or None to keep the order; names: n str, or None for no labels;
    strips: (title, n colours, n texts or None) to draw between tree and map.
    """

    linkage: np.ndarray | None = None
    names: list | None = None
    strips: list = field(default_factory=list)

    def order(self, count):
        """Return the order of drawing, int (n,)."""
        from scipy.cluster.hierarchy import leaves_list

        if self.linkage is None or not len(self.linkage):
            return np.arange(count)
        return leaves_list(self.linkage)


def message(text):
    """Return a figure that holds nothing but a line of text."""
    figure = plt.figure(figsize=(4.5, 0.5), layout="none")
    figure.text(0.5, 0.5, text, ha="center", va="center", color=GREY)
    return figure


def tree_segments(linkage, count):
    """Return the lines of a tree: float (n - 1, 4, 2), each a bracket of (place, height).

    Parameters
    ----------
    linkage : float (n - 1, 4)
        SciPy's.
    count : int
        Leaves, n; leaf i of the order stands at place i.
    """
    place, height = np.zeros(2 * count - 1), np.zeros(2 * count - 1)
    place[Side(linkage).order(count)] = np.arange(count)
    segments = np.empty((count - 1, 4, 2))
    for i, (left, right, top, _) in enumerate(linkage):
        ends = [int(left), int(right)]
        x, y = place[ends], height[ends]
        segments[i] = [(x[0], y[0]), (x[0], top), (x[1], top), (x[1], y[1])]
        place[count + i], height[count + i] = x.mean(), top
    return segments


def heat_map(
    values,
    rows,
    columns,
    size,
    *,
    label,
    limits,
    colours="viridis",
    title="",
    note="",
    texts=None,
    legend=None,
):
    """Draw values with trees, strips and names at their sides.

    Parameters
    ----------
    values : float (n, m)
        NaN is grey.
    rows, columns : Side
        Of n rows, whose tree stands at the left, and m columns, whose tree stands on top.
    size : (float, float)
        Width and height of the map, in inches.
    label : str
        Of the colour bar.
    limits : (float, float)
        Ends of the colour bar; what lies beyond has the colour of the end.
    colours : str
        A colour map of matplotlib.
    title, note : str
        Above and below.
    texts : str (n, m) or None
        What to write into the cells.
    legend : dict of str to colour, or None
        What the colours of strips mean.

    Returns
    -------
    matplotlib.figure.Figure
    """
    frame = _frame(size, rows, columns, label, note, legend)
    figure = plt.figure(figsize=(frame.width, frame.height), layout="none")
    place = functools.partial(_place, figure, frame)
    across, down = size
    order = rows.order(len(values)), columns.order(values.shape[1])
    axis = place(frame.left, frame.below, across, down)
    shades = plt.get_cmap(colours).with_extremes(bad=NO_VALUE)
    image = axis.imshow(
        values[np.ix_(*order)], aspect="auto", interpolation="nearest", cmap=shades, norm=Normalize(*limits)
    )
    if texts is not None:
        cell = min(across / values.shape[1], down / len(values))
        _write(axis, image, np.asarray(texts, object)[np.ix_(*order)], cell)
    _name_cells(axis, rows, columns, order, size)
    _draw_side(place, rows, order[0], frame.left - GAP, frame.below, down, upright=True)
    _draw_side(place, columns, order[1], frame.left, frame.below + down + GAP, across, upright=False)
    _draw_bar(figure, image, place(frame.left, frame.height - 0.62, frame.bar, 0.09), frame.bar, label)
    figure.text(MARGIN / frame.width, 1 - 0.1 / frame.height, title, fontsize=9, va="top")
    _draw_feet(figure, frame, legend)
    return figure


@dataclass
class _Frame:
    """Where the parts of a heat map's figure lie, in inches: `left` and `below` of the map, `bar` long."""

    left: float
    below: float
    bar: float
    width: float
    height: float
    note: list  # its lines
    entries: int  # of the legend, side by side


def _frame(size, rows, columns, label, note, legend):
    """Return the places that a heat map, and what stands around it, take up."""
    across, down = size
    left = MARGIN + _depth(rows)
    right = MARGIN + 0.08 + _text_length(rows.names or [], _type_size(down, len(rows.names or []))[0])
    above = 0.82 + _depth(columns)
    column_size, _ = _type_size(across, len(columns.names or []))
    feet = [_text_length(columns.names or [], column_size), _text_length([t for t, _, _ in rows.strips], 7)]
    bar = min(1.6, across)
    width = max(left + across + right, left + bar + _text_length([label], 8) + 0.3)
    note = textwrap.wrap(note, int(14.5 * width))
    entries = max(1, int(width / (_text_length(legend or [""], 7.5) + 0.45)))
    lines = -(-len(legend or []) // entries)
    below = MARGIN + 0.1 + max(feet) + 0.15 * len(note) + 0.19 * lines
    return _Frame(left, below, bar, width, below + down + above, note, entries)


def _place(figure, frame, x, y, width, height):
    """Return new axes at a place of a figure, in inches."""
    return figure.add_axes((x / frame.width, y / frame.height, width / frame.width, height / frame.height))


def _name_cells(axis, rows, columns, order, size):
    """Write as many names of rows and columns as have room."""
    axis.tick_params(length=0, pad=2)
    axis.spines[:].set_visible(False)
    axis.yaxis.tick_right()
    axis.set_xticks([]), axis.set_yticks([])
    if rows.names:
        points, step = _type_size(size[1], len(order[0]))
        shown = np.arange(0, len(order[0]), step)
        axis.set_yticks(shown, [rows.names[i] for i in order[0][shown]], fontsize=points)
    if columns.names:
        points, step = _type_size(size[0], len(order[1]))
        shown = np.arange(0, len(order[1]), step)
        axis.set_xticks(shown, [columns.names[i] for i in order[1][shown]], fontsize=points, rotation=90)


def _draw_bar(figure, image, axis, length, label):
    """Draw the colour bar, of this length in inches."""
    bar = figure.colorbar(image, cax=axis, orientation="horizontal")
    bar.ax.tick_params(labelsize=7, length=2, pad=1)
    bar.outline.set_visible(False)
    bar.ax.text(1 + 0.08 / length, 0.5, label, transform=bar.ax.transAxes, fontsize=8, va="center")


def _draw_feet(figure, frame, legend):
    """Write note and legend below a heat map."""
    x, y = MARGIN / frame.width, 0.06 / frame.height
    figure.text(x, y, "\n".join(frame.note), fontsize=7, color="#555555", va="bottom")
    if not legend:
        return
    figure.legend(
        handles=[plt.Rectangle((0, 0), 1, 1, color=colour, label=name) for name, colour in legend.items()],
        loc="lower left",
        bbox_to_anchor=(x, y + 0.15 * len(frame.note) / frame.height),
        borderaxespad=0.2,
        ncols=min(len(legend), frame.entries),
        handlelength=1,
        fontsize=7.5,
    )


def _text_length(texts, size):
    """Return about how long the longest text of this size is, in inches."""
    return 0.0085 * size * max(map(len, texts), default=0)


def _type_size(length, count):
    """Return the size of names in points, and every how manieth is written."""
    step = max(1, int(np.ceil(count * SMALLEST / (0.85 * 72 * length)))) if count else 1
    return min(8.0, 0.85 * 72 * length * step / max(count, 1)), step


def _depth(side):
    """Return what tree and strips of a side take up."""
    tree = TREE if side.linkage is not None and len(side.linkage) else 0
    return tree + _strip_width(side) * len(side.strips) + (GAP if tree or side.strips else 0)


def _strip_width(side):
    """Return the place that a strip takes up; many share what 18 have."""
    return 0.19 * min(1, 18 / max(len(side.strips), 1))


def _draw_side(place, side, order, x, y, length, upright):
    """Draw strips and tree outwards from the map's left (upright) or upper side."""
    step, thin = _strip_width(side), _type_size(_strip_width(side) * len(side.strips), len(side.strips))
    for i, (title, colours, texts) in enumerate(side.strips):
        cells = np.array([to_rgb(colours[i]) for i in order])
        strip = 0.9 * step
        axis = place(x - strip, y, strip, length) if upright else place(x, y, length, strip)
        axis.imshow(cells[:, None] if upright else cells[None], aspect="auto", interpolation="nearest")
        axis.set_axis_off()
        if texts is not None:
            _write_runs(axis, [texts[i] for i in order], cells, length, upright)
        if i % thin[1] == 0:
            where = (0.5, -0.04 / length) if upright else (1 + 0.04 / length, 0.5)
            turned = {"rotation": 90, "ha": "center", "va": "top"} if upright else {"va": "center"}
            axis.text(*where, title, transform=axis.transAxes, fontsize=min(7, thin[0]), **turned)
        x, y = (x - step, y) if upright else (x, y + step)
    if side.linkage is None or not len(side.linkage):
        return
    segments = tree_segments(side.linkage, len(order))
    highest = max(segments[:, :, 1].max(), 1e-9) * 1.02
    axis = place(x - TREE, y, TREE, length) if upright else place(x, y, length, TREE)
    axis.add_collection(
        LineCollection(
            segments[:, :, ::-1] if upright else segments,
            colors="#444444",
            linewidths=_line_width(len(order)),
        )
    )
    axis.set_axis_off()
    ends = (len(order) - 0.5, -0.5)
    if upright:
        axis.set(xlim=(highest, 0), ylim=ends)
    else:
        axis.set(xlim=ends[::-1], ylim=(0, highest))


def _line_width(count):
    return 0.9 if count <= 60 else 0.5 if count <= 320 else 0.25


def _write(axis, image, texts, cell):
    """Write texts (n, m) into the cells of an image, in a colour that shows."""
    size = min(7.5, 72 * cell * 0.29)
    for (i, j), text in np.ndenumerate(texts):
        if text:
            shade = image.cmap(image.norm(image.get_array()[i, j]))[:3]
            axis.text(j, i, text, ha="center", va="center", fontsize=size, color=_ink(shade), linespacing=0.9)


def _ink(colour):
    return "black" if np.dot(colour, (0.299, 0.587, 0.114)) > 0.5 else "white"


def _write_runs(axis, texts, cells, length, upright):
    """Write a text once for every run of equal texts that is long enough."""
    starts = [i for i in range(len(texts)) if i == 0 or texts[i] != texts[i - 1]]
    for start, end in zip(starts, [*starts[1:], len(texts)], strict=True):
        if texts[start] and (end - start) * length / len(texts) > 0.11:
            middle = (start + end - 1) / 2
            place = (0, middle) if upright else (middle, 0)
            axis.text(*place, texts[start], ha="center", va="center", fontsize=7, color=_ink(cells[start]))


def cluster_colours(labels):
    """Return a colour per cluster number: dict; neighbours differ, and after 8 colours they come again."""
    known = sorted({int(label) for label in labels if not pd.isna(label)})
    return {label: CLUSTER_COLOURS[(label - 1) % len(CLUSTER_COLOURS)] for label in known}


def name_some(names, most=12):
    """Return names as a list in words, the first of many only."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def silhouettes(scores):
    """Draw how well every number of clusters separates filters.

    Parameters
    ----------
    scores : pandas.DataFrame
        compared (activation or motif), clusters, silhouette, chosen.

    Returns
    -------
    matplotlib.figure.Figure
    """
    drawn = scores[scores["silhouette"].notna()]
    if drawn.empty:
        return message("fewer than 3 filters: nothing to choose")
    figure, axis = plt.subplots(figsize=(4.6, 3.0))
    for i, (compared, rows) in enumerate(drawn.groupby("compared", sort=False)):
        colour, kind = CLASS_COLOURS[i], KINDS.get(compared, compared)
        axis.plot(rows["clusters"], rows["silhouette"], "o-", color=colour, markersize=4, linewidth=1.2)
        best = rows[rows["chosen"]]
        axis.plot(best["clusters"], best["silhouette"], "o", color=colour, markersize=9, fillstyle="none")
        number = f": {best['clusters'].iloc[0]} clusters" if len(best) else ""
        axis.plot([], [], "o-", color=colour, markersize=4, label=kind + number)
    axis.xaxis.set_major_locator(plt.MaxNLocator(integer=True))
    axis.set(xlabel="Clusters", ylabel="Mean silhouette of filters")
    axis.margins(y=0.12)
    figure.legend(loc="outside upper left", ncols=2, title="Clustered by", alignment="left", title_fontsize=8)
    return figure


def circular_tree(newick, clusters, kind="activation"):
    """Draw a tree of filters in a circle, clusters coloured and numbered.

    Parameters
    ----------
    newick : str
        The tree.
    clusters : pandas.DataFrame
        filter, {kind}_cluster; filters that are in no cluster are named below.
    kind : str
        activation or motif.

    Returns
    -------
    matplotlib.figure.Figure
    """
    labels = clusters.set_index("filter")[f"{kind}_cluster"]
    silent = labels.index[labels.isna()].tolist()
    labels = labels.dropna().astype(int)
    if len(labels) < 2:
        return message(f"{len(labels)} filter with anything to compare: no tree")
    from Bio import Phylo

    with _deep(len(labels)), plt.rc_context({"figure.constrained_layout.use": False}):
        return _circle(Phylo.read(StringIO(newick), "newick"), labels, silent, kind, len(clusters))


def _circle(tree, labels, silent, kind, count):
    from pycirclize import Circos

    leaves = [leaf.name for leaf in tree.get_terminals()]
    # Names stand side by side at 0.4 of the figure's width from its centre; the figure grows with them.
    around = 2 * np.pi * 0.4 * 72 * 0.8 / len(leaves)
    size = float(np.clip(4.2 / around, 6.0, 16.0))
    type_size = min(8.0, around * size)
    # Radii are hundredths of 0.46 widths.
    outer = 99 - 100 * _text_length(leaves, type_size) / (0.46 * size)
    line = {"lw": _line_width(len(leaves)), "color": "#444444"}
    circos, drawn = Circos.initialize_from_tree(
        tree,
        start=2,
        end=358,
        r_lim=(12, outer - 7),
        leaf_label_size=0,
        line_kws=line,
        align_line_kws={"lw": 0.3, "color": "#BBBBBB", "ls": "-", "alpha": 1},
    )
    colours = cluster_colours(labels)
    numbers = labels.reindex(leaves).to_numpy()
    if len(colours) > 1:
        for number, colour in colours.items():
            members = [name for name, label in zip(leaves, numbers, strict=True) if label == number]
            drawn.set_node_line_props(members, color=colour, lw=line["lw"] * 1.4)
    ring = circos.sectors[0].add_track((outer - 6, outer - 2))
    starts = [i for i in range(len(leaves)) if i == 0 or numbers[i] != numbers[i - 1]]
    for start, end in zip(starts, [*starts[1:], len(leaves)], strict=True):
        colour = colours[numbers[start]]
        ring.rect(start, end, fc=colour, ec="white", lw=0.5)
        ring.text(
            str(numbers[start]), (start + end) / 2, size=7, color=_ink(to_rgb(colour)), adjust_rotation=False
        )
    for i, name in enumerate(leaves):
        circos.sectors[0].text(name, i + 0.5, r=outer, size=type_size, orientation="vertical")
    figure = circos.plotfig(figsize=(size, size + 0.5))
    note = textwrap.wrap(f"in no cluster: {name_some(silent)}", int(14 * size)) if silent else []
    figure.text(
        0.02,
        0.99,
        f"Filters by {KINDS[kind]}: n = {len(leaves)} of {count}, clusters = {len(colours)}",
        fontsize=9,
        va="top",
    )
    figure.text(0.02, 0.01, "\n".join(note), fontsize=7, color="#555555", va="bottom")
    return figure


@contextlib.contextmanager
def _deep(leaves):
    """Let Python recurse as deep as a tree may be, since Bio.Phylo walks and copies trees recursively."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, 1000 + 12 * leaves))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def correlations(correlation, linkage, clusters):
    """Draw how filters' activations correlate over sequences, ordered by their tree.

    Parameters
    ----------
    correlation : float (F, F)
        Of all filters, in the order of `clusters`; NaN where a filter's activation is constant.
    linkage : float (M - 1, 4)
        SciPy's, of the filters that have a cluster, in that order.
    clusters : pandas.DataFrame
        filter, activation_cluster.

    Returns
    -------
    matplotlib.figure.Figure
    """
    known = clusters["activation_cluster"].notna().to_numpy()
    names, silent = clusters["filter"][known].tolist(), clusters["filter"][~known].tolist()
    if len(names) < 2:
        return message(f"{len(names)} filter with anything to compare: no correlation")
    labels = clusters["activation_cluster"][known].astype(int).tolist()
    colours = cluster_colours(labels)
    strip = ("cluster", [colours[label] for label in labels], [str(label) for label in labels])
    values = np.asarray(correlation)[np.ix_(known, known)]
    side = square_side(len(names))
    return heat_map(
        values,
        Side(linkage, names, [strip]),
        Side(linkage, names if len(names) <= 40 else None, []),
        (side, side),
        label="Pearson correlation",
        limits=(-1, 1),
        colours="RdBu_r",
        title=f"Mean activation over sequences: n = {len(names)} filters",
        note=f"in no cluster: {name_some(silent)}" if silent else "",
        texts=[[f"{value:.2f}" for value in row] for row in values] if len(names) <= 16 else None,
    )


def square_side(count):
    """Return the side of a square map of so many filters, in inches."""
    return float(np.clip(0.34 * count, 2.2, 6.0) if count <= 80 else min(0.05 * count + 2, 16))


def sequences(sample, counts, task, classes, *, label="largest activation (SD from the filter's mean)"):
    """Draw sequences against filters, both clustered, and the classes of the sequences beside them.

    Parameters
    ----------
    sample : pandas.DataFrame
        id, target.<name>..., then a column per filter: standardised activation.
    counts : pandas.DataFrame
        class, sequences, drawn: how many of how many are shown.
    task : str
        binary, multiclass, multilabel or regression.
    classes : list of str
        [negative, positive] for binary, else the names of classes, labels or values.
    label : str
        What the activations are.

    Returns
    -------
    matplotlib.figure.Figure
        Ward's linkage of Euclidean distances on both sides. Values beyond 3 standard deviations have the
        colour of 3.
    """
    from scipy.cluster.hierarchy import linkage

    filters = [name for name in sample.columns[1:] if not name.startswith("target.")]
    varied = [name for name in filters if sample[name].notna().all()] if len(sample) else []
    if len(sample) < 2 or not varied:
        return message("fewer than 2 sequences or no filter that varies: nothing to cluster")
    values = sample[varied].to_numpy(float)
    trees = [linkage(values, "ward"), linkage(values.T, "ward") if len(varied) > 1 else None]
    silent = [name for name in filters if name not in varied]
    drawn = [
        f"{row.drawn:,} of {row.sequences:,} {name}" for name, row in counts.set_index("class").iterrows()
    ]
    note = f"Sequences drawn at random, evenly from the classes: {name_some(drawn)}."
    if task == "regression":
        note = f"Sequences drawn at random: {counts['drawn'].sum():,} of {counts['sequences'].sum():,}."
    if silent:
        note += f" The same in all sequences, not shown: {name_some(silent)}."
    strips, legend = _class_strips(sample, task, classes)
    return heat_map(
        values,
        Side(trees[0], None, strips),
        Side(trees[1], varied, []),
        (float(np.clip(0.17 * len(varied), 3.2, 14.0)), 5.0),
        label=label,
        limits=(-3, 3),
        colours="RdBu_r",
        title=f"n = {len(sample):,} sequences, {len(varied)} filters",
        note=note,
        legend=legend,
    )


def _class_strips(sample, task, classes):
    """Return the strips that tell classes, and the legend (name to colour) where they are told by colour."""
    columns = [
        sample[f"target.{name}"].to_numpy(float) for name in (classes[1:] if task == "binary" else classes)
    ]
    if task == "regression":
        strips = []
        for name, column in zip(classes, columns, strict=True):
            low, high = np.nanquantile(column, [0.02, 0.98])
            shades = plt.get_cmap("cividis")(Normalize(low, max(high, low + 1e-9), clip=True)(column))
            strips.append((f"{name} ({low:.3g} to {high:.3g})", list(shades[:, :3]), None))
        return strips[::-1], {}
    if task == "binary":
        columns = [1 - columns[0], columns[0]]
    if task != "multilabel" and len(classes) <= len(CLASS_COLOURS):
        colours = dict(zip(classes, CLASS_COLOURS, strict=False))
        members = np.argmax(columns, axis=0)
        return [("class", [CLASS_COLOURS[i] for i in members], None)], colours
    # One strip each where a sequence may have several, or colours would not do; the last is innermost.
    return [
        (name, ["#333333" if value > 0.5 else "#F0F0F0" for value in column], None)
        for name, column in reversed(list(zip(classes, columns, strict=True)))
    ], {}


def agreement(clusters, measures):
    """Draw how many filters each cluster by activation shares with each cluster by motif.

    Parameters
    ----------
    clusters : pandas.DataFrame
        filter, activation_cluster, motif_cluster.
    measures : pandas.DataFrame
        measure, value, filters: adjusted_rand, adjusted_mutual_information, cophenetic_correlation.

    Returns
    -------
    matplotlib.figure.Figure
    """
    both = clusters.dropna(subset=["activation_cluster", "motif_cluster"])
    if both.empty:
        return message("no filter has a cluster of both kinds")
    table = pd.crosstab(both["activation_cluster"].astype(int), both["motif_cluster"].astype(int))
    figure, axis = plt.subplots(figsize=(1.4 + 0.34 * max(table.shape[1], 8), 1.3 + 0.34 * table.shape[0]))
    image = axis.imshow(table, cmap="Blues", vmin=0, aspect="auto")
    _write(axis, image, np.where(table > 0, table.astype(str), ""), 0.34)
    axis.set_xticks(range(table.shape[1]), table.columns)
    axis.set_yticks(range(table.shape[0]), table.index)
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    axis.set(xlabel="Cluster by motif", ylabel="Cluster by\nactivation")
    values = measures.set_index("measure")["value"]
    words = {
        "adjusted_rand": "adjusted Rand",
        "adjusted_mutual_information": "AMI",
        "cophenetic_correlation": "cophenetic r",
    }
    known = [
        f"{word} {values[name]:.2f}" for name, word in words.items() if np.isfinite(values.get(name, np.nan))
    ]
    axis.set_title(
        "\n".join([f"n = {len(both)} filters", *([", ".join(known)] if known else [])]),
        loc="left",
        fontsize=8.5,
    )
    return figure
