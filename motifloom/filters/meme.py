"""Motifs in the MEME motif format: reading what others write, writing what others read."""

import difflib
import logging
import re
from dataclasses import dataclass

import numpy as np

from motifloom.errors import UserError
from motifloom.files import fail, read_text
from motifloom.io import write_text

DIGITS = 6
# What the format takes for a number of sites that is not given.
DEFAULT_SITES = 20
# Rows of printed frequencies may miss 1 by the rounding of each letter.
ROW_TOLERANCE = 0.05
UNPRINTABLE = "holds a character that cannot be printed; write another name"
LARGEST = 1e15  # beyond every number of sites
NUMBER = r"\s*[-+]?\.?\d"
DECIMALS = re.compile(r"[-+.0-9eE\s]*")
LOG = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Motif:
    """A motif of a database.

    id, name: str, the two names of a MOTIF or > line (name is "" where there is one only); probabilities:
    float64 (W, A), rows sum to 1; nsites: float or None; alphabet: str, the letters of the columns;
    counts: float64 (W, A) as in the file, or None where it holds probabilities.
    """

    id: str
    name: str
    probabilities: np.ndarray
    nsites: float | None
    alphabet: str
    counts: np.ndarray | None = None


def read_meme(path):
    """Read a file in MEME format: minimal, or the text output of MEME, version 4 or later; plain or gzip.

    Matrices of log-odds are skipped. Rows are divided by their sum.

    Returns
    -------
    dict of str to Motif
        By id, in the order of the file.

    Raises
    ------
    UserError
        Not a MEME file, no motif, an id twice, or a matrix that is not complete, with the line.
    """
    return _Reader(path, read_lines(path)).motifs()


def read_lines(path):
    """Return the lines of a text file, plain or gzip; UserError where there is none."""
    return read_text(path, "motifs come in the MEME or the JASPAR format").decode().split("\n")


def read_row(text):
    """Return the numbers of a line of text, float64 (n,); ValueError where anything else is in it."""
    if not DECIMALS.fullmatch(text):
        raise ValueError(f"{text!r} holds something else than decimal numbers")
    return np.array(text.split(), float)


class _Reader:
    """One pass over the lines of a file."""

    def __init__(self, path, lines):
        self.path, self.lines, self.at, self.letters = path, lines, 0, None

    def fail(self, message, at=None):
        fail(self.path, (self.at if at is None else at) + 1, message)

    def motifs(self):
        if not any(line.startswith("MEME version") for line in self.lines):
            raise UserError(f"{self.path}: no line 'MEME version 4'; give motifs in the MEME motif format")
        found, names = {}, None
        while self.at < len(self.lines):
            line = self.lines[self.at].strip()
            self.at += 1
            if line.startswith("ALPHABET"):
                known, self.letters = self.letters, self.read_alphabet(line)
                if known not in (None, self.letters):
                    self.fail(f"a second alphabet, {self.letters}; give a file for each", self.at - 1)
                if len(set(self.letters)) < max(len(self.letters), 2):
                    self.fail(f"ALPHABET {self.letters!r} must name each letter once", self.at - 1)
            elif line.split()[:1] == ["MOTIF"]:
                names = self.read_names(line)
            elif line.startswith("letter-probability matrix"):
                if names is None:
                    self.fail("a matrix without a line 'MOTIF name' before it", self.at - 1)
                if names[0] in found:
                    self.fail(f"motif {names[0]} stands twice in the file; rename one", self.at - 1)
                found[names[0]] = self.read_matrix(line, *names)
                names = None
        if not found:
            raise UserError(f"{self.path}: no motif with a 'letter-probability matrix'")
        return found

    def read_alphabet(self, line):
        """Return the letters of `ALPHABET= ACGT`, or of lines of a letter each up to END ALPHABET."""
        if "=" in line:
            return "".join(line.split("=", 1)[1].split()).upper()
        letters, first = set(), self.at - 1
        while self.at < len(self.lines) and not self.lines[self.at].startswith("END ALPHABET"):
            # `A "Adenine" CC0000 ~ T "Thymine" 008000` holds two letters, `N "Any" = ACGT` none of its own.
            fields = re.sub(r'"[^"]*"', "", self.lines[self.at]).split()
            if fields and "=" not in fields:
                letters.add(fields[0])
                letters.update(fields[fields.index("~") + 1 :][:1] if "~" in fields else [])
            self.at += 1
        if self.at == len(self.lines):
            self.fail("ALPHABET without a line END ALPHABET below", first)
        self.at += 1
        return "".join(sorted(letters))

    def read_names(self, line):
        fields = line.split()[1:]
        if not fields:
            self.fail("MOTIF without a name", self.at - 1)
        if not " ".join(fields).isprintable():
            self.fail(f"{line!r} {UNPRINTABLE}", self.at - 1)
        # MEME's own output goes on with `width = 8 sites = ...`.
        name = fields[1] if len(fields) > 1 and fields[1] != "width" else ""
        return fields[0], name

    def read_matrix(self, line, identifier, name):
        values = dict(re.findall(r"(\w+)\s*=\s*(\S+)", line))
        header, rows, letters = self.at - 1, [], self.letters or "ACGT"
        try:
            width = int(values["w"]) if "w" in values else None
            nsites = float(values["nsites"]) if "nsites" in values else None
        except ValueError:
            self.fail(f"motif {identifier}: w= and nsites= must be numbers", header)
        if not 0 <= (nsites or 0) <= LARGEST:
            self.fail(f"motif {identifier}: nsites= {values['nsites']} is no number of sites", header)
        while self.at < len(self.lines) and re.match(NUMBER, self.lines[self.at]):
            rows.append(self.read_row(identifier, letters))
            self.at += 1
        if not rows or len(rows) != (len(rows) if width is None else width):
            expected = "at least 1" if width is None else width
            self.fail(
                f"motif {identifier}: {len(rows)} rows of letter probabilities, expected {expected}", header
            )
        matrix = np.array(rows)
        return Motif(identifier, name, matrix / matrix.sum(axis=1, keepdims=True), nsites, letters)

    def read_row(self, identifier, letters):
        try:
            row = read_row(self.lines[self.at])
        except ValueError:
            self.fail(f"motif {identifier}: not a row of numbers")
        if len(row) != len(letters):
            self.fail(f"motif {identifier}: {len(row)} numbers, but the alphabet is {letters}")
        if not (row.min() >= 0 and abs(row.sum() - 1) <= ROW_TOLERANCE):
            self.fail(f"motif {identifier}: letter probabilities must be at least 0 and sum to 1")
        return row


def write_meme(motifs, path):
    """Write a motif set in the MEME minimal format, as the MEME suite documents it; its Tomtom reads it.

    Each row sums to 1 exactly as printed. `nsites` is the true number of sites. What does not exist is
    written as the documented default, since the suite's programs take something else for a field left out
    (Tomtom's distance `allr` then finds nothing): `nsites= 20` for methods without sites, and `E= 0`. Filters
    without a site have no motif and are left out. White space in a name becomes _, as a space would end it.

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
    letters = motifs.alphabet.letters
    background = " ".join(
        f"{letter} {share}"
        for letter, share in zip(letters, _printed(motifs.background[None])[0], strict=True)
    )
    text = ["MEME version 4", "", f"ALPHABET= {letters}", ""]
    if motifs.alphabet.complement:
        text += ["strands: + -" if motifs.alphabet.name == "dna" else "strands: +", ""]
    text += ["Background letter frequencies", background, ""]
    silent = set(motifs.silent)
    sites = [DEFAULT_SITES] * len(motifs) if motifs.n_sites is None else motifs.n_sites
    for name, count in zip(motifs, sites, strict=True):
        if name not in silent:
            rows = _printed(motifs.probabilities(name))
            text.append(f"MOTIF {one_word(name)}")
            text.append(
                f"letter-probability matrix: alength= {len(letters)} w= {len(rows)} nsites= {count} E= 0"
            )
            text += [" ".join(row) for row in rows] + [""]
    if silent:
        LOG.info("%s: %d filters without sites are left out", path, len(silent))
    write_text("\n".join(text) + "\n", path)
    return [name for name in motifs if name in silent]


def one_word(name):
    """Return a name as one word, as formats need it that end names at a space."""
    return "_".join(name.split())


def whole_shares(probabilities, total):
    """Return int (W, A) shares of `total`, each row's sum: the largest remainders are rounded up."""
    scaled = np.asarray(probabilities) * total
    floor = np.floor(scaled).astype(int)
    missing = total - floor.sum(axis=1)
    rank = np.argsort(np.argsort(floor - scaled, axis=1, kind="stable"), axis=1)
    return floor + (rank < missing[:, None])


def _printed(probabilities):
    """Return rows of decimal numbers that sum to 1 as they stand."""
    rows = whole_shares(probabilities, 10**DIGITS)
    return [[f"{value / 10**DIGITS:.{DIGITS}f}" for value in row] for row in rows]


def select_motifs(motifs, names, path):
    """Return the motifs of the given names, in their order.

    Parameters
    ----------
    motifs : dict of str to Motif
        From :func:`read_meme` or :func:`motifloom.filters.jaspar.read_motifs`.
    names : list of str
    path : path
        The file, for the message.

    Raises
    ------
    UserError
        If there is no motif of a name, or more than one.
    """
    found = []
    for name in names:
        of_name = [motif for motif in motifs.values() if motif.name == name]
        if len(of_name) > 1:
            raise UserError(f"{path}: {len(of_name)} motifs are named {name!r}; rename all but one")
        if not of_name:
            known = [motif.name for motif in motifs.values()]
            near = difflib.get_close_matches(name, known, 1)
            more = ", ..." if len(known) > 5 else ""
            hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(known[:5])}{more}"
            raise UserError(f"{path}: no motif is named {name!r}; {hint}")
        found += of_name
    return found
