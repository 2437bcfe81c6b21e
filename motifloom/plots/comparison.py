"""Experiments side by side."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from motifloom.headlines import headline_rows
from motifloom.plots.labels import BASELINES, METRIC_LABELS, decimals
from motifloom.plots.ranking import (
    BASELINE_STYLES,
    CHANCE,
    drawable,
    heading,
    precision_points,
    roc_points,
    target_pairs,
    why_empty,
)
from motifloom.plots.style import CLASS_COLOURS, GREY

# Beyond the colours there are, lines of other kinds begin again with the first.
_LINES = ["-", (0, (5, 1.5)), (0, (1, 1)), (0, (5, 1, 1, 1))]


def forest(comparison, part="test"):
    """Draw the headline metric of every experiment with its interval, baselines in grey.

    Parameters
    ----------
    comparison : pandas.DataFrame
        experiment, model, kind, dataset, seed, part, target, metric, value, ci_low, ci_high, n.
    part : str
        The part that is shown.

    Returns
    -------
    matplotlib.figure.Figure
        A panel per dataset and a row per experiment; replicates (seeds) share a row.
    """
    shown = comparison[(comparison["part"] == part) & comparison["value"].notna()]
    panels = [headline_rows(rows) for _, rows in shown.groupby("dataset", sort=False)]
    panels = [rows for rows in panels if len(rows)]
    heights = [rows["experiment"].nunique() + 1.5 for rows in panels] or [1]
    figure, axes = plt.subplots(
        len(heights), 1, figsize=(7.2, 0.32 * sum(heights) + 0.35), squeeze=False, height_ratios=heights
    )
    if not panels:
        axes[0, 0].set_axis_off()
        axes[0, 0].text(0.5, 0.5, f"no headline metric in part {part}", ha="center", color=GREY)
    for axis, rows in zip(axes[:, 0], panels, strict=False):
        _panel(axis, rows, part)
    return figure


def _panel(axis, rows, part):
    order = [kind for kind in rows["kind"].unique() if kind not in BASELINES] + list(BASELINES)
    rank = rows["kind"].map({kind: i for i, kind in enumerate(order)})
    rows = rows.loc[rank.sort_values(kind="stable").index]
    experiments = list(dict.fromkeys(rows["experiment"]))
    for y, experiment in enumerate(experiments):
        _row(axis, y, rows[rows["experiment"] == experiment])
    axis.set_yticks(range(len(experiments)), [_label(rows, experiment) for experiment in experiments])
    for tick, experiment in zip(axis.get_yticklabels(), experiments, strict=True):
        if rows.loc[rows["experiment"] == experiment, "kind"].iloc[0] in BASELINES:
            tick.set_color("#6B6B6B")
    axis.set_ylim(len(experiments) - 0.4, -0.6)
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    metric, target = rows[["metric", "target"]].iloc[0]
    chance = {"auroc": 0.5, "pearson": 0.0}[metric]
    axis.axvline(chance, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
    axis.set_xlim(min(chance - 0.05, np.nanmin(rows[["value", "ci_low"]]) - 0.02), 1.0)
    axis.set_xlabel(METRIC_LABELS[metric] + (" (mean over targets)" if target == "macro" else ""))
    numbers = sorted(rows["n"].unique())
    n = f"{numbers[0]:,}" + (f" to {numbers[-1]:,}" if len(numbers) > 1 else "")
    axis.set_title(f"{rows['dataset'].iloc[0]}  ·  {part}, n = {n}", loc="left", fontweight="bold")


def _row(axis, y, rows):
    """Draw one experiment: a point and an interval per seed, and the mean in words."""
    colour = GREY if rows["kind"].iloc[0] in BASELINES else CLASS_COLOURS[0]
    offsets = (np.arange(len(rows)) - (len(rows) - 1) / 2) * min(0.22, 0.6 / len(rows))
    for offset, row in zip(offsets, rows.itertuples(), strict=True):
        axis.plot([row.ci_low, row.ci_high], [y + offset] * 2, color=colour, linewidth=1.5)
        axis.plot(row.value, y + offset, "o", color=colour, markersize=5)
    text = decimals(rows["value"].mean())
    low, high = rows["ci_low"].min(), rows["ci_high"].max()
    if len(rows) > 1:
        text += f"  ({len(rows)} seeds)"
    elif np.isfinite(low) and np.isfinite(high):
        text += f"  [{decimals(low)}, {decimals(high)}]"
    axis.text(1.02, y, text, transform=axis.get_yaxis_transform(), va="center", fontsize=8, color="#333333")


def _label(rows, experiment):
    """Name a row: a baseline by its kind, and by its experiment too where there are several of a kind."""
    kind = rows.loc[rows["experiment"] == experiment, "kind"].iloc[0]
    if kind not in BASELINES:
        return experiment
    alone = rows.loc[rows["kind"] == kind, "experiment"].nunique() == 1
    return BASELINES[kind] if alone else f"{experiment.removesuffix('.' + kind)}, {BASELINES[kind]}"


def compare_roc(runs, task, classes, means, *, part="test"):
    """Draw the ROC curves of several runs on one dataset.

    Parameters
    ----------
    runs : dict of str to (str, list of pandas.DataFrame)
        Kind of each run, and its predictions, one table per seed.
    task : str
        binary, multiclass (one class against the rest) or multilabel.
    classes : list of str
    means : pandas.DataFrame
        experiment, metric, value, ci_low, ci_high, seeds, as :func:`motifloom.evaluation.compare.mean_table`
        gives them.
    part : str

    Returns
    -------
    matplotlib.figure.Figure
        A curve per run, the mean over its targets and seeds at every false positive rate; behind it, where
        there are several seeds, a thin one for each. Experiments in colours, baselines in grey below them.
    """
    figure, axis = _curves(runs, task, classes, means, part, roc_points, "auroc")
    axis.plot([0, 1], [0, 1], **CHANCE, label="chance: AUROC 0.500")
    axis.set(xlabel="False positive rate", ylabel="True positive rate (recall)")
    figure.legend(*axis.get_legend_handles_labels(), loc="outside lower left", labelspacing=0.35)
    return figure


def compare_precision_recall(runs, task, classes, means, *, part="test"):
    """Draw the precision-recall curves of several runs on one dataset, beside the prevalence of the first.

    Parameters and result as for :func:`compare_roc`; means are over the same recall.
    """
    figure, axis = _curves(runs, task, classes, means, part, precision_points, "auprc")
    first = next((tables[0] for _, tables in runs.values()), None)
    drawn = {} if first is None else drawable(target_pairs(first, task, classes, part))
    if drawn:
        prevalence = np.mean([labels.mean() for labels, _ in drawn.values()])
        name = "prevalence" if task == "binary" else "mean prevalence"
        axis.axhline(prevalence, **CHANCE, label=f"{name}: {decimals(prevalence)}")
    axis.set(xlabel="Recall", ylabel="Precision")
    figure.legend(*axis.get_legend_handles_labels(), loc="outside lower left", labelspacing=0.35)
    return figure


def _curves(runs, task, classes, means, part, curve, metric):
    """Draw the mean curve of every run; returns the figure and its axis."""
    figure, axis = plt.subplots(figsize=(5.2, 4.6 + 0.2 * (1 + len(runs))))
    axis.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal", anchor="N")
    experiments = [name for name, (kind, _) in runs.items() if kind not in BASELINES]
    order = [*BASELINES]
    baselines = sorted(runs.keys() - experiments, key=lambda name: (order.index(runs[name][0]), name))
    names = pd.DataFrame({"experiment": list(runs), "kind": [kind for kind, _ in runs.values()]})
    for name in [*experiments, *baselines]:
        kind, tables = runs[name]
        pairs = [drawable(target_pairs(table, task, classes, part)) for table in tables]
        curves = [np.mean([curve(*pair) for pair in found.values()], axis=0) for found in pairs if found]
        if not curves:
            continue
        style = _style(kind, experiments.index(name) if name in experiments else None)
        if len(curves) > 1:
            for x, y in curves:
                axis.plot(x, y, **style | {"linewidth": 0.6, "alpha": 0.35})
        x, y = np.mean(curves, axis=0)
        axis.plot(x, y, **style, label=f"{_label(names, name)}: {_area(means, name, metric)}")
    if not axis.lines:
        tables = [table for _, tables in runs.values() for table in tables]
        pairs = [pair for table in tables for pair in target_pairs(table, task, classes, part).values()]
        axis.text(0.5, 0.5, why_empty(dict(enumerate(pairs))), ha="center", va="center", color=GREY)
    axis.set_title(_title(runs, task, classes, part), loc="left")
    return figure, axis


def _style(kind, number):
    """Return how a run's curve is drawn; `number` counts experiments, None is a baseline."""
    if number is None:
        colour, line = BASELINE_STYLES[kind]
        return {"color": colour, "linestyle": line, "linewidth": 1.1, "zorder": 1.5}
    colour, line = CLASS_COLOURS[number % len(CLASS_COLOURS)], _LINES[number // len(CLASS_COLOURS) % 4]
    return {"color": colour, "linestyle": line, "linewidth": 1.7, "zorder": 3}


def _area(means, name, metric):
    """Write the area of a run with its interval and the number of seeds behind it."""
    found = means[(means["experiment"] == name) & (means["metric"] == metric)]
    if not len(found):
        return f"no {METRIC_LABELS[metric]}"
    row = found.iloc[0]
    text = f"{METRIC_LABELS[metric]} {decimals(row['value'])}"
    if np.isfinite([row["ci_low"], row["ci_high"]]).all():
        text += f" [{decimals(row['ci_low'])}, {decimals(row['ci_high'])}]"
    return text + (f", {row['seeds']} seeds" if row["seeds"] > 1 else "")


def _title(runs, task, classes, part):
    """Return the heading of the first run, or how many examples the runs have where they differ."""
    firsts = [tables[0] for _, tables in runs.values()]
    titles = list(dict.fromkeys(heading(target_pairs(t, task, classes, part), task, part) for t in firsts))
    if len(titles) < 2:
        return titles[0] if titles else f"{part}: no runs"
    numbers = sorted(int((table["part"] == part).sum()) for table in firsts)
    return f"{part}: n = {numbers[0]:,} to {numbers[-1]:,}, by run"
