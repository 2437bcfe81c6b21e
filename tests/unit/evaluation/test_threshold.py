import logging

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from motifloom.errors import UserError
from motifloom.evaluation.threshold import (
    best_threshold,
    choose_thresholds,
    threshold_values,
    write_thresholds,
)
from motifloom.io import read_table

RULES = {
    "f1": sk.f1_score,
    "mcc": sk.matthews_corrcoef,
    "youden": lambda y, called: sk.recall_score(y, called) + sk.recall_score(y, called, pos_label=0) - 1,
}
BINARY = "binary", ["free", "bound"]


def table(targets, scores, part="validation"):
    targets, scores = (np.reshape(values, (len(targets), -1)) for values in (targets, scores))
    names = ["bound"] if targets.shape[1] == 1 else ["a", "b"]
    return pd.DataFrame(
        {"id": [f"{part}:{i}" for i in range(len(targets))], "part": part}
        | {f"target.{name}": targets[:, i] for i, name in enumerate(names)}
        | {f"score.{name}": scores[:, i] for i, name in enumerate(names)}
    )


@pytest.mark.parametrize("rule", RULES)
@settings(max_examples=100, deadline=None)
@given(rows=st.lists(st.tuples(st.booleans(), st.integers(0, 8)), min_size=2, max_size=30))
def test_no_threshold_is_better(rule, rows):
    labels, scores = (np.array(column) for column in zip(*rows, strict=True))
    if labels.all() or not labels.any() or not np.ptp(scores):
        return
    scores = scores / 9
    threshold, value = best_threshold(labels, scores, rule)
    assert value == pytest.approx(RULES[rule](labels, scores >= threshold))
    assert value == pytest.approx(max(RULES[rule](labels, scores >= s) for s in np.unique(scores)))


@pytest.mark.parametrize("rule", RULES)
def test_it_stands_half_way_between_the_classes(rule):
    labels, scores = np.array([True, True, False, False]), np.array([0.9, 0.8, 0.4, 0.1])
    threshold, value = best_threshold(labels, scores, rule)
    assert (threshold, value) == (pytest.approx(0.6), 1)


def test_of_equally_good_ones_that_closest_to_a_half_then_the_lower():
    # Youden's index is 1/2 where one positive is called, and where all positives and one negative are.
    labels = np.array([True, False, True, False])
    assert best_threshold(labels, np.array([0.9, 0.6, 0.4, 0.1]), "youden") == (pytest.approx(0.25), 0.5)
    assert best_threshold(labels, np.array([0.8, 0.4, 0.3, 0.1]), "youden") == (pytest.approx(0.6), 0.5)


def test_where_all_are_called_it_is_the_lowest_score():
    labels, scores = np.array([False, True, True, True]), np.array([0.9, 0.8, 0.7, 0.6])
    assert best_threshold(labels, scores, "f1")[0] == 0.6


def test_neighbours_with_nothing_between_them():
    low, high = 0.3, np.nextafter(0.3, 1)
    threshold, _ = best_threshold(np.array([False, True]), np.array([low, high]), "mcc")
    assert threshold == high


def test_only_validation_decides():
    validation, test = table([1, 1, 0, 0.0], [0.4, 0.3, 0.2, 0.1]), table([0, 1.0], [0.9, 0.05], "test")
    one = choose_thresholds(pd.concat([validation, test]), *BINARY, "f1")
    other = choose_thresholds(pd.concat([validation, test.assign(**{"score.bound": 0.7})]), *BINARY, "f1")
    pd.testing.assert_frame_equal(one, other)
    assert one.to_dict("records") == [
        {"target": "all", "rule": "f1", "threshold": 0.25, "value": 1.0, "n": 4, "reason": ""}
    ]


def test_every_label_has_its_own():
    targets = np.array([[1, 1], [1, np.nan], [0, 0], [0, 0.0]])
    scores = np.array([[0.4, 0.9], [0.3, 0.1], [0.2, 0.7], [0.1, 0.2]])
    found = choose_thresholds(table(targets, scores), "multilabel", ["a", "b"], "youden")
    assert found["target"].tolist() == ["a", "b"] and found["n"].tolist() == [4, 3]
    np.testing.assert_allclose(threshold_values(found, "multilabel", ["a", "b"]), [0.25, 0.8])


@pytest.mark.parametrize(
    ("predictions", "reason"),
    [
        (table([1, 0.0], [0.9, 0.1], "test"), "no examples in part validation"),
        (table([1, 1.0], [0.9, 0.1]), "one class only in part validation"),
        (table([1, 0.0], [0.3, 0.3]), "all scores in part validation are equal"),
        (table([1, 0.0], [np.nan, 0.3]), "a score in part validation is not a finite number"),
    ],
)
def test_where_nothing_can_be_chosen_it_is_a_half(predictions, reason, caplog):
    with caplog.at_level(logging.WARNING):
        found = choose_thresholds(predictions, *BINARY, "mcc")
    assert found[["threshold", "reason"]].values.tolist() == [[0.5, reason]]
    assert np.isnan(found["value"][0]) and reason in caplog.text


def test_a_given_one_is_taken_as_it_is():
    found = choose_thresholds(table([1, 0.0], [0.9, 0.1]), *BINARY, 0.3)
    assert found[["rule", "threshold", "reason"]].values.tolist() == [["0.3", 0.3, ""]]


@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_other_tasks_have_none(task):
    found = choose_thresholds(table(np.eye(2), np.eye(2)), task, ["a", "b"], "f1")
    assert len(found) == 0 and len(threshold_values(found, task, ["a", "b"])) == 0


def test_what_is_written_calls_the_same(tmp_path):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 300) * 1.0
    predictions = table(y, np.round(1 - 1e-6 * rng.random(300) * (2 - y), 9))
    found = choose_thresholds(predictions, *BINARY, "f1")
    write_thresholds(found, tmp_path / "threshold.tsv")
    again = threshold_values(read_table(tmp_path / "threshold.tsv"), *BINARY)
    assert again[0] == found["threshold"][0]
    called = predictions["score.bound"] >= again[0]
    assert sk.f1_score(y, called) == pytest.approx(found["value"][0]) and 0 < called.mean() < 1


def test_a_missing_target_is_named():
    found = choose_thresholds(table([1, 0.0], [0.9, 0.1]), *BINARY)
    with pytest.raises(UserError, match="no target b; the table has all"):
        threshold_values(found, "multilabel", ["b"])
