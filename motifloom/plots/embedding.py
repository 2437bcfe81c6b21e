"""Examples on a map, coloured by what they are."""

import matplotlib.pyplot as plt
import numpy as np

from motifloom.plots.style import CLASS_COLOURS, GREY

_MAPS = {"pc": "Principal components", "tsne": "Neighbours (t-SNE)"}
_MOST_VALUES = 4


def embedding(table, task, classes, layer):
    """Draw the principal components of a layer and the map of neighbours, coloured by target.

    Parameters
    ----------
    table : pandas.DataFrame
        part, target.<name>..., pc_1, pc_2, pc_1_explained, pc_2_explained, tsne_1, tsne_2.
    task : str
        binary, multiclass, multilabel or regression.
    classes : list of str
        [negative, positive] for binary, else the names of classes, labels or values.
    layer : str
        For the title.

    Returns
    -------
    matplotlib.figure.Figure
        Two panels; for regression two per value, of the first four.
    """
    values = list(classes)[:_MOST_VALUES] if task == "regression" else [None]
    figure, axes = plt.subplots(len(values), 2, figsize=(7.6, 3.3 * len(values) + 0.5), squeeze=False)
    for row, value in zip(axes, values, strict=True):
        for axis, kind in zip(row, _MAPS, strict=True):
            if task == "regression":
                drawn = _by_value(axis, table, kind, value)
            else:
                _by_class(axis, table, kind, members(table, task, classes))
            _frame(axis, table, kind)
        if task == "regression":
            figure.colorbar(drawn, ax=row[1], label=value, shrink=0.8)
    if task != "regression":
        _, labels = axes[0, 0].get_legend_handles_labels()
        handles = [plt.Line2D([], [], marker="o", linestyle="", color=c) for c in _colours(axes[0, 0])]
        figure.legend(handles, labels, loc="outside lower left", ncols=4)
    part = table["part"].iloc[0] if len(table) else "no examples"
    figure.suptitle(f"{layer} · {part}: n = {len(table):,}", x=0.02, ha="left", fontsize=10)
    return figure


def members(table, task, classes):
    """Return the groups that examples are coloured by: {name: (bool (N,), colour)}, those in front last.

    The most frequent seven classes or labels have a colour each, the others share a grey. An example with
    several labels is in "several labels".
    """
    names = list(classes[1:] if task == "binary" else classes)
    on = table[[f"target.{name}" for name in names]].to_numpy(float) > 0.5
    if task == "binary":
        return {classes[0]: (~on[:, 0], GREY), classes[1]: (on[:, 0], CLASS_COLOURS[0])}
    labels = on.sum(axis=1)
    alone = on & (labels == 1)[:, None]
    order = np.argsort(-alone.sum(axis=0), kind="stable")
    shown = sorted(order[: len(CLASS_COLOURS) - 1])
    others = sorted(set(range(len(names))) - set(shown))
    groups = {
        "no label": (labels == 0, "#D9D9D9"),
        "other classes": (alone[:, others].any(axis=1), "#B4B4B4"),
        "several labels": (labels > 1, "#5A5A5A"),
    }
    groups |= {names[i]: (alone[:, i], colour) for i, colour in zip(shown, CLASS_COLOURS, strict=False)}
    return {name: pair for name, pair in groups.items() if pair[0].any()}


def _by_class(axis, table, kind, groups):
    for name, (inside, colour) in groups.items():
        label = f"{name} ({int(inside.sum()):,})"
        axis.plot(*_places(table, kind)[inside].T, "o", color=colour, label=label, **_dot(len(table)))


def _by_value(axis, table, kind, value):
    size = _dot(len(table))
    return axis.scatter(
        *_places(table, kind).T, c=table[f"target.{value}"], s=size["markersize"] ** 2, linewidths=0
    )


def _places(table, kind):
    return table[[f"{kind}_1", f"{kind}_2"]].to_numpy(float)


def _dot(n):
    return {"markersize": 2.5 if n > 500 else 4, "alpha": 0.6, "markeredgewidth": 0, "rasterized": n > 5000}


def _frame(axis, table, kind):
    axis.set_title(_MAPS[kind], loc="left")
    if not np.isfinite(_places(table, kind)).any():
        axis.text(
            0.5, 0.5, "too few examples", ha="center", va="center", color=GREY, transform=axis.transAxes
        )
    axis.set(xticks=[], yticks=[])
    if kind == "pc" and len(table):
        shares = table[["pc_1_explained", "pc_2_explained"]].iloc[0]
        texts = [f"PC{i} ({share:.0%} of variance)" for i, share in enumerate(shares, 1)]
        axis.set(xlabel=texts[0], ylabel=texts[1])


def _colours(axis):
    return [line.get_color() for line in axis.lines]
