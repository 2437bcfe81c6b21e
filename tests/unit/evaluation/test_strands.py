"""Both strands of examples, row by row."""

from types import SimpleNamespace

import h5py
import numpy as np
import pandas as pd
import pytest

from motifloom.data.encode import DNA
from motifloom.evaluation.strands import BothStrands, mark_reads

TOKENS = np.stack([DNA.encode(text) for text in ("AACG", "TTTT", "GNAT")])
ROWS = ["AACG", "CGTT", "TTTT", "AAAA", "GNAT", "ATNC"]


@pytest.fixture
def both():
    regions = pd.DataFrame({"id": ["s:1", "s:2", "s:3"]}, index=[4, 2, 0])
    return BothStrands(SimpleNamespace(tokens=TOKENS, regions=regions, alphabet=DNA))


@pytest.mark.parametrize("step", [1, 2, 3, 4, 6, 512])
def test_an_example_is_followed_by_its_reverse_complement(both, step):
    assert (len(both), both.shape) == (6, (6, 4))
    read = [both.tokens[start : start + step] for start in range(0, 6, step)]
    assert [DNA.decode(row) for block in read for row in block] == ROWS
    assert both.regions["id"].iloc[1:4].tolist() == ["s:1", "s:2", "s:2"]


def test_rows_are_marked_in_turn(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["id"] = np.repeat([b"s:1", b"s:2"], 2)
    mark_reads(tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["read"].asstr()[:].tolist() == ["forward", "reverse_complement"] * 2
