"""Motifs made from sites, and chosen by q-value, as Cnnamon makes them from its subsequences."""

import numpy as np
import pandas as pd
import pytest

from motifloom.data.encode import DNA
from motifloom.filters.motifs import MotifSet


def their_sites(reference, name, tokens, genomic):
    """Return the windows that Cnnamon kept as a table of sites; places in the genome or in the example."""
    rows = {line.strip(): row for row, line in enumerate((reference / "sub500_info.txt").open())}
    with np.load(reference / f"{name}.npz") as archive:
        pfms = {key[5:]: archive[key] for key in archive if key.startswith("pfm__")}
        info = {key[6:]: archive[key] for key in archive if key.startswith("info__")}
    sites = []
    for filter_name, lines in info.items():
        for fields in (line.split(",") for line in lines):
            start, end = (int(field) - genomic * int(fields[1]) for field in fields[4:6])
            sequence = DNA.decode(tokens[rows[",".join(fields[:3])], start:end])
            q_value = float(fields[7]) if genomic else np.nan
            sites.append((filter_name, sequence, q_value))
    return pd.DataFrame(sites, columns=["filter", "sequence", "q_value"]), pfms


def assert_same(motifs, pfms):
    assert set(motifs) == set(pfms)
    for name, theirs in pfms.items():
        known = np.isfinite(theirs).all(axis=1)
        np.testing.assert_allclose(motifs.probabilities(name)[known], theirs[known], rtol=0, atol=1e-5)
        assert not motifs.counts[name][~known].any()


def test_motifs_of_top_sites(reference, model, tokens):
    sites, pfms = their_sites(reference, f"{model}_top95", tokens, genomic=False)
    pfms.pop("filterNone", None)
    assert_same(MotifSet.from_sites(sites, DNA, ["filter"] * sites["filter"].nunique()), pfms)


@pytest.mark.parametrize("q_value", [0.05, 0.04, 0.02])
def test_choice_by_q_value(reference, tokens, q_value):
    sites, pfms = their_sites(reference, "m1t_sig_q05_n1000", tokens, genomic=True)
    motifs = MotifSet.from_sites(sites, DNA, ["filter"] * len(pfms))
    assert_same(motifs, pfms)
    chosen = motifs.where(q_value=q_value)
    with np.load(reference / "m1t_sig_q05_n1000_pq.npz") as archive:
        kept = {name: archive[f"q__{name}"] <= q_value for name in pfms}
    assert chosen.n_sites.tolist() == [kept[name].sum() for name in chosen]
    for name in chosen:
        texts = sites.loc[sites["filter"] == name, "sequence"][kept[name]]
        expected = sum((DNA.one_hot(DNA.encode(text)) for text in texts), np.zeros((20, 4)))
        np.testing.assert_array_equal(chosen.counts[name], expected)
