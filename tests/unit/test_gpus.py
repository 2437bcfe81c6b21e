"""Jobs that run side by side take different GPUs."""

import os
import stat
import subprocess
import sys

import pytest

from motifloom.gpus import names_of

CLAIM = """
import logging, sys
from motifloom import gpus
logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
gpus.PAUSE = 0.01
names, number, folder = tuple(sys.argv[1].split(",")), int(sys.argv[2]), sys.argv[3]
print(*gpus.claim(names, number, folder), flush=True)
assert gpus.claim(names, number, folder) == gpus.claim(names, number, folder)
sys.stdin.read()
"""


@pytest.fixture
def start(tmp_path):
    """Start jobs that claim GPUs and hold them until they are told to end; all are ended after the test."""
    jobs = []

    def start(names, number):
        command = [sys.executable, "-c", CLAIM, names, str(number), str(tmp_path)]
        jobs.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        return jobs[-1]

    yield start
    for job in jobs:
        job.kill()
        job.communicate()


def said(job):
    return job.stdout.readline().strip()


def test_each_job_takes_the_first_gpu_that_is_free(start):
    first = start("0,1,2", 1)
    assert said(first) == "0"
    assert said(start("0,1,2", 1)) == "1"
    first.kill()
    first.wait()
    assert said(start("0,1,2", 1)) == "0"


def test_gpus_are_the_same_whatever_part_of_them_a_job_sees(start):
    assert said(start("3,GPU-5/1", 1)) == "0"
    assert said(start("0,1,2,3", 4)) == "waits for 4 of 4 GPUs to be free"
    assert said(start("GPU-5/1,3", 1)) == "0"


def test_a_job_that_waits_for_two_holds_none_and_goes_on_when_they_are_free(start):
    holder = start("0,1", 1)
    assert said(holder) == "0"
    waiting = start("0,1", 2)
    assert said(waiting) == "waits for 2 of 2 GPUs to be free"
    other = start("1", 1)
    while (line := said(other)) != "0":
        assert line == "waits for 1 of 1 GPUs to be free"  # met the one that was just looking
    for job in (holder, other):
        job.kill()
        job.wait()
    assert said(waiting) == "0 1"


def test_other_users_may_read_a_lock_whatever_the_umask(start, tmp_path):
    before = os.umask(0o077)
    try:
        assert said(start("0", 1)) == "0"
    finally:
        os.umask(before)
    (lock,) = tmp_path.iterdir()
    assert stat.S_IMODE(lock.stat().st_mode) == 0o644


def test_what_is_no_lock_does_not_stop_a_job(start, tmp_path):
    (tmp_path / "motifloom-gpu-0.lock").symlink_to("elsewhere")
    os.mkfifo(tmp_path / "motifloom-gpu-1.lock")
    assert [said(start("0,1", 1)) for _ in range(3)] == ["0", "1", "waits for 1 of 2 GPUs to be free"]
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(
    ("shown", "count", "names"),
    [
        (None, 2, ("0", "1")),
        ("2, 5", 2, ("2", "5")),
        ("GPU-a,GPU-b", 2, ("GPU-a", "GPU-b")),
        ("0,1,9", 2, ("0", "1")),  # CUDA leaves out what is not there: no name fits for certain
        ("", 1, ("0",)),
    ],
)
def test_gpus_are_called_what_cuda_is_told_to_show(monkeypatch, shown, count, names):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if shown is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", shown)
    assert names_of(count) == names
