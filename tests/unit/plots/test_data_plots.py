import numpy as np
import pandas as pd
import pytest

from motifloom.plots.data import NO_LABEL, class_members, counts, gc_content, part_colours


def regions(n=60, **columns):
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "id": [f"x:{i}" for i in range(n)],
            "source": np.where(np.arange(n) < n // 3, "peaks", "gc_matched"),
            "start": 100,
            "end": 100 + rng.integers(150, 250, n),
            "gc": rng.random(n),
        }
        | columns
    )


def split(n=60, names=("train", "validation", "test")):
    return pd.DataFrame({"id": [f"x:{i}" for i in range(n)][::-1], "part": np.resize(names, n)[::-1]})


def widths(axis):
    """Widths of the bars, (parts, rows)."""
    return [[bar.get_width() for bar in container] for container in axis.containers]


def test_counts_by_source_and_class():
    bound = (np.arange(60) < 30) * 1.0
    figure = counts(regions(**{"target.bound": bound}), split(), "binary", ["free", "bound"])
    figure.canvas.draw()
    sources, classes = figure.axes
    assert [tick.get_text() for tick in sources.get_yticklabels()] == ["peaks", "gc_matched"]
    assert [tick.get_text() for tick in classes.get_yticklabels()] == ["free", "bound"]
    np.testing.assert_array_equal(widths(sources), [[7, 13], [7, 13], [6, 14]])
    np.testing.assert_array_equal(widths(classes), [[10, 10]] * 3)
    assert [text.get_text() for text in sources.texts] == ["20", "40"]
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["train (20)", "validation (20)", "test (20)"]


def test_labels_are_counted_each_and_those_without_are_named():
    targets = {"target.a": (np.arange(60) < 10) * 1.0, "target.b": (np.arange(60) < 20) * 1.0}
    figure = counts(regions(**targets), split(), "multilabel", ["a", "b"])
    assert np.sum(widths(figure.axes[1]), axis=0).tolist() == [10, 20]
    assert figure.axes[1].get_title(loc="left") == "Labels (40 examples have none)"


def test_values_are_a_histogram():
    values = np.random.default_rng(1).normal(size=60)
    values[0] = np.nan
    figure = counts(regions(**{"target.value": values}), split(), "regression", ["value"])
    heights = sum(bar.get_height() for container in figure.axes[1].containers for bar in container)
    assert heights == 59


def test_parts_in_their_order_and_folds_by_name():
    assert list(part_colours(["test", "train", "test", np.nan])) == ["train", "test"]
    folds = part_colours([f"fold{i}" for i in (3, 1, 0, 2)])
    assert list(folds) == ["fold0", "fold1", "fold2", "fold3"] and len(set(folds.values())) == 4
    figure = counts(
        regions(**{"target.bound": 1.0}), split(names=["fold0", "fold1"]), "binary", ["free", "bound"]
    )
    assert len(figure.legends[0].get_texts()) == 2


def test_class_members():
    table = regions(3, **{"target.a": [1.0, 0, 0], "target.b": [1.0, 1, 0]})
    found = class_members(table, "multilabel", ["a", "b"])
    assert {name: rows.tolist() for name, rows in found.items()} == {
        "a": [True, False, False],
        "b": [True, True, False],
        NO_LABEL: [False, False, True],
    }
    assert list(class_members(table, "multiclass", ["a", "b"])) == ["a", "b"]


def medians(axis):
    return [line.get_xdata()[0] for line in axis.lines if line.get_color() == "black"]


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_gc_content_by_class(task):
    bound = (np.arange(60) < 30) * 1.0
    table = regions(**{"target.bound": bound})
    axis = gc_content(table, task, ["free", "bound"] if task == "binary" else ["bound"]).axes[0]
    groups = [table["gc"][bound == 0], table["gc"][bound == 1]] if task == "binary" else [table["gc"]]
    assert medians(axis) == [group.median() for group in groups]
    assert [text.get_text() for text in axis.texts] == [f"n = {len(group)}" for group in groups]


def test_an_empty_class_has_a_row():
    axis = gc_content(regions(**{"target.bound": 1.0}), "binary", ["free", "bound"]).axes[0]
    assert [text.get_text() for text in axis.texts] == ["n = 0", "n = 60"]
