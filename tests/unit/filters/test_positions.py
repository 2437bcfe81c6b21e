"""Sites near the centre of their windows."""

import csv
import gzip

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from motifloom.data.encode import DNA
from motifloom.filters.bank import FilterBank, ScanLayer
from motifloom.filters.positions import central_enrichment, site_places
from motifloom.filters.site_table import COLUMNS


@pytest.fixture
def bank():
    """One filter that reads ACG, one that never fires."""
    kernel = np.zeros((3, 4, 2), np.float32)
    kernel[[0, 1, 2], [0, 1, 2], 0] = 1
    kernel[:, :, 1] = -1
    return FilterBank([ScanLayer("scan", kernel, np.array([-2, 0], np.float32), DNA, activation="relu")])


def test_counts_by_hand(bank):
    # Middles at 20.5, the centre of 41 letters; 2 bp before it; at the start.
    places = [("scan_000", 19), ("scan_000", 17), ("scan_000", 0)]
    names, offsets = (np.array(column) for column in zip(*places, strict=True))
    table = central_enrichment(bank, [(names, offsets)], 41, within=2)
    assert table.columns.tolist() == [
        "filter", "sites", "central_sites", "expected_fraction", "central_enrichment", "central_p_value",
    ]  # fmt: skip
    first, silent = table.iloc[0], table.iloc[1]
    assert table["filter"].tolist() == ["scan_000", "scan_001"]
    assert (first["sites"], first["central_sites"]) == (3, 2)
    assert first["expected_fraction"] == silent["expected_fraction"] == 5 / 39
    assert first["central_enrichment"] == pytest.approx(2 / 3 * 39 / 5)
    assert first["central_p_value"] == pytest.approx(binom.sf(1, 3, 5 / 39))
    assert silent["sites"] == 0 and np.isnan(silent["central_enrichment"])
    assert np.isnan(silent["central_p_value"])
    far = central_enrichment(bank, [(names[2:], offsets[2:])], 41, within=2)
    assert far["central_sites"].tolist() == [0, 0]
    assert far["central_p_value"][0] == 1


def test_layers_of_different_spans_equal_a_loop(make_layer):
    layers = [
        make_layer(width=4, name="a", padding="same", stride=3),
        make_layer(width=5, name="b", dilation=4, filters=2),
        make_layer(width=60, name="long", filters=1),
    ]
    bank, length, within = FilterBank(layers), 50, 6.5
    rng = np.random.default_rng(0)
    expected, names, offsets = {name: [0, 0] for name in bank.filters}, [], []
    for layer in layers[:2]:
        starts = layer.starts(length)
        for name in layer.filters[:-1]:
            for start in rng.choice(starts, 40):
                names.append(name)
                offsets.append(start)
                middle = start + layer.span / 2
                expected[name][0] += 1
                expected[name][1] += 25 - within <= middle <= 25 + within
    order = rng.permutation(len(names))
    names, offsets = np.array(names)[order], np.array(offsets)[order]
    with np.errstate(all="raise"):
        table = central_enrichment(bank, [(names, offsets)], length, within=within)
    assert table["filter"].tolist() == bank.filters
    assert table[["sites", "central_sites"]].to_numpy().tolist() == list(expected.values())
    for layer in layers[:2]:
        middles = layer.starts(length) + layer.span / 2
        fraction = sum(abs(middle - 25) <= within for middle in middles) / len(middles)
        rows = table[table["filter"].isin(layer.filters)]
        np.testing.assert_allclose(rows["expected_fraction"], fraction)
    # No window fits: nothing is expected, and nothing is found.
    assert table.iloc[-1, 1:].isna().tolist() == [False, False, True, True, True]
    blocks = [(names[i : i + 7], offsets[i : i + 7]) for i in range(0, len(names), 7)]
    assert central_enrichment(bank, iter(blocks), length, within=within).equals(table)


def test_no_blocks_and_no_filters(bank):
    table = central_enrichment(bank, [], 41)
    assert table["sites"].tolist() == [0, 0] and table["central_p_value"].isna().all()
    empty = central_enrichment(FilterBank([], DNA), [], 41)
    assert len(empty) == 0 and empty.columns.tolist() == table.columns.tolist()


def write_file(path, filters, ids, offsets):
    sites = pd.DataFrame({"filter": filters, "id": ids, "offset": offsets})
    lines = sites.reindex(columns=COLUMNS).to_csv(sep="\t", index=False, na_rep=".", quoting=csv.QUOTE_NONE)
    path.write_bytes(gzip.compress(f"#{lines}".encode()))


def test_places_of_sites_are_read_in_blocks(tmp_path):
    path = tmp_path / "top.sites.bed.gz"
    filters = [f"a_{i % 3:03d}" for i in range(20)]
    ids = [f'p"{i % 5}:1' for i in range(20)]
    write_file(path, filters, ids, np.arange(20))
    wanted = [i for i in range(20) if i % 5 in (1, 4)]
    for rows in (3, 500):
        blocks = list(site_places(path, ['p"1:1', 'p"4:1', "elsewhere"], rows))
        assert len(blocks) == -(-20 // rows)
        assert np.concatenate([offset for _, offset in blocks]).tolist() == wanted
        assert np.concatenate([name for name, _ in blocks]).tolist() == [filters[i] for i in wanted]
    assert sum(len(name) for name, _ in site_places(path, [])) == 0


def test_a_file_without_sites(tmp_path, bank):
    path = tmp_path / "top.sites.bed.gz"
    write_file(path, [], [], [])
    assert central_enrichment(bank, site_places(path, ["p:1"]), 41)["sites"].tolist() == [0, 0]
