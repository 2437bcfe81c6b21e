from collections import Counter
from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motifloom.data.encode import DNA
from motifloom.data.shuffle import dinucleotide_shuffle


def pairs_of(tokens):
    return Counter(pairwise(tokens))


def all_shuffles(tokens):
    """Every sequence with the same pairs and first letter, found by trying all orders of the letters."""
    candidates = {(tokens[0], *rest) for rest in permutations(tokens[1:])}
    return {c for c in candidates if pairs_of(c) == pairs_of(tokens)}


@given(st.lists(st.integers(0, 4), max_size=60), st.integers(0, 2**32))
@settings(deadline=None)
def test_keeps_pairs_ends_and_unknown_letters(letters, seed):
    tokens = np.array(letters, np.uint8)
    before = tokens.copy()
    shuffled = dinucleotide_shuffle(tokens, np.random.default_rng(seed))
    assert shuffled.dtype == np.uint8
    assert np.array_equal(tokens, before)
    assert pairs_of(shuffled.tolist()) == pairs_of(letters)
    assert shuffled[:1].tolist() == letters[:1]
    assert shuffled[-1:].tolist() == letters[-1:]
    assert np.array_equal(shuffled == 4, tokens == 4)


@pytest.mark.parametrize("text", ["ACAGATAC", "AACCAACAC", "ACGTACGTA", "AAACAAGA", "GATTACAGA"])
def test_every_possible_sequence_is_equally_likely(text):
    tokens = DNA.encode(text)
    rng = np.random.default_rng(1)
    possible = all_shuffles(tuple(tokens.tolist()))
    draws = 400 * len(possible)
    seen = Counter(tuple(dinucleotide_shuffle(tokens, rng).tolist()) for _ in range(draws))
    assert set(seen) == possible
    statistic = sum((count - 400) ** 2 / 400 for count in seen.values())
    freedom = len(possible) - 1
    assert statistic < freedom + 5 * np.sqrt(2 * freedom) + 5


def test_a_rare_way_out_of_a_long_repeat_is_found_at_once():
    tokens = DNA.encode("AC" * 300 + "GT" * 300)
    shuffled = dinucleotide_shuffle(tokens, np.random.default_rng(0))
    assert pairs_of(shuffled.tolist()) == pairs_of(tokens.tolist())


def test_takes_any_alphabet():
    rng = np.random.default_rng(3)
    tokens = rng.integers(0, 21, 500).astype(np.uint8)
    shuffled = dinucleotide_shuffle(tokens, rng, unknown=20)
    assert pairs_of(shuffled.tolist()) == pairs_of(tokens.tolist())
    assert np.array_equal(shuffled == 20, tokens == 20)
    # Token 4 is a letter like any other here, so it must not stay in place.
    assert not np.array_equal(shuffled == 4, tokens == 4)


def test_same_generator_same_sequence_and_little_left_of_the_old_one():
    tokens = np.random.default_rng(5).integers(0, 4, 1000).astype(np.uint8)
    one, two, other = (dinucleotide_shuffle(tokens, np.random.default_rng(seed)) for seed in (7, 7, 8))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)
    assert (one == tokens).mean() < 0.35
