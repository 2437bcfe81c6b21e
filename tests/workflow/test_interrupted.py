"""A run that ends early leaves nothing that a later one takes for good."""

import pytest
from runner import planned, snakemake

pytestmark = pytest.mark.workflow

SPLIT = "results/datasets/bound/split.tsv.gz"
METRICS = "results/first/seed1/metrics.tsv"


def test_a_failed_run_is_not_done(copied):
    folder, config = copied
    config["datasets"]["bound"]["split"] = {"by": "chromosome", "validation": ["chr3"], "test": ["chr9"]}
    process = snakemake(folder, config, METRICS, check=False)
    assert process.returncode == 1 and "rule split" in process.stderr
    # The split is gone; what was made from the one before is there, and newer than its other inputs.
    assert not (folder / SPLIT).exists() and (folder / METRICS).exists()
    jobs = planned(snakemake(folder, config, "-n", METRICS))
    assert jobs == dict.fromkeys(("split", "train", "predict", "choose_threshold", "evaluate"), 1)


def test_a_run_that_ends_leaves_no_mark(finished):
    folder, _ = finished
    assert [path for path in (folder / ".snakemake/incomplete").rglob("*") if path.is_file()] == []
