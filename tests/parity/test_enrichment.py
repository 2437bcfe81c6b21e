"""Fold changes and odds ratios as Cnnamon gives them, where its definitions are chosen."""

import numpy as np
import pandas as pd
import pytest

from motifloom.filters import enrichment
from motifloom.filters.scan import activation_blocks, hit_blocks, positive_quantile, score_cutoffs

NEAR = {"rtol": 1e-5, "atol": 1e-5}


def test_fold_changes(reference, model, bank, tokens, labels):
    # Cnnamon's maxima are over all outputs of the layer, those that reach into the padding included.
    layer = bank.layers[0]
    blocks = activation_blocks(layer, tokens, inside=False)
    maxima = np.concatenate([activations.max(axis=1) for _, activations in blocks])
    table = enrichment.mann_whitney(maxima, labels, bank.filters, ["positive"])
    for column, name in (("log2_fold_change", "log2fc"), ("p_value", "p"), ("q_value", "q")):
        theirs = pd.read_csv(reference / f"{model}_foldchange_{name}.csv", index_col=0)["Class_0"]
        np.testing.assert_allclose(table[column], theirs, **NEAR)
    assert (table["n"] == 500).all() and (table["n_target"] == labels.sum()).all()


@pytest.mark.parametrize("percentile", [90, 95])
@pytest.mark.parametrize("universe", ["activated", "global"])
def test_odds_ratios(reference, model, bank, tokens, labels, percentile, universe):
    # Windows without a known letter, where the activation is that of the bias, count in Cnnamon.
    layer = bank.layers[0]
    activations = np.concatenate([found for _, found in activation_blocks(layer, tokens)])
    cutoffs = [np.percentile(found[found > 0], percentile) for found in activations.transpose(2, 0, 1)]
    hits = (activations >= cutoffs).sum(axis=1)
    windows = activations.shape[1]
    table = enrichment.fisher(
        hits, windows, labels, bank.filters, ["positive"], unit="window", universe=universe
    )
    table = table.set_index(table["filter"].str.extract(r"_0*(\d+)$")[0].radd("filter"))
    theirs = pd.read_csv(reference / f"{model}_odds_top{percentile}_{universe}.csv", index_col=0)
    table = table.loc[theirs.index]
    for count in "abcd":
        assert table[count].tolist() == theirs[count].tolist()
    np.testing.assert_allclose(table["odds_ratio"], theirs["odds_ratio"], **NEAR)
    np.testing.assert_allclose(np.log(table["odds_ratio"] + 1e-6), theirs["log_odds"], **NEAR)
    np.testing.assert_allclose(table["p_value"], theirs["pvalue"], rtol=1e-9)
    np.testing.assert_allclose(table["q_value"], theirs["qvalue"], rtol=1e-9)


@pytest.mark.parametrize("percentile", [90, 95])
def test_hits_of_the_scan_are_cnnamons(reference, model, bank, tokens, labels, percentile):
    # Filters whose bias is not positive have no hit in a window without a known letter, in either.
    layer = bank.layers[0]
    threshold, _ = positive_quantile(layer, tokens, percentile)
    hits = np.zeros((len(tokens), len(bank)), np.int32)
    for found in hit_blocks(layer, tokens, score_cutoffs(layer, threshold)):
        np.add.at(hits, (found.row, found.filter), 1)
    table = enrichment.fisher(hits, 281, labels, bank.filters, ["positive"], unit="window")
    theirs = pd.read_csv(reference / f"{model}_odds_top{percentile}_global.csv", index_col=0)
    theirs = theirs.loc[[f"filter{i}" for i in range(len(bank))]]
    comparable = layer.bias <= 0
    assert comparable.sum() >= 6
    for count in "abcd":
        np.testing.assert_array_equal(table[count][comparable], theirs[count][comparable])
