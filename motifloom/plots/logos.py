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
from matplotlib.ticker import EngFormatter, MaxNLocator

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
LABELS = {"information": "bits", "probability": "probability", "counts": "sites", "weights": "weight"}
# What the grid says of its scale; {bits} is the most that a position holds.
SCALES = {
    "information": "information, full scale {bits:.3g} bits",
    "probability": "probability, full scale 1",
    "counts": "sites, full scale: all sites of the filter",
    "weights": "weights, each filter on its own scale, its range behind its name",
}
# Space at the sides of a letter, and the least height drawn, as shares of a column and of the scale.
GAP = 0.04
INVISIBLE = 0.01
# The same on a page of many logos, where a box of this height is a point of the font's 7 high.
SMALL = 0.03
# Units of an inline SVG: a column is this wide, the scale this high.
COLUMN, HEIGHT = 30, 100
# The grid, in inches: width of a page and of a letter with many filters and with few, height of a logo and of
# what is above it, space between columns, width of a character of a label, margin.
MANY, PAGES, LETTERS = 60, (15, 11), (0.1, 0.13)
LOGO, LABEL, BETWEEN, CHARACTER, MARGIN = 0.4, 0.21, 0.2, 0.062, 0.1
# Letters of the grid stand on a lattice of a tenth of a point, which halves its file.
LATTICE = 720
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


def _add_letters(axes, letters, boxes, on_lattice=False):
    """Draw boxes (letter index, left, bottom, width, height) as one patch per letter.

    With `on_lattice` points are moved to whole units, which have short numbers in a file.
    """
    index, left, bottom, width, height = boxes
    for number, letter in enumerate(letters):
        here = index == number
        if here.any():
            path = _letter_path(letter, left[here], bottom[here], width[here], height[here])
            path = Path(np.rint(path.vertices), path.codes) if on_lattice else path
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
    if kind == "counts":
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.yaxis.set_major_formatter(EngFormatter(sep=""))
    if low < 0:
        axes.axhline(0, color="black", linewidth=0.6)


def _letters(motif, letters):
    return "".join(motif.columns) if hasattr(motif, "columns") else letters


def _figure(columns, panels=1, title=""):
    """Return a figure and its axes for logos of so many columns, placed without a slow layout engine."""
    width, height = 0.75 + 0.27 * columns, 0.62 + 1.15 * panels
    figure, axes = plt.subplots(panels, figsize=(width, height), sharex=True, layout="none", squeeze=False)
    figure.subplots_adjust(0.6 / width, 0.45 / height, 1 - 0.1 / width, 1 - 0.25 / height, hspace=0.45)
    axes[0, 0].set_title(title, loc="left", fontsize=9)
    axes[-1, 0].set_xlabel("position")
    return figure, axes[:, 0]


def _matrix(motifs, name, kind):
    """Return what a logo of this kind is drawn from, float (W, A); None for a filter without sites."""
    if kind == "weights":
        if motifs.kernels is None:
            raise ValueError("this motif set holds no weights; make it from a filter bank")
        return motifs.kernels[name]
    if kind == "counts" and motifs.n_sites is None:
        raise ValueError(f"motifs by {motifs.method} are made without sites, so there are no counts")
    if name in motifs.silent:
        return None
    return motifs.counts[name] if kind == "counts" else motifs.probabilities(name)


def logo_figure(motifs, name, kind="information"):
    """Return a figure of one filter's logo.

    Parameters
    ----------
    motifs : MotifSet
        The set that holds it.
    name : str
        The filter.
    kind : str
        information (bits, relative to equally likely letters), probability, counts (of sites) or weights
        (the kernel, positive ones up, negative ones down). But for weights, a filter without sites has no
        logo, and the figure says so.

    Raises
    ------
    ValueError
        The set has no counts of sites, or no weights.
    """
    matrix = _matrix(motifs, name, kind)
    width = len(motifs.counts[name]) if matrix is None else len(matrix)
    title = name + _sites(motifs, motifs.filters.index(name))
    figure, (axes,) = _figure(max(width, 10), title=title)
    if matrix is None:
        axes.text(0.5, 0.5, "no sites", color=GREY, ha="center", va="center", transform=axes.transAxes)
        axes.set(xlim=(-0.5, max(width, 1) - 0.5), yticks=[], ylabel=LABELS[kind])
    else:
        draw_logo(axes, matrix, kind, motifs.alphabet.letters)
    axes.set_xticks(np.arange(0, width, 5 if width > 12 else 1))
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


def logo_grid(motifs, kind="information"):
    """Return a figure with the logos of all filters of a motif set, in order.

    Letters are as wide, and a logo as high, for all of them; a line at the foot of each logo spans its
    positions, and a faint one marks the full scale, which the head of the page tells. A filter without sites
    has its name and "no sites", but for weights, which it has. A set without filters gives a line saying so.

    Parameters
    ----------
    motifs : MotifSet
        The set; a page holds 300 filters and more.
    kind : str
        As in :func:`logo_figure`.
    """
    if not len(motifs):
        figure = plt.figure(figsize=(4, 0.5), layout="none")
        figure.text(0.5, 0.5, "no convolution scans the sequence", ha="center", va="center", color=GREY)
        return figure
    letters, few = motifs.alphabet.letters, len(motifs) <= MANY
    matrices = {name: _matrix(motifs, name, kind) for name in motifs}
    labels = [
        name if matrices[name] is None else name + _label(motifs, number, kind)
        for number, name in enumerate(motifs)
    ]
    wide = LETTERS[few] * max(len(counts) for counts in motifs.counts.values())
    wide = max(wide, CHARACTER * max(map(len, labels))) + BETWEEN
    across = max(1, min(len(motifs), int(PAGES[few] / wide)))
    head, tall = 0.35, LOGO + LABEL
    title = _head(motifs, kind)
    size = (
        2 * MARGIN + max(across * wide, 1.15 * CHARACTER * len(title)),
        head + -(-len(motifs) // across) * tall + MARGIN,
    )
    figure = plt.figure(figsize=np.ceil(np.multiply(size, LATTICE)) / LATTICE, layout="none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, figure.get_figwidth() * LATTICE), ylim=(-figure.get_figheight() * LATTICE, 0))
    axes.set_axis_off()
    axes.text(MARGIN * LATTICE, -MARGIN * LATTICE, title, fontsize=8, va="top", parse_math=False)
    letter, height, boxes = LETTERS[few] * LATTICE, LOGO * LATTICE, []
    for number, (name, matrix) in enumerate(matrices.items()):
        left = (MARGIN + number % across * wide) * LATTICE
        foot = -(head + (number // across + 1) * tall - 0.06) * LATTICE
        right = left + letter * len(motifs.counts[name])
        axes.text(
            *(left, foot + height + 0.02 * LATTICE, labels[number]),
            fontsize=7,
            va="bottom",
            color=GREY if matrix is None else "black",
            parse_math=False,
        )
        axes.plot([left, right], [foot + height] * 2, color="#DDDDDD", linewidth=0.4)
        if matrix is None:
            axes.plot([left, right], [foot] * 2, color="#DDDDDD", linewidth=0.4)
            middle = ((left + right) / 2, foot + height / 2)
            axes.text(*middle, "no sites", fontsize=7, color=GREY, ha="center", va="center")
            continue
        values, low, high = _on_scale(matrix, motifs, number, kind)
        zero = foot + height * -low / (high - low)
        axes.plot([left, right], [zero] * 2, color="black", linewidth=0.5)
        index, column, bottom, tallness = _boxes(values / (high - low), INVISIBLE if few else SMALL)
        width = np.full(len(index), (1 - 2 * GAP) * letter)
        boxes.append(
            (index, left + (column + GAP) * letter, zero + bottom * height, width, tallness * height)
        )
    if boxes:
        joined = [np.concatenate(arrays) for arrays in zip(*boxes, strict=True)]
        _add_letters(axes, letters, joined, on_lattice=True)
    return figure


def _on_scale(matrix, motifs, number, kind):
    """Return a logo's heights, float (W, A), and the low and high ends of its scale."""
    values = heights(matrix, kind)
    if kind == "weights":
        low, high = _range(matrix)
        return values, low, high if high > low else low + 1
    counts = kind == "counts"
    return (
        values,
        0,
        motifs.n_sites[number] if counts else {"probability": 1}.get(kind, np.log2(values.shape[1])),
    )


def _range(kernel):
    """Return the lowest and the highest stack of weights; 0 lies between."""
    return np.minimum(kernel, 0).sum(axis=1).min(initial=0), np.maximum(kernel, 0).sum(axis=1).max(initial=0)


def _label(motifs, number, kind):
    """Return what stands behind a filter's name in the grid."""
    if kind != "weights":
        return _sites(motifs, number)
    low, high = _range(motifs.kernels[motifs.filters[number]])
    return f"  {low:.2g} to {high:.2g}" + (",  no sites" if motifs.filters[number] in motifs.silent else "")


def _head(motifs, kind):
    """Return the head of the grid: what is drawn, of how many filters, and on which scale."""
    scale = SCALES[kind].format(bits=np.log2(motifs.alphabet.size))
    silent = f", {len(motifs.silent):,} without sites" if motifs.silent else ""
    noun = "filter" if len(motifs) == 1 else "filters"
    return f"{motifs.method}: {len(motifs):,} {noun}{silent}.  Height: {scale}."


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
