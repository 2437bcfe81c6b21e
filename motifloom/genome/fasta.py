"""Genomes and FASTA files as tokens: whole chromosomes, windows, records."""

import re
import struct
import zlib
from functools import cache
from pathlib import Path

import numpy as np

from motifloom.data.encode import DNA
from motifloom.errors import UserError
from motifloom.files import BOM, compression, fail, open_binary
from motifloom.genome.index import (
    check_before_records,
    check_name,
    index_genome,
    is_indexed,
    read_blocks,
    read_index,
)

__all__ = ["Genome", "check_letters", "index_genome", "parse_coordinates", "read_fasta"]

NEWLINE = 10
PIECE = 1 << 20  # bytes read at a time: small enough to stay in the cache
AMBIGUOUS = {"protein": "BJOUXZ*-."}  # letters of a sequence that are unknown tokens
AMBIGUOUS_BASES = "RYSWKMBDHVNX-."
COORDINATES = re.compile(r":([0-9]{1,18})-([0-9]{1,18})(?:\(([+.-])\)|:([+.-]))?$")


class Genome:
    """The sequences of a genome as tokens; indexes it first where that was not done.

    Parameters
    ----------
    fasta : str or Path
        FASTA file, plain, gzip or bgzip.
    index_dir : str or Path
        The folder given to :func:`index_genome`; written again where the genome is another since.
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
        if not is_indexed(fasta, index_dir):
            index_genome(fasta, index_dir)
        self._index = read_index(index_dir)
        self.sizes = {name: numbers[0] for name, numbers in self._index.items()}
        self._blocks = read_blocks(index_dir) if packed == "bgzip" else None
        self._file = open(index_dir / "genome.fa" if packed == "gzip" else fasta, "rb")  # noqa: SIM115
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
            If there is no such chromosome, or the file was changed meanwhile.
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
            for piece in self._pieces(offset, length + (length - 1) // letters * (width - letters)):
                found = np.frombuffer(piece.translate(self._table, b"\r\n"), np.uint8)
                tokens[filled : filled + len(found)] = found
                filled += len(found)
        except (ValueError, struct.error, zlib.error):
            filled = -1
        if filled != length:
            raise UserError(f"{self.path}: the file was changed after it was indexed; start again")
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


def read_fasta(path, alphabet, *, repeated=False):
    """Read the records of a FASTA file one by one, plain or gzip.

    Parameters
    ----------
    path : str or Path
        The file.
    alphabet : Alphabet
        The alphabet of the sequences; ambiguity codes and gaps become unknown tokens.
    repeated : bool
        Whether several records may have one id.

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
        If the file cannot be read or is no FASTA file of this alphabet, or has an empty record or, unless
        `repeated`, an id twice; the message names the line.
    """
    seen = {}
    for number, (line, header, sequence) in enumerate(_records(path, alphabet), 1):
        check_name(path, line, header, {} if repeated else seen)
        if not sequence:
            fail(path, line, f"record {header.split()[0]} has no sequence")
        yield number, header, alphabet.encode(sequence)


def check_letters(text, alphabet, path, line):
    """Raise the error for a line of sequence (bytes) that holds anything but letters of its alphabet.

    Ambiguity codes and gaps are letters, too: they are read as unknown.
    """
    if wrong := text.translate(None, letters_of(alphabet)):
        what = f"{wrong[:1].decode(errors='replace')!r} is not a letter of the alphabet {alphabet.name}"
        fail(path, line, f"{what}; this does not look like sequences of {alphabet.name}")


@cache
def letters_of(alphabet):
    """Return what may stand in a sequence of an alphabet, as bytes."""
    ambiguous = AMBIGUOUS.get(alphabet.name, AMBIGUOUS_BASES)
    known = alphabet.encode(bytes(range(256))) != alphabet.unknown
    return bytes(np.flatnonzero(known).tolist()) + (ambiguous + ambiguous.lower()).encode()


def parse_coordinates(header):
    """Return (chrom, start, end, strand) of a FASTA header such as ``chr1:100-200(-)``, or None.

    Read are ``chrom:start-end`` with or without ``(+)`` or ``:+`` behind it, as bedtools getfasta writes
    them (also after ``name::``), from the first word of the header. start and end (int) are taken as
    written, 0-based half-open; strand is "." where none is written.
    """
    word = (header.split() or [""])[0]
    match = COORDINATES.search(word)
    chrom = word[: match.start()].rpartition("::")[2] if match else ""
    if not chrom or int(match[1]) >= int(match[2]):
        return None
    return chrom, int(match[1]), int(match[2]), match[3] or match[4] or "."


def _records(path, alphabet):
    """Yield (line of the header, header, sequence as bytes) for each record."""
    line, header, pieces, letters = 0, None, [], letters_of(alphabet)
    with open_binary(path) as stream:
        for i, begins, text in _pieces_of_lines(stream):
            if begins and text.startswith(b">"):
                if header is not None:
                    yield line, header, b"".join(pieces)
                line, header, pieces = i, text[1:].decode(errors="replace"), []
            elif header is None:
                check_before_records(path, i, text)
            elif not pieces and not begins:
                fail(path, i, f"the header has over {PIECE:,} letters; this is no FASTA file")
            else:
                pieces.append(text)
                if text.translate(None, letters):
                    check_letters(text, alphabet, path, i)
    if header is None:
        raise UserError(f"{path}: the file is empty")
    yield line, header, b"".join(pieces)


def _pieces_of_lines(stream):
    """Yield (number of the line, whether it begins here, bytes without spaces around them), line by line;
    a line longer than `PIECE` comes in several."""
    line, begins, read = 1, True, stream.readline
    piece = read(PIECE).removeprefix(BOM)
    while piece:
        yield line, begins, piece.strip()
        begins = piece[-1] == NEWLINE
        line += begins
        piece = read(PIECE)
