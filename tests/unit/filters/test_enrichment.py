"""Tests of filters against targets, compared with SciPy's one at a time and with exact arithmetic."""

from decimal import Decimal, localcontext
from math import comb

import numpy as np
import pandas as pd
import pytest
from scipy.stats import false_discovery_control, fisher_exact, mannwhitneyu, spearmanr

from motifloom.filters import enrichment
from motifloom.filters.bank import FilterBank
from motifloom.filters.enrichment import COLUMNS, enrichment_table, fisher_p_values
from motifloom.filters.scan import count_sequence_hits, score_cutoffs

NAMES = ["a", "b", "c"]


def names_of(maxima):
    return [f"conv_{i:03d}" for i in range(maxima.shape[1])]


def random_maxima(rows=60, filters=7, seed=0):
    """Values with many ties at 0, as after ReLU, and a few below it, as without."""
    rng = np.random.default_rng(seed)
    return np.round(rng.normal(0.3, 1, (rows, filters)), 1).astype(np.float32)


def one_hot(rows=60, seed=1, classes=3):
    return np.eye(classes, dtype=np.float32)[np.random.default_rng(seed).integers(0, classes, rows)]


def cell(table, column, shape):
    return table[column].to_numpy(float).reshape(shape)


def test_mann_whitney_is_scipys():
    maxima, targets = random_maxima(), one_hot()
    maxima[:5, 2] = np.nan
    table = enrichment.mann_whitney(maxima, targets, names_of(maxima), NAMES)
    assert list(table.columns) == COLUMNS
    assert table["filter"].tolist() == [name for name in names_of(maxima) for _ in NAMES]
    for row in table.itertuples():
        f, t = int(row.filter[-3:]), NAMES.index(row.target)
        values = np.maximum(maxima[:, f].astype(float), 0)
        members = targets[:, t] > 0
        inside, outside = values[members & (values == values)], values[~members & (values == values)]
        u, p = mannwhitneyu(inside, outside, method="asymptotic")
        assert (row.n, row.n_target) == (len(inside) + len(outside), len(inside))
        assert row.auc == pytest.approx(u / len(inside) / len(outside), rel=1e-12)
        assert row.p_value == pytest.approx(p, rel=1e-10)
        fold = np.log2((inside.mean() + 1e-6) / (outside.mean() + 1e-6))
        assert row.log2_fold_change == pytest.approx(fold, rel=1e-10)
    np.testing.assert_allclose(table["q_value"], false_discovery_control(table["p_value"]), rtol=1e-12)


def test_mann_whitney_by_hand():
    maxima = np.array([[3], [2], [1], [0], [-5]], np.float32)
    table = enrichment.mann_whitney(maxima, [[1], [1], [0], [0], [0]], ["conv_000"], ["bound"])
    (row,) = table.itertuples()
    assert row.auc == 1
    assert row.log2_fold_change == pytest.approx(np.log2(2.500001 / (1 / 3 + 1e-6)))
    # U = 6, mean 3, variance 6 / 12 * (6 - 6 / 20): two of the three others are 0.
    z = 2.5 / np.sqrt(0.5 * 5.7)
    assert row.p_value == pytest.approx(2 * 0.5 * (1 - _erf(z / np.sqrt(2))))
    assert row.q_value == row.p_value
    assert pd.isna(row.odds_ratio) and pd.isna(row.a)


def _erf(x):
    from math import erf

    return erf(x)


def test_many_filters_in_blocks(monkeypatch):
    maxima, targets = random_maxima(filters=9), one_hot()
    hits = np.random.default_rng(3).integers(0, 3, maxima.shape)
    values = np.random.default_rng(4).normal(size=(60, 2))
    calls = [
        lambda: enrichment.mann_whitney(maxima, targets, names_of(maxima), NAMES),
        lambda: enrichment.fisher(hits, np.full(hits.shape, 20), targets, names_of(maxima), NAMES),
        lambda: enrichment.rank_correlation(maxima, values, names_of(maxima), ["x", "y"]),
    ]
    whole = [call() for call in calls]
    monkeypatch.setattr(enrichment, "BLOCK_FILTERS", 2)
    for one, call in zip(whole, calls, strict=True):
        pd.testing.assert_frame_equal(one, call(), rtol=1e-12)


def test_nothing_to_compare_is_missing_and_not_corrected_for():
    maxima = random_maxima(filters=4)
    maxima[:, 0] = -np.abs(maxima[:, 0])  # never fires
    maxima[:, 1] = 2.5  # fires alike everywhere
    maxima[:, 2] = np.nan  # has no window anywhere
    targets = np.column_stack([one_hot()[:, 0], np.zeros(60), np.ones(60)])
    table = enrichment.mann_whitney(maxima, targets, names_of(maxima), NAMES)
    assert len(table) == 12
    tested = table["p_value"].notna()
    assert table.loc[tested, ["filter", "target"]].to_numpy().tolist() == [["conv_003", "a"]]
    assert table.loc[~tested, [*enrichment.EFFECTS, "q_value"]].isna().all(axis=None)
    assert table.loc[tested, "q_value"].item() == table.loc[tested, "p_value"].item()
    assert table["n"].tolist() == [60] * 6 + [0] * 3 + [60] * 3


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_few_sequences(rows):
    maxima, targets = random_maxima(rows), one_hot(rows)
    table = enrichment.mann_whitney(maxima, targets, names_of(maxima), NAMES)
    hits = (maxima > 0).astype(int)
    table = pd.concat([table, enrichment.fisher(hits, 9, targets, names_of(maxima), NAMES)])
    table = pd.concat([table, enrichment.rank_correlation(maxima, targets, names_of(maxima), NAMES)])
    assert len(table) == 3 * 7 * 3
    assert table["p_value"].isna().all() or rows == 2


def test_rank_correlation_is_scipys():
    maxima = random_maxima(filters=5)
    values = np.round(np.random.default_rng(2).normal(size=(60, 2)) + maxima[:, :1], 1)
    maxima[:7, 3] = np.nan
    maxima[:, 4] = -1
    table = enrichment.rank_correlation(maxima, values, names_of(maxima), ["x", "y"])
    assert set(table["test"]) == {"spearman"}
    for row in table.itertuples():
        f, t = int(row.filter[-3:]), ["x", "y"].index(row.target)
        seen = ~np.isnan(maxima[:, f])
        assert row.n == seen.sum() and pd.isna(row.n_target)
        if f == 4:
            assert np.isnan(row.correlation) and np.isnan(row.p_value) and np.isnan(row.q_value)
            continue
        rho, p = spearmanr(np.maximum(maxima[seen, f], 0), values[seen, t])
        assert row.correlation == pytest.approx(rho, rel=1e-10)
        assert row.p_value == pytest.approx(p, rel=1e-9)


def test_perfect_correlation():
    maxima = np.arange(1, 6, dtype=np.float32)[:, None]
    table = enrichment.rank_correlation(maxima, -maxima, ["conv_000"], ["x"])
    assert table["correlation"].tolist() == [-1] and table["p_value"].tolist() == [0]


def slow_tables(hits, windows, targets, unit, universe):
    """Return a, b, c, d of every filter and target by going through the sequences."""
    tables = np.zeros((hits.shape[1], targets.shape[1], 4), int)
    for f in range(hits.shape[1]):
        for t in range(targets.shape[1]):
            for i in range(len(hits)):
                if unit == "sequence":
                    scanned = windows[i] > 0 and (universe == "global" or hits[i].any())
                    hit, rest = int(hits[i, f] > 0), int(scanned) - int(hits[i, f] > 0)
                else:
                    total = windows[i] if universe == "global" else hits[i].sum()
                    hit, rest = hits[i, f], total - hits[i, f]
                tables[f, t] += [hit, rest, 0, 0] if targets[i, t] else [0, 0, hit, rest]
    return tables


@pytest.mark.parametrize("unit", ["sequence", "window"])
@pytest.mark.parametrize("universe", ["activated", "global"])
@pytest.mark.parametrize("windows", ["one", "by sequence", "by filter"])
def test_fisher_counts_and_p_values(unit, universe, windows):
    rng = np.random.default_rng(5)
    hits, targets = rng.poisson(0.3, (40, 4)), one_hot(40)
    hits[:, 3] = 0
    hits[:8] = 0
    each = np.full(40, 25)
    if windows != "one":
        each[:4] = 0
    given = {"one": 25, "by sequence": each, "by filter": np.repeat(each[:, None], 4, axis=1)}[windows]
    names = [f"conv_{i:03d}" for i in range(4)]
    table = enrichment.fisher(hits, given, targets, names, NAMES, unit=unit, universe=universe)
    expected = slow_tables(hits, each, targets, unit, universe)
    np.testing.assert_array_equal(table[list("abcd")].to_numpy(int).reshape(4, 3, 4), expected)
    assert (table["n"] == expected.sum(axis=2).ravel()).all()
    assert (table["n_target"] == expected[:, :, :2].sum(axis=2).ravel()).all()
    assert set(table["unit"]) == {unit} and set(table["universe"]) == {universe}
    silent = table["filter"] == "conv_003"
    assert table.loc[silent, ["p_value", "q_value", "odds_ratio", "log2_odds_ratio"]].isna().all(axis=None)
    for row in table[~silent].itertuples():
        ratio, p = fisher_exact([[row.a, row.b], [row.c, row.d]])
        assert row.odds_ratio == pytest.approx(ratio, rel=1e-12)
        assert row.p_value == pytest.approx(p, rel=1e-10)
    q = false_discovery_control(table.loc[~silent, "p_value"])
    np.testing.assert_allclose(table.loc[~silent, "q_value"], q, rtol=1e-12)


@pytest.mark.parametrize("both", [False, True])
def test_windows_that_are_tested(make_layer, make_tokens, slow_scores, both):
    tokens = make_tokens(rows=9, unknown=0.6)
    tokens[2], tokens[3, 4:], tokens[4] = 4, 4, 1
    layers = [
        make_layer(name="a", width=3),
        make_layer(name="b", width=4, dilation=3, padding="same", filters=2),
        make_layer(name="c", width=5, stride=2, padding="causal", filters=1),
        make_layer(name="d", width=24, filters=1),
    ]
    rows = np.array([8, 2, 4, 3, 0])
    of_layers = np.zeros((9, 4), int)
    for number, layer in enumerate(layers):
        for row, *_ in slow_scores(layer, tokens):
            of_layers[row, number] += 2 if both else 1
    expected = np.repeat(of_layers, [3, 2, 1, 1], axis=1)
    bank = FilterBank(layers)
    bank = bank.on_both_strands() if both else bank
    found = enrichment.tested_windows(bank, tokens, rows)
    np.testing.assert_array_equal(found, expected[rows])
    np.testing.assert_array_equal(enrichment.tested_windows(bank, tokens), expected)
    assert found.dtype == np.int32 and (found[1] == 0).all() and (found[:, 6] == 0).all()
    # They are the windows that the scan counts as hits where every window is one.
    layer = bank.layers[0]
    cutoffs = np.full((layer.width + 1, 3), -np.inf, np.float32)
    cutoffs[0] = np.inf
    np.testing.assert_array_equal(count_sequence_hits(layer, tokens, cutoffs), expected[:, :3])


def test_hits_and_windows_of_a_bank(make_layer, make_tokens, slow_scores):
    tokens, rows = make_tokens(rows=12, unknown=0.2), np.array([7, 1, 10])
    layers = [make_layer(name="a", activation="relu"), make_layer(name="b", width=7, filters=2)]
    bank = FilterBank(layers)
    thresholds = np.array([0.5, 1.0, np.nan, 0.0, 2.0])
    cutoffs = {}
    for layer, part in zip(layers, (thresholds[:3], thresholds[3:]), strict=True):
        cutoffs |= dict(zip(layer.filters, score_cutoffs(layer, part).T, strict=True))
    hits, windows = enrichment.count_windows(bank, tokens, cutoffs, rows)
    expected, tested = np.zeros((2, 12, 5), int)
    for layer, first, last in ((layers[0], 0, 3), (layers[1], 3, 5)):
        for (row, *_), scores in slow_scores(layer, tokens).items():
            expected[row, first:last] += (scores > 0) & (scores >= thresholds[first:last])
            tested[row, first:last] += 1
    np.testing.assert_array_equal(hits, expected[rows])
    np.testing.assert_array_equal(windows, tested[rows])
    assert hits.dtype == np.int32 and expected[rows].sum() > 20


def test_empty_cells():
    # All sequences with the label are hit, and only they; then none of them.
    hits = np.array([[1, 0], [2, 0], [0, 1], [0, 1], [0, 1]])
    table = enrichment.fisher(hits, 9, [[1], [1], [0], [0], [0]], ["f", "g"], ["x"])
    assert table[list("abcd")].to_numpy(int).tolist() == [[2, 0, 0, 3], [0, 2, 3, 0]]
    assert table["odds_ratio"].tolist() == [np.inf, 0]
    assert table["log2_odds_ratio"].tolist() == pytest.approx(np.log2([2.5 * 3.5 / 0.25, 0.25 / 2.5 / 3.5]))
    assert table["p_value"].tolist() == pytest.approx([0.1, 0.1])


def test_wrong_arguments():
    hits, targets = np.array([[3]]), [[1]]
    with pytest.raises(ValueError, match="more hits than windows"):
        enrichment.fisher(hits, 2, targets, ["f"], ["x"])
    with pytest.raises(ValueError, match="unit"):
        enrichment.fisher(hits, 5, targets, ["f"], ["x"], unit="base")
    with pytest.raises(ValueError, match="0 or 1"):
        enrichment.mann_whitney(hits, [[0.5]], ["f"], ["x"])
    with pytest.raises(ValueError, match="finite"):
        enrichment.rank_correlation(hits, [[np.nan]], ["f"], ["x"])


def exact_p_value(a, b, c, d):
    """Two-sided p-value from whole numbers."""
    row, column, n = a + b, a + c, a + b + c + d
    weight = {
        x: comb(row, x) * comb(n - row, column - x)
        for x in range(max(0, row + column - n), min(row, column) + 1)
    }
    return Decimal(sum(w for w in weight.values() if w <= weight[a])) / Decimal(comb(n, column))


def test_p_values_are_exact_for_all_small_tables():
    tables = np.array(list(np.ndindex(7, 7, 7, 7))).T
    found = fisher_p_values(*tables)
    for table, p in zip(tables.T[::5].tolist(), found[::5], strict=True):
        a, b, c, d = table
        if min(a + b, c + d, a + c, b + d) == 0:
            assert np.isnan(p)
        else:
            assert p == pytest.approx(float(exact_p_value(*table)), rel=1e-12)


def test_p_values_are_exact_down_to_the_smallest_float():
    rng = np.random.default_rng(0)
    tables = np.array([rng.integers(0, top, 4) for top in (40, 300, 900) for _ in range(40)]).T
    tables[:, :5] = [[500] * 5, [3, 2, 1, 0, 0], [0, 2, 1, 0, 9], [520] * 5]
    with localcontext() as context:
        context.prec = 30
        expected = [exact_p_value(*table) for table in tables.T.tolist()]
        assert 0 < min(expected) < Decimal("1e-295")
        for p, exact in zip(fisher_p_values(*tables), expected, strict=True):
            assert abs(Decimal(float(p)) / exact - 1) < Decimal("1e-11") or exact < Decimal("1e-305")


def log_factorial(k):
    """Stirling's series with 40 digits, for large k."""
    pi = Decimal("3.14159265358979323846264338327950288419717")
    k = Decimal(k)
    terms = (Decimal(1) / 12, Decimal(-1) / 360, Decimal(1) / 1260, Decimal(-1) / 1680)
    return k * k.ln() - k + (2 * pi * k).ln() / 2 + sum(t / k ** (2 * i + 1) for i, t in enumerate(terms))


@pytest.mark.parametrize("n", [10**6, 10**8])
def test_probabilities_of_large_tables(n):
    row, column = n // 25, n // 3
    middle, sd = row / 3, np.sqrt(row * 2 / 9)
    with localcontext() as context:
        context.prec = 40
        for distance in (-30, -5, 0, 1, 4, 36):
            a = round(middle + distance * sd)
            cells = (a, row - a, column - a, n - row - column + a)
            exact = sum(map(log_factorial, (row, n - row, column, n - column)))
            exact -= log_factorial(n) + sum(map(log_factorial, cells))
            found = enrichment._log_probability(*(np.array([float(x)]) for x in (a, row, column, n)))[0]
            assert abs(float(Decimal(float(found)) - exact)) < 3e-11


def test_large_tables_are_scipys_and_do_not_depend_on_how_they_are_turned():
    rng = np.random.default_rng(1)
    n, row, column = 10**6, 40_000, 300_000
    a = rng.normal(12_000, 250, 30).astype(int)
    a, b, c, d = a, row - a, column - a, n - row - column + a
    p = fisher_p_values(a, b, c, d)
    assert (p > 0).all() and (p <= 1).all() and p.min() < 1e-6
    for turned in ((b, a, d, c), (c, d, a, b), (d, c, b, a), (a, c, b, d)):
        np.testing.assert_allclose(fisher_p_values(*turned), p, rtol=1e-10)
    expected = [fisher_exact(np.reshape(table, (2, 2)))[1] for table in zip(a, b, c, d, strict=True)]
    # SciPy's own probabilities have errors of 2e-10 here.
    np.testing.assert_allclose(p, expected, rtol=2e-9)


@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel", "regression"])
def test_tables_of_all_tasks(task):
    maxima = random_maxima()
    rng = np.random.default_rng(8)
    targets = {
        "binary": rng.integers(0, 2, (60, 1)),
        "multiclass": one_hot(),
        "multilabel": rng.integers(0, 2, (60, 3)),
        "regression": rng.normal(size=(60, 2)),
    }[task]
    names = NAMES[: targets.shape[1]]
    hits = (maxima > 1).astype(int)
    options = {"units": ["sequence", "window"], "universes": ["global", "activated"]}
    table = enrichment_table(maxima, hits, 30, targets, task, names_of(maxima), names, **options)
    kinds = table[["test", "unit", "universe"]].fillna("").drop_duplicates().agg(" ".join, axis=1).tolist()
    if task == "regression":
        assert kinds == ["spearman sequence "]
    else:
        assert kinds[0] == "mann_whitney sequence " and len(kinds) == 5
    assert list(table.columns) == COLUMNS
    assert len(table) == len(kinds) * 7 * len(names)
    only = enrichment_table(maxima, None, 0, targets, task, names_of(maxima), names, tests=["mann_whitney"])
    pd.testing.assert_frame_equal(only, table[: len(only)])


def test_no_filters_and_no_tests():
    empty = enrichment_table(np.zeros((5, 0)), np.zeros((5, 0), int), 3, one_hot(5), "multiclass", [], NAMES)
    assert len(empty) == 0 and list(empty.columns) == COLUMNS
    none = enrichment_table(random_maxima(5), None, 3, one_hot(5), "multiclass", ["x"] * 7, NAMES, tests=[])
    assert len(none) == 0 and list(none.columns) == COLUMNS


def test_an_enriched_filter_is_found():
    rng = np.random.default_rng(9)
    targets = one_hot(300)
    maxima = np.maximum(rng.normal(size=(300, 4)), 0)
    maxima[:, 1] += targets[:, 2]
    table = enrichment_table(
        maxima, (maxima > 1.5).astype(int), 50, targets, "multiclass", list("wxyz"), NAMES
    )
    for _, rows in table.groupby("test"):
        best = rows.loc[rows["q_value"].idxmin()]
        assert (best["filter"], best["target"]) == ("x", "c") and best["q_value"] < 1e-4
    auc = cell(table[table["test"] == "mann_whitney"], "auc", (4, 3))
    assert auc[1].argmax() == 2 and auc[1, 2] > 0.7
