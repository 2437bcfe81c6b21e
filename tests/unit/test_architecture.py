"""The walls of the house: who may import whom, and how large a script may be."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
LIBRARY = sorted((ROOT / "motifloom").rglob("*.py"))
SCRIPTS = sorted((ROOT / "scripts").glob("*.py"))
# A package may import the packages listed (and itself); modules at the top may be imported by all.
MAY_IMPORT = {
    "config": set(),
    "genome": {"data.encode"},
    "data": {"genome", "config"},
    "models": {"data"},
    "filters": {"data", "evaluation"},
    "attribution": {"data", "models"},
    "evaluation": {"data"},
    "plots": set(),
    "report": {"plots"},
    "sweeps": {"config", "data", "evaluation", "models"},
}


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: str(path.relative_to(ROOT)))
def test_heavy_and_foreign_imports_stay_in_their_rooms(path):
    room = path.relative_to(ROOT / "motifloom").parts[0]
    tops = {name.split(".")[0] for name in imports(path)}
    assert "snakemake" not in tops
    if room not in ("models", "attribution"):
        assert not tops & {"tensorflow", "keras"}


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_packages_import_only_what_they_may(room):
    for path in (ROOT / "motifloom" / room).glob("*.py"):
        for name in imports(path):
            parts = name.split(".")
            if parts[0] == "motifloom" and len(parts) > 2 and parts[1] != room:
                allowed = MAY_IMPORT[room]
                assert parts[1] in allowed or ".".join(parts[1:3]) in allowed, f"{path.name} imports {name}"


def test_importing_the_package_is_light():
    heavy = "{'numpy', 'pandas', 'tensorflow', 'matplotlib'}"
    code = f"import sys, motifloom; print(sorted({heavy} & set(sys.modules)))"
    output = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert output.stdout.strip() == "[]"


def test_every_rule_has_a_script_of_its_name_and_every_script_a_rule():
    used = {
        line.strip().strip('"').removeprefix("../scripts/").removesuffix(".py")
        for path in (ROOT / "rules").glob("*.smk")
        for line in path.read_text().splitlines()
        if line.strip().startswith('"../scripts/')
    }
    assert used == {path.stem for path in SCRIPTS}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_thin_and_read_no_config(path):
    text = path.read_text()
    assert len(text.splitlines()) <= 40
    assert "snakemake.config" not in text


@pytest.mark.parametrize("name", ["environment", "environment-gpu"])
def test_environments_declare_the_same_packages(name):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {r.name.lower(): r.specifier for r in map(Requirement, project["dependencies"])}
    declared.pop("tensorflow")  # the name of tensorflow-cpu on other platforms
    environment = yaml.safe_load((ROOT / f"envs/{name}.yaml").read_text())
    conda_names = {"snakemake-minimal": "snakemake", "matplotlib-base": "matplotlib"}
    conda_names["tensorflow-gpu"] = "tensorflow-cpu"
    listed = {}
    for line in environment["dependencies"]:
        requirement = Requirement(line)
        listed[conda_names.get(requirement.name.lower(), requirement.name.lower())] = requirement.specifier
    assert listed.pop("python") == project["requires-python"]
    assert listed == declared
    pinned = {}
    for line in (ROOT / "envs/lock.txt").read_text().splitlines():
        name, _, version = line.partition("==")
        pinned[name.lower().replace("_", "-")] = version
    for name, specifier in declared.items():
        assert specifier.contains(pinned[name]), name
