"""The demo finds what was planted; it takes minutes, so only with MOTIFLOOM_EXAMPLES=1."""

import os

import pandas as pd
import pytest
import yaml
from runner import ROOT, snakemake

ASKED = "MOTIFLOOM_EXAMPLES" in os.environ
pytestmark = pytest.mark.skipif(not ASKED, reason="MOTIFLOOM_EXAMPLES=1 is not set")


def test_the_demo_finds_the_planted_motifs(tmp_path):
    snakemake(tmp_path, yaml.safe_load((ROOT / "config/config.yaml").read_text()))
    results = tmp_path / "results"
    found = pd.read_csv(results / "factor-multiclass/recovery.tsv", sep="\t").groupby("motif")["found"].any()
    assert len(found) == 6 and found.all()
    found = pd.read_csv(results / "bound-shallow/recovery.tsv", sep="\t").groupby("motif")["found"].any()
    assert found.sum() >= 4
    for name in ("bound", "factor"):
        audit = pd.read_csv(results / f"datasets/{name}/audit.tsv", sep="\t")
        assert (audit["leak"] == "no").all()
    table = pd.read_csv(results / "comparison.tsv", sep="\t")
    table = table[(table["part"] == "test") & (table["metric"] == "auroc") & (table["seed"] == 1)]
    value = table[table["target"].isin(["all", "macro"])].set_index("experiment")["value"]
    assert value["bound-shallow"] > value["bound.kmer"] > value["bound.gc"]
    assert value["factor-multiclass"] > value["factor.kmer"] > value["factor.gc"]
    assert value["factor-multiclass"] > 0.97
