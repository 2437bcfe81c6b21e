"""What is in a dataset: how many examples of what, and their GC content."""

import matplotlib.pyplot as plt
import numpy as np

from motifloom.plots.style import CLASS_COLOURS, GREY

PART_COLOURS = {"train": "#56636F", "validation": "#E69F00", "test": "#0072B2", "unused": "#D0D0D0"}
_FOLD_COLOURS = ["#56636F", "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442"]
NO_LABEL = "no label"


def counts(regions, split, task, classes):
    """Draw how many examples each source and each class has, by part.

    Parameters
    ----------
    regions : pandas.DataFrame
        id, source, target.<name>...
    split : pandas.DataFrame
        id, part.
    task : str
        binary, multiclass, multilabel (an example counts for each of its labels) or regression (a
        histogram of each value instead).
    classes : list of str
        [negative, positive] for binary, else the names of classes, labels or values.

    Returns
    -------
    matplotlib.figure.Figure
    """
    part = regions["id"].map(split.set_index("id")["part"]).to_numpy()
    colours = part_colours(part)
    sources = {name: (regions["source"] == name).to_numpy() for name in dict.fromkeys(regions["source"])}
    values = list(classes) if task == "regression" else []
    groups = {} if values else class_members(regions, task, classes)
    bare = int(groups.pop(NO_LABEL).sum()) if NO_LABEL in groups else 0
    # In proportion to the rows of the panels, so that bars are as thick in all of them.
    heights = [len(sources) + 2.4, *([6.0] * len(values) or [len(groups) + 2.4])]
    figure, axes = plt.subplots(
        len(heights), 1, figsize=(5.6, 0.4 + 0.23 * sum(heights)), height_ratios=heights
    )
    _bars(axes[0], sources, part, colours)
    axes[0].set_title("Sources", loc="left")
    for axis, name in zip(axes[1:], values, strict=False):
        _value_histogram(axis, regions[f"target.{name}"].to_numpy(float), part, colours, name)
    if groups:
        _bars(axes[1], groups, part, colours)
        title = f"Labels ({bare:,} examples have none)" if task == "multilabel" else "Classes"
        axes[1].set_title(title, loc="left")
    handles = [
        plt.Rectangle((0, 0), 1, 1, color=colour, label=f"{name} ({(part == name).sum():,})")
        for name, colour in colours.items()
    ]
    figure.legend(handles=handles, loc="outside upper left", ncols=min(len(handles), 4), handlelength=1.1)
    return figure


def part_colours(part):
    """Return the colour of every part present, in the order train, validation, test, unused, then folds."""
    present = {str(name) for name in part if isinstance(name, str)}
    known = [name for name in PART_COLOURS if name in present]
    others = sorted(present - set(known))
    folds = {name: _FOLD_COLOURS[i % len(_FOLD_COLOURS)] for i, name in enumerate(others)}
    return {name: PART_COLOURS[name] for name in known} | folds


def class_members(regions, task, classes):
    """Return which regions belong to each class: dict of name to bool (N,); multilabel adds NO_LABEL."""
    if task == "binary":
        positive = regions[f"target.{classes[1]}"].to_numpy(float)
        return {classes[0]: positive < 0.5, classes[1]: positive >= 0.5}
    members = {name: regions[f"target.{name}"].to_numpy(float) > 0.5 for name in classes}
    if task == "multilabel":
        members[NO_LABEL] = ~np.any(list(members.values()), axis=0)
    return members


def _bars(axis, groups, part, colours):
    """Draw a bar for every group (name to bool (N,)), stacked by part, with its total."""
    totals = [int(rows.sum()) for rows in groups.values()]
    left = np.zeros(len(groups))
    for name, colour in colours.items():
        width = np.array([(rows & (part == name)).sum() for rows in groups.values()])
        axis.barh(range(len(groups)), width, left=left, color=colour, height=0.72)
        left += width
    widest = max([*totals, 1])
    for row, total in enumerate(totals):
        axis.text(total + 0.015 * widest, row, f"{total:,}", va="center", fontsize=7.5)
    axis.set_xlim(0, 1.16 * widest)
    axis.set_yticks(range(len(groups)), groups)
    axis.set_ylim(len(groups) - 0.4, -0.6)
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    axis.xaxis.set_major_locator(plt.MaxNLocator(4, integer=True))
    axis.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axis.set_xlabel("Examples")


def _value_histogram(axis, values, part, colours, name):
    known = np.isfinite(values)
    edges = np.histogram_bin_edges(values[known], 40)
    parts = [values[known & (part == one)] for one in colours]
    axis.hist(parts, bins=edges, stacked=True, color=list(colours.values()))
    axis.set_title(f"Targets: {name}", loc="left")
    axis.set_ylabel("Examples")


def gc_content(regions, task, classes):
    """Draw the distribution of GC content in every class.

    Parameters
    ----------
    regions : pandas.DataFrame
        gc (fraction), target.<name>...
    task, classes
        As in :func:`counts`; regression has one distribution.

    Returns
    -------
    matplotlib.figure.Figure
    """
    gc = regions["gc"].to_numpy(float)
    groups = (
        {"all": np.ones(len(gc), bool)} if task == "regression" else class_members(regions, task, classes)
    )
    return _ridges(gc, groups, np.linspace(0, 1, 51), "GC content (fraction)")


def _ridges(values, groups, edges, label):
    """Draw a histogram per group (name to bool (N,)) on a row of its own, with its median and n."""
    figure, axis = plt.subplots(figsize=(5.2, 0.75 + 0.34 * max(len(groups), 2)))
    lowest, highest = edges[-1], edges[0]
    few = len(groups) <= len(CLASS_COLOURS)
    for row, (name, members) in enumerate(groups.items()):
        found = values[members & np.isfinite(values)]
        colour = GREY if name == NO_LABEL else CLASS_COLOURS[row if few else 0]
        axis.axhline(row, color="#D9D9D9", linewidth=0.6, zorder=0)
        axis.text(1.01, row - 0.12, f"n = {len(found):,}", transform=axis.get_yaxis_transform(), fontsize=7.5)
        if not len(found):
            continue
        heights = np.histogram(found, edges)[0]
        axis.stairs(
            row - 0.85 * heights / heights.max(), edges, baseline=row, fill=True, color=colour, alpha=0.75
        )
        median = np.median(found)
        axis.plot([median, median], [row, row - 0.85], color="black", linewidth=1.2)
        lowest, highest = min(lowest, found.min()), max(highest, found.max())
    step = edges[1] - edges[0]
    axis.set_xlim(max(lowest - 2 * step, edges[0]), min(highest + 2 * step, edges[-1]))
    axis.set_ylim(len(groups) - 0.75, -1.0)
    axis.set_yticks(range(len(groups)), groups)
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    if step >= 1:
        axis.xaxis.set_major_locator(plt.MaxNLocator(6, integer=True))
    axis.set_xlabel(f"{label}; line: median")
    return figure
