"""A sample of the corpus through the whole workflow: one line, a status, nothing written, nothing run."""

import gzip
import os
import subprocess
import sys

import pytest
import yaml
from damaged.configs import VALID
from damaged.readers import GENOME
from runner import ROOT

pytestmark = pytest.mark.workflow
BED = "".join(f"chr{1 + i % 2}\t{5 * i}\t{5 * i + 40}\t<b>&{i}\t0\t+\n" for i in range(1, 30))
TARGET = "results/datasets/d/regions.tsv.gz"


def run(folder, text):
    """Run a config given as text; return the process and the lines for the user."""
    (folder / "genome.fa").write_text(GENOME)
    (folder / "given.yaml").write_text(text)
    command = [sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile", "--directory", folder]
    command += ["--cores", "1", "--configfile", folder / "given.yaml", "--", TARGET]
    process = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    lines = [line[7:] for line in process.stderr.splitlines() if line.startswith("Error: ")]
    return process, list(dict.fromkeys(lines))


def refused(folder, text):
    process, lines = run(folder, text)
    assert process.returncode
    assert "Traceback" not in process.stdout + process.stderr
    assert not list(folder.glob("results/datasets/*/*"))
    assert not (folder / "ran").exists()
    return process, lines


def test_a_name_that_climbs(tmp_path):
    _, lines = refused(tmp_path, VALID.replace("{e: ", "{../../e: "))
    place = f"{tmp_path}/given.yaml: experiments.../../e"
    assert lines == [f"{place}: '../../e' is no valid name; use letters, digits, _ and - only"]
    assert not (tmp_path / "results").exists()


def test_a_tag_that_would_run_a_command(tmp_path):
    process, _ = refused(tmp_path, VALID + "seed: !!python/object/apply:os.system [touch ran]\n")
    assert "not valid JSON or YAML" in process.stderr
    assert not (tmp_path / "results").exists()


def test_a_pipe_for_a_file_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "peaks.bed")
    _, lines = refused(tmp_path, VALID)
    assert len(lines) == 1 and "datasets.d.sources[0].intervals: file peaks.bed is a pipe" in lines[0]


def test_a_gzip_bomb(tmp_path):
    (tmp_path / "peaks.bed").write_bytes(gzip.compress(bytes(1 << 24), mtime=0) * 64)
    _, lines = refused(tmp_path, VALID)
    assert lines == [
        "peaks.bed, line 1: this is not a text file (UTF-8); intervals come as BED, narrowPeak, GFF or GTF"
    ]


def test_a_file_named_like_a_command_is_a_file(tmp_path):
    name = "a b;touch ran;$(touch ran)'\"&.bed"
    (tmp_path / name).write_text(BED)
    config = yaml.safe_load(VALID)
    config["datasets"]["d"]["sources"][0]["intervals"] = name
    config["datasets"]["d"]["sources"][1] = {"negatives": "dinucleotide_shuffled", "target": 0}
    process, lines = run(tmp_path, yaml.safe_dump(config))
    assert (process.returncode, lines) == (0, [])
    table = gzip.decompress((tmp_path / TARGET).read_bytes()).decode()
    assert table.count("touch ran") == 2 * 3 * 29 and "<b>&7" in table
    assert not (tmp_path / "ran").exists()
