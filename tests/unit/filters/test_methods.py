import numpy as np
import pytest

from motifloom.filters.bank import FilterBank
from motifloom.filters.methods import (
    find_motifs,
    letter_frequencies,
    positive_motifs,
    softmax_motifs,
    top_motifs,
)


@pytest.fixture
def by_hand(make_layer):
    """A filter that likes AC (score 2 + 1), one that never fires."""
    layer = make_layer(width=2, filters=2, padding="same", activation="relu")
    layer.kernel[:] = -5
    layer.bias[:] = 0
    layer.kernel[0, 0, 0], layer.kernel[1, 1, 0], layer.kernel[1, 2, 0] = 2, 1, -1
    return FilterBank([layer])


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
    every = top_motifs(by_hand, tokens, include_all_positive=True)
    assert every.thresholds.tolist() == [0, 0]
    assert every.n_sites.tolist() == [4, 0]
    assert every.counts["conv_000"].tolist() == [[3, 0, 0, 0], [0, 2, 1, 0]]


def test_padding_is_never_a_site(by_hand):
    # With "same" padding the layer also fires at A followed by the padding.
    motifs = top_motifs(by_hand, np.array([[3, 3, 0]], np.uint8))
    assert motifs.n_sites.tolist() == [0, 0]


def test_only_the_given_rows_are_read(by_hand):
    tokens = np.array([[0, 1], [3, 3], [0, 1]], np.uint8)
    assert top_motifs(by_hand, tokens, rows=[1, 2]).n_sites[0] == 1
    assert letter_frequencies(tokens, by_hand.alphabet, [0]).tolist() == [0.5, 0.5, 0, 0]
    assert letter_frequencies(np.full((1, 3), 4), by_hand.alphabet).tolist() == [0.25] * 4


@pytest.mark.parametrize("activation", ["relu", "linear", "exponential"])
def test_top_equals_stacked_windows(make_layer, make_tokens, slow_scores, activation):
    layers = [
        make_layer(1, width=5, padding="same", activation=activation, name="a"),
        make_layer(2, width=3, dilation=2, activation=activation, name="b"),
    ]
    tokens = make_tokens(rows=40)
    motifs = top_motifs(FilterBank(layers), tokens, percentile=75)
    for layer in layers:
        scores = slow_scores(layer, tokens)
        values = layer.activate(np.array(list(scores.values()))).astype(float)
        windows = np.array([[r, s] for r, s in scores])
        for f, name in enumerate(layer.filters):
            threshold = np.percentile(values[:, f][values[:, f] > 0], 75)
            # The slow sums round differently, so the threshold is met within an error only.
            sites = windows[values[:, f] >= threshold * (1 - 1e-5)]
            positions = sites[:, 1:] + np.arange(layer.width) * layer.dilation
            cut = layer.alphabet.one_hot(tokens[sites[:, :1], positions]).sum(axis=0)
            index = motifs.filters.index(name)
            assert motifs.thresholds[index] == pytest.approx(threshold, rel=1e-5)
            assert motifs.n_sites[index] == len(sites)
            assert (motifs.counts[name] == cut).all()


def test_weights_alone(make_layer):
    layer = make_layer(width=2, filters=1, sign=np.array([-1.0]))
    layer.kernel[:, :, 0] = np.log([[1, 2, 4, 1], [1, 1, 1, 1]])
    bank = FilterBank([layer])
    turned = find_motifs("softmax", bank)["conv_000"].to_numpy()
    np.testing.assert_allclose(turned, [np.array([4, 2, 1, 4]) / 11, [0.25] * 4], rtol=1e-6)
    layer.kernel[:, :, 0] = [[-1, -3, 2, 0], [1, 1, 1, 1]]
    background = [0.1, 0.2, 0.3, 0.4]
    assert positive_motifs(bank, background)["conv_000"].to_numpy().tolist() == [
        [0.25, 0.75, 0, 0],
        background,
    ]
    shares = positive_motifs(bank, equal_shares=True)
    assert shares["conv_000"].to_numpy().tolist() == [[0.5, 0.5, 0, 0], [0.25] * 4]
    assert softmax_motifs(bank).n_sites is None
    assert find_motifs("positive", bank).silent == []


def test_find_motifs_passes_options_on(by_hand):
    tokens = np.array([[0, 1, 0, 2]], np.uint8)
    motifs = find_motifs("top", by_hand, tokens, rows=[0], percentile=0.0, include_all_positive=False)
    assert motifs.n_sites.tolist() == [2, 0]
    assert motifs.parameters == {"percentile": 0.0, "include_all_positive": False}
