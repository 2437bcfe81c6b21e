import gzip
import os
from pathlib import Path

import numpy as np
import pysam
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from motifloom.data.encode import DNA, PROTEIN, RNA
from motifloom.errors import UserError
from motifloom.genome import fasta as module
from motifloom.genome.fasta import Genome, index_genome, parse_coordinates, read_fasta


@pytest.fixture
def write(tmp_path):
    def write(content, name="genome.fa"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def wrap(name, sequence, width=60, end="\n"):
    return f">{name}{end}" + "".join(sequence[i : i + width] + end for i in range(0, len(sequence), width))


def pack(path, kind):
    """Return `path` as it is, or a gzip or bgzip copy of it."""
    packed = path.with_name(path.name + ".gz")
    if kind == "gzip":
        packed.write_bytes(gzip.compress(path.read_bytes()))
    elif kind == "bgzip":
        pysam.tabix_compress(str(path), str(packed), force=True)
    return path if kind == "plain" else packed


def slow_window(sequence, start, length):
    """A window by slicing the text letter by letter; outside is N."""
    return "".join(
        sequence[i].upper() if 0 <= i < len(sequence) and sequence[i] in "ACGTacgt" else "N"
        for i in range(start, start + length)
    )


def decoded(windows):
    return [DNA.decode(window) for window in windows]


KINDS = ["plain", "gzip", "bgzip"]


# --- Genome ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_by_hand(write, tmp_path, kind):
    path = pack(write(">chr1 first\nACGTN\nacRt\n>chr2\nGGC\n"), kind)
    with Genome(path, tmp_path / "index") as genome:
        assert genome.sizes == {"chr1": 9, "chr2": 3}
        tokens = genome.tokens("chr1")
        assert tokens.dtype == np.uint8
        assert tokens.tolist() == [0, 1, 2, 3, 4, 0, 1, 4, 3]
        assert genome.tokens("chr2").tolist() == [2, 2, 1]
        windows = genome.fetch_windows("chr1", [0, 5, -2, 7, 9, -9], 4)
        assert windows.dtype == np.uint8
        assert windows.tolist() == [
            [0, 1, 2, 3],
            [0, 1, 4, 3],
            [4, 4, 0, 1],
            [4, 3, 4, 4],
            [4, 4, 4, 4],
            [4, 4, 4, 4],
        ]
    assert {p.name for p in tmp_path.iterdir() if p.is_file()} == {"genome.fa", path.name}


@pytest.mark.parametrize("kind", KINDS)
def test_several_pieces_and_blocks(write, tmp_path, kind, monkeypatch):
    monkeypatch.setattr(module, "PIECE", 1000)
    rng = np.random.default_rng(0)
    sequences = {
        f"s{i}": "".join(rng.choice(list("ACGTacgtN"), n)) for i, n in enumerate([90_001, 1, 150_000, 61])
    }
    path = pack(write("".join(wrap(name, sequence) for name, sequence in sequences.items())), kind)
    with Genome(path, tmp_path / "index") as genome:
        for name in ["s2", "s0", "s3", "s1", "s2"]:
            assert DNA.decode(genome.tokens(name)) == slow_window(sequences[name], 0, len(sequences[name]))
        starts = rng.integers(-50, 150_050, 300)
        assert decoded(genome.fetch_windows("s2", starts, 37)) == [
            slow_window(sequences["s2"], start, 37) for start in starts
        ]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sequences=st.lists(st.text("ACGTacgtNnRYK-", min_size=1, max_size=60), min_size=1, max_size=4),
    width=st.integers(1, 70),
    end=st.sampled_from(["\n", "\r\n"]),
    last=st.booleans(),
    starts=st.lists(st.integers(-80, 80), max_size=12),
    length=st.integers(1, 70),
    kind=st.sampled_from(KINDS),
)
def test_windows_against_slices(tmp_path, sequences, width, end, last, starts, length, kind):
    text = "".join(wrap(f"s{i}", s, width, end) for i, s in enumerate(sequences))
    path = tmp_path / "genome.fa"
    path.write_bytes((text if last else text.rstrip()).encode())
    with Genome(pack(path, kind), tmp_path / "index") as genome:
        assert genome.sizes == {f"s{i}": len(s) for i, s in enumerate(sequences)}
        for i, sequence in enumerate(sequences):
            windows = genome.fetch_windows(f"s{i}", np.array(starts, np.int64), length)
            assert windows.shape == (len(starts), length)
            assert decoded(windows) == [slow_window(sequence, start, length) for start in starts]


def test_other_alphabet(write, tmp_path):
    with Genome(write(">p\nACDW*\n"), tmp_path / "index", PROTEIN) as genome:
        assert genome.tokens("p").tolist() == [0, 1, 2, 18, 20]
        assert genome.fetch_windows("p", [4], 2).tolist() == [[20, 20]]


def test_tokens_are_kept_and_safe(write, tmp_path):
    with Genome(write(">a\nACGT\n>b\nAC\n"), tmp_path / "index") as genome:
        tokens = genome.tokens("a")
        assert genome.tokens("a") is tokens
        with pytest.raises(ValueError, match="read-only"):
            tokens[0] = 3
        genome.fetch_windows("a", [0], 2)[0, 0] = 3
        assert genome.tokens("a").tolist() == [0, 1, 2, 3]
        assert genome.tokens("b") is not tokens


def test_index_is_made_once(write, tmp_path, monkeypatch):
    path = write(">a\nACGT\n")
    index_genome(path, tmp_path / "index")

    def fail(*_):
        raise AssertionError("indexed again")

    monkeypatch.setattr(module, "index_genome", fail)
    Genome(path, tmp_path / "index").close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_changed_genome_is_indexed_again(write, tmp_path, kind):
    Genome(pack(write(">a\nACGT\n>b\nAA\n"), kind), tmp_path / "index").close()
    with Genome(pack(write(">b\nCCGGT\n>a\nACG\n"), kind), tmp_path / "index") as genome:
        assert genome.sizes == {"b": 5, "a": 3}
        assert genome.tokens("b").tolist() == [1, 1, 2, 2, 3]


@pytest.mark.parametrize("kind", ["plain", "bgzip"])
@pytest.mark.parametrize("text", [">a\nAC\n", ">a\nACGTA\nC\n>b\n", ""])
def test_a_genome_changed_while_open(write, tmp_path, kind, text):
    path = pack(write(">a\nACGTACGT\n"), kind)
    with Genome(path, tmp_path / "index") as genome:
        path.write_bytes(text.encode())
        with pytest.raises(UserError, match="was changed after it was indexed"):
            genome.tokens("a")


def test_absent_chromosome(write, tmp_path):
    with (
        Genome(write(">a\nACGT\n>b\nA\n"), tmp_path / "index") as genome,
        pytest.raises(UserError, match=r"no sequence named chr1 .*a, b"),
    ):
        genome.fetch_windows("chr1", [0], 2)


def test_missing_genome(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        Genome(tmp_path / "no.fa", tmp_path / "index")
    assert not (tmp_path / "index").exists()


# --- read_fasta ------------------------------------------------------------------------------------


def read(path, alphabet=DNA):
    return [
        (number, header, alphabet.decode(tokens)) for number, header, tokens in read_fasta(path, alphabet)
    ]


def message(path, alphabet=DNA):
    with pytest.raises(UserError) as caught:
        list(read_fasta(path, alphabet))
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith(str(path))
    return text.removeprefix(str(path))


def test_records_by_hand(write):
    path = write("\n>a first one\nACgt\nNRYx-.\n\nA\n>chr1:5-9(+)\nA\nCCC\n>c\nTT")
    assert read(path) == [(1, "a first one", "ACGTNNNNNNA"), (2, "chr1:5-9(+)", "ACCC"), (3, "c", "TT")]
    number, _, tokens = next(read_fasta(path, DNA))
    assert (number, tokens.dtype) == (1, np.uint8)


def test_records_are_streamed(write):
    records = read_fasta(write(">a\nACGT\n>b\nAC\n>c\n12\n"), DNA)
    assert next(records)[1] == "a"
    assert next(records)[1] == "b"
    with pytest.raises(UserError, match="line 6"):
        next(records)


def test_windows_line_ends(write):
    assert read(write(">a b\r\nAC\r\nGT\r\n\r\n>b\r\nA\r\n")) == [(1, "a b", "ACGT"), (2, "b", "A")]


def test_gzip_whatever_its_name(write):
    assert read(write(gzip.compress(b">a\nACGT\n"), "x.fa")) == [(1, "a", "ACGT")]


def test_alphabets(write):
    assert read(write(">a\nACGTU\n"), RNA) == [(1, "a", "ACGUU")]
    assert read(write(">a\nMKVXB*\n"), PROTEIN) == [(1, "a", "MKVXXX")]
    assert "'M' is not" not in message(write(">a\nMKE\n"))  # M and K are codes for two bases, E is not
    assert "line 2: 'E' is not a letter of the alphabet dna" in message(write(">a\nMKE\n"))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    records=st.lists(
        st.tuples(st.text("abcXYZ:-() ", max_size=8), st.text("ACGTN", min_size=1, max_size=50))
    ),
    width=st.integers(1, 60),
    end=st.sampled_from(["\n", "\r\n"]),
    packed=st.booleans(),
)
def test_round_trip(tmp_path, records, width, end, packed):
    path = tmp_path / "records.fa"
    headers = [f"{i}{text}".strip() for i, (text, _) in enumerate(records)]
    text = "".join(wrap(h, s, width, end) for h, (_, s) in zip(headers, records, strict=True)).encode()
    path.write_bytes(gzip.compress(text) if packed else text)
    if not records:
        assert message(path) == ": the file is empty"
        return
    assert read(path) == [(i + 1, headers[i], sequence) for i, (_, sequence) in enumerate(records)]


BAD_RECORDS = {
    "": ": the file is empty",
    "\n \n": ": the file is empty",
    "chr1\t10\t20\nchr1\t30\t40\n": ", line 1: these are intervals, not FASTA; give them",
    "\nACGT\n>a\nAC\n": ", line 2: text before the first '>'; this does not look like a FASTA file",
    "@read\nACGT\n+\nIIII\n": ", line 1: text before the first '>'",
    ">a\n>b\nACGT\n": ", line 1: record a has no sequence",
    ">a\nACGT\n>b\n\n": ", line 3: record b has no sequence",
    ">\nACGT\n": ", line 1: a record without a name",
    ">a\nAC\n>b\nAC\n\n>a again\nGG\n": ", line 6: the name a is taken by the record in line 1",
    ">chr1:1-2\nAC\n>chr1:1-2\nAC\n": ", line 3: the name chr1:1-2 is taken by the record in line 1",
    ">a\nACGT\n\nAC7T\n": ", line 4: '7' is not a letter of the alphabet dna; this does not look",
    ">a\nAC,GT\n": ", line 2: ','",
    ">a\nAC GT\n": ", line 2: ' '",
    ">a\nACGT\n>b\n....((..\n": ", line 4: '('",
    ">a\nACGé\n": ", line 2: '\ufffd'",
}


@pytest.mark.parametrize("text", BAD_RECORDS)
def test_bad_records(write, text):
    assert message(write(text)).startswith(BAD_RECORDS[text])


@pytest.mark.parametrize("garbage", [b"\x00\x01\x02\x03", b"\x89PNG\r\n", bytes(range(128, 256))])
def test_binary_records(write, garbage):
    assert "not a text file" in message(write(garbage))


def test_missing_and_truncated_records(write, tmp_path):
    assert message(tmp_path / "no.fa") == ": there is no such file"
    packed = gzip.compress(b"".join(b">r%d\nACGTACGTTGCA\n" % i for i in range(500)))
    assert "truncated or damaged" in message(write(packed[:-200]))


# --- parse_coordinates -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("chr1:100-200", ("chr1", 100, 200, ".")),
        ("chr1:100-200(-)", ("chr1", 100, 200, "-")),
        ("chr1:100-200(+)", ("chr1", 100, 200, "+")),
        ("chr1:100-200(.)", ("chr1", 100, 200, ".")),
        ("chr1:100-200:+", ("chr1", 100, 200, "+")),
        ("chr1:0-1 some words", ("chr1", 0, 1, ".")),
        ("peak7::chrX:5-9(-)", ("chrX", 5, 9, "-")),
        ("HLA-A*01:01:5-9", ("HLA-A*01:01", 5, 9, ".")),
        ("scaffold_1.2:5-9", ("scaffold_1.2", 5, 9, ".")),
        ("chr1:200-100", None),
        ("chr1:100-100", None),
        ("chr1:-5-100", None),
        ("chr1:100-200(x)", None),
        ("chr1:100-200(-", None),
        ("chr1:100", None),
        ("chr1", None),
        (":1-2", None),
        ("peak 1:2-3", None),
        ("", None),
    ],
)
def test_parse_coordinates(header, expected):
    assert parse_coordinates(header) == expected


@given(
    st.text("abcXYZ019_.", min_size=1),
    st.integers(0, 10**9),
    st.integers(1, 10**6),
    st.sampled_from(["+", "-", "."]),
)
def test_coordinates_round_trip(chrom, start, length, strand):
    assert parse_coordinates(f"{chrom}:{start}-{start + length}({strand})") == (
        chrom,
        start,
        start + length,
        strand,
    )


# --- real files ------------------------------------------------------------------------------------

DATA = Path(os.environ.get("MOTIFLOOM_DATA", "absent"))
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="MOTIFLOOM_DATA names no folder")


@pytest.mark.real_data
@needs_data
def test_yeast_genome(tmp_path):
    path = DATA / "yeast" / "sacCer3.fa.gz"
    with Genome(path, tmp_path) as genome, pysam.FastaFile(str(path)) as reference:
        assert list(genome.sizes.items()) == list(zip(reference.references, reference.lengths, strict=True))
        for name in ("chrM", "chrI", "chrXVI"):
            assert DNA.decode(genome.tokens(name)) == reference.fetch(name).upper()
    assert (tmp_path / "genome.fai").read_bytes() == Path(f"{path}.fai").read_bytes()
    assert (tmp_path / "genome.gzi").read_bytes() == Path(f"{path}.gzi").read_bytes()


@pytest.mark.real_data
@needs_data
def test_ctcf_sites():
    records = list(read_fasta(DATA / "ctcf_pu1" / "CTCF.fa.gz", DNA))
    assert len(records) == 39184
    assert {len(tokens) for _, _, tokens in records} == {100}
    assert all(parse_coordinates(header) for _, header, _ in records)
