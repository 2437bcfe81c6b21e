"""Files that are seen seconds after the job which wrote them has ended, as on network disks, change nothing.

With MOTIFLOOM_FAULTS=1.
"""

import os
import time
from pathlib import Path

import pytest
from faults.late.sitecustomize import SECONDS
from faults.test_kills import files_of, is_same
from runner import snakemake

pytestmark = [
    pytest.mark.workflow,
    pytest.mark.skipif("MOTIFLOOM_FAULTS" not in os.environ, reason="MOTIFLOOM_FAULTS=1 is not set"),
]


def test_late_files_are_waited_for(config, undisturbed, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent / "late"), prepend=os.pathsep)
    impatient = snakemake(tmp_path, config, "evaluate_all", "--latency-wait", "0", check=False)
    assert impatient.returncode == 1 and "MissingOutputException" in impatient.stderr
    # What comes after Snakemake has given up is made again.
    time.sleep(SECONDS + 1)
    snakemake(tmp_path, config, "evaluate_all", "--latency-wait", "60")
    found, whole = files_of(tmp_path), files_of(undisturbed)
    assert len(found) > 20 and found.keys() <= whole.keys()
    assert [name for name, path in found.items() if not is_same(path, whole[name])] == []
