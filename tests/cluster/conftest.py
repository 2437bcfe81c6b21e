"""A cluster, and one run on it that is disturbed, beside one on this machine that is not."""

import os
import shutil
import tempfile
from types import SimpleNamespace

import pytest
import yaml
from cluster.runs import SHARES, find_running, submit, wait_for
from cluster.slurm import CannotStart, Cluster, missing_programs
from runner import TINY, snakemake

# The training gets too little memory at first. After it, the node of a share of the tests of windows dies.
STARVED = "train:mem_mb=300 * 6 ** (attempt - 1)"
DIES = "rule_test_windows"


@pytest.fixture(scope="session")
def cluster():
    if os.environ.get("MOTIFLOOM_SLURM") != "1":
        pytest.skip("runs on a SLURM cluster of its own where MOTIFLOOM_SLURM=1 is set")
    if missing_programs():
        pytest.skip(
            f"needs SLURM: no {', '.join(missing_programs())} (Debian: slurmctld slurmd slurm-client munge)"
        )
    folder = tempfile.mkdtemp(prefix="slurm", dir="/tmp")  # names of sockets are short
    cluster = Cluster(folder, cpus=4)
    try:
        try:
            cluster.start()
        except CannotStart as error:
            pytest.skip(f"SLURM does not start here: {error}")
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def config():
    """As little as has every kind of job: scattered, on a GPU, both, neither."""
    config = yaml.safe_load(TINY)
    for part, name in {"datasets": "factor", "models": "written", "experiments": "second"}.items():
        del config[part][name]
    config["simulations"]["tiny"]["planted"] = ["CTCF"]
    config["evaluation"] = {"baselines": ["gc"], "bootstrap": 100}
    config["interpretation"] = {"filters": {"methods": ["significant"]}, "analyses": ["importance"]}
    return config


@pytest.fixture(scope="session")
def local(cluster, config, tmp_path_factory):
    """A run without SLURM: folder and what Snakemake said."""
    folder = tmp_path_factory.mktemp("local")
    return SimpleNamespace(folder=folder, log=snakemake(folder, config, *SHARES).stderr)


@pytest.fixture(scope="session")
def disturbed(cluster, config, tmp_path_factory):
    """A run on the cluster in which a node died and a job had too little memory: what there is of it.

    Meanwhile the user edits the config for the next run.
    """
    folder = tmp_path_factory.mktemp("cluster")
    with submit(cluster, folder, config, "--set-resources", STARVED) as process:
        victim = wait_for(process, lambda: find_running(cluster, DIES))
        (folder / "config.yaml").write_text(yaml.safe_dump(config | {"seed": 2}))
        cluster.kill_node(victim["NodeList"])
        wait_for(process, lambda: cluster.job(victim["JobId"])["JobState"] == "NODE_FAIL")
        cluster.start_node(victim["NodeList"])
        process.wait(timeout=1200)
    return SimpleNamespace(
        folder=folder,
        jobs=cluster.jobs(),
        victim=cluster.job(victim["JobId"]),
        returncode=process.returncode,
        log=(folder / "run.log").read_text(),
    )
