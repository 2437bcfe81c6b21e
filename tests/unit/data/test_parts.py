"""Parts of examples as all that follows a split reads them."""

import numpy as np
import pandas as pd
import pytest

from motifloom.data.parts import parts_for, read_rows_of, sample_groups
from motifloom.errors import UserError
from motifloom.io import write_table


def table_of(parts):
    ids = [f"peaks:{number}" for number in range(len(parts))]
    return pd.DataFrame({"id": ids, "group": range(len(parts)), "part": parts})


def test_folds():
    table = table_of([f"fold{number % 4}" for number in (3, 0, 1, 2, 2, 0, 1, 3)])
    for fold in range(4):
        parts = parts_for(table, fold)
        assert parts.name == "part" and parts.index.equals(table.index)
        assert (parts == "test").tolist() == (table["part"] == f"fold{fold}").tolist()
        assert (parts == "validation").tolist() == (table["part"] == f"fold{(fold + 1) % 4}").tolist()
        assert (parts == "train").sum() == 4
    with pytest.raises(UserError, match="fold 4: the split has 4 folds, numbered from 0"):
        parts_for(table, 4)


def test_ten_folds_and_more_are_numbers():
    table = table_of([f"fold{number}" for number in range(12)])
    assert parts_for(table, 11).tolist() == ["validation", *["train"] * 10, "test"]
    assert parts_for(table, 1).tolist() == ["train", "test", "validation", *["train"] * 9]


def test_parts_without_folds():
    table = table_of(["train", "test", "unused", "validation"])
    assert parts_for(table).equals(table["part"])
    with pytest.raises(UserError, match="fold 1: the split has no folds"):
        parts_for(table, 1)


@pytest.mark.parametrize(
    ("fold", "parts", "rows"),
    [(0, ["test"], [1, 4]), (2, ["test", "validation"], [0, 1, 3, 4]), (1, ["train"], [1, 4]), (0, [], [])],
)
def test_rows_of_folds(fold, parts, rows, tmp_path):
    path = tmp_path / "split.tsv.gz"
    write_table(table_of(["fold2", "fold0", "fold1", "fold2", "fold0"]), path)
    assert read_rows_of(path, fold, parts).tolist() == rows


def test_rows_of_parts(tmp_path):
    path = tmp_path / "split.tsv.gz"
    write_table(table_of(["train", "unused", "test", "validation", "train"]), path)
    every = read_rows_of(path, 0, ["train", "validation", "test"])
    assert (every.dtype, every.tolist()) == (np.int64, [0, 2, 3, 4])
    assert read_rows_of(path, 0, ["train"]).tolist() == [0, 4]
    with pytest.raises(UserError, match="fold 2: the split has no folds"):
        read_rows_of(path, 2, ["train"])


def test_groups_are_sampled_whole():
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 40, 200)
    rows = np.flatnonzero(groups % 2)
    seen = set()
    for seed in range(20):
        kept = sample_groups(rows, groups, 50, np.random.default_rng(seed))
        assert 50 - np.bincount(groups[rows]).max() < len(kept) <= 50
        assert (np.diff(kept) > 0).all() and np.isin(kept, rows).all()
        left = np.setdiff1d(rows, kept)
        assert not set(groups[kept]) & set(groups[left])
        assert (kept == sample_groups(rows, groups, 50, np.random.default_rng(seed))).all()
        seen |= set(groups[kept])
    assert seen == set(groups[rows])


def test_few_rows_are_all_kept():
    groups = np.zeros(10, int)
    for rows in ([], [2], [1, 4, 7]):
        kept = sample_groups(rows, groups, 3, np.random.default_rng(0))
        assert (kept.dtype, kept.tolist()) == (np.int64, rows)


def test_a_group_larger_than_the_sample_is_left_out_where_others_fit():
    groups = np.array([0] * 9 + [1])
    for seed in range(20):
        assert sample_groups(range(10), groups, 4, np.random.default_rng(seed)).tolist() == [9]
        assert len(sample_groups(range(9), groups, 4, np.random.default_rng(seed))) == 9
