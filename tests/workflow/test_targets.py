"""What the named targets and the choice of methods and analyses make, and what they leave out."""

import pytest
from runner import SPEC, planned, snakemake

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("targets")]

SCANS = {"scan_filters", "test_windows", "find_sites", "locate_sites", "perturb_filters"}
PAGES = {"predict", "evaluate", "plot_training", "report", "index"}
ANALYSES = {
    "compare_filters",
    "cluster_filters",
    "sample_sequences",
    "test_enrichment",
    "profile_classes",
    "measure_sensitivity",
    "perturb_filters",
    "rank_importance",
    "match_seeds",
}
MOTIFS = {"find_motifs", "find_sites", "locate_sites", "match_motifs", "summarise_filters"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder in which nothing ran yet; the specs are checked once."""
    folder = tmp_path_factory.mktemp("targets")
    (folder / "spec.yaml").write_text(SPEC)
    return folder


@pytest.fixture
def plan(tiny, folder):
    """Return rule -> number of jobs of a first run with some keys of `interpretation`, for a target."""

    def plan(*target, methods=None, analyses=None):
        filters = {} if methods is None else {"filters": {"methods": methods}}
        chosen = {} if analyses is None else {"analyses": analyses}
        config = tiny | {"interpretation": tiny["interpretation"] | filters | chosen}
        jobs = planned(snakemake(folder, config, "-n", *target))
        return {rule: count for rule, count in jobs.items() if rule not in target}

    return plan


def test_methods_that_read_the_weights_scan_nothing(plan):
    jobs = plan(methods=["softmax"], analyses=["redundancy"])
    assert SCANS & set(jobs) == set()
    assert jobs["find_motifs"] == jobs["compare_filters"] == jobs["report"] == 2
    assert ANALYSES & set(jobs) == {"compare_filters"}


def test_without_analyses_none_runs(plan):
    jobs = plan(analyses=[])
    assert ANALYSES & set(jobs) == set() and jobs["find_motifs"] == 10 and jobs["find_sites"] == 6


def test_motifs_makes_motifs_and_no_page(plan):
    jobs = plan("motifs")
    assert set(jobs) >= MOTIFS | {"set_thresholds"} and not set(jobs) & (ANALYSES | PAGES)
    assert jobs["train"] == jobs["summarise_filters"] == 2 and jobs["find_motifs"] == 10


def test_importance_needs_one_method(plan):
    jobs = plan("importance")
    assert jobs["rank_importance"] == jobs["perturb_filters"] == jobs["find_motifs"] == 2
    assert not set(jobs) & (PAGES | {"test_windows", "find_sites", "match_motifs", "compare_filters"})


def test_interpret_makes_all_chosen_analyses_and_no_page(plan):
    jobs = plan("interpret")
    assert set(jobs) >= MOTIFS | ANALYSES and not set(jobs) & PAGES
    assert {jobs[rule] for rule in ANALYSES} == {2}
