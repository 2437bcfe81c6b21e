"""The sources of a dataset, and the sequences and tables in their files."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from motifloom.errors import UserError, suggest
from motifloom.files import fail, read_text
from motifloom.genome.fasta import check_letters, read_fasta

BLOCK = 8192  # examples in memory at a time ...
BLOCK_BYTES = 1 << 26  # ... unless they are long
LOCATION = ("chrom", "start", "end")
UNCLOSED = "a quotation mark opens a field and none closes it on the line; double it, or leave it out"
HEADERS = {"chrom": ("chrom", "#chrom", "chr", "#chr", "chromosome"), "end": ("end", "stop")}


@dataclass(frozen=True)
class Input:
    """A source of a dataset: its unique name, key path, config block and genome ("" without one)."""

    name: str
    key: str
    config: Any
    genome: str


def list_inputs(dataset):
    """Return the sources of a dataset as a list of `Input`, their names made unique by _2, _3, ..."""
    inputs, taken = [], set()
    for number, source in enumerate(dataset.sources):
        base = source.name or source.negatives or _stem(source.file)
        name, repeat = base, 1
        while name in taken:
            repeat += 1
            name = f"{base}_{repeat}"
        taken.add(name)
        inputs.append(Input(name, f"sources[{number}]", source, source.genome or dataset.genome or ""))
    return inputs


def fit_windows(sequences, length, unknown):
    """Cut or pad sequences around their midpoints.

    Parameters
    ----------
    sequences : list of ndarray, uint8 (L_i,)
        Tokens.
    length : int
        Length of the windows.
    unknown : int
        Token for padding.

    Returns
    -------
    ndarray, uint8 (n, length)
        Window i starts at :func:`window_offset` (L_i, length) of sequence i.
    """
    sizes = np.fromiter(map(len, sequences), np.int64, len(sequences))
    windows = np.full((len(sequences), length), unknown, np.uint8)
    for size in np.unique(sizes):
        rows = np.flatnonzero(sizes == size)
        block = np.concatenate([sequences[row] for row in rows]).reshape(len(rows), size)
        offset = window_offset(size, length)
        inner = slice(max(-offset, 0), max(-offset, 0) + min(size, length))
        windows[rows, inner] = block[:, max(offset, 0) : max(offset, 0) + length]
    return windows


def block_rows(length):
    """Return how many windows of a length are to be in memory at a time."""
    return max(1, min(BLOCK, BLOCK_BYTES // length))


def window_offset(size, length):
    """Return where a window begins in a sequence of `size` (int or array); negative where it is padded."""
    return size // 2 - length // 2


def composition(tokens, alphabet):
    """Return the GC fraction of the known bases and the fraction of unknown ones, float64 (n,) each.

    GC is NaN for alphabets other than of nucleotides, and where no base is known.
    """
    length = tokens.shape[1]
    unknown = np.count_nonzero(tokens == alphabet.unknown, axis=1)
    if alphabet.letters[1:3] != "CG":
        return np.full(len(tokens), np.nan), unknown / length
    # C and G are tokens 1 and 2: less one they are 0 and 1, and A wraps round to 255.
    strong = np.count_nonzero(tokens - np.uint8(1) < 2, axis=1)
    with np.errstate(invalid="ignore"):
        return strong / (length - unknown), unknown / length


def sequence_blocks(source, alphabet, table=None, rows=BLOCK):
    """Read the sequences of a FASTA file or table block by block.

    Parameters
    ----------
    source : motifloom.config.data.Source
    alphabet : Alphabet
    table : DataFrame, optional
        The source's table where it has been read already.
    rows : int
        Sequences per block; fewer where they are long.

    Yields
    ------
    records : ndarray, int64 (n,)
        Line numbers of a table, record numbers of a FASTA file, from 1.
    headers : list of str
        FASTA headers without `>`; empty texts for a table.
    sequences : list of ndarray, uint8
        Tokens.
    """
    if source.fasta:
        reader = read_fasta(source.fasta, alphabet, repeated=source.repeated_ids == "number")
        for block in _portions(reader, rows):
            records, headers, sequences = zip(*block, strict=True)
            yield np.array(records), list(headers), list(sequences)
        return
    table = read_delimited(source.table) if table is None else table
    column = table[sequence_column(table, source)].str.strip()
    for begin in range(0, len(table), rows):
        block = column.iloc[begin : begin + rows]
        for line, text in block.items():
            if not text:
                fail(source.table, line, "the sequence is empty")
            check_letters(text.encode(), alphabet, source.table, line)
        yield block.index.to_numpy(), [""] * len(block), [alphabet.encode(text) for text in block]


def _portions(records, rows):
    """Yield lists of at most so many records, or of as many as `BLOCK_BYTES` hold."""
    block, size = [], 0
    for record in records:
        block.append(record)
        size += len(record[-1])
        if len(block) == rows or size >= BLOCK_BYTES:
            yield block
            block, size = [], 0
    if block:
        yield block


def has_sequences(source):
    """Whether the file of a source holds the sequences themselves, rather than places on a genome."""
    if source.table:
        return sequence_column(read_delimited(source.table), source) is not None
    return source.fasta is not None


def sequence_column(table, source):
    """Return the name of the column of a table that holds sequences, or None for a table of intervals."""
    if source.sequence:
        if source.sequence not in table:
            raise UserError(no_column(source.table, source.sequence, list(table.columns), "sequence"))
        return source.sequence
    located = all(find_header(table, role) for role in LOCATION)
    return None if located or "sequence" not in table else "sequence"


def read_delimited(path, lines=None):
    """Read a TSV or CSV file with a header line, plain or gzip.

    Parameters
    ----------
    path : str
        The file.
    lines : int, optional
        Read no more than its first lines.

    Returns
    -------
    DataFrame of str
        The columns of the file; its index holds the line numbers, from 1. Fields missing at the end of a
        line are empty.

    Raises
    ------
    UserError
        If the file cannot be read, is empty, is no text, or a line has more columns than the header or a
        quotation mark that is not closed.
    """
    content = read_text(path, "a table is TSV or CSV with a header line", lines)
    if content[:1] == b">":
        fail(path, 1, "this is a FASTA file, not a table; give it with the key fasta")
    if content[:1] == b"\n":
        fail(path, 1, "the line is blank; the names of the columns go there")
    separator = "\t" if b"\t" in content[: content.index(b"\n")] else ","
    options = {"sep": separator, "header": None, "dtype": str, "keep_default_na": False}
    try:
        table = pd.read_csv(io.BytesIO(content), skip_blank_lines=False, low_memory=False, **options)
    except pd.errors.ParserError as error:
        reason = str(error).removeprefix("Error tokenizing data. C error: ").strip()
        if reason.startswith("EOF inside string starting at row "):
            fail(path, int(reason.split()[-1]) + 1, UNCLOSED)
        raise UserError(f"{path}: the lines do not have equally many columns ({reason})") from None
    table.index += 1
    if len(table) < content.count(b"\n"):
        over = (row for row, *fields in table.itertuples() if any("\n" in field for field in fields))
        fail(path, next(over), UNCLOSED)
    table.columns = table.iloc[0].str.strip()
    table.columns.name = None
    if table.columns.duplicated().any():
        twice = table.columns[table.columns.duplicated()][0]
        raise UserError(f"{path}, line 1: there are two columns {twice!r}; rename one")
    keep = (table.iloc[:, 0] != "").to_numpy(bool, copy=True)
    keep[~keep] = (table[~keep] != "").any(axis=1)
    keep[0] = False
    if not keep.any():
        raise UserError(f"{path}: the table has a header line and no rows")
    return table[keep]


def _stem(path):
    name = Path(path).name.removesuffix(".gz").removesuffix(".bgz")
    return Path(name).stem


def find_header(table, role):
    """Return the column of a table that plays a role (chrom, start, end, strand, name, id), or None."""
    return next((c for c in table.columns if c.lower() in HEADERS.get(role, (role,))), None)


def no_column(path, column, known, key):
    """Return the message for a column (name or number) that is not among the `known` names."""
    hint = suggest(column, known) or f"; it has {len(known)}: {', '.join(known[:30])}"
    return f"{path}: {key}: there is no column {column!r}{hint}"
