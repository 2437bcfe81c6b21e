import gzip
import json

import numpy as np
import pysam
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from motifloom.errors import UserError
from motifloom.genome import index
from motifloom.genome.index import index_genome, is_indexed


@pytest.fixture
def write(tmp_path):
    def write(content, name="genome.fa"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def bgzip(path):
    packed = path.with_name(path.name + ".gz")
    pysam.tabix_compress(str(path), str(packed), force=True)
    return packed


def message(path, tmp_path):
    with pytest.raises(UserError) as caught:
        index_genome(path, tmp_path / "index")
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith(str(path))
    assert not list((tmp_path / "index").glob("*")), "nothing may be left half-written"
    return text.removeprefix(str(path))


def faidx(path):
    """Return the lines that htslib writes."""
    pysam.faidx(str(path))
    return path.with_name(path.name + ".fai").read_text()


def test_by_hand(write, tmp_path):
    path = write(">chr1 the first\nACGT\nAC\n>chr2\nAAAAA\n")
    fai = index_genome(path, tmp_path / "index")
    assert fai == tmp_path / "index" / "genome.fai"
    # >chr1 the first\n is 16 bytes; ACGT\nAC\n are 8; >chr2\n are 6
    assert fai.read_text() == "chr1\t6\t16\t4\t5\nchr2\t5\t30\t5\t6\n"
    assert sorted(p.name for p in fai.parent.iterdir()) == ["genome.fai", "genome.json"]
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["genome.fa"]


@pytest.mark.parametrize(
    "text",
    [
        ">a\nACGT\nACGT\nAC\n",
        ">a\nACGT\nACGT\n",
        ">a\nACGT\nAC",
        ">a\nACGT",
        ">a\nACGT\n\n>b\nAC\nA\n\n\n",
        ">a x y\nacgtn\nNRY\n>b\tz\nA\n>c\nACGTACGTACGT\nAC\n",
        ">a\r\nACGT\r\nACGT\r\nAC\r\n>b\r\nACG\r\n",
    ],
)
def test_as_htslib_writes_it(write, tmp_path, text):
    path = write(text)
    ours = index_genome(path, tmp_path / "index").read_text()
    if not text.endswith("\n"):  # htslib counts no newline where the only line has none
        assert [row.split("\t")[:4] for row in ours.splitlines()] == [
            row.split("\t")[:4] for row in faidx(path).splitlines()
        ]
    else:
        assert ours == faidx(path)


sequence = st.text("ACGTNacgtnRY", min_size=1, max_size=40)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sequences=st.lists(sequence, min_size=1, max_size=8),
    width=st.integers(1, 15),
    block=st.integers(1, 60),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_against_htslib_with_blocks_of_any_size(tmp_path, sequences, width, block, end):
    text = "".join(
        f">s{i} {'x' * i}{end}" + "".join(s[j : j + width] + end for j in range(0, len(s), width))
        for i, s in enumerate(sequences)
    )
    path = tmp_path / "genome.fa"
    path.write_bytes(text.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "BLOCK", block)
        ours = index_genome(path, tmp_path / "index").read_text()
    assert ours == faidx(path)


def test_bgzip_index_is_that_of_htslib(write, tmp_path):
    rng = np.random.default_rng(0)
    lines = ["".join(rng.choice(list("ACGT"), 60)) for _ in range(5000)]
    packed = bgzip(write(">chr1\n" + "\n".join(lines) + "\n"))
    folder = index_genome(packed, tmp_path / "index").parent
    pysam.faidx(str(packed))
    assert (folder / "genome.fai").read_bytes() == (tmp_path / "genome.fa.gz.fai").read_bytes()
    assert (folder / "genome.gzi").read_bytes() == (tmp_path / "genome.fa.gz.gzi").read_bytes()
    assert len((folder / "genome.gzi").read_bytes()) > 8 + 3 * 16
    paths = {
        "filepath_index": str(folder / "genome.fai"),
        "filepath_index_compressed": str(folder / "genome.gzi"),
    }
    with pysam.FastaFile(str(packed), **paths) as fasta:
        assert fasta.fetch("chr1", 200_000, 200_060) == "".join(lines)[200_000:200_060]


def test_gzip_is_unpacked(write, tmp_path):
    text = b">chr1\nACGT\nAC\n"
    folder = index_genome(write(gzip.compress(text), "genome.fa.gz"), tmp_path / "index").parent
    assert (folder / "genome.fa").read_bytes() == text
    assert (folder / "genome.fai").read_text() == "chr1\t6\t6\t4\t5\n"


def test_same_bytes_twice(write, tmp_path):
    path = write(gzip.compress(b">chr1\nACGT\nAC\n"))
    first = {p.name: p.read_bytes() for p in index_genome(path, tmp_path / "a").parent.iterdir()}
    second = {p.name: p.read_bytes() for p in index_genome(path, tmp_path / "b").parent.iterdir()}
    assert first == second


def test_is_indexed(write, tmp_path):
    path = write(">chr1\nACGT\n")
    assert not is_indexed(path, tmp_path / "index")
    index_genome(path, tmp_path / "index")
    assert is_indexed(path, tmp_path / "index")
    write(">chr1\nACGA\n")
    assert not is_indexed(path, tmp_path / "index")


def test_an_index_cut_short_is_none(write, tmp_path, monkeypatch):
    path = write(">chr1\nACGT\n")
    folder = index_genome(path, tmp_path / "index").parent

    def fail(*_):
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(index, "write_text", fail)
        with pytest.raises(OSError, match="disk full"):
            index_genome(path, folder)
    assert not is_indexed(path, folder)
    index_genome(path, folder)
    assert json.loads((folder / "genome.json").read_text())["bytes"] == 11


# --- bad input -------------------------------------------------------------------------------------


def test_missing(tmp_path):
    assert message(tmp_path / "no.fa", tmp_path) == ": there is no such file"


@pytest.mark.parametrize("content", [b"", b"\n\n", gzip.compress(b"", mtime=0)])
def test_empty(write, tmp_path, content):
    assert message(write(content), tmp_path) == ": the file is empty"


BAD = {
    "chr1\t10\t20\n": ", line 1: these are intervals, not FASTA; give them with the key intervals",
    "ACGT\n>chr1\nACGT\n": ", line 1: text before the first '>'",
    "\n\nhello\n": ", line 3: text before the first '>'",
    ">a\nACGT\n>b\nAC\n>a\nAC\n": ", line 5: the name a is taken by the record in line 1",
    ">a x\nACGT\n>a y\nAC\n": ", line 3: the name a is taken by the record in line 1",
    ">a\n>b\nACGT\n": ", line 1: record a has no sequence",
    ">a\nACGT\n>b\n": ", line 3: record b has no sequence",
    ">a\nACGT\n>b\n\n\n": ", line 3: record b has no sequence",
    ">a\nACGT\n>b": ", line 3: record b has no sequence",
    ">\nACGT\n": ", line 1: a record without a name",
    "> a\nACGT\n": ", line 1: a record without a name",
    ">b\nAC\n>a\nACGT\nAC\nACGT\n": ", line 6: the lines of record a differ in length",
    ">a\nACGT\nACGTA\n": ", line 3: the lines of record a differ in length",
    ">a\nAC\n\nAC\n": ", line 4: the lines of record a differ in length",
    ">a\n\nAC\n": ", line 3: the lines of record a differ in length",
    ">a\nACGT\r\nACGT\nACGT\n": ", line 4: the lines of record a differ in length or line end",
    ">a\nACGT\nAC1T\n": ", line 3: '1' is not a letter",
    ">a\nAC GT\n": ", line 2: ' ' is not a letter",
    ">a\nACGT\nchr1\t1\t2\n": ", line 3: '1' is not a letter",
    ">a\nACGT\n>b\nAC\nAé": ", line 5: '\ufffd' is not a letter",
}


@pytest.mark.parametrize("text", BAD)
@pytest.mark.parametrize("block", [1, 7, 1 << 24])
def test_bad_fasta(write, tmp_path, monkeypatch, text, block):
    monkeypatch.setattr(index, "BLOCK", block)
    assert message(write(text), tmp_path).startswith(BAD[text])


def test_bad_fasta_in_gzip_leaves_no_copy(write, tmp_path):
    assert "line 3: '1'" in message(write(gzip.compress(b">a\nACGT\n1\n")), tmp_path)


@pytest.mark.parametrize("garbage", [b"\x00\x01\x02\n", b"\x89PNG\r\n\x1a\n\x00", b"\xff\xfe>a\nACGT\n"])
def test_binary(write, tmp_path, garbage):
    assert "not a text file" in message(write(garbage), tmp_path)


@pytest.mark.parametrize("keep", [2, 12, 40, -3, -9])
def test_truncated_gzip(write, tmp_path, keep):
    rng = np.random.default_rng(0)
    packed = gzip.compress(b">chr1\n" + rng.choice(list(b"ACGT"), 2000).astype(np.uint8).tobytes() + b"\n")
    assert "truncated or damaged" in message(write(packed[:keep]), tmp_path)


def test_truncated_bgzip(write, tmp_path):
    packed = bgzip(write(">chr1\n" + "ACGTTGCA\n" * 9000))
    content = packed.read_bytes()
    cut = write(content[:-28], "cut.fa.gz")  # all the data, but not the mark that says so
    assert "truncated" in message(cut, tmp_path)
    assert "truncated" in message(write(content[:100], "cut.fa.gz"), tmp_path)
    middle = bytearray(content)
    middle[60] ^= 0xFF
    assert "damaged" in message(write(bytes(middle), "cut.fa.gz"), tmp_path)
