"""Motifs of the methods top, softmax and positive against Cnnamon's."""

import json

import numpy as np
import pytest

from motifloom.filters.methods import (
    cutoff_motifs,
    letter_frequencies,
    positive_motifs,
    softmax_motifs,
    stack_cutoffs,
    top_motifs,
)
from motifloom.filters.scan import activation_blocks, hit_blocks, score_cutoffs


def read_motifs(path):
    """Return {filter: (PFM float (20, 4), number of windows or None)} under our names."""
    with np.load(path) as file:
        names = [key.removeprefix("pfm__") for key in file if key.startswith("pfm__")]
        counts = {name: int(file[f"nsub__{name}"]) for name in names if f"nsub__{name}" in file}
        return {
            f"filter_{int(name.removeprefix('filter')):03d}": (file[f"pfm__{name}"], counts.get(name))
            for name in names
        }


def empty_windows(tokens, width):
    """Return how many windows of a width hold no known letter."""
    known = np.lib.stride_tricks.sliding_window_view(tokens < 4, width, axis=1)
    return int((~known.any(axis=2)).sum())


@pytest.mark.parametrize("percentile", [90, 95])
def test_top_windows_and_frequencies(reference, model, bank, tokens, percentile):
    # A window without a known letter scores the bias. Cnnamon counts it where that is positive, which lowers
    # the percentile; here it never counts. So filters whose bias is not positive agree.
    expected = read_motifs(reference / f"{model}_top{percentile}.npz")
    motifs = top_motifs(bank, tokens, percentile=percentile)
    assert motifs.filters == list(expected)
    same = [name for name, bias in zip(motifs, bank.layers[0].bias, strict=True) if bias <= 0]
    assert len(same) >= 11
    for name, n_sites in zip(motifs, motifs.n_sites, strict=True):
        frequencies, windows = expected[name]
        if name in same:
            assert n_sites == windows
            assert motifs.probabilities(name) == pytest.approx(frequencies, abs=1e-5)


@pytest.mark.parametrize("percentile", [90, 95])
def test_top_with_windows_without_a_known_letter(reference, model, bank, tokens, percentile):
    expected = read_motifs(reference / f"{model}_top{percentile}.npz")
    (layer,) = bank.layers
    ((_, activations),) = activation_blocks(layer, tokens)
    thresholds = [np.percentile(values[values > 0], percentile) for values in activations.T]
    cutoffs = dict(zip(layer.filters, score_cutoffs(layer, np.array(thresholds)).T, strict=True))
    motifs = cutoff_motifs("top", bank, tokens, cutoffs, thresholds)
    empty = empty_windows(tokens, layer.width) * (layer.bias >= thresholds)
    assert (motifs.n_sites + empty).tolist() == [windows for _, windows in expected.values()]
    for name, (frequencies, _) in expected.items():
        assert motifs.probabilities(name) == pytest.approx(frequencies, abs=1e-5)


def test_places_of_top_windows(reference, model, bank, tokens):
    (layer,) = bank.layers
    cutoffs = top_motifs(bank, tokens, percentile=95).cutoffs
    (hits,) = hit_blocks(layer, tokens, stack_cutoffs(layer, cutoffs))
    examples = (reference / "sub500_info.txt").read_text().split()
    with np.load(reference / f"{model}_top95.npz") as file:
        for f in np.flatnonzero(layer.bias <= 0):
            # chromosome, start, end, strand, first and last letter in the example
            expected = [place.split(",") for place in file[f"info__filter{f}"]]
            here = hits.filter == f
            found = zip(hits.row[here], hits.start[here], strict=True)
            assert [(examples[row], start) for row, start in found] == [
                (",".join(place[:3]), int(place[4])) for place in expected
            ]


def test_background(reference, model, bank, tokens):
    expected = json.loads((reference / f"{model}_top90.background.json").read_text())
    assert list(expected) == list(bank.alphabet.letters)
    assert letter_frequencies(tokens, bank.alphabet) == pytest.approx([*expected.values()], abs=1e-7)
    assert top_motifs(bank, tokens[:9]).background == pytest.approx(
        letter_frequencies(tokens[:9], bank.alphabet)
    )


@pytest.mark.parametrize(
    ("name", "make"),
    [("softmax", softmax_motifs), ("posact", lambda bank: positive_motifs(bank, equal_shares=True))],
)
def test_motifs_of_the_weights(reference, model, bank, name, make):
    expected, motifs = read_motifs(reference / f"{model}_{name}.npz"), make(bank)
    assert motifs.filters == list(expected)
    assert motifs.n_sites is None
    background = json.loads((reference / f"{model}_{name}.background.json").read_text())
    assert motifs.background == pytest.approx([*background.values()])
    for filter_, (frequencies, windows) in expected.items():
        assert windows is None
        assert motifs.probabilities(filter_) == pytest.approx(frequencies, abs=1e-5)
