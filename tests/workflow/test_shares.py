"""Per-filter work gives the same bytes in any number of jobs, also where some have nothing to do."""

import pytest
from runner import snakemake

pytestmark = pytest.mark.workflow

TESTS = ["thresholds.tsv", "significance.h5", "significant.sites.bed.gz"]
IMPORTANCE = ["importance.tsv", "importance.groups.tsv", "importance.iterations.tsv.gz"]


# The finished run has one share of six filters. Every share of the importance loads TensorFlow, so one other
# number must do for it, with a filter in every share but one.
@pytest.mark.parametrize(("shares", "names"), [(3, TESTS), (16, TESTS), (7, IMPORTANCE)])
def test_the_number_of_shares_changes_no_byte(copied, shares, names):
    folder, config = copied
    paths = [folder / "results/second/seed1/filters" / name for name in names]
    before = {path.name: path.read_bytes() for path in paths}
    assert all(len(path.read_bytes()) > 500 for path in paths)
    for path in paths:
        path.unlink()
    targets = [str(path.relative_to(folder)) for path in paths]
    process = snakemake(folder, config, *targets, "--set-scatter", f"filters={shares}")
    assert f"1-of-{shares}" in process.stdout + process.stderr
    assert [path.name for path in paths if path.read_bytes() != before[path.name]] == []
