"""No bytes whatever make a reader fail in another way than by a message for the user."""

import contextlib
import gzip
import subprocess
import sys
from pathlib import Path

import pytest
from damaged import makers
from damaged.configs import VALID
from damaged.fasta import CHROMOSOMES
from damaged.readers import READERS
from damaged.tables import PLACES, SEQUENCES, WEIGHTS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from motifloom.errors import UserError
from motifloom.genome.fasta import parse_coordinates

HERE = Path(__file__).parent
BLOCKS = makers.bgzip(CHROMOSOMES[:9], CHROMOSOMES[9:])
SEEDS = {
    "intervals": ("x.bed", [makers.BED, makers.PEAKS, makers.GFF, makers.packed(makers.BED)]),
    "windows": ("x.bed", ["chr1\t10\t20\nchr2\t150\t160\n"]),
    "fasta": ("x.fa", [makers.FASTA, makers.packed(makers.FASTA), makers.bgzip(makers.FASTA)]),
    "genome": (
        "x.fa",
        [CHROMOSOMES, makers.packed(CHROMOSOMES), makers.bgzip(CHROMOSOMES[:9], CHROMOSOMES[9:])],
    ),
    "table": ("x.tsv", [makers.TABLE, makers.TABLE.replace("\t", ","), 'a\tb\n"x y"\t"1"\n']),
    "sequences": ("x.tsv", [SEQUENCES]),
    "weighted": ("x.tsv", [WEIGHTS]),
    "located": ("x.tsv", [PLACES]),
    "parts": ("x.tsv", ["id\tpart\na\ttrain\nb\ttest\n"]),
    "motifs": ("x.meme", [makers.MEME + makers.ROWS, makers.JASPAR, makers.packed(makers.JASPAR)]),
    "config": ("x.yaml", [VALID, VALID + "evaluation: &a {bootstrap: 100, x: *a}\n"]),
    "filters": ("x.npz", [makers.filters(), makers.filters(activation="relu", strides=[1], sign=[1, -1])]),
}
PIECES = [b"\0", b"\t", b"\n", b"\r", b">", b'"', b"[", b"{", b"&a", b"*a", b"\xff", makers.BOM]
NUMBERS = [b"nan", b"-1", b"1e999", b"9" * 30, b"1_0"]
BOUNDED = settings(
    max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@st.composite
def mutated(draw, seeds):
    """A valid file with up to four bytes or pieces of it taken out, put in, doubled or replaced."""
    content = draw(st.sampled_from(seeds))
    content = content if isinstance(content, bytes) else content.encode()
    for _ in range(draw(st.integers(1, 4))):
        begin = draw(st.integers(0, len(content)))
        end = min(len(content), begin + draw(st.integers(0, 12)))
        piece = draw(
            st.one_of(
                st.sampled_from(PIECES + NUMBERS), st.binary(max_size=4), st.just(2 * content[begin:end])
            )
        )
        content = content[:begin] + piece + content[end:]
    return content


@pytest.mark.parametrize("reader", SEEDS)
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_mutated_files_and_arbitrary_ones(reader, tmp_path, monkeypatch):
    name, seeds = SEEDS[reader]
    monkeypatch.chdir(tmp_path)
    arbitrary = st.one_of(st.binary(max_size=80), st.text(max_size=40).map(str.encode))
    zipped = arbitrary.map(lambda content: gzip.compress(content, mtime=0))

    @BOUNDED
    @given(st.one_of(mutated(seeds), mutated(seeds), arbitrary, zipped))
    def check(content):
        Path(name).write_bytes(content)
        with contextlib.suppress(UserError):
            READERS[reader](Path(name))

    check()


@BOUNDED
@given(st.one_of(st.text(), st.text(":-()+.:09chr", max_size=60)))
def test_any_header(header):
    place = parse_coordinates(header)
    assert place is None or (place[0] in header and 0 <= place[1] < place[2])


def test_mutated_hdf5():
    """In a process of its own, as the library is not ours."""
    done = subprocess.run([sys.executable, HERE / "mutate_hdf5.py"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    read, refused = map(int, done.stdout.split())
    assert read > 10 and refused > 10
