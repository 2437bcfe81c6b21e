import numpy as np
import pandas as pd
import pytest

from motifloom.data.encode import DNA, PROTEIN, RNA
from motifloom.filters.bank import FilterBank, ScanLayer
from motifloom.filters.motifs import MotifSet
from motifloom.filters.redundancy import (
    COLUMNS,
    TIE,
    compare,
    complete_linkage,
    kernel_similarity,
    motif_similarity,
    redundancy_groups,
    redundancy_table,
)

COMPLEMENT = np.array([3, 2, 1, 0])


def slow_similarity(a, b):
    """Return {shift: similarity}, cell by cell."""
    found = {}
    for shift in range(1 - len(b), len(a)):
        pairs = [
            (a[i, letter], b[i - shift, letter])
            for i in range(len(a))
            if 0 <= i - shift < len(b)
            for letter in range(a.shape[1])
        ]
        x, y = np.transpose(pairs)
        shares = (x**2).sum() / (a**2).sum() * (y**2).sum() / (b**2).sum()
        constant = np.ptp(x) < 1e-12 or np.ptp(y) < 1e-12
        found[shift] = 0.0 if constant else np.corrcoef(x, y)[0, 1] * np.sqrt(shares)
    return found


def kernel_bank(*kernels, alphabet=DNA, **options):
    layers = [
        ScanLayer(
            f"conv{i}", kernel.astype(np.float32), np.zeros(kernel.shape[2], np.float32), alphabet, **options
        )
        for i, kernel in enumerate(kernels)
    ]
    return FilterBank(layers)


def motif_set(matrices, alphabet=DNA, n_sites=None, background=None):
    counts = {f"conv_{i:03d}": np.asarray(matrix) for i, matrix in enumerate(matrices)}
    return MotifSet("top", alphabet, counts, ["conv"] * len(counts), n_sites, background=background)


@pytest.fixture
def matrices():
    rng = np.random.default_rng(0)
    return {
        name: rng.normal(size=(width, 4))
        for name, width in zip("abcdefg", [5, 3, 5, 1, 8, 3, 5], strict=True)
    }


def test_all_pairs_equal_the_loop(matrices):
    similarity = compare(matrices, COMPLEMENT)
    assert similarity.filters == list(matrices)
    for i, a in enumerate(matrices.values()):
        for j, b in enumerate(matrices.values()):
            forward = slow_similarity(a, b)
            reverse = slow_similarity(a, b[::-1, ::-1])
            assert similarity.forward[i, j] == pytest.approx(max(forward.values()), abs=1e-9)
            assert similarity.reverse[i, j] == pytest.approx(max(reverse.values()), abs=1e-9)
            assert forward[similarity.forward_offset[i, j]] == pytest.approx(max(forward.values()), abs=1e-9)
            assert reverse[similarity.reverse_offset[i, j]] == pytest.approx(max(reverse.values()), abs=1e-9)


def test_blocks_of_filters_do_not_matter(monkeypatch, matrices):
    whole = compare(matrices, COMPLEMENT)
    monkeypatch.setattr("motifloom.filters.redundancy.BLOCK", 2)
    parts = compare(matrices, COMPLEMENT)
    for name in ("forward", "reverse", "forward_offset", "reverse_offset"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(parts, name))


def test_symmetry_of_similarity_offset_and_overlap(matrices):
    similarity = compare(matrices, COMPLEMENT)
    for array in (similarity.forward, similarity.reverse, similarity.best, similarity.overlap):
        np.testing.assert_array_equal(array, array.T)
    np.testing.assert_array_equal(similarity.forward_offset, -similarity.forward_offset.T)
    widths = similarity.widths
    np.testing.assert_array_equal(
        similarity.reverse_offset, similarity.reverse_offset.T + widths[:, None] - widths[None, :]
    )
    np.testing.assert_allclose(np.diag(similarity.forward), 1)
    assert (np.diag(similarity.forward_offset) == 0).all()


def test_a_motif_elsewhere_is_the_same_if_what_is_around_it_is_empty():
    core = np.random.default_rng(1).normal(size=(4, 4))
    core -= core.mean(axis=1, keepdims=True)
    a, b, c = np.zeros((10, 4)), np.zeros((10, 4)), np.zeros((7, 4))
    a[1:5], b[6:10], c[2:6] = core, core[::-1, ::-1], core
    similarity = compare({"a": a, "b": b, "c": c}, COMPLEMENT)
    table = redundancy_table("kernel", similarity).set_index(["filter_a", "filter_b"])
    assert table["similarity"].tolist() == pytest.approx([1, 1, 1])
    # b's reverse complement has the core at 0 to 4, so it starts where a's core starts.
    assert table.loc[("a", "b"), ["strand", "offset", "overlap"]].tolist() == ["-", 1, 9]
    assert table.loc[("a", "c"), ["strand", "offset", "overlap"]].tolist() == ["+", -1, 6]
    # c's reverse complement has the core at 1 to 5, b at 6 to 10.
    assert table.loc[("b", "c"), ["strand", "offset", "overlap"]].tolist() == ["-", 5, 5]


def test_the_overlap_penalty_by_hand():
    a = np.array([[1.0, -1], [2, -2]])
    b = np.array([[3.0, -3], [0, 0]])
    found = compare({"a": a, "b": b}).forward[0, 1]
    # At shift 1, b's first position meets a's second: r = 1, and a has 8 of 10 there.
    assert found == pytest.approx(np.sqrt(8 / 10), abs=1e-12)


def test_centred_weights_do_not_change_with_a_constant_per_position():
    rng = np.random.default_rng(2)
    kernel = rng.normal(size=(6, 4, 5))
    shifted = kernel + rng.normal(size=(6, 1, 5))
    first, second = (kernel_similarity(kernel_bank(k)) for k in (kernel, shifted))
    np.testing.assert_allclose(first.best, second.best, atol=1e-6)
    plain = [kernel_similarity(kernel_bank(k), centred=False).best for k in (kernel, shifted)]
    assert np.abs(plain[0] - plain[1]).max() > 0.01


def test_kernels_of_several_layers_read_as_the_network_reads_them():
    rng = np.random.default_rng(3)
    kernel = rng.normal(size=(6, 4, 3)).astype(np.float32)
    bank = kernel_bank(kernel, rng.normal(size=(9, 4, 2)))
    assert kernel_similarity(bank).filters == bank.filters
    assert kernel_similarity(bank).widths.tolist() == [6] * 3 + [9] * 2
    sign = np.array([1, -1, 1], np.float32)
    turned = ScanLayer("conv", kernel, np.zeros(3, np.float32), DNA, sign=sign)
    expected = kernel_similarity(kernel_bank(kernel * sign))
    np.testing.assert_allclose(kernel_similarity(FilterBank([turned])).forward, expected.forward)


def test_motifs_are_compared_relative_to_their_background():
    rng = np.random.default_rng(4)
    background = np.array([0.4, 0.1, 0.1, 0.4])
    matrices = rng.dirichlet([0.3] * 4, (3, 7))
    found = motif_similarity(motif_set(matrices, background=background))
    expected = compare({i: matrix - background for i, matrix in enumerate(matrices)}, COMPLEMENT)
    np.testing.assert_allclose(found.forward, expected.forward)
    plain = motif_similarity(motif_set(matrices, background=background), centred=False)
    expected = compare(dict(enumerate(matrices)), COMPLEMENT)
    np.testing.assert_allclose(plain.reverse, expected.reverse)


def test_silent_and_empty_filters_are_missing_but_listed():
    rng = np.random.default_rng(5)
    matrices = [rng.dirichlet([0.3] * 4, 6) * 50 for _ in range(4)]
    matrices[1] = np.zeros((6, 4))
    matrices[2] = np.full((6, 4), 0.25)
    similarity = motif_similarity(motif_set(matrices, n_sites=[50, 0, 1, 50]))
    assert similarity.missing.tolist() == [False, True, True, False]
    table = redundancy_table("top", similarity)
    assert table.columns.tolist() == COLUMNS
    assert table[["filter_a", "filter_b"]].agg(" ".join, axis=1).tolist() == [
        f"conv_{a:03d} conv_{b:03d}" for a in range(4) for b in range(a + 1, 4)
    ]
    known = (table["filter_a"] == "conv_000") & (table["filter_b"] == "conv_003")
    assert table.loc[known, COLUMNS[3:]].notna().all(axis=None)
    assert table.loc[~known, COLUMNS[3:]].isna().all(axis=None)
    groups = redundancy_groups(similarity)
    assert groups.isna().tolist() == [False, True, True, False]


def test_constant_kernels_are_missing():
    kernel = np.random.default_rng(6).normal(size=(5, 4, 3))
    kernel[:, :, 0] = 0
    kernel[:, :, 1] = np.arange(5)[:, None]
    assert kernel_similarity(kernel_bank(kernel)).missing.tolist() == [True, True, False]


@pytest.mark.parametrize("alphabet", [RNA, PROTEIN])
def test_only_dna_is_turned_round(alphabet):
    rng = np.random.default_rng(7)
    similarity = motif_similarity(motif_set(rng.dirichlet([0.3] * alphabet.size, (3, 6)), alphabet))
    assert np.isnan(similarity.reverse).all()
    table = redundancy_table("top", similarity)
    assert (table["strand"] == "+").all()
    assert table["similarity_reverse"].isna().all()
    np.testing.assert_array_equal(table["similarity"], table["similarity_forward"])


def test_rna_is_turned_round_on_request():
    matrices = np.random.default_rng(7).dirichlet([0.3] * 4, (3, 6))
    found = motif_similarity(motif_set(matrices, RNA), both_strands=True)
    np.testing.assert_allclose(found.reverse, motif_similarity(motif_set(matrices)).reverse)


def test_of_equal_strands_and_shifts_the_simplest_is_given():
    half = np.eye(4)[[0, 1, 0, 2]] - 0.25
    palindrome = np.concatenate([half, half[::-1, ::-1]])
    runs = np.tile(np.eye(4)[0] - 0.25, (6, 1))
    similarity = compare({"a": palindrome, "b": palindrome, "c": runs, "d": runs[:4]}, COMPLEMENT)
    assert similarity.reverse[0, 1] == pytest.approx(1)
    assert not similarity.minus.any()
    # Four of six positions match at three shifts.
    assert similarity.overlap[2, 3] == 4
    assert similarity.offset[2, 3] == 0


@pytest.mark.parametrize("count", [0, 1])
def test_no_and_one_filter(count):
    bank = FilterBank(
        [] if count == 0 else kernel_bank(np.random.default_rng(0).normal(size=(4, 4, 1))).layers, DNA
    )
    similarity = kernel_similarity(bank)
    assert similarity.best.shape == (count, count)
    table = redundancy_table("kernel", similarity)
    assert table.empty
    assert table.columns.tolist() == COLUMNS
    assert redundancy_groups(similarity).tolist() == [1] * count


def test_groups_do_not_chain():
    """a resembles b and b resembles c, but a does not resemble c."""
    rng = np.random.default_rng(8)
    x, y = np.linalg.qr(rng.normal(size=(24, 2)))[0].T
    angles = np.deg2rad([0, 30, 60, 200])
    # On one position each nothing can be shifted, and the similarity is the cosine of the angle.
    vectors = np.outer(np.cos(angles), x) + np.outer(np.sin(angles), y)
    matrices = dict(zip("abcd", vectors[:, None, :], strict=True))
    similarity = compare(matrices)
    cosine = similarity.best
    assert cosine[0, 1] > 0.8 and cosine[1, 2] > 0.8 and cosine[0, 2] < 0.8
    groups = redundancy_groups(similarity, 0.8)
    assert groups.index.tolist() == list("abcd")
    assert groups["a"] == 1 and groups["a"] != groups["c"]
    assert groups.nunique() == 3
    for group in groups.unique():
        members = np.flatnonzero(groups == group)
        assert cosine[np.ix_(members, members)].min() >= 0.8 - TIE
    assert redundancy_groups(similarity, -1).nunique() == 1
    assert redundancy_groups(similarity, 1).tolist() == [1, 2, 3, 4]


def test_a_threshold_is_reached_by_equality():
    distances = np.array([[0, 0.2, 0.9], [0.2, 0, 0.9], [0.9, 0.9, 0]])
    assert pd.Series(complete_linkage(distances, 0.2)).nunique() == 2
    assert pd.Series(complete_linkage(distances, 0.19)).nunique() == 3


def test_hundreds_of_filters_take_a_moment():
    bank = kernel_bank(np.random.default_rng(9).normal(size=(19, 4, 300)))
    similarity = kernel_similarity(bank)
    i, j = 17, 203
    a, b = (bank.layers[0].kernel[:, :, f].astype(float) for f in (i, j))
    a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    best = max(*slow_similarity(a, b).values(), *slow_similarity(a, b[::-1, ::-1]).values())
    assert similarity.best[i, j] == pytest.approx(best, abs=1e-9)
    assert len(redundancy_table("kernel", similarity)) == 300 * 299 // 2
