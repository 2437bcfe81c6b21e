"""Genomes and FASTA files as tokens: an index of our own, whole chromosomes, windows, records."""

import contextlib
import re
import struct
import zlib
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from motifloom.data.encode import DNA
from motifloom.errors import UserError
from motifloom.genome.files import compression, open_binary
from motifloom.io import atomic_path, write_bytes, write_text

BLOCK = 1 << 24  # bytes read at a time while indexing
PIECE = 1 << 20  # bytes read at a time from a chromosome: small enough to stay in the cache
NEWLINE, RETURN, RECORD = b"\n\r>"
LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz*-.\r\n"
LETTER = np.isin(np.arange(256), list(LETTERS))
AMBIGUOUS = {"protein": "BJOUXZ*-."}  # letters of a sequence that are unknown tokens
AMBIGUOUS_BASES = "RYSWKMBDHVNX-."
COORDINATES = re.compile(r"(?:.*::)?(\S+):(\d+)-(\d+)(?:\(([+.-])\)|:([+.-]))?")


@dataclass
class _Record:
    """A line of a .fai file as it grows: letters in all, and letters and bytes of a full line."""

    name: str
    line: int
    offset: int
    length: int = 0
    letters: int = 0
    width: int = 0
    closed: bool = False


def index_genome(fasta, index_dir):
    """Index a genome, so that :class:`Genome` can open it; nothing is written beside the genome.

    Parameters
    ----------
    fasta : str or Path
        FASTA file, plain, gzip or bgzip.
    index_dir : str or Path
        A folder for this genome alone. It gets ``genome.fai`` (the format of samtools faidx), written
        last; for bgzip also ``genome.gzi``; for ordinary gzip, which cannot be read at random, also
        ``genome.fa``, the unpacked genome.

    Returns
    -------
    Path
        The path of ``genome.fai``.

    Raises
    ------
    UserError
        If the file cannot be read, is no FASTA file, or has a sequence name twice, an empty record, or
        a record whose lines differ in length; the message names the line.
    """
    index_dir = Path(index_dir)
    packed = compression(fasta)
    with contextlib.ExitStack() as stack:
        copy = None
        if packed == "gzip":
            temporary = stack.enter_context(atomic_path(index_dir / "genome.fa"))
            copy = stack.enter_context(open(temporary, "wb"))
        stream = stack.enter_context(open_binary(fasta))
        records = _index_stream(stream, fasta, copy)
    if packed == "bgzip":
        blocks = _bgzip_blocks(fasta)
        write_bytes(struct.pack("<Q", len(blocks)) + blocks.astype("<u8").tobytes(), index_dir / "genome.gzi")
    rows = [f"{r.name}\t{r.length}\t{r.offset}\t{r.letters}\t{r.width}\n" for r in records]
    write_text("".join(rows), index_dir / "genome.fai")
    return index_dir / "genome.fai"


class Genome:
    """The sequences of a genome as tokens; indexes the genome first where that was not done.

    Parameters
    ----------
    fasta : str or Path
        FASTA file, plain, gzip or bgzip.
    index_dir : str or Path
        The folder given to :func:`index_genome`.
    alphabet : Alphabet
        The alphabet of the tokens.

    Attributes
    ----------
    sizes : dict of str to int
        Length of each sequence, in the order of the file.

    Notes
    -----
    The chromosome used last stays in memory (one byte a base), so ask chromosome by chromosome. An
    object is for one process and one thread.
    """

    def __init__(self, fasta, index_dir, alphabet=DNA):
        index_dir = Path(index_dir)
        self.path, self.index_dir, self.alphabet = fasta, index_dir, alphabet
        packed = compression(fasta)
        parts = {"gzip": ["genome.fa"], "bgzip": ["genome.gzi"]}.get(packed, [])
        if not all((index_dir / part).exists() for part in [*parts, "genome.fai"]):
            index_genome(fasta, index_dir)
        self._index = {}
        for row in (index_dir / "genome.fai").read_text().splitlines():
            name, *numbers = row.split("\t")
            self._index[name] = [int(number) for number in numbers]
        self.sizes = {name: numbers[0] for name, numbers in self._index.items()}
        self._blocks = None
        if packed == "bgzip":
            pairs = np.frombuffer((index_dir / "genome.gzi").read_bytes()[8:], "<u8").reshape(-1, 2)
            self._blocks = np.vstack([np.zeros((1, 2), np.int64), pairs.astype(np.int64)])
        self._file = open(index_dir / "genome.fa" if packed == "gzip" else fasta, "rb")
        self._table = alphabet.encode(bytes(range(256))).tobytes()
        self._cached = None, None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        """Close the file and forget the chromosome in memory."""
        self._file.close()
        self._cached = None, None

    def tokens(self, chrom):
        """Return the tokens of a whole chromosome, uint8 (length,), read-only.

        Raises
        ------
        UserError
            If there is no such chromosome, or the genome is not the one that was indexed.
        """
        if self._cached[0] == chrom:
            return self._cached[1]
        if chrom not in self._index:
            names = ", ".join([*self.sizes][:3])
            raise UserError(f"{self.path}: there is no sequence named {chrom} (there are {names}, ...)")
        self._cached = None, None
        length, offset, letters, width = self._index[chrom]
        tokens, filled = np.empty(length, np.uint8), 0
        try:
            same = self._is_record(chrom, offset)
            for piece in self._pieces(offset, length + (length - 1) // letters * (width - letters)):
                found = np.frombuffer(piece.translate(self._table, b"\r\n"), np.uint8)
                tokens[filled : filled + len(found)] = found
                filled += len(found)
        except (ValueError, zlib.error):
            same = False
        if not same or filled != length:
            raise UserError(
                f"{self.path}: the file has changed since it was indexed; remove {self.index_dir}"
            )
        tokens.flags.writeable = False
        self._cached = chrom, tokens
        return tokens

    def fetch_windows(self, chrom, starts, length):
        """Return the tokens of windows of one length on a chromosome.

        Parameters
        ----------
        chrom : str
            Name of the chromosome.
        starts : array of int, (n,)
            0-based starts; a window may reach over either end of the chromosome, or lie outside it.
        length : int
            Length of each window in bases, at least 1.

        Returns
        -------
        numpy.ndarray
            uint8 (n, length); what lies outside the chromosome is `alphabet.unknown`.
        """
        tokens = self.tokens(chrom)
        starts = np.asarray(starts, np.int64)
        inside = (starts >= 0) & (starts <= len(tokens) - length)
        if inside.all() and len(starts):
            return np.lib.stride_tricks.sliding_window_view(tokens, length)[starts]
        windows = np.full((len(starts), length), self.alphabet.unknown, np.uint8)
        if inside.any():
            windows[inside] = np.lib.stride_tricks.sliding_window_view(tokens, length)[starts[inside]]
        for i in np.flatnonzero(~inside):
            low, high = max(starts[i], 0), min(starts[i] + length, len(tokens))
            if low < high:
                windows[i, low - starts[i] : high - starts[i]] = tokens[low:high]
        return windows

    def _is_record(self, chrom, offset):
        """Tell whether the line before `offset` is the header of `chrom` (a genome edited later differs)."""
        back = min(offset, 4096)
        before = b"".join(self._pieces(offset - back, back))
        header = before[:-1].rpartition(b"\n")[2]
        if len(header) + 1 == back < offset:  # a header longer than what was read
            return before.endswith(b"\n")
        return before.endswith(b"\n") and header[:1] == b">" and header[1:].split()[:1] == [chrom.encode()]

    def _pieces(self, offset, size):
        """Yield the unpacked bytes from `offset`, `size` in all, in pieces."""
        if self._blocks is None:
            self._file.seek(offset)
            while size > 0 and (piece := self._file.read(min(PIECE, size))):
                yield piece
                size -= len(piece)
            return
        block = np.searchsorted(self._blocks[:, 1], offset, side="right") - 1
        self._file.seek(self._blocks[block, 0])
        skip = int(offset - self._blocks[block, 1])
        while size > 0 and (head := self._file.read(18)):
            (packed,) = struct.unpack("<H", head[16:18])
            piece = zlib.decompress(self._file.read(packed - 17), wbits=-15)[skip : skip + size]
            yield piece
            size, skip = size - len(piece), 0


def read_fasta(path, alphabet):
    """Read the records of a FASTA file one by one, plain or gzip.

    Parameters
    ----------
    path : str or Path
        The file.
    alphabet : Alphabet
        The alphabet of the sequences; ambiguity codes and gaps become unknown tokens.

    Yields
    ------
    number : int
        1-based number of the record.
    header : str
        The header without ">"; its first word is the id of the record.
    tokens : numpy.ndarray
        uint8 (length,).

    Raises
    ------
    UserError
        If the file cannot be read or is no FASTA file of this alphabet, or has an empty record or an id
        twice; the message names the line.
    """
    ambiguous = AMBIGUOUS.get(alphabet.name, AMBIGUOUS_BASES)
    known = alphabet.encode(bytes(range(256))) != alphabet.unknown
    allowed = bytes(np.flatnonzero(known).tolist()) + (ambiguous + ambiguous.lower()).encode()
    seen = {}
    for number, (line, header, lines) in enumerate(_records(path), 1):
        _check_name(path, line, header, seen)
        sequence = b"".join(lines)
        if not sequence:
            _fail(path, line, f"record {header.split()[0]} has no sequence")
        if sequence.translate(None, allowed):
            i, wrong = next((i, t[:1]) for i, s in enumerate(lines, 1) if (t := s.translate(None, allowed)))
            what = f"{wrong.decode(errors='replace')!r} is not a letter of the alphabet {alphabet.name}"
            _fail(path, line + i, f"{what}; this does not look like a FASTA file of {alphabet.name}")
        yield number, header, alphabet.encode(sequence)


def parse_coordinates(header):
    """Return (chrom, start, end, strand) of a FASTA header such as ``chr1:100-200(-)``, or None.

    Read are ``chrom:start-end`` with or without ``(+)`` or ``:+`` behind it, as bedtools getfasta writes
    them (also after ``name::``), from the first word of the header. start and end (int) are taken as
    written, 0-based half-open; strand is "." where none is written.
    """
    match = COORDINATES.fullmatch((header.split() or [""])[0])
    if not match or int(match[2]) >= int(match[3]):
        return None
    return match[1], int(match[2]), int(match[3]), match[4] or match[5] or "."


def _fail(path, line, message):
    raise UserError(f"{path}, line {line}: {message}")


def _fail_no_fasta(path, line, text):
    """Raise the error for `text` (bytes) where the first ">" was expected."""
    if re.match(rb"[^\t]+\t\d+\t\d+", text):
        _fail(path, line, "these are intervals, not FASTA; give them with the key intervals")
    if b"\0" in text or b"\xef\xbf\xbd" in text.decode(errors="replace").encode():
        _fail(path, line, "this is not a text file, so no FASTA file")
    _fail(path, line, "text before the first '>'; this does not look like a FASTA file")


def _check_name(path, line, header, seen):
    """Return the id of a record and note in `seen` (dict of id to line) where it was."""
    name = (header.split() or [""])[0]
    if not name or header[:1].isspace():
        _fail(path, line, "a record without a name; write it right behind '>'")
    if name in seen:
        _fail(path, line, f"the name {name} is taken by the record in line {seen[name]}")
    seen[name] = line
    return name


def _records(path):
    """Yield (line of the header, header, list of the lines of sequence) for each record."""
    line, header, lines = 0, None, []
    with open_binary(path) as stream:
        for i, text in enumerate(stream, 1):
            text = text.strip()
            if text.startswith(b">"):
                if header is not None:
                    yield line, header, lines
                line, header, lines = i, text[1:].decode(errors="replace"), []
            elif header is not None:
                lines.append(text)
            elif text:
                _fail_no_fasta(path, i, text)
    if header is None:
        raise UserError(f"{path}: the file is empty")
    yield line, header, lines


def _index_stream(stream, path, copy):
    """Return the records of an open FASTA file; its bytes go to the file `copy` too where there is one."""
    records, seen = [], {}
    rest, offset, line = b"", 0, 1
    while True:
        block = stream.read(BLOCK)
        if copy:
            copy.write(block)
        text = rest + block if block else rest + b"\n" * bool(rest)
        cut = text.rfind(b"\n") + 1
        rest = text[cut:]
        if cut:
            line += _index_block(text[:cut], offset, line, records, seen, path)
            offset += cut
        if not block:
            break
    if not records:
        raise UserError(f"{path}: the file is empty")
    _check_not_empty(records, path)
    return records


def _check_not_empty(records, path):
    if records and not records[-1].length:
        _fail(path, records[-1].line, f"record {records[-1].name} has no sequence")


def _index_block(text, offset, line, records, seen, path):
    """Add whole lines of text to `records`; return the number of lines."""
    data = np.frombuffer(text, np.uint8)
    ends = np.flatnonzero(data == NEWLINE)
    starts = np.r_[0, ends[:-1] + 1]
    widths = ends + 1 - starts
    letters = widths - 1 - ((widths > 1) & (data[ends - 1] == RETURN))
    heads = np.flatnonzero(data[starts] == RECORD)
    for first, last in pairwise([*([] if heads[:1] == 0 else [-1]), *heads, len(starts)]):
        if first >= 0:
            _check_not_empty(records, path)
            header = text[starts[first] + 1 : ends[first]].decode(errors="replace")
            name = _check_name(path, line + int(first), header, seen)
            records.append(_Record(name, line + int(first), int(offset + ends[first] + 1)))
        part = slice(first + 1, last)
        if first + 1 == last:
            continue
        if not records:
            _check_no_text(text, starts[part], ends[part], path)
            continue
        low, high = starts[first + 1], ends[last - 1]
        if text[low:high].translate(None, LETTERS):
            at = low + int(np.argmin(LETTER[data[low:high]]))
            at_line = line + int(np.searchsorted(ends, at))
            wrong = text[at : at + 1].decode(errors="replace")
            _fail(path, at_line, f"{wrong!r} is not a letter; this does not look like a FASTA file")
        _add_lines(records[-1], letters[part], widths[part], line + first + 1, path)
    return len(starts)


def _check_no_text(text, starts, ends, path):
    for i, (start, end) in enumerate(zip(starts, ends, strict=True), 1):
        if content := text[start:end].strip():
            _fail_no_fasta(path, i, content)


def _add_lines(record, letters, widths, line, path):
    """Add lines, all of one length but for a shorter last one and blank ones behind it, to a record."""
    if not record.width:
        record.letters, record.width = int(letters[0]), int(widths[0])
    partial = np.flatnonzero((letters != record.letters) | (widths != record.width))
    first = 0 if record.closed else partial[0] + 1 if partial.size else len(letters)
    late = np.flatnonzero(letters[first:] > 0)
    long = partial[letters[partial] > record.letters]
    if late.size or long.size:
        i = min([first + late[0]] * bool(late.size) + [long[0]] * bool(long.size))
        what = f"the lines of record {record.name} differ in length or line end"
        _fail(path, line + i, f"{what}; wrap them evenly, for example with seqkit seq -w 60")
    record.closed = record.closed or bool(partial.size)
    record.length += int(letters.sum())
