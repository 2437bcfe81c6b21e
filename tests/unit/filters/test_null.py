import itertools
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from motifloom.filters.null import (
    BackgroundNull,
    PermutationNull,
    ShuffleNull,
    feasible_levels,
    rounding_error,
)


def all_sums(kernel, known):
    """The sums of all choices of cells: what a shuffle gives, each as often."""
    return np.array([sum(cells) for cells in itertools.combinations(kernel.ravel().tolist(), known)])


def fraction_reaching(sums, scores):
    return np.array([np.mean(sums >= score) for score in scores])


def between(sums):
    """Scores that no sum is near to, one below and one above all of them included."""
    values = np.unique(sums)
    return np.concatenate([[values[0] - 0.25], (values[1:] + values[:-1]) / 2, [values[-1] + 0.25]])


WHOLE_NUMBERS = {
    "mixed": [[3, -1, 0, 5], [2, 2, -4, 1], [0, 7, -2, 3]],
    "ties": [[1, 1, 0, 0], [1, 0, 0, 1], [1, 1, 1, 0]],
    "negative": [[-3, -1, -8, -5], [-2, -2, -4, -1], [-9, -7, -2, -3]],
    "one_position": [[4, -2, 0, 1]],
    "two_letters": [[4, -2], [0, 1], [6, 6], [-3, 2]],
    "one_cell_stands_out": [[0, 0, 0, 0], [0, 0, 8, 0], [0, 0, 0, 0]],
}


@pytest.mark.parametrize("name", WHOLE_NUMBERS)
def test_shuffle_null_is_the_enumeration_of_all_shuffles(name):
    kernel = np.array(WHOLE_NUMBERS[name], float)
    # The grid then holds all weights, so that both bounds are the truth.
    null = ShuffleNull(kernel, levels=int(np.ptp(kernel)))
    for known in range(1, len(kernel) + 1):
        sums = all_sums(kernel, known)
        scores = between(sums)
        low, high = null.bracket(scores[:-1], known)
        np.testing.assert_allclose(low, fraction_reaching(sums, scores[:-1]), rtol=1e-12)
        np.testing.assert_allclose(high, low, rtol=1e-12)
        assert null.bracket(scores[-1], known)[0] == 0
        # A score equal to a sum is reached by it.
        np.testing.assert_allclose(
            null.bracket(np.unique(sums), known)[1], fraction_reaching(sums, np.unique(sums)), rtol=1e-12
        )


def test_shuffles_are_permutations_of_the_cells():
    kernel = np.array([[1.0, -2, 0.5], [4, 0.25, 3]])
    scores = [
        sum(order[3 * w + letter] for w, letter in enumerate(window))
        for window in [(0, 2)]
        for order in itertools.permutations(kernel.ravel().tolist())
    ]
    np.testing.assert_allclose(
        ShuffleNull(kernel, 24).bracket(between(np.array(scores)), 2)[1][:-1],
        fraction_reaching(np.array(scores), between(np.array(scores))[:-1]),
    )


# Multiples of 2^-6 are summed without any rounding.
sixty_fourths = st.integers(-512, 512).map(lambda number: number / 64)
small_kernels = st.tuples(st.integers(1, 4), st.integers(1, 4)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=sixty_fourths)
)


@settings(max_examples=100, deadline=None)
@given(kernel=small_kernels, levels=st.integers(2, 300), extra=sixty_fourths)
def test_bounds_contain_the_truth(kernel, levels, extra):
    null = ShuffleNull(kernel, levels)
    for known in range(1, len(kernel) + 1):
        sums = all_sums(kernel, known)
        scores = np.concatenate([np.unique(sums), np.unique(sums) + 1 / 128, [extra, -1e9, 1e9]])
        low, high = null.bracket(scores, known)
        truth = fraction_reaching(sums, scores)
        assert (low <= truth * (1 + 1e-12)).all()
        assert (truth <= high * (1 + 1e-12)).all()
        assert (high >= 1 / comb(kernel.size, known)).all()
        assert ((low >= 0) & (high <= 1)).all()


@settings(max_examples=60, deadline=None)
@given(kernel=small_kernels, levels=st.integers(2, 300), shares=st.lists(st.integers(0, 4), min_size=4))
def test_background_bounds_contain_the_truth(kernel, levels, shares):
    shares = np.array(shares[: kernel.shape[1]], float) + np.eye(4)[0, : kernel.shape[1]]
    background = shares / shares.sum()
    scores, weights = words(kernel, background)
    asked = np.concatenate([np.unique(scores), [-1e9, 1e9]])
    low, high = BackgroundNull(kernel, background, levels).bracket(asked, len(kernel))
    truth = np.array([weights[scores >= score].sum() for score in asked])
    assert (low <= truth + 1e-12).all()
    assert (truth <= high + 1e-12).all()


def words(kernel, background):
    """Scores and probabilities of all words."""
    choices = list(itertools.product(range(kernel.shape[1]), repeat=len(kernel)))
    scores = [sum(kernel[w, a] for w, a in enumerate(word)) for word in choices]
    return np.array(scores), np.array([np.prod(background[list(word)]) for word in choices])


@pytest.mark.parametrize("background", [[0.25] * 4, [0.4, 0.1, 0.2, 0.3], [0.5, 0.0, 0.25, 0.25]])
def test_background_null_is_the_enumeration_of_all_words(background):
    kernel = np.array(WHOLE_NUMBERS["mixed"], float)
    background = np.array(background)
    scores, weights = words(kernel, background)
    asked = between(scores[weights > 0])
    # Steps are counted from each position's least weight, so all weights lie on the grid.
    spans = [np.ptp(row[background > 0]) for row in kernel]
    low, high = BackgroundNull(kernel, background, levels=int(max(spans))).bracket(asked[:-1], 3)
    truth = [weights[scores >= score].sum() for score in asked[:-1]]
    np.testing.assert_allclose(low, truth, rtol=1e-12)
    np.testing.assert_allclose(high, truth, rtol=1e-12)
    assert np.isnan(BackgroundNull(kernel, background).bracket(asked, 2)).all()


@pytest.mark.parametrize("unknown", [0, 1, 5])
def test_tails_agree_with_a_million_shuffles(unknown):
    rng = np.random.default_rng(3)
    kernel = rng.normal(size=(19, 4)) * rng.gamma(1, size=(19, 1))
    null, known, total = ShuffleNull(kernel), 19 - unknown, 1_000_000
    sums = np.empty(total)
    for part in np.split(sums, 20):
        cells = np.tile(kernel.ravel().astype(np.float32), (len(part), 1))
        part[:] = rng.permuted(cells, axis=1)[:, :known].sum(axis=1)
    for p in (0.5, 0.1, 1e-2, 1e-3, 1e-4):
        score = np.quantile(sums, 1 - p)
        observed = np.mean(sums >= score)
        low, high = null.bracket(score, known)
        error = 4 * np.sqrt(p * (1 - p) / total)
        assert low - error <= observed <= high + error
        assert high / low < 1.05


def test_finer_grids_narrow_the_bounds():
    kernel = np.random.default_rng(5).normal(size=(12, 4))
    scores = np.linspace(-8, 8, 40)
    bounds = [ShuffleNull(kernel, levels).bracket(scores, 12) for levels in (64, 512, 4096, 32768)]
    for (coarse_low, coarse_high), (low, high) in itertools.pairwise(bounds):
        assert (low >= coarse_low * (1 - 1e-9)).all()
        assert (high <= coarse_high * (1 + 1e-9)).all()
    widths = [(high - low).max() for low, high in bounds]
    assert widths[3] < widths[2] / 4 < widths[1] / 16 < widths[0] / 64


def test_large_kernels_neither_overflow_nor_vanish():
    kernel = np.random.default_rng(2).normal(size=(60, 20))
    null = ShuffleNull(kernel, 256, least_known=58)
    low, high = null.bracket([-np.inf, -1e6, 0.0, 1e6], 60)
    np.testing.assert_allclose([low[:2], high[:2]], 1, rtol=1e-9)
    assert 0.3 < low[2] <= high[2] < 0.7
    assert low[3] == 0 < high[3]
    assert null.smallest(60) < 1e-12


def test_numbers_of_known_letters_that_are_not_asked_for_change_nothing():
    kernel = np.random.default_rng(4).normal(size=(7, 4))
    scores = np.linspace(-6, 6, 30)
    whole, part = ShuffleNull(kernel, 500), ShuffleNull(kernel, 500, least_known=6)
    for known in (6, 7):
        assert np.array_equal(whole.bracket(scores, known), part.bracket(scores, known))
    with pytest.raises(KeyError):
        part.bracket(scores, 5)


@pytest.mark.parametrize("weight", [0.0, 1.5, -0.1])
def test_all_shuffles_of_a_constant_kernel_are_alike(weight):
    null = ShuffleNull(np.full((4, 4), weight))
    assert null.bracket([4 * weight, 4 * weight - 1], 4)[1].tolist() == [1, 1]
    assert null.smallest(4) == 1
    assert BackgroundNull(np.full((4, 4), weight), np.full(4, 0.25)).smallest(4) == 1
    sampled = PermutationNull(np.full((4, 4), weight), 9, np.random.default_rng(0))
    assert sampled.bracket(4 * weight, 4) == (1, 1)


def test_smallest_p_value_is_that_of_the_best_window():
    kernel = np.array([[3.0, 2.9, 0, 0], [1, 0, 0, 0], [2.5, 0, 0, -1]])
    # The best window scores 3 + 2.5 + 1, the best three cells are 3, 2.9 and 2.5.
    null = ShuffleNull(kernel)
    truth = fraction_reaching(all_sums(kernel, 3), [6.5 - 1e-9])[0]
    assert null.smallest(3) == pytest.approx(truth)
    assert null.smallest(1) == pytest.approx(1 / 12)
    assert truth > 1 / comb(12, 3)
    assert BackgroundNull(kernel, np.full(4, 0.25)).smallest(3) == pytest.approx(1 / 64)
    assert PermutationNull(kernel, 10**4, np.random.default_rng(0)).smallest(3) == pytest.approx(
        truth, abs=0.005
    )


def test_sampled_shuffles_converge_to_the_exact_null():
    kernel = np.random.default_rng(6).normal(size=(10, 4)).astype(np.float32)
    exact, sampled = ShuffleNull(kernel), PermutationNull(kernel, 40_000, np.random.default_rng(1))
    for known in (1, 4, 10):
        scores = np.linspace(-2, 2, 9) * np.sqrt(known)
        low, high = exact.bracket(scores, known)
        p, same = sampled.bracket(scores, known)
        assert (p == same).all()
        error = 5 * np.sqrt(high * (1 - low) / 40_000) + 1 / 40_000
        assert (low - error <= p).all()
        assert (p <= high + error).all()


def test_sampled_p_values_count_the_kernel_itself():
    kernel = np.array([[0.0, 1.0]])
    null = PermutationNull(kernel, 99, np.random.default_rng(0))
    ones = round(float(null.bracket(1.0, 1)[0]) * 100) - 1
    assert 30 < ones < 70
    assert null.bracket([0.0, 0.5, 1.0, 1.5], 1)[0].tolist() == [1, (1 + ones) / 100, (1 + ones) / 100, 0.01]
    again = PermutationNull(kernel, 99, np.random.default_rng(0))
    assert again.bracket(1.0, 1) == null.bracket(1.0, 1)


def test_scores_in_single_precision_stay_within_the_rounding_error():
    rng = np.random.default_rng(7)
    for scale in (1e-3, 1.0, 1e3):
        kernel, bias = (rng.normal(size=(25, 4)) * scale).astype(np.float32), np.float32(40 * scale)
        error = rounding_error(kernel, bias)
        for _ in range(200):
            weights = kernel[np.arange(25), rng.integers(0, 4, 25)]
            total = np.float32(bias)
            for weight in weights:
                total += weight
            assert abs(float(total) - (weights.astype(float).sum() + float(bias))) <= error
        assert error < 1e-3 * scale


def test_a_kernel_read_from_a_model_is_left_as_it_is():
    kernel = np.random.default_rng(8).normal(size=(6, 4)).astype(np.float32)
    copy = kernel.copy()
    ShuffleNull(kernel)
    PermutationNull(kernel, 20, np.random.default_rng(0))
    BackgroundNull(kernel, np.full(4, 0.25))
    assert (kernel == copy).all()


def test_levels_of_wide_filters_are_bounded_by_memory():
    assert [feasible_levels(16384, width) for width in (20, 32, 64)] == [16384, 16384, 4096]
    wide = np.random.default_rng(1).normal(size=(64, 4))
    coarse, fine = (ShuffleNull(wide, levels, least_known=64) for levels in (4096, 16384))
    assert coarse.step == fine.step == (wide.max() - wide.min()) / 4096
