from dataclasses import replace

import h5py
import numpy as np
import pytest

from motifloom.filters import scan
from motifloom.filters.activations import FUNCTIONS

LAYOUTS = [
    {"padding": padding, "stride": stride, "dilation": dilation, "width": width}
    for padding in ("valid", "same", "causal")
    for stride, dilation in ((1, 1), (3, 1), (1, 2), (2, 3))
    for width in (1, 2, 5, 7)
]


def all_activations(layer, tokens, **options):
    blocks = list(scan.activation_blocks(layer, tokens, **options))
    return np.concatenate([activations for _, activations in blocks])


def read_slowly(layer, tokens):
    """Yield (row, start, strand, known, scores (F,), letters) of all windows that count, in order."""
    kernel, unknown = layer.kernel.astype(float), layer.alphabet.size
    for row, sequence in enumerate(tokens):
        for start in layer.starts(tokens.shape[1]).tolist():
            letters = [min(sequence[start + w * layer.dilation], unknown) for w in range(layer.width)]
            known = sum(letter < unknown for letter in letters)
            for strand in (1, -1) if layer.both_strands else (1,):
                if strand < 0:
                    letters = [layer.alphabet.complement_table[letter] for letter in reversed(letters)]
                if known:
                    read = [kernel[w, letter] for w, letter in enumerate(letters) if letter < unknown]
                    yield row, start, strand, known, (sum(read) + layer.bias) * layer.scale, letters


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
    values, places, _, _ = scan.summarise_sequences(layer, tokens)
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
        for row, start, f, value in zip(
            *(array.tolist() for array in (hits.row, hits.start, hits.filter, hits.activation)), strict=True
        )
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
@pytest.mark.parametrize("both_strands", [False, True])
def test_no_result_depends_on_threads_or_blocks(make_layer, make_tokens, monkeypatch, filters, both_strands):
    layer = make_layer(width=9, filters=filters, activation="tanh", both_strands=both_strands)
    tokens, ends = make_tokens(rows=50), (np.full(filters, -1.0), np.full(filters, 2.0))

    def results(threads):
        threshold, count = scan.positive_quantile(layer, tokens, 80, threads=threads)
        cutoffs = scan.score_cutoffs(layer, threshold)
        hits = list(scan.hit_blocks(layer, tokens, cutoffs, threads=threads))
        order = np.lexsort(
            [np.concatenate([getattr(h, key) for h in hits]) for key in ("strand", "start", "row", "filter")]
        )
        return [
            threshold,
            count,
            *scan.count_hits(layer, tokens, cutoffs, threads=threads),
            *scan.summarise_sequences(layer, tokens, threads=threads),
            *scan.summarise_sequences(replace(layer, activation="linear"), tokens, threads=threads),
            *scan.position_profile(layer, tokens, np.eye(50)[:, :3] + 0.1, threads=threads),
            *scan.score_histogram(layer, tokens, *ends, 7, threads=threads),
            scan.count_sequence_hits(layer, tokens, cutoffs, threads=threads),
            all_activations(layer, tokens, threads=threads),
            *(np.concatenate(arrays)[order] for arrays in zip(*hits, strict=True)),
        ]

    one = results(1)
    monkeypatch.setattr(scan, "CHUNK_VALUES", 100)
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
            values = scan.summarise_sequences(layer, source, rows).maximum
            assert (values == scan.summarise_sequences(layer, tokens).maximum[rows]).all()
            assert scan.read_rows(source, np.zeros(0, int)).shape == (0, 23)


def test_sequences_shorter_than_the_filter_have_no_windows(make_layer, make_tokens):
    layer, tokens = make_layer(width=30, padding="same"), make_tokens()
    threshold, count = scan.positive_quantile(layer, tokens, 90)
    assert np.isnan(threshold).all()
    assert not count.any()
    assert scan.count_hits(layer, tokens, scan.score_cutoffs(layer, threshold))[1].shape == (3, 30, 4)
    assert (scan.summarise_sequences(layer, tokens).start == -1).all()


def test_maximum_of_a_function_that_falls_first(make_layer):
    layer = make_layer(width=1, filters=1, activation="swish")
    layer.kernel[0, :, 0], layer.bias[:] = [-1.3, -9, -1.2, -5], 0
    values, starts, _, _ = scan.summarise_sequences(layer, np.array([[0, 1, 2], [0, 3, 2]], np.uint8))
    assert starts[:, 0].tolist() == [1, 1]
    assert values[:, 0] == pytest.approx([-9 / (1 + np.exp(9)), -5 / (1 + np.exp(5))])


READINGS = [
    {"both_strands": both, **options}
    for both in (False, True)
    for options in (
        {"activation": "relu"},
        {"padding": "same", "stride": 2, "sign": np.array([-1, 1, -1], np.float32)},
        {"padding": "causal", "dilation": 3, "activation": "exponential"},
        {"stride": 3, "dilation": 2, "width": 4, "activation": "gelu"},
        {"width": 1, "activation": "leaky_relu", "activation_args": {"negative_slope": 0.1}},
        {"width": 9, "activation": "relu", "activation_args": {"max_value": 1.5, "threshold": 0.3}},
    )
]
PROTEIN = {"alphabet": "protein", "padding": "same", "activation": "swish"}


def make_case(make_layer, make_tokens, options):
    letters = 20 if options.get("alphabet") == "protein" else 4
    tokens = make_tokens(letters=letters, unknown=0.4, length=29)
    tokens[2] = letters
    return make_layer(3, **options), tokens


@pytest.mark.parametrize("options", [*READINGS, PROTEIN], ids=str)
def test_summary_equals_slow_loops(make_layer, make_tokens, options):
    layer, tokens = make_case(make_layer, make_tokens, options)
    found, windows = scan.summarise_sequences(layer, tokens), list(read_slowly(layer, tokens))
    assert [array.dtype for array in found] == [np.float32, np.int32, np.int8, np.float32]
    for row in range(len(tokens)):
        here = [window for window in windows if window[0] == row]
        if not here:
            assert np.isnan(found.maximum[row]).all()
            assert (found.start[row] == -1).all()
            assert (found.mean[row] == 0).all()
            continue
        activations = layer.activate(np.array([window[4] for window in here]))
        np.testing.assert_allclose(found.maximum[row], activations.max(axis=0), rtol=1e-5, atol=1e-5)
        mean = np.maximum(activations, 0).mean(axis=0)
        np.testing.assert_allclose(found.mean[row], mean, rtol=1e-5, atol=1e-6)
        for f in range(3):
            places = {window[1:3]: value for window, value in zip(here, activations[:, f], strict=True)}
            place = found.start[row, f], found.strand[row, f]
            assert places[place] == pytest.approx(found.maximum[row, f], rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_summary_of_every_activation_function(make_layer, make_tokens, name):
    layer, tokens = make_layer(activation=name, both_strands=True), make_tokens(unknown=0.3)
    found, windows = scan.summarise_sequences(layer, tokens), list(read_slowly(layer, tokens))
    for row in range(len(tokens)):
        activations = layer.activate([window[4] for window in windows if window[0] == row])
        np.testing.assert_allclose(found.maximum[row], activations.max(axis=0), rtol=1e-5, atol=1e-6)
        mean = np.maximum(activations, 0).mean(axis=0)
        np.testing.assert_allclose(found.mean[row], mean, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("options", [*READINGS, PROTEIN], ids=str)
def test_hits_on_the_strands_equal_slow_loops(make_layer, make_tokens, options):
    layer, tokens = make_case(make_layer, make_tokens, options)
    threshold = np.array([0.2, 0.7, np.nan])
    cutoffs = scan.score_cutoffs(layer, threshold)
    cutoffs[1] += 0.05
    (hits,) = scan.hit_blocks(layer, tokens, cutoffs)
    expected, scores = [], []
    letters = np.zeros((3, layer.width, layer.alphabet.size), int)
    for f in range(3):
        for row, start, strand, known, values, read in read_slowly(layer, tokens):
            if values[f] >= cutoffs[known, f]:
                expected.append((row, start, strand, f, known))
                scores.append(values[f])
                for w, letter in enumerate(read):
                    if letter < layer.alphabet.size:
                        letters[f, w, letter] += 1
    assert len(expected) > 5
    assert list(zip(*(array.tolist() for array in hits[:5]), strict=True)) == expected
    np.testing.assert_allclose(hits.score, scores, rtol=1e-5, atol=1e-5)
    assert (hits.activation == layer.activate(hits.score)).all()
    dtypes = [np.int64, np.int64, np.int8, np.int64, np.int16, np.float32, np.float32]
    assert [array.dtype for array in hits] == dtypes
    count, found = scan.count_hits(layer, tokens, cutoffs)
    assert count.tolist() == np.bincount(hits.filter, minlength=3).tolist()
    assert (found == letters).all()
    by_sequence = scan.count_sequence_hits(layer, tokens, cutoffs, [6, 1, 2])
    assert by_sequence.dtype == np.int32
    rows = [[((hits.row == row) & (hits.filter == f)).sum() for f in range(3)] for row in (6, 1, 2)]
    assert by_sequence.tolist() == rows


@pytest.mark.parametrize("options", [*READINGS, PROTEIN], ids=str)
def test_profile_equals_slow_loops(make_layer, make_tokens, options):
    layer, tokens = make_case(make_layer, make_tokens, options)
    rows, members = np.array([5, 2, 0, 3]), np.array([[1, 0], [1, 1], [0, 0.5], [1, 2]])
    starts = layer.starts(29).tolist()
    best = {}
    for row, start, _, _, scores, _ in read_slowly(layer, tokens):
        value = layer.activate(scores)
        best[row, start] = np.maximum(best.get((row, start), value), value)
    total, squares = np.zeros((2, 2, len(starts), 3))
    for (row, start), value in best.items():
        for c in range(2):
            for weight in members[rows == row, c]:
                total[c, starts.index(start)] += weight * value
                squares[c, starts.index(start)] += weight * value.astype(float) ** 2
    found = scan.position_profile(layer, tokens, members, rows)
    np.testing.assert_allclose(found[0], total, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(found[1], squares, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("options", [*READINGS, PROTEIN], ids=str)
@pytest.mark.parametrize("bins", [1, 2, 300])
def test_histogram_agrees_with_its_edges(make_layer, make_tokens, options, bins):
    layer, tokens = make_case(make_layer, make_tokens, options)
    everything = np.full((layer.width + 1, 3), -np.inf, np.float32)
    everything[0] = np.inf
    (hits,) = scan.hit_blocks(layer, tokens, everything)
    assert len(hits.score) == 3 * len(list(read_slowly(layer, tokens)))
    low, high = np.array([-50.0, 0.0, 1.0]), np.array([50.0, 1.0, 1.0])
    low[1] = np.sort(hits.score[hits.filter == 1])[2]
    found = scan.score_histogram(layer, tokens, low, high, bins)
    assert found.edges.shape == (3, bins)
    assert found.edges.dtype == np.float32
    assert (np.diff(found.edges) > 0).all()
    np.testing.assert_allclose(found.edges[:2, 0], low[:2], rtol=1e-6)
    assert found.known.tolist() == np.unique(hits.known).tolist()
    expected = np.zeros((3, len(found.known), bins), np.int64)
    for f, known, score in zip(hits.filter, hits.known, hits.score, strict=True):
        at = np.searchsorted(found.edges[f], score, side="right") - 1
        if at >= 0:
            expected[f, found.known.tolist().index(known), at] += 1
    assert (found.counts == expected).all()
    assert found.counts[0].sum() == (hits.filter == 0).sum()


def test_histogram_counts_a_score_on_an_edge_upwards(make_layer):
    layer = make_layer(width=1, filters=1)
    layer.kernel[0, :, 0], layer.bias[:] = [-1, 0, 0.5, 7], 0
    tokens = np.array([[0, 1, 2, 3, 4, 2]], np.uint8)
    found = scan.score_histogram(layer, tokens, [0.0], [1.0], 2)
    assert found.edges.tolist() == [[0, 0.5]]
    assert found.known.tolist() == [1]
    assert found.counts.tolist() == [[[1, 3]]]


def test_histogram_of_narrow_bins_and_of_no_windows(make_layer, make_tokens):
    layer = make_layer(width=2, filters=1)
    tokens = make_tokens(rows=30)
    score = np.float64(scan.summarise_sequences(layer, tokens).maximum[0, 0])
    found = scan.score_histogram(layer, tokens, [score - 1e-6], [score + 1e-6], 1000)
    (hits,) = scan.hit_blocks(layer, tokens, np.array([[np.inf], [-np.inf], [-np.inf]], np.float32))
    assert (np.diff(found.edges) >= 0).all()
    above = np.array([(hits.score >= edge).sum() for edge in found.edges[0]])
    assert (found.counts.sum(axis=1)[0, ::-1].cumsum()[::-1] == above).all()
    assert above[0] > 0
    found = scan.score_histogram(layer, tokens[:, :1], [0.0], [1.0], 4)
    assert found.counts.shape == (1, 0, 4)


@pytest.mark.parametrize("options", [{}, {"dilation": 3, "width": 7}, {"activation": "swish"}], ids=str)
def test_reverse_complements_have_the_same_scores_to_the_last_bit(make_layer, make_tokens, options):
    layer = make_layer(both_strands=True, **{"filters": 4, "width": 11, **options})
    # Without unknown letters no window of an odd width is its own reverse complement.
    tokens = make_tokens(rows=30, length=40, unknown=0)
    turned = layer.alphabet.reverse_complement(tokens)
    one, other = scan.summarise_sequences(layer, tokens), scan.summarise_sequences(layer, turned)
    assert one.maximum.tobytes() == other.maximum.tobytes()
    assert (one.start == 40 - layer.span - other.start).all()
    assert (one.strand == -other.strand).all()
    cutoffs = scan.score_cutoffs(layer, np.full(4, 0.1))
    for a, b in zip(*(scan.count_hits(layer, x, cutoffs) for x in (tokens, turned)), strict=True):
        assert (a == b).all()
    for a, b in zip(*(scan.positive_quantile(layer, x, 77) for x in (tokens, turned)), strict=True):
        assert (a == b).all()


def test_a_palindrome_is_a_hit_on_both_strands_and_read_forward(make_layer):
    layer = make_layer(width=4, filters=1, both_strands=True)
    layer.kernel[:], layer.bias[:] = 0.1, 0
    layer.kernel[range(4), [0, 3, 0, 3], 0] = [1.3, 2.1, 2.1, 1.3]
    tokens = np.array([[2, 0, 3, 0, 3, 2, 0, 3, 0, 3]], np.uint8)
    found = scan.summarise_sequences(layer, tokens)
    assert (found.start[0, 0], found.strand[0, 0]) == (1, 1)
    (hits,) = scan.hit_blocks(layer, tokens, scan.score_cutoffs(layer, found.maximum[0]))
    assert hits.start.tolist() == [1, 1, 6, 6]
    assert hits.strand.tolist() == [1, -1, 1, -1]
    assert len(set(hits.score.tolist())) == 1


def test_the_first_of_equal_maxima_may_be_on_the_other_strand(make_layer):
    layer = make_layer(width=3, filters=1, both_strands=True)
    layer.kernel[:], layer.bias[:] = 0, 0
    layer.kernel[range(3), [0, 0, 1], 0] = 1
    tokens = np.array([[3, 2, 3, 3, 3, 0, 0, 1]], np.uint8)
    found = scan.summarise_sequences(layer, tokens)
    assert (found.maximum[0, 0], found.start[0, 0], found.strand[0, 0]) == (3, 1, -1)


def test_activations_on_both_strands_are_the_larger_ones(make_layer, make_tokens):
    layer, tokens = make_layer(padding="same", activation="swish", both_strands=True), make_tokens()
    forward = replace(layer, both_strands=False)
    turned = layer.alphabet.reverse_complement(tokens)
    one, other = all_activations(forward, tokens), all_activations(forward, turned)[:, ::-1]
    assert (all_activations(layer, tokens) == np.maximum(one, other)).all()
    # With the default stride and an odd width, padding is the same at both ends.
    one = all_activations(forward, tokens, inside=False)
    other = all_activations(forward, turned, inside=False)[:, ::-1]
    assert (all_activations(layer, tokens, inside=False) == np.maximum(one, other)).all()


def test_quantiles_are_over_both_strands(make_layer, make_tokens):
    layer, tokens = make_layer(both_strands=True, activation="relu"), make_tokens(rows=40)
    windows = [scores for *_, scores, _ in read_slowly(layer, tokens)]
    threshold, count = scan.positive_quantile(layer, tokens, 80)
    for f, scores in enumerate(np.array(windows).T):
        assert count[f] == (scores > 0).sum()
        assert threshold[f] == pytest.approx(np.percentile(scores[scores > 0], 80), rel=1e-6)


def test_a_subset_scans_as_the_whole_does(make_layer, make_tokens):
    layer = make_layer(filters=6, both_strands=True, sign=np.array([1, -1, 1, 1, -1, -1], np.float32))
    tokens = make_tokens()
    whole, part = (scan.summarise_sequences(x, tokens) for x in (layer, layer.take([1, 3, 4])))
    for a, b in zip(whole, part, strict=True):
        assert (a[:, [1, 3, 4]] == b).all()


def test_values_beyond_the_alphabet_are_unknown_letters(make_layer, make_tokens):
    layer, tokens = make_layer(both_strands=True), make_tokens(unknown=0.3)
    other = np.where(tokens == 4, 255, tokens).astype(np.uint8)
    for a, b in zip(*(scan.summarise_sequences(layer, x) for x in (tokens, other)), strict=True):
        assert a.tobytes() == b.tobytes()


@pytest.mark.parametrize("both_strands", [False, True])
def test_no_sequences(make_layer, both_strands):
    layer, tokens = make_layer(both_strands=both_strands), np.zeros((0, 20), np.uint8)
    cutoffs = scan.score_cutoffs(layer, np.zeros(3))
    assert scan.summarise_sequences(layer, tokens).maximum.shape == (0, 3)
    assert scan.count_sequence_hits(layer, tokens, cutoffs).shape == (0, 3)
    assert scan.count_hits(layer, tokens, cutoffs)[0].tolist() == [0, 0, 0]
    assert scan.position_profile(layer, tokens, np.zeros((0, 2)))[0].shape == (2, 16, 3)
    assert scan.score_histogram(layer, tokens, np.zeros(3), np.ones(3), 5).counts.shape == (3, 0, 5)
