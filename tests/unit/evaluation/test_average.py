import numpy as np
import pandas as pd
import pytest
from scipy.stats import gmean

from motifloom.evaluation.average import average_sets, geometric_mean
from motifloom.evaluation.metrics import COLUMNS, metric_distribution, rows_of

CLASSES = ["free", "bound"]


def predictions(share, n, seed):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < share) * 1.0
    return pd.DataFrame(
        {"id": [f"s:{i}" for i in range(n)], "part": "test", "target.bound": y, "score.bound": rng.random(n)}
    )


SETS = {
    "mixed": predictions(0.5, 60, 1),
    "positives": predictions(1, 30, 2),
    "other": predictions(0.4, 40, 3),
}
SEEDS = {name: number for number, name in enumerate(SETS)}


def averaged(names, **options):
    found = average_sets(
        {name: SETS[name] for name in names}, "binary", CLASSES, bootstrap=50, seeds=SEEDS, **options
    )
    return found.set_index("metric")


def test_it_is_the_geometric_mean_of_values_and_of_resamples():
    found = averaged(["mixed", "other"])
    single = [
        metric_distribution(rows_of(SETS[name], "test"), "binary", CLASSES, bootstrap=50, seed=SEEDS[name])
        for name in ("mixed", "other")
    ]
    for metric in ("accuracy", "auroc", "brier"):
        at = single[0].metrics.index(metric)
        row = found.loc[metric]
        assert row["value"] == pytest.approx(gmean([one.value[0, at] for one in single]))
        drawn = gmean([one.samples[0, at] for one in single])
        assert [row["ci_low"], row["ci_high"]] == pytest.approx(np.quantile(drawn, [0.025, 0.975]).tolist())
    assert found.reset_index()[COLUMNS].shape[1] == len(COLUMNS)
    assert set(found["part"]) == {"sets"} and set(found["n"]) == {100}


def test_sets_of_one_class_leave_what_all_of_them_define():
    found = averaged(["mixed", "positives"])
    assert np.isfinite(found.loc["accuracy", "value"]) and found.loc["accuracy", "reason"] == ""
    assert np.isnan(found.loc["auroc", "value"])
    assert found.loc["auroc", "reason"] == "not defined in set positives"


def test_what_no_set_defines_is_left_out():
    assert "auroc" not in averaged(["positives"]).index


def test_thresholds_are_used():
    assert averaged(["mixed", "other"], thresholds=[0.9]).loc["recall", "value"] < 0.3


@pytest.mark.parametrize(
    ("values", "mean"), [([2, 8], 4), ([0, 5], 0), ([3], 3), ([-1, 4], np.nan), ([np.nan, 4], np.nan)]
)
def test_geometric_means(values, mean):
    assert geometric_mean(values) == pytest.approx(mean, nan_ok=True)


def test_a_negative_value_is_named():
    y = np.array([0, 0, 1, 1.0])
    wrong = pd.DataFrame(
        {"id": list("abcd"), "part": "test", "target.bound": y, "score.bound": np.where(y, 0.1, 0.9)}
    )
    found = average_sets({"wrong": wrong}, "binary", CLASSES, bootstrap=10, seeds={"wrong": 1})
    assert found.set_index("metric").loc["mcc", "reason"] == "negative in set wrong"


def test_whole_groups_of_a_set_are_resampled():
    """Of pairs of equal examples, half as many are drawn as of examples: the interval is wider."""
    pairs = predictions(0.5, 60, 1).loc[lambda table: table.index.repeat(2)].reset_index(drop=True)
    pairs["id"] = [f"s:{i:03d}" for i in range(120)]
    groups = pd.Series(np.arange(120) // 2, index=pairs["id"])
    options = {"bootstrap": 200, "seeds": {"pairs": 3}}
    width = {}
    for name, given in (("grouped", {"pairs": groups}), ("single", None)):
        found = average_sets({"pairs": pairs}, "binary", CLASSES, groups=given, **options)
        row = found.set_index("metric").loc["auroc"]
        width[name] = row["ci_high"] - row["ci_low"]
        expected = metric_distribution(
            rows_of(pairs, "test"), "binary", CLASSES, bootstrap=200, seed=3, groups=given and groups
        )
        samples = expected.samples[0, expected.metrics.index("auroc")]
        bounds = np.quantile(samples, [0.025, 0.975]).tolist()
        assert [row["ci_low"], row["ci_high"]] == pytest.approx(bounds)
    assert width["grouped"] > 1.2 * width["single"]
