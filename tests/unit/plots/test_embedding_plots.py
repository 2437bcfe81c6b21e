import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from motifloom.plots.embedding import embedding, members
from motifloom.plots.style import CLASS_COLOURS, GREY, save_figure


def table(targets, seed=0):
    targets = pd.DataFrame(targets).add_prefix("target.")
    n, rng = len(targets), np.random.default_rng(seed)
    names = ["pc_1", "pc_2", "tsne_1", "tsne_2"]
    places = pd.DataFrame(rng.normal(size=(n, 4)), columns=names)
    shares = {"pc_1_explained": 0.42, "pc_2_explained": 0.2}
    return pd.concat([targets, places], axis=1).assign(part="test", **shares)


def texts(figure):
    figure.canvas.draw()
    return [item.get_text() for item in figure.findobj(plt.Text) if item.get_text()]


def points(axis):
    return {
        line.get_label().split(" (")[0]: (len(line.get_xdata()), to_hex(line.get_color()).upper())
        for line in axis.lines
    }


def test_binary_classes_and_the_variance_on_the_axes():
    found = table({"bound": [1, 1, 0, 0, 0.0]})
    figure = embedding(found, "binary", ["free", "bound"], "dense")
    axis, neighbours = figure.axes
    assert points(axis) == {"free": (3, GREY), "bound": (2, CLASS_COLOURS[0])}
    np.testing.assert_array_equal(axis.lines[1].get_xdata(), found["pc_1"][:2])
    np.testing.assert_array_equal(neighbours.lines[1].get_ydata(), found["tsne_2"][:2])
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("PC1 (42% of variance)", "PC2 (20% of variance)")
    assert {"dense · test: n = 5", "free (3)", "bound (2)"} <= set(texts(figure))


def test_labels_alone_together_and_none():
    targets = {"a": [1, 0, 1, 0.0], "b": [0, 0, 1, 1.0]}
    groups = members(table(targets), "multilabel", ["a", "b"])
    assert {name: inside.tolist() for name, (inside, _) in groups.items()} == {
        "no label": [False, True, False, False],
        "several labels": [False, False, True, False],
        "a": [True, False, False, False],
        "b": [False, False, False, True],
    }


def test_rare_classes_share_a_grey():
    truth = np.repeat(np.arange(10), [1, 2, *[5] * 7, 6])
    names = [f"class{i}" for i in range(10)]
    found = table({name: (truth == i) * 1.0 for i, name in enumerate(names)})
    groups = members(found, "multiclass", names)
    assert list(groups) == ["other classes", *names[2:8], "class9"]
    # Of equally frequent classes the first seven have a colour.
    assert groups["other classes"][0].sum() == 1 + 2 + 5
    colours = [colour for _, colour in groups.values()]
    assert len(set(colours)) == len(colours)
    figure = embedding(found, "multiclass", names, "dense")
    assert "class9 (6)" in texts(figure)


def test_values_have_a_row_each():
    found = table({"x": np.arange(30.0), "y": np.arange(30.0)[::-1]})
    figure = embedding(found, "regression", ["x", "y"], "dense")
    panels = [axis for axis in figure.axes if axis.collections and axis.get_title(loc="left")]
    assert len(panels) == 4
    np.testing.assert_array_equal(panels[2].collections[0].get_array(), found["target.y"])
    assert {"x", "y"} <= set(texts(figure))


@pytest.mark.parametrize("rows", [0, 1])
@pytest.mark.parametrize(("task", "classes"), [("binary", ["no", "x"]), ("regression", ["x"])])
def test_hardly_any_examples_are_no_failure(rows, task, classes):
    found = table({"x": np.ones(rows)}).assign(tsne_1=np.nan, tsne_2=np.nan)
    assert "too few examples" in texts(embedding(found, task, classes, "dense"))


def test_many_examples_stay_a_small_file(tmp_path):
    found = table({"bound": np.arange(20_000) % 2.0})
    save_figure(embedding(found, "binary", ["free", "bound"], "dense"), tmp_path / "map.svg")
    assert (tmp_path / "map.svg").stat().st_size < 1_500_000
