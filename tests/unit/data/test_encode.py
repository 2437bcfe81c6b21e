"""Alphabets."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from motifloom.data.encode import DNA, PROTEIN, RNA
from motifloom.errors import UserError


def test_tokens_fold_case_and_know_synonyms():
    assert DNA.encode("ACGTNacgtnRU").tolist() == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 4, 3]
    assert RNA.encode("ACGU-T").tolist() == [0, 1, 2, 3, 4, 3]
    assert PROTEIN.encode("AYX").tolist() == [0, 19, 20]


@given(st.text(alphabet="ACGTN", max_size=50))
def test_decoding_inverts_encoding(text):
    assert DNA.decode(DNA.encode(text)) == text


@given(st.text(alphabet="ACGTN", max_size=50))
def test_reverse_complement(text):
    pairs = dict(zip("ACGTN", "TGCAN", strict=True))
    assert DNA.decode(DNA.reverse_complement(DNA.encode(text))) == "".join(pairs[c] for c in reversed(text))


def test_one_hot_has_zeros_for_unknown():
    expected = [[1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]]
    assert DNA.one_hot(DNA.encode("ANT")).tolist() == expected
    assert DNA.one_hot(np.zeros((2, 3), np.uint8)).shape == (2, 3, 4)


def test_proteins_have_no_complement():
    with pytest.raises(UserError, match="no complement"):
        PROTEIN.reverse_complement(np.zeros(3, np.uint8))
