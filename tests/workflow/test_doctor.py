"""`snakemake doctor` looks, prints, and leaves nothing that keeps it from looking again."""

import pytest
from runner import SPEC, snakemake

pytestmark = pytest.mark.workflow


def test_it_prints_what_is_here_each_time(tmp_path, tiny):
    (tmp_path / "spec.yaml").write_text(SPEC)
    tiny["experiments"]["second"]["training"]["accelerator"] = "cpu"
    for _ in range(2):
        lines = snakemake(tmp_path, tiny, "doctor").stdout.splitlines()
        assert [line for line in lines if line in ("versions", "machine", "device", "folders", "networks")]
        second = next(line.split(None, 1)[1] for line in lines if line.split()[:1] == ["second"])
        assert second == "cpu (accelerator: cpu), threads: 1; seeds: 1"
    assert [path.name for path in (tmp_path / "results").iterdir()] == ["logs"]
