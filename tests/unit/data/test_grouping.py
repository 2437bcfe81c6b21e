from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from motifloom.data.encode import DNA
from motifloom.data.grouping import assign_groups, fill_parts, group_examples, stratum_table

RATIOS = np.array([0.8, 0.1, 0.1])


def make_regions(rows):
    frame = pd.DataFrame(rows, columns=["chrom", "start", "end", "parent"])
    return frame.assign(source="s", id=[f"s:{i}" for i in range(len(rows))])


def distinct(size, length=30, seed=0):
    return np.random.default_rng(seed).integers(0, 4, (size, length)).astype(np.uint8)


def reference_groups(regions, tokens):
    """Merge groups pair by pair."""
    texts = [DNA.decode(row) for row in tokens]
    complements = [DNA.decode(DNA.reverse_complement(row)) for row in tokens]
    label = list(range(len(regions)))
    rows = list(regions.itertuples())
    for i, a in enumerate(rows):
        for j, b in enumerate(rows):
            located = a.chrom != "" and a.chrom == b.chrom
            linked = located and a.start < b.end and b.start < a.end
            linked |= texts[i] in (texts[j], complements[j])
            linked |= a.parent == b.id or (a.parent != "" and a.parent == b.parent)
            if linked:
                label = [label[i] if x == label[j] else x for x in label]
    return pd.factorize(np.array(label))[0]


def test_chains_of_all_kinds_of_links():
    tokens = distinct(9)
    tokens[3] = tokens[1]
    tokens[4] = DNA.reverse_complement(tokens[3])
    regions = make_regions(
        [
            ("chr1", 0, 30, ""),
            ("chr1", 29, 59, ""),
            ("chr1", 59, 89, ""),
            ("", -1, -1, ""),
            ("", -1, -1, ""),
            ("chr2", 0, 30, "s:4"),
            ("", -1, -1, "gone"),
            ("", -1, -1, "gone"),
            ("chr2", 500, 530, ""),
        ]
    )
    assert group_examples(regions, tokens).tolist() == [0, 0, 1, 0, 0, 0, 2, 2, 3]
    assert group_examples(regions, tokens, copies=False).tolist() == [0, 1, 2, 3, 4, 4, 5, 5, 6]


@given(st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_groups_equal_those_found_pair_by_pair(seed):
    rng = np.random.default_rng(seed)
    size = 30
    starts = rng.integers(-10, 600, size)
    located = rng.random(size) < 0.7
    parents = np.where(rng.random(size) < 0.2, [f"s:{i}" for i in rng.integers(0, 40, size)], "")
    regions = make_regions(
        [
            (f"chr{rng.integers(2)}", s, s + 8, p) if there else ("", -1, -1, p)
            for s, there, p in zip(starts, located, parents, strict=True)
        ]
    )
    tokens = rng.integers(0, 4, (size, 4)).astype(np.uint8)
    assert np.array_equal(group_examples(regions, tokens), reference_groups(regions, tokens))


def test_near_duplicates_are_linked_on_demand():
    tokens = distinct(3, 100)
    tokens[2] = tokens[0]
    tokens[2, 50] = (tokens[2, 50] + 1) % 4
    regions = make_regions([("", -1, -1, "")] * 3)
    assert group_examples(regions, tokens).tolist() == [0, 1, 2]
    assert group_examples(regions, tokens, similar=True).tolist() == [0, 1, 0]


@given(
    st.lists(st.integers(1, 40), min_size=3, max_size=60),
    st.sampled_from([(0.8, 0.1, 0.1), (0.5, 0.3, 0.2), (0.2, 0.2, 0.2, 0.2, 0.2), (0.98, 0.01, 0.01)]),
    st.integers(0, 2**32),
)
@settings(deadline=None)
def test_no_part_is_off_by_more_than_the_largest_group(sizes, ratios, seed):
    ratios = np.array(ratios)
    rng = np.random.default_rng(seed)
    groups = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    labels = rng.integers(0, 3, len(groups)).astype(float)
    strata = stratum_table(np.eye(3)[labels.astype(int)], "multiclass")
    parts = assign_groups(groups, strata, ratios, rng)
    for group in range(len(sizes)):
        assert len(set(parts[groups == group])) == 1
    counts = np.bincount(parts, minlength=len(ratios))
    wanted = ratios * len(groups)
    if len(sizes) >= len(ratios):
        assert counts.min() > 0
    moved = max(sizes) if wanted.min() < max(sizes) else 0  # to fill a part that would be empty
    assert np.abs(counts - wanted).max() <= max(sizes) + moved


def test_ratios_and_strata_are_hit_exactly_where_they_can_be():
    labels = np.repeat([0, 1, 2], [1000, 100, 10])
    strata = stratum_table(np.eye(3)[labels], "multiclass")
    parts = assign_groups(np.arange(1110), strata, RATIOS, np.random.default_rng(0))
    table = pd.crosstab(labels, parts).to_numpy()
    assert table.tolist() == [[800, 100, 100], [80, 10, 10], [8, 1, 1]]


@pytest.mark.parametrize("size", [3, 4, 7])
def test_a_rare_class_is_in_every_part(size):
    labels = np.repeat([0, 1], [500, size])
    strata = stratum_table(labels[:, None].astype(float), "binary")
    parts = assign_groups(np.arange(len(labels)), strata, RATIOS, np.random.default_rng(1))
    assert set(parts[labels == 1]) == {0, 1, 2}
    assert np.abs(np.bincount(parts) - RATIOS * len(labels)).max() <= 1


def test_pairs_of_a_positive_and_its_negative_stay_balanced():
    groups = np.tile(np.arange(1000), 2)
    labels = np.repeat([1.0, 0.0], 1000)
    parts = assign_groups(groups, stratum_table(labels[:, None], "binary"), RATIOS, np.random.default_rng(2))
    assert np.bincount(parts).tolist() == [1600, 200, 200]
    assert [labels[parts == part].mean() for part in range(3)] == [0.5, 0.5, 0.5]


def test_singletons_make_up_for_an_uneven_large_group():
    groups = np.concatenate([np.zeros(300, int), np.arange(1, 701)])
    labels = np.concatenate([np.ones(300), np.zeros(500), np.ones(200)])
    parts = assign_groups(groups, stratum_table(labels[:, None], "binary"), RATIOS, np.random.default_rng(3))
    assert np.bincount(parts).tolist() == [800, 100, 100]
    assert [labels[parts == part].mean() for part in range(3)] == [0.5, 0.5, 0.5]


def test_the_generator_decides_which_and_nothing_else():
    strata = sparse.csr_array(np.ones((100, 1)))
    one, two, other = (
        assign_groups(np.arange(100), strata, RATIOS, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


def test_strata_of_each_task():
    binary = stratum_table(np.array([[0.0], [1.0], [0.0]]), "binary").toarray()
    assert binary.tolist() == [[1, 0], [0, 1], [1, 0]]
    values = np.arange(100.0)[:, None]
    deciles = stratum_table(values, "regression").toarray()
    assert deciles.shape == (100, 10)
    assert np.array_equal(deciles.argmax(axis=1), np.arange(100) // 10)
    labels = np.array([[1, 0], [1, 1], [0, 1]] + [[0, 0]] * 10, float)
    table = stratum_table(labels, "multilabel").toarray()
    assert table.sum(axis=0).tolist() == [2, 2, 10]  # two labels, and the only common combination
    assert stratum_table(labels, None).toarray().tolist() == [[1.0]] * 13


def best_deviation(sizes, ratios):
    wanted = ratios * sizes.sum()
    costs = []
    for parts in product(range(3), repeat=len(sizes)):
        counts = np.bincount(parts, sizes, minlength=3)
        if len(set(parts)) == 3:
            costs.append(((counts - wanted) ** 2).sum())
    return min(costs)


@given(st.lists(st.integers(1, 500), min_size=3, max_size=8))
@settings(max_examples=40, deadline=None)
def test_chromosomes_fill_the_parts_nearly_as_well_as_the_best_of_all_ways(sizes):
    sizes = np.array(sizes)
    parts = fill_parts(sizes, RATIOS)
    assert set(parts) == {0, 1, 2}
    cost = ((np.bincount(parts, sizes) - RATIOS * sizes.sum()) ** 2).sum()
    assert np.sqrt(cost) <= np.sqrt(best_deviation(sizes, RATIOS)) + 0.1 * sizes.sum()


def test_five_equal_chromosomes_never_leave_a_part_empty():
    parts = fill_parts(np.array([84, 84, 83, 83, 83]), np.array([0.7, 0.15, 0.15]))
    assert sorted(np.bincount(parts)) == [1, 1, 3]
    assert np.bincount(parts)[0] == 3


def test_many_scaffolds():
    sizes = np.random.default_rng(0).integers(1, 50, 3000)
    parts = fill_parts(sizes, RATIOS)
    assert np.abs(np.bincount(parts, sizes) - RATIOS * sizes.sum()).max() <= 1
