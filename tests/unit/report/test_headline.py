import numpy as np
import pandas as pd
import pytest

from motifloom.report.headline import axis, comparable, headline, summarise

METRICS = ["part", "target", "metric", "value", "ci_low", "ci_high", "n", "prevalence"]


def metrics(*rows):
    return pd.DataFrame([(*row, 0.1, 0.9, 50, 0.5) for row in rows], columns=METRICS)


def comparison(*rows):
    """Rows of (experiment, kind, seed, value) of one metric."""
    frame = pd.DataFrame(rows, columns=["experiment", "kind", "seed", "value"])
    frame = frame.assign(part="test", target="all", metric="auroc", n=50, model="m", dataset="d")
    return frame.assign(ci_low=frame["value"] - 0.02, ci_high=frame["value"] + 0.01)


def test_the_headline_is_the_first_metric_of_the_last_part():
    rows = [("train", "all", "auroc", 0.99), ("test", "all", "accuracy", 0.8), ("test", "all", "auroc", 0.9)]
    assert headline(metrics(*rows), "binary")["value"] == 0.9
    assert headline(metrics(*rows[:2]), "binary")["metric"] == "accuracy"
    assert headline(metrics(rows[0]), "binary")["part"] == "train"
    assert headline(metrics(), "binary") is None
    assert headline(metrics(("test", "all", "auroc", np.nan)), "binary") is None


def test_the_headline_of_several_targets_is_their_average():
    rows = [("test", name, "pearson", value) for name, value in (("a", 0.1), ("b", 0.5), ("macro", 0.3))]
    row = headline(metrics(*rows), "regression")
    assert (row["target"], row["label"]) == ("macro", "macro average")
    # The average over one target needs no name.
    assert headline(metrics(rows[0], rows[2]), "regression")["label"] == ""


def test_an_experiment_stands_beside_its_own_baselines_only():
    table = comparison(
        ("other", "cnn", 1, 0.7), ("d.gc", "gc", 1, 0.6), ("d.kmer", "kmer", 1, 0.8),
        ("e.kmer", "kmer", 1, 0.1),
        ("mine", "cnn", 2, 0.92), ("mine", "cnn", 1, 0.9), ("d.gc", "gc", 1, np.nan),
    )  # fmt: skip
    row = {"part": "test", "target": "all", "metric": "auroc"}
    found = comparable(table, "mine", ["d.gc", "d.kmer"], row)
    assert list(found["value"]) == [0.9, 0.92, 0.8, 0.6]
    assert list(found["baseline"]) == [False, False, True, True]


def test_an_axis_holds_all_values():
    assert axis([0.91, 0.97, np.nan], "auroc") == (0.5, 1.0)
    assert axis([0.91, 0.48], "auroc") == (0.45, 1.0)
    assert axis([0.3, -0.11], "pearson") == pytest.approx((-0.15, 1.0))
    assert axis([2.0, 3.0], "mse") == pytest.approx((0.0, 3.15))


def test_a_summary_places_everything_on_the_axis():
    table = comparison(("mine", "cnn", 1, 0.9), ("mine", "cnn", 2, 0.8), ("d.kmer", "kmer", 1, 0.75))
    row = headline(metrics(("test", "all", "auroc", 0.9)), "binary")
    summary = summarise(table, "mine", ["d.kmer"], row)
    assert [strip["at"] for strip in summary["strips"]] == [80, 60, 50]
    assert [strip["label"] for strip in summary["strips"]] == ["seed 1", "seed 2", "k-mer baseline"]
    assert summary["strips"][0]["interval"] == "0.880 – 0.910"
    assert (summary["chance"], summary["axis"], summary["seeds"]) == (0, ["0.5", "1"], 2)
    assert summary["mean"] == pytest.approx(0.85)
    assert summary["lead"] == {"value": pytest.approx(0.1), "text": "+0.100", "interval": ""}


@pytest.mark.parametrize(("low", "by_chance"), [(0.49, True), (0.5, True), (0.51, False)])
def test_a_result_whose_interval_holds_chance_is_told(low, by_chance):
    row = headline(metrics(("test", "all", "auroc", 0.53)), "binary") | {"ci_low": low}
    assert summarise(None, "mine", [], row)["by_chance"] == by_chance
    assert not summarise(None, "mine", [], row | {"ci_low": np.nan})["by_chance"]
    assert summarise(None, "mine", [], row | {"ci_low": np.nan, "value": 0.5})["by_chance"]
    assert not summarise(None, "mine", [], row | {"metric": "mse"})["by_chance"]


@pytest.mark.parametrize("swapped", [False, True])
def test_the_lead_over_a_baseline_has_the_paired_interval(swapped):
    table = comparison(("mine", "cnn", 1, 0.9), ("d.kmer", "kmer", 1, 0.8))
    pair = ("d.kmer", "mine", -0.11, -0.13, -0.07) if swapped else ("mine", "d.kmer", 0.11, 0.07, 0.13)
    columns = ["experiment_a", "experiment_b", "difference", "ci_low", "ci_high"]
    differences = pd.DataFrame([pair], columns=columns).assign(part="test", target="all", metric="auroc")
    row = headline(metrics(("test", "all", "auroc", 0.9)), "binary")
    lead = summarise(table, "mine", ["d.kmer"], row, differences)["lead"]
    assert lead == {"value": pytest.approx(0.11), "text": "+0.110", "interval": "+0.070 – +0.130"}


def test_a_headline_without_a_comparison_stands_alone():
    row = headline(metrics(("test", "all", "auroc", 0.9)), "binary")
    summary = summarise(None, "mine", [], row)
    assert [strip["label"] for strip in summary["strips"]] == ["this model"]
    assert summary["lead"] is None
