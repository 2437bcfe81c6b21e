"""Shares of a list for scattered jobs."""

from itertools import pairwise

import pytest

from motifloom.shares import share_of


@pytest.mark.parametrize("count", [0, 1, 2, 7, 8, 100])
@pytest.mark.parametrize("jobs", [1, 2, 3, 7, 8, 13])
def test_shares_follow_each_other_and_are_the_whole(count, jobs):
    items = [f"f{number}" for number in range(count)]
    shares = [share_of(items, f"{number}-of-{jobs}") for number in range(1, jobs + 1)]
    assert [item for share in shares for item in share] == items
    sizes = [len(share) for share in shares]
    assert max(sizes) - min(sizes) <= 1
    assert sizes.count(0) == max(0, jobs - count)


def test_shares_by_hand():
    assert [share_of([1, 2, 3, 4, 5], f"{number}-of-3") for number in (1, 2, 3)] == [[1], [2, 3], [4, 5]]
    assert [share_of([1], f"{number}-of-2") for number in (1, 2)] == [[], [1]]


def test_any_sequence_gives_a_list():
    items = {"a": 1, "b": 2, "c": 3}
    found = [share_of(tuple(items.items()), f"{number}-of-2") for number in (1, 2)]
    assert found == [[("a", 1)], [("b", 2), ("c", 3)]]
    assert all(type(share) is list for share in found)


def test_sizes_of_many():
    bounds = [share_of(range(1000), f"{number}-of-16") for number in range(1, 17)]
    assert {len(share) for share in bounds} == {62, 63}
    assert all(one[-1] + 1 == two[0] for one, two in pairwise(bounds))
