"""Two runs at once in one folder: the second is refused where both make the same files; nothing is damaged.

With MOTIFLOOM_FAULTS=1.
"""

import os
import signal
import subprocess
import sys
import time

import pytest
import yaml
from faults.test_disk import SPLIT, begun, differing, run_undisturbed, settings
from faults.test_kills import STARTED, files_of
from runner import ROOT, planned, snakemake

pytestmark = [
    pytest.mark.workflow,
    pytest.mark.skipif("MOTIFLOOM_FAULTS" not in os.environ, reason="MOTIFLOOM_FAULTS=1 is not set"),
]


def start(folder, config, name, target):
    """Start Snakemake with a config file of its own; what it says goes to a log."""
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(config))
    command = [sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile", "--directory", folder]
    command += ["--cores", "1", "--rerun-incomplete", target, "--configfile", folder / f"{name}.yaml"]
    with (folder / f"{name}.log").open("w") as log:
        return subprocess.Popen(list(map(str, command)), cwd=folder, stdout=log, stderr=log)


def wait_for_a_job(folder, name, process):
    while not STARTED.search((folder / f"{name}.log").read_text()):
        assert process.poll() is None
        time.sleep(0.05)


def renamed(config):
    """Return a config whose files are all others."""
    return yaml.safe_load(yaml.safe_dump(config).replace("tiny", "other").replace("bound", "loose"))


def test_the_second_of_two_runs(tmp_path, tmp_path_factory):
    whole = run_undisturbed(tmp_path_factory)
    folder = begun(whole, tmp_path / "run")
    first = start(folder, settings(), "first", SPLIT)
    try:
        wait_for_a_job(folder, "first", first)
        first.send_signal(signal.SIGSTOP)  # its jobs run on; it starts no other until the others have ended
        # The same files, also by a config that says something else about them; then other files.
        second = start(folder, settings() | {"seed": 2}, "second", SPLIT)
        assert second.wait(120) == 1
        third = start(folder, renamed(settings()), "third", "results/simulations/other/genome.fa.gz")
        assert third.wait(120) == 0
        # Neither that run nor a look at the machine has let go of what the first makes.
        snakemake(folder, settings(), "doctor")
        last = start(folder, settings(), "last", SPLIT)
        assert last.wait(120) == 1 and "LockException" in (folder / "last.log").read_text()
        first.send_signal(signal.SIGCONT)
        assert first.wait(120) == 0
    finally:
        first.kill()
    said = (folder / "second.log").read_text()
    assert not any(folder.glob(".snakemake/locks/*"))
    assert "LockException" in said and "Traceback" not in said and not STARTED.search(said)
    assert [name for name in differing(folder, whole) if "/other/" not in name] == []
    assert files_of(whole).keys() <= files_of(folder).keys()
    assert planned(snakemake(folder, settings(), "-n", SPLIT)) == {}
