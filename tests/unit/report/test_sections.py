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


def test_reasons_that_differ_in_numbers_only_are_one():
    reasons = [
        "window -5-15 leaves its chromosome (100 bp)",
        "window 85-105 leaves its chromosome (100 bp)",
        "chromosome chr1 is not in a2.fa",
        "chromosome chr2 is not in a2.fa",
        "90 % of it",
    ]
    ledger = pd.DataFrame({"reason": [*reasons, reasons[0]], "source": "s"})
    ledger["action"] = ["dropped"] * 5 + ["padded"]
    found = sections.ledger_summary(ledger)
    assert dict(zip(zip(found["action"], found["reason"], strict=True), found["n"], strict=True)) == {
        ("dropped", "window …-… leaves its chromosome (100 bp)"): 2,
        ("dropped", reasons[2]): 1,
        ("dropped", reasons[3]): 1,
        ("dropped", reasons[4]): 1,
        ("padded", reasons[0]): 1,
    }


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


def start_rows(*leaks):
    """Audits of networks that are started from, one row each."""
    table = pd.concat([AUDIT[1:]] * len(leaks), ignore_index=True)
    return table.assign(start=[f"net{number}" for number in range(len(leaks))], leak=leaks)


def test_what_an_experiment_starts_from_counts_in_the_verdict():
    clean = "no leak between the parts"
    assert sections.whole_verdict(AUDIT[:1], None) == ("ok", clean)
    assert sections.whole_verdict(AUDIT[:1], start_rows("no")) == ("ok", clean)
    seen = "net1, which it starts from, was trained on what is in the test part here"
    assert sections.whole_verdict(AUDIT[:1], start_rows("no", "yes")) == ("leak", f"{clean}; {seen}")
    unknown = "net0, which it starts from, is not audited"
    assert sections.whole_verdict(AUDIT[:1], start_rows("unknown")) == ("unknown", f"{clean}; {unknown}")
    assert sections.whole_verdict(AUDIT[:1], start_rows("unknown", "yes")) == (
        "leak",
        f"{clean}; {seen}; {unknown}",
    )
    assert sections.whole_verdict(AUDIT, start_rows("unknown"))[0] == "leak"
    assert sections.whole_verdict(None, start_rows("yes"))[0] == "leak"


def test_the_grid_has_columns_of_what_an_experiment_starts_from():
    grid = sections.audit_grid(AUDIT[:1], start_rows("yes", "unknown"))
    assert grid["pairs"] == ["train – test", "net0 train – test"]
    assert [(row["check"], row["example"]) for row in grid["rows"]] == [
        ("overlapping windows", ""),
        ("identical sequences", "a ~ b"),
    ]
    assert grid["rows"][1]["cells"]["net0 train – test"]["pairs"] == 3
    assert sections.audit_grid(AUDIT[:1], start_rows("unknown"))["pairs"] == ["train – test"]


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
    assert table["rows"][0]["cells"]["f1"] == {
        "text": "0.500", "interval": "0.400 – 0.600", "value": 0.5, "reason": "",
    }  # fmt: skip
    assert (table["metrics"], table["targets"]) == ([("f1", "F1")], 3)


def test_a_single_target_needs_no_average():
    assert [row["target"] for row in sections.metric_rows(metrics(["x", "macro"]))["rows"]] == ["x", "x"]
    assert [row["target"] for row in sections.metric_rows(metrics(["all"]))["rows"]] == ["", ""]


def test_further_metrics_have_a_table_of_their_own():
    table = pd.concat([metrics(["all"]).assign(metric=name) for name in ("npv", "f1", "mine", "ece")])
    found = sections.metric_rows(table)
    assert found["metrics"] == [("f1", "F1"), ("mine", "mine")]
    assert found["further"] == [("npv", "NPV"), ("ece", "Calibration error")]


def test_what_is_not_defined_says_why():
    table = metrics(["all"]).assign(value=np.nan, reason="no negatives")
    cell = sections.metric_rows(table)["rows"][0]["cells"]["f1"]
    assert (cell["text"], cell["reason"]) == ("–", "no negatives")


def thresholds(rule, values, reasons=None):
    frame = pd.DataFrame({"target": list("abcdefgh")[: len(values)], "rule": rule, "threshold": values})
    return frame.assign(reason=pd.Series(reasons or [np.nan] * len(values), dtype=object))


@pytest.mark.parametrize(
    ("table", "text"),
    [
        (None, ""),
        (thresholds("f1", []), ""),
        (thresholds(0.5, [0.5, 0.5]), "A class is called at a probability of 0.500 or more."),
        (
            thresholds("f1", [0.25, 0.5]),
            "A class is called at a probability of 0.250 (a), 0.500 (b) or more, which makes F1 largest on "
            "the validation part.",
        ),
        (
            thresholds("mcc", [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]),
            "A class is called at a probability of 0.100 to 0.700 by label or more, which makes the MCC "
            "largest on the validation part.",
        ),
        (
            thresholds("youden", [0.5], ["no examples in part validation"]),
            "A class is called at a probability of 0.500 or more. No threshold could be chosen: no examples "
            "in part validation.",
        ),
        (
            thresholds("f1", [0.5, 0.25, 0.5, 0.5], ["equal", np.nan, "one class", "equal"]),
            "A class is called at a probability of 0.500 (a), 0.250 (b), 0.500 (c), 0.500 (d) or more, which "
            "makes F1 largest on the validation part. No threshold could be chosen for 3 of 4 targets: equal "
            "(2); one class (1).",
        ),
    ],
)
def test_thresholds_in_words(table, text):
    assert sections.threshold_text(table) == text


def test_mistakes_are_few_of_each_kind():
    rows = [
        (target, kind, rank, f"p:{rank}", 0.0, 0.9, "1", 1000, 1200)
        for target in ("a", "b")
        for kind in ("false_positive", "false_negative")
        for rank in range(1, 6)
    ]
    names = ["target", "kind", "rank", "id", "truth", "score", "chrom", "start", "end"]
    found = sections.mistake_rows(pd.DataFrame(rows, columns=names))
    assert [(row["target"], row["kind"], row["rank"]) for row in found] == [
        (target, kind, rank)
        for target in ("a", "b")
        for kind in ("false positive", "false negative")
        for rank in (1, 2, 3)
    ]
    assert found[0]["place"] == "1:1,000–1,200"
    table = pd.DataFrame(rows, columns=names).assign(chrom=np.nan, start=-1)
    assert {row["place"] for row in sections.mistake_rows(table)} == {""}
    assert sections.mistake_rows(None) == sections.mistake_rows(table[:0]) == []


def test_extra_sets_have_a_row_each():
    table = pd.concat(
        [metrics(["x", "y", "macro"], parts=[name]) for name in ("near", "far", "geometric mean")]
    )
    found = sections.set_rows(table)
    assert [row["part"] for row in found["rows"]] == ["near", "far", "geometric mean"]
    assert found["targets"] == 1
    assert len(sections.set_rows(metrics(["all"], parts=["near"]))["rows"]) == 1


def test_extra_sets_of_several_classes_show_the_accuracy_over_all_of_them():
    # Examples of 5 classes, all called by a wrong one: of each class against the rest, 3 of 5 are right.
    values = {("x", "accuracy"): 0.6, ("macro", "auroc"): 0.6, ("macro", "accuracy"): 0.6,
              ("weighted", "accuracy"): 0.6, ("all", "accuracy"): 0.0}  # fmt: skip
    rows = [
        [part, *key, value, np.nan, np.nan, 10, 0.2, ""]
        for part in ("near", "far", "geometric mean")
        for key, value in values.items()
    ]
    columns = ["part", "target", "metric", "value", "ci_low", "ci_high", "n", "prevalence", "reason"]
    found = sections.set_rows(pd.DataFrame(rows, columns=columns))
    assert [row["part"] for row in found["rows"]] == ["near", "far", "geometric mean"]
    assert found["targets"] == 1 and [name for name, _ in found["metrics"]] == ["auroc", "accuracy"]
    for row in found["rows"]:
        assert {name: cell["value"] for name, cell in row["cells"].items()} == {"auroc": 0.6, "accuracy": 0.0}


def test_extra_sets_link_to_their_tables():
    links = {"metrics.tsv": "m", "sets/average.tsv": "g", "sets/near/metrics.tsv": "n"}
    links |= {"sets/near/predictions.tsv.gz": "p", "sets/far/metrics.tsv": "f"}
    assert list(sections.set_links(links).items()) == [("near", "n"), ("far", "f"), ("geometric mean", "g")]


@pytest.mark.parametrize(
    ("parts", "shown"), [(["train", "test"], False), (["fold0", "fold1"], True), (None, True)]
)
def test_the_fold_is_told_where_there_are_folds(parts, shown):
    split = None if parts is None else pd.DataFrame({"id": ["a", "b"], "part": parts})
    runs = [Run(1, provenance={"fold": 0, "model": "m"})]
    report = ExperimentReport("e", "binary", "d", [], runs, REGIONS, split=split)
    (block,) = sections.provenance_section(report)["runs"]
    assert dict(block["rows"]) == {"model": "m"} | ({"fold": "0"} if shown else {})


def test_the_log_tells_estimated_from_exact_areas():
    def section(*columns):
        history = pd.DataFrame([[1] + [0.5] * len(columns)], columns=["epoch", *columns])
        report = ExperimentReport("e", "binary", "d", [], [Run(1, history=history)], REGIONS)
        found = sections.training_section(report)
        return list(found["columns"].values()), found["note"]

    labels, note = section("loss", "AUC", "val_AUC", "val_auroc")
    assert labels == ["loss", "AUC (estimate)", "val AUC (estimate)", "val AUROC (exact)"]
    assert note.startswith("AUC (estimate) is what Keras") and "AUROC and AUPRC (exact) are over all" in note
    assert "Keras" not in section("loss", "val_auprc")[1]
    assert section("loss", "val_loss")[1] == ""


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
    report.baselines, report.members = [], ["d.gc"]
    found = sections.comparison_rows(report, {"part": "test", "target": "all"})
    assert [(row["name"], row["label"]) for row in found["rows"]][1:] == [
        ("e", "this model"),
        ("d.gc", "member"),
    ]
    report.members = []
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
    content["blocks"] = [{"size": 2, "name": None}, {"name": "x"}]
    assert sections.setting_rows(content) == [
        ("seed", "1"), ("versions.keras", "3.15"), ("files", "a, b"), ("blocks[0].size", "2"),
        ("blocks[1].name", "x"),
    ]  # fmt: skip
