"""A run through the profile for SLURM, on a real one: it ends as a local run does, whatever dies."""

import re
from collections import Counter

import pytest
from cluster.runs import submit
from runner import ROOT

pytestmark = [pytest.mark.cluster, pytest.mark.workflow, pytest.mark.xdist_group("cluster")]

PREDICTIONS = "results/first/seed1/predictions.tsv.gz"
TRAINING = "rule_train_wildcards_first_1"
UNITS = {"K": 1 / 1024, "M": 1, "G": 1024}


def rule_of(job):
    return re.match(r"rule_(.+?)(_wildcards_|$)", job["Comment"])[1]


def attempts(jobs):
    """Return the jobs by what they are to make: {comment: records, first attempt first}."""
    found = {}
    for job in jobs:
        found.setdefault(job["Comment"], []).append(job)
    return found


def request(job):
    """Return what a job asked SLURM for: cpus, MB, minutes, GPUs."""
    number, unit = re.fullmatch(r"([\d.]+)([KMG])", job["MinMemoryNode"]).groups()
    days, hours, minutes, seconds = re.fullmatch(r"(?:(\d+)-)?(\d+):(\d+):(\d+)", job["TimeLimit"]).groups()
    assert seconds == "00" and job["NumNodes"] == "1"
    time = (int(days or 0) * 24 + int(hours)) * 60 + int(minutes)
    gpus = re.search(r"gpu:(\d+)$", job.get("TresPerJob", "gpu:0"))
    return int(job["NumCPUs"]), int(float(number) * UNITS[unit]), time, int(gpus[1])


def stated(log):
    """Return what rules ask for by the words of Snakemake: how often each (rule, request) comes."""
    found = Counter()
    for rule, text in re.findall(r"^(?:local)?rule (\w+):\n((?: {4}.*\n)+)", log, re.M):
        resources = dict(re.findall(r"(\w+)=(\d+)", re.search(r"resources: (.*)", text)[1]))
        threads = re.search(r"threads: (\d+)", text)
        asked = [resources.get(name, 0) for name in ("mem_mb", "runtime", "gpu")]
        found[rule, (int(threads[1]) if threads else 1, *map(int, asked))] += 1
    return found


def made(folder):
    """Return the files of a run that tell of no time, machine or place: {path: bytes}."""
    results = folder / "results"
    paths = [path.relative_to(results) for path in results.rglob("*") if path.is_file()]
    paths = [path for path in paths if path.parts[0] not in ("logs", "benchmarks")]
    return {str(path): (results / path).read_bytes() for path in paths if path.name != "provenance.json"}


def test_it_ends_well(disturbed):
    assert disturbed.returncode == 0, disturbed.log[-3000:]
    assert "Open results/index.html" in disturbed.log
    # Nothing is left that the next run would take for unfinished.
    assert [path for path in (disturbed.folder / ".snakemake/incomplete").rglob("*") if path.is_file()] == []


def test_every_file_is_that_of_a_local_run(disturbed, local):
    ours, theirs = made(disturbed.folder), made(local.folder)
    assert sorted(ours) == sorted(theirs) and len(ours) > 60
    assert [path for path in ours if ours[path] != theirs[path]] == []


def test_scattered_jobs_run_on_several_nodes(disturbed):
    done = [job for job in disturbed.jobs if job["JobState"] == "COMPLETED"]
    shares = [job for job in disturbed.jobs if rule_of(job) == "test_windows"]
    assert len({job["NodeList"] for job in shares}) > 1
    assert {job["NodeList"] for job in done} == {"node1", "node2", "node3", "node4"}


def test_jobs_ask_for_what_their_rules_say(disturbed, local):
    expected = {key: count for key, count in stated(local.log).items() if key[0] not in ("all", "train")}
    first = [records[0] for records in attempts(disturbed.jobs).values()]
    asked = Counter((rule_of(job), request(job)) for job in first if rule_of(job) != "train")
    assert asked == expected and sum(asked.values()) > 30


def test_who_asks_for_a_gpu_gets_one(disturbed):
    on_gpu = {"train", "predict", "perturb_filters"}
    assert {rule_of(job) for job in disturbed.jobs if request(job)[3] == 1} == on_gpu
    assert {job["NodeList"] for job in disturbed.jobs if rule_of(job) in on_gpu} == {"node1"}


def test_a_node_that_dies_costs_a_retry_with_more(disturbed):
    victim, retry = attempts(disturbed.jobs)[disturbed.victim["Comment"]]
    assert victim["JobState"] == "NODE_FAIL" and retry["JobState"] == "COMPLETED"
    (cpus, memory, minutes, _), more = request(victim), request(retry)
    # Before SLURM was asked, both amounts of memory were rounded down.
    assert more[1] - 1.5 * memory in (-0.5, 0, 0.5, 1) and (more[0], more[2]) == (cpus, 2 * minutes)


def test_too_little_memory_costs_a_retry_with_more(disturbed):
    starved, retry = attempts(disturbed.jobs)[TRAINING]
    assert starved["JobState"] in ("FAILED", "OUT_OF_MEMORY") and retry["JobState"] == "COMPLETED"
    assert request(starved)[1] == 300 and request(retry)[1] == 1800
    logs = disturbed.folder.glob(f".snakemake/slurm_logs/rule_train/*/{starved['JobId']}.log")
    assert "exceeded memory limit" in next(logs).read_text()


def test_nothing_else_was_tried_twice(disturbed):
    lost = [job for *others, _ in attempts(disturbed.jobs).values() for job in others]
    dead = [job for job in lost if job["Comment"] != TRAINING]
    node = disturbed.victim["NodeList"]
    assert {(job["JobState"], job["NodeList"]) for job in dead} == {("NODE_FAIL", node)}


@pytest.mark.parametrize(
    ("overlay", "request_of_gpus"), [("slurm-gres", {"TresPerNode": "gres:gpu:1"}), ("cpu", {})]
)
def test_overlays_change_how_gpus_are_asked_for(disturbed, cluster, config, overlay, request_of_gpus):
    folder, known = disturbed.folder, {job["JobId"] for job in cluster.jobs()}
    before = (folder / PREDICTIONS).read_bytes()
    overlay = ["--workflow-profile", str(ROOT / "profiles" / overlay)]
    # Nothing runs again for it.
    with submit(cluster, folder, config, *overlay) as process:
        process.wait(timeout=300)
    assert "Nothing to be done" in (folder / "run.log").read_text()
    with submit(cluster, folder, config, *overlay, "--force", "--", PREDICTIONS) as process:
        process.wait(timeout=300)
    assert process.returncode == 0, (folder / "run.log").read_text()[-3000:]
    (job,) = [job for job in cluster.jobs() if job["JobId"] not in known]
    assert rule_of(job) == "predict" and job["JobState"] == "COMPLETED"
    assert {key: value for key, value in job.items() if "gpu" in value} == request_of_gpus
    assert (folder / PREDICTIONS).read_bytes() == before
