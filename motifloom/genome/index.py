"""The index of a genome: where each sequence starts in the file, found in one pass without htslib's files."""

import contextlib
import hashlib
import os
import re
import struct
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from motifloom.errors import UserError
from motifloom.files import BOM, compression, fail, open_binary
from motifloom.io import atomic_path, read_json, write_bytes, write_json, write_text

BLOCK = 1 << 24  # bytes read at a time
LONGEST_HEADER = 1 << 20
NEWLINE, RETURN, RECORD = b"\n\r>"
LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz*-.\r\n"
IS_LETTER = np.isin(np.arange(256), list(LETTERS))


def index_genome(fasta, index_dir):
    """Index a genome, so that it can be read chromosome by chromosome; nothing is written beside it.

    Parameters
    ----------
    fasta : str or Path
        FASTA file, plain, gzip or bgzip.
    index_dir : str or Path
        A folder for this genome alone. It gets ``genome.fai`` (the format of samtools faidx) and
        ``genome.json`` (what was indexed); for bgzip also ``genome.gzi``; for ordinary gzip, which
        cannot be read at random, also ``genome.fa``, the unpacked genome.

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
    packed, fingerprint = compression(fasta), _fingerprint(fasta)
    (index_dir / "genome.json").unlink(missing_ok=True)  # written last: its presence says that all is there
    with contextlib.ExitStack() as stack:
        copy = None
        if packed == "gzip":
            copy = open(stack.enter_context(atomic_path(index_dir / "genome.fa")), "wb")  # noqa: SIM115
            stack.enter_context(copy)
        records = _index_stream(stack.enter_context(open_binary(fasta)), fasta, copy)
    if packed == "bgzip":
        blocks = _bgzip_blocks(fasta)
        write_bytes(struct.pack("<Q", len(blocks)) + blocks.astype("<u8").tobytes(), index_dir / "genome.gzi")
    rows = [f"{r.name}\t{r.length}\t{r.offset}\t{r.letters}\t{r.width}\n" for r in records]
    write_text("".join(rows), index_dir / "genome.fai")
    write_json(fingerprint, index_dir / "genome.json")
    return index_dir / "genome.fai"


def is_indexed(fasta, index_dir):
    """Tell whether `index_dir` holds the whole index of the genome as it is now."""
    try:
        return read_json(Path(index_dir) / "genome.json") == _fingerprint(fasta)
    except (FileNotFoundError, ValueError):  # none, or a damaged one
        return False


def read_index(index_dir):
    """Return {name: [length, offset, letters of a line, bytes of a line]} of ``genome.fai``."""
    rows = [row.split("\t") for row in (Path(index_dir) / "genome.fai").read_text().splitlines()]
    return {name: [int(number) for number in numbers] for name, *numbers in rows}


def read_blocks(index_dir):
    """Return the compressed and the unpacked offset of every bgzip block, int64 (n, 2)."""
    pairs = np.frombuffer((Path(index_dir) / "genome.gzi").read_bytes()[8:], "<u8").reshape(-1, 2)
    return np.vstack([np.zeros((1, 2), np.int64), pairs.astype(np.int64)])


def check_name(path, line, header, seen):
    """Return the id (first word) of a FASTA header and note in `seen` (dict of id to line) where it was."""
    if "\0" in header:
        fail(path, line, "this is not a text file, so no FASTA file")
    if "\r" in header.rstrip("\r"):
        fail(path, line, "the lines end in bare carriage returns; let them end in newlines")
    if len(header) > LONGEST_HEADER:
        fail(path, line, f"the header has over {LONGEST_HEADER:,} letters; this is no FASTA file")
    name = (header.split() or [""])[0]
    if not name or header[:1].isspace():
        fail(path, line, "a record without a name; write it right behind '>'")
    if name in seen:
        fail(path, line, f"the name {name} is taken by the record in line {seen[name]}")
    if not name.isprintable():
        fail(path, line, f"the name {name!r} holds a character that cannot be printed; rename the record")
    seen[name] = line
    return name


def check_before_records(path, line, text):
    """Raise the error for text (bytes) that stands where the first ">" was expected."""
    if not text.strip():
        return
    if re.match(rb"[^\t]+\t\d+\t\d+", text):
        fail(path, line, "these are intervals, not FASTA; give them with the key intervals")
    if b"\0" in text or "\ufffd" in text.decode(errors="replace"):
        fail(path, line, "this is not a text file, so no FASTA file")
    fail(path, line, "text before the first '>'; this does not look like a FASTA file")


@dataclass(slots=True)
class _Record:
    """A line of a .fai file as it grows; `letters` and `width` (bytes) are those of a full line."""

    name: str
    line: int
    offset: int
    length: int = 0
    letters: int = 0
    width: int = 0
    closed: bool = False  # a line that was not full has been seen

    def add(self, letters, widths, line, path):
        """Add lines given by their letters and bytes, int (n,); `line` is the number of the first."""
        if not self.width:
            self.letters, self.width = int(letters[0]), int(widths[0])
        full = (letters == self.letters) & (widths == self.width)
        still_open = 0 if self.closed else len(full) if full.all() else int(np.argmin(full)) + 1
        wrong = letters > self.letters
        wrong[still_open:] |= letters[still_open:] > 0
        if wrong.any():
            what = f"the lines of record {self.name} differ in length or line end"
            fail(path, line + int(np.argmax(wrong)), f"{what}; wrap them evenly (seqkit seq -w 60 does it)")
        self.closed = self.closed or not full.all()
        self.length += int(letters.sum())

    def check(self, path):
        if not self.length:
            fail(path, self.line, f"record {self.name} has no sequence")


def _fingerprint(path):
    """Tell a file by its size and end, which no clock changes; the end of a gzip file is its checksum."""
    with open(path, "rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - 65536))
        return {"bytes": size, "sha256_of_end": hashlib.sha256(stream.read()).hexdigest()}


def _index_stream(stream, path, copy):
    """Return the records of an open FASTA file, whose bytes go to the file `copy` too if there is one."""
    records, seen = [], {}
    rest, offset, line, block = [], 0, 1, True  # rest: the pieces of a line that is not complete
    while block:
        block = stream.read(BLOCK)
        if copy:
            copy.write(block)
        if not offset and not rest and block.startswith(BOM):
            offset, block = len(BOM), block[len(BOM) :]
        if (at := block.find(b"\0")) >= 0:
            at_line = line + block.count(b"\n", 0, at)
            fail(path, at_line, "this is not a text file, so no FASTA file")
        cut = block.rfind(b"\n") + 1
        if cut or not block:
            text = b"".join([*rest, block[:cut] if block else b"\n" * any(rest)])
            rest = [block[cut:]]
            line += _index_lines(text, offset, line, records, seen, path) if text else 0
            offset += len(text)
        else:
            rest.append(block)
    if not records:
        raise UserError(f"{path}: the file is empty")
    records[-1].check(path)
    return records


def _index_lines(text, offset, line, records, seen, path):
    """Add whole lines of text to `records`; return how many they are."""
    data = np.frombuffer(text, np.uint8)
    ends = np.flatnonzero(data == NEWLINE)
    starts = np.r_[0, ends[:-1] + 1]
    widths = ends + 1 - starts
    letters = widths - 1 - ((widths > 1) & (data[ends - 1] == RETURN))
    bounds = [*np.flatnonzero(data[starts] == RECORD).tolist(), len(starts)]
    for first, last in pairwise([-1, *bounds]):
        if first >= 0:
            if records:
                records[-1].check(path)
            header = text[starts[first] + 1 : ends[first]].decode(errors="replace")
            name = check_name(path, line + first, header, seen)
            records.append(_Record(name, line + first, int(offset + ends[first] + 1)))
        first += 1
        if not records:
            for i in range(first, last):
                check_before_records(path, line + i, text[starts[i] : ends[i]])
        elif first < last:
            low, high = starts[first], ends[last - 1]
            if text[low:high].translate(None, LETTERS):
                at = int(low + np.argmin(IS_LETTER[data[low:high]]))
                wrong = repr(text[at : at + 1].decode(errors="replace"))
                at_line = line + int(np.searchsorted(ends, at))
                fail(path, at_line, f"{wrong} is not a letter; this does not look like a FASTA file")
            records[-1].add(letters[first:last], widths[first:last], line + first, path)
    return len(starts)


def _bgzip_blocks(path):
    """Return the offsets, packed and unpacked, of the blocks but the first and the empty last, int64."""
    offsets, packed, unpacked = [], 0, 0
    with open(path, "rb") as stream:
        while head := stream.read(18):
            offsets.append((packed, unpacked))
            packed += int.from_bytes(head[16:], "little") + 1
            stream.seek(max(packed - 4, 0))
            size = stream.read(4)
            if head[12:14] != b"BC" or len(size) < 4:
                raise UserError(f"{path}: the bgzip file is damaged; copy or make it again")
            unpacked += int.from_bytes(size, "little")
    return np.array(offsets[1:-1], np.int64).reshape(-1, 2)
