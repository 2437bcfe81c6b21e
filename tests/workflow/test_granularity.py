"""How many jobs a config makes: a filter more is more computing, not another job."""

import copy

import pytest
from runner import SPEC, planned, snakemake

pytestmark = pytest.mark.workflow


@pytest.fixture
def large(tiny):
    """Four experiments with three seeds each, all methods and analyses."""
    tiny["models"]["small"]["spec"]["model"]["layers"][0]["config"]["filters"] = 300
    tiny["experiments"] = {
        f"{dataset}-{number}": {"dataset": dataset, "model": "small", "seeds": [1, 2, 3]}
        for dataset in ("bound", "factor")
        for number in (1, 2)
    }
    return tiny


def test_three_hundred_filters_in_twelve_networks_are_below_a_thousand_jobs(large, tmp_path):
    (tmp_path / "spec.yaml").write_text(SPEC)
    jobs = planned(snakemake(tmp_path, large, "-n"))
    assert jobs["train"] == 12 + 4  # and a label-shuffle control of each experiment
    assert sum(jobs.values()) < 1000
    fewer = copy.deepcopy(large)
    fewer["models"]["small"]["spec"]["model"]["layers"][0]["config"]["filters"] = 30
    assert planned(snakemake(tmp_path, fewer, "-n")) == jobs
