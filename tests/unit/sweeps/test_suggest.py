"""Which parameters a trial gets."""

import numpy as np
import pytest

from motifloom.config.sweeps import Sweep
from motifloom.sweeps import suggest as suggest_module
from motifloom.sweeps.suggest import known_to, suggest
from motifloom.sweeps.trials import record

SPACE = {
    "training.learning_rate": {"min": 1e-5, "max": 1e-1, "distribution": "log_uniform_values"},
    "model.filters": {"values": [[8], [16], [32]]},
    "training.epochs": {"value": 3},
}


def sweep(**content):
    return Sweep.model_validate({"experiment": "e", "trials": 40, "parameters": SPACE, **content})


def play(sweep, objective, trials=None, seed=1):
    """Run a sweep in memory, each trial knowing what it may know."""
    records = []
    for number in range(trials or sweep.n_trials):
        parameters = suggest(sweep, number, seed, [records[n] for n in known_to(sweep, number)])
        records.append(record(number, parameters, value=objective(parameters)))
    return records


def distance(parameters):
    """Best (0) at a rate of 1e-3 with 16 filters."""
    wrong = parameters["model.filters"] != [16]
    return abs(np.log10(parameters["training.learning_rate"]) + 3) + 0.5 * wrong


def test_a_trial_waits_for_all_but_the_workers_before_it():
    bayes = sweep(method="bayes", n_workers=2)
    assert [list(known_to(bayes, n)) for n in range(5)] == [[], [], [0], [0, 1], [0, 1, 2]]
    pruned = sweep(n_workers=1, pruning={}, metric={"name": "auroc"})
    assert list(known_to(pruned, 3)) == [0, 1, 2]
    assert list(known_to(sweep(), 30)) == list(known_to(sweep(n_workers=2), 30)) == []


def test_a_grid_has_all_combinations_once():
    space = {"training.epochs": {"min": 1, "max": 3}, "model.filters": SPACE["model.filters"]}
    grid = sweep(method="grid", trials=None, parameters=space)
    points = [suggest(grid, number, seed=1) for number in range(grid.n_trials)]
    assert grid.n_trials == 9
    assert {(p["training.epochs"], p["model.filters"][0]) for p in points} == {
        (epochs, filters) for epochs in (1, 2, 3) for filters in (8, 16, 32)
    }


def test_random_trials_depend_on_seed_and_number_alone():
    first = [suggest(sweep(), number, seed=1) for number in range(200)]
    assert first == [suggest(sweep(trials=300, n_workers=7), number, seed=1) for number in range(200)]
    assert first[0] != suggest(sweep(), 0, seed=2)
    rates = np.log10([point["training.learning_rate"] for point in first])
    assert rates.min() > -5 and rates.max() < -1 and abs(rates.mean() + 3) < 0.2
    assert {tuple(point["model.filters"]) for point in first} == {(8,), (16,), (32,)}
    assert {point["training.epochs"] for point in first} == {3}


def test_another_parameter_does_not_change_the_others():
    wider = sweep(parameters={"training.batch_size": {"min": 1, "max": 9}, **SPACE})
    both = suggest(wider, 5, seed=1)
    assert {key: both[key] for key in SPACE} == suggest(sweep(), 5, seed=1)


@pytest.mark.parametrize("goal", ["minimize", "maximize"])
def test_bayes_finds_what_random_does_not(goal):
    sign = 1 if goal == "minimize" else -1
    content = {"metric": {"name": "mcc", "goal": goal}}

    def reached(method):
        sweeps = sweep(method=method, **content)
        late = [play(sweeps, lambda p: sign * distance(p), seed=seed)[20:] for seed in range(3)]
        return np.mean([sign * trial["value"] for trials in late for trial in trials])

    assert reached("bayes") < 0.6 * reached("random")


def test_bayes_starts_at_random():
    bayes, random = sweep(method="bayes", startup=7), sweep()
    records = play(bayes, distance, trials=8)
    drawn = [suggest(random, number, seed=1) for number in range(8)]
    assert [trial["parameters"] for trial in records[:7]] == drawn[:7]
    assert records[7]["parameters"] != drawn[7]
    records = play(sweep(method="bayes"), distance, trials=6)
    assert [trial["parameters"] for trial in records[:5]] == drawn[:5]
    assert records[5]["parameters"] != drawn[5]


def test_bayes_is_a_function_of_what_it_may_know():
    bayes = sweep(method="bayes", n_workers=3)
    records = play(bayes, distance, trials=12)
    known = [records[n] for n in known_to(bayes, 11)]
    assert suggest(bayes, 11, 1, known[::-1]) == records[11]["parameters"]
    other = [*known[:-1], {**known[-1], "value": 0.0}]
    assert suggest(bayes, 11, 1, other) != records[11]["parameters"]
    assert play(bayes, distance, trials=12) == records


def test_bayes_knows_where_the_trials_beside_it_look(monkeypatch):
    """Not their results, but their parameters, which follow from the same files."""
    bayes, seen = sweep(method="bayes", n_workers=4, startup=4), []
    records = play(bayes, distance, trials=16)
    ask = suggest_module._ask
    monkeypatch.setattr(suggest_module, "_ask", lambda *given: seen.append(given[-1]) or ask(*given))
    assert suggest(bayes, 15, 1, records[:12]) == records[15]["parameters"]
    told = {trial["trial"]: (trial["state"], trial["parameters"]) for trial in seen[-1]}
    assert {n: told[n][1] for n in range(15)} == {n: records[n]["parameters"] for n in range(15)}
    assert [n for n in told if told[n][0] == "running"] == [12, 13, 14]
    ignorant = [ask(bayes, n, 1, records[: n - 3]) for n in range(6, 16)]
    assert ignorant != [records[n]["parameters"] for n in range(6, 16)]


def test_bayes_copes_with_failed_and_pruned_trials():
    bayes = sweep(method="bayes", startup=1, metric={"name": "auroc"}, pruning={})
    parameters = [suggest(bayes, 0, seed) for seed in range(6)]
    failed = [record(n, parameters[n], state="failed", message="no") for n in range(3)]
    pruned = [record(n, parameters[n], state="pruned", epochs=[0.6, 0.5]) for n in range(3, 6)]
    assert set(suggest(bayes, 7, 1, [*failed, *pruned])) == set(SPACE)
    assert set(suggest(bayes, 4, 1, failed)) == set(SPACE)
    best = [record(n, parameters[n], value=0.9 - n / 10) for n in range(3)]
    assert suggest(bayes, 7, 1, [*best, *pruned]) != suggest(bayes, 7, 1, [*failed, *pruned])


@pytest.mark.parametrize("epochs", [[0.6, float("nan")], [float("inf")], []])
def test_bayes_copes_with_epochs_that_are_no_numbers(epochs):
    bayes = sweep(method="bayes", startup=1, metric={"name": "auroc"}, pruning={})
    pruned = [record(n, suggest(bayes, 0, n), state="pruned", epochs=epochs) for n in range(3)]
    best = [record(n, suggest(bayes, 0, n), value=0.5, epochs=epochs) for n in range(3, 6)]
    assert set(suggest(bayes, 7, 1, [*pruned, *best])) == set(SPACE)
