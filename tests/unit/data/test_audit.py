from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motifloom.data.audit import (
    CHECKS,
    audit_examples,
    audit_set,
    audit_split,
    audit_start,
    without_audit,
)
from motifloom.data.encode import DNA, PROTEIN

TRAIN, VALIDATION, TEST = 0, 100, 150  # first rows of the parts
PARTS = np.array(["train"] * 100 + ["validation"] * 50 + ["test"] * 50, object)


def make_examples(size=200, length=200, seed=0):
    tokens = np.random.default_rng(seed).integers(0, 4, (size, length)).astype(np.uint8)
    rows = np.arange(size)
    regions = pd.DataFrame(
        {
            "id": [f"s:{row}" for row in rows],
            "chrom": "chr1",
            "start": rows * 1000,
            "end": rows * 1000 + length,
            "source": "s",
            "parent": "",
        }
    )
    return regions, tokens


def leaks_of(table):
    """The rows with a leak as {(check, part_a, part_b): (pairs, examples_a, examples_b, example)}."""
    rows = table[table["leak"] == "yes"]
    return {tuple(row[:3]): tuple(row[3:7]) for row in rows.itertuples(index=False)}


def test_a_clean_split_has_a_row_of_zeros_per_check_and_pair_of_parts():
    regions, tokens = make_examples()
    table = audit_examples(regions, tokens, PARTS)
    assert table.columns.tolist() == [
        "check", "part_a", "part_b", "pairs", "examples_a", "examples_b", "example", "leak",
    ]  # fmt: skip
    pairs = [("train", "validation"), ("train", "test"), ("validation", "test")]
    expected = [(check, *pair) for check in CHECKS for pair in pairs]
    assert list(table.iloc[:, :3].itertuples(index=False, name=None)) == expected
    assert table[["pairs", "examples_a", "examples_b"]].to_numpy().sum() == 0
    assert set(table["leak"]) == {"no"}
    assert (table["leak"] == "no").all()


def test_each_planted_leak_is_found_and_nothing_else():
    regions, tokens = make_examples()
    # The windows of rows 150 and 151 overlap by one base with train rows 3 and 4; rows 120 and 5 touch only.
    regions.loc[[150, 151, 120], "start"] = [3199, 4000 - 199, 5200]
    regions["end"] = regions["start"] + 200
    tokens[160] = tokens[10]
    tokens[161] = tokens[10]
    tokens[110] = DNA.reverse_complement(tokens[20])
    tokens[170] = tokens[130]
    tokens[170, ::25] = (tokens[170, ::25] + 1) % 4
    regions.loc[180, "parent"] = "s:30"
    regions.loc[31, "parent"] = "s:181"
    regions.loc[182, "parent"] = "s:183"
    table = audit_examples(regions, tokens, PARTS)
    assert leaks_of(table) == {
        ("overlap", "train", "test"): (2, 2, 2, "s:3 ~ s:150"),
        ("identical", "train", "test"): (2, 1, 2, "s:10 ~ s:160"),
        ("reverse_complement", "train", "validation"): (1, 1, 1, "s:20 ~ s:110"),
        ("near_duplicate", "validation", "test"): (1, 1, 1, "s:130 ~ s:170"),
        ("parent", "train", "test"): (2, 2, 2, "s:30 ~ s:180"),
    }


def test_a_palindrome_and_its_copy_are_identical_only():
    regions, tokens = make_examples()
    half = tokens[0, :100]
    tokens[0] = tokens[150] = np.concatenate([half, DNA.reverse_complement(half)])
    assert list(leaks_of(audit_examples(regions, tokens, PARTS))) == [("identical", "train", "test")]


def test_the_same_coordinates_in_two_genomes_do_not_leak():
    regions, tokens = make_examples()
    regions.loc[150:, ["start", "end"]] = regions.loc[:49, ["start", "end"]].to_numpy()
    regions.loc[150:, "source"] = "mouse"
    assert audit_examples(regions, tokens, PARTS).loc[1, "pairs"] == 50
    table = audit_examples(regions, tokens, PARTS, genomes={"s": "hg38.fa", "mouse": "mm39.fa"})
    assert (table["leak"] == "no").all()


def test_examples_in_no_part_are_not_compared():
    regions, tokens = make_examples()
    tokens[199] = tokens[0]
    parts = PARTS.copy()
    parts[199] = "unused"
    table = audit_examples(regions, tokens, parts)
    assert "unused" not in set(table["part_a"]) | set(table["part_b"])
    assert (table["leak"] == "no").all()


def test_folds_are_compared_in_order():
    regions, tokens = make_examples(120)
    tokens[110] = tokens[0]
    parts = np.repeat([f"fold{fold}" for fold in range(12)], 10)
    table = audit_examples(regions, tokens, parts)
    assert len(table) == len(CHECKS) * 66
    assert table["part_b"][:11].tolist() == [f"fold{fold}" for fold in range(1, 12)]
    assert leaks_of(table) == {("identical", "fold0", "fold11"): (1, 1, 1, "s:0 ~ s:110")}


def test_sequences_without_coordinates_or_complement():
    rng = np.random.default_rng(1)
    regions, _ = make_examples(6)
    regions[["chrom", "start", "end"]] = ["", -1, -1]
    tokens = rng.integers(0, 20, (6, 60)).astype(np.uint8)
    tokens[5] = tokens[0]
    tokens[4] = tokens[1][::-1]
    table = audit_examples(regions, tokens, ["train"] * 3 + ["test"] * 3, alphabet=PROTEIN)
    assert leaks_of(table) == {("identical", "train", "test"): (1, 1, 1, "s:0 ~ s:5")}


@pytest.mark.parametrize(("identity", "recall"), [(0.95, 0.99), (0.9, 0.8)])
def test_recall_of_near_duplicates_between_parts(identity, recall):
    rng = np.random.default_rng(3)
    regions, tokens = make_examples(1000, seed=3)
    copies = tokens[:500].copy()
    changed = rng.random(copies.shape) > identity
    copies[changed] = (copies[changed] + rng.integers(1, 4, changed.sum())) % 4
    tokens[500:] = DNA.reverse_complement(copies)
    table = audit_examples(regions, tokens, ["train"] * 500 + ["test"] * 500).set_index("check")
    assert recall * 500 <= table.loc["near_duplicate", "pairs"] <= 500
    assert table["pairs"].drop("near_duplicate").sum() == 0


@given(st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_counts_equal_those_of_all_pairs(seed):
    rng = np.random.default_rng(seed)
    size = 40
    regions, _ = make_examples(size)
    regions["chrom"] = rng.choice(["", "a", "b"], size)
    regions["start"] = rng.integers(-5, 100, size)
    regions["end"] = regions["start"] + rng.integers(1, 12, size)
    regions["parent"] = np.where(rng.random(size) < 0.3, [f"s:{i}" for i in rng.integers(0, 60, size)], "")
    tokens = rng.integers(0, 4, (size, 3)).astype(np.uint8)
    parts = rng.choice(["train", "test"], size)
    parts[:2] = ["train", "test"]
    table = audit_examples(regions, tokens, parts).set_index("check")
    texts = [DNA.decode(row) for row in tokens]
    complements = [DNA.decode(DNA.reverse_complement(row)) for row in tokens]
    found = {check: set() for check in ("overlap", "identical", "reverse_complement", "parent")}
    rows = list(regions.itertuples())
    for i in np.flatnonzero(parts == "train"):
        for j in np.flatnonzero(parts == "test"):
            a, b = rows[i], rows[j]
            if a.chrom == b.chrom != "" and a.start < b.end and b.start < a.end:
                found["overlap"].add((i, j))
            if texts[i] == texts[j]:
                found["identical"].add((i, j))
            elif texts[i] == complements[j]:
                found["reverse_complement"].add((i, j))
            if a.parent == b.id or b.parent == a.id:
                found["parent"].add((i, j, a.parent == b.id and b.parent == a.id))
    for check, pairs in found.items():
        row = table.loc[check]
        assert row["examples_a"] == len({pair[0] for pair in pairs})
        assert row["examples_b"] == len({pair[1] for pair in pairs})
        if check != "parent":
            assert row["pairs"] == len(pairs)
        if pairs:
            a, b = (int(name.removeprefix("s:")) for name in row["example"].split(" ~ "))
            assert (a, b) in {pair[:2] for pair in pairs}


def test_a_split_in_another_order_than_the_dataset():
    regions, tokens = make_examples()
    tokens[160] = tokens[10]
    split = pd.DataFrame({"id": regions["id"], "group": 0, "part": PARTS}).sample(frac=1, random_state=1)
    dataset = SimpleNamespace(regions=regions, tokens=tokens, alphabet=DNA)
    assert audit_split(dataset, split).equals(audit_examples(regions, tokens, PARTS))


def test_an_extra_set_is_compared_with_every_part_of_the_dataset():
    regions, tokens = make_examples()
    own = SimpleNamespace(regions=regions, tokens=tokens, alphabet=DNA)
    split = pd.DataFrame({"id": regions["id"], "part": PARTS})
    theirs, other = make_examples(6, seed=9)
    # The same ids and source; far away but for row 0, which overlaps train row 7; row 1 equals test row 160.
    theirs["start"] += 10_000_000
    theirs.loc[0, "start"] = 7100
    theirs["end"] = theirs["start"] + 200
    theirs["parent"] = ["", "", "", "", "", "s:4"]
    other[1] = tokens[160]
    extra = SimpleNamespace(regions=theirs, tokens=other, alphabet=DNA)
    table = audit_set(own, split, extra)
    assert set(table["part_b"]) == {"extra_set"} and len(table) == 3 * len(CHECKS)
    shared = {
        ("overlap", "train", "extra_set"): (1, 1, 1, "s:7 ~ extra_set/s:0"),
        ("identical", "test", "extra_set"): (1, 1, 1, "s:160 ~ extra_set/s:1"),
    }
    assert leaks_of(audit_set(own, split, extra, tested=[])) == shared
    # Nothing is trained on the test part: what it shares with a set is counted, and no leak.
    assert list(leaks_of(table)) == [("overlap", "train", "extra_set")]
    assert table.loc[table["pairs"] > 0, "part_a"].tolist() == ["train", "test"]
    assert list(leaks_of(audit_set(own, split, extra, tested=["train"]))) == [
        ("identical", "test", "extra_set")
    ]
    places = {"genomes": {"s": "a.fa"}, "other_genomes": {"s": "b.fa"}, "tested": []}
    assert list(leaks_of(audit_set(own, split, extra, **places))) == [("identical", "test", "extra_set")]
    places["other_genomes"] = {"s": "a.fa"}
    assert len(leaks_of(audit_set(own, split, extra, **places))) == 2


def test_what_a_network_is_tested_on_and_its_start_was_trained_on():
    regions, tokens = make_examples()
    start = SimpleNamespace(regions=regions, tokens=tokens, alphabet=DNA)
    split = pd.DataFrame({"id": regions["id"], "part": PARTS})
    theirs, other = make_examples(8, seed=9, length=150)
    theirs[["start", "end"]] += 10_000_000
    # Rows 0 to 2: a stretch of a train, validation and test example; row 3 overlaps train, but is not tested.
    for row, known in enumerate((TRAIN + 5, VALIDATION + 6, TEST + 7)):
        other[row] = tokens[known, 20:170]
    theirs.loc[3, ["start", "end"]] = [7100, 7250]
    own = SimpleNamespace(regions=theirs, tokens=other, alphabet=DNA)
    table = audit_start("atlas", start, split, own, rows=np.array([0, 1, 2, 4]))
    assert list(table)[:4] == ["start", "check", "part_a", "part_b"] and set(table["start"]) == {"atlas"}
    assert set(table["part_a"]) == {"train", "validation"} and len(table) == 2 * len(CHECKS)
    assert leaks_of(table.drop(columns="start")) == {
        ("near_duplicate", "train", "test"): (1, 1, 1, "s:5 ~ s:0"),
        ("near_duplicate", "validation", "test"): (1, 1, 1, "s:106 ~ s:1"),
    }
    # The longer sequences may be on either side.
    flipped = SimpleNamespace(
        regions=theirs.assign(id=[f"t:{i}" for i in range(8)]), tokens=other, alphabet=DNA
    )
    parts = pd.DataFrame({"id": flipped.regions["id"], "part": "train"})
    back = audit_start("small", flipped, parts, start, rows=np.arange(VALIDATION, TEST))
    assert leaks_of(back.drop(columns="start")) == {
        ("near_duplicate", "train", "test"): (1, 1, 1, "t:1 ~ s:106")
    }
    places = {"genomes": {"s": "a.fa"}, "rows": np.arange(8)}
    found = [
        leaks_of(
            audit_start("atlas", start, split, own, other_genomes={"s": genome}, **places)[table.columns[1:]]
        )
        for genome in ("a.fa", "b.fa")
    ]
    assert [("overlap", "train", "test") in leaks for leaks in found] == [True, False]


def test_what_nobody_knows_is_not_audited():
    row = without_audit("x.keras")
    assert list(row) == list(audit_start("a", *_empty_start(), rows=[0])) and len(row) == 1
    assert (row["start"].item(), row["leak"].item(), row["pairs"].isna().item()) == (
        "x.keras",
        "unknown",
        True,
    )


def _empty_start():
    regions, tokens = make_examples(3)
    dataset = SimpleNamespace(regions=regions, tokens=tokens, alphabet=DNA)
    return dataset, pd.DataFrame({"id": regions["id"], "part": "train"}), dataset
