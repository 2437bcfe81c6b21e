"""Motifs in the JASPAR format: counts, one row per letter."""

import logging
import re
from itertools import pairwise

import numpy as np

from motifloom.errors import UserError
from motifloom.files import fail
from motifloom.filters.meme import (
    LARGEST,
    UNPRINTABLE,
    Motif,
    one_word,
    read_lines,
    read_meme,
    read_row,
    whole_shares,
)
from motifloom.io import write_text

# What counts add up to at a position of a motif that was made without sites.
NOTIONAL_SITES = 1000
LABELLED = re.compile(r"([A-Za-z])\s*\[(.*)\]$")
LOG = logging.getLogger(__name__)


def read_jaspar(path):
    """Read a file in JASPAR format, plain or gzip.

    A motif is a line `>ID name` and a row of counts per letter: `A [ 3 0 12 ]`, or four rows of bare numbers
    in the order A, C, G, T. Counts may be broken.

    Returns
    -------
    dict of str to Motif
        By id, in the order of the file, with counts; `nsites` is the largest sum of a position, and a
        position without counts holds equal probabilities.

    Raises
    ------
    UserError
        Not a JASPAR file, no motif, an id twice, or rows that do not make a matrix, with the line.
    """
    lines = [line.strip() for line in read_lines(path)]
    heads = [at for at, line in enumerate(lines) if line.startswith(">")]
    found = {}
    for head, end in pairwise([*heads, len(lines)]):
        words = lines[head][1:].split(maxsplit=1)
        if not words:
            fail(path, head + 1, "> without the id of a motif")
        if not " ".join(words).isprintable():
            fail(
                path,
                head + 1,
                f"{lines[head]!r} {UNPRINTABLE}",
            )
        if words[0] in found:
            fail(path, head + 1, f"motif {words[0]} stands twice in the file; rename one")
        letters, counts = _read_matrix(path, lines, head + 1, end, words[0])
        total = counts.sum(axis=1, keepdims=True)
        equal = np.full_like(counts, 1 / len(letters))
        probabilities = np.divide(counts, total, out=equal, where=total > 0)
        name = words[1] if len(words) > 1 else ""
        found[words[0]] = Motif(words[0], name, probabilities, float(total.max()), letters, counts)
    if not found:
        raise UserError(f"{path}: no motif; give lines '>ID name', each with rows 'A [ 3 0 12 ]' below")
    return found


def _read_matrix(path, lines, first, end, identifier):
    """Return the letters and the counts (W, A) of the rows in lines first to end."""
    rows = {}
    for at in range(first, end):
        if not lines[at]:
            continue
        labelled = LABELLED.match(lines[at])
        letter, numbers = labelled.groups() if labelled else ("ACGT"[len(rows) : len(rows) + 1], lines[at])
        letter = letter.upper()
        try:
            values = read_row(numbers)
        except ValueError:
            values = np.array([-1.0])
        counts = len(values) and ((values >= 0) & (values <= LARGEST)).all()
        if not letter or letter in rows or not counts:
            fail(path, at + 1, f"motif {identifier}: not a row of counts of one letter")
        rows[letter] = values
    if len(rows) < 4 or len({len(values) for values in rows.values()}) != 1:
        fail(path, first, f"motif {identifier}: give a row of counts per letter, all of equal length")
    letters = "".join(sorted(rows))
    return letters, np.array([rows[letter] for letter in letters]).T


def write_jaspar(motifs, path):
    """Write a motif set in JASPAR format.

    Counts are those of the sites. Methods without sites have no counts: their probabilities are written in
    thousandths, which add up to 1000 at every position, so do not read evidence from that number. Filters
    without a site have no motif and are left out. White space in a name becomes _.

    Parameters
    ----------
    motifs : MotifSet
        The motifs.
    path : path
        Result.

    Returns
    -------
    list of str
        Names of the filters left out.
    """
    silent, text = set(motifs.silent), []
    for name in motifs:
        if name in silent:
            continue
        counts = motifs.counts[name]
        if motifs.n_sites is None:
            counts = whole_shares(motifs.probabilities(name), NOTIONAL_SITES)
        cells = [[f"{value:.10g}" for value in row] for row in np.asarray(counts).T]
        width = max((len(cell) for row in cells for cell in row), default=1)
        text.append(f">{one_word(name)}")
        for letter, row in zip(motifs.alphabet.letters, cells, strict=True):
            text.append(f"{letter} [ {' '.join(cell.rjust(width) for cell in row)} ]")
    if silent:
        LOG.info("%s: %d filters without sites are left out", path, len(silent))
    write_text("\n".join(text) + "\n" if text else "", path)
    return [name for name in motifs if name in silent]


def read_motifs(path):
    """Read motifs in MEME or JASPAR format, whichever the file holds; plain or gzip.

    Returns
    -------
    dict of str to Motif
        By id, in the order of the file.

    Raises
    ------
    UserError
        The file is neither, or wrong; see :func:`read_jaspar`, :func:`motifloom.filters.meme.read_meme`.
    """
    lines = read_lines(path)
    if any(line.startswith("MEME version") for line in lines):
        return read_meme(path)
    if any(line.lstrip().startswith(">") for line in lines):
        return read_jaspar(path)
    raise UserError(
        f"{path}: not a file of motifs; give the MEME format (with a line 'MEME version 4') or the JASPAR "
        "format (lines '>ID name')"
    )
