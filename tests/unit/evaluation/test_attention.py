from itertools import product
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from motifloom.evaluation.attention import (
    attention_tables,
    centres,
    class_groups,
    compare_sites,
    describe_maxima,
    locate_sites,
    maxima,
    upper_tail,
)
from motifloom.genome.intervals import read_intervals
from motifloom.genome.simulate import simulate


class Field(NamedTuple):
    width: int
    stride: int
    offset: int


def test_the_maximum_and_what_it_sees():
    weights = np.array([[0.1, 0.2, 0.7], [0.4, 0.2, 0.4]])
    found = maxima(weights, Field(5, 3, -1), 9)
    # Positions 0 and 2 see bases -1 to 4 and 5 to 10, of which there are 0 to 4 and 5 to 9.
    assert found["position"].tolist() == [2, 0]
    assert found[["start", "end", "centre"]].to_numpy(int).tolist() == [[5, 9, 7], [0, 4, 1]]
    assert found["weight"].tolist() == [0.7, 0.4] and set(found["expected"]) == {1 / 3}
    entropy = -(0.1 * np.log(0.1) + 0.2 * np.log(0.2) + 0.7 * np.log(0.7))
    assert found["evenness"].iloc[0] == pytest.approx(entropy / np.log(3))


@pytest.mark.parametrize(
    ("weights", "evenness"), [([0.25] * 4, 1), ([0, 0, 1, 0], 0), ([0.5, 0.5, 0, 0], 0.5), ([1], 1)]
)
def test_evenness_is_that_of_the_entropy(weights, evenness):
    assert maxima([weights], Field(1, 1, 0), 4)["evenness"].item() == pytest.approx(evenness)


def test_a_position_that_sees_everything_has_no_place():
    found = maxima([[0.2, 0.8]], Field(9, 0, 0), 9).iloc[0]
    assert (found["position"], found["start"], found["end"]) == (1, 0, 9) and pd.isna(found["centre"])


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (Field(3, 1, 0), [1, 2, 3]),  # unpadded, width 3
        (Field(3, 1, -1), [0, 1, 2]),  # padded: position i stands for base i
        (Field(4, 1, -1), [0, 1, 2]),  # padded, even width
        (Field(8, 4, 0), [3, 7, 9]),  # pooled; the last one in the window
        (Field(3, 1, -2), [0, 0, 1]),  # causal
    ],
)
def test_middle_bases(field, expected):
    assert centres(np.arange(3), field, 10).tolist() == expected


def test_profiles_are_means_of_groups():
    one = np.array([[0.5, 0.5], [0.9, 0.1], [0.1, 0.9]])
    other = np.array([[0.2, 0.3, 0.5], [0.2, 0.2, 0.6], [0.6, 0.2, 0.2]])
    whole = np.ones((3, 1))
    weights = {"one": one, "other": other, "whole": whole}
    blocks = [(rows, {name: w[rows] for name, w in weights.items()}) for rows in (slice(0, 2), slice(2, 3))]
    fields = {"one": (Field(4, 4, 0), 2), "other": (Field(3, 1, 0), 3), "whole": (Field(8, 0, 0), 1)}
    groups = {"a": np.array([True, True, False]), "b": np.zeros(3, bool), "c": np.array([True, False, True])}
    found, profile = attention_tables(blocks, fields, 8, groups)
    assert found["example"].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert found["layer"].tolist() == ["one", "other", "whole"] * 3
    assert found["position"].tolist() == [0, 2, 0, 0, 2, 0, 1, 0, 0]
    assert found["centre"].isna().tolist() == [False, False, True] * 3
    by = profile.set_index(["layer", "target"])
    assert list(dict.fromkeys(by.index)) == [("one", "a"), ("one", "c"), ("other", "a"), ("other", "c")]
    assert by.loc[("one", "a"), "position_bp"].tolist() == [1, 5]
    np.testing.assert_allclose(by.loc[("one", "a"), "mean"], [0.7, 0.3])
    np.testing.assert_allclose(by.loc[("one", "c"), "relative"], [0.6, 1.4])
    np.testing.assert_allclose(by.loc[("other", "c"), "relative"], [1.2, 0.75, 1.05])
    assert set(profile["n"]) == {2}


def test_groups_of_examples():
    def rows(*arguments):
        return {name: members.tolist() for name, members in class_groups(*arguments).items()}

    nothing = np.nan
    assert rows([[1], [0], [nothing]], "binary", ["free", "bound"]) == {
        "free": [False, True, False],
        "bound": [True, False, False],
    }
    assert rows([[1, 0], [0, 1]], "multiclass", ["a", "b"]) == {"a": [True, False], "b": [False, True]}
    assert rows([[1, 1], [0, 1], [0, 0], [nothing, nothing]], "multilabel", ["a", "b"]) == {
        "a": [True, False, False, False],
        "b": [True, True, False, False],
        "no label": [False, False, True, False],
    }
    assert rows([[0.3], [-2]], "regression", ["value"]) == {"all": [True, True]}
    assert rows([[nothing]], "binary", ["free", "bound"]) == {"all": [True]}


REGIONS = pd.DataFrame(
    {
        "id": ["p:1", "p:2", "p:3", "p:4", "f:1", "f:2", "f:3", "shuffled:1"],
        "chrom": ["chr1", "chr1", "chr1", "chr2", "", "", "", ""],
        "start": [100, 100, 105, 100, -1, -1, -1, -1],
        "end": [120, 120, 125, 120, -1, -1, -1, -1],
        "strand": ["+", "-", ".", "+", ".", ".", ".", "."],
        "name": ["peak", "", "", "", "seq1", "twice", "twice", ""],
    }
)


def placed(*rows):
    sites = pd.DataFrame(rows, columns=["chrom", "start", "end", "name"])
    found = locate_sites([sites], REGIONS, 20)
    return sorted(map(tuple, found[["example", "motif", "start", "end"]].to_numpy().tolist()))


def test_sites_on_a_genome_lie_whole_in_windows_and_run_backwards_on_the_minus_strand():
    assert placed(("chr1", 107, 111, "m")) == [(0, "m", 7, 11), (1, "m", 9, 13), (2, "m", 2, 6)]
    assert placed(("chr1", 100, 104, "m")) == [(0, "m", 0, 4), (1, "m", 16, 20)]
    assert placed(("chr1", 119, 125, "m")) == [(2, "m", 14, 20)]
    assert placed(("chr1", 116, 121, "m")) == [(2, "m", 11, 16)]
    assert placed(("chr1", 99, 103, "m"), ("chr1", 124, 126, "m"), ("chr3", 100, 104, "m")) == []
    assert placed(("chr1", 100, 120, "m"), ("chr2", 100, 101, "n")) == [
        (0, "m", 0, 20),
        (1, "m", 0, 20),
        (3, "n", 0, 1),
    ]


def test_sites_of_examples_without_coordinates_are_named_by_id_or_name():
    assert placed(("f:1", 3, 7, "m"), ("seq1", 0, 4, "n")) == [(4, "m", 3, 7), (4, "n", 0, 4)]
    assert placed(("f:2", 16, 20, "")) == [(5, "site", 16, 20)]
    # A name of two examples says nothing; one with coordinates is not looked up by name.
    assert placed(("twice", 0, 4, "m"), ("peak", 0, 4, "m"), ("p:1", 0, 4, "m"), ("", 0, 4, "m")) == []
    assert placed(("f:1", 17, 21, "m")) == []


def test_what_a_simulation_planted_is_read_as_it_is(tmp_path):
    motifs = {"M1": ("one", np.eye(4)), "M2": ("two", np.eye(4)[::-1])}
    sizes = {"chromosomes": 1, "chromosome_length": 6000, "sites_per_motif": 5, "peak_width": 60}
    truth = simulate(motifs, tmp_path, seed=1, **sizes)
    regions = truth[["chrom", "start", "end", "strand"]].assign(id=truth["peak"], name="")
    found = locate_sites([read_intervals(tmp_path / "truth.tsv")], regions, 4)
    assert found.sort_values("example")["motif"].tolist() == truth["motif_name"].tolist()
    assert set(found["motif"]) == {"one", "two"} and (found["start"] == 0).all()


def test_sites_that_match_no_example_are_told(caplog):
    assert placed(("I", 107, 111, "m")) == []
    assert "the first site is on 'I', the first example on 'chr1'" in caplog.text


def test_no_file_of_sites_gives_an_empty_table():
    located = locate_sites([], REGIONS, 20)
    found = pd.DataFrame({"example": [0], "layer": ["a"], "position": [0]})
    table = compare_sites(found, located, np.ones(8, bool), {"a": (Field(1, 1, 0), 20)}, 20)
    assert len(table) == 0 and list(table)[:4] == ["layer", "motif", "n", "inside"]


def test_fractions_and_chance_by_hand():
    """Ten positions that stand for bases 1 to 10; the best ones are 2, 6, 0 and 9."""
    found = pd.DataFrame({"example": range(4), "layer": "a", "position": [2, 6, 0, 9]})
    located = pd.DataFrame(
        [
            (0, "m", 3, 5),  # two positions, the best one among them
            (1, "m", 0, 3),  # base 0 is the centre of none: two positions
            (1, "m", 2, 4),  # one more, and one that both sites hold; not the best one
            (2, "n", 1, 2),  # one position, the best one
            (3, "m", 10, 11),  # not chosen
            (3, "rare", 1, 2),
        ],
        columns=["example", "motif", "start", "end"],
    )
    chosen, fields = np.array([True, True, True, False]), {"a": (Field(3, 1, 0), 10)}
    table = compare_sites(found, located, chosen, fields, 12, confidence=0.9).set_index("motif")
    assert table.loc["m", ["n", "inside", "fraction"]].tolist() == [2, 1, 0.5]
    assert table.loc["m", "chance"] == pytest.approx((0.2 + 0.3) / 2)
    assert table.loc["m", "enrichment"] == pytest.approx(2)
    assert table.loc["m", "p_value"] == pytest.approx(1 - 0.8 * 0.7)
    low, high = binomtest(1, 2).proportion_ci(0.9, "wilson")
    assert table.loc["m", ["ci_low", "ci_high"]].tolist() == [low, high]
    assert table.loc["n", ["n", "inside", "fraction", "chance", "p_value"]].tolist() == [1, 1, 1, 0.1, 0.1]
    assert table.loc["rare", ["n", "inside"]].tolist() == [0, 0] and np.isnan(table.loc["rare", "p_value"])


def test_layers_are_compared_at_their_own_positions():
    """A pooled layer whose position 1 stands for base 5, and one without places."""
    found = pd.DataFrame({"example": [0, 0], "layer": ["pooled", "whole"], "position": [1, 0]})
    located = pd.DataFrame({"example": [0, 0], "motif": ["m", "far"], "start": [5, 7], "end": [6, 8]})
    fields = {"pooled": (Field(4, 4, 0), 3), "whole": (Field(12, 0, 0), 3)}
    table = compare_sites(found, located, np.ones(1, bool), fields, 12)
    assert table[["layer", "motif", "inside"]].to_numpy().tolist() == [
        ["pooled", "m", 1],
        ["pooled", "far", 0],
    ]
    assert table["chance"].tolist() == [1 / 3, 0]
    # Where no position stands for a base of the site there is no enrichment.
    assert table["enrichment"].iloc[0] == pytest.approx(3) and np.isnan(table["enrichment"].iloc[1])
    assert table["p_value"].tolist() == [pytest.approx(1 / 3), 1]


def test_the_upper_tail_is_that_of_all_outcomes():
    shares = np.array([0.1, 0.4, 0.1, 0.7])
    for hits in range(5):
        ways = (way for way in product([0, 1], repeat=4) if sum(way) >= hits)
        exact = sum(np.prod(np.where(way, shares, 1 - shares)) for way in ways)
        assert upper_tail(hits, shares) == pytest.approx(exact)


def test_the_upper_tail_of_equal_shares_is_binomial_and_small_ones_keep_their_digits():
    expected = binomtest(150, 200, 0.03, "greater").pvalue
    assert 0 < expected < 1e-150
    assert upper_tail(150, np.full(200, 0.03)) == pytest.approx(expected, rel=1e-9)
    assert upper_tail(3, np.array([1.0, 1.0, 1.0, 0.0])) == 1


def test_maxima_stand_behind_the_examples_of_a_part():
    dataset = SimpleNamespace(
        regions=pd.DataFrame({"id": ["x", "y", "z"]}),
        targets=np.array([[1.0], [0.0], [1.0]], np.float32),
        target_names=["bound"],
    )
    found = pd.DataFrame({"example": [0, 0, 1, 1, 2, 2], "layer": ["a", "b"] * 3, "weight": range(6)})
    table = describe_maxima(found, dataset, ["test", "unused", "train"])
    assert list(table) == ["id", "part", "target.bound", "layer", "weight"]
    assert table["id"].tolist() == ["x", "x", "z", "z"] and table["weight"].tolist() == [0, 1, 4, 5]
    assert table["part"].tolist() == ["test", "test", "train", "train"]
