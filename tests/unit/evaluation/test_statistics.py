"""Weighted metrics against scikit-learn and SciPy, by repeating every example as often as its weight says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sk

from motifloom.evaluation.statistics import (
    CLASS_METRICS,
    OVERALL_METRICS,
    VALUE_METRICS,
    calibration_bins,
    classification_statistic,
    ranking_statistic,
    regression_statistic,
)


def point(statistic, n):
    return statistic(np.ones((n, 1)))[..., 0]


def slow_ece(y, p):
    """Bin by bin: how far the mean probability is from the fraction of positives."""
    bins = {}
    for label, score in zip(y, p, strict=True):
        bins.setdefault(min(int(score * 10), 9), []).append((label, score))
    gaps = [len(rows) * abs(np.subtract(*np.mean(rows, axis=0))) for rows in bins.values()]
    return sum(gaps) / len(y)


def binary_reference(y, p, threshold=0.5):
    called = p >= threshold
    return [
        sk.roc_auc_score(y, p),
        sk.average_precision_score(y, p),
        sk.accuracy_score(y, called),
        sk.f1_score(y, called),
        sk.matthews_corrcoef(y, called),
        sk.precision_score(y, called, zero_division=0),
        sk.recall_score(y, called),
        sk.log_loss(y, p),
        sk.recall_score(y, called, pos_label=0),
        sk.precision_score(y, called, pos_label=0, zero_division=0),
        sk.average_precision_score(1 - y, 1 - p),
        sk.brier_score_loss(y, p),
        slow_ece(y, p),
    ]


def test_ranking_by_hand():
    # Positives at 0.9 and 0.4, negatives at 0.6 and 0.4: pairs won 1, 1, 0, and one tie.
    statistic = ranking_statistic(np.array([True, False, True, False]), np.array([0.9, 0.6, 0.4, 0.4]))
    auroc, auprc = statistic(np.ones((4, 1)))
    assert auroc[0] == 2.5 / 4
    # Half the recall at precision 1, the other half where all four are called.
    assert auprc[0] == 0.5 * 1 + 0.5 * 2 / 4


def test_ranking_of_a_constant_is_chance():
    labels = np.array([True, False, False, False])
    auroc, auprc = ranking_statistic(labels, np.full(4, 0.3))(np.ones((4, 1)))
    assert (auroc[0], auprc[0]) == (0.5, 0.25)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6), st.integers(0, 3)), min_size=2, max_size=40))
def test_ranking_agrees_with_scikit_learn_on_repeated_examples(rows):
    labels, scores, weights = (np.array(column) for column in zip(*rows, strict=True))
    if labels.all() or not labels.any():
        return
    auroc, auprc = ranking_statistic(labels, scores / 7)(weights[:, None].astype(float))
    y, s = np.repeat(labels, weights), np.repeat(scores / 7, weights)
    if y.all() or not y.any():
        assert np.isnan([auroc[0], auprc[0]]).all()
    else:
        assert auroc[0] == pytest.approx(sk.roc_auc_score(y, s), abs=1e-12)
        assert auprc[0] == pytest.approx(sk.average_precision_score(y, s), abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_large_ranking_agrees_with_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    labels = rng.random(5000) < 0.1
    scores = np.round(rng.normal(size=5000) + labels, seed)
    auroc, auprc = ranking_statistic(labels, scores)(np.ones((5000, 1)))
    assert auroc[0] == pytest.approx(sk.roc_auc_score(labels, scores), abs=1e-12)
    assert auprc[0] == pytest.approx(sk.average_precision_score(labels, scores), abs=1e-12)


@pytest.mark.parametrize("threshold", [0.5, 0.2, 0.85])
def test_binary_metrics_agree_with_scikit_learn_on_repeated_examples(threshold):
    rng = np.random.default_rng(1)
    y = rng.integers(0, 2, 60).astype(float)
    p = rng.random(60)
    weights = rng.integers(0, 4, (60, 3)).astype(float)
    statistic = classification_statistic(
        y[:, None], p[:, None], np.ones((60, 1), bool), "binary", [threshold]
    )
    values = statistic(weights)
    assert values.shape == (1, len(CLASS_METRICS) + 1, 3)
    for column, w in enumerate(weights.T.astype(int)):
        y_all, p_all = np.repeat(y, w), np.repeat(p, w)
        np.testing.assert_allclose(
            values[0, :-1, column], binary_reference(y_all, p_all, threshold), rtol=1e-12
        )
        assert values[0, -1, column] == pytest.approx(y_all.mean(), rel=1e-12)


def test_binary_metrics_by_hand():
    # True positives 2, false positives 1, false negatives 1, true negatives 4.
    y = np.array([1, 1, 1, 0, 0, 0, 0, 0.0])
    p = np.array([0.5, 0.9, 0.1, 0.8, 0.2, 0.2, 0.2, 0.49])
    statistic = classification_statistic(y[:, None], p[:, None], np.ones((8, 1), bool), "binary")
    found = dict(zip(CLASS_METRICS, point(statistic, 8)[0], strict=False))
    assert found["accuracy"] == 6 / 8
    assert found["precision"] == found["recall"] == 2 / 3
    assert found["f1"] == pytest.approx(2 / 3)
    assert found["mcc"] == pytest.approx((2 * 4 - 1 * 1) / np.sqrt(3 * 3 * 5 * 5))


def test_one_class_leaves_undefined_what_needs_both():
    p = np.array([0.2, 0.7, 0.9])[:, None]
    known = np.ones((3, 1), bool)
    negative = point(classification_statistic(np.zeros((3, 1)), p, known, "binary"), 3)[0]
    positive = point(classification_statistic(np.ones((3, 1)), p, known, "binary"), 3)[0]
    defined = dict(
        zip(CLASS_METRICS, zip(np.isfinite(negative), np.isfinite(positive), strict=True), strict=False)
    )
    assert defined == {
        "auroc": (False, False),
        "auprc": (False, False),
        "accuracy": (True, True),
        "f1": (False, True),
        "mcc": (False, False),
        "precision": (False, True),
        "recall": (False, True),
        "log_loss": (True, True),
        "specificity": (True, False),
        "npv": (True, False),
        "aunpvsc": (False, False),
        "brier": (True, True),
        "ece": (True, True),
    }


def test_a_class_that_is_never_called_has_no_precision_and_no_correlation():
    y = np.array([1, 0, 0.0])[:, None]
    statistic = classification_statistic(y, np.full((3, 1), 0.1), np.ones((3, 1), bool), "binary")
    found = dict(zip(CLASS_METRICS, point(statistic, 3)[0], strict=False))
    assert (found["precision"], found["mcc"], found["f1"], found["recall"]) == (0, 0, 0, 0)
    assert found["auroc"] == 0.5
    assert (found["specificity"], found["npv"]) == (1, 2 / 3)


def test_a_class_that_is_always_called_has_no_npv():
    y = np.array([1, 0, 0.0])[:, None]
    statistic = classification_statistic(y, np.full((3, 1), 0.9), np.ones((3, 1), bool), "binary")
    found = dict(zip(CLASS_METRICS, point(statistic, 3)[0], strict=False))
    assert (found["specificity"], found["npv"], found["recall"]) == (0, 0, 1)


def test_calibration_error_by_hand():
    # Bin 0.1: three at 0.1, none of them positive. Bin 0.8: two at 0.85, one of them positive.
    y, p = np.array([0, 0, 0, 1, 0.0]), np.array([0.1, 0.1, 0.1, 0.85, 0.85])
    statistic = classification_statistic(y[:, None], p[:, None], np.ones((5, 1), bool), "binary")
    found = dict(zip(CLASS_METRICS, point(statistic, 5)[0], strict=False))
    assert found["ece"] == pytest.approx((3 * 0.1 + 2 * 0.35) / 5)
    assert found["brier"] == pytest.approx((3 * 0.01 + 0.15**2 + 0.85**2) / 5)


def test_bins_of_probabilities():
    assert calibration_bins(np.array([0, 0.099, 0.1, 0.95, 1.0])).tolist() == [0, 0, 1, 9, 9]


def test_every_label_is_called_at_its_own_threshold():
    targets = np.array([[1, 1], [0, 0], [1, 1], [0, 0.0]])
    scores = np.array([[0.3, 0.3], [0.2, 0.2], [0.4, 0.4], [0.1, 0.1]])
    values = point(
        classification_statistic(targets, scores, np.ones((4, 2), bool), "multilabel", [0.25, 0.5]), 4
    )
    assert values[:2, CLASS_METRICS.index("accuracy")].tolist() == [1, 0.5]


def test_log_loss_of_a_certain_mistake_is_finite():
    statistic = classification_statistic(np.ones((1, 1)), np.zeros((1, 1)), np.ones((1, 1), bool), "binary")
    assert point(statistic, 1)[0, CLASS_METRICS.index("log_loss")] == pytest.approx(-np.log(1e-7))


def test_multiclass_agrees_with_scikit_learn():
    rng = np.random.default_rng(2)
    truth = rng.choice(4, 300, p=[0.5, 0.3, 0.15, 0.05])
    scores = rng.dirichlet(np.ones(4), 300) + 0.4 * np.eye(4)[truth]
    scores /= scores.sum(axis=1, keepdims=True)
    targets = np.eye(4)[truth]
    values = point(classification_statistic(targets, scores, np.ones((300, 4), bool), "multiclass"), 300)
    classes, macro, weighted, overall = values[:4, :-1], values[4], values[5], values[6]
    called = scores.argmax(axis=1)
    at = CLASS_METRICS.index
    for j in range(4):
        assert classes[j, at("f1")] == pytest.approx(sk.f1_score(truth == j, called == j))
        assert classes[j, at("auroc")] == pytest.approx(sk.roc_auc_score(truth == j, scores[:, j]))
        assert classes[j, at("mcc")] == pytest.approx(sk.matthews_corrcoef(truth == j, called == j))
    for name, row in (("macro", macro), ("weighted", weighted)):
        assert row[at("auroc")] == pytest.approx(
            sk.roc_auc_score(truth, scores, multi_class="ovr", average=name)
        )
        assert row[at("auprc")] == pytest.approx(sk.average_precision_score(targets, scores, average=name))
        for metric, score in (
            ("f1", sk.f1_score),
            ("precision", sk.precision_score),
            ("recall", sk.recall_score),
        ):
            assert row[at(metric)] == pytest.approx(score(truth, called, average=name))
    assert overall[at("accuracy")] == pytest.approx(sk.accuracy_score(truth, called))
    assert overall[at("mcc")] == pytest.approx(sk.matthews_corrcoef(truth, called))
    assert overall[at("log_loss")] == pytest.approx(sk.log_loss(truth, scores))
    assert overall[at("brier")] == pytest.approx(sk.brier_score_loss(truth, scores))
    assert overall[at("ece")] == pytest.approx(slow_ece(truth == called, scores.max(axis=1)))
    defined = [name for name, value in zip(CLASS_METRICS, overall, strict=False) if np.isfinite(value)]
    assert set(defined) == set(OVERALL_METRICS)
    assert np.isnan(overall[at("auroc")])


def test_macro_is_the_mean_over_defined_labels():
    targets = np.array([[1, 0], [0, 0], [0, 0], [1, 0.0]])
    scores = np.array([[0.9, 0.1], [0.2, 0.2], [0.95, 0.3], [0.8, 0.4]])
    values = point(classification_statistic(targets, scores, np.ones((4, 2), bool), "multilabel"), 4)
    assert np.isnan(values[1, 0])
    assert values[2, 0] == values[3, 0] == values[0, 0] == 0.5


def test_unknown_targets_are_left_out():
    rng = np.random.default_rng(3)
    targets, scores = rng.integers(0, 2, (50, 2)).astype(float), rng.random((50, 2))
    known = rng.random((50, 2)) < 0.7
    values = point(classification_statistic(targets, scores, known, "multilabel"), 50)
    for j in range(2):
        rows = known[:, j]
        expected = binary_reference(targets[rows, j], scores[rows, j])
        np.testing.assert_allclose(values[j, :-1], expected, rtol=1e-12)


def regression_reference(y, p):
    return [
        stats.pearsonr(p, y)[0],
        stats.spearmanr(p, y)[0],
        sk.r2_score(y, p),
        sk.mean_squared_error(y, p),
        sk.mean_absolute_error(y, p),
        sk.mean_absolute_percentage_error(y, p) if y.all() else np.nan,
        sk.explained_variance_score(y, p),
    ]


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_regression_agrees_with_scipy_on_repeated_examples(offset):
    rng = np.random.default_rng(4)
    y = np.round(rng.normal(size=80), 1) + offset
    p = np.round(y + rng.normal(size=80), 1)
    weights = rng.integers(0, 3, (80, 3)).astype(float)
    values = regression_statistic(y[:, None], p[:, None], np.ones((80, 1), bool))(weights)
    assert values.shape == (2, len(VALUE_METRICS), 3)
    for column, w in enumerate(weights.T.astype(int)):
        expected = regression_reference(np.repeat(y, w), np.repeat(p, w))
        np.testing.assert_allclose(values[0, :, column], expected, rtol=1e-9)
        np.testing.assert_array_equal(values[0, :, column], values[1, :, column])


def test_regression_by_hand():
    values = point(
        regression_statistic(np.array([[1.0], [2], [3]]), np.array([[1.0], [3], [2]]), np.ones((3, 1), bool)),
        3,
    )[0]
    np.testing.assert_allclose(values, [0.5, 0.5, 0.0, 2 / 3, 2 / 3, (1 / 2 + 1 / 3) / 3, 0.0], atol=1e-12)


@pytest.mark.parametrize("value", [0.0, 0.1, 1 / 3, 1e9 + 0.1])
def test_a_constant_prediction_has_no_correlation(value):
    y = np.array([1.0, 2, 4, 8])[:, None]
    found = point(regression_statistic(y, np.full((4, 1), value), np.ones((4, 1), bool)), 4)[0]
    assert np.isnan(found[:2]).all() and np.isfinite(found[2:]).all()


def test_one_value_has_no_correlation_in_a_resample_either():
    y, p = np.array([[1.0], [2.3], [4.1]]), np.array([[0.7], [2.9], [3.3]])
    weights = np.array([[0, 3, 0.0]]).T
    found = regression_statistic(y, p, np.ones((3, 1), bool))(weights)[0, :, 0]
    assert np.isnan(found[:3]).all()
    np.testing.assert_allclose(found[3:6], [0.36, 0.6, 0.6 / 2.3])
    assert np.isnan(found[6])


def test_explained_variance_forgives_a_shift():
    y = np.array([1.0, 2, 4])[:, None]
    found = dict(
        zip(VALUE_METRICS, point(regression_statistic(y, y + 5, np.ones((3, 1), bool)), 3)[0], strict=True)
    )
    assert found["explained_variance"] == 1 and found["r2"] < 0


def test_relative_error_needs_values_other_than_zero():
    y, p = np.array([[0.0], [2], [4]]), np.array([[1.0], [1], [5]])
    found = regression_statistic(y, p, np.ones((3, 1), bool))(np.array([[1, 1, 1], [0, 1, 1.0]]).T)
    assert np.isnan(found[0, VALUE_METRICS.index("mape")]).all()


@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel"])
def test_a_score_that_is_not_finite_leaves_all_undefined(task):
    width = 1 if task == "binary" else 2
    targets, scores = np.zeros((3, width)), np.full((3, width), np.nan)
    targets[0, 0] = 1
    values = point(classification_statistic(targets, scores, np.ones((3, width), bool), task), 3)
    assert np.isnan(values[:, :-1]).all()
    assert np.isnan(point(regression_statistic(targets, scores, np.ones((3, width), bool)), 3)).all()
