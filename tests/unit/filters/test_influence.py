import numpy as np
import pytest
from scipy.stats import norm

from motifloom.evaluation import statistics
from motifloom.evaluation.statistics import CLASSIFICATION, REGRESSION
from motifloom.filters import influence
from motifloom.filters.influence import estimate, mean_estimate, metric_names, variance

N = 30
TASKS = [("binary", 1), ("multiclass", 3), ("multilabel", 2), ("regression", 1), ("regression", 2)]
CASES = [(task, width, metric) for task, width in TASKS for metric in metric_names(task)]


def examples(task, width, seed=0, n=N, iterations=3):
    """Return targets (n, width) and scores (iterations, n, width) with ties."""
    rng = np.random.default_rng(seed)
    scores = rng.random((iterations, n, width)).round(1).clip(0.05, 0.95)
    if task == "regression":
        return rng.normal(size=(n, width)).round(1), scores
    if task == "multiclass":
        return np.eye(width)[rng.integers(0, width, n)], scores / scores.sum(axis=-1, keepdims=True)
    return rng.integers(0, 2, (n, width)).astype(float), scores


def evaluated(metric, targets, scores, task, weights):
    """Return the metric of weighted examples (b,), by the code of the evaluation."""
    known = np.ones(targets.shape, bool)
    if task == "regression":
        found = statistics.regression_statistic(targets, scores, known)(weights)
        return found[-1, REGRESSION.index(metric)]
    found = statistics.classification_statistic(targets, scores, known, task)(weights)
    overall = task == "multiclass" and metric in statistics.OVERALL
    row = -1 if overall else 0 if task == "binary" else targets.shape[1]
    return found[row, CLASSIFICATION.index(metric)]


def derivatives(function, n):
    """Return the derivative of a function of weights by each of them, at 1."""
    step = 1e-5
    up, down = (function(np.ones((n, n)) + sign * step * np.eye(n)) for sign in (1, -1))
    return (up - down) / (2 * step)


@pytest.mark.parametrize(("task", "width", "metric"), CASES)
def test_values_are_the_evaluations_and_influences_their_derivatives(task, width, metric):
    targets, scores = examples(task, width)
    found = estimate(metric, targets, scores, task)
    assert found.value.shape == (3,) and found.influence.shape == (3, N)
    for i, one in enumerate(scores):
        value = evaluated(metric, targets, one, task, np.ones((N, 1)))[0]
        assert found.value[i] == pytest.approx(value, abs=1e-12)
        slopes = derivatives(lambda weights, one=one: evaluated(metric, targets, one, task, weights), N)
        np.testing.assert_allclose(found.influence[i], slopes, atol=1e-8)
    np.testing.assert_allclose(found.influence.sum(axis=1), 0, atol=1e-12)


@pytest.mark.parametrize("constant", ["targets", "scores", "calls", "no positive", "all positive"])
@pytest.mark.parametrize(("task", "width", "metric"), CASES)
def test_what_is_not_defined_is_what_the_evaluation_does_not_define(task, width, metric, constant):
    targets, scores = examples(task, width)
    if constant == "scores":
        scores = np.full_like(scores, 1 / max(width, 2))
    elif constant == "calls":
        scores = scores * 0.01 + np.eye(width)[0] * 0.2
    elif task == "multiclass":
        targets = np.eye(width)[np.zeros(N, int)]
    else:
        targets = np.full_like(targets, float(constant == "all positive"))
    found = estimate(metric, targets, scores, task)
    for i, one in enumerate(scores):
        value = evaluated(metric, targets, one, task, np.ones((N, 1)))[0]
        assert found.value[i] == pytest.approx(value, abs=1e-12, nan_ok=True)
    assert found.influence.shape == (3, N)


@pytest.mark.parametrize(("task", "width", "metric"), CASES)
def test_scores_that_are_no_numbers_have_no_metric(task, width, metric):
    targets, scores = examples(task, width)
    scores[1, 4] = np.nan
    found = estimate(metric, targets, scores, task)
    assert np.isnan(found.value).all() and found.value.shape == (3,)


def test_a_target_without_both_classes_is_left_out_of_the_mean():
    targets, scores = examples("multilabel", 2)
    targets[:, 1] = 0
    both = estimate("auroc", targets, scores, "multilabel")
    alone = estimate("auroc", targets[:, :1], scores[..., :1], "multilabel")
    np.testing.assert_array_equal(both.value, alone.value)
    np.testing.assert_array_equal(both.influence, alone.influence)


def test_variance_by_hand():
    values = np.array([1.0, 2.0, 4.0, 9.0])
    found = mean_estimate(values)
    single = variance(found.influence, np.arange(4), 4)
    assert single == pytest.approx(values.var(ddof=1) / 4)
    # Two groups: sums of (value - 4) / 4 are -5/4 and 5/4.
    assert variance(found.influence, np.array([0, 0, 1, 1]), 2) == pytest.approx(2 * 2 * (5 / 4) ** 2)
    assert np.isnan(variance(found.influence, np.zeros(4, int), 1))
    two = variance(np.stack([found.influence, 2 * found.influence]), np.arange(4), 4)
    np.testing.assert_allclose(two, [single, 4 * single])


@pytest.mark.parametrize("metric", ["auroc", "auprc", "mcc", "f1"])
def test_the_variance_of_a_difference_is_that_of_the_bootstrap(metric):
    rng = np.random.default_rng(3)
    n = 300
    targets = rng.integers(0, 2, (n, 1)).astype(float)
    first = norm.cdf(rng.normal(size=(n, 1)) + targets - 0.5)
    second = norm.cdf(norm.ppf(first) + rng.normal(0, 0.5, (n, 1)))
    groups = np.repeat(np.arange(n // 2), 2)
    found = estimate(metric, targets, np.stack([first, second]), "binary")
    ours = variance(found.influence[0] - found.influence[1], groups, n // 2)
    weights = np.stack(
        [np.bincount(rng.integers(0, n // 2, n // 2), minlength=n // 2) for _ in range(2000)], 1
    )
    drawn = [evaluated(metric, targets, one, "binary", weights[groups] * 1.0) for one in (first, second)]
    assert np.sqrt(ours) == pytest.approx(np.std(drawn[0] - drawn[1]), rel=0.08)


def test_the_names_are_the_evaluations():
    assert influence.CLASSIFICATION == CLASSIFICATION and influence.REGRESSION == REGRESSION
    assert set(statistics.OVERALL) == influence.OVERALL
