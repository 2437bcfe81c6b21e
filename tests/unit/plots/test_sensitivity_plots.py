import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from motifloom.plots import sensitivity
from motifloom.plots.sensitivity import overview, sensitivity_figure, worst_effects
from motifloom.plots.style import NUCLEOTIDE_COLOURS, save_figure

QUANTILES = ["quantile_05", "quantile_25", "median", "quantile_75", "quantile_95"]


def make_table(filters=2, width=3, letters="ACGT", silent=()):
    """All sites but one have letter p at position p; to take letter b has the effect -b - p - filter."""
    rows = []
    for f in range(filters):
        for p in range(width):
            for reference in [*letters, "any"]:
                for b, base in enumerate(letters):
                    n = {letters[p % len(letters)]: 9, letters[-1 - p]: 1, "any": 10}.get(reference, 0)
                    n = 0 if f in silent else n
                    effect = np.nan if n == 0 else 0.0 if base == reference else -b - p - f
                    values = [effect - 0.2, effect - 0.1, effect, effect + 0.1, effect + 0.2]
                    rows.append((f"conv_{f:03d}", p, reference, base, n, effect, *values))
    columns = ["filter", "position", "reference", "base", "n", "mean", *QUANTILES]
    return pd.DataFrame(rows, columns=columns)


def collections(figure):
    """Whiskers, boxes and medians of the box plots: paths as float (n, points, 2)."""
    return [np.array([path.vertices for path in c.get_paths()]) for c in figure.axes[0].collections]


def test_boxes_are_of_the_most_frequent_letter():
    figure = sensitivity_figure(make_table(), "conv_001")
    whiskers, boxes, medians = collections(figure)
    # Three letters that a letter may become, at three positions.
    assert len(boxes) == len(medians) == len(whiskers) / 2 == 9
    # At position 0, from A: to C, G and T.
    assert medians[:3, :, 1].mean(axis=1) == pytest.approx([-2, -3, -4])
    assert boxes[0, :4, 1] == pytest.approx([-2.1, -2.1, -1.9, -1.9])
    assert whiskers[[0, 9], :, 1].ravel() == pytest.approx([-2.2, -2.1, -1.9, -1.8])
    centres = medians[:, :, 0].mean(axis=1)
    assert centres.reshape(3, 3).mean(axis=1) == pytest.approx([0, 1, 2])
    assert (np.diff(np.sort(np.r_[boxes[:, 0, 0], boxes[:, 1, 0]])) > 0).all()
    colours = figure.axes[0].collections[1].get_facecolor()
    assert [plt.matplotlib.colors.to_hex(colour).upper() for colour in colours[:3]] == [
        NUCLEOTIDE_COLOURS[letter].upper() for letter in "CGT"
    ]
    axes = figure.axes[0]
    assert [(text.get_text(), text.get_fontweight()) for text in axes.texts] == [
        ("A", "bold"),
        ("C", "bold"),
        ("G", "bold"),
    ]
    assert axes.get_title("left") == "conv_001: 10 sites"
    assert axes.get_ylim()[0] < -6 and axes.get_ylim()[1] > 0
    plt.close(figure)


def test_boxes_of_a_silent_filter():
    figure = sensitivity_figure(make_table(silent=[1]), "conv_001")
    assert [len(paths) for paths in collections(figure)] == [0, 0, 0]
    assert figure.axes[0].get_title("left") == "conv_001: 0 sites"
    assert not figure.axes[0].texts
    plt.close(figure)


def test_boxes_of_many_letters_are_lettered():
    figure = sensitivity_figure(make_table(1, 2, "ACDEFGHIKLMNPQRSTVWY"), "conv_000")
    axes = figure.axes[0]
    assert axes.get_legend() is None
    assert (
        "".join(text.get_text() for text in axes.texts)
        == "AC" + "CDEFGHIKLMNPQRSTVWY" + "ADEFGHIKLMNPQRSTVWY"
    )
    plt.close(figure)


def test_worst_effects():
    effects = worst_effects(make_table(3, 2, silent=[1]))
    assert effects.index.tolist() == ["conv_000", "conv_001", "conv_002"]
    assert effects.loc["conv_000"].tolist() == [-3, -4]
    assert effects.loc["conv_001"].isna().all()
    assert effects.loc["conv_002"].tolist() == [-5, -6]


def test_overview_shows_every_filter_once():
    figure = overview(make_table(130, 3, silent=[70]))
    panels = figure.axes[:-1]
    assert len(panels) == 3
    names = [label.get_text() for axes in panels for label in axes.get_yticklabels()]
    assert names == [f"conv_{f:03d}" for f in range(130)]
    shown = np.ma.concatenate([axes.images[0].get_array() for axes in panels])
    assert shown.shape == (130, 3)
    assert shown.mask.any(axis=1).nonzero()[0].tolist() == [70]
    assert shown[129, 2] == -3 - 2 - 129
    low, high = panels[0].images[0].get_clim()
    assert low == pytest.approx(np.quantile(shown.compressed(), 0.01)) and high == 0
    assert "grey: no sites" in figure.texts[0].get_text()
    plt.close(figure)


def test_overview_without_sites_and_without_filters():
    figure = overview(make_table(2, silent=[0, 1]))
    assert figure.axes[0].images[0].get_array().mask.all()
    plt.close(figure)
    figure = overview(make_table(0))
    assert figure.texts[0].get_text() == "no convolution scans the sequence"
    plt.close(figure)


@pytest.mark.parametrize("draw", [overview, lambda table: sensitivity_figure(table, "conv_000")])
def test_files_are_the_same_bytes_every_time(tmp_path, draw):
    for name in ("a.svg", "b.svg"):
        save_figure(draw(make_table()), tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert sensitivity.CHANGE in (tmp_path / "a.svg").read_text()
