from functools import partial

import numpy as np
import pytest

from motifloom.data.encode import PROTEIN
from motifloom.filters import methods
from motifloom.filters.bank import FilterBank
from motifloom.filters.methods import (
    best_windows,
    class_max_motifs,
    cutoff_motifs,
    letter_frequencies,
    letters_of,
    positive_motifs,
    softmax_motifs,
    stack_cutoffs,
    top_motifs,
    window_letters,
)
from motifloom.filters.scan import Hits, read_blocks
from motifloom.filters.summaries import Summary, layer_slices, read_summary, write_summary


@pytest.fixture
def by_hand(make_layer):
    """A filter that likes AC (score 2 + 1), one that never fires."""
    layer = make_layer(width=2, filters=2, padding="same", activation="relu")
    layer.kernel[:] = -5
    layer.bias[:] = 0
    layer.kernel[0, 0, 0], layer.kernel[1, 1, 0], layer.kernel[1, 2, 0] = 2, 1, -1
    return FilterBank([layer])


@pytest.fixture
def exact_layer(make_layer):
    """A random layer whose scores are exact in float32, whatever the order of the sum."""

    def make(*args, **options):
        layer = make_layer(*args, **options)
        layer.kernel[:], layer.bias[:] = np.round(layer.kernel * 8) / 8, np.round(layer.bias * 8) / 8
        return layer

    return make


@pytest.fixture
def slow_windows(slow_scores):
    """Return [(row, start, strand, letters as read (W,), scores (F,)), ...] in the order of Hits."""

    def windows(layer, tokens):
        found = []
        for row, start in sorted(slow_scores(layer, tokens)):
            for strand in (1, -1) if layer.both_strands else (1,):
                letters = tokens[row, start : start + layer.span : layer.dilation]
                letters = layer.alphabet.reverse_complement(letters) if strand < 0 else letters
                score = layer.bias.astype(float)
                for w, letter in enumerate(letters):
                    if letter < layer.alphabet.size:
                        score = score + layer.kernel[w, letter]
                found.append((row, start, strand, letters, score * layer.scale))
        return found

    return windows


def test_top_by_hand(by_hand):
    # Activations: AC 3, AG 1, A followed by an unknown 2, unknown followed by C 1.
    tokens = np.array([[0, 1, 3, 0, 2, 3], [0, 4, 1, 4, 4, 4]], np.uint8)
    motifs = top_motifs(by_hand, tokens, percentile=50)
    assert motifs.filters == ["conv_000", "conv_001"]
    assert motifs.thresholds[0] == 1.5
    assert motifs.n_sites.tolist() == [2, 0]
    assert motifs.counts["conv_000"].tolist() == [[2, 0, 0, 0], [0, 1, 0, 0]]
    assert motifs.silent == ["conv_001"]
    assert np.isnan(motifs.thresholds[1])
    assert not motifs.counts["conv_001"].any()
    assert motifs.background.tolist() == [3 / 8, 2 / 8, 1 / 8, 2 / 8]
    assert motifs.parameters == {"percentile": 50, "include_all_positive": False}
    assert motifs.cutoffs["conv_000"].tolist() == [np.inf, 1.5, 1.5]
    assert motifs.cutoffs["conv_001"].tolist() == [np.inf] * 3
    assert (motifs.kernels["conv_000"] == by_hand.layers[0].kernel[:, :, 0]).all()
    every = top_motifs(by_hand, tokens, include_all_positive=True)
    assert every.thresholds[0] == 0 and np.isnan(every.thresholds[1])
    assert every.n_sites.tolist() == [4, 0]
    assert every.counts["conv_000"].tolist() == [[3, 0, 0, 0], [0, 2, 1, 0]]


def test_padding_is_never_a_site(by_hand):
    # With "same" padding the layer also fires at A followed by the padding.
    motifs = top_motifs(by_hand, np.array([[3, 3, 0]], np.uint8))
    assert motifs.n_sites.tolist() == [0, 0]


def test_both_strands_by_hand(by_hand):
    # GT is AC on the other strand; a palindrome (here AT) is a site on both.
    both = by_hand.on_both_strands()
    motifs = top_motifs(both, np.array([[2, 3, 2]], np.uint8), percentile=0)
    assert motifs.n_sites.tolist() == [1, 0]
    assert motifs.counts["conv_000"].tolist() == [[1, 0, 0, 0], [0, 1, 0, 0]]
    by_hand.layers[0].kernel[1, 3, 0] = 1
    palindrome = top_motifs(both, np.array([[0, 3]], np.uint8), percentile=0)
    assert palindrome.n_sites.tolist() == [2, 0]
    assert palindrome.counts["conv_000"].tolist() == [[2, 0, 0, 0], [0, 0, 0, 2]]


def test_only_the_given_rows_are_read(by_hand):
    tokens = np.array([[0, 1], [3, 3], [0, 1]], np.uint8)
    assert top_motifs(by_hand, tokens, rows=[1, 2]).n_sites[0] == 1
    assert letter_frequencies(tokens, by_hand.alphabet, [0]).tolist() == [0.5, 0.5, 0, 0]
    assert letter_frequencies(np.full((1, 3), 4), by_hand.alphabet).tolist() == [0.25] * 4


@pytest.mark.parametrize("both_strands", [False, True])
@pytest.mark.parametrize("activation", ["relu", "linear", "exponential"])
def test_top_equals_stacked_windows(make_layer, make_tokens, slow_windows, activation, both_strands):
    options = {"activation": activation, "both_strands": both_strands}
    layers = [
        make_layer(1, width=5, padding="same", name="a", **options),
        make_layer(2, width=3, dilation=2, sign=np.array([1.0, -1.0, 1.0]), name="b", **options),
    ]
    tokens = make_tokens(rows=40)
    motifs = top_motifs(FilterBank(layers), tokens, percentile=75)
    for layer in layers:
        *_, letters, scores = zip(*slow_windows(layer, tokens), strict=True)
        values, letters = layer.activate(np.array(scores)).astype(float), np.array(letters)
        for f, name in enumerate(layer.filters):
            threshold = np.percentile(values[:, f][values[:, f] > 0], 75)
            # The slow sums round differently, so the threshold is met within an error only.
            sites = letters[values[:, f] >= threshold * (1 - 1e-5)]
            index = motifs.filters.index(name)
            assert motifs.thresholds[index] == pytest.approx(threshold, rel=1e-5)
            assert motifs.n_sites[index] == len(sites)
            assert (motifs.counts[name] == layer.alphabet.one_hot(sites).sum(axis=0)).all()


@pytest.mark.parametrize("both_strands", [False, True])
def test_cutoffs_by_number_of_known_letters(exact_layer, make_tokens, slow_windows, both_strands):
    layers = [
        exact_layer(1, width=4, padding="causal", both_strands=both_strands, name="a"),
        exact_layer(2, width=3, filters=2, stride=2, both_strands=both_strands, name="b"),
    ]
    tokens, rows = make_tokens(rows=30, unknown=0.3), [3, 4, 17, 25]
    rng = np.random.default_rng(5)
    bank = FilterBank(layers)
    cutoffs = {
        name: np.r_[np.inf, np.round(rng.normal(1, 1, layer.width) * 8) / 8].astype(np.float32)
        for layer in layers
        for name in layer.filters
    }
    cutoffs["a_001"][2], cutoffs["b_001"][:] = np.inf, np.inf
    least = np.arange(len(bank)) / 4
    motifs = cutoff_motifs("mine", bank, tokens, cutoffs, least, {"x": 1}, rows=rows)
    assert (motifs.method, motifs.parameters) == ("mine", {"x": 1})
    expected = np.where(motifs.n_sites > 0, least, np.nan)
    np.testing.assert_array_equal(motifs.thresholds, expected)
    for layer in layers:
        assert (stack_cutoffs(layer, cutoffs)[:, 1] == cutoffs[layer.filters[1]]).all()
        for f, name in enumerate(layer.filters):
            expected, count = np.zeros((layer.width, 4)), 0
            for row, _, _, letters, scores in slow_windows(layer, tokens):
                known = sum(letter < 4 for letter in letters)
                if row in rows and scores[f] >= cutoffs[name][known]:
                    count += 1
                    for w, letter in enumerate(letters):
                        if letter < 4:
                            expected[w, letter] += 1
            assert motifs.n_sites[motifs.filters.index(name)] == count
            assert (motifs.counts[name] == expected).all()
            assert (motifs.cutoffs[name] == cutoffs[name]).all()
    assert motifs.n_sites.sum() > 50 and motifs.silent == ["b_001"]


def random_hits(layer, tokens, count, seed=0):
    rng = np.random.default_rng(seed)
    return Hits(
        row=rng.integers(0, len(tokens), count),
        start=rng.integers(0, tokens.shape[1] - layer.span + 1, count),
        strand=rng.choice([1, -1] if layer.alphabet.complement else [1], count).astype(np.int8),
        filter=np.sort(rng.integers(0, len(layer.filters), count)),
        known=np.zeros(count, np.int16),
        score=np.zeros(count, np.float32),
        activation=np.zeros(count, np.float32),
    )


@pytest.mark.parametrize("alphabet", ["dna", "protein"])
@pytest.mark.parametrize("dilation", [1, 3])
def test_letters_of_windows_equal_a_loop(make_layer, make_tokens, alphabet, dilation, monkeypatch):
    layer = make_layer(width=4, alphabet=alphabet, dilation=dilation)
    size = layer.alphabet.size
    tokens = make_tokens(rows=20, letters=size)
    hits = random_hits(layer, tokens, 60)
    expected = np.zeros((3, 4, size))
    read = []
    for row, start, strand, f in zip(hits.row, hits.start, hits.strand, hits.filter, strict=True):
        letters = [int(tokens[row, start + w * dilation]) for w in range(4)]
        if strand < 0:
            letters = [letter if letter == size else size - 1 - letter for letter in letters[::-1]]
        read.append(letters)
        for w, letter in enumerate(letters):
            if letter < size:
                expected[f, w, letter] += 1
    assert window_letters(layer, tokens, hits.row, hits.start, hits.strand).tolist() == read
    assert (letters_of(layer, tokens, hits) == expected).all()
    monkeypatch.setattr(methods, "read_blocks", partial(read_blocks, letters=3 * tokens.shape[1]))
    assert (letters_of(layer, tokens, hits) == expected).all()


def test_letters_of_no_windows(make_layer, make_tokens):
    layer, tokens = make_layer(), make_tokens()
    assert letters_of(layer, tokens, random_hits(layer, tokens, 0)).tolist() == np.zeros((3, 5, 4)).tolist()
    assert window_letters(layer, tokens, *np.zeros((3, 0), int)).shape == (0, 5)


def slow_class_max(layer, windows, members, rows, most):
    """Return, by filter: the class (or None), its mean, and [(row, start, strand, letters)] of the sites."""
    result = []
    for f in range(len(layer.filters)):
        best = {}
        for row, start, strand, letters, scores in windows:
            value = float(layer.activate(scores)[f])
            if row in rows and (row not in best or value > best[row][0]):
                best[row] = (value, start, strand, letters)
        if not any(value > 0 for value, *_ in best.values()):
            result.append((None, np.nan, []))
            continue
        means = {}
        for c in range(members.shape[1]):
            values = [best[row][0] for row in best if members[row, c]]
            if values:
                means[c] = sum(values) / len(values)
        top = max(means, key=lambda c: (means[c], -c))
        above = [row for row in best if members[row, top] and best[row][0] > max(means[top], 0)]
        above = sorted(above, key=lambda row: (-best[row][0], row))[:most]
        result.append((top, means[top], [(row, *best[row][1:]) for row in sorted(above)]))
    return result


CLASS_MAX_CASES = {
    "relu": {"activation": "relu"},
    "linear, some means negative": {},
    "same padding and stride": {"padding": "same", "stride": 2, "activation": "relu"},
    "dilated": {"dilation": 2, "width": 3},
    "both strands": {"both_strands": True, "activation": "relu"},
    "both strands of a dilated causal layer": {"both_strands": True, "dilation": 2, "padding": "causal"},
    "protein": {"alphabet": "protein"},
    "sign turned round": {"sign": np.array([-1.0, 1.0, -1.0])},
}


@pytest.mark.parametrize("most", [4, 750])
@pytest.mark.parametrize("options", CLASS_MAX_CASES.values(), ids=CLASS_MAX_CASES)
def test_class_max_equals_a_loop(exact_layer, make_tokens, slow_windows, options, most, tmp_path):
    other = {"name": "b", "activation": "relu", "alphabet": options.get("alphabet", "dna")}
    layers = [exact_layer(3, name="a", **options), exact_layer(4, width=4, **other)]
    layers[1].kernel[:, :, 2], layers[1].bias[2] = -1, -1
    bank, size = FilterBank(layers), layers[0].alphabet.size
    tokens = make_tokens(1, rows=60, letters=size)
    tokens[[5, 41]] = size
    # Labels, of which a sequence may have several; the last class has no sequence.
    members = np.random.default_rng(2).random((60, 4)) < [0.6, 0.4, 0.2, 0]
    rows = np.flatnonzero(np.random.default_rng(3).random(60) < 0.8)
    names = ["one", "two", "three", "none"]
    write_summary(bank, tokens, tmp_path / "a.h5")
    summary = read_summary(tmp_path / "a.h5")
    motifs = class_max_motifs(bank, tokens, summary, members, names, rows=rows, most_sites=most)
    assert (motifs.method, motifs.filters, motifs.cutoffs) == ("class_max", bank.filters, None)
    assert motifs.parameters["most_sites"] == most
    limited = False
    for layer, columns in layer_slices(bank):
        hits, threshold, top = best_windows(layer, columns, summary, members, rows, most)
        expected = slow_class_max(layer, slow_windows(layer, tokens), members, rows, most)
        found = list(zip(hits.filter, hits.row, hits.start, hits.strand, strict=True))
        assert found == [(f, *site[:3]) for f, (*_, sites) in enumerate(expected) for site in sites]
        assert np.isnan(hits.score).all() and not hits.known.any()
        for number, (name, (best, mean, sites)) in enumerate(zip(layer.filters, expected, strict=True)):
            index = motifs.filters.index(name)
            assert (top[number], motifs.n_sites[index]) == (-1 if best is None else best, len(sites))
            assert motifs.parameters["top_targets"][name] == (None if best is None else names[best])
            np.testing.assert_allclose([threshold[number], motifs.thresholds[index]], mean, rtol=1e-12)
            letters = np.array([letters for *_, letters in sites]).reshape(-1, layer.width).astype(int)
            assert (motifs.counts[name] == layer.alphabet.one_hot(letters).sum(axis=0)).all()
            active = hits.activation[hits.filter == number]
            assert (active > max(mean, 0)).all() if len(active) else True
            limited |= len(sites) == most
    assert limited == (most == 4)
    assert motifs.silent == ["b_002"]
    assert motifs.background.tolist() == letter_frequencies(tokens, bank.alphabet, rows).tolist()


def summary_of(maximum):
    maximum = np.asarray(maximum, np.float32)
    zeros = np.zeros(maximum.shape, int)
    return Summary(["conv_000"], maximum, zeros, zeros + 1, maximum, np.array([2]))


def test_class_max_by_hand(make_layer):
    layer = make_layer(width=2, filters=1)
    members = np.array([[1, 0]] * 4 + [[0, 1]] * 3, bool)
    summary = summary_of([[1], [2], [np.nan], [6], [4], [4], [4]])
    hits, threshold, top = best_windows(layer, slice(0, 1), summary, members)
    # Means 3 and 4: none of the second class lies above its own.
    assert (threshold.tolist(), top.tolist(), hits.row.tolist()) == ([4], [1], [])
    hits, threshold, top = best_windows(layer, slice(0, 1), summary, members, [0, 1, 2, 3])
    assert (threshold.tolist(), top.tolist(), hits.row.tolist()) == ([3], [0], [3])
    hits, *_ = best_windows(layer, slice(0, 1), summary_of([[1], [5], [5], [5], [0], [0], [0]]), members)
    assert hits.row.tolist() == [1, 2, 3]
    # Of equally active ones the first are kept; of classes with the same mean, the first.
    summary = summary_of([[1], [5], [5], [5], [4], [4], [4]])
    hits, threshold, top = best_windows(layer, slice(0, 1), summary, members, most_sites=2)
    assert (threshold.tolist(), top.tolist(), hits.row.tolist()) == ([4], [0], [1, 2])


def test_class_max_of_filters_that_never_fire(make_layer):
    layer = make_layer(width=2, filters=1)
    members = np.array([[1, 0], [0, 1], [0, 1]], bool)
    for values in ([[-2], [-1], [-3]], [[0], [0], [0]], [[np.nan]] * 3):
        hits, threshold, top = best_windows(layer, slice(0, 1), summary_of(values), members)
        assert (np.isnan(threshold[0]), top.tolist(), len(hits.row)) == (True, [-1], 0)
    nothing = np.zeros(0, int)
    # Sites have a positive activation, even where the mean is negative.
    hits, threshold, _ = best_windows(layer, slice(0, 1), summary_of([[-3], [1], [-4]]), members)
    assert (threshold.tolist(), hits.row.tolist()) == ([-1.5], [1])
    hits, threshold, top = best_windows(layer, slice(0, 1), summary_of([[1], [2], [3]]), members, nothing)
    assert (np.isnan(threshold[0]), top.tolist(), len(hits.row)) == (True, [-1], 0)


def test_weights_alone(make_layer):
    layer = make_layer(width=2, filters=1, sign=np.array([-1.0]))
    layer.kernel[:, :, 0] = np.log([[1, 2, 4, 1], [1, 1, 1, 1]])
    bank = FilterBank([layer])
    turned = softmax_motifs(bank)["conv_000"].to_numpy()
    np.testing.assert_allclose(turned, [np.array([4, 2, 1, 4]) / 11, [0.25] * 4], rtol=1e-6)
    layer.kernel[:, :, 0] = [[-1, -3, 2, 0], [1, 1, 1, 1]]
    background = [0.1, 0.2, 0.3, 0.4]
    assert positive_motifs(bank, background)["conv_000"].to_numpy().tolist() == [
        [0.25, 0.75, 0, 0],
        background,
    ]
    shares = positive_motifs(bank, equal_shares=True)
    assert shares["conv_000"].to_numpy().tolist() == [[0.5, 0.5, 0, 0], [0.25] * 4]
    assert (shares.parameters, softmax_motifs(bank).parameters) == ({"equal_shares": True}, {})
    assert shares.kernels["conv_000"].tolist() == [[1, 3, -2, 0], [-1, -1, -1, -1]]
    for motifs in (softmax_motifs(bank), positive_motifs(bank)):
        assert (motifs.n_sites, motifs.thresholds, motifs.cutoffs, motifs.silent) == (None, None, None, [])


def test_weights_of_proteins(make_layer):
    motifs = softmax_motifs(FilterBank([make_layer(alphabet="protein")]))
    np.testing.assert_allclose(motifs["conv_001"].sum(axis=1), 1, rtol=1e-12)
    assert motifs["conv_001"].shape == (5, PROTEIN.size)
