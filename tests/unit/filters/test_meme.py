import gzip

import numpy as np
import pytest

from motifloom.data.encode import DNA, PROTEIN, RNA
from motifloom.errors import UserError
from motifloom.filters.meme import read_meme, select_motifs, write_meme
from motifloom.filters.motifs import MotifSet

HEAD = "MEME version 4\n\nALPHABET= ACGT\n\n"
ROWS = "0.5 0.25 0.25 0\n0 0 1 0\n"


def write(path, text):
    path.write_bytes(text.encode())
    return path


def test_minimal_file(tmp_path):
    text = (
        HEAD
        + "MOTIF MA1.1 Reb1\nletter-probability matrix: alength= 4 w= 2 nsites= 20 E= 0\n"
        + ROWS
        + "URL http://x\n\nMOTIF two\nletter-probability matrix:\n 0.1\t0.2\t0.3\t0.4"
    )
    for variant in (text, text.replace("\n", "\r\n")):
        motifs = read_meme(write(tmp_path / "m.meme", variant))
        assert list(motifs) == ["MA1.1", "two"]
        assert (motifs["MA1.1"].name, motifs["two"].name) == ("Reb1", "")
        assert (motifs["MA1.1"].nsites, motifs["two"].nsites) == (20, None)
        assert motifs["MA1.1"].probabilities.tolist() == [[0.5, 0.25, 0.25, 0], [0, 0, 1, 0]]
        assert motifs["two"].probabilities.tolist() == [[0.1, 0.2, 0.3, 0.4]]
    (tmp_path / "m.meme.gz").write_bytes(gzip.compress(text.encode()))
    assert list(read_meme(tmp_path / "m.meme.gz")) == ["MA1.1", "two"]


def test_full_output_of_meme(tmp_path):
    text = (
        "*****\nMEME version 5.5.1 (Release date: 2023)\n"
        'ALPHABET "DNA" DNA-LIKE\nA "Adenine" CC0000 ~ T "Thymine" 008000\n'
        'C "Cytosine" 0000CC ~ G "Guanine" FFB300\nN "Any base" = ACGT\nEND ALPHABET\n'
        "MOTIF TGACTCA MEME-1\twidth =   2  sites =  5\n"
        "log-odds matrix: alength= 4 w= 2 E= 0\n -100 50 3 -2\n 1 2 3 4\n"
        "letter-probability matrix: alength= 4 w= 2 nsites= 5 E= 1e-5\n"
    ) + ROWS
    motif = read_meme(write(tmp_path / "m.txt", text))["TGACTCA"]
    assert (motif.name, motif.alphabet, motif.nsites) == ("MEME-1", "ACGT", 5)
    assert motif.probabilities[1].tolist() == [0, 0, 1, 0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("ALPHABET= ACGT\n", "no line 'MEME version 4'"),
        (HEAD, "no motif"),
        (HEAD + "MOTIF\n", "line 5: MOTIF without a name"),
        (HEAD + "letter-probability matrix: w= 2\n" + ROWS, "line 5: a matrix without"),
        (HEAD + "MOTIF a\nletter-probability matrix: w= 3\n" + ROWS, "line 6: motif a: 2 rows .* expected 3"),
        (HEAD + "MOTIF a\nletter-probability matrix: w= x\n" + ROWS, "line 6: motif a: w= and nsites="),
        (HEAD + "MOTIF a\nletter-probability matrix:\n0.5 0.5 0\n", "line 7: motif a: 3 numbers"),
        (HEAD + "MOTIF a\nletter-probability matrix:\n0.5 0.5 0 x\n", "line 7: motif a: not a row"),
        (HEAD + "MOTIF a\nletter-probability matrix:\n0.5 0.2 0 0\n", "line 7: .* sum to 1"),
        (HEAD + "MOTIF a\nletter-probability matrix:\n1.5 -0.5 0 0\n", "line 7: .* sum to 1"),
        (HEAD + "MOTIF a\nletter-probability matrix:\nnan 0 0 0\n", "line 6: motif a: 0 rows"),
        (HEAD + ("MOTIF a\nletter-probability matrix:\n" + ROWS) * 2, "motif a stands twice"),
    ],
)
def test_wrong_files_name_the_line(tmp_path, text, message):
    with pytest.raises(UserError, match=rf"m\.meme.*{message}"):
        read_meme(write(tmp_path / "m.meme", text))


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00", b"\x1f\x8b\x08 cut", gzip.compress(b"x" * 99, mtime=0)[:-9]]
)
def test_binary_and_absent_files(tmp_path, content):
    (tmp_path / "m.meme").write_bytes(content)
    for path in (tmp_path / "m.meme", tmp_path / "absent.meme"):
        with pytest.raises(UserError, match=r"UTF-16|truncated or damaged|no such file"):
            read_meme(path)


@pytest.fixture
def motifs():
    rng = np.random.default_rng(0)
    counts = {f"conv_{i:03d}": rng.integers(0, 9, (5 + i, 4)) + np.eye(5 + i, 4) for i in range(4)}
    counts["conv_002"] *= 0
    return MotifSet("top", DNA, counts, ["conv"] * 4, [17, 3, 0, 123456], [1.0] * 4, [0.3, 0.2, 0.1, 0.4])


def test_what_is_written_is_read_back(motifs, tmp_path):
    assert write_meme(motifs, tmp_path / "m.meme") == ["conv_002"]
    read = read_meme(tmp_path / "m.meme")
    assert list(read) == ["conv_000", "conv_001", "conv_003"]
    assert [motif.nsites for motif in read.values()] == [17, 3, 123456]
    for name, motif in read.items():
        np.testing.assert_allclose(motif.probabilities, motifs.probabilities(name), atol=1e-6)


def test_memelite_reads_it(motifs, tmp_path):
    from memelite.io import read_meme as theirs

    write_meme(motifs, tmp_path / "m.meme")
    read = theirs(tmp_path / "m.meme")
    assert list(read) == ["conv_000", "conv_001", "conv_003"]
    np.testing.assert_allclose(read["conv_003"].T, motifs.probabilities("conv_003"), atol=1e-6)


def test_biopython_reads_it(motifs, tmp_path):
    bio = pytest.importorskip("Bio.motifs")
    write_meme(motifs, tmp_path / "m.meme")
    with open(tmp_path / "m.meme") as file:
        read = bio.parse(file, "minimal")
    assert [(motif.name, motif.num_occurrences, motif.evalue) for motif in read] == [
        ("conv_000", 17, 0),
        ("conv_001", 3, 0),
        ("conv_003", 123456, 0),
    ]
    assert read.background == {"A": 0.3, "C": 0.2, "G": 0.1, "T": 0.4}
    for motif in read:
        # It turns probabilities into whole counts of so many sites.
        theirs = np.array([motif.pwm[letter] for letter in "ACGT"]).T
        tolerance = 2 / motif.num_occurrences
        np.testing.assert_allclose(theirs, motifs.probabilities(motif.name), rtol=0, atol=tolerance)


def test_names_are_one_word(tmp_path):
    motifs = MotifSet("softmax", DNA, {"my layer_000": np.eye(4)}, ["my layer"])
    write_meme(motifs, tmp_path / "m.meme")
    assert list(read_meme(tmp_path / "m.meme")) == ["my_layer_000"]


def test_text_by_hand(tmp_path):
    thirds = MotifSet("top", DNA, {"x": [[1, 1, 1, 0]]}, ["x"], [3], [0.5], [0.3, 0.2, 0.1, 0.4])
    write_meme(thirds, tmp_path / "m.meme")
    assert (tmp_path / "m.meme").read_text() == (
        "MEME version 4\n\nALPHABET= ACGT\n\nstrands: + -\n\nBackground letter frequencies\n"
        "A 0.300000 C 0.200000 G 0.100000 T 0.400000\n\nMOTIF x\n"
        "letter-probability matrix: alength= 4 w= 1 nsites= 3 E= 0\n0.333334 0.333333 0.333333 0.000000\n\n"
    )


@pytest.mark.parametrize(
    ("alphabet", "strands"), [(RNA, "strands: +\n"), (PROTEIN, "\n\nBackground")], ids=["rna", "protein"]
)
def test_other_alphabets(tmp_path, alphabet, strands):
    rng = np.random.default_rng(0)
    motifs = MotifSet("softmax", alphabet, {"x": rng.dirichlet(np.ones(alphabet.size), 50)}, ["x"])
    write_meme(motifs, tmp_path / "m.meme")
    text = (tmp_path / "m.meme").read_text()
    assert strands in text
    assert "w= 50 nsites= 20 E= 0\n" in text
    for line in text.splitlines()[-51:-1]:
        assert sum(round(float(field) * 10**6) for field in line.split()) == 10**6
    motif = read_meme(tmp_path / "m.meme")["x"]
    assert motif.alphabet == alphabet.letters
    np.testing.assert_allclose(motif.probabilities, motifs.probabilities("x"), atol=2e-6)


def test_motifs_are_chosen_by_name(tmp_path):
    entry = "MOTIF m{} {}\nletter-probability matrix: w= 1\n 1 0 0 0\n"
    entries = "".join(entry.format(number, name) for number, name in enumerate("ABCBDEFG"))
    (tmp_path / "m.meme").write_text(f"MEME version 4\n{entries}")
    motifs = read_meme(tmp_path / "m.meme")
    assert [motif.id for motif in select_motifs(motifs, ["C", "A"], "m.meme")] == ["m2", "m0"]
    few = {key: motifs[key] for key in ("m0", "m2")}
    for chosen, name, message in [
        (motifs, "B", "m.meme: 2 motifs are named 'B'; rename all but one"),
        (motifs, "m1", "m.meme: no motif is named 'm1'; it has A, B, C, B, D, ..."),
        (few, "XYZ", "m.meme: no motif is named 'XYZ'; it has A, C"),
    ]:
        with pytest.raises(UserError) as caught:
            select_motifs(chosen, [name], "m.meme")
        assert str(caught.value) == message
