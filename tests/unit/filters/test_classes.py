"""Activation by class, compared with loops over sequences."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from motifloom.data.encode import DNA
from motifloom.filters import classes
from motifloom.filters.bank import FilterBank
from motifloom.filters.classes import (
    NO_LABEL,
    class_activation,
    class_members,
    kernel_scores,
    maxima_histogram,
    profile_classes,
    profile_table,
)
from motifloom.filters.scan import activation_blocks, position_profile, summarise_sequences
from motifloom.filters.summaries import Summary
from motifloom.plots.classes import violins

FILTERS = ["conv_000", "conv_001", "conv_002"]


def example(rows=50, groups=3, seed=0):
    """Maxima (one filter that never fires, some sequences without a window) and members."""
    rng = np.random.default_rng(seed)
    maxima = rng.normal(1, 1, (rows, 3)).astype(np.float32)
    maxima[:, 1] = -np.abs(maxima[:, 1])
    maxima[:6, 2] = np.nan
    return maxima, rng.random((rows, groups)) < 0.4


def test_members_by_task():
    names, members = class_members([[0], [1], [1]], "binary", ["free", "bound"])
    assert names == ["free", "bound"] and members.tolist() == [[True, False], [False, True], [False, True]]
    names, members = class_members(np.eye(3), "multiclass", list("abc"))
    assert names == list("abc") and (members == np.eye(3)).all()
    names, members = class_members([[1, 1], [0, 1], [0, 0]], "multilabel", ["a", "b"])
    assert names == ["a", "b", NO_LABEL]
    assert members.tolist() == [[True, True, False], [False, True, False], [False, False, True]]
    assert class_members([[1, 1], [0, 1]], "multilabel", ["a", "b"])[0] == ["a", "b"]


def test_thirds_of_a_value():
    values = np.array([[5.0, 1.0, 6.0, 2.0, 4.0, 3.0]]).T
    names, members = class_members(values, "regression", ["signal"])
    assert names == ["low (<= 2.67)", "middle (2.67 to 4.33)", "high (> 4.33)"]
    assert [values[rows, 0].tolist() for rows in members.T] == [[1, 2], [4, 3], [5, 6]]
    names, members = class_members(np.hstack([values, -values]), "regression", ["x", "y"])
    assert len(names) == 6 and names[0].startswith("x low") and names[5].startswith("y high")
    assert members.sum(axis=1).tolist() == [2] * 6


def test_ties_leave_a_third_out():
    names, members = class_members(np.array([[0, 0, 0, 0, 0, 7.0]]).T, "regression", ["signal"])
    assert names == ["low (<= 0)", "high (> 0)"] and members.sum(axis=0).tolist() == [5, 1]


def test_class_activation_is_numpys():
    maxima, members = example()
    table = class_activation(maxima, members, FILTERS, list("abc"))
    threshold = kernel_scores(maxima, members, FILTERS, list("abc"))["threshold"]
    assert table["filter"].tolist() == np.repeat(FILTERS, 3).tolist()
    assert table["target"].tolist() == list("abc") * 3
    for number, row in enumerate(table.itertuples()):
        f, c = divmod(number, 3)
        values = maxima[members[:, c], f].astype(float)
        values = values[values == values]
        assert row.n == len(values)
        expected = [values.mean(), values.std(ddof=1)]
        expected += list(np.quantile(values, [0.05, 0.25, 0.5, 0.75, 0.95]))
        expected.append((values > threshold[f]).mean())
        found = list(row)[4:]
        if f == 1:
            assert np.isnan(found).all()
        else:
            np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_kernel_scores_by_hand():
    maxima = np.array([[1, -1], [3, 0], [0, -2], [0, 0]], np.float32)
    members = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0]], bool)
    table = kernel_scores(maxima, members, FILTERS[:2], ["a", "b", "empty"])
    assert table["kernel_score"].tolist()[0] == 2
    assert table["top_target"].tolist()[0] == "a" and table["threshold"].tolist()[0] == 2
    assert table.loc[1, ["kernel_score", "top_target", "threshold"]].isna().all()


@pytest.mark.parametrize("centred", [False, True])
@pytest.mark.parametrize("width", [None, 7])
@pytest.mark.parametrize("chosen", [False, True])
def test_histogram_of_maxima(centred, width, chosen):
    maxima, members = example()
    rng = np.random.default_rng(1)
    spans, length = np.array([5, 5, 8]), 60
    starts = rng.integers(0, length - 7, maxima.shape)
    starts[np.isnan(maxima)] = -1
    starts[10] = 0, 0, length - 8
    thresholds = kernel_scores(maxima, members, FILTERS, list("abc"))["threshold"] if chosen else None
    options = {"thresholds": thresholds, "centred": centred, "width": width}
    table = maxima_histogram(maxima, starts, spans, members, FILTERS, list("abc"), length, **options)
    step = width or 2
    assert (table["bin_end"] - table["bin_start"] == step).all()
    assert table["bin_start"].min() == (-step * -(-30 // step) if centred else 0)
    for row in table.itertuples():
        f, c = FILTERS.index(row.filter), "abc".index(row.target)
        expected = 0
        for i in range(len(maxima)):
            middle = starts[i, f] + spans[f] / 2 - (30 if centred else 0)
            counts = members[i, c] and starts[i, f] >= 0 and f != 1
            counts = counts and (not chosen or maxima[i, f] > thresholds[f])
            expected += bool(counts and row.bin_start <= middle < row.bin_end)
        assert row.sequences == expected
    sums = table.groupby(["filter", "target"])[["sequences", "fraction"]].sum(min_count=1)
    every = (members[:, :, None] & ~np.isnan(maxima)[:, None] & [True, False, True]).sum(axis=0).T
    if not chosen:
        assert sums["sequences"].tolist() == every.ravel().tolist()
    assert sums.loc["conv_001", "fraction"].isna().all()
    np.testing.assert_allclose(sums["fraction"].dropna(), 1)


@pytest.mark.parametrize("width", [1, 3])
def test_profile_is_numpys(width):
    rng = np.random.default_rng(2)
    activations = rng.normal(size=(30, 8, 2))  # sequences, windows, filters
    members = rng.random((30, 3)) < 0.5
    members[:, 2] = False
    total = np.einsum("nc,npf->cpf", members.astype(float), activations)
    squares = np.einsum("nc,npf->cpf", members.astype(float), activations**2)
    starts = np.arange(8) * 2
    names = ["a", "b", "empty"]
    counts = members.sum(axis=0)
    table = profile_table(
        total, squares, counts, starts, 5, FILTERS[:2], names, 19, centred=True, width=width
    )
    groups = [range(8)[i : i + width] for i in range(0, 8, width)]
    assert len(table) == 2 * 3 * len(groups)
    for number, row in enumerate(table.itertuples()):
        pair, g = divmod(number, len(groups))
        f, c = divmod(pair, 3)
        assert (row.filter, row.target, row.n) == (FILTERS[f], names[c], counts[c])
        assert row.position == pytest.approx(np.mean([starts[w] + 2.5 - 9.5 for w in groups[g]]))
        if c == 2:
            assert np.isnan(row.mean) and np.isnan(row.sd)
            continue
        values = activations[members[:, c]][:, list(groups[g]), f]
        assert row.mean == pytest.approx(values.mean()) and row.sd == pytest.approx(values.std(ddof=1))


def test_profile_of_a_scan(make_layer, make_tokens):
    layer, tokens = make_layer(activation="relu"), make_tokens(rows=30, unknown=0)
    members = np.random.default_rng(3).random((30, 2)) < 0.5
    total, squares = position_profile(layer, tokens, members)
    counts, starts = members.sum(axis=0), layer.starts(tokens.shape[1])
    table = profile_table(total, squares, counts, starts, layer.span, layer.filters, list("ab"), 23)
    activations = np.concatenate([found for _, found in activation_blocks(layer, tokens)]).astype(float)
    for (name, target), rows in table.groupby(["filter", "target"]):
        values = activations[members[:, "ab".index(target)], :, layer.filters.index(name)]
        assert rows["position"].tolist() == (starts + 2.5).tolist()
        np.testing.assert_allclose(rows["mean"], values.mean(axis=0), rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(rows["sd"], values.std(axis=0, ddof=1), rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("centred", [False, True])
def test_tables_of_a_dataset(make_layer, make_tokens, centred):
    bank = FilterBank([make_layer(name="a", activation="relu"), make_layer(name="b", width=9, filters=2)])
    tokens, rows = make_tokens(rows=40, length=61, unknown=0), np.arange(1, 40, 2)
    dataset = SimpleNamespace(
        tokens=tokens,
        targets=np.eye(2)[np.arange(40) // 2 % 2],
        task="multiclass",
        classes=["x", "y"],
        regions=pd.DataFrame({"chrom": ["chr1" if centred else ""] * 40}),
    )
    found = [summarise_sequences(layer, tokens, rows) for layer in bank.layers]
    columns = [np.concatenate(arrays, axis=1) for arrays in zip(*found, strict=True)]
    spans = np.array([5, 5, 5, 9, 9])
    tables = profile_classes(bank, Summary(bank.filters, *columns, spans), dataset, rows)
    assert tables.names == ["x", "y"] and (tables.members == dataset.targets[rows]).all()
    for table in tables[2:]:
        assert list(dict.fromkeys(table["filter"])) == bank.filters
    assert (tables.activation["n"] == 10).all() and (tables.profile["n"] == 10).all()
    assert (tables.maxima["bin_start"].min() < 0) == (tables.profile["position"].min() < 0) == centred
    above = tables.maxima.groupby(["filter", "target"], sort=False)["sequences"].sum()
    np.testing.assert_allclose(tables.activation["above"] * 10, above)
    pd.testing.assert_frame_equal(
        tables.score, kernel_scores(columns[0], tables.members, bank.filters, ["x", "y"])
    )
    wide = tables.profile[tables.profile["filter"] == "b_001"]
    assert len(wide) == 2 * 53 and wide["position"].max() == 52 + 4.5 - 30.5 * centred


def test_a_network_without_filters():
    dataset = SimpleNamespace(
        tokens=np.zeros((4, 10), np.uint8),
        targets=np.array([[0], [1], [1], [0]]),
        task="binary",
        classes=["x", "y"],
        regions=pd.DataFrame({"chrom": ["chr1"] * 4}),
    )
    nothing = np.zeros((4, 0))
    summary = Summary([], nothing, nothing.astype(int), nothing, nothing, np.zeros(0, int))
    tables = profile_classes(FilterBank([], DNA), summary, dataset)
    assert all(len(table) == 0 and "filter" in table for table in tables[2:])
    assert "no filter" in violins(summary.maximum, tables).texts[0].get_text()


def test_long_sequences_have_a_short_profile():
    sums = np.ones((1, 1999, 1))
    table = profile_table(sums, sums, [1], np.arange(1999), 10, ["f"], ["a"], 2008)
    assert len(table) == 200 and (table["mean"] == 1).all()
    assert table["position"].is_monotonic_increasing and table["position"].iloc[0] == 9.5


def test_blocks_of_filters_change_nothing(monkeypatch):
    maxima, members = example()
    starts = np.random.default_rng(1).integers(0, 40, maxima.shape)
    calls = [
        lambda: kernel_scores(maxima, members, FILTERS, list("abc")),
        lambda: class_activation(maxima, members, FILTERS, list("abc")),
        lambda: maxima_histogram(maxima, starts, [9] * 3, members, FILTERS, list("abc"), 50),
    ]
    whole = [call() for call in calls]
    monkeypatch.setattr(classes, "BLOCK_FILTERS", 2)
    for one, call in zip(whole, calls, strict=True):
        pd.testing.assert_frame_equal(one, call(), rtol=1e-12)


@pytest.mark.parametrize("filters", [0, 1])
@pytest.mark.parametrize("rows", [0, 1])
def test_few_or_none(filters, rows):
    maxima, members = np.ones((rows, filters), np.float32), np.ones((rows, 1), bool)
    names = FILTERS[:filters]
    table = class_activation(maxima, members, names, ["a"])
    assert len(table) == filters and table["sd"].isna().all()
    scores = kernel_scores(maxima, members, names, ["a"])
    assert scores["kernel_score"].fillna(-1).tolist() == [0.0 if rows else -1.0] * filters
    starts = np.zeros((rows, filters), int)
    histogram = maxima_histogram(maxima, starts, [3] * filters, members, names, ["a"], 10)
    assert histogram["sequences"].sum() == rows * filters
