import re

import pandas as pd

from motifloom.report.index import build_index

AUDIT = pd.DataFrame(
    [("overlap", "train", "test", 0, "no")], columns=["check", "part_a", "part_b", "pairs", "leak"]
)


def rows(experiment, kind, metric, *values):
    frame = pd.DataFrame({"seed": range(1, len(values) + 1), "value": values})
    return frame.assign(
        experiment=experiment, model="m", kind=kind, dataset="d", part="test", target="all", metric=metric,
        ci_low=frame["value"] - 0.1, ci_high=frame["value"] + 0.1, n=99,
    )  # fmt: skip


def experiment(name, task="binary", **more):
    return {
        "name": name,
        "task": task,
        "dataset": "d",
        "model": "m",
        "n": 1234,
        "report": f"{name}/report.html",
    } | more


def test_experiments_with_the_same_headline_share_an_axis(tmp_path):
    comparison = pd.concat([
        rows("one", "cnn", "auroc", 0.8, 0.9),
        rows("two", "cnn", "auroc", 0.75),
        rows("d.kmer", "kmer", "auroc", 0.7),
        rows("three", "cnn", "pearson", 0.5),
    ])  # fmt: skip
    experiments = [
        experiment("one", baselines=["d.kmer"]),
        experiment("two", dataset="other"),
        experiment("three", "regression"),
        experiment("four", report=None),
    ]
    path = tmp_path / "index.html"
    build_index(experiments, comparison, path, audits={"d": AUDIT}, links={"comparison": "comparison.tsv"})
    text = path.read_text()
    assert re.findall("<h2>(.*?)</h2>", text) == [
        "AUROC, test part",
        "Pearson r, test part",
        "Without metrics",
    ]
    assert '<a href="one/report.html">one</a>' in text
    assert '<th scope="row" data-v="four">four<small>no page</small></th>' in text
    assert "Not every experiment has a page of its own" in text
    assert '<a href="comparison.tsv">comparison</a>' in text
    assert "mean of 2 seeds" in text
    assert "+0.150" in text
    # On the axis 0.5 to 1: the seeds of one, its baseline as a diamond, and two.
    assert re.findall(r'cx="(\d+\.?\d*)%"', text)[:3] == ["60.0", "80.0", "50.0"]
    assert re.search(r'<svg class="strip kmer" x="40.0%"', text)
    assert (text.count("no leak</span>"), text.count("not audited</span>")) == (3, 1)


def test_a_start_that_saw_the_test_part_shows_in_the_badge(tmp_path):
    starts = {
        "one": AUDIT.assign(start="two", leak="yes"),
        "two": AUDIT.assign(start="x.keras", leak="unknown"),
    }
    comparison = pd.concat([rows(name, "cnn", "auroc", 0.8) for name in ("one", "two", "three")])
    experiments = [experiment(name) for name in ("one", "two", "three")]
    build_index(experiments, comparison, tmp_path / "index.html", audits={"d": AUDIT}, starts=starts)
    badges = re.findall(r'class="badge (\w+)"', (tmp_path / "index.html").read_text())
    assert badges == ["leak", "unknown", "ok"]


def test_experiments_that_are_all_baselines_say_why_there_is_no_page(tmp_path):
    comparison = pd.concat([rows("content", "gc", "auroc", 0.6), rows("words", "kmer", "auroc", 0.7)])
    path = tmp_path / "index.html"
    build_index([experiment(name, report=None) for name in ("content", "words")], comparison, path)
    text = path.read_text()
    assert '<th scope="row" data-v="content">content<small>no page: GC baseline</small></th>' in text
    assert '<th scope="row" data-v="words">words<small>no page: k-mer baseline</small></th>' in text
    assert "None of these experiments has a page of its own: pages are of networks" in text
    build_index([experiment("one")], rows("one", "cnn", "auroc", 0.8), path)
    assert "no page" not in path.read_text() and "has a page" not in path.read_text()


def test_names_are_escaped(tmp_path):
    path = tmp_path / "index.html"
    build_index([experiment("<b>")], rows("<b>", "cnn", "auroc", 0.8), path)
    assert "<b>" not in path.read_text()
