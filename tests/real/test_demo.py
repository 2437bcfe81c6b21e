"""The demo finds what was planted, in the memory that it asks for.

It takes minutes, so only with MOTIFLOOM_EXAMPLES=1; twenty times the data only with MOTIFLOOM_EXAMPLES=all.
"""

import os

import pandas as pd
import pytest
import yaml
from memory import memory, unfit
from runner import ROOT, snakemake

ASKED = "MOTIFLOOM_EXAMPLES" in os.environ
pytestmark = [
    pytest.mark.skipif(not ASKED, reason="MOTIFLOOM_EXAMPLES=1 is not set"),
    pytest.mark.xdist_group("demo"),
]


def demo():
    return yaml.safe_load((ROOT / "config/config.yaml").read_text())


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    snakemake(folder, demo())
    return folder / "results"


def test_jobs_need_the_memory_that_their_rules_ask_for(results):
    table = memory(results.parent, demo())
    assert table["rule"].nunique() > 35 and unfit(table) == []


@pytest.mark.skipif(os.environ.get("MOTIFLOOM_EXAMPLES") != "all", reason="MOTIFLOOM_EXAMPLES=all is not set")
def test_jobs_on_twenty_times_the_data_do_so_too(tmp_path):
    config = demo()
    simulation = config["simulations"]["demo"]
    for key in ("chromosome_length", "sites_per_motif"):
        simulation[key] *= 20
    for experiment in config["experiments"].values():
        experiment["seeds"] = [1]
        experiment["training"]["epochs"] = 1
    config["interpretation"]["importance"]["iterations"] = 2
    snakemake(tmp_path, config)
    table = memory(tmp_path, config)
    assert table["rule"].nunique() > 35 and unfit(table) == []


def matches_of(results, experiment, method):
    tables = [
        pd.read_csv(path, sep="\t").assign(seed=path.parent.parent.name)
        for path in sorted((results / experiment).glob("seed*/filters/matches.tsv"))
    ]
    table = pd.concat(tables)
    return table[(table["method"] == method) & (table["q_value"] < 0.01)]


def test_significant_sites_alone_recover_every_planted_motif(results):
    found = {
        name: matches_of(results, name, "significant") for name in ("factor-multiclass", "bound-shallow")
    }
    planted = set(pd.read_csv(results / "factor-multiclass/recovery.tsv", sep="\t")["motif"])
    assert len(planted) == 6
    assert set(found["factor-multiclass"]["motif_id"]) >= planted
    # Bound or not can be told without every factor.
    assert len(set(found["bound-shallow"]["motif_id"]) & planted) >= 4


def test_the_best_filter_of_a_motif_is_enriched_in_its_class(results):
    recovery = pd.read_csv(results / "factor-multiclass/recovery.tsv", sep="\t")
    for _, row in recovery[recovery["found"]].iterrows():
        folder = results / f"factor-multiclass/seed{row['seed']}/filters"
        table = pd.read_csv(folder / "enrichment.tsv", sep="\t").query("test == 'mann_whitney'")
        own = table[table["filter"] == row["filter"]].sort_values("p_value").set_index("target")
        assert own.loc[row["motif_name"], "auc"] > 0.5, row["motif_name"]
        assert own.loc[row["motif_name"], "q_value"] < 0.05, row["motif_name"]


def test_the_demo_finds_the_planted_motifs(results):
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


def test_where_nothing_is_planted_no_filter_is_important(tmp_path):
    config = yaml.safe_load((ROOT / "config/examples/nothing.yaml").read_text())
    snakemake(tmp_path, config, "importance")
    tables = [
        pd.read_csv(path, sep="\t").query("metric == 'loss'")
        for path in (tmp_path / "results/nothing").glob("seed*/filters/importance.tsv")
    ]
    table = pd.concat(tables)
    assert len(tables) == 3 and table["filter"].nunique() >= 10
    for _, rows in table.groupby("perturbation"):
        assert (rows["ci_low"] > 0).mean() <= 0.05
