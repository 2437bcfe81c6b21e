"""The tables of predictions."""

import numpy as np
import pandas as pd
import pytest

from motifloom.data.store import Dataset, write_dataset
from motifloom.evaluation.ensemble import average_predictions, pool_predictions
from motifloom.evaluation.predictions import (
    example_table,
    interleave_strands,
    predictions_table,
    write_predictions,
)
from motifloom.io import read_table, write_table

PLACES = ["chrom", "start", "end", "strand", "name"]
SCORES = np.array([[0.25, 0.9999999], [0.5, 0.9999998], [1, 0]])


@pytest.fixture
def dataset(tmp_path):
    regions = pd.DataFrame(
        {
            "id": ["s:1", "s:2", "s:3"],
            "chrom": "chr1",
            "start": [0, 10, 20],
            "end": [8, 18, 28],
            "strand": "-",
            "name": "x",
            "source": "s",
            "record": [1, 2, 3],
            "parent": "",
            "target.a": [0.0, 1, np.nan],
            "target.b": [1.0, 1, np.nan],
        }
    )
    tokens = np.zeros((3, 8), np.uint8)
    options = {"alphabet": "dna", "task": "multilabel", "classes": ["a", "b"], "missing": True}
    write_dataset(tmp_path / "d.h5", regions, [tokens], **options)
    with Dataset(tmp_path / "d.h5") as dataset:
        yield dataset


def test_examples_of_no_part_are_left_out(dataset):
    table = predictions_table(dataset, ["train", "unused", "test"], SCORES)
    assert list(table) == ["id", "part", "target.a", "target.b", "score.a", "score.b"]
    assert table["id"].tolist() == ["s:1", "s:3"] and table["part"].tolist() == ["train", "test"]
    assert table["target.b"][0] == 1 and np.isnan(table["target.b"][1])
    assert table["score.a"].tolist() == [0.25, 1]


def test_predictions_stand_beside_their_places(dataset):
    parts = ["test", "unused", "train"]
    found = predictions_table(dataset, parts, SCORES, places=True)
    plain = predictions_table(dataset, parts, SCORES)
    assert list(found) == ["id", "part", *PLACES, "target.a", "target.b", "score.a", "score.b"]
    assert found[PLACES].values.tolist() == [["chr1", 0, 8, "-", "x"], ["chr1", 20, 28, "-", "x"]]
    pd.testing.assert_frame_equal(found.drop(columns=PLACES), plain)


def test_other_columns_stand_without_targets(dataset):
    found = example_table(dataset, ["test"] * 3, {"mean": SCORES, "sd": SCORES / 10})
    assert list(found) == ["id", "part", "mean.a", "mean.b", "sd.a", "sd.b"]
    assert found["sd.a"].tolist() == [0.025, 0.05, 0.1]


def test_strands_stand_in_turn(dataset):
    found = interleave_strands(dataset, ["test"] * 3, np.arange(12.0).reshape(3, 2, 2))
    assert found["score.a"].tolist() == [0, 2, 4, 6, 8, 10]
    assert found["read"].tolist() == ["forward", "reverse_complement"] * 3
    assert found["id"].tolist() == [f"s:{i}" for i in (1, 1, 2, 2, 3, 3)]
    assert list(found)[:8] == ["id", "part", "read", *PLACES]


def test_scores_close_to_one_stay_apart(dataset, tmp_path):
    for places in (False, True):
        write_predictions(dataset, ["test"] * 3, SCORES, tmp_path / "p.tsv.gz", places=places)
        found = read_table(tmp_path / "p.tsv.gz")
        assert found["score.b"].nunique() == 3 and ("chrom" in found) == places


@pytest.mark.parametrize("pooled", [False, True])
def test_names_like_numbers_are_the_same_when_runs_are_put_together(tmp_path, pooled):
    table = pd.DataFrame(
        {"id": ["s:1", "s:2"], "part": "test", "chrom": "01", "start": 5, "name": ["000", "1e5"]}
    )
    table = table.assign(**{"target.x": [0, 1], "score.x": [0.25, 0.5]})
    other = table.assign(id=["t:1", "t:2"]) if pooled else table
    for name, content in (("a.tsv", table), ("b.tsv", other)):
        write_table(content, tmp_path / name)
    read = [read_table(tmp_path / name) for name in ("a.tsv", "b.tsv")]
    write_table(
        pool_predictions([[one] for one in read]) if pooled else average_predictions(read), tmp_path / "c"
    )
    lines = (tmp_path / "c").read_text().splitlines()[1:]
    assert [line.split("\t")[2:5] for line in lines] == [["01", "5", "000"], ["01", "5", "1e5"]] * (
        1 + pooled
    )
