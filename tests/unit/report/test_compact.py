import json

import numpy as np
import pandas as pd
import pytest

from motifloom.report import compact


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (np.nan, None), (None, None), ("exact", "exact"), (12.0, 12), (np.int64(7), 7), (0.1234567, 0.123457),
        (1234567.0, 1234567), (1.2345678e-12, 1.23457e-12), (np.inf, "∞"), (-np.inf, "−∞"), (-1e-5, -1e-5),
    ],
)  # fmt: skip
def test_values_are_written_short(value, written):
    assert compact.short(value) == written
    assert type(compact.short(value)) is type(written)


def test_json_ends_no_script_and_holds_what_was_given():
    content = {"name": "</script><!-- \u2028 é", "none": None}
    text = str(compact.as_json(content))
    assert "<" not in text
    assert "\u2028" not in text
    assert json.loads(text) == content
    with pytest.raises(ValueError, match="JSON"):
        compact.as_json([np.nan])


def test_columns_that_a_table_has_not_are_missing():
    rows = compact.columns_of(pd.DataFrame({"a": [1, 2]}), ["a", "b"])
    assert [row[0] for row in rows] == [1, 2]
    assert all(np.isnan(row[1]) for row in rows)
    assert compact.columns_of(pd.DataFrame(), ["a"]) == []


@pytest.mark.parametrize("dtype", [object, "category"])
def test_parts_come_by_filter_and_target_in_the_order_asked_for(dtype):
    rows = [("b", "y", 1), ("a", "y", 2), ("b", "x", 3), ("b", "y", 4), ("c", "x", 5), ("a", "other", 6)]
    table = pd.DataFrame(rows, columns=["filter", "target", "n"]).astype({"filter": dtype, "target": dtype})
    places, indices = {"a": 1, "b": 0}, {"x": 0, "y": 1}

    def plain(found):
        return [(place, [(i, values.ravel().tolist()) for i, values in parts]) for place, parts in found]

    found = compact.target_parts(table, ["n"], places, indices)
    assert plain(found) == [(0, [(0, [3]), (1, [1, 4])]), (1, [(1, [2])])]
    found = compact.target_parts(table, ["n"], places, indices, {0: {1}})
    assert plain(found) == [(0, [(1, [1, 4])])]
    assert compact.target_parts(table[:0], ["n"], places, indices) == []


def test_neighbours_are_averaged_and_shares_rounded():
    mean, sd = compact.thinned(np.array([[1.0, 0], [3, 2], [5, 5]]), 2)
    assert (mean.tolist(), sd.tolist()) == ([2, 5], [1, 5])
    assert compact.shares_of(5, np.array([5, 2.5, 0, np.nan])) == [999, 500, 0, None]
    assert compact.shares_of(0, np.zeros(2)) == [0, 0]
