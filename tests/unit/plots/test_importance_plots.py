import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from motifloom.plots.importance import boxes, ranking, violins
from motifloom.plots.style import save_figure

COLUMNS = [
    "filter",
    "perturbation",
    "metric",
    "importance",
    "ci_low",
    "ci_high",
    "baseline",
    "iterations",
    "n",
]


def tables(filters, iterations=10, seed=0):
    """Return tables of importance and iterations; the loss of filter f rises by about f / 100."""
    rng = np.random.default_rng(seed)
    rows, values = [], []
    for number in range(filters):
        for kind, times in (("shuffle", iterations), ("knockout", 1)):
            for metric, baseline, sign in (("loss", 0.5, 1), ("auroc", 0.9, -1)):
                each = baseline + sign * (number / 100 + rng.normal(0, 0.001, times))
                importance = sign * (each.mean() - baseline)
                name = f"conv1_{number:03d}"
                values += [(name, kind, metric, i, value) for i, value in enumerate(each)]
                interval = importance - 0.015, importance + 0.015
                rows.append((name, kind, metric, importance, *interval, baseline, times, 500))
    columns = ["filter", "perturbation", "metric", "iteration", "value"]
    return pd.DataFrame(rows, columns=COLUMNS), pd.DataFrame(values, columns=columns)


def texts(figure):
    figure.canvas.draw()
    return [item.get_text() for item in figure.findobj(plt.Text) if item.get_text()]


def ticks(labels):
    return [label.get_text() for label in labels]


@pytest.mark.parametrize("filters", [1, 2, 12, 300])
@pytest.mark.parametrize("draw", [boxes, violins])
@pytest.mark.parametrize("metric", ["loss", "auroc"])
def test_shuffled_values_stand_against_the_unchanged_model(draw, filters, metric, tmp_path):
    importance, iterations = tables(filters)
    figure = draw(importance, iterations, metric=metric)
    axis = figure.axes[0]
    expected = [f"conv1_{i:03d}" for i in range(filters)][::-1][:30]
    assert ticks(axis.get_xticklabels()) == expected
    shown = texts(figure)
    baseline = {"loss": 0.5, "auroc": 0.9}[metric]
    assert f"unchanged model: {baseline}" in shown and {"loss": "Loss", "auroc": "AUROC"}[metric] in shown
    line = next(line for line in axis.lines if str(line.get_label()).startswith("unchanged"))
    assert set(line.get_ydata()) == {baseline}
    title = "n = 500 sequences, 10 iterations"
    assert (f"30 most important of 300 filters\n{title}" if filters == 300 else title) in shown
    save_figure(figure, tmp_path / "figure.svg")
    assert (tmp_path / "figure.svg").stat().st_size < 500_000


def test_a_box_holds_the_quartiles_and_the_knockout():
    importance, iterations = tables(3)
    axis = boxes(importance, iterations).axes[0]
    mine = iterations[(iterations["filter"] == "conv1_002") & (iterations["metric"] == "loss")]
    values = mine.loc[mine["perturbation"] == "shuffle", "value"]
    corners = axis.patches[0].get_path().vertices[:, 1]
    assert (corners.min(), corners.max()) == pytest.approx(tuple(values.quantile([0.25, 0.75])))
    knocked = next(line for line in axis.lines if line.get_label() == "knocked out")
    assert knocked.get_ydata()[0] == mine.loc[mine["perturbation"] == "knockout", "value"].iloc[0]


@pytest.mark.parametrize("draw", [boxes, violins])
def test_one_iteration_constant_values_and_missing_ones(draw):
    importance, iterations = tables(4, iterations=1)
    draw(importance, iterations)
    importance, iterations = tables(4)
    iterations.loc[iterations["filter"] == "conv1_001", "value"] = 0.5
    importance.loc[importance["filter"] == "conv1_003", "importance"] = np.nan
    iterations.loc[iterations["filter"] == "conv1_003", "value"] = np.nan
    axis = draw(importance, iterations).axes[0]
    assert ticks(axis.get_xticklabels()) == ["conv1_002", "conv1_001", "conv1_000", "conv1_003"]
    assert "no filters" in texts(draw(importance[:0], iterations[:0]))
    only = iterations["perturbation"] == "shuffle"
    assert "knocked out" not in texts(draw(importance, iterations[only]))


@pytest.mark.parametrize("filters", [1, 12, 30, 31, 300])
@pytest.mark.parametrize("metric", ["loss", "auroc"])
def test_ranking_shows_intervals_in_order(filters, metric, tmp_path):
    importance, _ = tables(filters)
    figure = ranking(importance, metric=metric)
    axis = figure.axes[0]
    assert ticks(axis.get_yticklabels()) == [f"conv1_{i:03d}" for i in range(filters)][::-1][:30]
    shown = texts(figure)
    label = {"loss": "Rise of the loss", "auroc": "Fall of AUROC"}[metric]
    assert f"{label}, with confidence interval\n(hollow: the interval reaches 0)" in shown
    assert {"shuffled", "knocked out"} <= set(shown)
    assert len(figure.axes) == (2 if filters > 30 else 1)
    if filters > 30:
        assert any(text.startswith(f"all {filters} filters\nabove 0: ") for text in shown)
        points = figure.axes[1].lines[1].get_ydata()
        assert len(points) == filters and (np.diff(points) <= 0).all()
    save_figure(figure, tmp_path / "figure.svg")
    assert (tmp_path / "figure.svg").stat().st_size < 1_000_000


def test_hollow_points_are_those_whose_interval_reaches_zero():
    importance, _ = tables(12)
    table = importance[(importance["metric"] == "loss") & (importance["perturbation"] == "shuffle")]
    axis = ranking(table).axes[0]
    filled, hollow, key = axis.lines[:3]
    assert len(filled.get_xdata()) == (table["ci_low"] > 0).sum() == 10
    assert len(hollow.get_xdata()) == 2 and hollow.get_markerfacecolor() == "white"
    assert key.get_label() == "shuffled" and "knocked out" not in texts(axis.figure)


def test_groups_are_named_by_their_filters():
    importance, _ = tables(3)
    groups = importance.rename(columns={"filter": "group"})
    groups["group"] = groups["group"].str[-1].astype(int)
    members = {
        0: "conv1_001,conv1_004",
        1: "conv1_002,conv1_003,conv1_007,conv1_009",
        2: "conv1_005,conv1_006",
    }
    groups.insert(1, "filters", groups["group"].map(members))
    labels = ticks(ranking(groups).axes[0].get_yticklabels())
    assert labels == ["2: conv1_005, conv1_006", "1: conv1_002, conv1_003 + 2", "0: conv1_001, conv1_004"]
    assert "no groups" in texts(ranking(groups[:0]))


def test_filters_without_a_value_come_last():
    importance, _ = tables(3)
    importance.loc[importance["filter"] == "conv1_002", ["importance", "ci_low", "ci_high"]] = np.nan
    labels = ticks(ranking(importance).axes[0].get_yticklabels())
    assert labels == ["conv1_001", "conv1_000", "conv1_002"]
    assert "no filters" in texts(ranking(importance[:0]))
