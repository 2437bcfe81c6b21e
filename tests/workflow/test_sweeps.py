"""Sweeps: killed and run again they lose nothing, and the best trial is an ordinary experiment."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest
import yaml
from runner import ROOT, TINY, planned, snakemake

from motifloom.io import read_json, read_table

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("sweeps")]

SWEEP = """
experiment: first
method: bayes
startup: 4
n_workers: 2
trials: 12
metric: {name: auroc}
parameters:
  model.spec.model.layers[0].config.filters: {min: 2, max: 12}
  model.spec.compile.optimizer.config.learning_rate:
    {min: 1.0e-4, max: 1.0e-1, distribution: log_uniform_values}
  training.batch_size: {values: [16, 32]}
"""
TRIALS = "results/sweeps/width/trials"


@pytest.fixture
def swept(tiny):
    """The tiny config with a sweep of twelve short trials."""
    return shorten(tiny)


def shorten(config):
    del config["models"]["written"], config["datasets"]["factor"]
    config["models"]["small"]["spec"]["training_params"]["epochs"] = 2
    config["experiments"] = {"first": {"dataset": "bound", "model": "small", "training": {"threads": 1}}}
    config["sweeps"] = {"width": yaml.safe_load(SWEEP)}
    return config


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """A folder in which the sweep ran to its end."""
    folder = tmp_path_factory.mktemp("sweep")
    snakemake(folder, shorten(yaml.safe_load(TINY)), "sweeps")
    return folder


def trials_in(folder):
    """Return {number: (time of writing, content)} of the trials that are there."""
    paths = (folder / TRIALS).glob("*.json")
    return {int(path.stem): (path.stat().st_mtime_ns, path.read_bytes()) for path in paths}


def kill_half_way(folder, count):
    """Start the sweep, and kill Snakemake and all its jobs once so many trials are over."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "sweeps"]
    command += ["--configfile", "config.yaml", "--cores", "2"]
    log = folder / "killed.log"
    with log.open("w") as stream:
        process = subprocess.Popen(command, cwd=folder, stdout=stream, stderr=stream, start_new_session=True)
    try:
        while len(re.findall(r"Finished jobid: \d+ \(Rule: run_trial\)", log.read_text())) < count:
            assert process.poll() is None, log.read_text()[-3000:]
            time.sleep(0.1)
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # its own group, which its jobs belong to
        process.wait()


def test_killed_half_way_and_run_again_no_trial_is_lost_or_run_twice(undisturbed, swept, tmp_path):
    folder = tmp_path / "killed"
    shutil.copytree(undisturbed, folder, copy_function=shutil.copy2)
    for done in ("sweeps", "logs/run_trial", "benchmarks/run_trial"):
        shutil.rmtree(folder / "results" / done)
    kill_half_way(folder, 6)
    before = trials_in(folder)
    assert 6 <= len(before) < 12 and not (folder / "results/sweeps/width/trials.tsv").exists()

    snakemake(folder, swept, "--unlock")
    snakemake(folder, swept, "sweeps", "--rerun-incomplete")
    after = trials_in(folder)
    assert sorted(after) == list(range(12))
    assert {number: after[number] for number in before} == before  # as they were: not run again
    assert {n: content for n, (_, content) in after.items()} == {
        n: content for n, (_, content) in trials_in(undisturbed).items()
    }
    for name in ("trials.tsv", "importance.tsv", "best.yaml", "history.svg", "parallel_coordinates.svg"):
        path = f"results/sweeps/width/{name}"
        assert (folder / path).read_bytes() == (undisturbed / path).read_bytes(), name
    assert [path for path in (folder / TRIALS).iterdir() if path.suffix != ".json"] == []


def test_the_best_trial_trains_as_an_ordinary_experiment(undisturbed):
    table = read_table(undisturbed / "results/sweeps/width/trials.tsv")
    assert list(table["trial"]) == list(range(12)) and set(table["state"]) == {"complete"}
    best = table.loc[table["value"].idxmax()]
    assert table["value"].nunique() > 3 and set(table["training.batch_size"]) == {16, 32}
    config = yaml.safe_load((undisturbed / "results/sweeps/width/best.yaml").read_text())
    snakemake(undisturbed, config, "results/first-width/seed1/metrics.tsv")
    metrics = read_table(undisturbed / "results/first-width/seed1/metrics.tsv")
    found = metrics.query("part == 'validation' and metric == 'auroc'")["value"].item()
    assert found == pytest.approx(best["value"], abs=1e-6)
    spec = read_json(undisturbed / "results/first-width/seed1/provenance.json")["spec"]
    filters = spec["model"]["layers"][0]["config"]["filters"]
    assert filters == best["model.spec.model.layers[0].config.filters"]


COLLECTING = {"collect_trials": 1, "plot_sweep": 1, "write_best": 1}


def plan(folder, config):
    jobs = planned(snakemake(folder, config, "-n", "sweeps"))
    return {rule: count for rule, count in jobs.items() if rule != "sweeps"}


def test_more_trials_run_only_the_new_ones(undisturbed, swept):
    assert plan(undisturbed, swept) == {}
    swept["sweeps"]["width"]["trials"] = 15
    assert plan(undisturbed, swept) == COLLECTING | {"run_trial": 3}


def test_what_a_trial_does_not_depend_on_runs_none(undisturbed, swept):
    swept["evaluation"]["bootstrap"] = 200
    swept["experiments"]["first"]["seeds"] = [1, 2]
    assert plan(undisturbed, swept) == {"write_best": 1}
    swept["experiments"]["first"]["training"]["epochs"] = 3
    assert plan(undisturbed, swept) == COLLECTING | {"run_trial": 12}


def test_trials_of_a_grid_wait_without_reading(undisturbed, swept):
    """So many run side by side; one that is made again does not make the others again."""
    swept["sweeps"] = {
        "grid": {
            "experiment": "first",
            "method": "grid",
            "n_workers": 2,
            "parameters": {"training.batch_size": {"values": [8, 16, 32, 64]}},
        }
    }
    text = snakemake(undisturbed, swept, "-n", "sweeps").stdout
    jobs = {
        job.split("trial=")[1].split()[0]: job for job in text.split("\nrule ") if "run_trial" in job[:12]
    }
    needed = {
        trial: [n for n in "0123" if f"grid/trials/{n}.json" in job.split("output:")[0]]
        for trial, job in jobs.items()
    }
    assert needed == {"0": [], "1": [], "2": ["0"], "3": ["0", "1"]}


def test_a_sweep_that_cannot_work_stops_before_any_job(undisturbed, swept):
    kernel = "model.spec.model.layers[0].config.kernel_size"
    swept["sweeps"]["width"]["parameters"] = {kernel: {"values": [5, 500]}}
    process = snakemake(undisturbed, swept, "-n", "sweeps", check=False)
    lines = [line for line in (process.stdout + process.stderr).splitlines() if line.startswith("Error: ")]
    assert process.returncode and len(lines) == 1 and "Traceback" not in process.stderr
    assert f"sweeps.width.parameters.{kernel}: with 500: models.small.spec" in lines[0]
