"""Positions and values of hyper-parameters."""

import math

import numpy as np
import pytest
from scipy import stats

from motifloom.config.sweeps import Parameter
from motifloom.sweeps.space import (
    corners_of,
    grid_point,
    position_of,
    step_at,
    ticks_of,
    value_at,
)


def parameter(**content):
    return Parameter.model_validate(content)


def values(count=1000, **content):
    return [value_at(parameter(**content), (n + 0.5) / count) for n in range(count)]


def test_listed_values_have_equal_shares():
    drawn = values(9, values=[[16], [16, 32], "a"])
    assert drawn == [[16]] * 3 + [[16, 32]] * 3 + ["a"] * 3


def test_probabilities_weigh_them():
    content = {"values": ["a", "b", "c"], "probabilities": [1, 0, 3]}
    assert values(8, **content) == ["a"] * 2 + ["c"] * 6
    assert values(8, **content, distribution="categorical_w_probabilities") == ["a"] * 2 + ["c"] * 6


def test_whole_numbers_have_equal_shares_and_both_ends():
    assert values(8, min=3, max=6) == [3, 3, 4, 4, 5, 5, 6, 6]
    assert value_at(parameter(min=3, max=6), 1.0) == 6
    assert all(type(value) is int for value in values(8, min=3, max=6))


def test_min_and_max_that_are_not_whole_are_a_range():
    np.testing.assert_allclose(values(4, min=0.0, max=2.0), [0.25, 0.75, 1.25, 1.75])
    assert values(2, min=0, max=4, distribution="uniform") == [1.0, 3.0]


# Distribution -> its own quantile function, the slow and obvious one.
QUANTILES = {
    "uniform": ({"min": 2.0, "max": 5.0}, stats.uniform(2, 3).ppf),
    "log_uniform_values": ({"min": 1e-5, "max": 1e-1}, stats.loguniform(1e-5, 1e-1).ppf),
    "log_uniform": ({"min": -3.0, "max": 1.0}, stats.loguniform(math.exp(-3), math.exp(1)).ppf),
    "normal": ({"mu": 4.0, "sigma": 0.5}, stats.norm(4, 0.5).ppf),
    "log_normal": ({"mu": 1.0, "sigma": 0.5}, stats.lognorm(0.5, scale=math.e).ppf),
}


@pytest.mark.parametrize("name", QUANTILES)
def test_a_range_is_the_distribution_of_its_name(name):
    content, quantile = QUANTILES[name]
    places = np.linspace(0.01, 0.99, 25)
    scale = parameter(**content, distribution=name)
    found = [value_at(scale, place) for place in places]
    np.testing.assert_allclose(found, quantile(places), rtol=1e-9)
    np.testing.assert_allclose([position_of(scale, value) for value in found], places, rtol=1e-6)


@pytest.mark.parametrize("name", QUANTILES)
def test_a_step_rounds_every_distribution(name):
    content, quantile = QUANTILES[name]
    step = 1e-3 if "values" in name else 0.1
    places = np.linspace(0.02, 0.98, 25)
    found = [value_at(parameter(**content, q=step, distribution=f"q_{name}"), place) for place in places]
    low = step if "values" in name else -np.inf  # no multiple of q below
    expected = np.maximum(np.round(quantile(places) / step) * step, low)
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert found == [value_at(parameter(**content, q=step, distribution=name), place) for place in places]


def test_a_whole_step_gives_whole_numbers_within_the_range():
    found = values(50, min=10, max=75, q=16, distribution="q_log_uniform_values")
    assert set(found) == {16, 32, 48, 64} and all(type(value) is int for value in found)
    assert found.count(16) > found.count(64)
    steps = parameter(min=0.1, max=0.4, q=0.1)
    assert [step_at(steps, n) for n in range(steps.size)] == [0.1, 0.2, 0.3, 0.4]


def test_positions_of_listed_and_whole_values_are_the_middles_of_their_shares():
    listed = parameter(values=[1, True, [1]])
    assert [position_of(listed, value) for value in (1, True, [1])] == pytest.approx([1 / 6, 0.5, 5 / 6])
    assert position_of(parameter(min=1, max=4), 2) == 0.375
    assert position_of(parameter(value=7), 7) == 0.5
    scale = parameter(min=1, max=4)
    assert [value_at(scale, position_of(scale, value)) for value in range(1, 5)] == [1, 2, 3, 4]


def test_a_constant_never_changes():
    assert {value_at(parameter(value=7), place) for place in (0.0, 0.4, 1.0)} == {7}
    assert value_at(parameter(value=None), 0.3) is None


def test_grid_points_are_all_combinations_in_order():
    space = {"a": parameter(values=["x", "y"]), "b": parameter(value=0), "c": parameter(min=1, max=3)}
    assert [item.size for item in space.values()] == [2, 1, 3]
    points = [grid_point(space, number) for number in range(6)]
    assert [(point["a"], point["b"], point["c"]) for point in points] == [
        ("x", 0, 1),
        ("x", 0, 2),
        ("x", 0, 3),
        ("y", 0, 1),
        ("y", 0, 2),
        ("y", 0, 3),
    ]
    assert list(points[0]) == ["a", "b", "c"]


def test_points_and_ticks_of_a_large_grid_need_no_list():
    """A list of these would not fit into memory."""
    space = {"a": parameter(min=0, max=1000, q=1e-9), "b": parameter(min=1, max=10**12)}
    assert [item.size for item in space.values()] == [10**12 + 1, 10**12]
    assert grid_point(space, 2 * 10**12 + 5) == {"a": 2e-9, "b": 6}
    assert len(ticks_of(space["b"])) == 5


def test_corners_are_all_listed_values_or_both_ends():
    assert corners_of(parameter(values=[[1], [2], [3]])) == [[1], [2], [3]]
    assert corners_of(parameter(min=1e-4, max=0.1, distribution="log_uniform_values")) == [1e-4, 0.1]
    assert corners_of(parameter(min=3, max=9)) == [3, 9]
    low, high = corners_of(parameter(mu=0, sigma=1))
    assert low == pytest.approx(-high) and high == pytest.approx(2.05, abs=0.01)
    assert corners_of(parameter(value=3)) == [3]


def test_ticks_tell_where_values_stand():
    assert ticks_of(parameter(values=["a", [1, 2]])) == [(0.25, "a"), (0.75, "[1, 2]")]
    assert [text for _, text in ticks_of(parameter(min=1, max=3))] == ["1", "2", "3"]
    places = ticks_of(parameter(min=1e-4, max=1.0, distribution="log_uniform_values"))
    assert places[0] == (0.0, "0.0001") and places[-1] == (1.0, "1")
    assert {text: place for place, text in places}["0.01"] == pytest.approx(0.5)
    assert [text for _, text in ticks_of(parameter(min=0, max=100))][::4] == ["0", "100"]
