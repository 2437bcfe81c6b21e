"""Files that are small and unpack to large ones, endless lines, a million records: memory stays bounded."""

import gzip
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
LINE = 200_000_000
# 1 GB out of 1 MB.
ZEROS = gzip.compress(bytes(1 << 24), mtime=0) * 64
MILLION = range(10**6)
TOO_LONG = ", line 1: the line is longer than 134,217,728 bytes; "
NO_TEXT = "this is not a text file (UTF-8); "
NO_FASTA = "this is not a text file, so no FASTA file"
NO_LETTER = r"'\x00' is not a letter of the alphabet dna; this does not look like sequences of dna"
INTERVALS = "intervals come as BED, narrowPeak, GFF or GTF"
TABLES = "a table is TSV or CSV with a header line"
MOTIFS = "motifs come in the MEME or the JASPAR format"


def zipped(text):
    return gzip.compress(text, mtime=0)


def lines(form, first=""):
    return (first + "".join(map(form.format, MILLION))).encode()


# What the file holds; what each reader says (a message from behind the name of the file on, or how much it
# read); how much memory all of them may take, in MB.
CASES = {
    "a line of 200 MB": (
        lambda: b"chr1\t1\t" + b"2" * LINE,
        {"intervals": TOO_LONG + INTERVALS, "table": TOO_LONG + TABLES, "motifs": TOO_LONG + MOTIFS},
        350,
    ),
    "a sequence of 200 MB in one line": (
        lambda: b">a\n" + b"ACGT" * (LINE // 4) + b"\n",
        {"fasta": LINE, "genome": LINE},
        900,
    ),
    "a header of 200 MB": (
        lambda: b">" + b"A" * LINE + b"\nACGT\n",
        dict.fromkeys(
            ("fasta", "genome"), ", line 1: the header has over 1,048,576 letters; this is no FASTA file"
        ),
        900,
    ),
    "a gzip bomb": (
        lambda: ZEROS,
        {
            "intervals": f", line 1: {NO_TEXT}{INTERVALS}",
            "table": f", line 1: {NO_TEXT}{TABLES}",
            "motifs": f", line 1: {NO_TEXT}{MOTIFS}",
            "config": f", line 1: {NO_TEXT}a config is YAML or JSON",
            "fasta": f", line 1: {NO_FASTA}",
            "genome": f", line 1: {NO_FASTA}",
        },
        150,
    ),
    "a gzip bomb behind intervals": (
        lambda: zipped(b"chr1\t1\t2\n") + ZEROS,
        {"intervals": f", line 2: {NO_TEXT}{INTERVALS}", "table": f", line 2: {NO_TEXT}{TABLES}"},
        100,
    ),
    "a gzip bomb behind a sequence": (
        lambda: zipped(b">a\nACGT\n") + ZEROS,
        {
            "fasta": f", line 3: {NO_LETTER}",
            "genome": f", line 3: {NO_FASTA}",
        },
        100,
    ),
    "a gzip bomb in a sequence": (
        lambda: zipped(b">a\nACGT") + ZEROS,
        {
            "fasta": f", line 2: {NO_LETTER}",
            "genome": f", line 2: {NO_FASTA}",
        },
        100,
    ),
    "a million intervals": (lambda: lines("chr1\t{0}\t1{0}9\tn{0}\n"), {"intervals": 10**6}, 700),
    "a million rows": (lambda: lines("n{0}\t{0}\n", "id\tvalue\n"), {"table": 10**6}, 900),
    "a million sequences": (lambda: lines(">r{0}\nACGT\n"), {"fasta": 4 * 10**6}, 400),
    "200,000 chromosomes": (
        lambda: "".join(f">r{n}\nACGT\n" for n in range(200_000)).encode(),
        {"genome": 800_000},
        300,
    ),
}


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is measured on Linux")
@pytest.mark.parametrize("name", CASES)
def test_memory(name, tmp_path):
    make, outcomes, limit = CASES[name]
    (tmp_path / "file").write_bytes(make())
    command = [sys.executable, HERE / "measure.py", "file", *outcomes]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    (tmp_path / "file").unlink()
    assert (done.returncode, done.stderr) == (0, "")
    *found, memory = done.stdout.splitlines()
    expected = [
        f"file{outcome}" if isinstance(outcome, str) else str(outcome) for outcome in outcomes.values()
    ]
    assert found == expected
    assert int(memory) < limit
