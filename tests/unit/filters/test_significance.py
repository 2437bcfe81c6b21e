from dataclasses import replace
from functools import partial

import h5py
import numpy as np
import pandas as pd
import pytest

from motifloom.errors import UserError
from motifloom.filters import significance
from motifloom.filters.bank import FilterBank
from motifloom.filters.null import BackgroundNull, PermutationNull, ShuffleNull, rounding_error
from motifloom.filters.scan import count_hits, hit_blocks
from motifloom.randomness import generator

LEVELS = (4096,)
EVERY_SCORE = np.float32(-1e30)


def planted(layer, rows=30, length=60, seed=0, letters=4, unknown=0.03):
    """Random sequences, each with a few windows that one of the filters likes."""
    rng = np.random.default_rng(seed)
    tokens = rng.integers(0, letters, (rows, length)).astype(np.uint8)
    kernels = layer.kernel * layer.scale
    for row in range(rows):
        best = kernels[:, :, row % kernels.shape[2]].argmax(axis=1)
        for start in rng.choice(layer.starts(length), 6):
            tokens[row, start : start + layer.span : layer.dilation] = best
    tokens[rng.random(tokens.shape) < unknown] = letters
    return tokens


def windows_of(layer, tokens):
    """All windows by the scanner: DataFrame filter, known, score, activation, row, start, strand."""
    cutoffs = np.full((layer.width + 1, len(layer.filters)), EVERY_SCORE)
    cutoffs[0] = np.inf
    found = list(hit_blocks(layer, tokens, cutoffs))
    frame = pd.DataFrame(
        {name: np.concatenate([getattr(h, name) for h in found]) for name in found[0]._fields}
    )
    return frame.assign(filter=np.array(layer.filters)[frame["filter"]])


def slow_null(null, layer, f, seed=0, permutations=1000, background=None, levels=LEVELS):
    kernel, bias = layer.kernel[:, :, f] * float(layer.scale[f]), float(layer.bias[f] * layer.scale[f])
    slack = rounding_error(kernel, bias)
    if null == "shuffle":
        return ShuffleNull(kernel, levels[-1], slack=slack)
    if null == "background":
        return BackgroundNull(kernel, background, levels[-1], slack=slack)
    rng = generator(seed, "permutation null", layer.filters[f])
    return PermutationNull(kernel, permutations, rng, slack=slack)


def slow_bounds(layer, windows, null, universe="positive", conditional=True, **options):
    """Add low and high, the bounds on the p-value of each window of the universe, one at a time."""
    if universe == "positive":
        windows = windows[windows["activation"] > 0]
    low, high = [], []
    for name, known, score in zip(windows["filter"], windows["known"], windows["score"], strict=True):
        f = layer.filters.index(name)
        key = null, f
        if key not in options.setdefault("cache", {}):
            arguments = {k: v for k, v in options.items() if k != "cache"}
            options["cache"][key] = slow_null(null, layer, f, **arguments)
        one, bias = options["cache"][key], float(layer.bias[f] * layer.scale[f])
        bounds = one.bracket(float(score) - bias, known)
        if universe == "positive" and conditional:
            # The least positive score is the least float above 0, or -inf where all activations are.
            base = one.bracket(options.get("least", np.float32(1e-45)) - bias, known)
            bounds = bounds[0] / base[1], min(1.0, bounds[1] / base[0])
        low.append(float(bounds[0]))
        high.append(float(bounds[1]))
    return windows.assign(low=low, high=high)


def slow_bh(p_values, q_value):
    """Which tests Benjamini and Hochberg reject, and the q-values."""
    p_values = np.asarray(p_values)
    order = np.argsort(p_values)
    q_values, smallest = np.empty(len(p_values)), 1.0
    for rank in range(len(p_values), 0, -1):
        i = order[rank - 1]
        smallest = min(smallest, p_values[i] * len(p_values) / rank)
        q_values[i] = smallest
    return q_values <= q_value, q_values


def kept_by_cutoffs(windows, cutoffs):
    least = [cutoffs[name][known] for name, known in zip(windows["filter"], windows["known"], strict=True)]
    return windows["score"].to_numpy() >= np.array(least)


RANDOM_MODELS = [
    {"options": {"activation": "relu"}, "universe": "positive", "conditional": True},
    {"options": {"activation": "relu"}, "universe": "positive", "conditional": False},
    {"options": {"activation": "relu"}, "universe": "all", "conditional": True},
    {"options": {"width": 8, "stride": 2, "padding": "same"}, "universe": "positive", "conditional": True},
    {"options": {"width": 5, "dilation": 2}, "universe": "all", "conditional": False},
    {"options": {"width": 4, "alphabet": "protein"}, "universe": "positive", "conditional": True},
    {
        "options": {"sign": np.array([1, -1, 1], np.float32), "activation": "linear"},
        "universe": "positive",
        "conditional": True,
        "q_value": 0.4,
    },
]


@pytest.mark.parametrize("null", ["shuffle", "permutation"])
@pytest.mark.parametrize("over", ["filter", "all_filters"])
@pytest.mark.parametrize("model", RANDOM_MODELS, ids=str)
def test_equal_to_testing_window_by_window(make_layer, model, null, over):
    layer = make_layer(**{"width": 6, "seed": 1, **model["options"]})
    tokens = planted(layer, letters=layer.alphabet.size)
    how = {"universe": model["universe"], "conditional": model["conditional"]}
    bank, q_value = FilterBank([layer]), model.get("q_value", 0.2)
    tests, steps = significance.test_windows(
        bank, tokens, null=null, q_value=q_value, levels=LEVELS, threads=1, **how
    )
    thresholds, steps, cutoffs = significance.control_fdr(tests, steps, q_value, over)
    everything = windows_of(layer, tokens)
    windows = slow_bounds(layer, everything, null, **how)
    assert thresholds["filter"].tolist() == layer.filters
    assert tests["tested"].tolist() == [(windows["filter"] == name).sum() for name in layer.filters]
    assert (tests["windows"] == len(everything) / 3).all()
    assert (tests["untested"] == 0).all()
    whole = windows[windows["known"] == layer.width]
    assert tests["complete"].tolist() == [(whole["filter"] == name).sum() for name in layer.filters]
    # Bins hold their windows' bounds.
    p, q = significance.annotate(steps, windows["filter"], windows["known"], windows["score"])
    listed = np.isfinite(p)
    assert (windows["low"].to_numpy()[~listed] > q_value * 0.999).all()
    assert (p[listed] >= windows["high"].to_numpy()[listed]).all()
    np.testing.assert_allclose(p[listed], windows["high"].to_numpy()[listed], rtol=0.02, atol=0.01)
    # The decisions lie between those by the two bounds of each window's own p-value.
    certain, possible = np.zeros(len(windows), bool), np.zeros(len(windows), bool)
    groups = [np.ones(len(windows), bool)]
    if over == "filter":
        groups = [(windows["filter"] == name).to_numpy() for name in layer.filters]
    for group in groups:
        certain[group] = slow_bh(windows["high"].to_numpy()[group], q_value)[0]
        possible[group] = slow_bh(windows["low"].to_numpy()[group], q_value)[0]
    kept = kept_by_cutoffs(windows, cutoffs)
    assert certain[kept].all()
    assert kept.sum() == thresholds["kept"].sum() > 0
    assert kept.sum() + thresholds["undecided"].sum() >= possible.sum()
    for name, row in thresholds.set_index("filter").iterrows():
        mine = windows[kept & (windows["filter"] == name)]
        assert row["kept"] == len(mine)
        if len(mine):
            assert row["threshold"] == pytest.approx(mine["activation"].min(), rel=1e-2)
            assert row["threshold"] <= mine["activation"].min()
            assert row["q_value"] == np.nanmax(q[kept & (windows["filter"] == name)]) <= q_value
            assert row["p_value_low"] <= row["p_value"]
            if (mine["known"] == layer.width).any():
                assert row["score"] == cutoffs[name][layer.width]
        else:
            assert np.isnan(
                row[["threshold", "score", "p_value", "p_value_low", "q_value"]].astype(float)
            ).all()


def test_the_cutoffs_select_what_the_table_counts(make_layer, make_tokens):
    layer = make_layer(width=7, filters=4, activation="relu")
    tokens = planted(layer, rows=60)
    tests, steps = significance.test_windows(FilterBank([layer]), tokens, q_value=0.3)
    thresholds, _, cutoffs = significance.control_fdr(tests, steps, 0.3)
    hits, _ = count_hits(layer, tokens, np.stack([cutoffs[name] for name in layer.filters], axis=1))
    assert hits.tolist() == thresholds["kept"].tolist()
    assert sum(hits) > 0
    assert all(
        array.dtype == np.float32 and len(array) == 8 and array[0] == np.inf for array in cutoffs.values()
    )


def test_q_values_are_those_of_benjamini_and_hochberg():
    rng = np.random.default_rng(0)
    for _ in range(20):
        values = np.sort(rng.choice(rng.random(15) ** 3, 12))
        counts = rng.integers(1, 6, len(values))
        each = np.repeat(values, counts)
        expected = slow_bh(each, 0.1)[1]
        found = np.repeat(significance.adjust(values, counts, counts.sum()), counts)
        # Among equal p-values the slow loop's q-values differ in rank only.
        np.testing.assert_allclose(found, [expected[each == p].min() for p in each], rtol=1e-12)
    # Tests that are not given have larger p-values.
    np.testing.assert_allclose(significance.adjust([0.01, 0.02], [1, 1], 10), [0.1, 0.1])


def test_exact_by_hand(make_layer):
    layer = make_layer(width=2, filters=1, activation="relu")
    layer.kernel[:, :, 0] = [[4, 0, 0, 0], [0, 2, 0, 0]]
    layer.bias[:] = -3
    # Windows AC, CC, CA: scores 6 - 3, 2 - 3, 0 - 3. Of the 56 ordered pairs of cells 2 sum to 6, 12 to 4.
    tokens = np.array([[0, 1, 1, 0]], np.uint8)
    tests, steps = significance.test_windows(FilterBank([layer]), tokens, q_value=1)
    assert tests.loc[0, ["windows", "tested", "complete"]].tolist() == [3, 1, 1]
    assert steps["p_value"].tolist() == pytest.approx([2 / 14], rel=1e-6)
    assert tests.loc[0, "smallest_p_value"] == pytest.approx(2 / 14)
    tests, steps = significance.test_windows(FilterBank([layer]), tokens, q_value=1, conditional=False)
    assert steps["p_value"].tolist() == pytest.approx([2 / 56], rel=1e-6)
    tests, steps = significance.test_windows(FilterBank([layer]), tokens, q_value=1, universe="all")
    assert tests["tested"].tolist() == [3]
    assert steps["score"].tolist() == pytest.approx([-3, -1, 3], abs=1e-3)
    assert steps["p_value"].tolist() == pytest.approx([1, (2 + 12 + 12) / 56, 2 / 56], rel=1e-6)
    assert steps["windows"].tolist() == [1, 1, 1]
    tests, steps = significance.test_windows(FilterBank([layer]), tokens, q_value=1, null="background")
    # Of 16 words AC scores 3, AA, AG, AT 1.
    assert tests["tested"].tolist() == [1]
    frequency = np.array([0.5, 0.5, 0, 0])
    assert steps["p_value"].tolist() == pytest.approx([0.25 / (frequency[0] * 1)], rel=1e-6)


def test_windows_with_unknown_letters_need_their_own_null(make_layer):
    layer = make_layer(width=3, filters=1, activation="relu")
    layer.kernel[:, :, 0] = [[1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]]
    layer.bias[:] = 0
    tokens = np.array([[0, 4, 4, 1, 1, 4, 0, 4, 0]], np.uint8)
    _, steps = significance.test_windows(FilterBank([layer]), tokens, q_value=1, universe="all")
    steps = steps.set_index(["known", steps["score"].round(2)])
    # One of one cell is 1: 3 of 12. Two of two: 3 of 66. None of three or more: 1.
    assert steps.loc[(1, 1.0), "p_value"] == pytest.approx(3 / 12)
    assert steps.loc[(2, 2.0), "p_value"] == pytest.approx(3 / 66)
    assert steps["windows"].sum() == 7
    background, _ = significance.test_windows(
        FilterBank([layer]), tokens, q_value=1, universe="all", null="background"
    )
    assert background.loc[0, ["windows", "tested", "untested"]].tolist() == [7, 0, 7]
    assert np.isfinite(background.loc[0, "smallest_p_value"])


def test_background_null_by_enumeration(make_layer, make_tokens):
    layer = make_layer(width=4, filters=2, activation="relu")
    tokens = make_tokens(rows=20, length=50)
    background = np.array([0.3, 0.2, 0.1, 0.4])
    _, steps = significance.test_windows(
        FilterBank([layer]), tokens, null="background", background=background, conditional=False, q_value=1
    )
    letters = np.stack(np.meshgrid(*[range(4)] * 4, indexing="ij"), axis=-1).reshape(-1, 4)
    chance = background[letters].prod(axis=1)
    for f, name in enumerate(layer.filters):
        scores = layer.kernel[np.arange(4), letters, f].sum(axis=1) + layer.bias[f]
        for row in steps[steps["filter"] == name].itertuples():
            truth = chance[scores >= row.score - 1e-6].sum()
            assert row.p_value_low - 1e-9 <= truth <= row.p_value + 1e-9
            assert row.known == 4


def test_p_values_given_a_positive_activation_are_uniform_under_the_null(make_layer, monkeypatch):
    monkeypatch.setattr(significance, "BINS", 2**11)
    layer, rng = make_layer(width=10, filters=1000, activation="relu"), np.random.default_rng(5)
    for f in range(1000):
        layer.kernel[:, :, f] = rng.permutation(layer.kernel[:, :, 0].ravel()).reshape(10, 4)
    layer.bias[:] = -1
    tokens = rng.integers(0, 4, (1, 10)).astype(np.uint8)
    tests, steps = significance.test_windows(FilterBank([layer]), tokens, q_value=1)
    positive = tests["tested"].sum()
    assert 200 < positive < 600
    for level in (0.05, 0.2, 0.5, 0.8):
        found = (steps["p_value"] <= level).sum()
        assert abs(found - level * positive) < 4 * np.sqrt(level * (1 - level) * positive)
    # Without the condition they are too small.
    _, steps = significance.test_windows(FilterBank([layer]), tokens, q_value=1, conditional=False)
    assert (steps["p_value"] <= 0.2).mean() > 0.35


@pytest.mark.parametrize("null", ["shuffle", "permutation", "background"])
def test_parts_of_a_bank_give_the_same_bytes(make_layer, make_tokens, monkeypatch, tmp_path, null):
    layers = [
        make_layer(seed=1, filters=5, activation="relu"),
        make_layer(seed=2, filters=3, width=8, name="other"),
    ]
    bank, tokens = FilterBank(layers), planted(layers[1], length=70)
    run = partial(significance.test_windows, tokens=tokens, null=null, q_value=0.2, seed=4, permutations=50)
    whole = run(bank, threads=1)
    significance.write_significance(tmp_path / "whole.h5", *whole)
    monkeypatch.setattr(significance, "HISTOGRAM_BYTES", 8 * significance.BINS * 20)
    significance.write_significance(tmp_path / "again.h5", *run(bank, threads=3))
    parts = [bank.filters[:1], bank.filters[1:6], bank.filters[6:]]
    for i, names in enumerate(parts):
        significance.write_significance(tmp_path / f"{i}.h5", *run(bank.subset(names)))
    joined = significance.read_significance(*[tmp_path / f"{i}.h5" for i in range(3)])
    for one, other in zip(whole, joined, strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    significance.write_significance(tmp_path / "joined.h5", *joined)
    content = (tmp_path / "whole.h5").read_bytes()
    assert content == (tmp_path / "again.h5").read_bytes() == (tmp_path / "joined.h5").read_bytes()


def test_files_keep_everything(make_layer, tmp_path):
    layer = make_layer(activation="relu")
    tests, steps = significance.test_windows(FilterBank([layer]), planted(layer), q_value=0.5)
    _, steps, _ = significance.control_fdr(tests, steps, 0.5)
    significance.write_significance(tmp_path / "a.h5", tests, steps)
    for one, other in zip(significance.read_significance(tmp_path / "a.h5"), (tests, steps), strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    (tmp_path / "b.h5").write_text("nothing")
    with pytest.raises(UserError, match=r"b\.h5: not a file of significance tests"):
        significance.read_significance(tmp_path / "b.h5")
    with h5py.File(tmp_path / "c.h5", "w") as file:
        file["tests"] = 1
    with pytest.raises(UserError, match=r"c\.h5"):
        significance.read_significance(tmp_path / "c.h5")


def test_rows_and_strands(make_layer):
    layer = make_layer(width=6, activation="relu")
    tokens = planted(layer)
    bank, rows = FilterBank([layer]), np.array([1, 2, 3, 5, 8, 13])
    of_rows = significance.test_windows(bank, tokens, rows=rows, q_value=0.2)
    for one, other in zip(of_rows, significance.test_windows(bank, tokens[rows], q_value=0.2), strict=True):
        pd.testing.assert_frame_equal(one, other)
    both = bank.on_both_strands()
    minus = replace(layer, kernel=layer.kernel[::-1, ::-1].copy())
    plus, back, all_ = (
        significance.test_windows(x, tokens, q_value=1, universe="all")
        for x in (bank, FilterBank([minus]), both)
    )
    assert (all_[0]["windows"] == 2 * plus[0]["windows"]).all()
    assert (all_[0]["tested"] == plus[0]["tested"] + back[0]["tested"]).all()
    # The same weights, shuffled, have the same null, whichever strand they read.
    for name in layer.filters:
        counts = [x[1][x[1]["filter"] == name].set_index(["known", "score"])["windows"] for x in (plus, back)]
        expected = counts[0].add(counts[1], fill_value=0).astype(int)
        found = all_[1][all_[1]["filter"] == name].set_index(["known", "score"])["windows"]
        assert found.to_dict() == expected.to_dict()


def test_background_of_both_strands_is_symmetric(make_layer):
    layer = make_layer(width=4, activation="relu")
    tokens = np.zeros((3, 30), np.uint8)
    tokens[:, ::7] = 1
    run = partial(significance.test_windows, FilterBank([layer]).on_both_strands(), tokens, null="background")
    _, skewed = run(background=[0.6, 0.2, 0.1, 0.1], q_value=1)
    _, even = run(background=[0.35, 0.15, 0.15, 0.35], q_value=1)
    pd.testing.assert_frame_equal(skewed, even)


@pytest.mark.filterwarnings("error")
def test_a_background_may_lack_letters(make_layer, make_tokens):
    layer, tokens = make_layer(width=3, activation="relu"), make_tokens(rows=20)
    layer.bias[:] = -1
    tests, steps = significance.test_windows(
        FilterBank([layer]), tokens, null="background", background=[0.5, 0.5, 0, 0], q_value=1
    )
    assert tests["tested"].sum() > 0
    assert steps["p_value"].between(0, 1).all()
    assert (steps["p_value_low"] <= steps["p_value"]).all()


def test_filters_that_never_fire_stay_in_the_table(make_layer, make_tokens):
    layer = make_layer(filters=3, activation="relu")
    layer.bias[1] = -100
    tests, steps = significance.test_windows(FilterBank([layer]), planted(layer), q_value=0.5)
    thresholds, steps, cutoffs = significance.control_fdr(tests, steps, 0.5)
    row = thresholds.loc[1]
    assert row[["filter", "tested", "kept", "undecided"]].tolist() == ["conv_001", 0, 0, 0]
    assert row["windows"] > 0
    assert row[["threshold", "score", "p_value", "p_value_low", "q_value", "smallest_p_value"]].isna().all()
    assert (cutoffs["conv_001"] == np.inf).all()
    assert thresholds.loc[[0, 2], "kept"].sum() > 0
    assert list(thresholds.columns) == significance.THRESHOLD_COLUMNS
    assert thresholds["undecided"].dtype == thresholds["kept"].dtype == np.int64


@pytest.mark.parametrize("null", ["shuffle", "permutation", "background"])
@pytest.mark.parametrize("universe", ["positive", "all"])
@pytest.mark.parametrize(
    "case", ["unknown", "short", "one", "constant", "zero", "nothing", "log_sigmoid", "sigmoid", "relu6"]
)
def test_odd_inputs_give_tables(make_layer, make_tokens, null, universe, case):
    activation = case if case in ("log_sigmoid", "sigmoid", "relu6") else "relu"
    layer = make_layer(filters=2, activation=activation)
    tokens = make_tokens(rows=4, unknown=0)
    if case == "unknown":
        tokens[:] = 4
    elif case == "short":
        tokens = tokens[:, :4]
    elif case == "one":
        tokens = tokens[:1, :5]
    elif case in ("constant", "zero"):
        layer.kernel[:], layer.bias[:] = 0.1 * (case == "constant"), 0.5
    elif case == "nothing":
        tokens = tokens[:0]
    tests, steps = significance.test_windows(
        FilterBank([layer]), tokens, null=null, universe=universe, q_value=0.1
    )
    thresholds, steps, cutoffs = significance.control_fdr(tests, steps, 0.1)
    windows = {"unknown": 0, "short": 0, "one": 1, "nothing": 0}.get(case, 4 * 19)
    assert thresholds["windows"].tolist() == [windows] * 2
    assert (thresholds["tested"] <= windows).all()
    if universe == "all":
        assert thresholds["tested"].tolist() == [windows] * 2
    elif case == "log_sigmoid":
        assert thresholds["tested"].tolist() == [0, 0]
        assert thresholds["smallest_p_value"].isna().all()
    if case in ("constant", "zero"):
        assert thresholds["tested"].tolist() == [windows] * 2
        assert thresholds["smallest_p_value"].tolist() == [1, 1]
        assert thresholds["kept"].tolist() == thresholds["undecided"].tolist() == [0, 0]
    assert set(cutoffs) == set(layer.filters)


def test_every_window_of_a_sigmoid_is_positive_so_that_there_is_no_condition(make_layer, make_tokens):
    layer, tokens = make_layer(activation="sigmoid"), make_tokens(rows=20)
    run = partial(significance.test_windows, FilterBank([layer]), tokens, q_value=1)
    (tests, steps), (plain, unconditioned) = run(), run(universe="all")
    assert (tests["tested"] == tests["windows"]).all()
    pd.testing.assert_frame_equal(steps, unconditioned)
    np.testing.assert_allclose(plain["smallest_p_value"], tests["smallest_p_value"], rtol=1e-9)


def test_no_layers(make_layer, make_tokens, tmp_path):
    bank = FilterBank([], make_layer().alphabet)
    tests, steps = significance.test_windows(bank, make_tokens())
    significance.write_significance(tmp_path / "none.h5", tests, steps)
    tests, steps = significance.read_significance(tmp_path / "none.h5")
    thresholds, steps, cutoffs = significance.control_fdr(tests, steps)
    assert list(thresholds.columns) == significance.THRESHOLD_COLUMNS
    assert len(thresholds) == len(steps) == len(cutoffs) == 0


def test_finer_grids_are_taken_where_a_decision_is_open(make_layer):
    layer = make_layer(width=9, filters=6, activation="relu")
    tokens = planted(layer, rows=80)
    bank = FilterBank([layer])
    coarse, fine = (
        significance.test_windows(bank, tokens, q_value=0.3, levels=x) for x in ((16,), (16, 64, 4096))
    )
    assert (coarse[0]["levels"] == 16).all()
    assert set(fine[0]["levels"]) - {16}
    before, after = (significance.control_fdr(*pair, 0.3)[0] for pair in (coarse, fine))
    assert (before["kept"] <= after["kept"]).all()
    assert (before["kept"] + before["undecided"] >= after["kept"] + after["undecided"]).all()
    assert after["undecided"].sum() < before["undecided"].sum()
    open_ = after[fine[0]["levels"] < 4096]
    assert (open_["undecided"] <= significance.OPEN * (open_["kept"] + open_["undecided"])).all()


def test_annotation_finds_the_bin_of_a_window():
    steps = pd.DataFrame(
        {
            "filter": ["a", "a", "b", "a"],
            "known": np.array([3, 3, 3, 2], np.int16),
            "score": np.array([1, 2, 0.5, 1.5], np.float32),
            "p_value": [0.1, 0.01, 0.2, 0.05],
            "q_value": [0.3, 0.03, 0.4, 0.06],
        }
    )
    names = np.array(["a", "b", "a", "a", "a", "c", "a"])
    p, q = significance.annotate(steps, names, [3, 3, 3, 2, 3, 3, 1], np.float32([1, 9, 2.5, 1.4, 1.9, 5, 5]))
    np.testing.assert_array_equal(p, [0.1, 0.2, 0.01, np.nan, 0.1, np.nan, np.nan])
    np.testing.assert_array_equal(q, [0.3, 0.4, 0.03, np.nan, 0.3, np.nan, np.nan])
    assert significance.annotate(steps, "b", [3], [0.4])[0].tolist() == pytest.approx([np.nan], nan_ok=True)
    assert len(significance.annotate(steps.iloc[:0], names, [3] * 7, [1.0] * 7)[0]) == 7
    assert len(significance.annotate(steps, names[:0], [], [])[0]) == 0


def test_tails_for_the_figure(make_layer):
    layer = make_layer(width=6, activation="relu")
    tokens = planted(layer, rows=60)
    tests, steps = significance.test_windows(FilterBank([layer]), tokens, q_value=0.4)
    windows = windows_of(layer, tokens)
    name = layer.filters[0]
    mine = windows[(windows["filter"] == name) & (windows["known"] == 6) & (windows["activation"] > 0)]
    tail = significance.survival(tests, steps, name)
    for row in tail.itertuples():
        assert row.observed == pytest.approx((mine["score"] >= row.score).mean())
    assert tail["score"].is_monotonic_increasing
    assert tail["null"].is_monotonic_decreasing
    thin = significance.survival(tests, steps, name, points=5)
    assert len(thin) == 5
    assert thin.iloc[0].equals(tail.iloc[0])
    assert thin.iloc[-1].equals(tail.iloc[-1])
    assert len(significance.survival(tests, steps.iloc[:0], name)) == 0
