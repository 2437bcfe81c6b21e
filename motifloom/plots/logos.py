"""Sequence logos: figures for files, and compact SVG for pages.

A logo is a set of stacked boxes, each filled by a letter's outline. All letters of a kind in a figure are
one path, so that a sheet of 300 logos has few elements and draws in a second.
"""

import re
from functools import cache

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from motifloom.plots.style import GREY, NUCLEOTIDE_COLOURS

# Outlines of the common letters, 100 wide and 100 high, y upwards. Other letters come from a font.
OUTLINES = {
    "A": "M0 0 L38 100 L62 100 L100 0 L77 0 L69 23 L31 23 L23 0 Z M37 41 L63 41 L50 80 Z",
    "C": ("M98 67 C88 114 0 114 0 50 C0 -14 88 -14 98 33 L76 37 C68 12 23 10 23 50 C23 90 68 88 76 63 Z"),
    "G": (
        "M97 70 C87 113 0 114 0 50 C0 -12 70 -10 100 17 L100 55 L54 55 L54 37 L78 37 L78 27 "
        "C60 14 23 12 23 50 C23 90 66 89 75 66 Z"
    ),
    # A font's I without serifs would be a plain box.
    "I": "M8 100 L92 100 L92 83 L61 83 L61 17 L92 17 L92 0 L8 0 L8 17 L39 17 L39 83 L8 83 Z",
    "T": "M0 100 L100 100 L100 82 L61 82 L61 0 L39 0 L39 82 L0 82 Z",
    "U": (
        "M0 100 L23 100 L23 40 C23 26 32 19 50 19 C68 19 77 26 77 40 L77 100 L100 100 L100 38 "
        "C100 13 80 0 50 0 C20 0 0 13 0 38 Z"
    ),
}
# Amino acids by chemistry, as in the common palettes: acidic, basic, polar, hydrophobic, special.
AMINO_ACID_COLOURS = {
    **dict.fromkeys("DE", "#D62839"),
    **dict.fromkeys("KRH", "#255C99"),
    **dict.fromkeys("STNQYC", "#109648"),
    **dict.fromkeys("AVILMFW", "#333333"),
    **dict.fromkeys("GP", "#E69F00"),
}
LABELS = {"information": "bits", "probability": "probability", "counts": "count", "weights": "weight"}
# Space at the sides of a letter, and the least height drawn, as shares of a column and of the scale.
GAP = 0.04
INVISIBLE = 0.01
# Units of an inline SVG: a column is this wide, the scale this high.
COLUMN, HEIGHT = 30, 100
CODES = {"M": Path.MOVETO, "L": Path.LINETO, "C": Path.CURVE4, "Z": Path.CLOSEPOLY}


@cache
def _glyph(letter):
    """Return a letter's outline in the unit square: vertices (n, 2), matplotlib path codes (n,)."""
    if letter not in OUTLINES:
        path = TextPath((0, 0), letter, prop=FontProperties(family="DejaVu Sans", weight="bold"))
        low, high = path.get_extents().get_points()
        return (path.vertices - low) / (high - low), path.codes
    vertices, codes = [], []
    for command, numbers in re.findall(r"([MLCZ])([-\d ]*)", OUTLINES[letter]):
        points = np.array(numbers.split(), float).reshape(-1, 2) if numbers.split() else np.zeros((1, 2))
        vertices.append(points / 100)
        codes += [CODES[command]] * len(points)
    return np.concatenate(vertices), np.array(codes)


def letter_colour(letter, letters="ACGT"):
    """Return the colour of a letter of an alphabet (its letters)."""
    if set(letters) <= set(NUCLEOTIDE_COLOURS):
        return NUCLEOTIDE_COLOURS[letter]
    return AMINO_ACID_COLOURS.get(letter, GREY)


def heights(matrix, kind="information", background=None):
    """Return letter heights, float (W, A).

    Parameters
    ----------
    matrix : float (W, A)
        Probabilities; for `counts` and `weights`, these.
    kind : str
        information (bits: probability times the position's information content), probability, counts or
        weights (may be negative).
    background : float (A,) or None
        For `information`; None: equally likely letters.
    """
    matrix = np.asarray(matrix, float)
    if kind != "information":
        return matrix
    expected = 1 / matrix.shape[1] if background is None else np.asarray(background)
    ratio = np.divide(matrix, expected, out=np.ones_like(matrix), where=matrix > 0)
    return matrix * (matrix * np.log2(ratio)).sum(axis=1, keepdims=True)


def _boxes(values, least):
    """Return the stacks as arrays: letter index, column, bottom, height; small boxes are left out.

    The largest letter is the farthest from 0, and negative values hang below it.
    """
    order = np.argsort(np.abs(values), axis=1, kind="stable")
    size = np.take_along_axis(values, order, axis=1)
    top = np.where(size >= 0, np.cumsum(np.maximum(size, 0), axis=1), np.cumsum(np.minimum(size, 0), axis=1))
    column = np.broadcast_to(np.arange(len(values))[:, None], values.shape)
    keep = np.abs(size) > least
    bottom = np.where(size >= 0, top - size, top)
    return order[keep], column[keep], bottom[keep], np.abs(size)[keep]


def _letter_path(letter, left, bottom, width, height):
    """Return one Path that holds the letter in every box."""
    vertices, codes = _glyph(letter)
    scale = np.stack(np.broadcast_arrays(width, height), axis=-1).reshape(-1, 1, 2)
    corner = np.stack(np.broadcast_arrays(left, bottom), axis=-1).reshape(-1, 1, 2)
    return Path((corner + vertices * scale).reshape(-1, 2), np.tile(codes, len(corner)))


def _add_letters(axes, letters, boxes):
    """Draw boxes (letter index, left, bottom, width, height) as one patch per letter."""
    index, left, bottom, width, height = boxes
    for number, letter in enumerate(letters):
        here = index == number
        if here.any():
            path = _letter_path(letter, left[here], bottom[here], width[here], height[here])
            axes.add_patch(PathPatch(path, facecolor=letter_colour(letter, letters), linewidth=0))


def draw_logo(axes, motif, kind="information", letters="ACGT", background=None, first=0):
    """Draw a logo into axes.

    Parameters
    ----------
    axes : matplotlib Axes
        Left with fitting limits and labels.
    motif : DataFrame or float (W, A)
        Probabilities, counts or weights; a data frame's columns are the letters.
    kind : str
        information, probability, counts or weights.
    letters : str
        Letters of an array's columns.
    background : float (A,) or None
        For `information`; None: equally likely letters.
    first : int
        Number of the first position.
    """
    letters = _letters(motif, letters)
    values = heights(motif, kind, background)
    up, down = np.maximum(values, 0).sum(axis=1), np.minimum(values, 0).sum(axis=1)
    low, high = min(0, down.min(initial=0)), max(up.max(initial=0), 1e-9 if down.min(initial=0) < 0 else 0)
    if kind == "information" and background is None:
        high = np.log2(len(letters))
    high = {"probability": 1}.get(kind, high) or 1
    index, column, bottom, height = _boxes(values, INVISIBLE * (high - low))
    width = np.full(len(index), 1 - 2 * GAP)
    _add_letters(axes, letters, (index, first + column - 0.5 + GAP, bottom, width, height))
    axes.set_xlim(first - 0.5, first + len(values) - 0.5)
    axes.set_ylim(low, high)
    axes.set_ylabel(LABELS[kind])
    if low < 0:
        axes.axhline(0, color="black", linewidth=0.6)


def _letters(motif, letters):
    return "".join(motif.columns) if hasattr(motif, "columns") else letters


def _figure(columns, panels=1, title=""):
    """Return a figure and its axes for logos of so many columns, placed without a slow layout engine."""
    width, height = 0.75 + 0.27 * columns, 0.45 + 1.15 * panels
    figure, axes = plt.subplots(panels, figsize=(width, height), sharex=True, layout="none", squeeze=False)
    figure.subplots_adjust(0.6 / width, 0.28 / height, 1 - 0.1 / width, 1 - 0.25 / height, hspace=0.45)
    axes[0, 0].set_title(title, loc="left", fontsize=9)
    return figure, axes[:, 0]


def logo_figure(motifs, name, kind="information"):
    """Return a figure of one filter's logo.

    Parameters
    ----------
    motifs : MotifSet
        The set that holds it.
    name : str
        The filter.
    kind : str
        information, probability or counts.
    """
    motif = motifs[name]
    title = name + _sites(motifs, motifs.filters.index(name))
    figure, (axes,) = _figure(max(len(motif), 10), title=title)
    matrix = motifs.counts[name] if kind == "counts" or name in motifs.silent else motif
    draw_logo(axes, matrix, kind, motifs.alphabet.letters)
    axes.set_xticks(np.arange(0, len(motif), 5 if len(motif) > 12 else 1))
    return figure


def match_figure(query, target, row):
    """Return a figure of a filter's motif above a known one, aligned.

    Parameters
    ----------
    query : DataFrame (W, A)
        The filter's probabilities.
    target : Motif
        The known motif.
    row : mapping
        A row of the table of matches.
    """
    matrix = target.probabilities[::-1, ::-1] if row["strand"] == "-" else target.probabilities
    offset = int(row["offset"])
    low, high = min(0, offset), max(len(query), offset + len(matrix))
    name = f"{target.id} {target.name}".strip() + (", reverse complement" if row["strand"] == "-" else "")
    figure, (above, below) = _figure(max(high - low, 12), 2, str(row["filter"]))
    draw_logo(above, query)
    draw_logo(below, matrix, letters=_letters(query, target.alphabet), first=offset)
    below.set_title(f"{name}   p = {row['p_value']:.1e}, q = {row['q_value']:.1e}", loc="left", fontsize=9)
    for axes in (above, below):
        axes.axvspan(
            max(0, offset) - 0.5, min(len(query), offset + len(matrix)) - 0.5, color="#F1F1F1", zorder=0
        )
    below.set_xlim(low - 0.5, high - 0.5)
    below.set_xticks(np.arange(-(-low // 5) * 5, high, 5))
    return figure


def logo_grid(motifs):
    """Return a figure with the logos of all filters of a motif set, in order.

    Letters are as wide, and a bit as high, in all of them; a line at the foot of each logo spans its
    positions and a faint one marks the full scale. Filters without sites are named, with no logo; a set
    without filters gives a line that says so.
    """
    if not len(motifs):
        figure = plt.figure(figsize=(4, 0.5), layout="none")
        figure.text(0.5, 0.5, "no convolution scans the sequence", ha="center", va="center", color=GREY)
        return figure
    letters, silent = motifs.alphabet.letters, set(motifs.silent)
    widest = max(len(motifs.counts[name]) for name in motifs)
    across = max(1, min(len(motifs), 5 if len(motifs) > 24 else 4, 120 // widest))
    down = -(-len(motifs) // across)
    cell_width, cell_height = widest + 1.5, 1.55
    figure = plt.figure(
        figsize=(0.13 * across * cell_width + 0.1, 0.47 * down * cell_height + 0.1), layout="none"
    )
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(-0.75, across * cell_width - 0.75), ylim=(-down * cell_height, 0.05))
    axes.set_axis_off()
    full, boxes = np.log2(len(letters)), []
    for number, name in enumerate(motifs):
        left, base = number % across * cell_width, -(number // across) * cell_height - 1.4
        label = name + _sites(motifs, number)
        axes.text(
            left, base + 1.05, label, fontsize=7, va="bottom", color=GREY if name in silent else "black"
        )
        if name in silent:
            continue
        values = heights(motifs.probabilities(name)) / full
        index, column, bottom, height = _boxes(values, INVISIBLE)
        width = np.full(len(index), 1 - 2 * GAP)
        boxes.append((index, left + column + GAP, base + bottom, width, height))
        axes.plot([left, left + len(values)], [base, base], color="black", linewidth=0.5)
        axes.plot([left, left + len(values)], [base + 1, base + 1], color="#DDDDDD", linewidth=0.4)
    if boxes:
        _add_letters(axes, letters, [np.concatenate(arrays) for arrays in zip(*boxes, strict=True)])
    return figure


def _sites(motifs, number):
    if motifs.n_sites is None:
        return ""
    count = motifs.n_sites[number]
    return f"  {count:,} site{'s' if count > 1 else ''}" if count else "  no sites"


def logo_svg(motif, letters="ACGT", kind="information"):
    """Return a small SVG of a logo, about 2 kB, without identifiers, axes or fonts.

    Parameters
    ----------
    motif : DataFrame or float (W, A)
        Probabilities; a data frame's columns are the letters.
    letters : str
        Letters of an array's columns.
    kind : str
        information (full height: log2(A) bits) or probability.

    Returns
    -------
    str
        An svg element with a viewBox of 30 units per position and a height of 100.
    """
    letters = _letters(motif, letters)
    values = heights(motif, kind) / (np.log2(len(letters)) if kind == "information" else 1)
    index, column, bottom, height = _boxes(values * HEIGHT, 0.016 * HEIGHT)
    paths = []
    for number, letter in enumerate(letters):
        here = index == number
        if here.any():
            path = _letter_path(
                letter, (column[here] + GAP) * COLUMN, bottom[here], (1 - 2 * GAP) * COLUMN, height[here]
            )
            paths.append(f'<path fill="{letter_colour(letter, letters)}" d="{_path_data(path)}"/>')
    wide = COLUMN * len(values)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {HEIGHT}" width="{0.4 * wide:g}" '
        f'height="{0.4 * HEIGHT:g}">{"".join(paths)}</svg>'
    )


def _path_data(path):
    """Return SVG path data in whole, relative units, y downwards."""
    points = np.rint(path.vertices * [1, -1] + [0, HEIGHT]).astype(int)
    text, i = [], 0
    at = start = np.zeros(2, int)
    while i < len(points):
        code = path.codes[i]
        if code == Path.CLOSEPOLY:
            text.append("z")
            at, i = start, i + 1
            continue
        count = {Path.CURVE3: 2, Path.CURVE4: 3}.get(code, 1)
        steps = points[i : i + count] - at
        text.append(_command(code, steps, points[i]))
        at = points[i + count - 1]
        start = at if code == Path.MOVETO else start
        i += count
    return "".join(text)


def _command(code, steps, point):
    if code == Path.MOVETO:
        return f"M{point[0]} {point[1]}"
    if code == Path.LINETO and 0 in steps:
        return f"v{steps[0, 1]}" if steps[0, 0] == 0 else f"h{steps[0, 0]}"
    letter = {Path.LINETO: "l", Path.CURVE3: "q", Path.CURVE4: "c"}[code]
    # A minus sign separates numbers by itself.
    return letter + " ".join(map(str, steps.ravel())).replace(" -", "-")
