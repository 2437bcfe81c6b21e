import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from motifloom.evaluation.metrics import evaluate_predictions
from motifloom.evaluation.statistics import calibration_bins
from motifloom.plots.evaluation import (
    calibration,
    confusion,
    precision_recall,
    roc,
    scatter,
    score_distributions,
)
from motifloom.plots.labels import decimals
from motifloom.plots.style import save_figure

MANY = [f"factor{i}" for i in range(18)]
CLASSIFIED = [roc, precision_recall, confusion, score_distributions, calibration]


def predictions(task, names, n=300, seed=0, part="test"):
    rng = np.random.default_rng(seed)
    if task == "multiclass":
        targets = np.eye(len(names))[rng.integers(0, len(names), n)]
        scores = np.exp(rng.normal(size=targets.shape) + 2 * targets)
        scores /= scores.sum(axis=1, keepdims=True)
    else:
        targets = (rng.random((n, len(names))) < 0.3).astype(float)
        scores = 1 / (1 + np.exp(-(rng.normal(size=targets.shape) + 2 * targets - 1)))
    return pd.DataFrame(
        {"id": [f"peaks:{i}" for i in range(n)], "part": part}
        | {f"target.{name}": targets[:, i] for i, name in enumerate(names)}
        | {f"score.{name}": scores[:, i] for i, name in enumerate(names)}
    )


CASES = {
    "binary": (["free", "bound"], ["bound"]),
    "multiclass": (["a", "b", "c"], ["a", "b", "c"]),
    "multilabel": (MANY[:7], MANY[:7]),
}


def texts(figure):
    figure.canvas.draw()
    return [item.get_text() for item in figure.findobj(plt.Text) if item.get_text()]


@pytest.mark.parametrize("task", CASES)
@pytest.mark.parametrize("draw", CLASSIFIED)
def test_every_picture_of_every_task_is_drawn_with_its_n(draw, task, tmp_path):
    classes, names = CASES[task]
    figure = draw(predictions(task, names), task, classes)
    assert any(text.startswith("test: n = 300") for text in texts(figure))
    save_figure(figure, tmp_path / "figure.svg")
    assert "test: n = 300" in (tmp_path / "figure.svg").read_text()
    assert (tmp_path / "figure.svg").stat().st_size < 1_000_000


@pytest.mark.parametrize("draw", CLASSIFIED)
@pytest.mark.parametrize("task", CASES)
def test_the_part_is_chosen_and_others_are_left_out(draw, task):
    classes, names = CASES[task]
    both = pd.concat([predictions(task, names, 120, part="train"), predictions(task, names, 80)])
    assert any(text.startswith("train: n = 120") for text in texts(draw(both, task, classes, part="train")))


@pytest.mark.parametrize("rows", [0, 1])
@pytest.mark.parametrize("draw", CLASSIFIED)
@pytest.mark.parametrize("task", CASES)
def test_hardly_any_examples_are_no_failure(draw, task, rows):
    classes, names = CASES[task]
    figure = draw(predictions(task, names).head(rows), task, classes)
    assert any(text.startswith(f"test: n = {rows}") for text in texts(figure))


@pytest.mark.parametrize(
    ("draw", "area", "name"),
    [(roc, roc_auc_score, "AUROC"), (precision_recall, average_precision_score, "AUPRC")],
)
def test_areas_stand_in_the_legend_with_baselines_in_a_fixed_order(draw, area, name):
    model, kmer, gc = (predictions("binary", ["bound"], seed=0) for _ in range(3))
    kmer["score.bound"] = np.random.default_rng(1).random(300)
    gc["score.bound"] = 0.5
    figure = draw(model, "binary", ["free", "bound"], baselines={"gc": gc, "mine": model, "kmer": kmer})
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    values = [f"{area(table['target.bound'], table['score.bound']):.3f}" for table in (model, kmer, gc)]
    assert labels[:4] == [
        f"model: {name} {values[0]}",
        f"k-mer baseline: {name} {values[1]}",
        f"GC baseline: {name} {values[2]}",
        f"mine: {name} {values[0]}",
    ]
    prevalence = model["target.bound"].mean()
    assert labels[4] == ("chance: AUROC 0.500" if draw is roc else f"prevalence: {prevalence:.3f}")


def test_curves_of_a_perfect_model_pass_the_corner():
    table = predictions("binary", ["bound"])
    table["score.bound"] = table["target.bound"]
    line = roc(table, "binary", ["free", "bound"]).axes[0].lines[0]
    assert (line.get_xdata()[0], line.get_ydata()[0]) == (0, 0)
    assert (line.get_ydata()[1:] == 1).all()
    line = precision_recall(table, "binary", ["free", "bound"]).axes[0].lines[0]
    assert (line.get_ydata() == 1).all()


def test_the_precision_curve_has_the_area_of_the_average_precision():
    table = predictions("binary", ["bound"], n=2000)
    line = precision_recall(table, "binary", ["free", "bound"]).axes[0].lines[0]
    area = np.trapezoid(line.get_ydata(), line.get_xdata())
    assert area == pytest.approx(
        average_precision_score(table["target.bound"], table["score.bound"]), abs=0.003
    )


def test_labels_are_ordered_by_area():
    table = predictions("multilabel", MANY)
    axis = roc(table, "multilabel", MANY).axes[1]
    areas = {name: roc_auc_score(table[f"target.{name}"], table[f"score.{name}"]) for name in MANY}
    assert [tick.get_text() for tick in axis.get_yticklabels()] == sorted(areas, key=areas.get, reverse=True)


def test_one_class_only_is_said():
    table = predictions("binary", ["bound"]).assign(**{"target.bound": 0.0})
    for draw in (roc, precision_recall):
        assert "one class only" in texts(draw(table, "binary", ["free", "bound"]))


def test_confusion_by_hand():
    table = predictions("binary", ["bound"], n=8)
    table["target.bound"] = [1, 1, 1, 0, 0, 0, 0, 0]
    table["score.bound"] = [0.5, 0.9, 0.1, 0.8, 0.2, 0.2, 0.2, 0.49]
    figure = confusion(table, "binary", ["free", "bound"])
    np.testing.assert_allclose(figure.axes[0].images[0].get_array(), [[4 / 5, 1 / 5], [1 / 3, 2 / 3]])
    shown = [text.get_text() for text in figure.axes[0].texts]
    assert shown == ["0.80\n4", "0.20\n1", "0.33\n1", "0.67\n2"]


def test_confusion_at_the_thresholds():
    table = predictions("multilabel", ["a", "b"], n=8)
    for name in ("a", "b"):
        table[f"target.{name}"], table[f"score.{name}"] = [1, 1, 0, 0] * 2, [0.4, 0.3, 0.2, 0.1] * 2
    figure = confusion(table, "multilabel", ["a", "b"], thresholds=[0.25, 0.5])
    first, second = ([text.get_text() for text in axis.texts] for axis in figure.axes)
    assert first == ["1.00\n4", "0.00\n0", "0.00\n0", "1.00\n4"]
    assert second == ["1.00\n4", "0.00\n0", "1.00\n4", "0.00\n0"]


def test_bins_are_those_of_the_calibration_error():
    table = predictions("binary", ["bound"])
    _, lower = calibration(table, "binary", ["free", "bound"]).axes
    place = calibration_bins(table["score.bound"].to_numpy())
    assert lower.patches[0].get_data().values.tolist() == np.bincount(place, minlength=10).tolist()


NOT_FINITE = "a score is not a finite number"


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("task", CASES)
@pytest.mark.parametrize("draw", CLASSIFIED)
def test_a_target_with_a_score_that_is_no_number_is_left_out_as_of_the_metrics(draw, task, value):
    classes, names = CASES[task]
    table = predictions(task, names)
    table.loc[7, f"score.{names[0]}"] = value
    assert evaluate_predictions(table, task, classes, bootstrap=0, seed=1)["reason"].eq(NOT_FINITE).any()
    found = texts(draw(table, task, classes))
    (title,) = {text for text in found if text.startswith("test: n = 300")}
    one, *others = title.splitlines()[1:]
    assert one == (NOT_FINITE if task == "binary" else f"without {names[0]}: {NOT_FINITE}") and not others
    assert "one class only" not in found


def test_nothing_is_drawn_of_a_target_with_a_score_that_is_no_number():
    table = predictions("multilabel", ["a", "b"])
    both = [axis.texts[0].get_text() for axis in confusion(table, "multilabel", ["a", "b"]).axes]
    table.loc[7, "score.a"] = np.nan
    first, second = confusion(table, "multilabel", ["a", "b"]).axes
    assert first.texts[0].get_text() == "–" and second.texts[0].get_text() == both[1]
    curves = [line.get_label() for line in roc(table, "multilabel", ["a", "b"]).axes[0].lines]
    assert curves[0] == f"mean: AUROC {decimals(roc_auc_score(table['target.b'], table['score.b']))}"
    figure = scatter(table, ["a", "b"])
    assert figure.axes[0].get_title(loc="left") == f"test: n = 300\n{NOT_FINITE}"
    assert len(figure.axes[0].lines[-1].get_xdata()) == 0 and len(figure.axes[1].lines[-1].get_xdata()) == 300


def test_confusion_of_an_absent_class_has_no_fraction():
    table = predictions("multiclass", ["a", "b", "c"], n=30)
    table[["target.a", "target.b", "target.c"]] = [1.0, 0.0, 0.0]
    shown = [text.get_text() for text in confusion(table, "multiclass", ["a", "b", "c"]).axes[0].texts]
    assert shown[3:] == ["–"] * 6


def test_score_histograms_sum_to_one():
    figure = score_distributions(predictions("binary", ["bound"]), "binary", ["free", "bound"])
    for patch in figure.axes[0].patches:
        assert patch.get_data().values.sum() == pytest.approx(1)
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert [label.split()[0] for label in labels] == ["free", "bound"]


def test_calibration_by_hand():
    table = predictions("binary", ["bound"], n=40)
    table["score.bound"] = np.repeat([0.15, 0.85], [30, 10])
    table["target.bound"] = np.repeat([0.0, 1.0, 0.0, 1.0], [24, 6, 1, 9])
    upper, lower = calibration(table, "binary", ["free", "bound"]).axes
    points = np.concatenate([line.get_xydata() for line in upper.lines[1:]])
    np.testing.assert_allclose(points, [[0.15, 0.2], [0.85, 0.9]])
    assert lower.patches[0].get_data().values.tolist() == [0, 30, 0, 0, 0, 0, 0, 0, 10, 0]
    # Wilson's interval of 6 in 30.
    segments = [segment for lines in upper.collections for segment in lines.get_segments()]
    low, high = segments[0][:, 1]
    assert (low, high) == pytest.approx((0.0951, 0.3731), abs=1e-4)


def test_missing_targets_are_left_out():
    table = predictions("multilabel", ["a", "b"], n=50)
    table.loc[:19, "target.a"] = np.nan
    total = sum(
        patch.get_data().values.sum()
        for patch in calibration(table, "multilabel", ["a", "b"]).axes[2].patches
    )
    assert total == 30


@pytest.mark.parametrize("n", [0, 1, 40, 3000])
def test_scatter(n, tmp_path):
    rng = np.random.default_rng(0)
    observed = rng.normal(size=n)
    table = pd.DataFrame(
        {
            "id": range(n),
            "part": "test",
            "target.value": observed,
            "score.value": observed + rng.normal(size=n),
        }
    )
    figure = scatter(table, ["value"])
    axis = figure.axes[0]
    assert axis.get_title(loc="left").startswith(f"test: n = {n:,}")
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("Observed value", "Predicted value")
    assert axis.get_xlim() == axis.get_ylim()
    if n > 1:
        r = np.corrcoef(table["target.value"], table["score.value"])[0, 1]
        assert f"r = {r:.3f}" in axis.get_title(loc="left")
    if n == 3000:
        assert np.nansum(axis.images[0].get_array()) == n
    save_figure(figure, tmp_path / "scatter.svg")


def test_a_constant_prediction_has_no_correlation_to_show():
    table = pd.DataFrame({"id": range(5), "part": "test", "target.v": np.arange(5.0), "score.v": 2.0})
    assert scatter(table, ["v"]).axes[0].get_title(loc="left") == "test: n = 5"


@pytest.mark.parametrize("draw", CLASSIFIED)
def test_eighteen_labels_have_a_place_each(draw):
    figure = draw(predictions("multilabel", MANY, n=100), "multilabel", MANY)
    assert set(MANY) <= {text.split(" ")[0] for text in texts(figure)}


def test_the_same_table_gives_the_same_bytes(tmp_path):
    table = predictions("binary", ["bound"])
    for name in ("a", "b"):
        save_figure(roc(table, "binary", ["free", "bound"]), tmp_path / f"{name}.svg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
