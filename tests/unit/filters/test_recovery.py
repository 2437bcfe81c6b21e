import logging
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from motifloom.errors import UserError
from motifloom.filters.recovery import _inside, recovered_motifs
from motifloom.io import read_table, write_table
from motifloom.report.outcome import recovery_lines

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


def recovered(truth, found=None, database=None, **options):
    """The rows of a single seed."""
    return recovered_motifs(truth, {1: matches() if found is None else found}, database, **options)


def test_the_best_filter_of_each_planted_motif():
    found = matches(
        ("top", "conv_001", "MA0139.1", "CTCF", 1e-6, 1e-4),
        ("softmax", "conv_004", "MA0139.1", "CTCF", 1e-9, 1e-7),
        ("top", "conv_002", "MA0080.6", "Spi1", 1e-3, 0.01),
    )
    table = recovered(TRUTH, found)
    missing = pytest.approx(np.nan, nan_ok=True)
    assert table.to_dict("list") == {
        "seed": [1, 1, 1],
        "motif": ["MA0080.6", "MA0139.1", "MA0363.2"],
        "motif_name": ["Spi1", "CTCF", "REB1"],
        "sites": [1, 2, 1],
        "filter": ["conv_002", "conv_004", missing],
        "method": ["top", "softmax", missing],
        "q_value": [0.01, 1e-7, missing],
        "found": [False, True, False],
    }
    assert recovery_lines(table) == [
        "Spi1 (MA0080.6)       1 sites  not found; closest is conv_002 (top, seed 1), q = 0.01",
        "CTCF (MA0139.1)       2 sites  found by conv_004 (softmax, seed 1), q = 1e-7",
        "REB1 (MA0363.2)       1 sites  not found; no filter resembles it",
        "1 of 3 planted motifs found at q < 0.01",
    ]


def test_every_seed_has_its_rows_and_the_best_is_told(tmp_path):
    found = {
        2: matches(("top", "conv_005", "MA0139.1", "CTCF", 1e-9, 1e-7)),
        1: matches(
            ("top", "conv_001", "MA0139.1", "CTCF", 1e-6, 1e-4),
            ("top", "conv_002", "MA0080.6", "Spi1", 1e-6, 1e-4),
        ),
        3: matches(),
    }
    write_table(recovered_motifs(TRUTH, found), tmp_path / "recovery.tsv")
    table = read_table(tmp_path / "recovery.tsv")
    assert table["seed"].tolist() == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert table["motif_name"].tolist() == ["Spi1", "CTCF", "REB1"] * 3
    assert table["filter"].fillna("").tolist() == ["conv_002", "conv_001", "", "", "conv_005", "", "", "", ""]
    assert table["found"].tolist() == [True, True, False, False, True, False, False, False, False]
    lines = recovery_lines(table)
    assert lines[0].endswith("found by conv_002 (top, seed 1), q = 1e-4")
    assert lines[1].endswith("found by conv_005 (top, seed 2), q = 1e-7")
    assert lines[2].endswith("not found; no filter resembles it")
    assert lines[3:] == ["2 of 3 planted motifs found at q < 0.01"]


def test_without_matches_nothing_is_found():
    table = recovered(TRUTH)
    assert list(table["found"]) == [False] * 3
    assert table["q_value"].isna().all()


def test_a_motif_is_the_same_by_identifier_then_version_then_name():
    rows = [
        ("top", "conv_000", "MA0139.2", "CTCF", 1e-12, 1e-10),
        ("top", "conv_001", "MA1929.1", "CTCF", 1e-13, 1e-11),
        ("top", "conv_002", "MA0139.1", "CTCF", 1e-6, 1e-4),
    ]
    truth = TRUTH.iloc[:1]
    assert recovered(truth, matches(*rows))["filter"].item() == "conv_002"
    assert recovered(truth, matches(*rows[:2]))["filter"].item() == "conv_000"
    assert recovered(truth, matches(rows[1]))["filter"].item() == "conv_001"
    unnamed = matches(("top", "conv_003", "CTCF.H13CORE.0.P.B", np.nan, 1e-6, 1e-4))
    assert recovered(truth, unnamed)["filter"].item() == "conv_003"


def test_the_database_decides_which_motif_counts():
    """MA0139.1 was searched for and not found; a hit of its other version does not stand in for it."""
    other = matches(("top", "conv_000", "MA0139.2", "CTCF", 1e-12, 1e-10))
    both = database(MA0139_1="CTCF", MA0139_2="CTCF")
    assert recovered(TRUTH.iloc[:1], other, both)["filter"].isna().item()
    assert recovered(TRUTH.iloc[:1], other, database(MA0139_2="CTCF"))["filter"].item() == "conv_000"


def test_a_motif_that_is_not_in_the_database_is_logged(caplog):
    with caplog.at_level(logging.WARNING):
        recovered(TRUTH.iloc[:1], None, database(MA0080_6="Spi1"))
    assert "CTCF (MA0139.1) is not in the motif database" in caplog.text


def test_only_sites_in_the_regions_count():
    regions = pd.DataFrame({"chrom": ["chr1", "chr1", "chr2"], "start": [0, 0, 6], "end": [19, 30, 100]})
    table = recovered(TRUTH, regions=regions)
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
    assert recovery_lines(recovered(TRUTH.iloc[:0])) == []


def test_a_truth_table_without_its_columns():
    with pytest.raises(UserError, match="column 'motif_name' is missing"):
        recovered(TRUTH.drop(columns="motif_name"))
