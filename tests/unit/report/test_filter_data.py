from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from motifloom.report import filter_data
from motifloom.report.filter_data import Known, glyphs, list_targets, matrix, seed_block
from motifloom.report.page import ExperimentReport, Run

NAMES = ["conv_000", "conv_001", "conv_002"]
QUANTILES = ["quantile_05", "quantile_25", "median", "quantile_75", "quantile_95"]
SUMMARY = pd.DataFrame(
    {
        "method": ["top"] * 3 + ["softmax"] * 3,
        "filter": NAMES * 2,
        "layer": "conv",
        "n_sites": [10, 20, 0, np.nan, np.nan, np.nan],
        "threshold": 0.5,
        "information_content": 3.0,
        "consensus": "ACG",
    }
)
# The last filter is longer by two positions.
MOTIFS = {name: pd.DataFrame(np.eye(4)[[0, 1, 2]], columns=list("ACGT")) for name in NAMES[:2]}
MOTIFS["conv_002"] = pd.DataFrame(np.eye(4)[[0, 1, 2, 3, 3]], columns=list("ACGT"))


def block(tables=None, targets=("x", "y"), **fields):
    fields = {"motifs": {"top": MOTIFS, "softmax": MOTIFS}, **fields}
    run = Run(1, summary=SUMMARY, tables=tables or {}, **fields)
    return seed_block(run, list(targets), Known({}))


def records(key, table, **options):
    return [record.get(key) for record in block({key_of[key]: table}, **options)["filters"]]


key_of = {
    "enrichment": "enrichment",
    "activation": "class_activation",
    "maxima": "maxima",
    "profile": "profile",
    "similar": "redundancy",
    "clusters": "clusters",
    "threshold": "thresholds",
    "central": "positions",
    "sensitivity": "sensitivity",
    "importance": "importance",
    "score": "kernel_score",
}


def test_each_method_has_its_motif_facts_and_files():
    links = {
        "filters/top.meme": "top.meme",
        "filters/top.logos/conv_000.svg": "a.svg",
        "filters/x.tsv.gz": "x",
    }
    found = block(links=links)
    assert (found["methods"], found["letters"], found["links"]) == (["top", "softmax"], "ACGT", {"x": "x"})
    first, _, last = found["filters"]
    assert first["motifs"][0] == [1000, 0, 0, 0, 0, 1000, 0, 0, 0, 0, 1000, 0]
    assert first["facts"] == [[10, 0.5, 3, "ACG"], [None, 0.5, 3, "ACG"]]
    assert first["files"] == [[["logo (SVG)", "a.svg"], ["motifs (MEME)", "top.meme"]], []]
    # A filter that never fires has no motif; from its weights it has.
    assert last["motifs"][0] is None
    assert last["motifs"][1] is not None


def test_matches_are_the_best_and_refer_to_motifs_held_once(monkeypatch):
    monkeypatch.setattr(filter_data, "MOST_MATCHES", 2)
    columns = [
        "filter",
        "rank",
        "motif_id",
        "motif_name",
        "p_value",
        "q_value",
        "strand",
        "offset",
        "overlap",
    ]
    rows = [
        ("conv_001", 2, "M2", "two", 0.1, 0.2, "+", 1, 3),
        ("conv_001", 1, "M1", np.nan, 0.012345, 0.05, "-", -2, 3),
        ("conv_001", 3, "M3", "three", 0.1, 0.2, "+", 1, 3),
        ("conv_000", 1, "M1", np.nan, 0.5, 0.9, "+", 0, 3),
    ]
    matches = pd.DataFrame(rows, columns=columns).assign(method="top")
    known = Known({"M1": SimpleNamespace(alphabet="ACGU", probabilities=np.eye(4)[:1])})
    found = seed_block(Run(1, summary=SUMMARY, motifs={"top": MOTIFS}, matches=matches), [], known)
    places = {motif[0]: i for i, motif in enumerate(known.motifs)}
    assert found["filters"][1]["matches"] == [
        [3, [[places["M1"], 0.012345, 0.05, -1, -2, 3], [places["M2"], 0.1, 0.2, 1, 1, 3]]], None,
    ]  # fmt: skip
    assert known.motifs[places["M1"]] == ["M1", "M1", "ACGU", [1000, 0, 0, 0]]
    assert known.motifs[places["M2"]] == ["M2", "two", "", None]
    assert len(known.motifs) == 2


def test_importance_has_the_cost_of_every_iteration_with_its_sign():
    columns = ["filter", "perturbation", "metric", "importance", "ci_low", "ci_high", "rank"]
    rows = [
        ("conv_000", "shuffle", "loss", 0.2, 0.1, 0.3, 1),
        ("conv_000", "shuffle", "auroc", 0.3, 0.2, 0.4, 1),
    ]
    table = pd.DataFrame(rows, columns=columns).assign(baseline=[0.5, 0.9], iterations=2, n=100)
    single = pd.DataFrame({"filter": "conv_000", "perturbation": "shuffle", "metric": ["loss", "auroc"] * 2})
    single["value"] = [0.8, 0.5, 0.6, 0.7]
    found = block({"importance": table, "importance.iterations": single})
    assert found["pairs"] == [["shuffle", "loss", 0.5, 2, 100], ["shuffle", "auroc", 0.9, 2, 100]]
    assert found["filters"][0]["importance"] == [
        [0.2, 0.1, 0.3, 1, [0.1, 0.3]],
        [0.3, 0.2, 0.4, 1, [0.2, 0.4]],
    ]
    assert "importance" not in found["filters"][1]


def test_many_iterations_are_told_by_their_quantiles():
    costs = filter_data._costs(np.arange(1001.0), 0, 500)
    assert len(costs) == filter_data.MOST_ITERATIONS
    assert (costs[0], costs[-1]) == (0, 1000)
    assert filter_data._costs([np.nan], 0, 1) == filter_data._costs([1.0], None, 1) == []


def test_sensitivity_averages_over_the_sites_that_have_another_letter():
    rows = []
    for reference, n in zip("ACGT", (6, 3, 1, 0), strict=True):
        for i, base in enumerate("ACGT"):
            mean = np.nan if n == 0 else 0.0 if base == reference else -float(n) - i
            rows.append(("conv_001", 0, reference, base, n, mean, *[mean + k for k in (-2, -1, 0, 1, 2)]))
    table = pd.DataFrame(rows, columns=["filter", "position", "reference", "base", "n", "mean", *QUANTILES])
    found = records("sensitivity", table)
    assert found[0] is None
    assert (found[1]["n"], found[1]["reference"]) == (10, [0])
    # To A: from C (3 sites, -3) and G (1 site, -1); to C: from A (6, -7) and G (1, -2), and so on.
    assert found[1]["means"] == [-2.5, -6.28571, -7, -7.6]
    assert found[1]["boxes"][0] is None
    assert found[1]["boxes"][1] == [-9, -8, -7, -6, -5]


def test_similar_filters_are_seen_from_both_sides():
    rows = [
        ("kernel", "conv_000", "conv_001", 0.9, "+", 2, 1),
        ("kernel", "conv_000", "conv_002", 0.8, "-", -1, 3),
        ("kernel", "conv_001", "conv_002", np.nan, "+", 0, 0),
        ("top", "conv_001", "conv_002", 0.7, "+", 1, 2),
    ]
    columns = ["compared", "filter_a", "filter_b", "similarity", "strand", "offset", "overlap"]
    found = block({"redundancy": pd.DataFrame(rows, columns=columns)})
    assert found["compared"] == ["kernel", "top"]
    first, second, third = (record["similar"] for record in found["filters"])
    assert first == [[[1, 0.9, 1, 2, 1], [2, 0.8, -1, -1, 3]], []]
    assert second == [[[0, 0.9, 1, -2, 1]], [[2, 0.7, 1, 1, 2]]]
    # conv_002 turned round covers positions -1 to 3 of conv_000; seen from conv_002, which reads 3 to -1,
    # conv_000 turned round starts at its position 2, which is one after 3.
    assert third == [[[0, 0.8, -1, 1, 3]], [[1, 0.7, 1, -1, 2]]]


def test_only_the_most_similar_filters_are_kept(monkeypatch):
    monkeypatch.setattr(filter_data, "MOST_PARTNERS", 1)
    pairs = [(0, 1, 0.1), (0, 2, 0.9), (1, 2, 0.5)]
    rows = [("kernel", NAMES[a], NAMES[b], similarity, "+", 0, 3) for a, b, similarity in pairs]
    columns = ["compared", "filter_a", "filter_b", "similarity", "strand", "offset", "overlap"]
    found = records("similar", pd.DataFrame(rows, columns=columns))
    assert [[partner[0] for partner in similar[0]] for similar in found] == [[2], [2], [0]]


def test_tests_of_enrichment_keep_the_effects_they_have():
    rank = pd.DataFrame({"filter": ["conv_001"] * 2, "target": ["y", "x"], "test": "mann_whitney"})
    rank = rank.assign(unit="sequence", universe="global", n=100, n_target=[40, 60], auc=[0.81234, np.nan])
    rank = rank.assign(log2_fold_change=[1, np.nan], p_value=[0.00123, np.nan], q_value=[0.0456, np.nan])
    exact = rank[:1].assign(test="fisher", auc=np.nan, log2_fold_change=np.nan, odds_ratio=np.inf)
    found = block({"enrichment": pd.concat([rank, exact])})
    assert found["tests"] == [
        ["mann_whitney", "sequence", "global", ["auc", "log2_fold_change"]],
        ["fisher", "sequence", "global", ["odds_ratio"]],
    ]
    assert found["filters"][1]["enrichment"] == [
        [[0, 100, 60, None, None, None, None], [1, 100, 40, 0.00123, 0.0456, 0.81234, 1]],
        [[1, 100, 40, 0.00123, 0.0456, "∞"]],
    ]


def test_activation_by_class_and_its_score():
    table = pd.DataFrame({"filter": "conv_000", "target": ["x"], "n": 123456, "mean": 1.0, "sd": 0.5})
    table[QUANTILES] = [0, 1, 2, 3, 4]
    assert records("activation", table)[0] == [[0, 123456, 1, 0.5, 0, 1, 2, 3, 4, None]]
    table = pd.DataFrame({"filter": NAMES[:1], "kernel_score": 2.0, "top_target": "y", "threshold": 1.5})
    assert records("score", table) == [[2, 1, 1.5], None, None]


def test_neighbouring_bins_are_joined_where_there_are_many(monkeypatch):
    table = pd.DataFrame({"filter": "conv_000", "target": "y", "bin_start": [-10, -5, 0, 5, 10]})
    table = table.assign(bin_end=table["bin_start"] + 5, sequences=[1, 2, 3, 4, 5])
    found = block({"maxima": table})
    assert found["bins"] == [[-10, -5, 0, 5, 10, 15]]
    assert found["filters"][0]["maxima"] == [0, [[1, [1, 2, 3, 4, 5]]]]
    monkeypatch.setattr(filter_data, "MOST_POINTS", 3)
    found = block({"maxima": table})
    assert found["bins"] == [[-10, 0, 10, 15]]
    assert found["filters"][0]["maxima"] == [0, [[1, [3, 7, 5]]]]


def test_profiles_are_shares_of_their_largest_value(monkeypatch):
    table = pd.DataFrame({"filter": "conv_000", "target": "x", "position": [3, 1, 2, 0]})
    table = table.assign(mean=[0, 2.0, 4, 2], sd=[0, 1.0, 0, 1], n=7)
    found = block({"profile": table})
    assert found["positions"] == [[1, 0, 1, 2, 3]]
    assert found["filters"][0]["profile"] == [0, 4, [[0, 7, [500, 500, 999, 0], [250, 250, 0, 0]]]]
    monkeypatch.setattr(filter_data, "MOST_POINTS", 2)
    found = block({"profile": table})
    assert found["positions"] == [[2, 0.5, 2.5]]
    assert found["filters"][0]["profile"] == [0, 3, [[0, 7, [666, 666], [333, 0]]]]


def test_what_is_missing_of_a_silent_filter_stays_missing():
    table = pd.DataFrame(
        {"filter": "conv_002", "target": "x", "position": [0, 1], "mean": np.nan, "sd": np.nan}
    )
    found = records("profile", table.assign(n=5))
    assert found[2][1:] == [0, [[0, 5, [None, None], [None, None]]]]


def test_of_very_many_targets_each_filter_keeps_its_own_strongest():
    targets = [f"t{i:02d}" for i in range(60)]
    frames = []
    for name, best in (("conv_000", 0), ("conv_001", 59)):
        q = np.abs(np.arange(60) - best) / 60
        frame = pd.DataFrame({"filter": name, "target": targets, "q_value": q, "p_value": q})
        frames.append(
            frame.assign(test="fisher", unit="sequence", universe="global", n=1, n_target=1, odds_ratio=2)
        )
    found = block({"enrichment": pd.concat(frames)}, targets)
    kept = [[row[0] for row in record["enrichment"][0]] for record in found["filters"][:2]]
    assert kept == [list(range(24)), list(range(36, 60))]


def test_facts_of_thresholds_clusters_and_centres():
    thresholds = pd.DataFrame({"filter": NAMES, "null": "exact", "p_value": [1e-5, 2e-5, np.nan]})
    found = records("threshold", thresholds)
    assert (found[0][0], found[0][7], found[2][7]) == ("exact", 1e-5, None)
    clusters = pd.DataFrame({"filter": NAMES[:1], "activation_cluster": 2.0, "redundancy_group": 1.0})
    assert records("clusters", clusters) == [[2, None, None, None, 1], None, None]
    central = pd.DataFrame({"method": ["top", "other"], "filter": "conv_001", "sites": 9, "central_sites": 3})
    assert records("central", central)[1] == [[9, 3, None, None, None], None]


def test_targets_are_in_the_order_of_the_classes():
    tables = {"maxima": pd.DataFrame({"target": ["new", "b"]}), "enrichment": pd.DataFrame({"target": ["a"]})}
    report = ExperimentReport("e", "binary", "d", ["a", "b", "c"], [Run(1, tables=tables)], pd.DataFrame())
    assert list_targets(report) == ["a", "b", "new"]


def test_letters_have_colours_and_outlines():
    found = glyphs(["ACGT", "ACGU", "KLM"])
    assert set(found) == set("ACGTUKLM")
    assert found["A"][0] == "#109648"
    assert all(outline.startswith("M") and outline.endswith("z") for _, outline in found.values())
    assert matrix(None) is None


@pytest.mark.parametrize("name", ["name", "layer"])
def test_filters_without_any_analysis_have_names(name):
    assert [record[name] for record in block()["filters"]] == (NAMES if name == "name" else ["conv"] * 3)
