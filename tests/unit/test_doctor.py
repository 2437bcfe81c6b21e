import os

import pytest

from motifloom import doctor
from motifloom.doctor import as_text, examine

CPU = {"kind": "cpu", "name": "cpu", "threads": 0}
GPU = {"kind": "gpu", "name": "H200", "threads": 0}
NETWORK = {"seeds": [1, 2], "accelerator": "auto", "threads": 2, "gpus": 1}


@pytest.fixture
def project(tmp_path):
    """A pyproject.toml with one package that is there, one that is too old and two that are not there."""
    path = tmp_path / "pyproject.toml"
    path.write_text("""
[project]
dependencies = ["numpy>=2", "scipy>=99", "no-such-package>=1", "other; platform_system == 'Plan9'"]
[project.optional-dependencies]
sweeps = ["no-such-sweeper>=4"]
tensorboard = []
wandb = []
""")
    return path


def found(table, item):
    row = table.set_index("item").loc[item]
    return row["found"], row["problem"]


def test_versions_are_held_against_what_is_needed(project, tmp_path):
    table = examine(project, [tmp_path], CPU, {})
    assert found(table, "numpy")[1] == ""
    assert found(table, "scipy")[1] == "Motifloom needs scipy>=99"
    assert found(table, "no-such-package") == ("not installed", "install no-such-package>=1")
    assert found(table, "no-such-sweeper") == ("not installed; extra sweeps", "")
    assert "other" not in set(table["item"])


def test_a_folder_is_looked_at_where_it_is_to_be_made(project, tmp_path):
    (tmp_path / "file").write_text("")
    table = examine(project, [tmp_path / "new/results", tmp_path / "file/results"], CPU, {})
    text, problem = found(table, str(tmp_path / "new/results"))
    assert text.endswith("GB free, to be made") and problem == ""
    assert found(table, str(tmp_path / "file/results"))[1] == "nothing can be written there: Not a directory"
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("change", "device", "place", "is_problem"),
    [
        ({}, CPU, "cpu (accelerator: auto), threads: 2; seeds: 1, 2", False),
        ({}, GPU, "1 GPU (accelerator: auto), threads: 2; seeds: 1, 2", False),
        ({"accelerator": "cpu"}, GPU, "cpu (accelerator: cpu), threads: 2; seeds: 1, 2", False),
        ({"accelerator": "gpu"}, CPU, "cpu (accelerator: gpu), threads: 2; seeds: 1, 2", True),
        ({"gpus": 2}, CPU, "cpu (accelerator: auto), threads: 2; seeds: 1, 2", True),
        ({"gpus": 2}, GPU, "2 GPUs (accelerator: auto), threads: 2; seeds: 1, 2", False),
    ],
)
def test_networks_say_where_they_would_be_computed(project, tmp_path, change, device, place, is_problem):
    table = examine(project, [tmp_path], device, {"first": NETWORK | change})
    text, problem = found(table, "first")
    assert text == place and bool(problem) == is_problem


@pytest.mark.parametrize(
    ("script", "item", "text", "problem"),
    [
        (
            "echo 'normal*|4 nodes, 4 cpus'",
            "normal*",
            "4 nodes, 4 cpus",
            "",
        ),
        ("echo 'sinfo: error: no controller' >&2; exit 1", "sinfo", "failed", "sinfo: error: no controller"),
    ],
)
def test_slurm_says_its_partitions_or_why_not(project, tmp_path, monkeypatch, script, item, text, problem):
    (tmp_path / "sinfo").write_text(f"#!/bin/sh\n{script}\n")
    (tmp_path / "sinfo").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert found(examine(project, [tmp_path], CPU, {}), item) == (text, problem)


@pytest.mark.parametrize(
    ("accelerator", "builds", "is_problem"),
    [("auto", ["tensorflow-cpu"], True), ("cpu", ["tensorflow-cpu"], False), ("auto", [], False)],
)
def test_jobs_that_would_leave_a_gpu_idle_are_told(
    project, tmp_path, monkeypatch, accelerator, builds, is_problem
):
    (tmp_path / "sinfo").write_text("#!/bin/sh\n")
    (tmp_path / "sinfo").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(doctor, "_is_installed", builds.__contains__)  # this machine has one of them
    table = examine(project, [tmp_path], CPU, {"first": NETWORK | {"accelerator": accelerator}})
    rows = table[table["item"] == "GPUs"]
    assert list(rows["found"]) == ["asked for by jobs of 1 network"] * is_problem
    assert rows["problem"].str.contains("--workflow-profile profiles/cpu", regex=False).all()


def test_problems_stand_at_their_place_and_are_counted(project, tmp_path):
    text = as_text(examine(project, [tmp_path], CPU, {"first": NETWORK}))
    lines = text.splitlines()
    place = next(number for number, line in enumerate(lines) if line.split()[:1] == ["scipy"])
    assert lines[place + 1].strip() == "PROBLEM: Motifloom needs scipy>=99"
    assert lines[0] == "versions" and "networks" in lines
    assert lines[-1].endswith(" problems") and int(lines[-1].split()[0]) >= 2
