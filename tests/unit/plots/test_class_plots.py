import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import LineCollection, PolyCollection

from motifloom.filters.classes import (
    ClassTables,
    kernel_scores,
    maxima_histogram,
    profile_table,
)
from motifloom.plots import classes
from motifloom.plots.style import CLASS_COLOURS, save_figure


def data(filters=5, groups=3, rows=300):
    """Maxima, members, names of filters and classes, start positions; filter 1 never fires."""
    rng = np.random.default_rng(0)
    maxima = rng.gamma(2, 1, (rows, filters)).astype(np.float32)
    members = np.eye(groups, dtype=bool)[rng.integers(0, groups, rows)]
    maxima[:, 0] += 3 * members[:, 0]
    maxima[:, 1] = 0
    starts = rng.integers(0, 91, maxima.shape)
    starts[:, 0] = np.where(members[:, 0], 45, starts[:, 0])
    return maxima, members, [f"conv_{i:03d}" for i in range(filters)], list("abcdefghijklm")[:groups], starts


def histogram(maxima, members, filters, names, starts, **options):
    spans = [10] * len(filters)
    return maxima_histogram(maxima, starts, spans, members, filters, names, 100, **options)


def profile(members, filters, names, centred=False):
    rng = np.random.default_rng(1)
    mean = rng.random((len(names), 91, len(filters)))
    mean[:, :, 1] = 0
    n = members.sum(axis=0)
    sums = mean * n[:, None, None]
    squares = (mean**2 + 0.04) * n[:, None, None]
    return profile_table(sums, squares, n, np.arange(91), 10, filters, names, 100, centred=centred)


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def collections(figure, kind):
    return [c for c in figure.axes[0].collections if type(c) is kind]


def test_pages():
    names = [f"f{i}" for i in range(130)]
    found = classes.pages(names * 2)
    assert [len(page) for page in found] == [60, 60, 10]
    assert [name for page in found for name in page] == names
    assert classes.pages([]) == [[]]


def test_violins_of_every_class_and_filter_that_fires():
    maxima, members, filters, names, _ = data()
    figure = classes.activation_violins(maxima, members, filters, names)
    violins = collections(figure, PolyCollection)
    assert [len(v.get_paths()) for v in violins] == [4, 4, 4]
    assert "conv_001  never fires" in texts(figure)
    assert {"conv_000", "conv_004"} <= set(texts(figure))
    # The names of the classes stand once below every column of panels.
    columns = {round(text.get_position()[0], 3) for text in figure.axes[0].texts if text.get_text() == "a"}
    assert len(columns) == texts(figure).count("a") == texts(figure).count("c")


def test_medians_are_drawn_where_they_are():
    maxima, members, filters, names, _ = data()
    figure = classes.activation_violins(maxima[:, :1], members, filters[:1], names)
    axis = figure.axes[0]
    dots = [line.get_ydata() for line in axis.lines if line.get_marker() == "o"]
    medians = [np.median(maxima[rows, 0]) for rows in members.T]
    # Panels are 2.2 inches high and start at 0.
    base = min(line.get_ydata()[0] for line in axis.lines)
    expected = base + 2.2 * np.array(medians) / maxima[:, 0].max()
    np.testing.assert_allclose(np.ravel(dots), expected)


def test_violins_show_the_distribution():
    values = np.concatenate([np.full(100, 1.0), np.full(10, 9.0), [10.0]])[:, None]
    figure = classes.activation_violins(values, np.ones((111, 1), bool), ["f"], ["all"])
    (outline,) = collections(figure, PolyCollection)[0].get_paths()
    x, y = outline.vertices.T
    widest = y[np.argmax(x)]
    base, height = y.min(), (y.max() - y.min())
    assert widest < base + 0.1 * height + 2.2 * 1 / 32
    width = x.max() - x.min()
    near_top = np.ptp(x[y > base + 0.85 * height])
    assert 0 < near_top < 0.3 * width


@pytest.mark.parametrize("groups", [3, 9])
def test_positions_of_one_filter(groups):
    maxima, members, filters, names, starts = data(groups=groups)
    table = histogram(maxima, members, filters, names, starts, centred=True)
    curves = profile(members, filters, names, centred=True)
    figure = classes.positions(table, curves, "conv_002")
    figure.canvas.draw()
    assert len(figure.axes) == 2 * groups
    n = members.sum(axis=0)
    assert figure.axes[0].get_title(loc="left").endswith(f"a  ({n[0]:,} sequences)")
    assert figure.axes[-1].get_title(loc="left") == f"{names[-1]}  (n = {n[-1]:,})"
    assert "centre" in figure.axes[-1].get_xlabel()
    mean = curves[(curves["filter"] == "conv_002") & (curves["target"] == "b")]["mean"]
    np.testing.assert_array_equal(figure.axes[3].lines[0].get_ydata(), mean)
    bars = table[(table["filter"] == "conv_002") & (table["target"] == "b")]
    np.testing.assert_array_equal(figure.axes[2].patches[0].get_data().values, bars["fraction"])


def test_position_sheets_of_few_classes():
    maxima, members, filters, names, starts = data()
    for draw, table in (
        (classes.maxima, histogram(maxima, members, filters, names, starts)),
        (classes.profiles, profile(members, filters, names)),
    ):
        figure = draw(table)
        lines = collections(figure, LineCollection)
        assert [len(found.get_segments()) for found in lines] == [4, 4, 4]
        assert "conv_001  never fires" in texts(figure)
        assert [text.get_text() for text in figure.legends[0].get_texts()] == names
        assert any("bp from the start" in text for text in texts(figure))
    centred = classes.maxima(histogram(maxima, members, filters, names, starts, centred=True))
    assert any("bp from the centre" in text for text in texts(centred))


def test_position_sheet_of_many_classes_names_one():
    maxima, members, filters, names, starts = data(groups=13, rows=400)
    thresholds = kernel_scores(maxima, members, filters, names)["threshold"]
    table = histogram(maxima, members, filters, names, starts, thresholds=thresholds)
    figure = classes.maxima(table)
    assert "conv_000  a" in texts(figure)
    blue = [
        c
        for c in collections(figure, LineCollection)
        if np.allclose(c.get_color()[0], plt.matplotlib.colors.to_rgba(CLASS_COLOURS[0]))
    ]
    assert len(blue) == 1 and len(blue[0].get_segments()) <= 4
    maxima, members, filters, names, starts = data(groups=13, rows=40)
    table = histogram(maxima, members, filters, names, starts)
    assert table.groupby(["filter", "target"])["sequences"].sum().max() < 10
    assert {"conv_000  too few windows", "conv_001  never fires"} <= set(texts(classes.maxima(table)))


def test_a_page_of_300_filters_is_small_and_the_same_every_time(tmp_path):
    maxima, members, filters, names, starts = data(filters=300, groups=9, rows=90)
    page = classes.pages(filters)[4]
    place = histogram(maxima, members, filters, names, starts)
    for draw in (
        lambda: classes.activation_violins(maxima[:, 240:], members, page, names),
        lambda: classes.maxima(place, page),
    ):
        for name in ("one.svg", "two.svg"):
            save_figure(draw(), tmp_path / name)
        one = (tmp_path / "one.svg").read_bytes()
        assert one == (tmp_path / "two.svg").read_bytes() and len(one) < 3e6
        assert b"conv_240" in one and b"conv_299" in one and b"conv_239" not in one


def test_the_filters_with_the_highest_scores_are_shown():
    maxima, members, filters, names, starts = data(filters=70, rows=90)
    maxima[:, 65] += 9 * members[:, 1]
    score = kernel_scores(maxima, members, filters, names)
    shown = classes.strongest(score)
    assert shown[0] == "conv_065" and len(shown) == 60 and "conv_001" not in shown
    assert classes.strongest(score, 70)[-1] == "conv_001"
    tables = ClassTables(names, members, None, score, None, None)
    figure = classes.violins(maxima, tables)
    assert set(filters) & set(texts(figure)) == set(shown)
    n = members.sum(axis=0)
    assert texts(figure)[-1] == (
        "Largest activation per sequence, by class; 60 of 70 filters\n"
        f"a: n = {n[0]}, b: n = {n[1]}, c: n = {n[2]}"
    )
    # The panel of the best filter stands first and shows its class above the others.
    dots = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert dots[1].get_ydata()[0] > dots[0].get_ydata()[0] + 0.3
    place = classes.maxima(histogram(maxima, members, filters, names, starts), shown[:7])
    assert "Places of the best windows, fraction; 7 of 70 filters" in texts(place)


def test_too_many_or_nothing():
    maxima, members, filters, names, _ = data(filters=61)
    with pytest.raises(ValueError, match="do not fit"):
        classes.activation_violins(maxima, members, filters, names)
    figure = classes.activation_violins(maxima[:, :0], members, [], names)
    assert figure.texts[0].get_text() == "no filter or no class to show"


def test_negative_maxima_and_an_empty_class():
    rng = np.random.default_rng(2)
    maxima, members = rng.normal(0, 1, (50, 2)), np.zeros((50, 3), bool)
    members[:25, 0], members[25:, 1] = True, True
    figure = classes.activation_violins(maxima, members, ["f", "g"], ["a", "b", "empty"])
    assert [len(v.get_paths()) for v in collections(figure, PolyCollection)] == [2, 2, 0]
