import itertools

import numpy as np
import pandas as pd
import pytest

from motifloom.plots.significance import thresholds
from motifloom.plots.style import save_figure


def table(filters=4):
    """Filters in turn: significant windows, tested in vain, never active."""
    kind = np.arange(filters) % 3
    number = np.arange(filters)
    return pd.DataFrame(
        {
            "filter": [f"conv1_{i:03d}" for i in number],
            "null": "shuffle",
            "universe": "positive",
            "tested": np.where(kind < 2, 1000 + number, 0),
            "kept": np.where(kind == 0, 10 + number, 0),
            "threshold": np.where(kind == 0, 1.5 + 0.01 * number, np.nan),
            "p_value": np.where(kind == 0, 1e-3, np.nan),
            "smallest_p_value": np.where(kind < 2, 1e-9, np.nan),
        }
    )


def points(axis, marker):
    return [
        (x, y)
        for line in axis.lines
        if line.get_marker() == marker
        for x, y in zip(*line.get_data(), strict=True)
        if np.isfinite(x)
    ]


def test_every_filter_has_a_row_of_windows_p_value_and_threshold():
    figure = thresholds(table(4), q_value=0.1)
    figure.canvas.draw()
    windows, p_values, activations = figure.axes
    assert [tick.get_text() for tick in windows.get_yticklabels()] == [f"conv1_00{i}" for i in range(4)]
    assert windows.yaxis_inverted()
    assert sorted(patch.get_width() for patch in windows.patches) == [10, 13, 1000, 1001, 1003]
    assert [text.get_text() for text in windows.texts] == ["none"]
    assert windows.texts[0].get_position()[1] == 2
    assert points(p_values, "o") == [(1e-3, 0), (1e-3, 3)]
    assert points(p_values, "|") == [(1e-9, 0), (1e-9, 1), (1e-9, 3)]
    assert points(activations, "o") == [(1.5, 0), (1.53, 3)]
    assert [axis.get_xlabel() for axis in figure.axes] == ["windows", "p-value", "threshold\n(activation)"]
    # Small p-values to the right, and all within the panel.
    assert p_values.get_xlim()[0] > 1 > 1e-9 > p_values.get_xlim()[1]
    assert figure.get_suptitle() == (
        "2 of 4 filters have windows with q ≤ 0.1\n"
        "null: shuffled weights; tested: windows with a positive activation"
    )


def test_many_filters_take_several_columns_of_one_scale(tmp_path):
    figure = thresholds(table(300))
    figure.canvas.draw()
    names = [tick.get_text() for axis in figure.axes for tick in axis.get_yticklabels()]
    assert names == [f"conv1_{i:03d}" for i in range(300)]
    assert len(figure.axes) == 12
    for panel in range(3):
        assert len({axis.get_xlim() for axis in figure.axes[panel::3]}) == 1
    width, height = figure.get_size_inches()
    assert width < 21
    assert height < 13
    for axis in figure.axes[::3]:
        boxes = [tick.get_window_extent() for tick in axis.get_yticklabels()]
        assert all(below.y1 <= above.y0 + 1 for above, below in itertools.pairwise(boxes))
        assert min(box.x0 for box in boxes) >= 0
    for name in ("a.svg", "b.svg"):
        save_figure(thresholds(table(90)), tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


@pytest.mark.parametrize("filters", [0, 1, 3])
def test_titles_and_legends_lie_inside(filters):
    figure = thresholds(table(3).iloc[3 - filters :])
    figure.canvas.draw()
    width = figure.bbox.width
    extents = [figure._suptitle.get_window_extent(), figure.legends[0].get_window_extent()]
    assert all(box.x0 >= 0 and box.x1 <= width for box in extents)


def test_a_table_without_significant_windows_can_be_drawn():
    figure = thresholds(table(3).assign(kept=0, threshold=np.nan, p_value=np.nan, smallest_p_value=np.nan))
    figure.canvas.draw()
    assert figure.get_suptitle().startswith("0 of 3")
    assert points(figure.axes[2], "o") == []
