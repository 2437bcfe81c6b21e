from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from motifloom.errors import UserError
from motifloom.evaluation.compare import (
    comparison_table,
    difference_table,
    mean_table,
    paired_difference,
    run_distributions,
)
from motifloom.evaluation.metrics import evaluate_predictions
from motifloom.randomness import generator

CLASSES = ["free", "bound"]


def predictions(noise, seed=1, n=150, part="test"):
    y = np.arange(n) % 3 == 0
    score = 1 / (1 + np.exp(-(2 * y - 1 + noise * np.random.default_rng(seed).normal(size=n))))
    return pd.DataFrame(
        {
            "id": [f"peaks:{i:04d}" for i in range(n)],
            "part": part,
            "target.bound": y * 1.0,
            "score.bound": score,
        }
    )


def differences(entries, tasks, classes, **options):
    return difference_table(run_distributions(entries, tasks, classes, **options), tasks)


def auroc(table):
    return roc_auc_score(table["target.bound"], table["score.bound"])


def test_comparison_table_puts_the_model_before_its_metrics():
    metrics = evaluate_predictions(predictions(1), "binary", CLASSES, bootstrap=20, seed=1)
    entries = [("reb1", "deep", "cnn", "yeast", 1, metrics), ("yeast.gc", "gc", "gc", "yeast", 1, metrics)]
    found = comparison_table(entries)
    assert ",".join(found) == "experiment,model,kind,dataset,seed,part,target,metric,value,ci_low,ci_high,n"
    assert len(found) == 2 * len(metrics)
    assert found["kind"].tolist() == ["cnn"] * len(metrics) + ["gc"] * len(metrics)
    np.testing.assert_array_equal(found["value"][: len(metrics)], metrics["value"])
    assert list(comparison_table([])) == list(found)


def test_paired_difference_is_that_of_a_naive_loop():
    a, b = predictions(1, 1), predictions(2, 2)
    found = paired_difference(a, b, "binary", CLASSES, bootstrap=100, seed=4).set_index("metric").loc["auroc"]
    drawn = generator(4, "bootstrap").integers(0, 150, (150, 100)).T
    differences = np.array([auroc(a.iloc[rows]) - auroc(b.iloc[rows]) for rows in drawn])
    assert found["difference"] == pytest.approx(auroc(a) - auroc(b), abs=1e-12)
    np.testing.assert_allclose(
        found[["ci_low", "ci_high"]].to_numpy(float), np.quantile(differences, [0.025, 0.975]), atol=1e-12
    )
    assert found["p_value"] == min(2 * (1 + min((differences <= 0).sum(), (differences >= 0).sum())) / 101, 1)
    assert found["n"] == 150


def test_order_of_rows_does_not_matter():
    a, b = predictions(1, 1), predictions(2, 2)
    first = paired_difference(a, b, "binary", CLASSES, bootstrap=50, seed=4)
    second = paired_difference(a.sample(frac=1, random_state=1), b, "binary", CLASSES, bootstrap=50, seed=4)
    pd.testing.assert_frame_equal(first, second)


def test_single_runs_are_evaluated_on_the_same_resamples():
    """Against a run that ranks all right in every resample, the difference is the run's own interval."""
    table = predictions(1).sample(frac=1, random_state=2)
    right = table.assign(**{"score.bound": table["target.bound"]})
    groups = pd.Series(np.arange(150) // 5, index=sorted(table["id"]))
    alone, found = (
        f("binary", CLASSES, bootstrap=50, seed=4, groups=groups).set_index("metric").loc["auroc"]
        for f in (partial(evaluate_predictions, table), partial(paired_difference, table, right))
    )
    ends = alone[["ci_low", "ci_high"]].to_numpy(float)
    np.testing.assert_allclose(found[["ci_low", "ci_high"]].to_numpy(float), ends - 1, atol=1e-12)


def test_equal_predictions_do_not_differ():
    found = paired_difference(predictions(1), predictions(1), "binary", CLASSES, bootstrap=50, seed=4)
    assert (found[["difference", "ci_low", "ci_high"]] == 0).all(axis=None)
    assert (found["p_value"] == 1).all()


def test_pairing_narrows_the_interval():
    a = predictions(1, 1)
    b = a.assign(**{"score.bound": a["score.bound"] * 0.9 + 0.1 * predictions(1, 9)["score.bound"]})
    paired = (
        paired_difference(a, b, "binary", CLASSES, bootstrap=300, seed=4).set_index("metric").loc["auroc"]
    )
    alone = evaluate_predictions(a, "binary", CLASSES, bootstrap=300, seed=4).set_index("metric").loc["auroc"]
    assert paired["ci_high"] - paired["ci_low"] < 0.5 * (alone["ci_high"] - alone["ci_low"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.iloc[1:], "different examples in part test"),
        (lambda table: table.assign(id="other:" + table["id"]), "different examples in part test"),
        (lambda table: table.assign(**{"target.bound": 1.0}), "different targets in part test"),
    ],
)
def test_other_examples_are_not_compared(change, message):
    with pytest.raises(UserError, match=message):
        paired_difference(predictions(1), change(predictions(1)), "binary", CLASSES, bootstrap=10, seed=1)


def test_difference_table_compares_pairs_within_a_dataset():
    a, b, c = predictions(1, 1), predictions(2, 2), predictions(3, 3)
    entries = [
        ("a", "deep", "cnn", "yeast", 1, a),
        ("b", "deep", "cnn", "yeast", 1, b),
        ("x", "deep", "cnn", "human", 1, c),
        ("c", "gc", "gc", "yeast", 1, c),
        ("folded", "deep", "cnn", "yeast", 1, c.iloc[:50]),
    ]
    tasks, classes = dict.fromkeys(["yeast", "human"], "binary"), dict.fromkeys(["yeast", "human"], CLASSES)
    found = differences(entries, tasks, classes, bootstrap=60, seed=4)
    assert list(zip(found["experiment_a"], found["experiment_b"], strict=True)) == [
        ("a", "b"),
        ("a", "c"),
        ("b", "c"),
    ]
    expected = (
        paired_difference(a, b, "binary", CLASSES, bootstrap=60, seed=4).set_index("metric").loc["auroc"]
    )
    names = ["difference", "ci_low", "ci_high", "p_value", "n"]
    np.testing.assert_allclose(
        found.loc[0, names].to_numpy(float), expected[names].to_numpy(float), atol=1e-12
    )
    assert found.loc[0, ["dataset", "part", "target", "metric"]].tolist() == ["yeast", "test", "all", "auroc"]


def test_seeds_of_an_experiment_are_averaged():
    a, b, c = predictions(1, 1), predictions(2, 2), predictions(3, 3)
    entries = [
        ("a", "m", "cnn", "yeast", 1, a),
        ("a", "m", "cnn", "yeast", 2, b),
        ("c", "m", "cnn", "yeast", 1, c),
    ]
    found = differences(entries, {"yeast": "binary"}, {"yeast": CLASSES}, bootstrap=20, seed=4)
    assert found["difference"].tolist() == pytest.approx([(auroc(a) + auroc(b)) / 2 - auroc(c)])


def test_groups_of_a_dataset_are_used():
    a, b = predictions(1, 1), predictions(2, 2)
    entries = [("a", "m", "cnn", "yeast", 1, a), ("b", "m", "cnn", "yeast", 1, b)]
    groups = {"yeast": pd.Series(np.arange(150) // 50, index=a["id"])}
    arguments = (entries, {"yeast": "binary"}, {"yeast": CLASSES})
    plain = differences(*arguments, bootstrap=50, seed=4)
    grouped = differences(*arguments, bootstrap=50, seed=4, groups=groups)
    assert plain["difference"][0] == grouped["difference"][0]
    assert plain["ci_low"][0] != grouped["ci_low"][0]


def test_nothing_to_compare_is_an_empty_table():
    found = differences([], {}, {}, seed=1)
    assert len(found) == 0 and "p_value" in found
    assert len(mean_table({}, {})) == 0


def test_means_over_seeds_are_those_of_a_naive_loop():
    a, b = predictions(1, 1), predictions(2, 2)
    entries = [("a", "m", "cnn", "yeast", 1, a), ("a", "m", "cnn", "yeast", 2, b)]
    found = mean_table(
        run_distributions(entries, {"yeast": "binary"}, {"yeast": CLASSES}, bootstrap=50, seed=4),
        {"yeast": "binary"},
    )
    row = found.set_index("metric").loc["auroc"]
    drawn = generator(4, "bootstrap").integers(0, 150, (150, 50)).T
    means = [(auroc(a.iloc[rows]) + auroc(b.iloc[rows])) / 2 for rows in drawn]
    assert row["value"] == pytest.approx((auroc(a) + auroc(b)) / 2)
    assert [row["ci_low"], row["ci_high"]] == pytest.approx(np.quantile(means, [0.025, 0.975]).tolist())
    assert row[["n", "seeds"]].tolist() == [150, 2]
    assert row["sd"] == pytest.approx(abs(auroc(a) - auroc(b)) / np.sqrt(2))


def test_one_seed_has_no_spread_and_single_classes_no_areas():
    entries = [("a", "m", "cnn", "yeast", 1, predictions(1).assign(**{"target.bound": 1.0}))]
    tasks, classes = {"yeast": "binary"}, {"yeast": CLASSES}
    found = mean_table(run_distributions(entries, tasks, classes, bootstrap=10, seed=4), tasks)
    assert found["metric"].tolist() == ["log_loss", "brier", "ece"]
    assert found["sd"].isna().all() and (found["seeds"] == 1).all()


def test_each_of_a_pair_is_called_at_its_own_threshold():
    table = predictions(1)
    found = paired_difference(
        table, table, "binary", CLASSES, bootstrap=10, seed=4, thresholds=(0.5, 1e-9)
    ).set_index("metric")["difference"]
    # At the second threshold all are called.
    assert found["recall"] < 0 < found["specificity"]
    assert found["auroc"] == 0
