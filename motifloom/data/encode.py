"""Alphabets: sequences as tokens, one unsigned byte a base."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from motifloom.errors import UserError


@dataclass(frozen=True)
class Alphabet:
    """An ordered set of letters; a token is the index of a letter, and `unknown` stands for all else.

    Parameters
    ----------
    name : str
        Name used in config and files.
    letters : str
        The letters in token order (upper case).
    complement : str or None
        The complement of each letter in the same order; None where there is none.
    synonyms : dict of str to str
        Other spellings read as one of the letters (T for U in RNA).
    """

    name: str
    letters: str
    complement: str | None = None
    synonyms: dict = field(default_factory=dict, hash=False, compare=False)

    @property
    def size(self):
        """Number of letters."""
        return len(self.letters)

    @property
    def unknown(self):
        """Token of an unknown letter and of padding: the index after the last letter."""
        return len(self.letters)

    @cached_property
    def _to_token(self):
        table = np.full(256, self.unknown, np.uint8)
        for letter, token in [(a, i) for i, a in enumerate(self.letters)] + [
            (a, self.letters.index(b)) for a, b in self.synonyms.items()
        ]:
            table[[ord(letter), ord(letter.lower())]] = token
        return table.tobytes()

    @cached_property
    def _to_letter(self):
        filler = "X" if self.name == "protein" else "N"
        return np.frombuffer((self.letters + filler).encode(), np.uint8)

    @cached_property
    def complement_table(self):
        """uint8 (size + 1,): the complement of each token."""
        if self.complement is None:
            raise UserError(f"alphabet {self.name}: it has no complement, so no reverse complement exists")
        order = [self.letters.index(letter) for letter in self.complement]
        return np.array([*order, self.unknown], np.uint8)

    def encode(self, sequence):
        """Return the tokens, uint8 (L,), of a str or bytes; lower case is folded."""
        if isinstance(sequence, str):
            sequence = sequence.encode("ascii", "replace")
        return np.frombuffer(sequence.translate(self._to_token), np.uint8)

    def decode(self, tokens):
        """Return the str of tokens (L,); unknown tokens become N (X for protein)."""
        return self._to_letter[np.asarray(tokens)].tobytes().decode()

    def reverse_complement(self, tokens):
        """Return tokens (..., L) reversed along the last axis and complemented."""
        return self.complement_table[np.asarray(tokens)[..., ::-1]]

    def one_hot(self, tokens):
        """Return float32 (..., L, size); an unknown token is a row of zeros."""
        rows = np.vstack([np.eye(self.size, dtype=np.float32), np.zeros(self.size, np.float32)])
        return rows[np.asarray(tokens)]


DNA = Alphabet("dna", "ACGT", "TGCA", {"U": "T"})
RNA = Alphabet("rna", "ACGU", "UGCA", {"T": "U"})
PROTEIN = Alphabet("protein", "ACDEFGHIKLMNPQRSTVWY")
ALPHABETS = {alphabet.name: alphabet for alphabet in (DNA, RNA, PROTEIN)}


def get_alphabet(name):
    """Return the alphabet called `name` (dna, rna, protein)."""
    return ALPHABETS[name]
