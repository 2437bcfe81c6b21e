"""The table of predictions."""

from types import SimpleNamespace

import numpy as np
import pandas as pd

from motifloom.evaluation.predictions import predictions_table, write_predictions
from motifloom.io import read_table

DATASET = SimpleNamespace(
    task="multilabel",
    classes=["a", "b"],
    regions=pd.DataFrame({"id": ["s:1", "s:2", "s:3"]}),
    targets=np.array([[0, 1], [1, 1], [1, 0]], np.float32),
)
SCORES = np.array([[0.25, 0.9999999], [0.5, 0.9999998], [1, 0]])


def test_examples_of_no_part_are_left_out():
    table = predictions_table(DATASET, ["train", "unused", "test"], SCORES)
    assert list(table) == ["id", "part", "target.a", "target.b", "score.a", "score.b"]
    assert table["id"].tolist() == ["s:1", "s:3"] and table["part"].tolist() == ["train", "test"]
    assert table["target.b"].tolist() == [1, 0] and table["score.a"].tolist() == [0.25, 1]


def test_scores_close_to_one_stay_apart(tmp_path):
    write_predictions(DATASET, ["test"] * 3, SCORES, tmp_path / "p.tsv.gz")
    assert read_table(tmp_path / "p.tsv.gz")["score.b"].nunique() == 3
