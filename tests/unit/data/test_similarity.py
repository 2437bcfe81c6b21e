import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motifloom.data.encode import DNA, PROTEIN
from motifloom.data.similarity import (
    NEIGHBOURS,
    hash_sequences,
    near_duplicate_pairs,
    overlap_clusters,
    place_on_axis,
)


def intervals(rows):
    return pd.DataFrame(rows, columns=["chrom", "start", "end", "source"])


def random_tokens(rng, size, length=200):
    return rng.integers(0, 4, (size, length)).astype(np.uint8)


def mutate(tokens, identity, rng):
    """Replace each base by another one with probability 1 - identity."""
    changed = rng.random(tokens.shape) > identity
    return np.where(changed, (tokens + rng.integers(1, 4, tokens.shape)) % 4, tokens).astype(np.uint8)


def kmer_set(tokens, k):
    text = DNA.decode(tokens)
    other = DNA.decode(DNA.reverse_complement(tokens))
    size = len(text)
    words = [min(text[i : i + k], other[size - k - i : size - i]) for i in range(size - k + 1)]
    return {word for word in words if "N" not in word}


def test_hashes_tell_equal_sequences_and_reverse_complements():
    texts = ["AACGT", "ACGTT", "AACGT", "TTTTN", "NAAAA", "AACGA", "ACGTN"]
    forward, reverse = hash_sequences(np.stack([DNA.encode(text) for text in texts]))
    equal = forward[:, None] == forward[None, :]
    expected = np.array([[a == b for b in texts] for a in texts])
    assert np.array_equal(equal, expected)
    complements = [DNA.decode(DNA.reverse_complement(DNA.encode(text))) for text in texts]
    assert np.array_equal(
        forward[:, None] == reverse[None, :], [[a == b for b in complements] for a in texts]
    )


def test_hashes_of_an_alphabet_without_complement():
    tokens = np.stack([PROTEIN.encode("MKV"), PROTEIN.encode("VKM")])
    forward, reverse = hash_sequences(tokens, PROTEIN)
    assert forward[0] != forward[1]
    assert np.array_equal(forward, reverse)


def test_touching_intervals_are_no_overlap_and_one_base_is():
    regions = intervals(
        [
            ("chr1", 0, 10, "a"),
            ("chr1", 10, 20, "a"),
            ("chr1", 19, 30, "a"),
            ("chr2", 19, 30, "a"),
            ("", -1, -1, "a"),
            ("", -1, -1, "a"),
        ]
    )
    clusters = overlap_clusters(regions)
    assert len(set(clusters)) == 5
    assert clusters[1] == clusters[2]


def test_a_long_interval_joins_what_lies_inside_it():
    regions = intervals([("c", 0, 100, "a"), ("c", 5, 8, "a"), ("c", 50, 60, "a"), ("c", 100, 101, "a")])
    clusters = overlap_clusters(regions)
    assert clusters[0] == clusters[1] == clusters[2] != clusters[3]


def test_the_same_place_of_two_genomes_is_no_overlap():
    regions = intervals([("chr1", -5, 10, "human"), ("chr1", 0, 10, "mouse"), ("chr1", 0, 10, "human2")])
    clusters = overlap_clusters(regions, {"human": "hg", "human2": "hg", "mouse": "mm"})
    assert clusters[0] == clusters[2] != clusters[1]
    assert len(set(overlap_clusters(regions))) == 1


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(-5, 40), st.integers(1, 12)), max_size=25))
@settings(deadline=None)
def test_places_on_the_axis_overlap_as_in_the_genome(rows):
    regions = intervals([(chrom, start, start + width, "x") for chrom, start, width in rows])
    _, start, end = place_on_axis(regions)
    for i, (chrom_a, start_a, width_a) in enumerate(rows):
        for j, (chrom_b, start_b, width_b) in enumerate(rows):
            expected = chrom_a == chrom_b and start_a < start_b + width_b and start_b < start_a + width_a
            assert (start[i] < end[j] and start[j] < end[i]) == expected


@pytest.mark.parametrize(("identity", "recall"), [(0.95, 0.99), (0.925, 0.95), (0.9, 0.8)])
def test_recall_of_near_duplicates(identity, recall):
    rng = np.random.default_rng(11)
    tokens = random_tokens(rng, 1000)
    copies = mutate(tokens, identity, rng)
    copies[::2] = DNA.reverse_complement(copies[::2])
    pairs = near_duplicate_pairs(np.concatenate([tokens, copies]))
    assert np.array_equal(pairs[:, 1], pairs[:, 0] + 1000)  # no pair of unrelated sequences
    assert len(pairs) >= recall * 1000


def test_every_pair_found_has_the_jaccard_index():
    rng = np.random.default_rng(2)
    tokens = random_tokens(rng, 60, 120)
    tokens = np.concatenate([tokens, mutate(tokens, 0.95, rng), mutate(tokens, 0.88, rng)])
    tokens[3, 10:60] = DNA.unknown
    sets = [kmer_set(row, 8) for row in tokens]
    expected = {
        (a, b)
        for a in range(len(tokens))
        for b in range(a + 1, len(tokens))
        if len(sets[a] & sets[b]) / len(sets[a] | sets[b]) >= 0.25
    }
    found = {tuple(pair) for pair in near_duplicate_pairs(tokens, jaccard=0.25).tolist()}
    assert found <= expected
    assert len(found) >= 0.9 * len(expected) > 50


def test_a_shifted_window_is_a_near_duplicate_and_a_short_common_stretch_is_not():
    rng = np.random.default_rng(4)
    genome = random_tokens(rng, 1, 1000)[0]
    tokens = np.stack([genome[0:200], genome[100:300], genome[260:460]])
    assert near_duplicate_pairs(tokens).tolist() == [[0, 1]]


def test_simple_repeats_and_unknown_sequences_are_left_out():
    rng = np.random.default_rng(6)
    tokens = random_tokens(rng, 4)
    tokens[:2] = DNA.encode("CA" * 100)
    tokens[2:] = DNA.unknown
    assert len(near_duplicate_pairs(tokens)) == 0
    # Half a sequence of a common repeat does not make two sequences similar.
    tokens = random_tokens(rng, 2)
    tokens[:, :100] = DNA.encode("CA" * 50)
    assert len(near_duplicate_pairs(tokens)) == 0


def test_many_copies_of_one_sequence_cost_a_bounded_number_of_pairs():
    tokens = np.repeat(random_tokens(np.random.default_rng(8), 1), 500, axis=0)
    pairs = near_duplicate_pairs(tokens)
    assert len(pairs) <= 48 * NEIGHBOURS * 500
    assert len(np.unique(pairs)) == 500


@pytest.mark.parametrize("length", [1, 9, 26])
def test_sequences_too_short_to_compare(length):
    assert near_duplicate_pairs(np.zeros((3, length), np.uint8)).shape == (0, 2)


def test_proteins():
    rng = np.random.default_rng(9)
    tokens = rng.integers(0, 20, (100, 100)).astype(np.uint8)
    copies = tokens.copy()
    copies[:, ::25] = (copies[:, ::25] + 1) % 20
    pairs = near_duplicate_pairs(np.concatenate([tokens, copies]), PROTEIN)
    assert pairs.tolist() == [[i, i + 100] for i in range(100)]
