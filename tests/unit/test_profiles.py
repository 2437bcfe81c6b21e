"""Profiles name rules that there are, and all that need what they set."""

import re
from pathlib import Path

import psutil
import pytest
import yaml
import yte

from motifloom.dependencies import modules_used

ROOT = Path(__file__).parents[2]
SCRIPT = re.compile(r"^rule (\w+):(?:(?!^rule ).)*?\.\./scripts/(\w+)\.py", re.M | re.S)
PROFILES = sorted(path.parent.name for path in ROOT.glob("profiles/*/config.yaml"))
# What sites call a resource; rules leave it to profiles.
SITE = {
    "slurm_partition",
    "slurm_account",
    "slurm_extra",
    "gres",
    "gpu_model",
    "constraint",
    "qos",
    "clusters",
}


def read_rules():
    """Return the names of the resources of every rule: {rule: set}."""
    found = {}
    for path in [ROOT / "Snakefile", *ROOT.glob("rules/*.smk")]:
        for rule, body in re.findall(r"^rule (\w+):\n(.*?)(?=^\S|\Z)", path.read_text(), re.M | re.S):
            resources = re.search(r"^    resources:\n((?: {8}.*\n)*)", body, re.M)
            found[rule] = set(re.findall(r"^ {8}(\w+)=", resources[1], re.M)) if resources else set()
    return found


def read_profile(name, examples=False):
    """Read a profile; with its examples, which removing a # makes valid, where they are asked for."""
    text = (ROOT / "profiles" / name / "config.yaml").read_text()
    return yaml.safe_load(re.sub(r"^#(?=\S|  \S)", "", text, flags=re.M) if examples else text)


RULES = read_rules()
ON_GPU = {rule for rule, resources in RULES.items() if "gpu" in resources}


def test_the_rules_are_read():
    assert {"all", "train", "test_windows", "index"} < set(RULES)
    assert {"train", "predict"} < ON_GPU and "evaluate" not in ON_GPU


def test_a_gpu_is_asked_for_by_those_who_compute_networks():
    found = set()
    for path in ROOT.glob("rules/*.smk"):
        for rule, script in SCRIPT.findall(path.read_text()):
            modules = modules_used(ROOT / f"scripts/{script}.py", ROOT)
            found |= {rule} if str(ROOT / "motifloom/models/device.py") in modules else set()
    # Two look at devices and networks, and compute nothing.
    assert found - {"doctor", "summarise_model"} == ON_GPU


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_names_rules_that_there_are(profile):
    for settings in (read_profile(profile), read_profile(profile, examples=True)):
        assert [rule for rule in settings.get("set-resources", {}) if rule not in RULES] == []
        assert [name for name in settings.get("set-scatter", {}) if name != "filters"] == []


@pytest.mark.parametrize(
    ("profile", "changes"),
    [
        ("cpu", {"gpu": 0}),
        ("slurm-gres", {"gpu": 0, "gres": "gpu:1"}),
        ("slurm", {"slurm_partition": "gpu"}),
    ],
)
def test_what_is_set_for_gpus_is_set_for_all_rules_that_use_one(profile, changes):
    assert read_profile(profile, examples=True)["set-resources"] == dict.fromkeys(ON_GPU, changes)


def test_the_slurm_profile_sets_nothing_of_a_site():
    profile = read_profile("slurm")
    assert set(profile["default-resources"]) == {"mem_mb", "runtime"}
    assert "set-resources" not in profile and "set-scatter" not in profile
    assert profile["slurm-status-command"] == "squeue" and profile["retries"] > 0
    assert not {"groups", "group-components", "slurm-array-jobs"} & set(profile)


def test_jobs_on_a_workstation_stay_within_its_memory():
    text = (ROOT / "profiles/workstation/config.yaml").read_text()
    resources = yte.process_yaml(text, require_use_yte=True)["resources"]
    assert resources["gpu"] == 1
    assert resources["mem_mb"] == pytest.approx(0.9 * psutil.virtual_memory().total / 1e6, rel=0.01)


def test_site_settings_are_one_block():
    text = (ROOT / "profiles/slurm/config.yaml").read_text()
    block = re.search(r"^# ---- Site settings.*?^# ---- End of site settings", text, re.M | re.S)[0]
    rest = text.replace(block, "")
    assert "set-resources" in block and "slurm_account" in block
    assert "resources" not in rest and not re.search(r"^#\S", rest, re.M)


def test_rules_leave_to_profiles_what_differs_between_sites():
    assert [rule for rule, resources in RULES.items() if resources & SITE] == []
    assert "retries:" not in "".join(path.read_text() for path in ROOT.glob("rules/*.smk"))


def test_every_job_states_memory_and_time():
    targets = {
        "all",
        "datasets",
        "train_all",
        "evaluate_all",
        "motifs",
        "importance",
        "interpret",
        "sweeps",
        "tracking",
    }
    assert {rule for rule, resources in RULES.items() if not {"mem_mb", "runtime"} <= resources} <= targets
