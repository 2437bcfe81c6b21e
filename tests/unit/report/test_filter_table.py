from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from motifloom.report import filter_table
from motifloom.report.filter_table import LogoStore, filters_section
from motifloom.report.page import ExperimentReport, Run

SUMMARY = pd.DataFrame(
    [
        ("top", "conv_000", "conv", 10, 0.5, 3.1, "ACG", np.nan, np.nan, np.nan),
        ("top", "conv_001", "conv", 40, 1.5, 6.0, "TTT", "M2", np.nan, 1e-5),
        ("top", "conv_002", "conv", 0, np.nan, 0.0, "NNN", np.nan, np.nan, np.nan),
        ("softmax", "conv_000", "conv", np.nan, np.nan, 2.0, "ACG", "M1", "one", 1e-3),
    ],
    columns=["method", "filter", "layer", "n_sites", "threshold", "information_content", "consensus",
             "best_match_id", "best_match_name", "best_match_q_value"],
)  # fmt: skip
MATCHES = pd.DataFrame(
    [
        ("top", "conv_001", 2, "M1", "one", 1e-4, 1e-2, 0, 3, "+"),
        ("top", "conv_001", 1, "M2", np.nan, 1e-7, 1e-5, -1, 2, "-"),
        ("top", "conv_000", 1, "M1", "one", 0.5, 0.9, 2, 3, "+"),
    ],
    columns=["method", "filter", "rank", "motif_id", "motif_name", "p_value", "q_value",
             "offset", "overlap", "strand"],
)  # fmt: skip
AC = np.array([[0.97, 0.01, 0.01, 0.01], [0.01, 0.97, 0.01, 0.01]])
DATABASE = {"M2": SimpleNamespace(name="", probabilities=AC, alphabet="ACGT")}


def section(summary=SUMMARY, matches=MATCHES, seeds=(1,), **fields):
    motifs = {
        method: dict.fromkeys(["conv_000", "conv_001", "conv_002"], AC) for method in ("top", "softmax")
    }
    runs = [Run(seed, summary=summary, matches=matches, motifs=motifs) for seed in seeds]
    store = LogoStore()
    report = ExperimentReport("e", "binary", "d", [], runs, pd.DataFrame(), database=DATABASE, **fields)
    return filters_section(report, store), store


def test_rows_come_best_match_first():
    found, _ = section()
    assert [(row["method"], row["filter"]) for row in found["rows"]] == [
        ("top", "conv_001"), ("softmax", "conv_000"), ("top", "conv_000"), ("top", "conv_002"),
    ]  # fmt: skip
    assert found["methods"] == ["top", "softmax"]
    assert [row["share"] for row in found["rows"]] == [100, None, 25, 0]


def test_a_match_is_drawn_on_its_strand_and_shifted_to_the_filter():
    found, store = section()
    row = found["rows"][0]
    assert [match["id"] for match in row["matches"]] == ["M2", "M1"]
    # M2 reads AC; on the other strand, where it matched, GT.
    turned = store.add(AC[::-1, ::-1])
    assert row["aligned"]["logo"] == {**turned, "shift": -1}
    assert turned["id"] != store.add(AC)["id"]
    # A motif of the table that is not in the database has no logo; one without a name goes by its identifier.
    assert row["matches"][1]["logo"] is None
    assert row["best"] == {"id": "M2", "name": "M2"}


def test_a_filter_that_never_fires_has_no_motif():
    found, _ = section()
    assert {row["filter"]: row["logo"] is None for row in found["rows"] if row["method"] == "top"} == {
        "conv_000": False, "conv_001": False, "conv_002": True,
    }  # fmt: skip


def test_what_is_above_the_q_value_of_the_summary_is_no_best_match_and_not_searched():
    found, _ = section()
    row = found["rows"][2]
    assert row["best"] is None
    assert np.isnan(row["q"])
    assert row["n_matches"] == 1
    assert row["text"] == "conv_000 acg"
    assert found["rows"][0]["text"] == "conv_001 ttt m2 one m1"


def test_each_logo_is_drawn_once():
    _, store = section(seeds=(1, 2))
    assert str(store.symbols()).count("<symbol ") == 2


def test_any_alphabet_has_logos():
    protein = pd.DataFrame(np.eye(3), columns=list("KLM"))
    store = LogoStore()
    assert store.add(protein)["width"] == 3
    assert store.add(None) is None
    assert "<path" in store.symbols()


def test_seeds_that_would_make_the_page_slow_are_left_to_their_files(monkeypatch):
    monkeypatch.setattr(filter_table, "MOST_ROWS", 9)
    found, _ = section(seeds=(1, 2, 3))
    assert [run.seed for run in found["shown"]] == [1, 2]
    assert [run.seed for run in found["left_out"]] == [3]


@pytest.mark.parametrize("matches", [None, MATCHES[:0]])
def test_without_a_database_there_are_no_matches(matches):
    found, _ = section(SUMMARY.drop(columns=[name for name in SUMMARY if name.startswith("best")]), matches)
    assert not found["matched"]
    assert [row["filter"] for row in found["rows"]] == ["conv_000", "conv_000", "conv_001", "conv_002"]


def test_a_model_without_scanning_layers_has_no_section():
    assert section(None, None)[0] is None
    assert section(SUMMARY[:0], None)[0] is None
