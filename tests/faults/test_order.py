"""Cores, shares and the order of jobs change no byte of a result, nor does the folder.

With MOTIFLOOM_FAULTS=1.
"""

import os

import pytest
from faults.test_kills import files_of, is_same
from runner import snakemake

pytestmark = [
    pytest.mark.workflow,
    pytest.mark.skipif("MOTIFLOOM_FAULTS" not in os.environ, reason="MOTIFLOOM_FAULTS=1 is not set"),
]


def test_one_core_other_shares_and_another_order_give_the_same_bytes(config, undisturbed, tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    # What the others wait for longest comes last, and two shares of filters are three.
    arguments = "--cores", "1", "--set-scatter", "filters=3", "--prioritize", "fit_baseline", "plot_dataset"
    snakemake(folder, config, *arguments)
    found, whole = files_of(folder), files_of(undisturbed)
    assert found.keys() == whole.keys() and len(whole) > 70
    assert [name for name, path in found.items() if not is_same(path, whole[name])] == []
