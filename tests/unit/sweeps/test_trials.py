"""What all trials say together."""

import numpy as np
import pandas as pd
import pytest

from motifloom.config.sweeps import Sweep
from motifloom.io import read_table, write_table
from motifloom.sweeps.trials import best_trial, coordinates, importance_table, record, trials_table

SWEEP = Sweep.model_validate(
    {
        "experiment": "e",
        "metric": {"name": "auroc"},
        "trials": 30,
        "parameters": {
            "model.rate": {"min": 1e-5, "max": 1e-1, "distribution": "log_uniform_values"},
            "model.filters": {"values": [[8], [16, 32], "auto"]},
            "training.batch_size": {"min": 1, "max": 64},
            "training.epochs": {"value": 3},
        },
    }
)


def records(value, count=30):
    rng = np.random.default_rng(1)
    found = []
    for n in range(count):
        parameters = {
            "model.rate": float(10 ** rng.uniform(-5, -1)),
            "model.filters": [[8], [16, 32], "auto"][rng.integers(3)],
            "training.batch_size": int(rng.integers(1, 65)),
            "training.epochs": 3,
        }
        found.append(record(n, parameters, value=value(parameters), epochs=[0.5, 0.6], best_epoch=2))
    return found


def test_a_complete_trial_without_a_metric_has_failed():
    for value in (None, float("nan"), float("inf")):
        lost = record(3, {"a": 1}, value=value)
        assert (lost["state"], lost["value"]) == ("failed", None) and "not defined" in lost["message"]
    assert record(3, {"a": 1}, value=0.5)["state"] == "complete"


def test_the_table_has_a_row_per_trial_and_no_digit_is_lost(tmp_path):
    trials = records(lambda p: p["model.rate"], 5)
    trials[2] = record(2, trials[2]["parameters"], state="failed", message="no network")
    trials[4] = record(4, trials[4]["parameters"], state="pruned", epochs=[0.4])
    table = trials_table(trials[::-1], SWEEP.parameters)
    write_table(table, tmp_path / "trials.tsv")
    text = (tmp_path / "trials.tsv").read_text().splitlines()
    columns = ["trial", "state", "value", "best_epoch", "epochs", "message", *SWEEP.parameters]
    assert text[0].split("\t") == columns
    read = read_table(tmp_path / "trials.tsv", dtype=dict.fromkeys(SWEEP.parameters, str))
    assert list(read["trial"]) == [0, 1, 2, 3, 4]
    assert list(read["state"]) == ["complete", "complete", "failed", "complete", "pruned"]
    assert list(read["epochs"]) == [2, 2, 0, 2, 1] and read.loc[2, "message"] == "no network"
    assert read["value"].isna().tolist() == [False, False, True, False, True]
    assert [float(rate) for rate in read["model.rate"]] == [t["parameters"]["model.rate"] for t in trials]
    assert set(read["model.filters"]) <= {"[8]", "[16, 32]", "auto"}
    places = coordinates(read, SWEEP.parameters)
    assert places.shape == (5, 4) and (places[:, 3] == 0.5).all()
    expected = [(np.log10(t["parameters"]["model.rate"]) + 5) / 4 for t in trials]
    np.testing.assert_allclose(places[:, 0], expected)
    listed = ["[8]", "[16, 32]", "auto"]
    np.testing.assert_allclose(places[:, 1], [(listed.index(v) + 0.5) / 3 for v in read["model.filters"]])


def test_the_best_trial_is_the_first_of_the_best():
    trials = [record(n, {}, value=value) for n, value in enumerate([0.5, 0.9, 0.9, 0.1])]
    assert best_trial(trials[::-1], 1)["trial"] == 1 and best_trial(trials, -1)["trial"] == 3
    assert best_trial([record(0, {}, state="failed")], 1) is None


def test_importance_finds_the_parameter_that_matters():
    table = importance_table(SWEEP, records(lambda p: np.log10(p["model.rate"])), seed=1)
    assert table.loc[0, "parameter"] == "model.rate" and table["importance"].sum() == pytest.approx(1)
    assert table.loc[0, "importance"] > 0.9 and table.loc[0, "correlation"] == pytest.approx(1)
    assert "training.epochs" not in set(table["parameter"])
    listed = importance_table(SWEEP, records(lambda p: float(p["model.filters"] == "auto")), seed=1)
    assert listed.loc[0, "parameter"] == "model.filters" and np.isnan(listed.loc[0, "correlation"])
    pd.testing.assert_frame_equal(
        listed, importance_table(SWEEP, records(lambda p: float(p["model.filters"] == "auto"))[::-1], seed=1)
    )


@pytest.mark.parametrize("trials", [[], records(lambda p: 0.5), records(lambda p: p["model.rate"], 2)])
def test_importance_is_empty_where_nothing_can_be_said(trials):
    table = importance_table(SWEEP, trials, seed=1)
    assert len(table) == 3 and table[["importance", "correlation"]].isna().all(axis=None)
