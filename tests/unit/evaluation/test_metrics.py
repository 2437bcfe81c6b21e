import logging

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from motifloom.errors import UserError
from motifloom.evaluation.metrics import COLUMNS, evaluate_predictions, nest_metrics, part_order
from motifloom.randomness import generator


def table(targets, scores, names, part="test"):
    targets, scores = np.reshape(targets, (len(targets), -1)), np.reshape(scores, (len(scores), -1))
    return pd.DataFrame(
        {"id": [f"peaks:{i + 1}" for i in range(len(targets))], "part": part}
        | {f"target.{name}": targets[:, i] for i, name in enumerate(names)}
        | {f"score.{name}": scores[:, i] for i, name in enumerate(names)}
    )


def random_binary(n=200, seed=0, part="test"):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.4).astype(float)
    return table(y, 1 / (1 + np.exp(-rng.normal(size=n) - y)), ["bound"], part)


def lookup(metrics, target, metric, part="test"):
    rows = metrics[(metrics["part"] == part) & (metrics["target"] == target) & (metrics["metric"] == metric)]
    assert len(rows) == 1
    return rows.iloc[0]


def test_binary_table():
    predictions = random_binary()
    found = evaluate_predictions(predictions, "binary", ["free", "bound"], bootstrap=200, seed=1)
    assert list(found) == COLUMNS
    assert found["target"].unique().tolist() == ["all"]
    row = lookup(found, "all", "auroc")
    assert row["value"] == pytest.approx(
        roc_auc_score(predictions["target.bound"], predictions["score.bound"])
    )
    assert row["ci_low"] < row["value"] < row["ci_high"]
    assert row["n"] == 200
    assert row["prevalence"] == predictions["target.bound"].mean()


def test_intervals_are_those_of_a_naive_loop_over_the_same_draws():
    predictions = random_binary(80).sort_values("id", ignore_index=True)
    y, p = predictions["target.bound"].to_numpy(), predictions["score.bound"].to_numpy()
    found = evaluate_predictions(predictions, "binary", ["free", "bound"], bootstrap=200, seed=1)
    drawn = generator(1, "bootstrap").integers(0, 80, (80, 200))
    for metric, score in (("auroc", roc_auc_score), ("auprc", average_precision_score)):
        low, high = np.quantile([score(y[rows], p[rows]) for rows in drawn.T], [0.025, 0.975])
        row = lookup(found, "all", metric)
        assert (row["ci_low"], row["ci_high"]) == pytest.approx((low, high), abs=1e-12)


def test_same_seed_same_table_and_row_order_of_parts():
    predictions = pd.concat(
        [random_binary(60, 1, "extra"), random_binary(60, 2), random_binary(60, 3, "train")]
    )
    first, second = (
        evaluate_predictions(predictions, "binary", ["free", "bound"], bootstrap=100, seed=5)
        for _ in range(2)
    )
    pd.testing.assert_frame_equal(first, second)
    assert first["part"].unique().tolist() == ["train", "test", "extra"]
    other = evaluate_predictions(predictions, "binary", ["free", "bound"], bootstrap=100, seed=6)
    assert (first["value"] == other["value"]).all() and (first["ci_low"] != other["ci_low"]).any()


def test_multiclass_targets():
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 3, 90)
    scores = rng.dirichlet(np.ones(3), 90)
    names = ["a", "b", "c"]
    found = evaluate_predictions(
        table(np.eye(3)[truth], scores, names), "multiclass", names, bootstrap=50, seed=1
    )
    assert found["target"].unique().tolist() == ["a", "b", "c", "macro", "weighted", "all"]
    assert found.loc[found["target"] == "all", "metric"].tolist() == [
        "accuracy", "mcc", "log_loss", "brier", "ece",
    ]  # fmt: skip
    assert lookup(found, "macro", "auroc")["value"] == pytest.approx(
        np.mean([lookup(found, name, "auroc")["value"] for name in names])
    )
    assert np.isnan(lookup(found, "all", "accuracy")["prevalence"])


def test_multilabel_with_unknown_targets_counts_what_is_known():
    rng = np.random.default_rng(4)
    targets = rng.integers(0, 2, (40, 2)).astype(float)
    targets[:15, 1] = np.nan
    targets[:5, 0] = np.nan
    found = evaluate_predictions(
        table(targets, rng.random((40, 2)), ["a", "b"]), "multilabel", ["a", "b"], bootstrap=50, seed=1
    )
    assert [lookup(found, target, "auroc")["n"] for target in ("a", "b", "macro")] == [35, 25, 35]
    assert found["target"].unique().tolist() == ["a", "b", "macro", "weighted"]


def test_regression_targets():
    rng = np.random.default_rng(5)
    y = rng.normal(size=(50, 2))
    p = y + rng.normal(size=(50, 2))
    found = evaluate_predictions(table(y, p, ["x", "y"]), "regression", ["x", "y"], bootstrap=50, seed=1)
    assert found["target"].unique().tolist() == ["x", "y", "macro"]
    pearson = [np.corrcoef(y[:, j], p[:, j])[0, 1] for j in range(2)]
    assert [lookup(found, target, "pearson")["value"] for target in ("x", "y", "macro")] == pytest.approx(
        [*pearson, np.mean(pearson)]
    )
    assert found["prevalence"].isna().all()


def test_one_class_is_noted_and_no_failure(caplog):
    predictions = table(np.zeros(10), np.linspace(0, 1, 10), ["bound"], "train")
    with caplog.at_level(logging.WARNING):
        found = evaluate_predictions(predictions, "binary", ["free", "bound"], bootstrap=20, seed=1)
    assert np.isnan(lookup(found, "all", "auroc", "train")["value"])
    assert lookup(found, "all", "accuracy", "train")["value"] == 0.5
    undefined = "auroc, auprc, f1, mcc, precision, recall, aunpvsc"
    assert f"part train, target all: no {undefined} from its 10 examples: no positives" in caplog.text
    assert lookup(found, "all", "auroc", "train")["reason"] == "no positives"
    assert lookup(found, "all", "specificity", "train")[["value", "reason"]].tolist() == [0.5, ""]


@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel", "regression"])
def test_a_single_example_has_values_without_intervals(task):
    names = ["a"] if task == "binary" else ["a", "b"]
    predictions = table(
        np.array([[1.0, 0.0]])[:, : len(names)], np.array([[0.7, 0.3]])[:, : len(names)], names
    )
    classes = ["no", "a"] if task == "binary" else names
    found = evaluate_predictions(predictions, task, classes, bootstrap=20, seed=1)
    metric = "mae" if task == "regression" else "accuracy"
    row = lookup(found, "all" if task == "binary" else "a", metric)
    assert row["value"] == pytest.approx(0.3 if task == "regression" else 1)
    assert np.isnan(row["ci_low"]) and row["n"] == 1


def test_a_constant_prediction_is_chance():
    predictions = table(np.array([0, 1, 1, 0.0]), np.full(4, 0.2), ["bound"])
    found = evaluate_predictions(predictions, "binary", ["free", "bound"], bootstrap=20, seed=1)
    assert lookup(found, "all", "auroc")["value"] == 0.5
    assert lookup(found, "all", "mcc")["value"] == 0


def test_groups_are_resampled_whole():
    predictions = random_binary(100)
    doubled = pd.concat([predictions, predictions.assign(id="copy:" + predictions["id"])], ignore_index=True)
    groups = pd.Series(np.tile(np.arange(100), 2), index=doubled["id"])
    arguments = {"task": "binary", "classes": ["free", "bound"], "bootstrap": 300, "seed": 1}
    once = lookup(evaluate_predictions(predictions, **arguments), "all", "auroc")
    naive = lookup(evaluate_predictions(doubled, **arguments), "all", "auroc")
    grouped = lookup(evaluate_predictions(doubled, groups=groups, **arguments), "all", "auroc")
    # Copies add no information: with their groups, the interval is exactly that of the originals.
    assert (grouped["ci_low"], grouped["ci_high"]) == pytest.approx(
        (once["ci_low"], once["ci_high"]), abs=1e-12
    )
    assert naive["ci_high"] - naive["ci_low"] < 0.85 * (once["ci_high"] - once["ci_low"])


def test_ids_without_a_group_stand_alone():
    predictions = random_binary(60)
    groups = pd.Series(0, index=predictions["id"][:1])
    arguments = {"task": "binary", "classes": ["free", "bound"], "bootstrap": 100, "seed": 1}
    pd.testing.assert_frame_equal(
        evaluate_predictions(predictions, groups=groups, **arguments),
        evaluate_predictions(predictions, **arguments),
    )


def test_no_examples_give_an_empty_table():
    empty = random_binary().iloc[:0]
    assert list(evaluate_predictions(empty, "binary", ["free", "bound"], seed=1)) == COLUMNS


def test_a_missing_column_is_named():
    with pytest.raises(UserError, match=r"no column target\.Bound"):
        evaluate_predictions(random_binary(), "binary", ["free", "Bound"], seed=1)


def test_nested_metrics_hold_the_same_numbers():
    found = evaluate_predictions(random_binary(), "binary", ["free", "bound"], bootstrap=20, seed=1)
    row = lookup(found, "all", "auprc")
    entry = nest_metrics(found)["test"]["all"]["auprc"]
    assert entry == {key: row[key] for key in ("value", "ci_low", "ci_high", "n")}


def test_parts_in_their_order():
    assert part_order(["fold1", "test", "validation", "train", "test"]) == [
        "train", "validation", "test", "fold1",
    ]  # fmt: skip


def test_thresholds_decide_what_is_called():
    predictions = random_binary()
    y, p = predictions["target.bound"], predictions["score.bound"]
    for threshold in (0.5, 0.8):
        found = evaluate_predictions(
            predictions, "binary", ["free", "bound"], bootstrap=10, seed=1, thresholds=[threshold]
        )
        assert lookup(found, "all", "recall")["value"] == pytest.approx((p[y == 1] >= threshold).mean())


def test_a_part_of_one_class_keeps_what_one_class_defines():
    """As an extra set of positives only: recall stands, and what needs negatives says so."""
    predictions = table(np.ones(8), np.linspace(0.1, 0.9, 8), ["bound"])
    found = evaluate_predictions(predictions, "binary", ["free", "bound"], bootstrap=20, seed=1)
    values, reasons = found.set_index("metric")["value"], found.set_index("metric")["reason"]
    assert values["recall"] == values["accuracy"] == 0.5
    empty = ["auroc", "auprc", "mcc", "specificity", "npv", "aunpvsc"]
    assert values[empty].isna().all() and (reasons[empty] == "no negatives").all()
    assert (reasons[values.notna()] == "").all() and set(values.index[values.isna()]) == set(empty)


@pytest.mark.parametrize(
    ("observed", "predicted", "reasons"),
    [
        ([1, 1, 1], [1, 2, 3], {"pearson": "the observed values are all equal", "mape": ""}),
        ([1, 2, 3], [1, 1, 1], {"spearman": "the predictions are all equal", "r2": ""}),
        ([0, 1, 2], [1, 2, 3], {"mape": "an observed value is 0", "pearson": ""}),
        ([1], [2], {"explained_variance": "one example", "mae": ""}),
        ([1, 2], [1, np.inf], {"mae": "a score is not a finite number"}),
        ([np.nan, np.nan], [1, 2], {"mae": "no examples"}),
    ],
)
def test_reasons_of_values(observed, predicted, reasons):
    found = evaluate_predictions(
        table(np.array(observed, float), np.array(predicted, float), ["x"]),
        "regression", ["x"], bootstrap=10, seed=1,
    )  # fmt: skip
    found = found[found["target"] == "x"].set_index("metric")["reason"]
    assert {metric: found[metric] for metric in reasons} == reasons


def test_reasons_of_averages_and_of_all_classes():
    truth = np.zeros(5, int)
    names = ["a", "b"]
    found = evaluate_predictions(
        table(np.eye(2)[truth], np.full((5, 2), 0.5), names), "multiclass", names, bootstrap=10, seed=1
    )
    assert lookup(found, "a", "auroc")["reason"] == "no negatives"
    assert lookup(found, "b", "recall")["reason"] == "no positives"
    assert lookup(found, "macro", "auroc")["reason"] == "not defined for any target"
    assert lookup(found, "macro", "recall")["reason"] == ""
    assert lookup(found, "all", "mcc")["reason"] == "one class only"


@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel", "regression"])
@pytest.mark.parametrize("grouped", [False, True])
def test_examples_without_targets_change_nothing(task, grouped):
    """They are predicted, and not counted, whatever their number, scores and place in the table."""
    rng = np.random.default_rng(8)
    names = ["a"] if task == "binary" else ["a", "b"]
    targets = np.eye(2)[rng.integers(0, 2, 24)][:, : len(names)]
    if task == "multilabel":
        targets[:6, 0] = np.nan  # known of the other label, so it counts
    known = table(targets, rng.dirichlet([1, 1], 24)[:, : len(names)], names)
    unknown = known.assign(id="none:" + known["id"], **{f"target.{name}": np.nan for name in names})
    mixed = pd.concat([unknown, known.iloc[::-1], unknown.assign(id="z:" + unknown["id"])])
    groups = pd.Series(np.arange(len(mixed)) // 5, index=mixed["id"]) if grouped else None
    classes = ["no", "a"] if task == "binary" else names
    arguments = {"task": task, "classes": classes, "bootstrap": 60, "seed": 1, "groups": groups}
    alone, beside = (evaluate_predictions(frame, **arguments) for frame in (known, mixed))
    pd.testing.assert_frame_equal(alone, beside)
    assert alone["ci_low"].notna().any() and set(alone["n"]) <= {18, 24}


def test_a_part_without_any_target_has_a_row_per_metric():
    found = evaluate_predictions(
        random_binary(5).assign(**{"target.bound": np.nan}), "binary", ["free", "bound"], bootstrap=10, seed=1
    )
    assert found["value"].isna().all() and set(found["n"]) == {0} and set(found["reason"]) == {"no examples"}


def test_a_score_that_is_no_number_is_the_reason_for_all_classes():
    names = ["a", "b", "c"]
    targets, scores = np.eye(3)[[0, 1, 2, 0, 1, 2]], np.full((6, 3), 0.3)
    scores[0, 1] = np.nan
    found = evaluate_predictions(table(targets, scores, names), "multiclass", names, bootstrap=10, seed=1)
    overall = found[found["target"] == "all"]
    assert overall["value"].isna().all() and set(overall["reason"]) == {"a score is not a finite number"}
    assert lookup(found, "b", "auroc")["reason"] == "a score is not a finite number"
    assert lookup(found, "a", "auroc")["reason"] == ""
    # That score does not count where its example has no target.
    targets[0] = np.nan
    found = evaluate_predictions(table(targets, scores, names), "multiclass", names, bootstrap=10, seed=1)
    assert found.loc[found["target"] == "all", "value"].notna().all()
