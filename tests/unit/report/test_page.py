import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from motifloom.report.page import ExperimentReport, build_experiment_page, load_experiment
from tests.fake_experiment import make_results

VOID = {"meta", "link", "input", "br", "img", "wbr"}


class Page(HTMLParser):
    """Collects a page's tags and its visible text, and fails on tags that do not match."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self._open = [], "", []
        self.feed(text)
        assert not self._open

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if not set(self._open) & {"script", "style"}:
            self.text += " " + data

    def values(self, attribute):
        return [attributes[attribute] for _, attributes in self.tags if attribute in attributes]


def make_page(folder, **options):
    arguments = make_results(folder, **options)
    path = folder / arguments["experiment"] / "report.html"
    build_experiment_page(load_experiment(**arguments), path)
    return path, Page(path.read_text())


@pytest.fixture(scope="module")
def binary(tmp_path_factory):
    return make_page(tmp_path_factory.mktemp("results"), seeds=(1, 2), n=300)


def test_the_page_is_one_file_without_outside_references(binary):
    path, page = binary
    text = path.read_text()
    assert not re.search(r"""(src|href)=["']?(https?:)?//|@import|url\(["']?http""", text)
    assert {tag for tag, _ in page.tags} & {"img", "iframe", "link"} <= {"link"}
    # The other script elements hold numbers, which the browser does not run.
    kinds = [attributes.get("type") for tag, attributes in page.tags if tag == "script"]
    assert kinds.count(None) == 1
    assert set(kinds) == {None, "application/json"}


def test_every_link_leads_somewhere(binary):
    path, page = binary
    identifiers = page.values("id")
    assert len(identifiers) == len(set(identifiers))
    links = [link for link in page.values("href") if not link.startswith("data:")]
    assert len(links) > 30
    for link in links:
        if link.startswith("#"):
            assert link[1:] in identifiers
        else:
            assert (path.parent / link).is_file(), link
    for reference in re.findall(r"url\(#([^)]+)\)", path.read_text()):
        assert reference in identifiers


def test_the_head_tells_the_headline_and_what_stands_beside_it(binary):
    _, page = binary
    head = " ".join(page.text.split("Sources")[0].split())
    for text in (
        "reb1-shallow",
        "binary classification",
        "background, bound",
        "300",
        "AUROC",
        "no leak between",
    ):
        assert text in head
    for label in (
        "seed 1",
        "seed 2",
        "k-mer baseline",
        "GC baseline",
        "shuffled labels",
        "over the k-mer baseline",
    ):
        assert label in head


def test_all_sections_are_there(binary):
    _, page = binary
    wanted = {"data", "training", "performance", "filters", "planted", "provenance"}
    assert wanted <= set(page.values("id"))
    assert "6 of 6" in page.text
    assert "identical to an earlier window" in page.text
    assert "versions.keras" in page.text


def test_a_page_is_the_same_bytes_every_time(binary, tmp_path):
    path, _ = binary
    again, _ = make_page(tmp_path, seeds=(1, 2), n=300)
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("task", ["multiclass", "multilabel", "regression"])
def test_every_task_has_a_page(tmp_path, task):
    _, page = make_page(tmp_path, task=task, n=300, n_filters=4)
    assert "performance" in page.values("id")
    assert ("Pearson r" if task == "regression" else "macro average") in page.text


def test_a_dataset_without_coordinates_and_a_model_without_filters(tmp_path):
    _, page = make_page(tmp_path, n=300, n_filters=0, coordinates=False)
    assert not {"filters", "planted"} & set(page.values("id"))


def test_filters_without_a_database(tmp_path):
    arguments = {**make_results(tmp_path, n=300), "database": {}, "truth": None}
    filters = tmp_path / "reb1-shallow" / "seed1" / "filters"
    arguments["files"].remove(filters / "matches.tsv")
    summary = pd.read_csv(filters / "summary.tsv", sep="\t")
    summary.loc[:, ["best_match_id", "best_match_name", "best_match_q_value"]] = np.nan
    summary.to_csv(filters / "summary.tsv", sep="\t", index=False)
    path = tmp_path / "reb1-shallow" / "report.html"
    build_experiment_page(load_experiment(**arguments), path)
    page = Page(path.read_text())
    assert "Best match" not in page.text
    assert "filter-matched" not in page.values("id")
    assert "motif_scanner_003" in page.text


def test_the_least_report_needs_regions_only(tmp_path):
    regions = pd.DataFrame({"id": ["a"], "source": ["s"], "start": [0], "target.yes": [1.0]})
    report = ExperimentReport("e", "binary", "d", ["no", "yes"], [], regions)
    build_experiment_page(report, tmp_path / "report.html")
    page = Page((tmp_path / "report.html").read_text())
    assert "split not audited" in page.text
    assert "Nothing was lost" in page.text


def test_a_leak_shows_in_the_badge_and_in_its_cell(tmp_path):
    arguments = make_results(tmp_path, n=300, n_filters=0)
    report = load_experiment(**arguments)
    report.audit.loc[0, ["pairs", "examples_a", "examples_b", "leak"]] = [3, 2, 3, "yes"]
    build_experiment_page(report, tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text()
    assert 'class="badge leak"' in text
    assert '<td class="num leak">3<small>2 and 3 examples</small>' in text


def test_what_an_experiment_starts_from_shows_in_the_badge_and_in_a_column(tmp_path):
    arguments = make_results(tmp_path, n=300, n_filters=0)
    audit = pd.read_csv(tmp_path / "datasets/reb1/audit.tsv", sep="\t")
    row = audit[audit["part_b"] == "test"].iloc[[0]]
    row = row.assign(start="atlas", pairs=3, examples_a=2, examples_b=3, leak="yes")
    path = tmp_path / "reb1-shallow/start_audit.tsv"
    row.to_csv(path, sep="\t", index=False)
    page = tmp_path / "reb1-shallow/report.html"
    build_experiment_page(load_experiment(**arguments), page)
    assert 'class="badge leak"' not in page.read_text()
    build_experiment_page(load_experiment(**arguments | {"files": [*arguments["files"], path]}), page)
    text = page.read_text()
    assert 'class="badge leak"' in text and "; atlas, which it starts from, was trained on" in text
    assert re.search(r">atlas \w+ – test</th>", text) and 'href="start_audit.tsv"' in text
    assert '<td class="num leak">3<small>2 and 3 examples</small>' in text


def test_an_extra_set_is_judged_by_all_that_shaped_the_networks(tmp_path):
    arguments = make_results(tmp_path, n=300, n_filters=0)
    files = [tmp_path / "datasets/far" / f"audit.{name}.tsv" for name in ("atlas", "reb1")]
    files[0].parent.mkdir()
    for path, leak in zip(files, ("yes", "no"), strict=True):
        path.write_text(f"check\tpart_a\tpart_b\tleak\nidentical\ttrain\textra_set\t{leak}\n")
    report = load_experiment(**arguments | {"files": [*arguments["files"], *files]})
    assert report.set_audits["far"]["leak"].tolist() == ["yes", "no"]


def test_files_that_are_not_the_experiments_do_not_show(tmp_path):
    arguments = make_results(tmp_path, task="regression", n=300, n_filters=2)
    run = tmp_path / "reb1-shallow" / "seed1"
    text = (run / "evaluation/scatter.svg").read_text()
    (run / "evaluation/roc.svg").write_text(text)
    (run / "filters/top.logos").mkdir()
    (run / "filters/top.logos/motif_scanner_000.svg").write_text(text)
    folders = [*arguments["files"], run / "filters/top.logos"]
    for files, logos in ((arguments["files"], 0), (folders, 1)):
        report = load_experiment(**{**arguments, "files": files})
        assert [figure.key for figure in report.runs[0].figures] == ["curves", "scatter"]
        assert "evaluation/roc.svg" not in report.runs[0].links
        assert sum("top.logos" in link for link in report.runs[0].links) == logos
    hidden = {run / "history.tsv", run / "metrics.tsv", run / "provenance.json", run.parent / "recovery.tsv"}
    report = load_experiment(**{**arguments, "files": set(arguments["files"]) - hidden})
    assert report.runs[0].history is report.runs[0].metrics is report.recovery is None
    assert report.runs[0].provenance == {}


def test_the_planted_motifs_are_those_of_the_table(tmp_path):
    arguments = make_results(tmp_path, n=300, seeds=(1, 2))
    path = tmp_path / "reb1-shallow" / "recovery.tsv"
    table = pd.read_csv(path, sep="\t")
    second = table["seed"] == 2
    table.loc[second, ["filter", "method", "q_value"]] = np.nan
    table.loc[second, "found"] = False
    table.to_csv(path, sep="\t", index=False)
    build_experiment_page(load_experiment(**arguments), tmp_path / "report.html")
    page = Page((tmp_path / "report.html").read_text())
    assert re.findall(r"(\d of \d)\s+planted motifs found\s+by seed (\d)", page.text) == [
        ("6 of 6", "1"),
        ("0 of 6", "2"),
    ]
    assert " nan" not in page.text


def test_rows_unused_by_the_split_join_the_ledger(tmp_path):
    arguments = make_results(tmp_path, n=300, n_filters=0)
    place = tmp_path / "datasets" / "reb1"
    rows = pd.read_csv(place / "dropped.tsv", sep="\t")[:2].assign(reason="split: in no list")
    rows.to_csv(place / "unused.tsv", sep="\t", index=False)
    arguments["files"].append(place / "unused.tsv")
    assert list(load_experiment(**arguments).ledger["reason"][-2:]) == ["split: in no list"] * 2


def test_names_from_files_are_escaped(tmp_path):
    nasty = "<script>alert(1)</script>\"'&"
    arguments = make_results(tmp_path, n=300)
    report = load_experiment(**arguments)
    report.name = report.model = report.dataset = nasty
    report.regions["source"] = nasty
    report.ledger["reason"] = report.audit["check"] = nasty
    report.config = {nasty: nasty}
    report.checksums = {nasty: nasty}
    run = report.runs[0]
    run.provenance = {nasty: nasty}
    run.summary[["filter", "consensus", "best_match_id", "best_match_name"]] = nasty
    run.matches[["filter", "motif_id", "motif_name"]] = nasty
    build_experiment_page(report, tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text()
    assert text.count("<script>") == 1
    assert text.count('<script type="application/json"') == 2
    assert text.count("<script") == 3
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") > 20
    Page(text)


def test_three_hundred_filters_stay_a_small_page(tmp_path):
    path, page = make_page(tmp_path, n=300, n_filters=300, seeds=(1, 2))
    assert path.stat().st_size < 15e6
    assert page.text.count("motif_scanner_299") >= 2
    assert "too many filters for one page" in page.text


def test_thresholds_mistakes_and_maps_of_layers_are_shown(tmp_path):
    arguments = make_results(tmp_path, n=300, n_filters=0)
    run = tmp_path / "reb1-shallow" / "seed1"
    (run / "threshold.tsv").write_text("target\trule\tthreshold\treason\nall\tf1\t0.125\t\n")
    mistake = "all\tfalse_positive\t1\tpeaks:7\t0\t0.99\t1\t5000\t5200\t+\tx\tACGT\n"
    head = "target\tkind\trank\tid\ttruth\tscore\tchrom\tstart\tend\tstrand\tname\tsequence\n"
    (run / "mistakes.tsv").write_text(head + mistake)
    (run / "embeddings").mkdir()
    figure = (run / "evaluation/roc.svg").read_text()
    (run / "embeddings/dense.svg").write_text(figure)
    (run / "embeddings/dense.tsv").write_text("id\n")
    new = [
        run / name
        for name in ("threshold.tsv", "mistakes.tsv", "embeddings/dense.svg", "embeddings/dense.tsv")
    ]
    for name in ("far", "near"):
        new.append(run / "sets" / name / "metrics.tsv")
        new[-1].parent.mkdir(parents=True)
        table = (run / "metrics.tsv").read_text().replace("train", "test")
        new[-1].write_text(table + table.splitlines()[1].replace("\tauroc\t", "\tspecificity\t") + "\n")
    new.append(run / "sets/average.tsv")
    new[-1].write_text((run / "metrics.tsv").read_text())
    for name, leak in (("far", "no"), ("near", "yes")):
        new.append(tmp_path / "datasets" / name / "audit.reb1.tsv")
        new[-1].parent.mkdir()
        new[-1].write_text(f"check\tpart_a\tpart_b\tleak\nidentical\ttrain\textra_set\t{leak}\n")
    page = tmp_path / "reb1-shallow" / "report.html"
    build_experiment_page(load_experiment(**{**arguments, "files": [*arguments["files"], *new]}), page)
    text = page.read_text()
    for shown in (
        "0.125 or more, which makes F1",
        "1:5,000–5,200",
        "peaks:7",
        "Examples by layer dense",
        ">far</th>",
        ">geometric mean</th>",
        "far shares nothing with training",
        "near has examples in common with training (1 check)",
        'href="seed1/sets/near/metrics.tsv"',
        'href="seed1/sets/average.tsv"',
        "The tables lie beside this page and its links are relative to it",
    ):
        assert shown in text
    main, further = re.findall("<table.*?</table>", text[text.index("Extra sets") :], re.DOTALL)[:2]
    assert "AUROC" in main and "Specificity" not in main and ">far</th>" in main
    assert "Specificity" in further and "AUROC" not in further and ">far</th>" in further
    assert 'href="seed1/mistakes.tsv"' in text and 'href="seed1/embeddings/dense.tsv"' in text
