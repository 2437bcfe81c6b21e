import logging
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from motifloom.errors import UserError
from motifloom.report.recovery import _inside, recovered_motifs, recovery_lines

TRUTH = pd.DataFrame(
    [
        ("chr1", 10, 20, "+", "MA0139.1", "CTCF"),
        ("chr1", 50, 60, "-", "MA0139.1", "CTCF"),
        ("chr2", 5, 15, "+", "MA0080.6", "Spi1"),
        ("chr2", 80, 90, "+", "MA0363.2", "REB1"),
    ],
    columns=["chrom", "start", "end", "strand", "motif", "motif_name"],
)


def matches(*rows):
    columns = ["method", "filter", "motif_id", "motif_name", "p_value", "q_value"]
    return pd.DataFrame(rows, columns=columns).assign(rank=1)


def database(**names):
    return {identifier.replace("_", "."): SimpleNamespace(name=name) for identifier, name in names.items()}


def test_the_best_filter_of_each_planted_motif():
    found = matches(
        ("top", "conv_001", "MA0139.1", "CTCF", 1e-6, 1e-4),
        ("softmax", "conv_004", "MA0139.1", "CTCF", 1e-9, 1e-7),
        ("top", "conv_002", "MA0080.6", "Spi1", 1e-3, 0.01),
    )
    table = recovered_motifs(TRUTH, found)
    assert table.to_dict("list") == {
        "motif": ["MA0080.6", "MA0139.1", "MA0363.2"],
        "motif_name": ["Spi1", "CTCF", "REB1"],
        "sites": [1, 2, 1],
        "filter": ["conv_002", "conv_004", ""],
        "method": ["top", "softmax", ""],
        "q_value": [0.01, 1e-7, pytest.approx(np.nan, nan_ok=True)],
        "found": [False, True, False],
    }
    assert recovery_lines(table) == [
        "Spi1 (MA0080.6)       1 sites  not found; closest is conv_002 (top), q = 0.01",
        "CTCF (MA0139.1)       2 sites  found by conv_004 (softmax), q = 1e-7",
        "REB1 (MA0363.2)       1 sites  not found; no filter resembles it",
        "1 of 3 planted motifs found at q < 0.01",
    ]


def test_of_several_seeds_the_best_is_told_with_its_seed():
    rows = [
        ("top", "conv_001", "MA0139.1", "CTCF", 1e-6, 1e-4),
        ("top", "conv_005", "MA0139.1", "CTCF", 1e-9, 1e-7),
    ]
    table = recovered_motifs(TRUTH, matches(*rows).assign(seed=[1, 2]))
    assert list(table.columns) == [
        "motif",
        "motif_name",
        "sites",
        "filter",
        "method",
        "seed",
        "q_value",
        "found",
    ]
    assert recovery_lines(table)[1].endswith("found by conv_005 (top, seed 2), q = 1e-7")
    assert recovery_lines(table)[2].endswith("not found; no filter resembles it")


@pytest.mark.parametrize("nothing", [None, matches()])
def test_without_matches_nothing_is_found(nothing):
    table = recovered_motifs(TRUTH, nothing)
    assert list(table["found"]) == [False] * 3
    assert table["q_value"].isna().all()


def test_a_motif_is_the_same_by_identifier_then_version_then_name():
    rows = [
        ("top", "conv_000", "MA0139.2", "CTCF", 1e-12, 1e-10),
        ("top", "conv_001", "MA1929.1", "CTCF", 1e-13, 1e-11),
        ("top", "conv_002", "MA0139.1", "CTCF", 1e-6, 1e-4),
    ]
    truth = TRUTH.iloc[:1]
    assert recovered_motifs(truth, matches(*rows))["filter"].item() == "conv_002"
    assert recovered_motifs(truth, matches(*rows[:2]))["filter"].item() == "conv_000"
    assert recovered_motifs(truth, matches(rows[1]))["filter"].item() == "conv_001"
    unnamed = matches(("top", "conv_003", "CTCF.H13CORE.0.P.B", np.nan, 1e-6, 1e-4))
    assert recovered_motifs(truth, unnamed)["filter"].item() == "conv_003"


def test_the_database_decides_which_motif_counts():
    """MA0139.1 was searched for and not found; a hit of its other version does not stand in for it."""
    other = matches(("top", "conv_000", "MA0139.2", "CTCF", 1e-12, 1e-10))
    both = database(MA0139_1="CTCF", MA0139_2="CTCF")
    assert recovered_motifs(TRUTH.iloc[:1], other, both)["filter"].item() == ""
    assert recovered_motifs(TRUTH.iloc[:1], other, database(MA0139_2="CTCF"))["filter"].item() == "conv_000"


def test_a_motif_that_is_not_in_the_database_is_logged(caplog):
    with caplog.at_level(logging.WARNING):
        recovered_motifs(TRUTH.iloc[:1], None, database(MA0080_6="Spi1"))
    assert "CTCF (MA0139.1) is not in the motif database" in caplog.text


def test_only_sites_in_the_regions_count():
    regions = pd.DataFrame({"chrom": ["chr1", "chr1", "chr2"], "start": [0, 0, 6], "end": [19, 30, 100]})
    table = recovered_motifs(TRUTH, None, regions=regions)
    assert list(table[["motif_name", "sites"]].itertuples(index=False, name=None)) == [
        ("CTCF", 1),
        ("REB1", 1),
    ]


@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 30), st.integers(1, 12)), min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 30), st.integers(1, 5)), max_size=12),
)
def test_containment_agrees_with_the_plain_definition(regions, sites):
    def table(rows):
        frame = pd.DataFrame(rows, columns=["chrom", "start", "end"], dtype=int)
        return frame.assign(end=frame["start"] + frame["end"])

    regions, sites = table(regions), table(sites)
    expected = [
        any(c == chrom and s <= start and end <= e for c, s, e in regions.itertuples(index=False))
        for chrom, start, end in sites.itertuples(index=False)
    ]
    assert list(_inside(sites, regions)) == expected


def test_no_planted_motif_gives_no_lines():
    assert recovery_lines(recovered_motifs(TRUTH.iloc[:0], None)) == []


def test_a_truth_table_without_its_columns():
    with pytest.raises(UserError, match="column 'motif_name' is missing"):
        recovered_motifs(TRUTH.drop(columns="motif_name"), None)
