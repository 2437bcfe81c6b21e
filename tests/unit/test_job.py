"""What a job leaves in its log and on the terminal."""

import errno
import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from motifloom.errors import UserError
from motifloom.job import job

ROOT = Path(__file__).parents[2]


def run(path, error, capsys):
    with pytest.raises(SystemExit) as exit_, job(path):
        print("from a library")
        raise error
    assert exit_.value.code == 1
    return said(path), capsys.readouterr()


def said(path):
    """Return what a log holds after the line that a job begins with."""
    begun, text = path.read_text().split("\n", 1)
    assert begun.endswith(" begun")
    return text


def test_an_error_of_the_user_is_one_line(tmp_path, capsys):
    text, terminal = run(tmp_path / "x.log", UserError("peaks.bed, line 3: bad"), capsys)
    assert text == "from a library\nError: peaks.bed, line 3: bad\n"
    lines = "Error: peaks.bed, line 3: bad", f"The job's log: {tmp_path}/x.log"
    assert tuple(terminal.err.splitlines()) == lines and terminal.out == ""


def test_another_error_keeps_its_traceback_in_the_log_alone(tmp_path, capsys):
    text, terminal = run(tmp_path / "x.log", KeyError("column"), capsys)
    assert "Traceback" in text and text.splitlines()[-1].startswith("Error: KeyError: 'column'")
    assert terminal.err.count("\n") == 1 and "Traceback" not in terminal.err


def test_a_full_disk_is_named(tmp_path, capsys):
    text, _ = run(tmp_path / "x.log", OSError(errno.ENOSPC, "No space left", "results/x"), capsys)
    assert text.splitlines()[-1].startswith("Error: the disk is full: results/x")


def test_the_log_of_a_job_that_is_killed_is_not_empty(tmp_path):
    body = "import os, sys\nfrom motifloom.job import job\nwith job(sys.argv[1]): os.kill(os.getpid(), 9)"
    command = [sys.executable, "-c", body, str(tmp_path / "x.log")]
    assert subprocess.run(command, cwd=ROOT).returncode == -9
    assert said(tmp_path / "x.log") == ""


def test_after_a_job_nobody_writes_to_its_log(tmp_path, caplog):
    for name in "ab":
        with job(tmp_path / name):
            pass
    before = (tmp_path / "b").read_text()
    logging.getLogger("motifloom").warning("later")
    assert (tmp_path / "b").read_text() == before and caplog.messages[-1] == "later"


def test_a_job_that_ends_well_only_logs(tmp_path, capsys):
    with job(tmp_path / "x.log"):
        print("fine")
    fine, ended = said(tmp_path / "x.log").splitlines()
    assert fine == "fine" and " ended; it took " in ended and capsys.readouterr().err == ""


def test_a_job_says_what_memory_it_took_at_the_peak_and_not_what_others_took(tmp_path):
    body = (
        "import sys\nfrom motifloom.job import job\nwith job(sys.argv[1]): bytearray(b'1') * int(sys.argv[2])"
    )
    kept = bytearray(b"1") * 300_000_000
    peaks = []
    for size in ("1", "200000000"):
        subprocess.run([sys.executable, "-c", body, str(tmp_path / "x.log"), size], cwd=ROOT, check=True)
        peaks.append(int(re.search(r" ended; it took (\d+) MB", said(tmp_path / "x.log"))[1]))
    assert len(kept) == 300_000_000
    assert peaks[0] < 100 and peaks[1] - peaks[0] in range(190, 211)


def test_what_compiled_libraries_write_is_in_the_log_too(tmp_path, capfd):
    with pytest.raises(SystemExit), job(tmp_path / "x.log"):
        os.write(1, b"to output\n")
        subprocess.run(["sh", "-c", "echo to error >&2"], check=True)
        raise UserError("x")
    assert said(tmp_path / "x.log") == "to output\nto error\nError: x\n"
    assert capfd.readouterr() == ("", f"Error: x\nThe job's log: {tmp_path}/x.log\n")
    os.write(2, b"afterwards\n")
    assert capfd.readouterr() == ("", "afterwards\n")
