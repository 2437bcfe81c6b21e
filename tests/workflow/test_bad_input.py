"""Bad input ends in one line that says where and what to do, a non-zero exit, and nothing half-written."""

import gzip
import re

import pytest
from runner import snakemake

pytestmark = pytest.mark.workflow

GENOME = ">chr1\n" + "ACGTTGCA" * 50 + "\n>chr2\n" + "GATTACAC" * 50 + "\n"
BED = "".join(f"chr{1 + i % 2}\t{10 * i}\t{10 * i + 40}\tp{i}\t0\t+\n" for i in range(1, 30))
FASTA = "".join(f">s{i}\n{'ACGTTGCATT' * 4}\n" for i in range(20))


def config_for(source, **changes):
    return {
        "datasets": {
            "d": {
                "task": "binary",
                "genome": "genome.fa",
                "sources": [source, {"negatives": "random", "target": 0}],
                "window": {"length": 40},
                **changes,
            }
        },
        "models": {"gc": {"baseline": "gc"}},
        "experiments": {"e": {"dataset": "d", "model": "gc"}},
    }


def run(folder, config, target="results/datasets/d/split.tsv.gz"):
    """Run and return the exit status and the lines for the user."""
    (folder / "genome.fa").write_text(GENOME) if not (folder / "genome.fa").exists() else None
    process = snakemake(folder, config, target, check=False)
    lines = [line[7:] for line in process.stderr.splitlines() if line.startswith("Error: ")]
    assert "Traceback" not in process.stdout + process.stderr
    return process.returncode, list(dict.fromkeys(lines))


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


FILES = {
    "empty": ("peaks.bed", "", "peaks.bed"),
    "only headers": ("peaks.bed", "track name=x\n#chrom\n", "peaks.bed"),
    "fasta as bed": ("peaks.bed", FASTA, "peaks.bed"),
    "binary": ("peaks.bed", bytes(range(256)) * 9, "peaks.bed"),
    "truncated gzip": ("peaks.bed.gz", gzip.compress(BED.encode() * 99)[:200], "peaks.bed.gz"),
    "spaces": ("peaks.bed", BED.replace("\t", " "), "peaks.bed, line 1:"),
    "negative start": ("peaks.bed", BED + "chr1\t-5\t40\n", "peaks.bed, line 30:"),
    "reversed": ("peaks.bed", BED + "chr1\t50\t40\tx\t0\t+\n", "peaks.bed, line 30:"),
    "not a number": ("peaks.bed", BED + "chr1\tten\t40\tx\t0\t+\n", "peaks.bed, line 30:"),
    "other names": ("peaks.bed", BED.replace("chr", ""), "chromosome_names: ucsc"),
}


@pytest.mark.parametrize(("name", "content", "expected"), FILES.values(), ids=FILES)
def test_a_bad_interval_file(tmp_path, name, content, expected):
    write(tmp_path / name, content)
    status, lines = run(tmp_path, config_for({"intervals": name, "target": 1}))
    assert status and len(lines) == 1 and expected in lines[0]
    assert not (tmp_path / "results/datasets/d/regions.tsv.gz").exists()


FASTAS = {
    "bed as fasta": ("seqs.fa", BED, "seqs.fa, line 1:"),
    "duplicate ids": ("seqs.fa", FASTA + ">s3\nACGTTGCATT\n", "s3"),
    "unequal lengths": ("seqs.fa", FASTA + ">long\n" + "A" * 60 + "\n", "window"),
    "binary": ("seqs.fa", bytes(range(256)) * 9, "seqs.fa"),
    "empty": ("seqs.fa", "", "seqs.fa"),
}


@pytest.mark.parametrize(("name", "content", "expected"), FASTAS.values(), ids=FASTAS)
def test_a_bad_fasta_file(tmp_path, name, content, expected):
    write(tmp_path / name, content)
    config = config_for({"fasta": name, "target": 1}, window={})
    config["datasets"]["d"]["sources"][1] = {"negatives": "dinucleotide_shuffled", "target": 0}
    status, lines = run(tmp_path, config)
    assert status and len(lines) == 1 and expected in lines[0]


LABELS = {
    "no number": ("binary", {}, "bound", "'bound'"),
    "unequal lists": ("multilabel", {"classes": ["a", "b", "c"]}, "0|1", "peaks.bed, line 1:"),
}


@pytest.mark.parametrize(("task", "changes", "label", "expected"), LABELS.values(), ids=LABELS)
def test_a_bad_label(tmp_path, task, changes, label, expected):
    write(tmp_path / "peaks.bed", BED.replace("p1\t", f"{label}\t"))
    config = config_for({"intervals": "peaks.bed", "target": {"column": 4}}, task=task, **changes)
    status, lines = run(tmp_path, config)
    assert status and len(lines) == 1 and expected in lines[0]


def test_a_part_without_examples(tmp_path):
    write(tmp_path / "peaks.bed", BED)
    split = {"by": "chromosome", "validation": ["chr2"], "test": ["chr9"]}
    config = config_for({"intervals": "peaks.bed", "target": 1}, split=split)
    status, lines = run(tmp_path, config)
    assert status and len(lines) == 1 and "datasets.d.split.test" in lines[0]
    assert not (tmp_path / "results/datasets/d/split.tsv.gz").exists()


def spec(**changes):
    layers = [
        {"class_name": "Conv1D", "config": {"filters": 2, "kernel_size": 5, **changes.get("conv", {})}},
        {"class_name": changes.get("pool", "GlobalMaxPooling1D"), "config": {}},
        {"class_name": "Dense", "config": {"units": changes.get("units", 1), "activation": "sigmoid"}},
    ]
    return {
        "model": {"layers": layers},
        "compile": {
            "optimizer": "adam",
            "loss": "binary_crossentropy",
            "metrics": [changes.get("metric", "AUC")],
        },
        "training_params": {"epochs": 1},
        "callbacks": changes.get("callbacks", {}),
    }


SPECS = {
    "kernel too long": ({"conv": {"kernel_size": 50}}, "40"),
    "units": ({"units": 3}, "3"),
    "layer": ({"pool": "GlobalMaxPoling1D"}, "GlobalMaxPooling1D"),
    "metric": ({"metric": "AUCC"}, "AUC"),
    "callback": ({"callbacks": {"EarlyStoping": {}}}, "EarlyStopping"),
}


@pytest.mark.parametrize(("changes", "expected"), SPECS.values(), ids=SPECS)
def test_a_bad_spec_stops_before_any_job(tmp_path, changes, expected):
    write(tmp_path / "peaks.bed", BED)
    config = config_for({"intervals": "peaks.bed", "target": 1})
    config["models"] = {"gc": {"spec": spec(**changes)}}
    status, lines = run(tmp_path, config, "all")
    assert status and len(lines) == 1 and "models.gc.spec" in lines[0] and expected in lines[0]
    assert not (tmp_path / "results").exists()


def test_odd_but_valid_files_give_the_same_regions(tmp_path):
    """Windows line ends, headers, blank lines and gzip change nothing."""
    odd = "browser position chr1\r\ntrack name=x\r\n# comment\r\n\r\n" + BED.replace("\n", "\r\n")
    tables = []
    for name, content in (
        ("plain.bed", BED),
        ("odd.bed", odd),
        ("zipped.bed.gz", gzip.compress(BED.encode())),
    ):
        write(tmp_path / name, content)
        config = config_for({"name": "peaks", "intervals": name, "target": 1})
        assert run(tmp_path, config, "results/datasets/d/regions.tsv.gz")[0] == 0
        text = gzip.decompress((tmp_path / "results/datasets/d/regions.tsv.gz").read_bytes()).decode()
        tables.append([row.split("\t")[1:5] for row in text.splitlines()])
    assert tables[0] == tables[1] == tables[2] and len(tables[0]) > 30


def test_a_job_that_is_tried_again_asks_for_more(tmp_path):
    write(tmp_path / "genome.fa", "no sequence\n")
    write(tmp_path / "peaks.bed", BED)
    config = config_for({"intervals": "peaks.bed", "target": 1})
    process = snakemake(tmp_path, config, "results/genomes/genome", "--retries", "2", check=False)
    found = re.findall(r"runtime=(\d+), mem_mb=(\d+)", process.stderr)
    assert [tuple(map(int, asked)) for asked in found] == [(20, 500), (40, 750), (80, 1125)]
