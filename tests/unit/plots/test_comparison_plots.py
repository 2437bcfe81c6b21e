import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from motifloom.plots.comparison import compare_precision_recall, compare_roc, forest
from motifloom.plots.ranking import BASELINE_STYLES, roc_points
from motifloom.plots.style import CLASS_COLOURS, GREY, save_figure


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
    assert axes[2].get_xlabel() == "Pearson r (mean over targets)"
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


def predictions(seed, names=("bound",), n=200, part="test"):
    """Scores that tell the classes apart the better the higher the seed."""
    rng = np.random.default_rng(seed)
    targets = np.arange(n)[:, None] % 3 == np.arange(len(names))
    scores = 1 / (1 + np.exp(-rng.normal(size=targets.shape) - seed * targets))
    return pd.DataFrame(
        {"id": range(n), "part": part}
        | {f"target.{name}": targets[:, i] * 1.0 for i, name in enumerate(names)}
        | {f"score.{name}": scores[:, i] for i, name in enumerate(names)}
    )


def means(**areas):
    rows = [(name, metric, *row) for name, row in areas.items() for metric in ("auroc", "auprc")]
    return pd.DataFrame(rows, columns=["experiment", "metric", "value", "ci_low", "ci_high", "seeds"])


RUNS = {
    "yeast.gc": ("gc", [predictions(0)]),
    "deep": ("cnn", [predictions(2), predictions(3)]),
    "shallow": ("cnn", [predictions(1)]),
}
MEANS = means(
    deep=(0.91, 0.9, 0.93, 2), shallow=(0.8, 0.78, 0.82, 1), **{"yeast.gc": (0.5, np.nan, np.nan, 1)}
)
BINARY = "binary", ["free", "bound"]


@pytest.mark.parametrize(
    ("draw", "name", "last"),
    [(compare_roc, "AUROC", "chance: AUROC 0.500"), (compare_precision_recall, "AUPRC", "prevalence: 0.335")],
)
def test_experiments_then_baselines_with_their_areas(draw, name, last, tmp_path):
    figure = draw(RUNS, *BINARY, MEANS)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        f"deep: {name} 0.910 [0.900, 0.930], 2 seeds",
        f"shallow: {name} 0.800 [0.780, 0.820]",
        f"GC baseline: {name} 0.500",
        last,
    ]
    colours = {
        line.get_label().split(":")[0]: to_hex(line.get_color()).upper() for line in figure.axes[0].lines
    }
    assert colours["deep"] == CLASS_COLOURS[0] and colours["shallow"] == CLASS_COLOURS[1]
    assert colours["GC baseline"] == BASELINE_STYLES["gc"][0]
    assert figure.axes[0].get_title(loc="left") == "test: n = 200 (67 positive)"
    save_figure(figure, tmp_path / "curves.svg")
    assert (tmp_path / "curves.svg").stat().st_size < 1_000_000


def test_the_curve_of_an_experiment_is_the_mean_over_its_seeds():
    axis = compare_roc(RUNS, *BINARY, MEANS).axes[0]
    seeds = [roc_points(*table[["target.bound", "score.bound"]].to_numpy().T) for table in RUNS["deep"][1]]
    thin, other, thick = axis.lines[:3]
    for line, (x, y) in zip((thin, other), seeds, strict=True):
        np.testing.assert_allclose(line.get_xydata().T, [x, y])
        assert line.get_linewidth() < thick.get_linewidth()
    np.testing.assert_allclose(thick.get_ydata(), np.mean([y for _, y in seeds], axis=0))


def test_several_labels_are_averaged():
    names = ["a", "b", "c"]
    table = predictions(2, names)
    axis = compare_roc({"deep": ("cnn", [table])}, "multilabel", names, MEANS).axes[0]
    curves = [roc_points(table[f"target.{name}"], table[f"score.{name}"])[1] for name in names]
    np.testing.assert_allclose(axis.lines[0].get_ydata(), np.mean(curves, axis=0))


def test_more_experiments_than_colours_differ_by_their_lines():
    runs = {f"e{i}": ("cnn", [predictions(1, n=30)]) for i in range(10)}
    lines = compare_roc(runs, *BINARY, MEANS).axes[0].lines[:10]
    assert len({(line.get_color(), str(line.get_linestyle())) for line in lines}) == 10
    assert lines[0].get_color() == lines[8].get_color()


def test_runs_on_different_examples_say_how_many():
    runs = {"a": ("cnn", [predictions(1, n=60)]), "b": ("pooled", [predictions(1, n=180)])}
    assert compare_roc(runs, *BINARY, MEANS).axes[0].get_title(loc="left") == "test: n = 60 to 180, by run"


@pytest.mark.parametrize("draw", [compare_roc, compare_precision_recall])
def test_one_class_only_or_no_runs_at_all(draw):
    single = predictions(1).assign(**{"target.bound": 1.0})
    figure = draw({"a": ("cnn", [single])}, *BINARY, MEANS)
    assert "one class only" in [text.get_text() for text in figure.axes[0].texts]
    assert "one class only" in [text.get_text() for text in draw({}, *BINARY, MEANS).axes[0].texts]
