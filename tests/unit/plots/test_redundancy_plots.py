from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from motifloom.plots.redundancy import redundancy_clustermap, redundancy_map, similarity_matrix
from motifloom.plots.style import save_figure


def pairs(count, seed=0, silent=(), compared="top"):
    """A table of pairs as filters/redundancy.py makes it."""
    rng = np.random.default_rng(seed)
    rows = []
    for a in range(count):
        for b in range(a + 1, count):
            known = a not in silent and b not in silent
            value = 0.9 if known and a // 3 == b // 3 else rng.uniform(0, 0.5)
            rows.append(
                (compared, f"f{a}", f"f{b}", value if known else np.nan, "+-"[b % 2] if known else None)
            )
    return pd.DataFrame(rows, columns=["compared", "filter_a", "filter_b", "similarity", "strand"])


def image(figure):
    return figure.axes[0].images[0].get_array()


def labels(axis):
    return [tick.get_text() for tick in axis.get_yticklabels()]


def words(figure):
    return [text.get_text() for text in figure.texts]


def test_matrix_of_pairs():
    table = pd.concat([pairs(4, silent=[2]), pairs(4, seed=1, compared="kernel")])
    names, similarity, minus = similarity_matrix(table, "top")
    assert names == ["f0", "f1", "f2", "f3"]
    assert np.isnan(similarity[2]).all() and np.isnan(similarity[:, 2]).all()
    assert np.diag(similarity)[[0, 1, 3]].tolist() == [1, 1, 1]
    assert similarity[0, 1] == similarity[1, 0] == 0.9
    assert minus[0, 1] and minus[1, 0] and not minus[0, 2]
    row = table[(table["compared"] == "top") & (table["filter_a"] == "f1") & (table["filter_b"] == "f3")]
    assert similarity[3, 1] == row["similarity"].item()
    assert similarity_matrix(table, "top", ["f3", "f0", "f1", "f2"])[1][0, 2] == similarity[3, 1]


def test_few_filters_have_numbers_and_strands():
    figure = redundancy_map(pairs(6, silent=[4]), "top")
    axis = figure.axes[0]
    assert labels(axis) == [f"f{i}" for i in range(6)]
    texts = {tuple(map(round, text.get_position())): text.get_text() for text in axis.texts}
    assert texts[0, 0] == "1.00"
    assert texts[1, 0] == texts[0, 1] == "0.90\nrc"
    assert texts[2, 0] == "0.90"
    assert (4, 0) not in texts
    assert words(figure) == [
        "Motifs (top): n = 6 filters, 4 of 15 pairs at 0.8 or above",
        "rc: against the reverse complement; nothing to compare: f4",
    ]


def test_clustermap_puts_alike_filters_together_and_names_the_rest():
    table = pairs(9, silent=[4])
    order = np.random.default_rng(3).permutation(9)
    shuffled = [f"f{i}" for i in order]
    figure = redundancy_clustermap(table, "top", shuffled)
    names = labels(figure.axes[0])
    assert words(redundancy_map(table, "top", threshold=0.95))[0].endswith("0 of 36 pairs at 0.95 or above")
    assert sorted(names) == [f"f{i}" for i in range(9) if i != 4]
    groups = [int(name[1:]) // 3 for name in names]
    assert sum(a != b for a, b in pairwise(groups)) == 2
    assert "nothing to compare: f4" in words(figure)[1]
    # What is drawn is the similarity of the filters named beside it.
    _, similarity, _ = similarity_matrix(table, "top")
    numbers = [int(name[1:]) for name in names]
    np.testing.assert_allclose(image(figure), similarity[np.ix_(numbers, numbers)])


def test_hundreds_of_filters_have_names_but_no_numbers():
    rng = np.random.default_rng(0)
    a, b = np.triu_indices(300, 1)
    names = np.array([f"conv1_{i:03d}" for i in range(300)])
    table = pd.DataFrame(
        {
            "compared": "kernel",
            "filter_a": names[a],
            "filter_b": names[b],
            "similarity": rng.random(len(a)),
            "strand": "+",
        }
    )
    for draw in (redundancy_map, redundancy_clustermap):
        figure = draw(table, "kernel")
        assert len(labels(figure.axes[0])) == 300
        assert figure.axes[0].get_yticklabels()[0].get_fontsize() >= 2.5
        assert not figure.axes[0].texts
        assert max(figure.get_size_inches()) < 22
        assert words(figure)[0].startswith("Kernels: n = 300 filters, ")


@pytest.mark.parametrize("draw", [redundancy_map, redundancy_clustermap])
@pytest.mark.parametrize("count", [0, 1])
def test_nothing_to_compare_is_said(draw, count):
    figure = draw(pairs(count), "top", [f"f{i}" for i in range(count)])
    assert words(figure) == ["fewer than 2 filters: nothing to compare"]


def test_all_silent():
    assert image(redundancy_map(pairs(3, silent=[0, 1, 2]), "top")).mask.all()
    assert "nothing" in words(redundancy_clustermap(pairs(3, silent=[0, 1]), "top"))[0]


@pytest.mark.parametrize("count", [2, 17, 90])
def test_any_number_is_drawn_and_saved(tmp_path, count):
    for name in ("one.svg", "two.svg"):
        save_figure(redundancy_clustermap(pairs(count), "top"), tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
