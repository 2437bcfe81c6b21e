"""Slow, obvious scanning to compare with, and small random layers."""

import numpy as np
import pytest

from motifloom.data.encode import get_alphabet
from motifloom.filters.bank import ScanLayer


def random_layer(seed=0, width=5, filters=3, alphabet="dna", name="conv", **options):
    rng = np.random.default_rng(seed)
    alphabet = get_alphabet(alphabet)
    kernel = rng.normal(size=(width, alphabet.size, filters)).astype(np.float32)
    bias = rng.normal(size=filters).astype(np.float32)
    return ScanLayer(name, kernel, bias, alphabet, **options)


def random_tokens(seed=0, rows=7, length=23, letters=4, unknown=0.1):
    rng = np.random.default_rng(seed)
    tokens = rng.integers(0, letters, (rows, length))
    return np.where(rng.random((rows, length)) < unknown, letters, tokens).astype(np.uint8)


def score_windows(layer, tokens):
    """Return {(row, start): scores (F,)} of windows inside the sequence with a known letter."""
    length = tokens.shape[1]
    outputs = {
        "valid": range(0, length - layer.span + 1, layer.stride),
        "causal": range(-(layer.span - 1), length - layer.span + 1, layer.stride),
    }
    if layer.padding == "same":
        count = -(-length // layer.stride)
        left = max(0, (count - 1) * layer.stride + layer.span - length) // 2
        outputs["same"] = [i * layer.stride - left for i in range(count)]
    scores = {}
    for row, sequence in enumerate(tokens):
        for start in outputs[layer.padding]:
            positions = [start + w * layer.dilation for w in range(layer.width)]
            if start < 0 or positions[-1] >= length:
                continue
            letters = [sequence[p] for p in positions]
            if all(letter == layer.alphabet.size for letter in letters):
                continue
            total = layer.bias.astype(float)
            for w, letter in enumerate(letters):
                if letter < layer.alphabet.size:
                    total = total + layer.kernel[w, letter]
            scores[row, start] = total * layer.scale
    return scores


@pytest.fixture
def make_layer():
    return random_layer


@pytest.fixture
def make_tokens():
    return random_tokens


@pytest.fixture
def slow_scores():
    return score_windows
