"""What a run would find here: packages, machine, device, folders, SLURM, and where networks are computed."""

import importlib.metadata
import os
import platform
import shutil
import subprocess
import tempfile
import tomllib
from pathlib import Path

import pandas as pd
from packaging.requirements import Requirement

COLUMNS = ["subject", "item", "found", "problem"]
IDLE_GPU = (
    "the TensorFlow that is installed is built for CPUs and would leave them idle; run with "
    "--workflow-profile profiles/cpu, or install the other: pip install 'tensorflow[and-cuda]'"
)
LEAST_MEMORY_GB = 4
LEAST_DISK_GB = 2


def examine(project, folders, device, networks):
    """Return what there is, and what is wrong with it.

    Parameters
    ----------
    project : path
        pyproject.toml, which names packages and their versions.
    folders : list of path
        Folders that a run writes to, made by it where they are not there.
    device : dict
        As :func:`motifloom.models.device.describe` returns it.
    networks : dict of str to dict
        Name of a run: its seeds, and the keys accelerator, threads and gpus of its training.

    Returns
    -------
    DataFrame
        subject, item, found and problem ("" where there is none).
    """
    rows = [("versions", "Python", platform.python_version(), ""), *_packages(project)]
    rows += [*_machine(), _device(device), *map(_folder, folders), *_slurm(networks)]
    rows += [_network(name, asked, device) for name, asked in networks.items()]
    return pd.DataFrame(rows, columns=COLUMNS)


def as_text(table):
    """Return findings as lines, grouped by subject; problems at their place, and counted at the end."""
    width = table["item"].str.len().max()
    lines = []
    for subject, rows in table.groupby("subject", sort=False):
        lines.append(subject)
        for row in rows.itertuples():
            lines.append(f"  {row.item:<{width}}  {row.found}".rstrip())
            lines += [f"  {'':<{width}}  PROBLEM: {row.problem}"] if row.problem else []
    count = int((table["problem"] != "").sum())
    lines.append(f"{count} problem{'s' * (count != 1)}" if count else "no problem")
    return "\n".join(lines) + "\n"


def _packages(project):
    described = tomllib.loads(Path(project).read_text())["project"]
    extras = {
        extra: described["optional-dependencies"][extra] for extra in ("sweeps", "tensorboard", "wandb")
    }
    for extra, lines in {"": described["dependencies"], **extras}.items():
        for requirement in map(Requirement, lines):
            if requirement.marker is None or requirement.marker.evaluate():
                yield _package(requirement, extra)


def _package(requirement, extra):
    try:
        version = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        if extra:
            return "versions", requirement.name, f"not installed; extra {extra}", ""
        return (
            "versions",
            requirement.name,
            "not installed",
            f"install {requirement.name}{requirement.specifier}",
        )
    fits = requirement.specifier.contains(version, prereleases=True)
    problem = "" if fits else f"Motifloom needs {requirement.name}{requirement.specifier}"
    return "versions", requirement.name, version, problem


def _machine():
    cores = os.cpu_count()
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else cores
    yield "machine", "system", platform.platform(), ""
    yield "machine", "cores", f"{usable} of {cores}", ""
    memory = _memory_gb()
    few = f"the smallest training asks for 2.5 GB; {memory:.1f} GB leave no room for others"
    yield "machine", "memory", f"{memory:.1f} GB", few if memory < LEAST_MEMORY_GB else ""


def _memory_gb():
    """Return the memory that this process may use: the machine's, or what a control group leaves of it."""
    bytes_ = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        text = Path(path).read_text().strip() if Path(path).exists() else ""
        bytes_ += [int(text)] if text.isdigit() else []
    return min(bytes_) / 1e9


def _device(device):
    name = device["name"] if device["kind"] == "gpu" else "cpu; it sees no GPU"
    return "device", "TensorFlow", name, ""


def _folder(folder):
    """Say whether files can be made in a folder, or where it is to be made, and how much room is left."""
    folder = Path(folder).absolute()
    place = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(place).free / 1e9
    found = f"{free:.0f} GB free" + ("" if place == folder else ", to be made")
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        return "folders", str(folder), found, f"nothing can be written there: {error.strerror}"
    return "folders", str(folder), found, f"less than {LEAST_DISK_GB} GB" if free < LEAST_DISK_GB else ""


def _slurm(networks):
    if shutil.which("sinfo") is None:
        yield "SLURM", "sinfo", "not found: no SLURM here", ""
        return
    command = ["sinfo", "--noheader", "--format", "%P|%D nodes, %c cpus, %m MB, GPUs: %G, longest run: %l"]
    try:
        process = subprocess.run(command, capture_output=True, text=True, timeout=30)
    except subprocess.TimeoutExpired:
        yield "SLURM", "sinfo", "no answer in 30 s", "the controller does not answer"
        return
    if process.returncode:
        yield "SLURM", "sinfo", "failed", (process.stderr.strip().splitlines() or ["no message"])[0]
        return
    for line in process.stdout.splitlines():
        partition, _, found = line.partition("|")
        yield "SLURM", partition, found, ""
    count = sum(asked["accelerator"] != "cpu" for asked in networks.values())
    if count and _is_installed("tensorflow-cpu"):
        yield "SLURM", "GPUs", f"asked for by jobs of {count} network{'s' * (count != 1)}", IDLE_GPU


def _network(name, asked, device):
    seeds = ", ".join(map(str, asked["seeds"]))
    accelerator, gpus = asked["accelerator"], asked["gpus"]
    place = "cpu" if accelerator == "cpu" or device["kind"] == "cpu" else f"{gpus} GPU{'s' * (gpus != 1)}"
    found = f"{place} (accelerator: {accelerator}), threads: {asked['threads']}; seeds: {seeds}"
    missing = place == "cpu" and accelerator != "cpu" and (accelerator == "gpu" or gpus > 1)
    problem = "TensorFlow sees no GPU here; the job must run where there is one" if missing else ""
    return "networks", name, found, problem


def _is_installed(package):
    try:
        return bool(importlib.metadata.version(package))
    except importlib.metadata.PackageNotFoundError:
        return False
