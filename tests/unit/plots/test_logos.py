import re
import xml.etree.ElementTree as ET

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from motifloom.data.encode import DNA, PROTEIN
from motifloom.filters.meme import Motif
from motifloom.filters.motifs import MotifSet
from motifloom.plots import logos
from motifloom.plots.style import NUCLEOTIDE_COLOURS, save_figure

CERTAIN = np.eye(4)[[0, 1, 2, 3]]


def boxes(axes):
    """Return {colour: extents (left, bottom, right, top)} of the letter patches."""
    return {
        plt.matplotlib.colors.to_hex(patch.get_facecolor()).upper(): patch.get_path().get_extents().extents
        for patch in axes.patches
    }


@pytest.fixture
def axes():
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


@pytest.fixture
def motifs():
    rng = np.random.default_rng(0)
    counts = {f"conv_{i:03d}": rng.integers(0, 50, (9, 4)) for i in range(5)}
    counts["conv_001"] = np.zeros((9, 4))
    return MotifSet("top", DNA, counts, ["conv"] * 5, [100, 0, 1, 2, 3], [1.0] * 5)


def test_heights_by_hand():
    matrix = [[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0.25] * 4]
    assert logos.heights(matrix).tolist() == [[2, 0, 0, 0], [0.5, 0.5, 0, 0], [0] * 4]
    assert logos.heights(matrix, background=[0.5, 0.25, 0.125, 0.125])[0].tolist() == [1, 0, 0, 0]
    for kind in ("probability", "counts", "weights"):
        assert logos.heights(matrix, kind).tolist() == matrix


def test_letters_fill_their_boxes(axes):
    logos.draw_logo(axes, CERTAIN)
    for position, letter in enumerate("ACGT"):
        left, bottom, right, top = boxes(axes)[NUCLEOTIDE_COLOURS[letter].upper()]
        assert left == pytest.approx(position - 0.46, abs=0.03)
        assert right == pytest.approx(position + 0.46, abs=0.03)
        assert bottom == pytest.approx(0, abs=0.02)
        assert top == pytest.approx(2, abs=0.02)
    assert axes.get_ylim() == (0, 2)
    assert axes.get_ylabel() == "bits"


def test_the_largest_letter_is_on_top_and_negative_ones_hang(axes):
    logos.draw_logo(axes, [[3.0, 1.0, -2.0, -1.0]], kind="weights")
    extents = {letter: boxes(axes)[NUCLEOTIDE_COLOURS[letter].upper()] for letter in "ACGT"}
    spans = {letter: (round(box[1], 1), round(box[3], 1)) for letter, box in extents.items()}
    assert spans == {"A": (1, 4), "C": (0, 1), "T": (-1, 0), "G": (-3, -1)}
    assert axes.get_ylim() == (-3, 4)


@pytest.mark.parametrize("kind", ["information", "probability", "counts", "weights"])
def test_empty_and_single_column_logos(axes, kind):
    logos.draw_logo(axes, np.zeros((3, 4)), kind)
    logos.draw_logo(axes, [[1, 0, 0, 0]], kind)
    assert np.isfinite(axes.get_ylim()).all()


def test_columns_of_a_frame_are_the_letters(axes):
    logos.draw_logo(axes, pd.DataFrame([[0, 0, 0, 1]], columns=list("ACGU")))
    assert list(boxes(axes)) == [NUCLEOTIDE_COLOURS["U"].upper()]
    assert logos.letter_colour("C", PROTEIN.letters) != logos.letter_colour("C", "ACGT")


@pytest.mark.parametrize("letter", [*PROTEIN.letters, *"TU"])
def test_every_outline_fills_the_unit_square(letter):
    path = logos._letter_path(letter, *np.array([[0.0], [0.0], [1.0], [1.0]]))
    np.testing.assert_allclose(path.get_extents().extents, [0, 0, 1, 1], atol=0.09)


def test_figures_are_the_same_bytes(motifs, tmp_path):
    for name in ("one.svg", "two.svg"):
        save_figure(logos.logo_grid(motifs), tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_grid_names_every_filter_and_those_without_sites(motifs):
    figure = logos.logo_grid(motifs)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == [
        "conv_000  100 sites",
        "conv_001  no sites",
        "conv_002  1 site",
        "conv_003  2 sites",
        "conv_004  3 sites",
    ]
    assert len(figure.axes[0].patches) == 4
    plt.close(figure)


def test_grid_without_filters_says_so():
    figure = logos.logo_grid(MotifSet("softmax", DNA, {}, []))
    assert [text.get_text() for text in figure.texts] == ["no convolution scans the sequence"]
    plt.close(figure)


def test_grid_of_300_filters_has_few_elements():
    rng = np.random.default_rng(0)
    counts = {f"conv_{i:03d}": rng.dirichlet([0.2] * 4, 19) for i in range(300)}
    figure = logos.logo_grid(MotifSet("softmax", DNA, counts, ["conv"] * 300))
    assert len(figure.axes[0].patches) == 4
    assert len(figure.axes[0].texts) == 300
    plt.close(figure)


def test_logo_figure_names_the_filter(motifs):
    for name, kind in (("conv_000", "counts"), ("conv_001", "information"), ("conv_002", "probability")):
        figure = logos.logo_figure(motifs, name, kind)
        assert figure.axes[0].get_title(loc="left").startswith(name)
        plt.close(figure)


@pytest.mark.parametrize(("strand", "offset"), [("+", 2), ("-", -3)])
def test_matches_are_drawn_aligned(motifs, strand, offset):
    target = Motif("MA1", "Reb1", np.eye(4)[[0, 0, 1]], None, "ACGT")
    row = {"filter": "conv_000", "offset": offset, "strand": strand, "p_value": 1e-9, "q_value": 1e-7}
    figure = logos.match_figure(motifs["conv_000"], target, row)
    above, below = figure.axes
    assert above.get_xlim() == below.get_xlim() == (min(0, offset) - 0.5, 8.5)
    # AAC read on the minus strand is GTT.
    first, last = ("A", "C") if strand == "+" else ("G", "T")
    extents = boxes(below)
    assert extents[NUCLEOTIDE_COLOURS[first].upper()][0] == pytest.approx(offset - 0.46, abs=0.03)
    assert extents[NUCLEOTIDE_COLOURS[last].upper()][2] == pytest.approx(offset + 2.46, abs=0.03)
    assert "MA1 Reb1" in below.get_title(loc="left")
    assert ("reverse complement" in below.get_title(loc="left")) == (strand == "-")
    plt.close(figure)


def test_inline_svg_is_small_well_formed_and_free_of_identifiers():
    rng = np.random.default_rng(0)
    text = logos.logo_svg(rng.dirichlet([0.3] * 4, 20))
    root = ET.fromstring(text)
    assert root.get("viewBox") == "0 0 600 100"
    assert len(text) < 4000
    assert " id=" not in text
    assert [path.get("fill") for path in root] == [NUCLEOTIDE_COLOURS[letter] for letter in "ACGT"]


def test_inline_svg_by_hand():
    (path,) = ET.fromstring(logos.logo_svg(np.eye(4)[[3, 3]]))
    # Two T of full height: 30 units a column, 1 unit of gap at each side, y from the top.
    assert path.get("d") == "M1 0h28v18h-11v82h-6v-82h-11zM31 0h28v18h-11v82h-6v-82h-11z"


@pytest.mark.parametrize(("letters", "size"), [("ACGU", 4), (PROTEIN.letters, 20)])
def test_inline_svg_of_other_alphabets(letters, size):
    frame = pd.DataFrame(np.full((2, size), 1 / size) * 0.5 + np.eye(size)[:2] * 0.5, columns=list(letters))
    root = ET.fromstring(logos.logo_svg(frame, kind="probability"))
    for path in root:
        numbers = [int(number) for number in re.findall(r"-?\d+", path.get("d"))]
        assert max(map(abs, numbers)) <= 100
    assert len(ET.fromstring(logos.logo_svg(np.zeros((3, 4))))) == 0
