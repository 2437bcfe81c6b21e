import numpy as np
import pandas as pd
import pytest

from motifloom.report import sections
from motifloom.report.page import ExperimentReport, Run

REGIONS = pd.DataFrame(
    {
        "id": ["a:1", "a:2", "a:3", "b:1", "b:2"],
        "source": ["a", "a", "a", "b", "b"],
        "start": -1,
        "target.x": [1, 1, 0, 0, 0],
        "target.y": [1, 0, 1, 0, 1],
    }
)
PARTS = pd.Series({"a:1": "train", "a:2": "test", "a:3": "train", "b:1": "train"})


def counted(task, classes, parts=PARTS):
    table = sections.class_counts(REGIONS, parts, task, classes)
    return list(table.columns[2:]), [tuple(row) for row in table.itertuples(index=False)]


def test_counts_of_a_binary_task():
    columns, rows = counted("binary", ["no", "x"])
    assert columns == ["train", "test", "unused", "total"]
    assert sorted(rows) == [("a", "no", 1, 0, 0, 1), ("a", "x", 1, 1, 0, 2), ("b", "no", 1, 0, 1, 2)]


def test_labels_overlap_and_may_be_absent():
    _, rows = counted("multilabel", ["x", "y"])
    assert rows == [
        ("a", "x", 1, 1, 0, 2), ("a", "y", 2, 0, 0, 2),
        ("b", "y", 0, 0, 1, 1), ("b", "no label", 1, 0, 0, 1),
    ]  # fmt: skip


def test_counts_without_classes_or_split():
    assert counted("regression", ["x"], None) == (["total"], [("a", "", 3), ("b", "", 2)])


def test_the_ledger_is_summed_by_action_and_reason():
    rows = [("s", "dropped", "N"), ("t", "dropped", "N"), ("s", "shifted", "edge"), ("s", "dropped", "N")]
    summary = sections.ledger_summary(pd.DataFrame(rows, columns=["source", "action", "reason"]))
    assert summary.to_dict("records") == [
        {"action": "dropped", "reason": "N", "n": 3, "sources": "s, t"},
        {"action": "shifted", "reason": "edge", "n": 1, "sources": "s"},
    ]


AUDIT = pd.DataFrame(
    [
        ("overlap", "train", "test", 0, 0, 0, np.nan, "no"),
        ("identical", "train", "test", 3, 2, 3, "a ~ b", "yes"),
    ],
    columns=["check", "part_a", "part_b", "pairs", "examples_a", "examples_b", "example", "leak"],
)


def test_the_verdict_of_the_audit():
    assert sections.audit_verdict(AUDIT) == ("leak", "leaks found by 1 check of the split")
    assert sections.audit_verdict(AUDIT[:1])[0] == "ok"
    assert sections.audit_verdict(None)[0] == sections.audit_verdict(AUDIT[:0])[0] == "unknown"


def test_the_grid_of_the_audit():
    grid = sections.audit_grid(AUDIT)
    assert grid["pairs"] == ["train – test"]
    assert [(row["check"], row["example"]) for row in grid["rows"]] == [
        ("overlapping windows", ""),
        ("identical sequences", "a ~ b"),
    ]
    assert grid["rows"][1]["cells"]["train – test"]["pairs"] == 3


@pytest.mark.parametrize(
    ("provenance", "best"), [({"best": {"epoch": 1}}, 1), ({}, 2), ({"best": {"epoch": 9}}, 2)]
)
def test_the_best_epoch_is_the_one_noted_or_of_the_least_loss(provenance, best):
    history = pd.DataFrame({"epoch": [1, 2, 3], "loss": [3, 2, 1], "val_loss": [3, 1, 2]})
    assert sections.best_epoch(Run(1, history=history, provenance=provenance)) == best


def metrics(targets, parts=("train", "test")):
    rows = [(part, target, "f1", 0.5, 0.4, 0.6, 10, 0.2) for part in parts for target in targets]
    columns = ["part", "target", "metric", "value", "ci_low", "ci_high", "n", "prevalence"]
    return pd.DataFrame(rows, columns=columns)


def test_metrics_come_test_part_first_and_by_target():
    table = sections.metric_rows(metrics(["x", "y", "macro"]))
    assert [(row["part"], row["target"]) for row in table["rows"]] == [
        (part, target) for part in ("test", "train") for target in ("x", "y", "macro average")
    ]
    assert table["rows"][0]["cells"]["f1"] == {"text": "0.500", "interval": "0.400 – 0.600", "value": 0.5}
    assert (table["metrics"], table["targets"]) == ([("f1", "F1")], 3)


def test_a_single_target_needs_no_average():
    assert [row["target"] for row in sections.metric_rows(metrics(["x", "macro"]))["rows"]] == ["x", "x"]
    assert [row["target"] for row in sections.metric_rows(metrics(["all"]))["rows"]] == ["", ""]


def test_baselines_stand_below_the_seeds():
    def rows(name, kind, seed):
        return metrics(["all"]).assign(experiment=name, kind=kind, seed=seed)

    table = pd.concat(
        [rows("d.gc", "gc", 1), rows("e", "cnn", 1), rows("e", "cnn", 2), rows("d.kmer", "kmer", 1)]
    )
    report = ExperimentReport(
        "e", "binary", "d", [], [], REGIONS, comparison=table, baselines=["d.gc", "d.kmer"]
    )
    found = sections.comparison_rows(report, {"part": "test", "target": "all"})
    assert [(row["name"], row["seed"]) for row in found["rows"]] == [
        ("e", 1),
        ("e", 2),
        ("d.kmer", 1),
        ("d.gc", 1),
    ]
    report.baselines = []
    assert sections.comparison_rows(report, {"part": "test", "target": "all"}) is None


def test_sources_are_those_of_the_config_and_of_the_regions():
    report = ExperimentReport("e", "binary", "d", [], [], REGIONS, checksums={"a.bed": "0123456789abcdef"})
    report.sources = [
        {"name": "a", "kind": "intervals", "file": "a.bed"},
        {"name": "c", "kind": "fasta", "file": None},
    ]
    rows = [(row["name"], row["kind"], row["checksum"], row["n"]) for row in sections.source_rows(report)]
    assert rows == [("a", "intervals", "0123456789ab", 3), ("c", "fasta", "", 0), ("b", "", "", 2)]


def test_nested_keys_become_dotted():
    content = {"seed": 1, "versions": {"keras": "3.15"}, "files": ["a", "b"], "none": {}}
    assert sections.flatten(content) == [
        ("seed", "1"), ("versions.keras", "3.15"), ("files", "a, b"), ("none", "{}"),
    ]  # fmt: skip
