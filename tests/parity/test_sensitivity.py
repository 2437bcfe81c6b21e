"""Nucleotide sensitivity against Cnnamon's, of the first three filters' windows above the 99th percentile."""

import numpy as np
import pandas as pd
import pytest

from motifloom.filters.scan import activation_blocks, score_cutoffs
from motifloom.filters.sensitivity import (
    ANY,
    QUANTILES,
    sensitivity_sample,
    sensitivity_table,
    site_responses,
)

LETTERS = "ACGT"


@pytest.fixture(scope="module")
def windows(reference, model):
    """{number of a filter: its windows uint8 (n, 20), 4 for an unknown letter}."""
    with np.load(reference / f"{model}_sensitivity_subs.npz") as file:
        one_hot = {int(name.removeprefix("filter")): file[name] for name in file}
    return {f: np.where(a.any(axis=2), a.argmax(axis=2), 4).astype(np.uint8) for f, a in one_hot.items()}


@pytest.fixture(scope="module")
def responses(reference, model, windows):
    """Cnnamon's rows, filter to DataFrame (position, own, base, response).

    Two quirks are undone: a letter that stays has 1.0 there, which is to be 0; an unknown letter is taken
    for an A, and has no response here.
    """
    table = pd.read_csv(reference / f"{model}_sensitivity_top99_3filters.csv.gz")
    frames = {}
    for f, letters in windows.items():
        rows = table[table["Filter"] == f"filter{f}"]
        own = letters[rows["SeqID"], rows["Position"]]
        base = rows["Base"].map(LETTERS.index).to_numpy()
        response = rows["FoldChange"].where(base != own, 0.0).to_numpy()
        frame = pd.DataFrame(
            {
                "window": rows["SeqID"].to_numpy(),
                "position": rows["Position"].to_numpy(),
                "own": own,
                "base": base,
                "response": response,
            }
        )
        frames[f] = frame[frame["own"] < 4]
    return frames


def test_quantiles_of_its_windows(bank, windows, responses):
    (layer,) = bank.layers
    for f, letters in windows.items():
        weights = np.vstack([layer.kernel[:, :, f].T, np.zeros(layer.width)])
        scores = (weights[letters, np.arange(layer.width)].sum(axis=1) + layer.bias[f]).astype(np.float32)
        found = site_responses(layer, f, scores, letters, skip_weakest=True)
        compared = 0
        for (position, base), of_base in responses[f].groupby(["position", "base"]):
            groups = {4: of_base, **dict(iter(of_base.groupby("own")))}
            for own, group in groups.items():
                values = group["response"].to_numpy()
                where = (position, own, base)
                assert found.n[where] == len(values)
                assert found.mean[where] == pytest.approx(values.mean(), abs=1e-5)
                expected = np.quantile(values, [*QUANTILES.values()])
                assert found.quantiles[where] == pytest.approx(expected, abs=1e-5)
                compared += 1
        assert compared == (found.n > 0).sum()


def test_single_values_and_numbers_of_sites(bank, tokens, responses):
    # In Cnnamon windows without a known letter, which score the bias, count for the percentile.
    bank = bank.subset([bank.filters[f] for f in responses])
    (layer,) = bank.layers
    ((_, activations),) = activation_blocks(layer, tokens)
    thresholds = np.array([np.percentile(values[values > 0], 99) for values in activations.T])
    cutoffs = dict(zip(layer.filters, score_cutoffs(layer, thresholds).T, strict=True))
    sample = sensitivity_sample(bank, tokens, cutoffs, sites=10**6, seed=1)
    table = sensitivity_table(bank, tokens, cutoffs, skip_weakest=True)
    for name, expected in zip(layer.filters, responses.values(), strict=True):
        expected = expected.sort_values(["window", "position", "base"])
        found = sample[sample["filter"] == name]
        # It leaves out the weakest hundredth.
        found = found[found.groupby(["row", "start"]).ngroup().isin(expected["window"])]
        assert "".join(found["base"]) == "".join(LETTERS[base] for base in expected["base"])
        assert found["log2_ratio"].to_numpy() == pytest.approx(expected["response"].to_numpy(), abs=1e-5)
        n = table[(table["filter"] == name) & (table["reference"] == ANY)]["n"].to_numpy().reshape(-1, 4)
        assert (n == expected.groupby(["position", "base"]).size().unstack().to_numpy()).all()
