"""Experiments side by side."""

import matplotlib.pyplot as plt
import numpy as np

from motifloom.headlines import headline_rows
from motifloom.plots.labels import BASELINES
from motifloom.plots.style import CLASS_COLOURS, GREY

METRIC_NAMES = {"auroc": "AUROC", "pearson": "Pearson correlation"}


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
    axis.set_xlabel(METRIC_NAMES[metric] + (" (mean over targets)" if target == "macro" else ""))
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
    text = f"{rows['value'].mean():.3f}"
    low, high = rows["ci_low"].min(), rows["ci_high"].max()
    if len(rows) > 1:
        text += f"  ({len(rows)} seeds)"
    elif np.isfinite(low) and np.isfinite(high):
        text += f"  [{low:.3f}, {high:.3f}]"
    axis.text(1.02, y, text, transform=axis.get_yaxis_transform(), va="center", fontsize=8, color="#333333")


def _label(rows, experiment):
    """Name a row: a baseline by its kind, and by its experiment too where there are several of a kind."""
    kind = rows.loc[rows["experiment"] == experiment, "kind"].iloc[0]
    if kind not in BASELINES:
        return experiment
    alone = rows.loc[rows["kind"] == kind, "experiment"].nunique() == 1
    return BASELINES[kind] if alone else f"{experiment.removesuffix('.' + kind)}, {BASELINES[kind]}"
