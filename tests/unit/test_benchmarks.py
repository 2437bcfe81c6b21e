"""Every benchmark runs, at toy size, and returns tables of finite numbers; how fast is not tested."""

import csv
import json
import math

import numpy as np
import pandas as pd
import pytest

from benchmarks import demo, extraction, filters, measure, naive, training
from benchmarks.__main__ import BENCHMARKS, QUICK, main
from benchmarks.tables import format_table, write_tables
from motifloom.filters import redundancy
from motifloom.filters.methods import top_motifs
from motifloom.filters.sensitivity import sensitivity_table
from motifloom.filters.significance import control_fdr, test_windows


@pytest.fixture
def here(monkeypatch):
    """Contenders run in this process, which has imported what they need."""
    for module in (measure, extraction, training):
        monkeypatch.setattr(module, "run_fresh", measure.run_here)


def assert_finite(rows, *ratios):
    for row in rows:
        assert all(math.isfinite(value) for value in row.values() if not isinstance(value, str))
        assert all(row[name] > 0 for name in ratios)


def test_extraction(here, tmp_path):
    (_, rows), (_, steps) = extraction.run(tmp_path, windows=50, chromosome=6000, repeats=1)
    assert [row["genome"] for row in rows] == ["plain"] * 6 + ["bgzip"] * 5
    assert_finite(rows, "cpu_ratio", "wall_ratio")
    assert_finite(steps, "share")
    assert sum(step["share"] for step in steps) == pytest.approx(1)


def test_training(here, tmp_path):
    larger = {2: (300, 0.5), 3: (40, 1.0)}
    tables = training.run(tmp_path, examples=70, models="S", repeats=1, larger=larger)
    assert [title for title, _ in tables] == [
        "training",
        "training, 140 sequences of 300 bp",
        "training, 210 sequences of 40 bp",
    ]
    for _, rows in tables:
        assert_finite(rows, "cpu_ratio", "wall_ratio", "examples_per_cpu_s")
    # One byte a base against four floats; nothing is held where it is streamed.
    held = [[row["input_mb"] for row in rows] for _, rows in tables]
    assert held == [[0.021, 0, 0.021 * 16], [0.042, 0, 0.042 * 16], [0.0084, 0]]
    # Two epochs of 70, or half an epoch of 140, in whole batches of 64.
    seen = [row["examples_per_cpu_s"] * row["cpu_s"] for row in (tables[0][1][0], tables[1][1][0])]
    assert seen == pytest.approx([140, 128], rel=0.05)


def test_filters(here, tmp_path, monkeypatch):
    monkeypatch.setattr(filters, "LAYERS", {"M": (19, 3)})
    monkeypatch.setattr(filters, "SOME", {"permutations": 2, "compared": 2, "judged": 1, "shuffles": 1})
    growth = {"sequences": (1, 2), "filters": (2, 3)}
    (_, rows), (_, grown) = filters.run(tmp_path, examples=40, slice_of=20, repeats=1, growth=growth)
    assert_finite(rows, "cpu_ratio", "wall_ratio", "peak_mb")
    assert {row["analysis"]: (row["times"], row["aim"]) for row in rows} == {
        # 20 of 40 sequences, 2 of 1,000 permutations; 4 of 9 pairs; 1 of 10 shuffles of 1 of 3 filters.
        "significance": (1000, "100"),
        "top motifs": (1, "10"),
        "sensitivity": (2, "1,000"),
        "redundancy": (2, "100"),
        "importance": (30, "10"),
    }
    assert_finite(grown, "cpu_us_per_sequence_and_filter")
    assert [(row["sequences"], row["filters"]) for row in grown] == [(40, 3), (80, 2), (80, 3)] * 3


def test_the_loops_find_what_motifloom_finds():
    bank, tokens = filters.make_bank("S", 30, 2)
    (layer,), windows = bank.layers, naive.cut_windows(tokens, 20)[0]
    kernel, bias, percentile = layer.kernel, layer.bias, filters.PERCENTILE
    motifs = top_motifs(bank, tokens, percentile=percentile)
    found, sites = naive.top_motifs(tokens, kernel, bias, percentile)
    assert motifs.n_sites.tolist() == sites
    for name, motif in zip(motifs, found, strict=True):
        assert motifs.probabilities(name) == pytest.approx(motif, abs=1e-6)

    same = redundancy.kernel_similarity(bank, centred=False)
    forward, reverse = naive.redundancy(kernel.astype(float))
    assert same.forward == pytest.approx(forward)
    assert same.reverse == pytest.approx(reverse)

    table = sensitivity_table(bank, tokens, motifs.cutoffs)
    pooled = table[table["reference"] == "any"].set_index(["filter", "position", "base"])
    for f, (_, letters) in enumerate(filters.read_sites(bank, tokens)):
        rows = pd.DataFrame(naive.sensitivity(np.eye(4, dtype=np.float32)[letters], kernel[:, :, f], bias[f]))
        expected = rows.groupby(["position", "base"])["response"].agg(["count", "mean", "median"])
        given = pooled.loc[layer.filters[f], ["n", "mean", "median"]]
        assert given.to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-5)

    significant = naive.significant_windows(windows, kernel, bias, 10_000, 0.05, np.random.default_rng(3))
    tests, steps = test_windows(bank, tokens, conditional=False, q_value=0.05)
    kept = control_fdr(tests, steps, 0.05)[0]["kept"]
    assert kept.to_numpy() == pytest.approx([found.sum() for found in significant], rel=0.1, abs=5)
    assert kept.max() > 100


def test_demo_reads_a_finished_run(tmp_path):
    header = "s\trule_name\tthreads\n"
    jobs = tmp_path / "results" / "benchmarks"
    jobs.mkdir(parents=True)
    (jobs / "a.tsv").write_text(header + "6.0\tindex_genome\t1\n")
    (jobs / "b.tsv").write_text(header + "5.0\tindex_genome\t2\n")
    used = {"SELF": 2.0, "CHILDREN": 10.0, "wall": 10.0, "cores": 2}
    (tmp_path / "used.json").write_text(json.dumps(used))
    ((title, rows),) = demo.run(tmp_path)
    assert title == "demo, 2 jobs on 2 cores"
    assert_finite(rows, "ratio")
    # (6 x 1 + 5 x 2) / 2 = 8 seconds of both cores, in a run of 10.
    assert [row["ratio"] for row in rows if "importing" not in row["part"]] == [1, 0.2, 1, 1.25]


def test_compare_keeps_the_least_of_each_measure(monkeypatch):
    runs = iter([(2.0, 5.0), (4.0, 6.0), (3.0, 4.0), (8.0, 7.0)])

    def fake(name, arguments):
        cpu, wall = next(runs)
        return {"cpu_s": cpu, "wall_s": wall, "peak_mb": 1.0, "added_mb": 0.0, "result": 7}

    monkeypatch.setattr(measure, "run_fresh", fake)
    rows = measure.compare({"a": ("m:f", {}), "b": ("m:g", {})}, repeats=2, case="x")
    assert [(row["case"], row["contender"], row["cpu_s"], row["wall_s"]) for row in rows] == [
        ("x", "a", 2.0, 4.0),
        ("x", "b", 4.0, 6.0),
    ]
    assert [(row["cpu_ratio"], row["wall_ratio"]) for row in rows] == [(1, 1), (2, 1.5)]


def test_contenders_that_differ_are_no_comparison(monkeypatch):
    numbers = iter(range(2))
    seconds = dict.fromkeys(measure.MEASURED, 1.0)
    monkeypatch.setattr(measure, "run_fresh", lambda *_: {**seconds, "result": next(numbers)})
    with pytest.raises(RuntimeError, match="differ"):
        measure.compare({"a": ("m:f", {}), "b": ("m:g", {})})


def test_a_failing_contender_is_named():
    with pytest.raises(RuntimeError, match=r"benchmarks\.demo:nothing"):
        measure.run_fresh("benchmarks.demo:nothing", {})


def test_tables(tmp_path):
    first = [{"contender": "ours", "cpu_s": 0.1234, "n": 5000}, {"contender": "b", "cpu_s": 12.34, "n": 7}]
    assert format_table(first).splitlines() == [
        "contender  cpu s      n",
        "ours       0.123  5,000",
        "b           12.3      7",
    ]
    write_tables([("one", first), ("two", [{"part": "x"}])], tmp_path / "tables.tsv")
    with open(tmp_path / "tables.tsv", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert [row["benchmark"] for row in rows] == ["one", "one", "two"]
    assert rows[0]["n"] == "5000" and rows[2]["part"] == "x" and rows[2]["n"] == ""


def test_command_line(monkeypatch, tmp_path, capsys):
    assert set(QUICK) == set(BENCHMARKS)
    monkeypatch.setattr(filters, "run", lambda folder, **sizes: [("top", [{"part": "x", "ratio": 1.0}])])
    main(["filters", "--quick", "--output", str(tmp_path / "out.tsv")])
    assert capsys.readouterr().out == "top\npart  ratio\nx      1.00\n\n"
    assert (tmp_path / "out.tsv").read_text().splitlines()[1] == "top\tx\t1"
    with pytest.raises(SystemExit):
        main(["nothing"])
