import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from motifloom.plots.attention import profile, sites
from motifloom.plots.style import CLASS_COLOURS, GREY, save_figure


def texts(figure):
    figure.canvas.draw()
    return [item.get_text() for item in figure.findobj(plt.Text) if item.get_text()]


def profile_table(layers, sizes, positions=5):
    rows = [
        {"layer": layer, "target": target, "position_bp": place, "relative": 1 + place + number, "n": n}
        for layer in layers
        for number, (target, n) in enumerate(sizes.items())
        for place in range(positions)
    ]
    return pd.DataFrame(rows)


def test_a_panel_per_layer_and_a_line_per_class():
    table = profile_table(["look_3", "look_7", "look_9"], {"free": 30, "bound": 1200})
    figure = profile(table, "binary")
    first = figure.axes[0]
    even, free, bound = first.lines
    assert list(even.get_ydata()) == [1, 1]
    assert (free.get_color(), bound.get_color()) == (GREY, CLASS_COLOURS[0])
    assert list(bound.get_ydata()) == [2, 3, 4, 5, 6] and list(bound.get_xdata()) == list(range(5))
    found = texts(figure)
    assert {"look_3", "look_7", "look_9", "free (30)", "bound (1,200)"} <= set(found)
    assert "Attention · test: n = 1,230" in found
    assert found.count("Position in the window (bp)") == 2


def test_rare_classes_share_a_grey():
    sizes = {f"class{i}": 10 + i for i in range(10)}
    figure = profile(profile_table(["look"], sizes), "multilabel")
    colours = {line.get_label(): to_hex(line.get_color()).upper() for line in figure.axes[0].lines[1:]}
    assert len({colours[f"class{i}"] for i in range(3)}) == 1
    assert [colours[f"class{i}"] for i in range(3, 10)] == CLASS_COLOURS[:7]
    assert "3 others" in texts(figure)


def test_one_position_and_no_place_at_all(tmp_path):
    figure = profile(profile_table(["look"], {"all": 4}, positions=1), "regression")
    assert figure.axes[0].lines[1].get_marker() == "o"
    nothing = profile(profile_table(["look"], {"all": 4}).head(0), "regression")
    assert "no attention layer" in " ".join(texts(nothing))
    save_figure(nothing, tmp_path / "nothing.svg")


def sites_table(motifs, layers):
    rows = [
        {
            "layer": layer,
            "motif": motif,
            "n": n,
            "fraction": 0.1 * (1 + j),
            "ci_low": 0.05,
            "ci_high": 0.6,
            "chance": 0.02,
        }
        for j, layer in enumerate(layers)
        for motif, n in motifs.items()
    ]
    return pd.DataFrame(rows)


def test_points_stand_beside_chance():
    table = sites_table({"TATAAA": 1200, "CAAT": 30, "rare": 0}, ["look_3", "look_7"])
    figure = sites(table, 0.9)
    axis = figure.axes[0]
    points = {line.get_label(): line for line in axis.lines if not line.get_label().startswith("_")}
    assert list(points["look_7"].get_xdata()) == [0.2, 0.2]
    np.testing.assert_allclose(points["look_3"].get_ydata() + points["look_7"].get_ydata(), [0, 2])
    ticks = [
        segment
        for lines in axis.collections
        for segment in lines.get_segments()
        if np.ptp(segment[:, 0]) == 0
    ]
    assert len(ticks) == 4 and {segment[0, 0] for segment in ticks} == {0.02}
    found = texts(figure)
    assert {"TATAAA (n = 1,200)", "CAAT (n = 30)", "look_3", "look_7", "chance"} <= set(found)
    assert any("90% interval" in text for text in found) and not any("rare" in text for text in found)


def test_of_many_motifs_those_with_most_examples_are_drawn():
    figure = sites(sites_table({f"m{i}": 5 + i % 2 for i in range(60)}, ["look"]), 0.95)
    names = {text for text in texts(figure) if text.startswith("m")}
    assert len(names) == 40 and "m1 (n = 6)" in names and "m59 (n = 6)" in names
    assert "Attention at known sites · test, 40 of 60 motifs" in texts(figure)


@pytest.mark.parametrize("table", [sites_table({"a": 0}, ["look"]), sites_table({"a": 1}, ["look"]).head(0)])
def test_without_sites_the_figure_says_so(table, tmp_path):
    figure = sites(table, 0.95)
    assert texts(figure) == ["no known sites in examples of the test part"]
    save_figure(figure, tmp_path / "nothing.svg")
