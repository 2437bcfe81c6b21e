"""What is done to a run from outside: to its jobs, to SLURM, to Snakemake itself."""

import copy
import signal

import pytest
from cluster.runs import find_running, submit, wait_for

pytestmark = [pytest.mark.cluster, pytest.mark.workflow, pytest.mark.xdist_group("cluster")]

GENOME = "results/simulations/tiny/genome.fa.gz"
JOB = "rule_simulate"


@pytest.fixture(scope="module")
def config(config):
    """The config with a genome that takes some seconds to make: time for what is done meanwhile."""
    config = copy.deepcopy(config)
    config["simulations"]["tiny"]["chromosome_length"] = 8_000_000
    return config


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("faults")


@pytest.fixture
def start(cluster, config, folder):
    """Start a run of one job, whatever there is, and wait until it runs: process and SLURM's record."""

    def run(*arguments):
        process = submit(cluster, folder, config, "--forcerun", "simulate", *arguments, "--", GENOME)
        return process, wait_for(process, lambda: find_running(cluster, JOB))

    return run


def said(folder):
    return (folder / "run.log").read_text()


def test_a_job_that_someone_cancels_and_a_controller_that_is_away(cluster, folder, start):
    process, job = start()
    with process:
        cluster.ask("scancel", job["JobId"])
        retry = wait_for(process, lambda: find_running(cluster, JOB))
        step = f"{retry['JobId']}.0"  # what is not under way waits long for a controller
        wait_for(process, lambda: step in cluster.ask("squeue", "--steps", "-h", "-o", "%i").split())
        cluster.restart_controller()
        process.wait(timeout=300)
    assert process.returncode == 0, said(folder)[-3000:]
    assert cluster.job(job["JobId"])["JobState"] == "CANCELLED"
    assert retry["JobId"] != job["JobId"] and cluster.job(retry["JobId"])["JobState"] == "COMPLETED"


def test_an_interrupt_cancels_all_jobs(cluster, folder, start):
    process, job = start()
    with process:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=300)
    assert process.returncode == 1
    assert cluster.job(job["JobId"])["JobState"] == "CANCELLED"
    assert list(folder.glob(".snakemake/locks/*")) == []


def test_a_run_after_snakemake_was_killed(cluster, config, folder, start):
    process, job = start()
    with process:
        process.kill()
    assert cluster.job(job["JobId"])["JobState"] == "RUNNING"
    with submit(cluster, folder, config, "--", GENOME) as process:
        assert process.wait(timeout=300) == 1
    assert "--unlock" in said(folder)
    # What docs/cluster.md tells to do.
    names = cluster.ask("squeue", "--me", "-h", "-o", "%i %j").splitlines()
    ours = [number for number, name in map(str.split, names) if name.startswith("motifloom_")]
    assert ours == [job["JobId"]]
    cluster.ask("scancel", *ours)
    with submit(cluster, folder, config, "--unlock") as process:
        assert process.wait(timeout=300) == 0
    with submit(cluster, folder, config, "--", GENOME) as process:
        assert process.wait(timeout=300) == 0, said(folder)[-3000:]
    assert "simulate" in said(folder) and (folder / GENOME).exists()
