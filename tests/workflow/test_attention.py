"""Attention is measured by name, and documented to the last column."""

import pytest
from runner import ROOT, SPEC, planned, snakemake

from motifloom.io import read_table

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("targets")]

FILES = ["tsv.gz", "svg", "profile.tsv", "sites.tsv", "sites.svg"]
LOOKING = {
    "builder": "multiscale_attention",
    "conv_width": [5, 9],
    "conv_filters": 2,
    "dense_filters": 2,
    "training_params": {"epochs": 1},
}


@pytest.fixture
def config(tiny):
    """The tiny config with a network that has attention, and the planted sites."""
    tiny["models"]["looking"] = LOOKING
    tiny["experiments"]["third"] = {"dataset": "bound", "model": "looking"}
    tiny["interpretation"]["attention"] = {"sites": "results/simulations/tiny/peaks/CTCF.narrowPeak"}
    return tiny


def test_attention_is_measured_by_name(tmp_path, config):
    (tmp_path / "spec.yaml").write_text(SPEC)
    jobs = planned(snakemake(tmp_path, config, "-n"))
    assert "train" in jobs and "measure_attention" not in jobs
    files = [f"results/third/seed1/attention/bound.{file}" for file in FILES]
    jobs = planned(snakemake(tmp_path, config, "-n", *files))
    assert (jobs["train"], jobs["measure_attention"]) == (1, 1)
    process = snakemake(tmp_path, config, "-n", "results/third/seed1/attention/factor.svg", check=False)
    assert process.returncode and "window.length is 100" in process.stdout + process.stderr


def test_every_column_is_documented_and_sites_are_those_of_the_config(copied, config):
    folder, _ = copied
    config["interpretation"]["attention"]["sites"] = "results/simulations/tiny/truth.tsv"
    target = "results/third/seed1/attention/bound.sites.tsv"
    snakemake(folder, config, target)
    tables = {name: read_table(folder / target.replace("sites.tsv", name)) for name in FILES if "tsv" in name}
    text = (ROOT / "docs/outputs.md").read_text()
    for name, table in tables.items():
        assert len(table), name
        columns = (column for column in table if column != "target.positive")
        assert not [column for column in columns if f"`{column}`" not in text], name
    assert set(tables["tsv.gz"]["layer"]) == {"attention_5", "attention_9"}
    assert tables["tsv.gz"]["id"].nunique() == len(read_table(folder / "results/datasets/bound/split.tsv.gz"))
    # Every positive is centred on a site of CTCF.
    sites = tables["sites.tsv"].set_index(["motif", "layer"])
    bound = tables["profile.tsv"].query("target == 'positive'")["n"].iloc[0]
    assert sites.loc[("CTCF", "attention_5"), "n"] >= bound > 0
    # Without the key the table has no rows; nothing else is made anew.
    del config["interpretation"]["attention"]
    assert planned(snakemake(folder, config, "-n", target)) == {"measure_attention": 1}


def test_a_network_without_attention_ends_in_one_line(copied):
    folder, config = copied
    process = snakemake(folder, config, "results/first/seed1/attention/bound.svg", check=False)
    log = (folder / "results/logs/measure_attention/first.seed1.bound.log").read_text().splitlines()
    assert process.returncode and "none of its layers is an AttentionPooling" in log[-1]
    assert log[-1].startswith("Error: ")
