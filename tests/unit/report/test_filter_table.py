from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from motifloom.report import filter_table
from motifloom.report.filter_table import filters_section
from motifloom.report.page import ExperimentReport, Figure, Run
from motifloom.report.symbols import SymbolStore

SUMMARY = pd.DataFrame(
    [
        ("top", "conv_000", "conv", 10, 0.5, 3.1, "ACG", np.nan, np.nan, np.nan),
        ("top", "conv_001", "conv", 40, 1.5, 6.0, "TTT", "M2", np.nan, 1e-5),
        ("top", "conv_002", "conv", 0, np.nan, 0.0, "NNN", np.nan, np.nan, np.nan),
        ("softmax", "conv_000", "conv", np.nan, np.nan, 2.0, "ACG", "M1", "one", 1e-3),
    ],
    columns=["method", "filter", "layer", "n_sites", "threshold", "information_content", "consensus",
             "best_match_id", "best_match_name", "best_match_q_value"],
)  # fmt: skip
MATCHES = pd.DataFrame(
    [
        ("top", "conv_001", 2, "M1", "one", 1e-4, 1e-2, 0, 3, "+"),
        ("top", "conv_001", 1, "M2", np.nan, 1e-7, 1e-5, -1, 2, "-"),
        ("top", "conv_000", 1, "M1", "one", 0.5, 0.9, 2, 3, "+"),
    ],
    columns=["method", "filter", "rank", "motif_id", "motif_name", "p_value", "q_value",
             "offset", "overlap", "strand"],
)  # fmt: skip
AC = np.array([[0.97, 0.01, 0.01, 0.01], [0.01, 0.97, 0.01, 0.01]])
DATABASE = {"M2": SimpleNamespace(name="", probabilities=AC, alphabet="ACGT")}


def section(summary=SUMMARY, matches=MATCHES, seeds=(1,), tables=None, pictures=(), task="binary", **fields):
    motifs = {
        method: dict.fromkeys(["conv_000", "conv_001", "conv_002"], AC) for method in ("top", "softmax")
    }
    runs = [
        Run(
            seed,
            summary=summary,
            matches=matches,
            motifs=motifs,
            tables=tables or {},
            pictures=list(pictures),
            links={"filters/top.meme": "top.meme", "filters/matches.tsv": "matches.tsv"},
        )
        for seed in seeds
    ]
    store = SymbolStore()
    report = ExperimentReport("e", task, "d", [], runs, pd.DataFrame(), database=DATABASE, **fields)
    return filters_section(report, store), store


def test_rows_come_best_match_first():
    found, _ = section()
    assert [(row["method"], row["filter"]) for row in found["rows"]] == [
        ("top", "conv_001"), ("softmax", "conv_000"), ("top", "conv_000"), ("top", "conv_002"),
    ]  # fmt: skip
    assert found["methods"] == ["top", "softmax"]
    assert [row["share"] for row in found["rows"]] == [100, None, 25, 0]


def test_a_match_is_drawn_on_its_strand_and_shifted_to_the_filter():
    found, store = section()
    row = found["rows"][0]
    # M2 reads AC; on the other strand, where it matched, GT.
    turned = store.add(AC[::-1, ::-1])
    assert row["aligned"] == {**turned, "shift": -1}
    assert turned["id"] != store.add(AC)["id"]
    # A motif without a name goes by its identifier.
    assert row["best"] == {"id": "M2", "name": "M2"}


def test_a_filter_that_never_fires_has_no_motif():
    found, _ = section()
    assert {row["filter"]: row["logo"] is None for row in found["rows"] if row["method"] == "top"} == {
        "conv_000": False, "conv_001": False, "conv_002": True,
    }  # fmt: skip


def test_what_is_above_the_q_value_of_the_summary_is_no_best_match_and_not_searched():
    found, _ = section()
    row = found["rows"][2]
    assert row["best"] is None
    assert np.isnan(row["q"])
    assert row["text"] == "conv_000 acg"
    assert found["rows"][0]["text"] == "conv_001 ttt m2 one m1"


def test_each_logo_is_drawn_once():
    _, store = section(seeds=(1, 2))
    assert str(store.symbols()).count("<symbol ") == 2


def test_seeds_that_would_make_the_page_slow_are_left_to_their_files(monkeypatch):
    monkeypatch.setattr(filter_table, "MOST_ROWS", 9)
    found, _ = section(seeds=(1, 2, 3))
    assert [run.seed for run in found["shown"]] == [1, 2]
    assert [run.seed for run in found["left_out"]] == [3]
    monkeypatch.setattr(filter_table, "MOST_BYTES", 10)
    assert [run.seed for run in section(seeds=(1, 2, 3))[0]["shown"]] == [1]


@pytest.mark.parametrize("matches", [None, MATCHES[:0]])
def test_without_a_database_there_are_no_matches(matches):
    found, _ = section(SUMMARY.drop(columns=[name for name in SUMMARY if name.startswith("best")]), matches)
    assert not found["columns"]["match"]
    assert [row["filter"] for row in found["rows"]] == ["conv_000", "conv_000", "conv_001", "conv_002"]


NAMES = ["conv_000", "conv_001", "conv_002"]


def importance(values, perturbation="shuffle", metric="loss"):
    values = np.array(values, float)
    table = pd.DataFrame(
        {"filter": NAMES, "perturbation": perturbation, "metric": metric, "importance": values}
    )
    return table.assign(ci_low=values - 0.5, ci_high=values + 0.5, baseline=0.2, iterations=9, n=100, rank=1)


def enrichment(test="mann_whitney", **columns):
    table = pd.DataFrame({"filter": np.repeat(NAMES[:2], 2), "target": ["x", "y"] * 2, "test": test})
    table = table.assign(unit="sequence", universe="global", n=100, n_target=50)
    return table.assign(**columns)


def test_with_importance_the_most_important_filter_comes_first():
    found, _ = section(tables={"importance": importance([1, 0.2, np.nan])})
    assert [row["filter"] for row in found["rows"] if row["method"] == "top"] == NAMES
    first, second, last = (row["importance"] for row in found["rows"] if row["method"] == "top")
    assert (first["sure"], second["sure"], last["sure"]) == (True, False, False)
    assert first["label"] == "importance by loss: 1.000, 0.500 to 1.500, rank 1"
    assert last["picture"] is None
    assert found["pair"] == {"metric": "loss", "perturbation": "kernel shuffled"}


@pytest.mark.parametrize(
    ("task", "options", "chosen"),
    [
        ("binary", {}, ("kernel shuffled", "AUROC")),
        ("regression", {}, ("kernel shuffled", "loss")),
        ("binary", {"importance_metric": "loss"}, ("kernel shuffled", "loss")),
        ("binary", {"importance_metric": "mcc", "perturbation": "knockout"}, ("filter knocked out", "AUROC")),
        ("binary", {"perturbation": "other"}, ("kernel shuffled", "AUROC")),
    ],
)
def test_rows_show_the_importance_asked_for_else_the_headline_metric_else_the_loss(task, options, chosen):
    parts = [
        importance([1, 2, 3], *pair)
        for pair in (("shuffle", "loss"), ("shuffle", "auroc"), ("knockout", "loss"), ("knockout", "auroc"))
    ]
    found, _ = section(tables={"importance": pd.concat(parts)}, task=task, **options)
    assert (found["pair"]["perturbation"], found["pair"]["metric"]) == chosen


def test_dots_are_of_the_rank_test_and_stars_below_the_cutoff():
    tables = [
        enrichment("fisher", log2_odds_ratio=9.0, q_value=0.5),
        enrichment(auc=[0.9, 0.3, 0.6, np.nan], q_value=[0.01, 1e-9, 0.06, np.nan]),
    ]
    found, store = section(tables={"enrichment": pd.concat(tables)})
    assert (found["targets"], found["effect"]) == (["x", "y"], "AUC")
    cells = {row["filter"]: row["enrichment"] for row in found["rows"]}
    assert cells["conv_002"] is None
    assert cells["conv_000"]["value"] == pytest.approx(0.8)
    # What is depleted does not count as enriched.
    assert cells["conv_000"]["q"] == 0.01
    assert cells["conv_000"]["in"] == ["x"]
    assert cells["conv_001"]["in"] == []
    assert cells["conv_000"]["strongest"][0] == {"target": "x", "text": "0.90", "q": "0.01", "star": True}
    # Rows of all methods share the picture.
    assert str(store.symbols()).count("cell-") - str(store.symbols()).count("cell-star") == 2
    found, _ = section(tables={"enrichment": pd.concat(tables)}, enrichment_q=0.1)
    assert {row["filter"]: row["enrichment"] for row in found["rows"]}["conv_001"]["in"] == ["x"]
    assert "x" in next(row["text"] for row in found["rows"] if row["filter"] == "conv_001").split()


def test_of_very_many_targets_the_strongest_are_named():
    many = [enrichment(auc=0.5 + i / 100, q_value=0.01).assign(target=f"t{i}") for i in range(30)]
    found, _ = section(tables={"enrichment": pd.concat(many).drop_duplicates(["filter", "target"])})
    cell = found["rows"][0]["enrichment"]
    assert cell["picture"] is None
    assert [one["target"] for one in cell["strongest"]] == ["t29", "t28"]


def test_regression_shows_correlations():
    found, _ = section(
        tables={"enrichment": enrichment("spearman", correlation=0.5, q_value=1)}, task="regression"
    )
    assert found["correlated"]
    assert found["effect"] == "Spearman ρ"


def test_positions_are_drawn_of_all_sequences_and_of_the_top_class():
    rows = [("conv_001", target, p, mean, 0.1, n) for target, n, means in (
        ("x", 30, [1, 1, 1, 1]), ("y", 10, [0, 0, 4, 0])) for p, mean in enumerate(means)]  # fmt: skip
    profile = pd.DataFrame(rows, columns=["filter", "target", "position", "mean", "sd", "n"])
    scores = pd.DataFrame({"filter": ["conv_001"], "kernel_score": 3.0, "top_target": "y", "threshold": 1.0})
    found, store = section(tables={"profile": profile, "kernel_score": scores})
    cell = next(row["position"] for row in found["rows"] if row["filter"] == "conv_001")
    assert (cell["value"], cell["text"]) == (4, "4.0 × mean, 2 bp")
    # Of 4 at the top: all sequences together are 0.75 and 1.75 high.
    assert "L1 23.1 35 23.1 69 16.6 103 23.1V28z" in store.symbols()
    assert 'cell-line" d="M1 28 35 28 69 2 103 28"' in store.symbols()


def test_clusters_and_the_p_value_of_significant_thresholds():
    clusters = pd.DataFrame(
        {"filter": NAMES, "activation_cluster": [1, 2, np.nan], "motif_cluster": 1, "redundancy_group": 3}
    )
    thresholds = pd.DataFrame({"filter": NAMES, "p_value": [1e-5, 1e-4, np.nan]})
    summary = SUMMARY.replace({"method": {"softmax": "significant"}})
    found, _ = section(summary, tables={"clusters": clusters, "thresholds": thresholds})
    rows = {(row["method"], row["filter"]): row for row in found["rows"]}
    assert rows["top", "conv_001"]["cluster"] == {"cluster": 2, "motif": 1, "group": 3}
    assert rows["significant", "conv_000"]["p"] == 1e-5
    assert np.isnan(rows["top", "conv_001"]["p"])


def test_columns_without_data_vanish():
    found, _ = section()
    assert found["columns"] == {
        "logo": True, "match": True,
        "importance": False, "enrichment": False, "position": False, "cluster": False,
    }  # fmt: skip


def test_pictures_are_shown_up_to_a_limit_and_else_linked(monkeypatch):
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="10pt" height="10pt" viewBox="0 0 1 1"></svg>'
    pictures = [Figure(key, key, text, f"{key}.svg") for key, text in (("a", svg), ("b", ""), ("c", svg))]
    found, _ = section(pictures=pictures)
    assert [figure["key"] for figure in found["seeds"][0]["pictures"]] == ["a", "c"]
    assert [figure.key for figure in found["seeds"][0]["linked"]] == ["b"]
    monkeypatch.setattr(filter_table, "MOST_PICTURES", 100)
    found, _ = section(pictures=pictures)
    assert [figure.key for figure in found["seeds"][0]["linked"]] == ["b", "c"]


def test_groups_and_clusterings_stand_below_the_table():
    groups = importance([1, 2, 3])[:1].drop(columns="filter").assign(group="7", filters="conv_000,conv_001")
    scores = pd.DataFrame(
        {"compared": "activation", "clusters": [2, 3], "silhouette": [0.1, 0.25], "chosen": [False, True]}
    )
    agreement = pd.DataFrame({"measure": ["adjusted_rand"], "value": [0.5], "filters": [2]})
    tables = {"importance.groups": groups, "cluster_scores": scores, "agreement": agreement}
    seed = section(tables=tables)[0]["seeds"][0]
    row = seed["groups"]["rows"][0]
    assert row["filters"] == [("conv_000", "seed1-top-conv_000"), ("conv_001", "seed1-top-conv_001")]
    assert row["cells"][0]["interval"] == "0.500 – 1.500"
    assert seed["scores"] == [("activation", "3", "0.25")]
    assert seed["agreement"] == [("adjusted Rand index", "0.50")]


def group_importance(values, low, metric="loss"):
    rows = [(str(i), filters, value) for i, (filters, value) in enumerate(values.items(), 4)]
    table = pd.DataFrame(rows, columns=["group", "filters", "importance"])
    table = table.assign(perturbation="shuffle", metric=metric, ci_low=low, ci_high=table["importance"] + 0.5)
    return table.assign(rank=table["importance"].rank(ascending=False))


def test_groups_stand_by_rank_with_a_column_per_metric():
    values = {"conv_002": 0.1, "conv_000,conv_001": 0.7}
    tables = [group_importance(values, 0.05), group_importance({"conv_002": 9.0}, 0.05, "auroc")]
    groups = section(tables={"importance.groups": pd.concat(tables)}, task="regression")[0]["seeds"][0][
        "groups"
    ]
    assert groups["columns"] == [("loss", "kernel shuffled"), ("AUROC", "kernel shuffled")]
    assert [row["group"] for row in groups["rows"]] == ["5", "4"]
    assert [row["best"] for row in groups["rows"]] == [["one", "M2"], []]
    assert [[cell and cell["text"] for cell in row["cells"]] for row in groups["rows"]] == [
        ["0.700", None], ["0.100", "9.000"],
    ]  # fmt: skip


@pytest.mark.parametrize(("low", "filters", "marked"), [
    (0.2, "conv_000,conv_001", ["conv_001"]), (-0.2, "conv_000,conv_001", []), (0.2, "conv_001", []),
])  # fmt: skip
def test_the_group_is_marked_where_it_matters_and_the_filter_alone_does_not(low, filters, marked):
    tables = {
        "importance": importance([1, 0.2, np.nan]),
        "importance.groups": group_importance({filters: 0.7}, low),
    }
    found, _ = section(tables=tables)
    cells = {row["filter"]: row["importance"] for row in found["rows"] if row["method"] == "top"}
    assert [name for name, cell in cells.items() if cell["group"]] == marked
    assert found["stand_ins"] == bool(marked)
    if marked:
        # What rows are sorted by stays the filter's own.
        assert cells["conv_001"]["value"] == 0.2
        assert cells["conv_001"]["group"]["text"] == "group 4: +0.700"
        assert (
            "its near-copy (redundant group 4): +0.700 [0.200, 1.200], rank 1"
            in cells["conv_001"]["group"]["label"]
        )


def test_groups_of_redundant_filters_need_no_clusters():
    table = pd.DataFrame({"filter": NAMES, "redundancy_group": [6, 6, np.nan]})
    rows = section(tables={"redundancy_groups": table})[0]["rows"]
    assert {row["filter"]: row["cluster"]["group"] for row in rows if row["filter"] != "conv_002"} == {
        "conv_000": 6, "conv_001": 6,
    }  # fmt: skip


def test_a_model_without_scanning_layers_has_no_section():
    assert section(None, None)[0] is None
    assert section(SUMMARY[:0], None)[0] is None
