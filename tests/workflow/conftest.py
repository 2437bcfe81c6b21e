"""Finished runs that several tests look at."""

import copy
import fcntl
import os
import shutil
from pathlib import Path

import pytest
import yaml
from runner import SPEC, TINY, snakemake


@pytest.fixture(scope="session")
def finished(tmp_path_factory, request):
    """A folder in which the tiny config ran to its end, with that config; one for all test processes.

    Tests may plan in it, but run nothing.
    """
    root = tmp_path_factory.getbasetemp()
    folder = (root.parent if hasattr(request.config, "workerinput") else root) / "tiny run"
    config = yaml.safe_load(TINY)
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            begun = folder.with_name("tiny run begun")
            begun.mkdir()
            _run(begun, config)
            begun.rename(folder)
    return folder, config


def _run(folder, config):
    (folder / "spec.yaml").write_text(SPEC)
    # Files that edits of the config point to.
    others = {"other.yaml": SPEC, "other.fa": ">s1\n" + "ACGT" * 30, "other.txt": ""}
    others["other.py"] = "def spread(target, score):\n    return float(score.std())\n"
    for name, content in others.items():
        (folder / name).write_text(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent / "watched"), prepend=os.pathsep)
        patch.setenv("WATCHED", str(folder / "threads.jsonl"))
        snakemake(folder, config)


@pytest.fixture
def tiny():
    """The tiny config, to be changed by a test."""
    return yaml.safe_load(TINY)


@pytest.fixture
def copied(finished, tmp_path):
    """A copy of the finished folder, and of its config, that a test may change."""
    folder, config = finished
    place = tmp_path / "copy"
    shutil.copytree(folder, place, copy_function=shutil.copy2)
    return place, copy.deepcopy(config)
