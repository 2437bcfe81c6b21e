import numpy as np
import pytest

from motifloom.evaluation.intervals import (
    bootstrap_p_value,
    bootstrap_values,
    percentile_interval,
    resample_weights,
)


def mean_of(values):
    return lambda weights: (values @ weights / weights.sum(axis=0))[None]


def test_every_resample_draws_as_many_units_as_there_are():
    rng = np.random.default_rng(0)
    blocks = list(resample_weights(np.arange(1000), 150, rng))
    assert len(blocks) == 3
    weights = np.concatenate(blocks, axis=1)
    assert weights.shape == (1000, 150)
    assert (weights.sum(axis=0) == 1000).all()
    # Counts are binomial (1000, 1/1000): the variance of one is nearly 1.
    assert weights.var() == pytest.approx(1 - 1 / 1000, abs=0.01)


def test_members_of_a_group_are_drawn_together():
    units = np.array([0, 1, 1, 2, 2, 2])
    weights = np.concatenate(list(resample_weights(units, 50, np.random.default_rng(1))), axis=1)
    assert (weights[1] == weights[2]).all() and (weights[3] == weights[5]).all()
    assert (weights[[0, 1, 3]].sum(axis=0) == 3).all()


def test_the_value_is_that_of_the_examples_and_the_draws_are_seeded():
    values = np.array([1.0, 2.0, 6.0])
    found = [bootstrap_values(mean_of(values), np.arange(3), 20, np.random.default_rng(7)) for _ in range(2)]
    assert found[0][0] == [3.0]
    np.testing.assert_array_equal(found[0][1], found[1][1])
    assert found[0][1].shape == (1, 20)


def test_samples_are_those_of_a_loop_over_the_same_draws():
    values = np.arange(5.0)
    _, samples = bootstrap_values(mean_of(values), np.arange(5), 30, np.random.default_rng(3))
    drawn = np.random.default_rng(3).integers(0, 5, (5, 30))
    expected = [np.mean([values[i] for i in column]) for column in drawn.T]
    np.testing.assert_allclose(samples[0], expected, rtol=1e-12)


@pytest.mark.parametrize("units", [np.zeros(4, int), np.arange(1)])
def test_one_unit_gives_no_spread(units):
    value, samples = bootstrap_values(mean_of(np.ones(len(units))), units, 10, np.random.default_rng(0))
    assert value == [1.0]
    assert np.isnan(samples).all()
    assert np.isnan(percentile_interval(samples, 0.95)).all()


def test_no_resamples_give_no_interval():
    value, samples = bootstrap_values(mean_of(np.arange(4.0)), np.arange(4), 0, np.random.default_rng(0))
    assert value == [1.5] and samples.shape == (1, 0)
    assert np.isnan(percentile_interval(samples, 0.95)).all()
    assert np.isnan(bootstrap_p_value(samples)).all()


def test_interval_is_the_quantiles():
    low, high = percentile_interval(np.arange(101.0)[None], 0.9)
    assert (low[0], high[0]) == pytest.approx((5, 95))


def test_interval_needs_nine_defined_resamples_in_ten():
    samples = np.arange(100.0)
    samples[:10] = np.nan
    assert np.isfinite(percentile_interval(samples, 0.95)).all()
    samples[10] = np.nan
    assert np.isnan(percentile_interval(samples, 0.95)).all()


def test_p_value_by_hand():
    differences = np.array(
        [
            [1.0] * 99,  # never at or below 0
            [1.0] * 89 + [-1.0] * 10,
            [1.0] * 50 + [-1.0] * 49,
            [0.0] * 99,
            [np.nan] * 20 + [1.0] * 79,
        ]
    )
    found = bootstrap_p_value(differences)
    np.testing.assert_allclose(found[:4], [2 / 100, 22 / 100, 1.0, 1.0])
    assert np.isnan(found[4])


def test_intervals_of_a_mean_cover_it_as_often_as_they_say():
    rng = np.random.default_rng(11)
    covered = 0
    for _ in range(200):
        values = rng.normal(size=60)
        _, samples = bootstrap_values(mean_of(values), np.arange(60), 300, rng)
        low, high = percentile_interval(samples[0], 0.9)
        covered += low <= 0 <= high
    # 90 % of 200 with four standard errors, and the small bias of the percentile bootstrap.
    assert 160 <= covered <= 197


def test_intervals_over_groups_are_wider_where_groups_agree():
    rng = np.random.default_rng(5)
    units = np.repeat(np.arange(50), 10)
    values = rng.normal(size=50)[units]
    width = []
    for drawn in (np.arange(500), units):
        _, samples = bootstrap_values(mean_of(values), drawn, 500, np.random.default_rng(6))
        width.append(np.diff(percentile_interval(samples[0], 0.95))[0])
    assert width[1] == pytest.approx(width[0] * np.sqrt(10), rel=0.15)
