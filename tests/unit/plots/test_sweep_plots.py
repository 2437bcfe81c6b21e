import numpy as np
import pandas as pd
import pytest

from motifloom.plots.sweeps import history, importance, parallel_coordinates

NAN = float("nan")
TABLE = pd.DataFrame(
    {
        "trial": [0, 1, 2, 3, 4],
        "state": ["complete", "pruned", "complete", "failed", "complete"],
        "value": [0.5, NAN, 0.9, NAN, 0.7],
    }
)
POSITIONS = np.array([[0.1, 0.25], [0.5, 0.75], [0.9, 0.25], [0.2, 0.75], [0.3, 0.25]])
TICKS = {
    "model.layers[0].filters": [(0.0, "2"), (1.0, "64")],
    "training.optimizer": [(0.25, "Adam"), (0.75, "SGD")],
}


def texts(axis):
    return [text.get_text() for text in axis.texts]


def lines_of(figure):
    figure.canvas.draw()
    return {line.get_label(): line for line in figure.axes[0].lines}


def test_bars_show_importance_in_the_order_of_the_table():
    table = pd.DataFrame(
        {"parameter": ["a.x", "b.c.y"], "importance": [0.8, 0.2], "correlation": [-0.5, NAN]}
    )
    figure = importance(table)
    figure.canvas.draw()
    (axis,) = figure.axes
    assert [bar.get_width() for bar in axis.patches] == [0.8, 0.2]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["a.x", "c.y"]
    assert texts(axis) == [" 0.80  (correlation -0.50)", " 0.20"]
    assert axis.get_ylim()[0] > axis.get_ylim()[1]  # the first row at the top


def test_names_that_end_alike_are_told_apart():
    keys = ["model.layers[0].config.filters", "model.layers[1].config.filters"]
    figure = importance(
        pd.DataFrame({"parameter": keys, "importance": [0.6, 0.4], "correlation": [NAN, NAN]})
    )
    figure.canvas.draw()
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["layers[0].config.filters", "layers[1].config.filters"]


def test_no_importance_is_said():
    table = pd.DataFrame({"parameter": ["a"], "importance": [NAN], "correlation": [NAN]})
    assert texts(importance(table).axes[0]) == ["too few complete trials, or all alike"]


@pytest.mark.parametrize(("sign", "best"), [(1, [0.5, 0.5, 0.9, 0.9, 0.9]), (-1, [0.5] * 5)])
def test_the_history_has_all_trials_and_the_best_so_far(sign, best):
    lines = lines_of(history(TABLE, "auroc", sign))
    np.testing.assert_array_equal(lines["trial"].get_xydata(), [[0, 0.5], [2, 0.9], [4, 0.7]])
    np.testing.assert_array_equal(lines["best so far"].get_ydata(), best)
    assert list(lines["given up early"].get_xdata()) == [1] and list(lines["failed"].get_xdata()) == [3]


def test_a_history_without_a_complete_trial():
    lost = TABLE.assign(state="failed", value=NAN)
    lines = lines_of(history(lost, "auroc", 1))
    assert list(lines["failed"].get_xdata()) == [0, 1, 2, 3, 4] and "best so far" not in lines


@pytest.mark.parametrize(("sign", "best"), [(1, 2), (-1, 0)])
def test_a_line_per_trial_through_its_values(sign, best):
    figure = parallel_coordinates(TABLE, POSITIONS, TICKS, "auroc", sign)
    figure.canvas.draw()
    (axis,) = figure.axes
    drawn = {tuple(np.round(line.get_ydata(), 6)): line for line in axis.lines if len(line.get_xdata()) > 1}
    whole = {trial: (*POSITIONS[trial], height) for trial, height in {0: 0.0, 2: 1.0, 4: 0.5}.items()}
    assert all(values in drawn for values in whole.values())
    assert all(tuple(POSITIONS[trial]) in drawn for trial in (1, 3))  # these have no value
    widths = {trial: drawn[values].get_linewidth() for trial, values in whole.items()}
    assert max(widths, key=widths.get) == best
    assert texts(axis) == ["2", "64", "Adam", "SGD", "0.5", "0.9"]
    names = [label.get_text().replace("\n", "") for label in axis.get_xticklabels()]
    assert names == ["layers[0].filters", "training.optimizer", "auroc"]


def test_coordinates_of_equal_and_of_no_values():
    same = TABLE.assign(state="complete", value=0.5)
    assert texts(parallel_coordinates(same, POSITIONS, TICKS, "auroc", 1).axes[0])[-1] == "0.5"
    lost = TABLE.assign(state="failed", value=NAN)
    assert texts(parallel_coordinates(lost, POSITIONS, TICKS, "auroc", 1).axes[0]) == ["no trial is complete"]
