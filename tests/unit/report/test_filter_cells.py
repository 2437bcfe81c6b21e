import re

import numpy as np
import pytest

from motifloom.report import filter_cells as cells


def test_a_bar_reaches_from_zero_to_its_value():
    text = cells.importance_bar(1.0, 0.5, 2.0, (-1.0, 3.0))
    # 104 wide with margins of 2: 0 is at a quarter, 1 at half of it.
    assert 'class="cell-bar" d="M27 6H52V16H27z"' in text
    assert 'd="M39.5 11H77M39.5 8v6M77 8v6"' in text


@pytest.mark.parametrize(("low", "high", "grey"), [(-0.1, 2, True), (0.1, 2, False), (-2, -1, False)])
def test_a_bar_is_grey_where_its_interval_holds_zero(low, high, grey):
    assert ("cell-unsure" in cells.importance_bar(0.5, low, high, (-2, 2))) == grey


def test_a_bar_without_value_is_empty_and_without_interval_has_no_whisker():
    assert cells.importance_bar(np.nan, 0, 1, (0, 1)) == ""
    assert "whisker" not in cells.importance_bar(0.5, np.nan, np.nan, (0, 1))
    # An interval beyond the axis ends with it.
    assert "M2 11H102" in cells.importance_bar(0.5, -9, 9, (0, 1))


def test_effects_are_shares_of_a_full_dot():
    assert cells.effect_size(0.75, "auc") == 0.5
    assert cells.effect_size(0.0, "auc") == -1
    assert cells.effect_size(np.inf, "log2_odds_ratio") == 1
    assert cells.effect_size(-0.3, "correlation") == -0.3
    assert np.isnan(cells.effect_size(np.nan, "auc"))


def test_dots_are_filled_above_and_rings_below_with_stars_where_significant():
    text = cells.enrichment_dots(np.array([1, -1, np.nan, 0]), np.array([True, False, False, False]))
    circles = re.findall(r'<circle class="([^"]+)" cx="([^"]+)" cy="19" r="([^"]+)"/>', text)
    assert circles == [("up", "13", "5.6"), ("down weak", "39", "5"), ("up weak", "91", "1")]
    assert re.findall(r'class="cell-star" x="([^"]+)"', text) == ["13"]


def test_a_sparkline_holds_both_profiles_on_one_scale():
    text = cells.sparkline(np.array([0, 1.0, 0]), np.array([2.0, 0, 1]))
    assert 'd="M1 28L1 28 52 15 103 28V28z"' in text
    assert 'd="M1 2 52 28 103 15"' in text
    assert cells.sparkline(np.zeros(3), np.zeros(3)) == ""


def test_the_strongest_enrichments_are_told():
    text = cells.enrichment_text(
        ["x", "y", "z", "w"], [0.6, 0.9, 0.1, np.nan], [0.01, 1e-9, 1e-9, np.nan], "auc", 0.05
    )
    assert text == "enriched in y (AUC 0.90, q 1e-9), x (AUC 0.60, q 0.01)"
    assert cells.enrichment_text(["x"], [0.4], [0.01], "auc", 0.05) == "enriched in none"
