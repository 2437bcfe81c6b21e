import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from motifloom.plots.comparison import forest
from motifloom.plots.style import CLASS_COLOURS, GREY


@pytest.fixture(autouse=True)
def _strict_and_tidy():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield
    plt.close("all")


def row(
    experiment, kind, value, dataset="yeast", seed=1, target="all", metric="auroc", part="test", width=0.02
):
    return {
        "experiment": experiment, "model": "m", "kind": kind, "dataset": dataset, "seed": seed, "part": part,
        "target": target, "metric": metric, "value": value, "n": 100,
        "ci_low": value - width, "ci_high": value + width,
    }  # fmt: skip


def labels(axis):
    return [tick.get_text() for tick in axis.get_yticklabels()]


def points(axis):
    return [tuple(line.get_xydata()[0]) for line in axis.lines if line.get_marker() == "o"]


def test_experiments_first_then_baselines_in_grey():
    table = pd.DataFrame(
        [
            row("yeast.gc", "gc", 0.6),
            row("deep", "cnn", 0.9),
            row("yeast.kmer", "kmer", 0.8),
            row("shallow", "cnn", 0.85),
            row("deep.label_shuffle", "label_shuffle", 0.5),
        ]
    )
    figure = forest(table)
    figure.canvas.draw()
    axis = figure.axes[0]
    assert labels(axis) == ["deep", "shallow", "k-mer baseline", "GC baseline", "shuffled labels"]
    assert points(axis) == [(0.9, 0), (0.85, 1), (0.8, 2), (0.6, 3), (0.5, 4)]
    colours = [to_hex(line.get_color()).upper() for line in axis.lines if line.get_marker() == "o"]
    assert colours == [CLASS_COLOURS[0]] * 2 + [GREY] * 3
    assert axis.get_xlabel() == "AUROC"
    assert "0.900  [0.880, 0.920]" in [text.get_text() for text in axis.texts]


def test_a_panel_per_dataset_with_its_own_headline():
    table = pd.DataFrame(
        [
            row("a", "cnn", 0.9),
            row("a", "cnn", 0.4, metric="auprc"),
            row("b", "cnn", 0.8, "labels", target="macro"),
            row("b", "cnn", 0.7, "labels", target="Reb1"),
            row("c", "cnn", 0.5, "lac", target="macro", metric="pearson"),
            row("c", "cnn", 0.3, "lac", target="macro", metric="r2"),
        ]
    )
    axes = forest(table).axes
    assert [points(axis) for axis in axes] == [[(0.9, 0)], [(0.8, 0)], [(0.5, 0)]]
    assert axes[1].get_xlabel() == "AUROC (mean over targets)"
    assert axes[2].get_xlabel() == "Pearson correlation (mean over targets)"
    assert axes[2].get_title(loc="left") == "lac  ·  test, n = 100"


def test_seeds_share_a_row():
    table = pd.DataFrame([row("a", "cnn", value, seed=i) for i, value in enumerate((0.8, 0.9, 0.85))])
    axis = forest(table).axes[0]
    x, y = np.transpose(points(axis))
    assert x.tolist() == [0.8, 0.9, 0.85] and np.abs(y).max() < 0.5 and len(set(y)) == 3
    assert "0.850  (3 seeds)" in [text.get_text() for text in axis.texts]


def test_baselines_of_one_kind_are_told_apart():
    table = pd.DataFrame(
        [row("a.label_shuffle", "label_shuffle", 0.5), row("b.label_shuffle", "label_shuffle", 0.52)]
    )
    assert labels(forest(table).axes[0]) == ["a, shuffled labels", "b, shuffled labels"]


def test_missing_intervals_and_missing_values():
    table = pd.DataFrame([row("a", "cnn", 0.8, width=np.nan), row("b", "cnn", np.nan)])
    figure = forest(table)
    figure.canvas.draw()
    assert labels(figure.axes[0]) == ["a"]
    assert figure.axes[0].texts[0].get_text() == "0.800"


def test_nothing_to_show_is_said():
    figure = forest(pd.DataFrame([row("a", "cnn", 0.8)]), part="validation")
    assert figure.axes[0].texts[0].get_text() == "no headline metric in part validation"
