"""The table of docs/reruns.md: an edit of a key reruns what depends on it and nothing else."""

import copy
import json
import os
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest
import yaml
from runner import SPEC, kill, planned, snakemake
from snakemake.common.configfile import load_configfile

from motifloom.reference import rows

pytestmark = pytest.mark.workflow

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "docs/reruns.md").read_text()
ROW = re.compile(r"^\| `([^`]+)` \| `(.+?)` \| (.+?) \|$", re.M)
EDITS = [(key, yaml.safe_load(value), rules) for key, value, rules in ROW.findall(TABLE)]
GROUPS = dict(re.findall(r"^\| ([^|]+?) \| ([a-z_][^|]*?) \|$", TABLE, re.M))
# Keys that go with others only, whose edits have no row of their own; extra sets have tests of their own.
TOGETHER = {"datasets.<name>.sources[].part", "datasets.<name>.split.by", "experiments.<name>.also"}


def edit(config, key, value):
    """Return a config with the value at a key path such as datasets.bound.sources[1].ratio."""
    config = copy.deepcopy(config)
    *parents, last = [int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]]+", key)]
    block = config
    for step in parents:
        block = block[step] if isinstance(step, int) else block.setdefault(step, {})
    block[last] = value
    return config


def rules_of(text):
    """Read a cell such as "the page, evaluate x2" into rule -> number of jobs."""
    total = Counter()
    if text == "nothing":
        return {}
    for term in text.split(", "):
        name, count = re.fullmatch(r"(.+?)(?: x(\d+))?", term).groups()
        jobs = rules_of(GROUPS[name]) if name in GROUPS else {name: 1}
        total.update({rule: jobs[rule] * int(count or 1) for rule in jobs})
    return dict(total)


def test_nothing_runs_without_an_edit(finished):
    folder, config = finished
    assert planned(snakemake(folder, config, "-n")) == {}


@pytest.mark.parametrize(("key", "value", "rules"), EDITS, ids=[key for key, _, _ in EDITS])
def test_an_edit_reruns_what_depends_on_it(finished, key, value, rules):
    folder, config = finished
    assert planned(snakemake(folder, edit(config, key, value), "-n")) == rules_of(rules)


def test_the_table_has_every_key_of_the_config():
    listed = set()
    for key, value, _ in EDITS:
        general = re.sub(r"\[\d+\]", "[]", key)
        general = re.sub(r"^(simulations|datasets|models|experiments|sweeps)\.\w+", r"\1.<name>", general)
        listed |= {general, *(f"{general}.{name}" for name in (value if isinstance(value, dict) else ()))}
    listed |= {re.sub(r"^(models.<name>.spec)\..*", r"\1", key) for key in listed}
    # Sweeps are targets of their own, which nothing else depends on: one row tells of all their keys.
    known = {key for key, *_ in rows() if not key.startswith("sweeps.")}
    assert "sweeps.<name>" in listed
    assert known - listed - TOGETHER == set()


def test_a_config_in_json_says_the_same(copied):
    folder, config = copied
    (folder / "config.json").write_text(json.dumps(config))
    page, arguments = folder / "results/first/report.html", ("--configfile", str(folder / "config.json"))
    before = page.read_bytes()
    assert planned(snakemake(folder, config, "-n", *arguments)) == {}
    page.unlink()
    snakemake(folder, config, "results/first/report.html", *arguments)
    assert page.read_bytes() == before


def test_jobs_elsewhere_are_handed_the_config_as_it_is(tiny, tmp_path):
    spec = tiny["models"]["small"]["spec"]
    spec["training_params"] |= {"class_weight": {0: 1.0, 1: 1e-05}}  # Keras takes numbers for keys
    spec["model"]["layers"][0]["config"]["name"] = "1e-3"
    (tmp_path / "spec.yaml").write_text(SPEC)
    snakemake(tmp_path, tiny, "results/simulations/tiny/truth.tsv")
    (held,) = tmp_path.glob(".snakemake/motifloom/config.*")
    assert load_configfile(held) == tiny


def test_a_touched_file_reruns_nothing_and_a_changed_one_what_reads_it(copied):
    folder, config = copied
    target, spec = "results/second/seed1/model.keras", folder / "spec.yaml"
    spec.touch()
    assert planned(snakemake(folder, config, "-n", target)) == {}
    spec.write_text(spec.read_text().replace("epochs: 10", "epochs: 3"))
    assert planned(snakemake(folder, config, "-n", target)) == {"train": 1}


def test_a_large_file_is_known_by_what_is_in_it(tiny, tmp_path):
    tiny["datasets"]["bound"]["genome"], target = "large.fa", "results/genomes/large"
    genome = tmp_path / "large.fa"
    genome.write_text(">chr1\n" + 30_000 * ("ACGT" * 10 + "\n"))  # Snakemake compares what is below 1 MB
    (tmp_path / "spec.yaml").write_text(SPEC)
    snakemake(tmp_path, tiny, target)
    genome.touch()
    assert planned(snakemake(tmp_path, tiny, "-n", target)) == {}
    genome.write_text(genome.read_text().replace("GTAC", "GAAC"))
    os.utime(genome, (0, 0))
    assert planned(snakemake(tmp_path, tiny, "-n", target)) == {"index_genome": 1}


def test_an_edit_while_a_job_reads_the_file_is_made_up_for(copied):
    folder, config = copied
    target, spec = "results/second/seed1/model.keras", folder / "spec.yaml"
    log = folder / "results/logs/train/second.seed1.log"
    log.unlink()

    def edit(_):
        if log.exists() and "training on" in log.read_text():
            spec.write_text(SPEC.replace("filters: 6", "filters: 5"))
            os.utime(spec, (0, 0))  # before the end of the job, however fast that is
        return False

    alive = kill(folder, config, target, "--forcerun", "train", when=edit)
    assert not alive and "filters: 5" in spec.read_text()
    assert planned(snakemake(folder, config, "-n", target)) == {"train": 1}


def test_an_edit_of_a_module_reruns_its_users_only(finished, tmp_path):
    folder, config = finished
    house = tmp_path / "house"
    shutil.copytree(ROOT, house, ignore=shutil.ignore_patterns(".*", "results", "tests"))
    work = tmp_path / "work"
    shutil.copytree(folder, work, copy_function=shutil.copy2)
    run = ["--snakefile", str(house / "Snakefile")]
    snakemake(work, config, "--touch", *run)  # files that it ships are elsewhere
    assert planned(snakemake(work, config, "-n", *run)) == {}
    module = house / "motifloom/plots/training.py"
    module.write_text(module.read_text() + "\n# an edit\n")
    assert set(planned(snakemake(work, config, "-n", *run))) == {"plot_training", "report", "index"}
