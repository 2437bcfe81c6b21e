"""A disk that is full or read-only ends a run in one line; with room again, it ends as if undisturbed.

With MOTIFLOOM_FAULTS=1, as root: the disks are small ones in memory, which are mounted.
"""

import contextlib
import multiprocessing
import os
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import yaml
from faults.test_kills import files_of, is_same
from runner import TINY, snakemake

from motifloom.data.store import write_dataset
from motifloom.genome.simulate import write_genome
from motifloom.genome.tracks import write_bed, write_bigwig
from motifloom.io import atomic_folder, atomic_path, write_bytes, write_table
from motifloom.job import job

pytestmark = [
    pytest.mark.workflow,
    pytest.mark.skipif("MOTIFLOOM_FAULTS" not in os.environ, reason="MOTIFLOOM_FAULTS=1 is not set"),
]

SPLIT = "results/datasets/bound/split.tsv.gz"
DRAWN = ["results/datasets/bound/gc_content.svg", "results/datasets/bound/audit.tsv"]
FULL = "the disk is full; make room and run again"
READ_ONLY = "the disk is read-only; choose another folder, or let this one be written to"


def settings():
    """Return one experiment of the tiny config."""
    config = yaml.safe_load(TINY)
    del config["datasets"]["factor"], config["models"]["written"], config["experiments"]["second"]
    config["interpretation"] |= {"filters": {"methods": ["top"]}, "analyses": []}
    return config


def run_undisturbed(factory):
    """Make the split in a folder of its own, once for all tests; return the folder."""
    folder = factory.getbasetemp() / "undisturbed split"
    if not folder.exists():
        folder.mkdir()
        snakemake(folder, settings(), SPLIT)
    return folder


@pytest.fixture
def whole(tmp_path_factory):
    return run_undisturbed(tmp_path_factory)


def begun(whole, folder):
    """Make a folder where nothing was made, but the networks have been checked, which takes long."""
    shutil.copytree(whole / ".snakemake/motifloom", folder / ".snakemake/motifloom")
    return folder


@contextlib.contextmanager
def disk(folder, size):
    """Mount a disk of some size on a folder, made where it is not there."""
    folder.mkdir(exist_ok=True)
    if not shutil.which("mount"):
        pytest.skip("needs the program mount")
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder]
    process = subprocess.run(command, capture_output=True, text=True)
    if process.returncode:
        pytest.skip(f"needs the right to mount: {process.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def remount(folder, options):
    subprocess.run(["mount", "-o", f"remount,{options}", folder], check=True)


def fill(folder):
    """Leave no room on a disk."""
    with contextlib.suppress(OSError), open(folder / "filler", "wb", buffering=0) as stream:
        while True:
            stream.write(bytes(4096))


def used(folder):
    """Return the bytes that are taken on the disk of a folder."""
    state = os.statvfs(folder)
    return (state.f_blocks - state.f_bfree) * state.f_frsize


def errors(process):
    """Return the lines of a run that tell of an error in our words; it has failed without a traceback."""
    assert process.returncode == 1 and "Traceback" not in process.stderr, process.stderr[-3000:]
    return [line for line in process.stderr.splitlines() if line.startswith("Error: ")]


def differing(folder, whole):
    """Return the files of a run that are not those of another that has all of them."""
    made, whole = files_of(folder), files_of(whole)
    return [name for name, path in made.items() if name not in whole or not is_same(path, whole[name])]


# ---- what writes a file ----

DRAW = np.random.default_rng(1)
NOISE = DRAW.bytes(200_000)
NUMBERS = DRAW.random(40_000)
LETTERS = DRAW.choice(np.frombuffer(b"ACGT", np.uint8), 400_000)
STARTS = np.arange(20_000) * 20
PLACES = pd.DataFrame({"chrom": "c", "start": STARTS, "end": STARTS + 10, "value": NUMBERS[:20_000]})


def write_files(path):
    with atomic_folder(path) as folder:
        for number in range(20):
            write_bytes(NOISE[:10_000], folder / f"{number:02}.bin")


def write_arrays(path):
    with atomic_path(path) as temporary:
        np.savez(temporary, numbers=NUMBERS)


def write_tokens(path):
    regions = pd.DataFrame({"id": [f"s{i}" for i in range(400)], "chrom": "c", "target.positive": 1})
    blocks = [LETTERS.reshape(400, 1000) % 4]
    write_dataset(path, regions, blocks, alphabet="dna", task="binary")


def write_figure(path):
    from motifloom.plots.style import plt, save_figure

    figure, axes = plt.subplots()
    axes.scatter(NUMBERS[:5000], NUMBERS[5000:10_000])
    save_figure(figure, path)


def write_network(path):
    import keras

    from motifloom.models.training import save_model

    keras.utils.set_random_seed(1)
    save_model(keras.Sequential([keras.layers.Input((100,)), keras.layers.Dense(2000, name="dense")]), path)


WRITERS = {
    "noise.bin": lambda path: write_bytes(NOISE, path),
    "noise.gz": lambda path: write_bytes(NOISE, path),
    "table.tsv": lambda path: write_table(pd.DataFrame({"number": NUMBERS}), path),
    "folder": write_files,
    "arrays.npz": write_arrays,
    "dataset.h5": write_tokens,
    "figure.svg": write_figure,
    "network.keras": write_network,
    "genome.fa.gz": lambda path: write_genome({"c": LETTERS}, path),
    "track.bw": lambda path: write_bigwig(path, {"c": 400_000}, PLACES),
    "track.bed.gz": lambda path: write_bed(path, {"c": 400_000}, PLACES.assign(id="s", strand=".")),
}


def run_job(name, folder):
    """Write a file by a job of its own, with its log beside it; return the exit status."""
    process = multiprocessing.get_context("fork").Process(target=_write, args=(name, folder))
    process.start()
    process.join(60)
    process.kill()
    process.join()
    return process.exitcode


def _write(name, folder):
    with job(folder / "job.log"):
        WRITERS[name](folder / name)


@pytest.mark.parametrize("name", WRITERS)
def test_a_writer_says_that_the_disk_is_full_and_leaves_nothing(name, tmp_path, capfd):
    for size in ("64k",) if name == "network.keras" else ("4k", "8k", "64k"):  # Keras takes long to start
        with disk(tmp_path / "disk", size) as folder:
            assert run_job(name, folder) == 1
            inside = "/" if name == "folder" else ""
            line, where = capfd.readouterr().err.splitlines()
            assert where == f"The job's log: {folder / 'job.log'}"
            assert line.startswith(f"Error: {folder / name}{inside}") and line.endswith(f": {FULL}")
            assert os.listdir(folder) == ["job.log"]
            if size == "64k":
                remount(folder, "size=10m")
                (tmp_path / "other").mkdir()
                assert [run_job(name, folder), run_job(name, tmp_path / "other")] == [0, 0]
                assert content(folder / name) == content(tmp_path / "other" / name)


def content(path):
    """Return the bytes of a file, or of the files of a folder."""
    return [item.read_bytes() for item in sorted(path.iterdir())] if path.is_dir() else path.read_bytes()


# ---- runs ----


def test_a_run_fills_the_disk_of_its_results(whole, tmp_path):
    folder = begun(whole, tmp_path / "run")
    with disk(folder / "results", "150k"):
        found = errors(snakemake(folder, settings(), SPLIT, check=False))
        assert found == [f"Error: results/datasets/bound/dataset.h5: {FULL}"]
        assert differing(folder, whole) == []
        remount(folder / "results", "size=10m")
        snakemake(folder, settings(), SPLIT)
        assert differing(folder, whole) == [] and files_of(folder).keys() == files_of(whole).keys()


def test_a_run_fills_the_disk_of_its_folder(whole, tmp_path):
    with disk(tmp_path / "run", "10m") as folder:
        shutil.copytree(whole, folder, dirs_exist_ok=True)
        shutil.rmtree(folder / "results/datasets")
        remount(folder, f"size={used(folder) + 84_000}")
        found = errors(snakemake(folder, settings(), SPLIT, check=False))
        assert len(found) == 1 and found[0].endswith(f": {FULL}")
        assert differing(folder, whole) == []
        remount(folder, "size=10m")
        snakemake(folder, settings(), SPLIT)
        assert differing(folder, whole) == [] and files_of(folder).keys() == files_of(whole).keys()


def test_a_run_does_not_start_on_a_full_disk(tmp_path):
    with disk(tmp_path / "run", "100k") as folder:
        (folder / "config.yaml").touch()
        config = yaml.safe_dump(settings())
        (folder / "config.yaml").write_text(config)
        fill(folder)
        process = start(folder)
        assert errors(process) == [f"Error: {folder}: {FULL}"]
        assert sorted(os.listdir(folder)) == [".snakemake", "config.yaml", "filler"]


@pytest.mark.parametrize("place", ["", "results"])
def test_a_run_does_not_start_on_a_read_only_disk(place, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(settings()))
    with disk(folder / place, "1m"):
        remount(folder / place, "ro")
        assert errors(start(folder, tmp_path)) == [f"Error: {folder / place}: {READ_ONLY}"]


def start(folder, config_folder=None):
    """Run Snakemake with a config that is there already."""
    from runner import ROOT

    command = [sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile", "--directory", folder]
    command += ["--cores", "2", SPLIT, "--configfile", (config_folder or folder) / "config.yaml"]
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=folder)


def test_neither_home_nor_the_temporary_folder_takes_files(whole, tmp_path, monkeypatch):
    folder = shutil.copytree(whole, tmp_path / "run")
    with disk(tmp_path / "home", "64k") as home, disk(tmp_path / "temporary", "64k") as temporary:
        remount(home, "ro")
        fill(temporary)
        monkeypatch.setenv("HOME", str(home))
        monkeypatch.setenv("TMPDIR", str(temporary))
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        snakemake(folder, settings(), *DRAWN)  # two jobs at once: to choose, Snakemake writes a file
        made = [(folder / path).read_bytes() for path in DRAWN]
    monkeypatch.delenv("HOME")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "nowhere"))
    snakemake(folder, settings(), *DRAWN, "--forcerun", "plot_dataset", "audit_split")
    assert [(folder / path).read_bytes() for path in DRAWN] == made
