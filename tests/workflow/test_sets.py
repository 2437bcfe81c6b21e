"""What extra sets, folds and ensembles add to a run, and what is made of them by name."""

import pytest
from runner import SPEC, planned, snakemake

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("targets")]

PEAKS = "results/simulations/tiny/peaks/SPI1.narrowPeak"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder in which nothing ran yet; the specs are checked once."""
    folder = tmp_path_factory.mktemp("sets")
    (folder / "spec.yaml").write_text(SPEC)
    return folder


@pytest.fixture
def config(tiny):
    """The tiny config with an extra set of positives."""
    tiny["datasets"]["others"] = {
        "task": "binary",
        "genome": "results/simulations/tiny/genome.fa.gz",
        "sources": [{"intervals": PEAKS, "target": 1}],
        "window": {"length": 120, "centre": "summit"},
        "split": {"by": "held_out"},
    }
    tiny["experiments"]["first"]["also"] = ["others"]
    return tiny


@pytest.fixture
def plan(folder):
    """Return rule -> number of jobs of a first run of a config for targets."""

    def plan(config, *targets):
        return planned(snakemake(folder, config, "-n", *targets))

    return plan


def test_a_set_is_predicted_evaluated_and_compared_with_the_baselines(plan, config):
    jobs = plan(config, "results/comparison.tsv")
    assert (jobs["predict_set"], jobs["predict_baseline_set"], jobs["evaluate_set"]) == (2, 2, 4)
    assert jobs["compare"] == 3


def test_a_set_without_targets_is_predicted_only(plan, config):
    del config["datasets"]["others"]["sources"][0]["target"]
    target = "results/first/seed1/sets/others/predictions.tsv.gz"
    jobs = plan(config, "results/comparison.tsv", target)
    assert jobs["predict_set"] == 1 and not {"evaluate_set", "predict_baseline_set"} & set(jobs)


def test_folds_train_a_network_each_and_pool_their_predictions(plan, config):
    config["experiments"]["second"]["folds"] = "all"
    jobs = plan(config, "results/second/seed1/metrics.tsv")
    assert (jobs["train"], jobs["predict"], jobs["average_predictions"], jobs["evaluate"]) == (3, 3, 1, 1)
    jobs = plan(config, "results/datasets/factor/comparison.tsv")
    # Networks and their controls; gc and kmer of each fold; the experiment and its three baselines.
    assert (jobs["train"], jobs["fit_baseline"], jobs["average_predictions"]) == (6, 6, 4)


def test_an_ensemble_trains_its_members_only(plan, config):
    config["experiments"]["third"] = {"dataset": "bound", "model": "small", "seeds": [1, 2]}
    config["experiments"]["both"] = {"dataset": "bound", "ensemble": ["first", "third"], "also": ["others"]}
    jobs = plan(config, "results/both/seed1/metrics.tsv")
    assert (jobs["train"], jobs["predict"], jobs["average_predictions"]) == (3, 3, 1)
    jobs = plan(config, "results/both/seed1/sets/others/metrics.tsv")
    assert (jobs["predict_set"], jobs["average_set_predictions"], jobs["evaluate_set"]) == (3, 1, 1)


@pytest.mark.parametrize(
    ("file", "rule"),
    [
        ("sets/others/strands.tsv.gz", "predict_strands"),
        ("sets/others/uncertainty.tsv.gz", "predict_dropout"),
        ("sets/bound/uncertainty.tsv.gz", "predict_dropout"),
        ("sets/others/tracks/positive.bw", "write_track"),
        ("activations/others.scanner.h5", "extract_activations"),
        ("activations/bound.scanner.tsv.gz", "extract_activations"),
    ],
)
def test_what_is_made_by_name(plan, config, file, rule):
    assert plan(config, f"results/first/seed1/{file}")[rule] == 1


def test_a_held_out_dataset_cannot_be_trained_on(folder, config):
    config["experiments"]["first"] = {"dataset": "others", "model": "small"}
    process = snakemake(folder, config, "-n", check=False)
    assert process.returncode and "others is held out, so nothing can be trained on it" in process.stderr
