import logging

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import average_precision_score, roc_auc_score

from motifloom.filters.importance import (
    COLUMNS,
    GROUP_COLUMNS,
    ITERATIONS,
    Measure,
    filter_importance,
    group_importance,
    join,
    rank,
    redundant_groups,
)
from motifloom.io import read_table, write_table

N = 60
FILTERS = ["conv_000", "conv_001", "conv_002"]


def binary_examples(seed=0, n=N, skill=2.0):
    """Return targets (n, 1), and loss (n,) and scores (n, 1) of a model with some skill."""
    rng = np.random.default_rng(seed)
    targets = (np.arange(n)[:, None] % 2).astype(float)
    return targets, outcome(rng.normal(size=(n, 1)) + skill * (targets - 0.5), targets)


def outcome(logits, targets):
    scores = 1 / (1 + np.exp(-logits))
    loss = -np.log(np.where(targets > 0.5, scores, 1 - scores))
    return loss[..., 0].astype(np.float32), scores.astype(np.float32)


def changed(baseline, targets, seed=1, iterations=4, noise=0.8):
    """Return what noise makes of the scores of a model."""
    rng = np.random.default_rng(seed)
    logits = np.log(baseline[1] / (1 - baseline[1]))
    return outcome(logits + rng.normal(0, noise, (iterations, *logits.shape)), targets)


class Changes:
    """Changes as motifloom.models.perturb gives them, made up: a filter's noise grows with its number."""

    def __init__(self, baseline, targets):
        self.baseline, self.targets = baseline, targets

    def shuffle(self, units, *, iterations, seed):
        for names in units:
            noise = 0.4 * sum(int(name[-3:]) for name in names)
            yield changed(self.baseline, self.targets, seed + 10 * int(names[0][-3:]), iterations, noise)

    def knockout(self, units):
        return self.shuffle(units, iterations=1, seed=5)


# --- one filter ------------------------------------------------------------------------------------------


def test_importance_by_hand():
    targets, baseline = binary_examples()
    after = changed(baseline, targets)
    measure = Measure(baseline, targets, "binary", metrics=["auroc", "auprc", "accuracy", "log_loss"])
    rows, values = measure.compare(after)
    table = pd.DataFrame(rows).set_index("metric")
    assert list(table.index) == measure.metrics == ["loss", "auroc", "auprc", "accuracy", "log_loss"]
    y = targets[:, 0]
    functions = {
        "loss": lambda loss, _: loss.astype(float).mean(),
        "auroc": lambda _, p: roc_auc_score(y, p),
        "auprc": lambda _, p: average_precision_score(y, p),
        "accuracy": lambda _, p: np.mean((p >= 0.5) == y),
        "log_loss": lambda loss, _: loss.mean(),
    }
    for metric, function in functions.items():
        before = function(baseline[0], baseline[1][:, 0])
        each = [function(loss, p[:, 0]) for loss, p in zip(*after, strict=True)]
        sign = 1 if metric in ("loss", "log_loss") else -1
        assert table.loc[metric, "baseline"] == pytest.approx(before, rel=1e-5)
        assert table.loc[metric, "importance"] == pytest.approx(sign * (np.mean(each) - before), abs=1e-6)
        np.testing.assert_allclose(values[measure.metrics.index(metric)], each, rtol=1e-5)
    assert (table["n"] == N).all() and (table["iterations"] == 4).all()
    assert ((table["ci_low"] < table["importance"]) & (table["importance"] < table["ci_high"])).all()


def test_the_interval_of_a_single_change_is_that_of_the_paired_t_test():
    targets, baseline = binary_examples()
    after = changed(baseline, targets, iterations=1)
    for confidence in (0.8, 0.95):
        row = Measure(baseline, targets, "binary", metrics=[], confidence=confidence).compare(after)[0][0]
        expected = stats.ttest_rel(after[0][0].astype(float), baseline[0]).confidence_interval(confidence)
        assert (row["ci_low"], row["ci_high"]) == pytest.approx(tuple(expected), rel=1e-5)


def test_iterations_widen_the_interval():
    targets, baseline = binary_examples()
    loss, scores = changed(baseline, targets, iterations=5)
    difference = loss.astype(float) - baseline[0]
    row = Measure(baseline, targets, "binary", metrics=[]).compare((loss, scores))[0][0]
    parts = difference.mean(axis=0).var(ddof=1) / N, difference.mean(axis=1).var(ddof=1) / 5
    freedom = sum(parts) ** 2 / (parts[0] ** 2 / (N - 1) + parts[1] ** 2 / 4)
    half = stats.t.ppf(0.975, freedom) * np.sqrt(sum(parts))
    assert row["ci_high"] - row["importance"] == pytest.approx(half, rel=1e-6)
    assert row["importance"] - row["ci_low"] == pytest.approx(half, rel=1e-6)


def test_examples_of_a_group_count_as_one():
    targets, baseline = binary_examples()
    after = changed(baseline, targets, iterations=1)
    twice = [np.repeat(array, 2, axis=0) for array in (targets, *baseline)]
    doubled = tuple(np.repeat(array, 2, axis=1) for array in after)
    names = np.repeat([f"locus {i}" for i in range(N)], 2)
    alone = Measure(baseline, targets, "binary").compare(after)[0]
    grouped = Measure(tuple(twice[1:]), twice[0], "binary", groups=names).compare(doubled)[0]
    for a, b in zip(alone, grouped, strict=True):
        for key in ("importance", "ci_low", "ci_high"):
            assert b[key] == pytest.approx(a[key], abs=1e-9)
        assert b["n"] == 2 * N
    row = Measure(baseline, targets, "binary", groups=np.zeros(N)).compare(after)[0][0]
    assert (
        np.isnan(row["ci_low"]) and np.isnan(row["ci_high"]) and row["importance"] == alone[0]["importance"]
    )


@pytest.mark.parametrize("iterations", [1, 4, 5])
def test_the_median_is_that_of_the_iterations(iterations):
    targets, baseline = binary_examples()
    after = changed(baseline, targets, iterations=iterations)
    row = Measure(baseline, targets, "binary", metrics=[], method="median").compare(after)[0][0]
    each = after[0].astype(float).mean(axis=1) - baseline[0].astype(float).mean()
    assert row["importance"] == pytest.approx(np.median(each), abs=1e-9)
    middle = np.argsort(each)[(iterations - 1) // 2 : iterations // 2 + 1]
    influence = (after[0][middle].astype(float) - baseline[0]).mean(axis=0)
    spread = np.pi / 2 * each.var(ddof=1) / iterations if iterations > 1 else 0
    half = (row["ci_high"] - row["ci_low"]) / 2
    assert half > stats.norm.ppf(0.975) * np.sqrt(influence.var(ddof=1) / N + spread)


def test_no_change_is_no_importance():
    targets, baseline = binary_examples()
    same = tuple(array[None].repeat(3, axis=0) for array in baseline)
    for row in Measure(baseline, targets, "binary").compare(same)[0]:
        assert row["importance"] == row["ci_low"] == row["ci_high"] == 0


def test_regression_and_classes():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(N, 2))
    scores = (values + rng.normal(0, 0.3, values.shape)).astype(np.float32)
    loss = ((scores - values) ** 2).mean(axis=1)
    worse = scores[None] + rng.normal(0, 1, (3, *scores.shape))
    measure = Measure(
        (loss, scores), values, "regression", metrics=["pearson", "spearman", "r2", "mse", "mae"]
    )
    rows, _ = measure.compare((((worse - values) ** 2).mean(axis=2), worse))
    assert [row["metric"] for row in rows] == ["loss", "pearson", "spearman", "r2", "mse", "mae"]
    assert all(row["ci_low"] > 0 for row in rows)
    assert rows[0]["importance"] == pytest.approx(rows[4]["importance"], rel=1e-5)
    classes = np.eye(3)[rng.integers(0, 3, N)]
    scores = np.exp(rng.normal(size=(N, 3)) + 2 * classes)
    scores /= scores.sum(axis=1, keepdims=True)
    worse = rng.dirichlet(np.ones(3), (3, N))
    losses = [-np.log((s * classes).sum(axis=-1)) for s in (scores, worse)]
    measure = Measure((losses[0], scores), classes, "multiclass", metrics=["accuracy", "auroc"])
    rows, values = measure.compare((losses[1], worse))
    assert measure.baseline["accuracy"] == np.mean(scores.argmax(axis=1) == classes.argmax(axis=1))
    expected = np.mean([roc_auc_score(classes[:, j], scores[:, j]) for j in range(3)])
    assert measure.baseline["auroc"] == pytest.approx(expected)
    assert values.shape == (3, 3) and all(row["ci_low"] > 0 for row in rows)


def test_what_is_not_defined_stays_empty(caplog):
    targets, baseline = binary_examples()
    ones = np.ones_like(targets)
    with caplog.at_level(logging.WARNING):
        measure = Measure(baseline, ones, "binary", metrics=["auroc", "accuracy"])
    assert "auroc of the model: nan, not better than chance on 60 examples" in caplog.text
    rows = {row["metric"]: row for row in measure.compare(changed(baseline, ones))[0]}
    assert np.isnan([rows["auroc"][key] for key in ("importance", "ci_low", "ci_high", "baseline")]).all()
    assert np.isfinite(rows["accuracy"]["importance"])
    assert all(not row["ci_low"] > 0 for row in rows.values())
    loss, scores = changed(baseline, targets)
    loss[1, 2] = scores[1, 2] = np.nan
    for row in Measure(baseline, targets, "binary").compare((loss, scores))[0]:
        assert np.isnan([row["importance"], row["ci_low"], row["ci_high"]]).all()


def test_unknown_words_are_errors():
    targets, baseline = binary_examples()
    with pytest.raises(ValueError, match="pearson"):
        Measure(baseline, targets, "binary", metrics=["pearson"])
    with pytest.raises(ValueError, match="mode"):
        Measure(baseline, targets, "binary", method="mode")


# --- chance ----------------------------------------------------------------------------------------------


def simulated(seed, signal, n=150, filters=20):
    """Return how often the intervals of some filters lie above 0, by metric (shuffled, knocked out).

    The model adds up its filters, which hear noise and, the first of them, the label; to shuffle is to draw
    the contribution anew, to knock out is to take it away with its mean.
    """
    rng = np.random.default_rng(seed)
    targets = rng.integers(0, 2, (n, 1)).astype(float)
    parts = rng.normal(0, 0.4, (filters, n, 1)) + rng.normal(0, 0.3, (filters, 1, 1))
    parts[0] += signal * targets
    logits = parts.sum(axis=0) - parts.sum(axis=0).mean()
    measure = Measure(outcome(logits, targets), targets, "binary", metrics=["auroc", "accuracy"])
    above = []
    for part in parts:
        shuffled = logits - part + rng.permuted(np.repeat(part[None], 5, axis=0), axis=1)
        for after in (shuffled, (logits - part)[None]):
            above.append([row["ci_low"] > 0 for row in measure.compare(outcome(after, targets))[0]])
    return np.array(above).reshape(filters, 2, 3)


def test_labels_without_meaning_make_no_filter_important(caplog):
    caplog.set_level(logging.ERROR)
    fractions = np.array([simulated(seed, signal=0).mean(axis=0) for seed in range(30)])
    assert fractions.mean() < 0.01
    assert ((fractions > 0.05).any(axis=(1, 2))).sum() <= 3  # 2.5 % of 30 data sets is 1


def test_a_filter_that_hears_the_label_is_found():
    above = np.array([simulated(seed, signal=2.0) for seed in range(10)])
    assert above[:, 0, :, :2].all()
    assert above[:, 1:, :, 1].mean() < 0.05


# --- tables ----------------------------------------------------------------------------------------------


@pytest.fixture
def made():
    targets, baseline = binary_examples()
    return Changes(baseline, targets), Measure(baseline, targets, "binary")


def test_tables_of_filters(made, tmp_path):
    table, iterations = filter_importance(*[made[0], FILTERS, made[1]], iterations=4, seed=2)
    assert list(table) == COLUMNS[:-1] and list(iterations) == ITERATIONS
    assert len(table) == 3 * 2 * 3 and len(iterations) == 3 * 3 * (4 + 1)
    assert list(table["filter"].unique()) == FILTERS
    assert list(table["perturbation"][:6]) == ["shuffle"] * 3 + ["knockout"] * 3
    assert list(table["metric"][:3]) == ["loss", "auroc", "auprc"]
    assert (table["iterations"] == np.where(table["perturbation"] == "shuffle", 4, 1)).all()
    means = iterations.groupby(["filter", "perturbation", "metric"])["value"].mean()
    for row in table.itertuples():
        sign = 1 if row.metric == "loss" else -1
        mean = means[row.filter, row.perturbation, row.metric]
        assert row.importance == pytest.approx(sign * (mean - row.baseline), abs=1e-9)
    ranked = join([table], FILTERS)
    assert list(ranked) == COLUMNS
    first = ranked[(ranked["rank"] == 1) & (ranked["metric"] == "loss")]
    assert list(first["filter"]) == ["conv_002", "conv_002"]
    write_table(ranked, tmp_path / "importance.tsv")
    assert read_table(tmp_path / "importance.tsv")["rank"].tolist() == ranked["rank"].tolist()


def test_jobs_of_their_own_give_the_same_tables(made):
    whole = filter_importance(made[0], FILTERS, made[1], iterations=4, seed=2)
    parts = [
        filter_importance(made[0], part, made[1], iterations=4, seed=2) for part in (FILTERS[2:], FILTERS[:2])
    ]
    for both, pieces in zip(whole, zip(*parts, strict=True), strict=True):
        pd.testing.assert_frame_equal(join(pieces, FILTERS), join([both], FILTERS))


def test_groups_of_filters(made, tmp_path):
    groups = {7: ["conv_001", "conv_002"], 3: ["conv_000", "conv_001"]}
    table = group_importance(made[0], groups, made[1])
    assert list(table) == GROUP_COLUMNS
    assert list(table["filters"].unique()) == ["conv_001,conv_002", "conv_000,conv_001"]
    assert table.loc[table["metric"] == "loss", "rank"].tolist() == [1, 1, 2, 2]
    assert (table.loc[table["perturbation"] == "shuffle", "iterations"] == 10).all()
    parts = [group_importance(made[0], part, made[1]) for part in ({}, {7: groups[7]}, {3: groups[3]})]
    assert list(parts[0]) == GROUP_COLUMNS and parts[0].empty
    for number, part in enumerate(parts):
        write_table(part, tmp_path / f"{number}.tsv")
    joined = join([read_table(tmp_path / f"{number}.tsv") for number in range(3)])
    assert list(joined["group"]) == [3] * 6 + [7] * 6
    expected = table.iloc[[*range(6, 12), *range(6)]].reset_index(drop=True)
    pd.testing.assert_frame_equal(joined, expected, check_dtype=False, rtol=1e-5)
    assert joined["ci_low"].dtype == float
    nothing = join([read_table(tmp_path / "0.tsv")] * 2)
    assert list(nothing) == GROUP_COLUMNS and nothing.empty


def test_no_filters_no_rows(made):
    table, iterations = filter_importance(made[0], [], made[1])
    assert list(join([table], [])) == COLUMNS and list(iterations) == ITERATIONS


def test_ranks():
    table = pd.DataFrame({"perturbation": "shuffle", "metric": ["loss"] * 5 + ["auroc"]})
    table["importance"] = [0.1, 0.5, np.nan, 0.1, -1, 3]
    assert rank(table)["rank"].tolist() == [2, 1, pd.NA, 2, 4, 1]


def test_groups_of_redundant_filters():
    table = pd.DataFrame({"filter": list("abcdef"), "redundancy_group": [2, 1, 2, np.nan, 3, 1]})
    assert redundant_groups(table) == {1: ["b", "f"], 2: ["a", "c"]}


def test_a_prediction_that_becomes_constant_has_lost_its_correlation():
    rng = np.random.default_rng(0)
    targets = rng.normal(size=(60, 2))
    scores = targets + rng.normal(size=(60, 2)) * [0.5, 3.0]
    measure = Measure((np.zeros(60), scores), targets, "regression", metrics=["pearson", "spearman"])
    changed = scores.copy()
    changed[:, 1] = 0.0
    rows, _ = measure.compare((np.zeros((1, 60)), changed[None]))
    expected = np.corrcoef(targets[:, 1], scores[:, 1])[0, 1] / 2
    assert rows[1]["importance"] == pytest.approx(expected) and rows[1]["ci_low"] > -1
    assert rows[2]["importance"] > 0
