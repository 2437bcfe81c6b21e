import numpy as np
import pandas as pd
import pytest

from motifloom.report import stability
from motifloom.report.page import ExperimentReport, Run
from motifloom.report.stability import stability_section
from motifloom.report.symbols import SymbolStore

TABLE = pd.DataFrame(
    [
        (1, 1, 2, "conv_003", 1.0, "+", 0, True),
        (2, 2, 1, "conv_001", 0.8, "-", 1, False),
        (2, 2, 2, "conv_002", 1.0, "+", 0, True),
        (3, 2, 1, "conv_004", 1.0, "+", 0, True),
        (3, 2, 2, "conv_005", 0.9, "+", 0, False),
        (3, 2, 2, "conv_006", 0.7, "+", 0, False),
    ],
    columns=["motif", "seeds", "seed", "filter", "similarity", "strand", "offset", "medoid"],
)
MOTIF = np.full((3, 4), 0.25)


def section(table=TABLE, seeds=(1, 2), filters=None):
    motifs = {"top": {"conv_002": MOTIF}}
    runs = [Run(seed, motifs=motifs if seed == 2 else {}) for seed in seeds]
    report = ExperimentReport("e", "binary", "d", [], runs, pd.DataFrame(), stability=table)
    return stability_section(report, SymbolStore(), filters)


def test_motifs_come_by_the_number_of_seeds_that_found_them():
    filters = {"methods": ["softmax", "top"], "rows": [{"id": "seed1-top-conv_001"}]}
    found = section(filters=filters)
    assert found["tally"] == [(2, 2), (1, 1)]
    assert [row["number"] for row in found["rows"]] == [3, 2, 1]
    row = found["rows"][1]
    assert row["similarity"] == 0.8
    assert row["members"] == [(1, "conv_001", "seed1-top-conv_001"), (2, "conv_002", None)]
    assert row["logo"]["width"] == 3
    assert found["rows"][0]["similarity"] == pytest.approx(0.8)
    assert found["rows"][2]["logo"] is None
    assert np.isnan(found["rows"][2]["similarity"])


def test_one_seed_has_no_section():
    assert section(seeds=(1,)) is None
    assert section(table=None) is None
    assert section(table=TABLE[:0]) is None


def test_what_is_too_much_for_the_page_is_counted(monkeypatch):
    monkeypatch.setattr(stability, "MOST_SETS", 2)
    found = section()
    assert (len(found["rows"]), found["left_out"]) == (2, 1)
