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
    kernels = {name: rng.normal(size=(9, 4)) for name in counts}
    return MotifSet("top", DNA, counts, ["conv"] * 5, [200, 0, 1, 2000, 3], [1.0] * 5, kernels=kernels)


def extents(figure, letter):
    """Return left, bottom, right, top of a letter's boxes in a figure's first axes."""
    return boxes(figure.axes[0])[NUCLEOTIDE_COLOURS[letter].upper()]


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
        "top: 5 filters, 1 without sites.  Height: information, full scale 2 bits.",
        "conv_000  200 sites",
        "conv_001",
        "no sites",
        "conv_002  1 site",
        "conv_003  2,000 sites",
        "conv_004  3 sites",
    ]
    assert len(figure.axes[0].patches) == 4
    plt.close(figure)


def test_grid_of_weights_says_their_range():
    kernels = {"a_000": np.array([[1.5, 0, -2, 0], [0.25, 0, -1.0, -2]]), "a_001": np.zeros((2, 4))}
    motifs = MotifSet("top", DNA, kernels, ["a"] * 2, [5, 0], kernels=kernels)
    figure = logos.logo_grid(motifs, "weights")
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts[1:] == ["a_000  -3 to 1.5", "a_001  0 to 0,  no sites"]
    # The scale is 4.5 high: A stands on the zero line, a third from the top; G hangs from it, T below.
    (top, foot) = extents(figure, "A")[3], extents(figure, "T")[1]
    assert extents(figure, "A")[1] == pytest.approx(extents(figure, "G")[3], abs=4)
    assert (top - extents(figure, "A")[1]) / (top - foot) == pytest.approx(1 / 3, abs=0.02)
    plt.close(figure)


@pytest.mark.parametrize(("kind", "share"), [("information", 0.5), ("probability", 1), ("counts", 0.8)])
def test_scales_of_the_grid(kind, share):
    # One bit of two; and 8 known letters in 10 sites.
    counts = {"a_000": np.array([[0, 4, 4, 0]])}
    figure = logos.logo_grid(MotifSet("top", DNA, counts, ["a"], [10]), kind)
    bottom = min(extents(figure, letter)[1] for letter in "CG")
    top = max(extents(figure, letter)[3] for letter in "CG")
    assert top - bottom == pytest.approx(share * 0.4 * 720, abs=5)
    plt.close(figure)


@pytest.mark.parametrize("draw", [logos.logo_grid, lambda motifs, kind: logos.logo_figure(motifs, "x", kind)])
def test_what_a_set_does_not_hold_is_told(draw):
    motifs = MotifSet("softmax", DNA, {"x": np.eye(4)}, ["x"])
    with pytest.raises(ValueError, match="no weights"):
        draw(motifs, "weights")
    with pytest.raises(ValueError, match="no counts"):
        draw(motifs, "counts")


def test_grid_without_filters_says_so():
    figure = logos.logo_grid(MotifSet("softmax", DNA, {}, []))
    assert [text.get_text() for text in figure.texts] == ["no convolution scans the sequence"]
    plt.close(figure)


def test_grid_of_300_filters_is_one_readable_page(tmp_path):
    rng = np.random.default_rng(0)
    counts = {f"conv_{i:03d}": rng.dirichlet([0.2] * 4, 19) for i in range(300)}
    figure = logos.logo_grid(MotifSet("softmax", DNA, counts, ["conv"] * 300))
    assert len(figure.axes[0].patches) == 4
    assert len(figure.axes[0].texts) == 301
    assert (figure.get_size_inches() < [16, 30]).all()
    save_figure(figure, tmp_path / "grid.svg")
    assert (tmp_path / "grid.svg").stat().st_size < 3e6


def test_names_of_the_grid_do_not_overlap():
    counts = {f"a_very_long_name_of_a_layer_{i:03d}": np.eye(4) for i in range(9)}
    figure = logos.logo_grid(MotifSet("top", DNA, counts, ["a"] * 9, [10**6] * 9))
    figure.canvas.draw()
    spans = [text.get_window_extent() for text in figure.axes[0].texts]
    assert not any(a.overlaps(b) for i, a in enumerate(spans) for b in spans[:i])
    assert all(span.x0 >= 0 and span.x1 <= figure.bbox.x1 for span in spans)
    plt.close(figure)


@pytest.mark.parametrize(
    ("kind", "label"),
    [("information", "bits"), ("probability", "probability"), ("counts", "sites"), ("weights", "weight")],
)
def test_logo_figure_names_filter_sites_and_unit(motifs, kind, label):
    figure = logos.logo_figure(motifs, "conv_003", kind)
    (axes,) = figure.axes
    assert axes.get_title(loc="left") == "conv_003  2,000 sites"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("position", label)
    matrix = {"counts": motifs.counts, "weights": motifs.kernels}.get(kind, motifs)["conv_003"]
    up = np.maximum(logos.heights(matrix, kind), 0).sum(axis=1).max()
    ends = {"information": (0, 2), "probability": (0, 1), "counts": (0, up)}
    low = np.minimum(motifs.kernels["conv_003"], 0).sum(axis=1).min()
    assert axes.get_ylim() == pytest.approx(ends.get(kind, (low, up)))
    plt.close(figure)


def test_logo_figure_of_a_silent_filter(motifs):
    for kind, texts in (("information", ["no sites"]), ("counts", ["no sites"]), ("weights", [])):
        figure = logos.logo_figure(motifs, "conv_001", kind)
        assert [text.get_text() for text in figure.axes[0].texts] == texts
        assert bool(figure.axes[0].patches) == (not texts)
        assert figure.axes[0].get_title(loc="left") == "conv_001  no sites"
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
