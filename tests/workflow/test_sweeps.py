"""Sweeps: killed and run again they lose nothing, and the best trial is an ordinary experiment."""

import copy
import json
import re
import shutil

import pytest
import yaml
from runner import ROOT, TINY, kill, planned, snakemake

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


def test_killed_half_way_and_run_again_no_trial_is_lost_or_run_twice(undisturbed, swept, tmp_path):
    folder = tmp_path / "killed"
    shutil.copytree(undisturbed, folder, copy_function=shutil.copy2)
    for done in ("sweeps", "logs/run_trial", "benchmarks/run_trial"):
        shutil.rmtree(folder / "results" / done)
    finished = re.compile(r"Finished jobid: \d+ \(Rule: run_trial\)")
    assert kill(folder, swept, "sweeps", when=lambda printed: len(finished.findall(printed)) >= 6)
    before = trials_in(folder)
    assert 6 <= len(before) < 12 and not (folder / "results/sweeps/width/trials.tsv").exists()

    snakemake(folder, swept, "sweeps")
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


@pytest.fixture(scope="module")
def files_swept(tmp_path_factory):
    """A folder in which a sweep over files, and one that starts from others, ran, its config, and the log."""
    folder = tmp_path_factory.mktemp("files")
    config = shorten(yaml.safe_load(TINY))
    for name, epochs in {"net.json": 1, "et.json": 2}.items():
        spec = config["models"]["small"]["spec"] | {"training_params": {"epochs": epochs, "batch_size": 16}}
        (folder / name).write_text(json.dumps(spec))
    options = {"threads": 1, "accelerator": "cpu"}
    both = {"dataset": "bound", "model": "small", "seeds": [1, 2]}
    config["experiments"] = {
        "first": both | {"training": options},
        "later": both | {"training": options | {"start_from": "first"}},
    }
    specs, epochs = {"values": ["net.json", "et.json"]}, {"value": 1}
    metric = {"name": "auroc"}
    config["sweeps"] = {
        "files": {"experiment": "first", "n_workers": 1, "parameters": {"model.spec": specs}},
        "started": {"experiment": "later", "seeds": 2, "parameters": {"training.epochs": epochs}},
    }
    config["sweeps"] = {
        name: {"method": "grid", "metric": metric} | s for name, s in config["sweeps"].items()
    }
    done = snakemake(folder, config, "sweeps")
    return folder, config, done.stdout + done.stderr


def test_a_swept_spec_is_the_one_that_is_trained(files_swept):
    """A path that ends as another one is no other one; and an edit of any of them runs the trials again."""
    folder, config, _ = files_swept
    trials = [read_json(folder / f"results/sweeps/files/trials/{n}.json") for n in (0, 1)]
    assert [trial["parameters"]["model.spec"] for trial in trials] == ["net.json", "et.json"]
    assert [len(trial["epochs"]) for trial in trials] == [1, 2]
    assert plan(folder, config) == {}
    content = (folder / "et.json").read_text()
    (folder / "et.json").write_text(content.replace('"epochs": 2', '"epochs": 3'))
    assert plan(folder, config)["run_trial"] == 2
    (folder / "et.json").write_text(content)


def test_a_swept_spec_that_is_shipped_is_found_in_any_folder(files_swept):
    folder, config, _ = files_swept
    config = copy.deepcopy(config)
    shipped = ["config/models/one_layer.json", "config/models/shallow.json"]
    config["sweeps"]["files"]["parameters"]["model.spec"]["values"] = shipped
    text = snakemake(folder, config, "-n", "results/sweeps/files/trials.tsv").stdout
    assert all(str(ROOT / path) in text for path in shipped)


def test_each_seed_of_a_trial_starts_from_the_network_that_its_training_starts_from(files_swept):
    folder, _, _ = files_swept
    trial = read_json(folder / "results/sweeps/started/trials/0.json")
    best = yaml.safe_load((folder / "results/sweeps/started/best.yaml").read_text())
    paths = [f"results/later-started/seed{seed}/metrics.tsv" for seed in (1, 2)]
    snakemake(folder, best, *paths)
    tables = [read_table(folder / path) for path in paths]
    values = [t.query("part == 'validation' and metric == 'auroc'")["value"].item() for t in tables]
    assert trial["value"] == pytest.approx(sum(values) / 2, abs=1e-6) and values[0] != values[1]


def test_trials_ask_for_the_gpus_of_their_experiment(files_swept):
    folder, config, _ = files_swept
    config = copy.deepcopy(config)
    for accelerator, gpus, expected in (("cpu", 1, 0), ("auto", 1, 1), ("auto", 3, 3)):
        config["experiments"]["first"]["training"] |= {"accelerator": accelerator, "gpus": gpus}
        text = snakemake(
            folder, config, "-n", "results/sweeps/files/trials.tsv", "--forcerun", "run_trial"
        ).stdout
        assert set(re.findall(r"\bgpu=(\d+)", text)) == {str(expected)}, accelerator


def test_a_trial_that_learns_nothing_does_not_depend_on_what_is_best(files_swept):
    folder, config, _ = files_swept
    config = copy.deepcopy(config)
    config["sweeps"]["files"]["metric"] = {"name": "auroc", "goal": "minimize"}
    config["sweeps"]["started"]["n_workers"] = 3
    assert set(plan(folder, config)) == set(COLLECTING)
    assert planned(snakemake(folder, config, "-n", "results/sweeps/started/best.yaml")) == {}


def test_a_trial_that_was_written_again_makes_no_other_again(files_swept):
    folder, config, _ = files_swept
    path = folder / "results/sweeps/files/trials/0.json"
    content = path.read_text()
    path.write_text(content + " ")
    assert plan(folder, config) == COLLECTING
    path.write_text(content)


def test_trials_of_a_grid_wait_without_reading(files_swept):
    """So many run side by side, but none has another as input."""
    folder, config, text = files_swept
    first, second = sorted(text.index(f"sweep=files, trial={n}") for n in (0, 1))
    number = re.findall(r"jobid: (\d+)", text[:first])[-1]
    assert first < text.index(f"Finished jobid: {number} (Rule: run_trial)") < second
    config = copy.deepcopy(config)
    config["sweeps"]["files"]["parameters"]["model.spec"]["values"] *= 2
    planned_text = snakemake(folder, config, "-n", "results/sweeps/files/best.yaml").stdout
    jobs = [job for job in planned_text.split("\nrule ") if job.startswith("run_trial")]
    assert len(jobs) == 4 and not any("trials/" in job.split("output:")[0] for job in jobs)


def test_a_sweep_that_cannot_work_stops_before_any_job(undisturbed, swept):
    kernel = "model.spec.model.layers[0].config.kernel_size"
    swept["sweeps"]["width"]["parameters"] = {kernel: {"values": [5, 500]}}
    process = snakemake(undisturbed, swept, "-n", "sweeps", check=False)
    lines = [line for line in (process.stdout + process.stderr).splitlines() if line.startswith("Error: ")]
    assert process.returncode and len(lines) == 1 and "Traceback" not in process.stderr
    assert f"sweeps.width.parameters.{kernel}: with 500: models.small.spec" in lines[0]
