from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from motifloom.data.encode import DNA
from motifloom.filters import sensitivity
from motifloom.filters.bank import FilterBank, ScanLayer
from motifloom.filters.methods import top_motifs
from motifloom.filters.sensitivity import (
    ANY,
    COLUMNS,
    QUANTILES,
    sensitivity_sample,
    sensitivity_table,
    site_responses,
)


def slow_sites(layer, f, tokens, cutoffs):
    """Return [(row, start, strand, score, letters)] of one filter's sites, window by window."""
    sites, size = [], layer.alphabet.size
    for row, sequence in enumerate(tokens):
        for start in layer.starts(tokens.shape[1]):
            for strand in "+-" if layer.both_strands else "+":
                letters = [int(sequence[start + w * layer.dilation]) for w in range(layer.width)]
                if strand == "-":
                    letters = [layer.alphabet.complement_table[letter] for letter in letters[::-1]]
                known = sum(letter < size for letter in letters)
                score = slow_score(layer, f, letters)
                if score >= cutoffs[known] and layer.activate(score) > 0:
                    sites.append((row, start, strand, score, letters))
    return sites


def slow_score(layer, f, letters):
    score = float(layer.bias[f])
    for position, letter in enumerate(letters):
        if letter < layer.alphabet.size:
            score += float(layer.kernel[position, letter, f])
    return score * float(layer.scale[f])


def slow_responses(layer, f, sites, skip_weakest=False):
    """Return (epsilon, {(position, reference, base): log2 ratios}) by scoring every mutated window."""

    def fired(score):
        activation = float(layer.activate(np.float64(score)))
        return max(activation, 0.0)

    found = {}
    epsilon = np.percentile([fired(score) for *_, score, _ in sites], 1)
    for *_, score, letters in sites:
        if skip_weakest and fired(score) <= epsilon:
            continue
        for position, own in enumerate(letters):
            if own == layer.alphabet.size:
                continue
            for base in range(layer.alphabet.size):
                mutant = [*letters[:position], base, *letters[position + 1 :]]
                after = fired(slow_score(layer, f, mutant)) if base != own else fired(score)
                ratio = np.log2((after + epsilon) / (fired(score) + epsilon))
                for reference in (layer.alphabet.letters[own], ANY):
                    found.setdefault((position, reference, layer.alphabet.letters[base]), []).append(ratio)
    return epsilon, found


def assert_rows(rows, found):
    """Compare the rows of one filter's table with lists of log2 ratios."""
    for row in rows.to_dict("records"):
        values = found.get((row["position"], row["reference"], row["base"]), [])
        assert row["n"] == len(values)
        if values:
            expected = [np.mean(values), *np.quantile(values, [*QUANTILES.values()])]
        else:
            expected = [np.nan] * 6
        assert [row[name] for name in ("mean", *QUANTILES)] == pytest.approx(expected, abs=2e-6, nan_ok=True)


CASES = [
    {},
    {"activation": "relu"},
    {"activation": "leaky_relu", "activation_args": {"negative_slope": 0.1}},
    {"activation": "selu"},
    {"activation": "relu", "activation_args": {"max_value": 1.5}},
    {"activation": "relu", "activation_args": {"threshold": 0.5}},
    {"activation": "exponential"},
    {"activation": "gelu"},
    {"activation": "tanh"},
    {"dilation": 2, "padding": "same"},
    {"stride": 3, "padding": "causal"},
    {"sign": np.array([1, -1, -1], np.float32)},
    {"both_strands": True},
    {"both_strands": True, "dilation": 2, "sign": np.array([-1, 1, 1], np.float32)},
]


@pytest.mark.parametrize("options", CASES, ids=str)
def test_equals_scoring_every_mutant(make_layer, make_tokens, options):
    layer = make_layer(3, width=4, **options)
    tokens = make_tokens(4, rows=6, length=30)
    cutoffs = top_motifs(FilterBank([layer]), tokens, percentile=40).cutoffs
    for skip_weakest in (False, True):
        table = sensitivity_table(FilterBank([layer]), tokens, cutoffs, skip_weakest=skip_weakest)
        assert list(table) == COLUMNS
        assert list(dict.fromkeys(table["filter"])) == layer.filters
        for f, name in enumerate(layer.filters):
            sites = slow_sites(layer, f, tokens, cutoffs[name])
            assert len(sites) > 10
            _, found = slow_responses(layer, f, sites, skip_weakest)
            assert_rows(table[table["filter"] == name], found)


def test_by_hand():
    # One filter of width 1: A scores 1, C 3, G 4, T -2.
    kernel = np.array([[[1], [3], [4], [-2]]], np.float32)
    layer = ScanLayer("conv", kernel, np.zeros(1, np.float32), DNA, "relu")
    tokens = np.array([[0, 0, 1, 2, 3, 4]], np.uint8)
    table = sensitivity_table(FilterBank([layer]), tokens, {"conv_000": np.float32([np.inf, 0])})
    table = table.set_index(["reference", "base"])
    epsilon = 1.0  # of 1, 1, 3, 4
    assert table.loc[("A", "C"), "n"] == 2
    assert table.loc[("A", "C"), "median"] == np.log2((3 + epsilon) / (1 + epsilon)) == 1
    assert table.loc[("C", "T"), "mean"] == np.log2(epsilon / (3 + epsilon)) == -2
    assert table.loc[("C", "C"), ["n", "mean", "quantile_95"]].tolist() == [1, 0, 0]
    assert table.loc["T", "n"].tolist() == [0] * 4
    assert table.loc["T", "median"].isna().all()
    # To A: 0, 0, log2(2 / 4), log2(2 / 5).
    assert table.loc[(ANY, "A"), "n"] == 4
    assert table.loc[(ANY, "A"), "median"] == -0.5
    assert table.loc[(ANY, "A"), "mean"] == pytest.approx((-1 + np.log2(0.4)) / 4)


def test_a_site_counts_only_where_its_letter_is_known(make_layer):
    layer = make_layer(width=3, filters=1)
    layer.bias[0] = 5
    tokens = np.array([[0, 4, 2]], np.uint8)
    table = sensitivity_table(FilterBank([layer]), tokens, {"conv_000": np.float32([np.inf, 99, 0, 99])})
    n = table[table["reference"] == ANY].groupby("position")["n"].first()
    assert n.tolist() == [1, 0, 1]


def test_quantiles_among_equal_scores():
    # Few different scores, many ties between and within the sites with each letter.
    rng = np.random.default_rng(5)
    kernel = rng.integers(-2, 3, (6, 4, 1)).astype(np.float32)
    layer = ScanLayer("conv", kernel, np.zeros(1, np.float32), DNA)
    letters = rng.integers(0, 5, (400, 6)).astype(np.uint8)
    scores = rng.integers(1, 6, 400).astype(np.float32)
    fast = site_responses(layer, 0, scores, letters)
    # The other way, for any activation function.
    slow = site_responses(
        replace(layer, activation="relu", activation_args={"max_value": 99.0}), 0, scores, letters
    )
    for one, two in zip(fast, slow, strict=True):
        assert one == pytest.approx(two, abs=1e-6, nan_ok=True)


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_extreme_weights(make_layer, make_tokens, scale):
    layer = make_layer(7, width=5)
    tokens = make_tokens(7, rows=9, length=40)

    def table(layer):
        cutoffs = top_motifs(FilterBank([layer]), tokens, percentile=20).cutoffs
        return sensitivity_table(FilterBank([layer]), tokens, cutoffs)

    scaled = replace(layer, kernel=layer.kernel * np.float32(scale), bias=layer.bias * np.float32(scale))
    pd.testing.assert_frame_equal(table(scaled), table(layer), rtol=1e-4, atol=1e-5)


def test_a_filter_with_infinite_weights_has_no_responses(make_layer, make_tokens):
    layer, tokens = make_layer(7, width=5), make_tokens(7, rows=9, length=40)
    layer.kernel[2, 1, 0], layer.kernel[2, 1, 1] = np.inf, np.nan
    cutoffs = dict.fromkeys(layer.filters, np.r_[np.inf, np.zeros(5)].astype(np.float32))
    with np.errstate(invalid="ignore"):
        table = sensitivity_table(FilterBank([layer]), tokens, cutoffs)
    assert table.groupby("filter")["n"].max().tolist()[:2] == [0, 0]
    assert table["n"].max() > 0


def test_silent_filters_and_filters_with_one_site(make_layer, make_tokens):
    layer = make_layer(2, width=4, filters=3)
    layer.kernel[:, :, 1], layer.bias[1] = -1, 0
    tokens = make_tokens(1, rows=5, length=30, unknown=0)
    scores, bank = top_motifs(FilterBank([layer]), tokens, percentile=90), FilterBank([layer])
    best = top_motifs(bank, tokens, percentile=99.999).cutoffs["conv_002"]
    cutoffs = {**scores.cutoffs, "conv_002": best}
    table = sensitivity_table(bank, tokens, cutoffs)
    silent = table[table["filter"] == "conv_001"]
    assert len(silent) == 4 * 5 * 4
    assert (silent["n"] == 0).all()
    assert silent[["mean", *QUANTILES]].isna().all(axis=None)
    single = table[(table["filter"] == "conv_002") & (table["reference"] == ANY)]
    assert (single["n"] == 1).all()
    assert (single["quantile_05"] == single["quantile_95"]).all()
    # With one site e is its own activation, which leaves nothing above.
    rest = sensitivity_table(bank, tokens, cutoffs, skip_weakest=True)
    assert (rest.loc[rest["filter"] == "conv_002", "n"] == 0).all()


def test_no_windows_and_no_layers(make_layer):
    layer = make_layer(width=5)
    cutoffs = dict.fromkeys(layer.filters, np.zeros(6, np.float32))
    for tokens in (np.zeros((2, 3), np.uint8), np.full((2, 9), 4, np.uint8), np.zeros((0, 9), np.uint8)):
        # A window without a known letter has a cutoff of its own: infinity, in the motif sets.
        for values in cutoffs.values():
            values[0] = np.inf
        table = sensitivity_table(FilterBank([layer]), tokens, cutoffs)
        assert len(table) == 3 * 5 * 5 * 4
        assert (table["n"] == 0).all()
        assert len(sensitivity_sample(FilterBank([layer]), tokens, cutoffs, sites=3, seed=1)) == 0
    assert list(sensitivity_table(FilterBank([], DNA), tokens, {})) == COLUMNS
    assert len(sensitivity_sample(FilterBank([], DNA), tokens, {}, sites=3, seed=1)) == 0


def test_other_alphabets_and_several_layers(make_layer, make_tokens):
    layers = [
        make_layer(1, width=3, filters=2, alphabet="protein", name="a"),
        make_layer(2, width=4, filters=1, alphabet="protein", name="b", activation="softplus"),
    ]
    tokens = make_tokens(3, rows=9, length=40, letters=20)
    bank = FilterBank(layers)
    cutoffs = top_motifs(bank, tokens, percentile=30).cutoffs
    table = sensitivity_table(bank, tokens, cutoffs)
    assert list(dict.fromkeys(table["filter"])) == ["a_000", "a_001", "b_000"]
    for layer in layers:
        for f, name in enumerate(layer.filters):
            sites = slow_sites(layer, f, tokens, cutoffs[name])
            assert_rows(table[table["filter"] == name], slow_responses(layer, f, sites)[1])


def test_does_not_depend_on_threads_blocks_or_groups_of_filters(make_layer, make_tokens, monkeypatch):
    bank = FilterBank([make_layer(1, width=4, filters=6)])
    tokens, rows = make_tokens(2, rows=40), np.arange(39, 2, -2)
    cutoffs = top_motifs(bank, tokens, rows=rows, percentile=50).cutoffs
    options = {"sites": 5, "seed": 3}
    table = sensitivity_table(bank, tokens, cutoffs, rows, threads=1)
    sample = sensitivity_sample(bank, tokens, cutoffs, rows, threads=1, **options)
    pd.testing.assert_frame_equal(sensitivity_table(bank, tokens[rows], cutoffs, threads=2), table)
    monkeypatch.setattr(sensitivity, "BLOCK_VALUES", 300)
    monkeypatch.setattr(sensitivity, "SITE_BYTES", 500)
    groups = list(sensitivity._filter_groups(bank, tokens, cutoffs, rows, 1))
    assert len(groups) > 2
    pd.testing.assert_frame_equal(sensitivity_table(bank, tokens, cutoffs, rows, threads=2), table)
    pd.testing.assert_frame_equal(
        sensitivity_sample(bank, tokens, cutoffs, rows, threads=2, **options), sample
    )


@pytest.mark.parametrize("both_strands", [False, True])
def test_sample(make_layer, make_tokens, both_strands):
    layer = make_layer(3, width=4, both_strands=both_strands)
    bank, tokens = FilterBank([layer]), make_tokens(4, rows=6, length=30)
    cutoffs = top_motifs(bank, tokens, percentile=40).cutoffs
    sample = sensitivity_sample(bank, tokens, cutoffs, sites=10, seed=1)
    for f, name in enumerate(layer.filters):
        sites = slow_sites(layer, f, tokens, cutoffs[name])
        epsilon, _ = slow_responses(layer, f, sites)
        by_place = {site[:3]: site[3:] for site in sites}
        rows = sample[sample["filter"] == name]
        chosen = list(dict.fromkeys(zip(rows["row"], rows["start"], rows["strand"], strict=True)))
        assert len(chosen) == 10
        assert chosen == sorted(chosen, key=lambda site: (site[0], site[1], site[2] == "-"))
        expected = []
        for place in chosen:
            score, letters = by_place[place]
            for position, own in enumerate(letters):
                for base in range(4 if own < 4 else 0):
                    change = float(layer.kernel[position, base, f] - layer.kernel[position, own, f])
                    ratio = (max(score + change, 0) + epsilon) / (score + epsilon)
                    expected.append((*place, score, position, "ACGT"[own], "ACGT"[base], np.log2(ratio)))
        expected = pd.DataFrame(expected, columns=list(sample)[1:])
        pd.testing.assert_frame_equal(
            rows.drop(columns="filter").reset_index(drop=True).astype({"activation": float}),
            expected,
            check_dtype=False,
            check_categorical=False,
            atol=2e-6,
        )
    again = sensitivity_sample(bank, tokens, cutoffs, sites=10, seed=1)
    other = sensitivity_sample(bank, tokens, cutoffs, sites=10, seed=2)
    pd.testing.assert_frame_equal(again, sample)
    assert not other["start"].equals(sample["start"])
    everything = sensitivity_sample(bank, tokens, cutoffs, sites=10**6, seed=1)
    assert everything.groupby("filter", observed=True)["log2_ratio"].count().min() > len(sample) / 3
