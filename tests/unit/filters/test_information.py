import numpy as np
import pytest

from motifloom.filters.information import consensus, information_content, informative_span

CORE = np.array([[0.25] * 4, [1, 0, 0, 0], [0.25] * 4, [0, 0.5, 0.5, 0], [0.25] * 4, [0.25] * 4])


def test_bits_by_hand():
    assert information_content(CORE).tolist() == [0, 2, 0, 1, 0, 0]
    background = [0.5, 0.25, 0.125, 0.125]
    bits = information_content([[1, 0, 0, 0], [0, 0, 0, 1], background], background)
    assert bits.tolist() == [1, 3, 0]


def test_bits_of_another_alphabet():
    assert information_content(np.eye(20)[:1])[0] == pytest.approx(np.log2(20))


@pytest.mark.parametrize(
    ("row", "letter"),
    [
        ([0.6, 0.2, 0.1, 0.1], "A"),
        ([0.52, 0.28, 0.1, 0.1], "M"),
        ([0.4, 0.1, 0.4, 0.1], "R"),
        ([0.1, 0.4, 0.1, 0.4], "Y"),
        ([0.25, 0.25, 0.25, 0.25], "N"),
        ([0.375, 0.375, 0.125, 0.125], "N"),
        ([0, 0, 0, 1], "T"),
    ],
)
def test_consensus_by_hand(row, letter):
    assert consensus([row], "ACGT") == letter
    assert consensus([row], "ACGU") == letter.replace("T", "U")


def test_consensus_of_proteins():
    assert consensus(np.vstack([np.eye(20)[3], np.full(20, 0.05)]), "ACDEFGHIKLMNPQRSTVWY") == "EX"


def test_flanks_are_cut_but_gaps_stay():
    assert informative_span(CORE, 0.25) == (1, 4)
    assert informative_span(CORE, 1.5) == (1, 2)
    assert informative_span(CORE[:1], 0.25) == (0, 1)
