"""Sites near the centre of their windows."""

import numpy as np
import pytest
from scipy.stats import binom

from motifloom.data.encode import DNA
from motifloom.filters.bank import FilterBank, ScanLayer
from motifloom.filters.methods import top_motifs
from motifloom.filters.positions import central_enrichment


def test_counts_by_hand():
    # One filter that reads ACG, one that never fires.
    kernel = np.zeros((3, 4, 2), np.float32)
    kernel[[0, 1, 2], [0, 1, 2], 0] = 1
    kernel[:, :, 1] = -1
    layer = ScanLayer("scan", kernel, np.array([-2, 0], np.float32), DNA, activation="relu")
    tokens = np.full((3, 41), 3, np.uint8)
    tokens[0, 19:22] = [0, 1, 2]  # middle at 20.5, the centre
    tokens[1, 17:20] = [0, 1, 2]  # 2 bp before it
    tokens[2, 0:3] = [0, 1, 2]  # at the start
    bank = FilterBank([layer])
    motifs = top_motifs(bank, tokens, include_all_positive=True)
    table = central_enrichment(motifs, bank, tokens, within=2)
    first, silent = table.iloc[0], table.iloc[1]
    assert (first["sites"], first["central_sites"]) == (3, 2)
    assert first["expected_fraction"] == 5 / 39
    assert first["central_enrichment"] == pytest.approx(2 / 3 * 39 / 5)
    assert first["central_p_value"] == pytest.approx(binom.sf(1, 3, 5 / 39))
    assert silent["sites"] == 0 and np.isnan(silent["central_enrichment"])
    assert np.isnan(silent["central_p_value"])
    assert central_enrichment(motifs, bank, tokens, rows=[2], within=2)["central_sites"].tolist() == [0, 0]
