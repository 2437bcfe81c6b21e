"""Cnnamon's filter_redundancy and filter_RC_redundancy, on kernels and on PFMs."""

import numpy as np
import pandas as pd
import pytest

from motifloom.data.encode import DNA
from motifloom.filters.motifs import MotifSet
from motifloom.filters.redundancy import kernel_similarity, motif_similarity, redundancy_table


@pytest.fixture
def motifs(reference, model):
    """Cnnamon's own PFMs."""
    archive = np.load(reference / f"{model}_top95.npz")
    counts = {f"filter{i}": archive[f"pfm__filter{i}"] for i in range(12)}
    return MotifSet("top", DNA, counts, ["filter"] * 12)


def expected(reference, name):
    return pd.read_csv(reference / f"{name}.csv", index_col=0).to_numpy()


def test_kernels(reference, model, bank):
    found = kernel_similarity(bank, centred=False)
    np.testing.assert_allclose(found.forward, expected(reference, f"{model}_redund_kernel"), atol=1e-5)
    np.testing.assert_allclose(found.reverse, expected(reference, f"{model}_redund_kernel_rc"), atol=1e-5)


def test_motifs(reference, model, motifs):
    found = motif_similarity(motifs, centred=False)
    np.testing.assert_allclose(found.forward, expected(reference, f"{model}_redund_pfm_top95"), atol=1e-5)
    np.testing.assert_allclose(found.reverse, expected(reference, f"{model}_redund_pfm_rc_top95"), atol=1e-5)


def test_table(reference, model, bank):
    forward, reverse = (
        expected(reference, f"{model}_redund_kernel{strand}")[np.triu_indices(12, 1)]
        for strand in ("", "_rc")
    )
    table = redundancy_table("kernel", kernel_similarity(bank, centred=False))
    np.testing.assert_allclose(table["similarity_forward"], forward, atol=1e-5)
    np.testing.assert_allclose(table["similarity_reverse"], reverse, atol=1e-5)
    np.testing.assert_allclose(table["similarity"], np.maximum(forward, reverse), atol=1e-5)
    assert ((table["strand"] == "-") == (reverse > forward)).all()


def test_centring_leaves_what_motifs_have_in_common(motifs):
    """The default compares what differs from the background, which is where Cnnamon sees flanks too."""
    plain, centred = (motif_similarity(motifs, centred=centred).best for centred in (False, True))
    pairs = np.triu_indices(12, 1)
    assert np.corrcoef(plain[pairs], centred[pairs])[0, 1] > 0.5
