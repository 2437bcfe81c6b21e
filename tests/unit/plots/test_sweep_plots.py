import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

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


def shares(parameters, importance_, correlation):
    return pd.DataFrame({"parameter": parameters, "importance": importance_, "correlation": correlation})


def lines_of(figure):
    figure.canvas.draw()
    return {line.get_label(): line for line in figure.axes[0].lines}


def test_bars_show_importance_in_the_order_of_the_table():
    figure = importance(shares(["a.x", "b.c.y"], [0.8, 0.2], [-0.5, NAN]), "auroc", 1, 1234)
    figure.canvas.draw()
    (axis,) = figure.axes
    assert [bar.get_width() for bar in axis.patches] == [0.8, 0.2]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["a.x", "c.y"]
    assert texts(axis) == ["Share", "0.80", "0.20", "Spearman ρ", "−0.50", "–"]
    assert axis.get_ylim()[0] > axis.get_ylim()[1]  # the first row at the top
    assert axis.get_title(loc="left") == "auroc (higher is better), n = 1,234 complete trials"


def test_the_axis_of_shares_ends_at_one_and_its_numbers_stand_beyond_it():
    figure = importance(shares(["a", "b"], [1.0, 0.0], [1.0, NAN]), "val_loss", -1, 12)
    figure.canvas.draw()
    (axis,) = figure.axes
    assert axis.get_xlim() == (0, 1)
    assert [label.get_text() for label in axis.get_xticklabels()][-1] == "1.0"
    assert "variation of val_loss" in axis.get_xlabel() and "lower is better" in axis.get_title(loc="left")
    end, edge = axis.get_window_extent().x1, figure.bbox.x1
    places = [text.get_window_extent() for text in axis.texts]
    assert all(end < place.x0 and place.x1 <= edge for place in places)
    share, correlation = (max(p.x1 for p in places[:3]), min(p.x0 for p in places[3:]))
    assert share < correlation


def test_names_that_end_alike_are_told_apart():
    keys = ["model.layers[0].config.filters", "model.layers[1].config.filters"]
    figure = importance(shares(keys, [0.6, 0.4], NAN), "auroc", 1, 9)
    figure.canvas.draw()
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["layers[0].config.filters", "layers[1].config.filters"]


def test_no_importance_is_said():
    axis = importance(shares(["a"], NAN, NAN), "auroc", 1, 2).axes[0]
    assert texts(axis) == ["too few complete trials, or all alike"]
    assert "n = 2 complete trials" in axis.get_title(loc="left")


@pytest.mark.parametrize(("sign", "goal"), [(1, "higher is better"), (-1, "lower is better")])
def test_every_picture_says_what_is_better_and_of_how_many_trials(sign, goal):
    axis = history(TABLE, "auroc", sign).axes[0]
    assert axis.get_ylabel() == f"auroc ({goal})"
    counted = "n = 5 trials: 3 complete, 1 given up early, 1 failed"
    assert axis.get_title(loc="left") == counted
    axis, bar = parallel_coordinates(TABLE, POSITIONS, TICKS, "auroc", sign).axes
    assert axis.get_title(loc="left") == counted
    assert bar.get_ylabel() == f"auroc ({goal})" and bar.get_ylim() == (0.5, 0.9)
    assert axis.get_xticklabels()[-1].get_text() == f"auroc\n{goal}"


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
    axis = figure.axes[0]
    drawn = {tuple(np.round(line.get_ydata(), 6)): line for line in axis.lines if len(line.get_xdata()) > 1}
    whole = {trial: (*POSITIONS[trial], height) for trial, height in {0: 0.0, 2: 1.0, 4: 0.5}.items()}
    assert all(values in drawn for values in whole.values())
    assert all(tuple(POSITIONS[trial]) in drawn for trial in (1, 3))  # these have no value
    widths = {trial: drawn[values].get_linewidth() for trial, values in whole.items()}
    assert max(widths, key=widths.get) == best
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["given up early or failed", f"best: trial {best}"]
    # The best is the darkest, as the bar of colours says: its end of the scale.
    light = {trial: sum(to_rgb(drawn[values].get_color())) for trial, values in whole.items()}
    assert min(light, key=light.get) == best
    colours = figure.axes[1].collections[-1].cmap
    assert to_rgb(colours(0.999 if sign > 0 else 0.0)) == pytest.approx(
        to_rgb(drawn[whole[best]].get_color()), abs=0.02
    )
    assert texts(axis) == ["2", "64", "Adam", "SGD", "0.5", "0.9"]
    names = [label.get_text().replace("\n", "") for label in axis.get_xticklabels()]
    assert names[:-1] == ["layers[0].filters", "training.optimizer"] and names[-1].startswith("auroc")


def test_no_line_lies_over_a_label():
    axis = parallel_coordinates(TABLE, POSITIONS, TICKS, "auroc", 1).axes[0]
    over = max(line.get_zorder() for line in axis.lines)
    for text in axis.texts:
        assert text.get_zorder() > over and text.get_bbox_patch().get_facecolor() == (1, 1, 1, 0.92)


def test_coordinates_of_equal_and_of_no_values():
    same = TABLE.assign(state="complete", value=0.5)
    assert texts(parallel_coordinates(same, POSITIONS, TICKS, "auroc", 1).axes[0])[-1] == "0.5"
    lost = TABLE.assign(state="failed", value=NAN)
    assert texts(parallel_coordinates(lost, POSITIONS, TICKS, "auroc", 1).axes[0]) == ["no trial is complete"]
