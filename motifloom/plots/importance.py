"""What filters are worth, in pictures drawn from the tables of importance."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from motifloom.plots.style import CLASS_COLOURS, GREY

NAMES = {
    "auroc": "AUROC", "auprc": "AUPRC", "f1": "F1", "mcc": "MCC", "log_loss": "log loss", "r2": "R²",
    "pearson": "Pearson correlation", "spearman": "Spearman correlation", "mse": "mean squared error",
    "mae": "mean absolute error",
}  # fmt: skip
RISES = {"loss", "log_loss", "mse", "mae"}  # where low is good
KINDS = {"shuffle": ("shuffled", CLASS_COLOURS[0], "o"), "knockout": ("knocked out", CLASS_COLOURS[1], "D")}
MOST = 30


def boxes(importance, iterations, *, metric="loss", most=MOST):
    """Draw a box per filter of what shuffling it does, against the unchanged model.

    Parameters
    ----------
    importance : pandas.DataFrame
        filter, perturbation, metric, importance, baseline, iterations, n.
    iterations : pandas.DataFrame
        filter, perturbation, metric, iteration, value.
    metric : str
        "loss" or a metric of the tables.
    most : int
        How many filters are drawn, the most important ones first.

    Returns
    -------
    matplotlib.figure.Figure
        Whiskers reach the farthest iteration within 1.5 times the height of the box; diamonds are knockouts.
    """
    return _distributions(importance, iterations, metric, most, _boxes)


def violins(importance, iterations, *, metric="loss", most=MOST):
    """Draw a violin per filter of what shuffling it does, with its quartiles; otherwise as :func:`boxes`."""
    return _distributions(importance, iterations, metric, most, _violins)


def _distributions(importance, iterations, metric, most, draw):
    importance = importance[importance["metric"] == metric]
    order = _ordered(importance[importance["perturbation"] == "shuffle"])
    names = list(order["filter"][:most])
    chosen = iterations[iterations["metric"] == metric]
    values = {
        kind: dict(list(rows.groupby("filter", sort=False)["value"]))
        for kind, rows in chosen.groupby("perturbation", sort=False)
    }
    figure, axis = plt.subplots(figsize=(max(4.4, 1.2 + 0.27 * len(names)), 3.9))
    _title(axis, order, names)
    if not names:
        axis.text(0.5, 0.5, "no filters", ha="center", va="center", color=GREY, transform=axis.transAxes)
        return figure
    places = np.arange(len(names))
    draw(axis, places, [values["shuffle"][name].to_numpy(float) for name in names])
    knocked = [values.get("knockout", {}).get(name, pd.Series([np.nan])).mean() for name in names]
    label, colour, marker = KINDS["knockout"]
    if np.isfinite(knocked).any():
        axis.plot(places, knocked, marker, color=colour, markersize=4, label=label, zorder=4)
    baseline = order["baseline"].iloc[0]
    axis.axhline(
        baseline, color="black", linewidth=1, linestyle=(0, (4, 2)), label=f"unchanged model: {baseline:.4g}"
    )
    axis.set_xticks(places, names, rotation=90, fontsize=7.5)
    axis.tick_params(axis="x", length=0)
    axis.set_xlim(-0.7, len(names) - 0.3)
    name = NAMES.get(metric, metric)
    axis.set_ylabel(name[0].upper() + name[1:])
    figure.legend(loc="outside lower left", ncols=3)
    return figure


def _boxes(axis, places, values):
    _, colour, _ = KINDS["shuffle"]
    drawn = axis.boxplot(
        [one[np.isfinite(one)] for one in values],
        positions=places,
        widths=0.62,
        patch_artist=True,
        manage_ticks=False,
        flierprops={"markersize": 2.5, "markeredgecolor": GREY},
        medianprops={"color": "black"},
    )
    for patch in drawn["boxes"]:
        patch.set(facecolor=colour, alpha=0.55, linewidth=0.8)
    drawn["boxes"][0].set_label(KINDS["shuffle"][0])


def _violins(axis, places, values):
    _, colour, _ = KINDS["shuffle"]
    known = [(place, one[np.isfinite(one)]) for place, one in zip(places, values, strict=True)]
    known = [(place, one) for place, one in known if len(one)]
    if not known:
        return
    drawn = axis.violinplot(
        [one for _, one in known], [place for place, _ in known], widths=0.8, showextrema=False
    )
    for body in drawn["bodies"]:
        body.set(facecolor=colour, alpha=0.55, edgecolor=colour, linewidth=0.8)
    drawn["bodies"][0].set_label(KINDS["shuffle"][0])
    for place, one in known:
        low, middle, high = np.quantile(one, [0.25, 0.5, 0.75])
        axis.plot([place, place], [low, high], color="black", linewidth=1.8, solid_capstyle="butt")
        axis.plot(place, middle, "o", color="white", markersize=2.6, zorder=3)


def ranking(importance, *, metric="loss", most=MOST):
    """Draw importances with their intervals, the most important first.

    Parameters
    ----------
    importance : pandas.DataFrame
        filter (or group and filters), perturbation, metric, importance, ci_low, ci_high, n.
    metric : str
        "loss" or a metric of the table.
    most : int
        How many have a row of their own; where there are more, a second panel holds all.

    Returns
    -------
    matplotlib.figure.Figure
        Ordered by what shuffling does; hollow points have an interval that reaches 0.
    """
    table = importance[importance["metric"] == metric]
    key = "group" if "group" in table else "filter"
    kinds = {kind: table[table["perturbation"] == kind].set_index(key) for kind in KINDS}
    kinds = {kind: rows for kind, rows in kinds.items() if len(rows)}
    order = _ordered(next(iter(kinds.values())).reset_index()) if kinds else table
    names = list(order[key][:most])
    more = len(order) > most
    size = (7.6 if more else 4.6, 1.1 + 0.19 * max(len(names), 3))
    figure, axes = plt.subplots(
        1, 2 if more else 1, figsize=size, squeeze=False, width_ratios=[1.25, 1] if more else [1]
    )
    axis = axes[0, 0]
    _title(axis, order, names, key)
    if not names:
        axis.text(0.5, 0.5, f"no {key}s", ha="center", va="center", color=GREY, transform=axis.transAxes)
        return figure
    for shift, (kind, rows) in zip((-0.16, 0.16) if len(kinds) > 1 else (0,), kinds.items(), strict=True):
        _forest(axis, np.arange(len(names)) + shift, rows.reindex(names), KINDS[kind])
    axis.axvline(0, color="black", linewidth=0.8)
    axis.set_yticks(range(len(names)), _labels(order[:most], key), fontsize=7.5)
    axis.set_ylim(len(names) - 0.4, -0.6)
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    label = (
        f"{'Rise' if metric in RISES else 'Fall'} of {'the ' * (metric == 'loss')}{NAMES.get(metric, metric)}"
    )
    axis.set_xlabel(f"{label}, with confidence interval\n(hollow: the interval reaches 0)")
    if more:
        _overview(axes[0, 1], order, kinds, key, label)
    figure.legend(*axis.get_legend_handles_labels(), loc="outside lower left", ncols=2)
    return figure


def _forest(axis, places, rows, look):
    """Draw points and intervals of rows, hollow where the interval reaches 0."""
    label, colour, marker = look
    axis.hlines(places, rows["ci_low"], rows["ci_high"], color=colour, linewidth=1.2)
    clear = (rows["ci_low"] > 0).to_numpy()
    for chosen, face in ((clear, colour), (~clear, "white")):
        axis.plot(
            rows["importance"].to_numpy()[chosen], places[chosen], marker,
            color=colour, markerfacecolor=face, markersize=4, label="_",
        )  # fmt: skip
    axis.plot([], [], marker, color=colour, markersize=4, label=label)


def _overview(axis, order, kinds, key, label):
    """Draw all importances by rank."""
    places = np.arange(1, len(order) + 1)
    for kind, rows in reversed(kinds.items()):
        rows, (_, colour, _) = rows.reindex(order[key]), KINDS[kind]
        axis.vlines(places, rows["ci_low"], rows["ci_high"], color=colour, linewidth=0.6, alpha=0.45)
        axis.plot(places, rows["importance"], ".", color=colour, markersize=3)
    axis.axhline(0, color="black", linewidth=0.8)
    axis.set(xlabel="Rank by shuffling", ylabel=label, xlim=(0, len(order) + 1))
    above = {KINDS[kind][0]: int((rows["ci_low"] > 0).sum()) for kind, rows in kinds.items()}
    text = ", ".join(f"{count} {name}" for name, count in above.items())
    axis.set_title(f"all {len(order)} {key}s\nabove 0: {text}", loc="left", fontsize=9)


def _ordered(rows):
    """Return rows from the most to the least important, those without a value last."""
    return rows.sort_values("importance", ascending=False, kind="stable", na_position="last")


def _labels(rows, key):
    """Return what to call filters, or groups with the first of their filters."""
    if key == "filter":
        return list(rows["filter"])
    members = [text.split(",") for text in rows["filters"]]
    return [
        f"{group}: {', '.join(names[:2])}{f' + {len(names) - 2}' if len(names) > 2 else ''}"
        for group, names in zip(rows["group"], members, strict=True)
    ]


def _title(axis, order, names, key="filter"):
    """Say how many filters, sequences and iterations a picture stands for."""
    if not len(order):
        return
    n, iterations = int(order["n"].iloc[0]), int(order["iterations"].iloc[0])
    which = f"{len(names)} most important of {len(order)} {key}s" if len(names) < len(order) else None
    counted = f"n = {n:,} sequences, {iterations} iteration{'s' * (iterations != 1)}"
    axis.set_title("\n".join(filter(None, [which, counted])), loc="left", fontsize=9)
