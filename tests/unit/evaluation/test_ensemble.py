import logging

import numpy as np
import pandas as pd
import pytest

from motifloom.errors import UserError
from motifloom.evaluation.ensemble import average_predictions, pool_predictions


def table(ids, parts, targets, scores):
    return pd.DataFrame({"id": list(ids), "part": parts, "target.x": targets, "score.x": scores})


ONE = table("abc", ["train", "test", "test"], [0, 1, np.nan], [0.1, 0.2, 0.9])
TWO = table("cab", ["test", "train", "test"], [np.nan, 0, 1], [0.5, 0.3, 0.6])


def test_the_mean_of_scores_whatever_the_order():
    mean = average_predictions([ONE, TWO])
    assert mean["id"].tolist() == ["a", "b", "c"] and mean["part"].tolist() == ["train", "test", "test"]
    np.testing.assert_allclose(mean["score.x"], [0.2, 0.4, 0.7])
    np.testing.assert_array_equal(mean["target.x"], [0, 1, np.nan])
    three = average_predictions([ONE, TWO, TWO])
    np.testing.assert_allclose(three["score.x"], [0.7 / 3, 1.4 / 3, 1.9 / 3])
    assert ONE["score.x"].tolist() == [0.1, 0.2, 0.9]


def test_one_table_is_itself():
    pd.testing.assert_frame_equal(average_predictions([ONE]), ONE)


def test_only_rows_in_the_same_part_of_all_are_left(caplog):
    other = TWO.assign(part=["test", "validation", "test"])
    with caplog.at_level(logging.INFO):
        assert average_predictions([ONE, other])["id"].tolist() == ["b", "c"]
    assert "1 of 3 rows" in caplog.text


def test_members_that_share_no_test_example():
    with pytest.raises(UserError, match="share no example of part test"):
        average_predictions([ONE, TWO.assign(part="validation")])


@pytest.mark.parametrize(
    "other", [TWO.assign(**{"target.x": 0.0}), TWO.rename(columns={"score.x": "score.y"})]
)
def test_members_of_different_targets(other):
    with pytest.raises(UserError, match="different targets"):
        average_predictions([ONE, other])


def test_folds_are_joined_and_their_seeds_averaged():
    first = [table("ab", ["test", "train"], [0, 1], [score, 0.5]) for score in (0.2, 0.4)]
    second = [table("ab", ["train", "test"], [0, 1], [0.9, 0.8])]
    pooled = pool_predictions([first, second])
    assert pooled["id"].tolist() == ["a", "b"] and set(pooled["part"]) == {"test"}
    np.testing.assert_allclose(pooled["score.x"], [0.3, 0.8])
    assert list(pooled.index) == [0, 1]


def test_an_example_in_two_test_folds():
    with pytest.raises(UserError, match="b is in the test part of two folds"):
        pool_predictions([[ONE], [ONE]])
