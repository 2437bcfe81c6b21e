"""Every library that a job uses takes the threads of its rule, and no more."""

import json

import pytest

pytestmark = pytest.mark.workflow


@pytest.fixture(scope="module")
def jobs(finished):
    folder, _ = finished
    return [json.loads(line) for line in (folder / "threads.jsonl").read_text().splitlines()]


def test_libraries_take_the_threads_of_their_rule(jobs):
    assert len(jobs) > 100
    assert [job for job in jobs if set(job["taken"].values()) != {job["threads"]}] == []
    seen = {(library, job["threads"]) for job in jobs for library in job["taken"]}
    every = ("libscipy_openblas", "libgomp", "tensorflow", "numba")
    assert seen >= {(library, threads) for library in every for threads in (1, 2)}


def test_a_network_takes_those_of_the_config(jobs):
    found = {job["wildcards"]["experiment"]: job["threads"] for job in jobs if job["rule"] == "train"}
    assert (found["first"], found["second"]) == (2, 1)
