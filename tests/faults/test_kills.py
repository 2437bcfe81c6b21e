"""A run killed at any moment goes on, to the same bytes.

With MOTIFLOOM_FAULTS=1; it takes minutes.
"""

import filecmp
import json
import os
import random
import re

import pytest
from runner import kill, snakemake

pytestmark = [
    pytest.mark.workflow,
    pytest.mark.skipif("MOTIFLOOM_FAULTS" not in os.environ, reason="MOTIFLOOM_FAULTS=1 is not set"),
]

KILLS = 20
LONGEST = 8.0  # seconds from the first job to a kill
STARTED = re.compile(r"^(?:local)?rule \w+:$", re.M)
VARYING = ("results/logs/", "results/benchmarks/")


def files_of(folder):
    """Return the files of a run that do not tell of time: path below the folder -> path."""
    paths = (path for path in (folder / "results").rglob("*") if path.is_file())
    found = {str(path.relative_to(folder)): path for path in paths if path.name != ".snakemake_timestamp"}
    return {name: path for name, path in found.items() if not name.startswith(VARYING)}


def is_same(one, other):
    if one.name != "provenance.json":
        return filecmp.cmp(one, other, shallow=False)
    # What made the file holds when, and how long that took.
    first, second = (json.loads(path.read_text()) for path in (one, other))
    return first.keys() == second.keys() and {**first, "run": 0} == {**second, "run": 0}


def test_killed_at_random_moments_it_ends_as_if_undisturbed(config, undisturbed, tmp_path):
    draw, whole = random.Random(1), files_of(undisturbed)
    kills, seen = 0, set()
    for _ in range(KILLS):
        kills += kill(tmp_path, config, when=STARTED.search, after=draw.uniform(0, LONGEST))
        # What has its name is whole: nothing is written under it bit by bit.
        made = {name: path for name, path in files_of(tmp_path).items() if name in whole}
        assert [name for name, path in made.items() if not is_same(path, whole[name])] == []
        seen |= made.keys()
    assert kills > KILLS / 2 and len(seen) > 10
    snakemake(tmp_path, config)
    found = files_of(tmp_path)
    assert found.keys() == whole.keys()
    assert [name for name, path in found.items() if not is_same(path, whole[name])] == []
