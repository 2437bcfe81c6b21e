"""Genomic intervals from BED, narrowPeak, GFF and GTF files, and the names of their chromosomes."""

import io
import logging
import re

import numpy as np
import pandas as pd

from motifloom.errors import UserError
from motifloom.files import fail, read_text

log = logging.getLogger(__name__)

TAB, NEWLINE, ZERO = b"\t\n0"
MAX_DIGITS = 18  # what int64 holds
DECORATION = np.isin(np.arange(256), list(b"#tb \t\n"))
FORMATS = "intervals come as BED, narrowPeak, GFF or GTF"
HEADER_NAMES = ("chr", "seqname", "seqnames")
BED_COLUMNS = {"name": 4, "score": 5, "strand": 6}
GFF_COLUMNS = {"score": 6, "strand": 7}
GFF_NAME = r'(?:^|;)\s*(?:ID|Name|gene_id)[= ]\s*"?([^";]+)'
MITOCHONDRIA = ("M", "MT", "Mito", "MtDNA")
ROMAN = {
    tens + units: str(10 * i + j)
    for i, tens in enumerate(["", "X", "XX", "XXX"])
    for j, units in enumerate(["", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"])
    if i + j
}


def read_intervals(path, *, chromosome_names=None):
    """Read a BED (3 to 12 columns or more), narrowPeak, GFF or GTF file, plain or gzip.

    `track`, `browser`, comment and blank lines are passed over, as is a line of column names that starts
    with `chrom`. GFF and GTF are known by their suffix. A file is narrowPeak by its suffix, or when it has
    10 columns of which the 6th holds strands and the last four hold numbers. The columns `name`, `score`
    and `strand` are found by the column names where there are any, otherwise by their place in BED.

    Parameters
    ----------
    path : str or Path
        The file.
    chromosome_names : {"ucsc", "ensembl"}, dict of str to str, or None
        How to rename the chromosomes: add `chr` (MT becomes chrM), remove it (chrM becomes MT), or
        {name in the file: name in the genome}.

    Returns
    -------
    pandas.DataFrame
        One row per interval in the order of the file: chrom (str); start, end (int64, 0-based
        half-open); name (str, "" where there is none); score (float64, NaN where there is none); strand
        ("+", "-" or "."); summit (int64, 0-based position on the chromosome, -1 where there is none);
        line (int64, 1-based line of the file); then column_1, column_2, ...: the text of every column.
        ``attrs["header"]`` is the list of column names, or None.

    Raises
    ------
    UserError
        If the file cannot be read, is empty, is no text, holds no intervals, or a line is malformed; the
        message names the line.
    """
    content, line, header = _data_lines(read_text(path, FORMATS), path)
    edges = _field_edges(content, line, path)
    n_columns = edges.shape[1] - 1
    header = header if header and len(header) == n_columns else None
    gff = bool(re.search(r"\.(gff3?|gtf)(\.b?gz)?$", str(path), re.IGNORECASE))
    start, end = _coordinates(content, edges, line, path, gff)
    text = _text_columns(content, n_columns)
    codes, names = pd.factorize(text["column_1"])
    renamed = pd.Series([rename_chromosome(name, chromosome_names) for name in names], dtype=str)
    frame = pd.DataFrame({"chrom": renamed.take(codes).to_numpy(), "start": start, "end": end})
    roles = GFF_COLUMNS if gff else _roles(header, n_columns)
    frame["name"] = _gff_names(text) if gff else text.get(f"column_{roles.get('name')}", "")
    score = text.get(f"column_{roles.get('score')}")
    frame["score"] = np.nan if score is None else pd.to_numeric(score, errors="coerce").astype(float)
    frame["strand"] = _strands(text.get(f"column_{roles.get('strand')}"), line, path)
    frame["summit"] = -1 if gff else _summits(text, start, frame["end"].to_numpy(), header, line, path)
    frame["line"] = line
    frame = pd.concat([frame, text], axis=1)
    frame.attrs["header"] = header
    return frame


def rename_chromosome(name, style):
    """Return the chromosome `name` (str) in `style`: "ucsc", "ensembl", a dict of renamings, or None."""
    if style is None:
        return name
    if style == "ucsc":
        if name in MITOCHONDRIA:
            return "chrM"
        return name if name.startswith("chr") else f"chr{name}"
    if style == "ensembl":
        return "MT" if name == "chrM" else name.removeprefix("chr")
    if not isinstance(style, dict):
        raise UserError(f"chromosome_names: {style!r} is not known; write ucsc, ensembl or {{old: new}}")
    return style.get(name, name)


def check_chromosomes(frame, sizes, path, genome_path):
    """Tell which intervals lie on a chromosome of the genome.

    Parameters
    ----------
    frame : pandas.DataFrame
        Intervals with a column `chrom`.
    sizes : dict of str to int
        Length of each chromosome of the genome.
    path, genome_path : str or Path
        The two files, for messages.

    Returns
    -------
    numpy.ndarray
        bool (n,): whether the chromosome of each interval is in the genome.

    Raises
    ------
    UserError
        If no chromosome of the intervals is in the genome; the message shows both ways of naming and the
        setting that makes them match.
    """
    names = list(dict.fromkeys(frame["chrom"]))
    found = sum(name in sizes for name in names)
    known = frame["chrom"].isin(list(sizes)).to_numpy(bool)
    if found == len(names):
        return known
    matched, setting = _matching_names(names, list(sizes))
    if matched > found:
        advice = f"add chromosome_names: {setting} to this source"
    else:
        advice = "check that it is the right genome, or add chromosome_names: {name here: name in the genome}"
    rest = f"in {genome_path} (file: {_some(names)}; genome: {_some(sizes)}); {advice}"
    if not found:
        raise UserError(f"{path}: no chromosome name is {rest}")
    if matched > found:
        log.warning("%s: only %d of %d chromosome names are %s", path, found, len(names), rest)
    return known


def _matching_names(names, genome):
    """Return (number of names matched, value of chromosome_names) of the best renaming."""
    styles = [(sum(rename_chromosome(name, s) in genome for name in names), s) for s in ("ucsc", "ensembl")]
    mappings = []
    for of_file, of_genome in [(_bare, _bare), (_bare, _arabic), (_arabic, _bare)]:
        lookup = {of_genome(name): name for name in reversed(genome)}
        mapping = {name: lookup[of_file(name)] for name in names if of_file(name) in lookup}
        mappings.append((len(mapping), mapping))
    style, mapping = max(styles, key=lambda s: s[0]), max(mappings, key=lambda m: m[0])
    if 2 * style[0] >= mapping[0]:  # a word is easier to write than a long list
        return style
    changed = [f"{_quoted(old)}: {_quoted(new)}" for old, new in mapping[1].items() if old != new]
    return mapping[0], "{" + _some(changed) + "}"


def _bare(name):
    """Return a chromosome name without prefix, leading zeros and case: Chr01 and 1 are the same."""
    bare = re.sub(r"^chr(omosome)?[_-]?", "", name, flags=re.IGNORECASE).lstrip("0") or name
    return "m" if bare.lower() in [m.lower() for m in MITOCHONDRIA] else bare.lower()


def _arabic(name):
    """Return :func:`_bare` with a Roman number in Arabic figures."""
    bare = _bare(name)
    return ROMAN.get(bare.upper(), bare)


def _quoted(name):
    return f'"{name}"' if name.isdigit() else name  # or YAML would read a number


def _some(names, limit=3):
    names = list(names)
    return ", ".join([str(name) for name in names[:limit]] + ["..."] * (len(names) > limit))


def _data_lines(content, path):
    """Return the lines that hold intervals (bytes), their numbers (int64, from 1), column names or None."""
    if content.lstrip().startswith(b">"):
        fail(path, 1, "this is a FASTA file, not intervals; give it with the key fasta")
    text = np.frombuffer(content, np.uint8)
    ends = np.flatnonzero(text == NEWLINE) + 1
    starts = np.concatenate([[0], ends[:-1]])
    keep = np.ones(len(starts), bool)
    header = None
    for i in np.flatnonzero(DECORATION[text[starts]]):
        words = content[starts[i] : ends[i]].split(None, 1)
        if words and words[0] == b"##FASTA":  # the sequences at the end of a GFF3 file
            keep[i:] = False
            break
        keep[i] = bool(words) and not words[0].startswith(b"#") and words[0] not in (b"track", b"browser")
        if not keep[i] and words and not keep[:i].any():
            header = _column_names(content[starts[i] : ends[i]]) or header
    rows = np.flatnonzero(keep)
    if rows.size:
        first = _column_names(content[starts[rows[0]] : ends[rows[0]]])
        header, rows = (first, rows[1:]) if first else (header, rows)
    if not rows.size:
        raise UserError(f"{path}: no intervals in this file, only header or comment lines")
    breaks = np.flatnonzero(np.diff(rows) > 1)
    runs = zip(rows[np.r_[0, breaks + 1]], rows[np.r_[breaks, -1]], strict=True)
    return b"".join([content[starts[a] : ends[b]] for a, b in runs]), rows + 1, header


def _column_names(line):
    """Return the column names of a header line (bytes), or None where it is an interval or a comment."""
    names = [name.strip() for name in line.decode().strip("#\n ").split("\t")]
    first = names[0].lower()
    if len(names) < 3 or not (first.startswith("chrom") or first in HEADER_NAMES) or names[1].isdigit():
        return None
    return names


def _field_edges(content, line, path):
    """Return the positions in `content` of the separators around the fields, int64 (n, columns + 1)."""
    text = np.frombuffer(content, np.uint8)
    ends, tabs = np.flatnonzero(text == NEWLINE), np.flatnonzero(text == TAB)
    counts = np.diff(np.searchsorted(tabs, ends), prepend=0) + 1
    wrong = np.flatnonzero((counts < 3) | (counts != counts[0]))
    if wrong.size:
        i = wrong[0]
        words = content[ends[i - 1] + 1 if i else 0 : ends[i]].split()
        if counts[i] >= 3:
            fail(path, line[i], f"{counts[i]} columns, but line {line[0]} has {counts[0]}")
        if len(words) >= 3:
            fail(path, line[i], "columns are separated by spaces; use tabs")
        fail(
            path,
            line[i],
            f"{counts[i]} columns; intervals have chrom, start and end, split by tabs",
        )
    before = np.r_[-1, ends[:-1]]
    return np.column_stack([before, tabs.reshape(len(ends), counts[0] - 1), ends])


def _coordinates(content, edges, line, path, gff):
    """Return start and end, int64 (n,), 0-based half-open."""
    columns = (3, 4) if gff else (1, 2)
    if edges.shape[1] - 1 <= columns[1]:
        fail(path, line[0], f"{edges.shape[1] - 1} columns; GFF and GTF have 9")
    text = np.frombuffer(content, np.uint8)
    (start, good_start), (end, good_end) = (
        _integers(text, edges[:, c] + 1, edges[:, c + 1]) for c in columns
    )
    start = start - gff  # GFF counts from 1 and includes the end
    unnamed = edges[:, 1] - edges[:, 0] == 1
    wrong = np.flatnonzero(~good_start | ~good_end | (start < 0) | (end <= start) | unnamed)
    if not wrong.size:
        return start, end
    i = wrong[0]
    fields = content[edges[i, 0] + 1 : edges[i, -1]].decode().split("\t")
    for what, column, good in zip(("start", "end"), columns, (good_start, good_end), strict=True):
        if re.fullmatch(r"-\d+", fields[column]):
            fail(path, line[i], f"{what} is negative ({fields[column]})")
        if not good[i]:
            hint = "; a GFF or GTF file must be named .gff, .gff3 or .gtf" if _like_gff(fields) else ""
            fail(path, line[i], f"{what} is {fields[column]!r}, not a whole number{hint}")
    if unnamed[i]:
        fail(path, line[i], "the name of the chromosome is missing")
    if start[i] < 0:
        fail(path, line[i], "start is 0, but GFF and GTF count from 1")
    low, high = fields[columns[0]], fields[columns[1]]
    return fail(path, line[i], f"end {high} is not after start {low}; an interval has at least one base")


def _like_gff(fields):
    return len(fields) >= 8 and fields[3].isdigit() and fields[4].isdigit()


def _integers(text, left, right):
    """Return the values, int64 (n,), of fields of ASCII digits, and bool (n,) whether each is one."""
    width = right - left
    good = (width > 0) & (width <= MAX_DIGITS)
    value = np.zeros(len(left), np.int64)
    for i in range(min(width.max(), MAX_DIGITS)):
        inside = width > i
        digit = text[np.minimum(left + i, len(text) - 1)] - np.uint8(ZERO)
        good &= ~inside | (digit <= 9)
        value = np.where(inside, 10 * value + digit, value)
    return value, good


def _text_columns(content, n_columns):
    """Return every column as text, named column_1, column_2, ..."""
    return pd.read_csv(
        io.BytesIO(content),
        sep="\t",
        header=None,
        names=[f"column_{i + 1}" for i in range(n_columns)],
        index_col=False,
        dtype=str,
        na_filter=False,
        quoting=3,
        lineterminator="\n",
    )


def _roles(header, n_columns):
    """Return which column (from 1) holds name, score and strand."""
    if header:
        lower = [name.lower() for name in header]
        return {role: lower.index(role) + 1 for role in BED_COLUMNS if role in lower}
    return {role: column for role, column in BED_COLUMNS.items() if column <= n_columns}


def _gff_names(text):
    if "column_9" not in text:
        return ""
    return text["column_9"].str.extract(GFF_NAME, expand=False).fillna("")


def _strands(column, line, path):
    """Return the strands; a column without any + or - holds something else, so there is no strand."""
    if column is None:
        return "."
    signs, known = column.isin(["+", "-"]), column.isin(["+", "-", ".", "", "?"])
    if signs.any() and not known.all():
        i = int(np.argmin(known.to_numpy()))
        fail(path, line[i], f"strand is {column.iloc[i]!r}; write +, - or .")
    return column.where(signs, ".")


def _summits(text, start, end, header, line, path):
    """Return the positions of the summits, int64 (n,), by the offsets in column 10 of a narrowPeak file."""
    named = bool(re.search(r"\.narrowpeak(\.b?gz)?$", str(path), re.IGNORECASE))
    if named and text.shape[1] < 10:
        fail(path, line[0], f"{text.shape[1]} columns; narrowPeak has 10")
    if not named and (text.shape[1] != 10 or (header and header[-1].lower() != "peak")):
        return -1
    offset = pd.to_numeric(text["column_10"], errors="coerce").to_numpy(float)
    good = (offset >= -1) & (offset == np.floor(offset))
    if not named:
        numbers = [pd.to_numeric(text[f"column_{i}"], errors="coerce").notna().all() for i in (7, 8, 9)]
        if not (all(numbers) and good.all() and text["column_6"].isin(["+", "-", "."]).all()):
            return -1
    if not good.all():
        i = int(np.argmin(good))
        message = f"column 10 (summit) is {text['column_10'].iloc[i]!r}; write its distance from start, or -1"
        fail(path, line[i], message)
    outside = offset >= end - start
    if outside.any():
        i = int(np.argmax(outside))
        message = f"the summit is {offset[i]:.0f} bp after the start of a peak of {end[i] - start[i]} bp"
        fail(path, line[i], f"{message}; write a distance inside the peak, or -1")
    return np.where(offset >= 0, start + offset, -1).astype(np.int64)
