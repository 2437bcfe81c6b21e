import gzip

import numpy as np
import pytest

from motifloom.data.encode import DNA, PROTEIN, RNA
from motifloom.errors import UserError
from motifloom.filters.jaspar import read_jaspar, read_motifs, write_jaspar
from motifloom.filters.meme import write_meme
from motifloom.filters.motifs import MotifSet

TEXT = ">MA1.1\tReb1 b\nA  [ 3 0  1]\nC [ 1 4 0 ]\nG [ 0 0 0 ]\nT [0 0 0.5]\n"
BARE = ">two\n3 0\n1 4\n0 0\n0 1\n"


def test_both_kinds_of_rows(tmp_path):
    for variant in (TEXT + "\n" + BARE, (TEXT + BARE).replace("\n", "\r\n")):
        (tmp_path / "m.jaspar").write_bytes(variant.encode())
        motifs = read_jaspar(tmp_path / "m.jaspar")
        assert list(motifs) == ["MA1.1", "two"]
        first, second = motifs.values()
        assert (first.name, second.name) == ("Reb1 b", "")
        assert (first.nsites, second.nsites) == (4, 5)
        assert first.alphabet == second.alphabet == "ACGT"
        assert first.counts.tolist() == [[3, 1, 0, 0], [0, 4, 0, 0], [1, 0, 0, 0.5]]
        assert first.probabilities[0].tolist() == [0.75, 0.25, 0, 0]
        assert second.probabilities[1].tolist() == [0, 0.8, 0, 0.2]
    (tmp_path / "m.jaspar.gz").write_bytes(gzip.compress(TEXT.encode()))
    assert list(read_motifs(tmp_path / "m.jaspar.gz")) == ["MA1.1"]


def test_rows_in_any_order_and_empty_positions(tmp_path):
    (tmp_path / "m").write_text(">a\nU [ 0 1 ]\nG [ 0 2 ]\nC [ 0 3 ]\nA [ 0 4 ]\n")
    motif = read_jaspar(tmp_path / "m")["a"]
    assert motif.alphabet == "ACGU"
    assert motif.counts[1].tolist() == [4, 3, 2, 1]
    assert motif.probabilities[0].tolist() == [0.25] * 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("A [ 1 2 ]\n", "no motif"),
        (">\n", "line 1: > without"),
        (TEXT + TEXT, "line 6: motif MA1.1 stands twice"),
        (">a\n", "line 1: motif a: give a row"),
        (BARE.replace("0 1\n", ""), "line 1: motif two: give a row"),
        (BARE.replace("0 0\n", "0\n"), "line 1: motif two: .*equal length"),
        (BARE + "1 1\n", "line 6: motif two: not a row"),
        (BARE.replace("1 4", "1 x"), "line 3: motif two: not a row"),
        (BARE.replace("1 4", "1 -4"), "line 3: motif two: not a row"),
        (BARE.replace("1 4", "1 nan"), "line 3: motif two: not a row"),
        (BARE.replace("1 4", "1 inf"), "line 3: motif two: not a row"),
        (">a\nA [ 1 ]\nA [ 1 ]\n", "line 3: motif a: not a row"),
        (">a\nA [ ]\n", "line 2: motif a: not a row"),
    ],
)
def test_wrong_files_name_the_line(tmp_path, text, message):
    (tmp_path / "m.jaspar").write_text(text)
    with pytest.raises(UserError, match=rf"m\.jaspar.*{message}"):
        read_jaspar(tmp_path / "m.jaspar")


@pytest.fixture
def motifs():
    rng = np.random.default_rng(0)
    counts = {f"conv_{i:03d}": rng.integers(0, 2000, (5 + i, 4)) for i in range(4)}
    counts["conv_002"] *= 0
    return MotifSet("top", DNA, counts, ["conv"] * 4, [17, 3, 0, 123456])


def test_what_is_written_is_read_back(motifs, tmp_path):
    assert write_jaspar(motifs, tmp_path / "m.jaspar") == ["conv_002"]
    read = read_motifs(tmp_path / "m.jaspar")
    assert list(read) == ["conv_000", "conv_001", "conv_003"]
    for name, motif in read.items():
        assert (motif.counts == motifs.counts[name]).all()


def test_biopython_reads_it(motifs, tmp_path):
    bio = pytest.importorskip("Bio.motifs")
    write_jaspar(motifs, tmp_path / "m.jaspar")
    with open(tmp_path / "m.jaspar") as file:
        read = bio.parse(file, "jaspar")
    assert [motif.matrix_id for motif in read] == ["conv_000", "conv_001", "conv_003"]
    for motif in read:
        theirs = np.array([motif.counts[letter] for letter in "ACGT"]).T
        assert (theirs == motifs.counts[motif.matrix_id]).all()


def test_text_by_hand(tmp_path):
    counts = {"my layer_000": np.array([[10, 0, 0, 2], [3, 3, 3, 3]])}
    write_jaspar(MotifSet("top", DNA, counts, ["my layer"], [12]), tmp_path / "m.jaspar")
    assert (tmp_path / "m.jaspar").read_text() == (
        ">my_layer_000\nA [ 10  3 ]\nC [  0  3 ]\nG [  0  3 ]\nT [  2  3 ]\n"
    )


@pytest.mark.parametrize("alphabet", [DNA, RNA, PROTEIN], ids=["dna", "rna", "protein"])
def test_methods_without_sites_give_thousandths(alphabet, tmp_path):
    rng = np.random.default_rng(0)
    motifs = MotifSet("softmax", alphabet, {"x": rng.dirichlet(np.ones(alphabet.size), 50)}, ["x"])
    assert write_jaspar(motifs, tmp_path / "m.jaspar") == []
    motif = read_jaspar(tmp_path / "m.jaspar")["x"]
    assert motif.alphabet == alphabet.letters
    assert (motif.counts.sum(axis=1) == 1000).all()
    np.testing.assert_allclose(motif.probabilities, motifs.probabilities("x"), atol=1e-3)


def test_the_format_is_told_by_the_content(motifs, tmp_path):
    write_meme(motifs, tmp_path / "m.jaspar")
    write_jaspar(motifs, tmp_path / "m.meme")
    assert list(read_motifs(tmp_path / "m.jaspar")) == list(read_motifs(tmp_path / "m.meme"))
    (tmp_path / "other").write_text("chr1\t0\t5\n")
    for name, message in (("other", "not a file of motifs"), ("absent", "there is no such file")):
        with pytest.raises(UserError, match=f"{name}: {message}"):
            read_motifs(tmp_path / name)


def test_nothing_but_silent_filters(tmp_path):
    silent = MotifSet("top", DNA, {"x": np.zeros((3, 4))}, ["x"], [0])
    assert write_jaspar(silent, tmp_path / "m.jaspar") == ["x"]
    assert (tmp_path / "m.jaspar").read_text() == ""
