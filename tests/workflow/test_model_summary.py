"""`snakemake model_summary` where there is nothing to print."""

import pytest
from runner import snakemake

pytestmark = pytest.mark.workflow


def test_baselines_alone_have_no_networks_to_print(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.fa").write_text(f">{name}\n" + "ACGT" * 10 + "\n")
    sources = [{"fasta": "a.fa", "target": 1}, {"fasta": "b.fa", "target": 0}]
    config = {
        "datasets": {"d": {"task": "binary", "sources": sources, "split": {"by": "random"}}},
        "models": {"gc": {"baseline": "gc"}},
        "experiments": {"e": {"dataset": "d", "model": "gc"}},
    }
    message = "No experiment trains a network: all models are baselines."
    for _ in range(2):  # asked for again, it prints again
        assert message in snakemake(tmp_path, config, "model_summary").stdout
