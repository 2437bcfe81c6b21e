"""When a trial is given up."""

import pytest

from motifloom.config.sweeps import Pruning
from motifloom.sweeps.pruning import hopeless, rungs
from motifloom.sweeps.trials import record


def trials(*curves, state="complete"):
    return [record(n, {}, state=state, value=1.0, epochs=curve) for n, curve in enumerate(curves)]


MEDIAN = Pruning(min_epochs=2, min_trials=3)
CURVES = trials([0.5, 0.6, 0.7], [0.5, 0.8, 0.7], [0.5, 0.7, 0.9])


def test_epochs_at_which_a_trial_may_be_given_up():
    assert rungs(MEDIAN, 5) == [2, 3, 4, 5]
    assert rungs(Pruning(rule="hyperband", min_epochs=2), 60) == [2, 6, 18, 54]
    assert rungs(Pruning(rule="hyperband", min_epochs=3, eta=1.5), 12) == [3, 5, 7, 11]
    assert rungs(MEDIAN, 1) == []


def test_the_median_of_the_best_values_so_far_is_the_bar():
    # Best up to epoch 2: 0.6, 0.8, 0.7; up to epoch 3: 0.7, 0.8, 0.9.
    assert hopeless([0.1, 0.69], CURVES, MEDIAN, 1) and not hopeless([0.1, 0.7], CURVES, MEDIAN, 1)
    assert not hopeless([0.7, 0.1], CURVES, MEDIAN, 1)  # its own best counts
    assert hopeless([0.1, 0.1, 0.79], CURVES, MEDIAN, 1) and not hopeless([0.1, 0.1, 0.8], CURVES, MEDIAN, 1)
    even = trials([0.6], [0.7])
    options = Pruning(min_epochs=1, min_trials=2)
    assert hopeless([0.64], even, options, 1) and not hopeless([0.66], even, options, 1)


def test_less_may_be_better():
    # Least up to epoch 2: 0.5 each.
    assert hopeless([0.9, 0.51], CURVES, MEDIAN, -1) and not hopeless([0.5, 0.9], CURVES, MEDIAN, -1)


def test_none_is_given_up_before_enough_epochs_and_trials():
    assert not hopeless([0.0], CURVES, MEDIAN, 1)
    assert not hopeless([0.0, 0.0], CURVES[:2], MEDIAN, 1)
    assert not hopeless([0.0, 0.0], [], MEDIAN, 1)


def test_hyperband_looks_at_its_rungs_and_keeps_the_best_share():
    options = Pruning(rule="hyperband", min_epochs=2, min_trials=3)
    others = trials(*[[n / 10] * 6 for n in range(1, 7)])  # of 6, the best third: 0.5 and 0.6
    assert hopeless([0.4, 0.4], others, options, 1) and not hopeless([0.5, 0.5], others, options, 1)
    assert not hopeless([0.1] * 3, others, options, 1) and hopeless([0.1] * 6, others, options, 1)
    kept = Pruning(rule="hyperband", min_epochs=2, min_trials=3, eta=6)
    assert hopeless([0.5, 0.5], others, kept, 1) and not hopeless([0.6, 0.6], others, kept, 1)


def test_trials_given_up_count_as_far_as_they_came_and_failed_ones_never():
    short = trials([0.9, 0.9], [0.9, 0.9], [0.9, 0.9], state="pruned")
    assert hopeless([0.1, 0.1], short, MEDIAN, 1) and not hopeless([0.1] * 3, short, MEDIAN, 1)
    failed = [{**trial, "state": "failed"} for trial in CURVES]
    assert not hopeless([0.0, 0.0], failed, MEDIAN, 1)
    early = trials([0.9, 0.9], [0.9, 0.9], [0.9, 0.9])  # complete: stopped of their own accord
    assert hopeless([0.1] * 3, early, MEDIAN, 1)


@pytest.mark.parametrize("lost", [float("nan"), float("inf")])
def test_an_epoch_without_a_number_is_no_best_one(lost):
    # Records keep what is no number as empty.
    others = trials([lost, 0.5], [lost, 0.6], [lost, 0.7])
    assert others[0]["epochs"] == [None, 0.5]
    assert hopeless([0.1, 0.4], others, MEDIAN, 1) and not hopeless([0.1, 0.65], others, MEDIAN, 1)
    assert hopeless([float("nan")] * 2, others, MEDIAN, 1)
