import h5py
import numpy as np
import pytest

from motifloom.filters import scan

LAYOUTS = [
    {"padding": padding, "stride": stride, "dilation": dilation, "width": width}
    for padding in ("valid", "same", "causal")
    for stride, dilation in ((1, 1), (3, 1), (1, 2), (2, 3))
    for width in (1, 2, 5, 7)
]


def all_activations(layer, tokens, **options):
    blocks = list(scan.activation_blocks(layer, tokens, **options))
    return np.concatenate([activations for _, activations in blocks])


def usable_windows(layer, tokens):
    """Activations of the windows that count, by filter."""
    known = tokens[:, layer.starts(tokens.shape[1])[:, None] + np.arange(layer.width) * layer.dilation]
    activations = all_activations(layer, tokens)
    return activations[(known < layer.alphabet.size).any(axis=2)].T


@pytest.mark.parametrize("options", LAYOUTS, ids=str)
@pytest.mark.parametrize(("alphabet", "letters"), [("dna", 4), ("protein", 20)])
def test_scores_and_maxima_equal_slow_loops(make_layer, make_tokens, slow_scores, options, alphabet, letters):
    sign = np.array([1, -1, 1], np.float32)
    layer = make_layer(alphabet=alphabet, sign=sign, **options)
    tokens = make_tokens(letters=letters, unknown=0.3)
    expected = slow_scores(layer, tokens)
    activations = all_activations(layer, tokens)
    starts = layer.starts(tokens.shape[1]).tolist()
    for (row, start), scores in expected.items():
        np.testing.assert_allclose(activations[row, starts.index(start)], scores, rtol=1e-5, atol=1e-5)
    values, places = scan.sequence_maxima(layer, tokens)
    for row in range(len(tokens)):
        windows = {start: scores for (r, start), scores in expected.items() if r == row}
        for f in range(3):
            if windows:
                best = max(windows, key=lambda start: windows[start][f])
                assert places[row, f] == best
                assert values[row, f] == pytest.approx(windows[best][f], rel=1e-5, abs=1e-5)
            else:
                assert places[row, f] == -1
                assert np.isnan(values[row, f])


@pytest.mark.parametrize(
    ("padding", "stride", "dilation", "activation"),
    [
        ("valid", 1, 1, "relu"),
        ("valid", 2, 1, "sigmoid"),
        ("valid", 1, 3, "linear"),
        ("same", 1, 1, "exponential"),
        ("same", 3, 1, "gelu"),
        ("same", 1, 2, "tanh"),
        ("causal", 1, 1, "elu"),
        ("causal", 2, 1, "swish"),
        ("causal", 1, 2, "softplus"),
    ],
)
def test_outputs_equal_those_of_keras(make_layer, make_tokens, padding, stride, dilation, activation):
    import keras

    options = {"padding": padding, "activation": activation}
    layer = make_layer(width=6, filters=4, stride=stride, dilation=dilation, **options)
    tokens = make_tokens(length=40)
    conv = keras.layers.Conv1D(4, 6, strides=stride, dilation_rate=dilation, **options)
    conv.build((None, 40, 4))
    conv.set_weights([layer.kernel, layer.bias])
    expected = np.asarray(conv(layer.alphabet.one_hot(tokens)))
    ours = all_activations(layer, tokens, inside=False)
    assert ours.shape == expected.shape
    np.testing.assert_allclose(ours, expected, rtol=2e-5, atol=2e-5)
    inside = np.isin(layer.starts(40, inside=False), layer.starts(40))
    assert (all_activations(layer, tokens) == ours[:, inside]).all()


@pytest.mark.parametrize("activation", ["relu", "linear", "sigmoid", "exponential", "tanh", "gelu"])
@pytest.mark.parametrize("percentile", [0, 37.5, 90, 99.9, 100])
def test_quantiles_are_numpys_to_the_last_bit(make_layer, make_tokens, activation, percentile):
    layer = make_layer(width=4, filters=5, activation=activation)
    layer.kernel[:, :, 3] = -9
    layer.kernel[:, :, 4] = 0
    tokens = make_tokens(rows=40, unknown=0.4)
    threshold, count = scan.positive_quantile(layer, tokens, percentile)
    for f, activations in enumerate(usable_windows(layer, tokens).astype(np.float64)):
        positive = activations[activations > 0]
        assert count[f] == len(positive)
        if len(positive):
            assert threshold[f] == np.percentile(positive, percentile)
        else:
            assert np.isnan(threshold[f])


def test_quantile_between_two_bins_of_the_histogram(make_layer):
    layer = make_layer(width=1, filters=2)
    layer.kernel[0] = np.array([[1, 1], [2, 50], [3, -2], [1000, -3]])
    layer.bias[:] = 0
    tokens = np.array([[0, 1, 2, 3]], np.uint8)
    threshold, count = scan.positive_quantile(layer, tokens, 90)
    assert count.tolist() == [4, 2]
    assert threshold.tolist() == [np.percentile([1, 2, 3, 1000], 90), np.percentile([1, 50], 90)]


def test_zero_scores_are_not_positive(make_layer, make_tokens):
    layer = make_layer()
    layer.kernel[:], layer.bias[:] = 0, 0
    threshold, count = scan.positive_quantile(layer, make_tokens(), 90)
    assert np.isnan(threshold).all()
    assert not count.any()
    assert not scan.count_hits(layer, make_tokens(), scan.score_cutoffs(layer, np.zeros(3)))[0].any()


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "swish", "linear"])
def test_hits_are_the_windows_at_or_above_the_threshold(make_layer, make_tokens, activation):
    layer = make_layer(width=6, filters=5, activation=activation, padding="same")
    tokens = make_tokens(rows=30, unknown=0.3)
    threshold = np.array([0.2, 0.5, 0.0, 1e9, np.nan])
    cutoffs = scan.score_cutoffs(layer, threshold)
    count, letters = scan.count_hits(layer, tokens, cutoffs)
    found = list(scan.hit_blocks(layer, tokens, cutoffs))
    activations = all_activations(layer, tokens)
    starts = layer.starts(tokens.shape[1])
    listed = {
        (row, start, f): value
        for hits in found
        for row, start, f, value in zip(*(array.tolist() for array in hits), strict=True)
    }
    expected, counts = {}, np.zeros((5, 6, 4), int)
    for row, i, f in np.ndindex(activations.shape):
        window = tokens[row, starts[i] : starts[i] + 6]
        value = activations[row, i, f]
        if value > 0 and value >= threshold[f] and (window < 4).any():
            expected[row, starts[i], f] = value
            for w, letter in enumerate(window):
                if letter < 4:
                    counts[f, w, letter] += 1
    assert listed == expected
    assert count.tolist() == [sum(key[2] == f for key in expected) for f in range(5)]
    assert (letters == counts).all()


def test_cutoffs_may_depend_on_the_number_of_known_letters(make_layer, make_tokens):
    layer = make_layer(width=3, filters=1)
    tokens = make_tokens(rows=20, unknown=0.4)
    cutoffs = np.array([[np.inf], [np.inf], [-np.inf], [np.inf]], np.float32)
    count, letters = scan.count_hits(layer, tokens, cutoffs)
    windows = np.lib.stride_tricks.sliding_window_view(tokens, 3, axis=1)
    assert count[0] == ((windows < 4).sum(axis=2) == 2).sum()
    assert letters.sum() == 2 * count[0]


@pytest.mark.parametrize("filters", [1, 5, 70])
def test_no_result_depends_on_threads_or_blocks(make_layer, make_tokens, monkeypatch, filters):
    layer = make_layer(width=9, filters=filters, activation="tanh")
    tokens = make_tokens(rows=50)

    def results(threads):
        threshold, count = scan.positive_quantile(layer, tokens, 80, threads=threads)
        cutoffs = scan.score_cutoffs(layer, threshold)
        hits = list(scan.hit_blocks(layer, tokens, cutoffs, threads=threads))
        order = np.lexsort(np.concatenate([np.array(h[:3]) for h in hits], axis=1))
        return [
            threshold,
            count,
            *scan.count_hits(layer, tokens, cutoffs, threads=threads),
            *scan.sequence_maxima(layer, tokens, threads=threads),
            all_activations(layer, tokens, threads=threads),
            *(np.concatenate(arrays)[order] for arrays in zip(*hits, strict=True)),
        ]

    one = results(1)
    monkeypatch.setattr(scan, "BLOCK_LETTERS", 100)
    monkeypatch.setattr(scan, "BLOCK_VALUES", 100 * filters)
    for threads in (1, 2, 5):
        for a, b in zip(one, results(threads), strict=True):
            assert a.tobytes() == b.tobytes()


def test_rows_in_any_order_from_memory_and_from_a_file(make_layer, make_tokens, tmp_path):
    layer, tokens = make_layer(), make_tokens(rows=60)
    rows = np.array([50, 3, 59, 4, 5])
    with h5py.File(tmp_path / "t.h5", "w") as file:
        stored = file.create_dataset("tokens", data=tokens)
        for source in (tokens, stored):
            assert (scan.read_rows(source, rows) == tokens[rows]).all()
            assert (scan.read_rows(source, [8, 7, 7]) == tokens[[8, 7, 7]]).all()
            values, _ = scan.sequence_maxima(layer, source, rows)
            assert (values == scan.sequence_maxima(layer, tokens)[0][rows]).all()
            assert scan.read_rows(source, np.zeros(0, int)).shape == (0, 23)


def test_sequences_shorter_than_the_filter_have_no_windows(make_layer, make_tokens):
    layer, tokens = make_layer(width=30, padding="same"), make_tokens()
    threshold, count = scan.positive_quantile(layer, tokens, 90)
    assert np.isnan(threshold).all()
    assert not count.any()
    assert scan.count_hits(layer, tokens, scan.score_cutoffs(layer, threshold))[1].shape == (3, 30, 4)
    assert (scan.sequence_maxima(layer, tokens)[1] == -1).all()


def test_maximum_of_a_function_that_falls_first(make_layer):
    layer = make_layer(width=1, filters=1, activation="swish")
    layer.kernel[0, :, 0], layer.bias[:] = [-1.3, -9, -1.2, -5], 0
    values, starts = scan.sequence_maxima(layer, np.array([[0, 1, 2], [0, 3, 2]], np.uint8))
    assert starts[:, 0].tolist() == [1, 1]
    assert values[:, 0] == pytest.approx([-9 / (1 + np.exp(9)), -5 / (1 + np.exp(5))])
