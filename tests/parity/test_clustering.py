"""Cnnamon's FilterClustering: fingerprints, linkage, silhouettes, clusters and tree."""

import dataclasses
import json
import re
from io import StringIO

import numpy as np
import pandas as pd
import pytest

from motifloom.filters.clustering import cluster_activations
from motifloom.filters.scan import summarise_sequences


@pytest.fixture
def fingerprints(reference, model):
    """Mean rectified activations, float (500, 12), as Cnnamon made them: padded windows count."""
    return pd.read_csv(reference / f"{model}_cluster_fingerprints.csv", index_col=0)


@pytest.fixture
def clustering(fingerprints, bank):
    return cluster_activations(bank.filters, fingerprints.to_numpy(np.float32))


def test_linkage(reference, model, clustering):
    expected = np.load(reference / f"{model}_cluster_linkage.npy")
    np.testing.assert_array_equal(clustering.linkage[:, [0, 1, 3]], expected[:, [0, 1, 3]])
    np.testing.assert_allclose(clustering.linkage[:, 2], expected[:, 2], rtol=1e-5)


def test_silhouettes_and_the_number_of_clusters(reference, model, clustering):
    expected = json.loads((reference / f"{model}_silhouette.json").read_text())
    assert clustering.scores["clusters"].tolist() == [int(k) for k in expected]
    np.testing.assert_allclose(clustering.scores["silhouette"], list(expected.values()), atol=1e-5)
    assert clustering.count == int(max(expected, key=expected.get))


def test_clusters(reference, model, clustering):
    """Under our names: Cnnamon calls a filter Filter0 here and filter0 elsewhere."""
    expected = pd.read_csv(reference / f"{model}_clusters.csv")
    table = clustering.table()
    assert table["filter"].tolist() == [f"filter_{int(name[6:]):03d}" for name in expected["filter_name"]]
    assert table["cluster"].tolist() == expected["cluster"].tolist()


def test_tree(reference, model, clustering):
    from Bio import Phylo

    text = (reference / f"{model}_newick.txt").read_text()
    # Cnnamon rounds branches to two decimals.
    text = re.sub(r"Filter(\d+)", lambda match: f"filter_{int(match[1]):03d}", text)
    theirs, ours = (Phylo.read(StringIO(one), "newick") for one in (text, clustering.newick()))

    def branches(tree):
        return {
            frozenset(leaf.name for leaf in clade.get_terminals()): clade.branch_length or 0.0
            for clade in tree.find_clades()
        }

    expected, found = branches(theirs), branches(ours)
    assert set(found) == set(expected)
    assert all(found[clade] == pytest.approx(expected[clade], abs=0.0051) for clade in expected)


def test_fingerprints(fingerprints, bank, tokens):
    """Cnnamon counts windows in the padding, and windows of N alone, whose score is the bias."""
    layer = dataclasses.replace(bank.layers[0], padding="valid")
    left = (layer.width - 1) // 2
    padded = np.pad(tokens, ((0, 0), (left, layer.width - 1 - left)), constant_values=4)
    known = np.lib.stride_tricks.sliding_window_view(padded < 4, layer.width, axis=1).any(axis=2)
    share = known.mean(axis=1)[:, None]
    assert (share < 1).any()
    mean = summarise_sequences(layer, padded).mean * share + np.maximum(layer.bias, 0) * (1 - share)
    np.testing.assert_allclose(mean, fingerprints, atol=1e-5)
