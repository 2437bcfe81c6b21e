import numpy as np
import pandas as pd
import pytest

from motifloom.data.encode import DNA, PROTEIN
from motifloom.filters.motifs import MotifSet
from motifloom.filters.redundancy import motif_similarity
from motifloom.filters.stability import COLUMNS, match_seeds, seeds_of_filters

RNG = np.random.default_rng(0)
CORES = RNG.dirichlet([0.15] * 4, (4, 8))


def placed(core, shift, minus=False, width=14):
    """A motif set into a filter without information around it."""
    matrix = np.full((width, core.shape[1]), 1 / core.shape[1])
    matrix[shift : shift + len(core)] = core
    return matrix[::-1, ::-1] if minus else matrix


def motif_set(matrices, alphabet=DNA, silent=()):
    counts = {f"conv_{i:03d}": np.asarray(matrix, float) * 100 for i, matrix in enumerate(matrices)}
    for i in silent:
        counts[f"conv_{i:03d}"] *= 0
    sites = [0 if i in silent else 100 for i in range(len(counts))]
    return MotifSet("top", alphabet, counts, ["conv"] * len(counts), sites)


@pytest.fixture
def seeds():
    return {
        1: motif_set([placed(CORES[0], 2), placed(CORES[1], 3), placed(CORES[0], 5), placed(CORES[3], 0)]),
        2: motif_set([placed(CORES[1], 0), placed(CORES[2], 1), placed(CORES[0], 6)], silent=[1]),
        3: motif_set([placed(CORES[2], 4), placed(CORES[0], 1, minus=True)]),
    }


def test_motifs_are_found_again_in_other_seeds(seeds):
    table = match_seeds(seeds)
    assert table.columns.tolist() == COLUMNS
    members = table.dropna(subset=["motif"]).groupby("motif")[["seed", "filter"]]
    found = {number: list(rows.itertuples(index=False, name=None)) for number, rows in members}
    assert found == {
        1: [(1, "conv_000"), (1, "conv_002"), (2, "conv_002"), (3, "conv_001")],
        2: [(1, "conv_001"), (2, "conv_000")],
        3: [(1, "conv_003")],
        4: [(3, "conv_000")],
    }
    assert table.drop_duplicates("motif")["seeds"].tolist() == [3, 2, 1, 1, pd.NA]


def test_place_and_strand_against_the_medoid(seeds):
    table = match_seeds(seeds).set_index(["seed", "filter"])
    assert table.loc[(1, "conv_000"), ["similarity", "strand", "offset", "medoid"]].tolist() == [
        1,
        "+",
        0,
        True,
    ]
    # The core begins at 2 in the medoid and at 5 and 6 here.
    assert table.loc[(1, "conv_002"), "offset"] == -3
    assert table.loc[(2, "conv_002"), "offset"] == -4
    # Turned round, this one has its core at 1 again.
    assert table.loc[(3, "conv_001"), ["strand", "offset"]].tolist() == ["-", 1]
    assert table["similarity"].dropna().to_numpy() == pytest.approx(1)
    assert table["medoid"].sum() == 4


def test_silent_filters_are_listed_without_a_motif(seeds):
    last = match_seeds(seeds).iloc[-1]
    assert last[["seed", "filter", "medoid"]].tolist() == [2, "conv_001", False]
    assert last[["motif", "seeds", "similarity", "strand", "offset"]].isna().all()
    summary = seeds_of_filters(match_seeds(seeds), 2)
    assert summary["filter"].tolist() == ["conv_002", "conv_000", "conv_001"]
    assert summary["seeds"].tolist() == [3, 2, pd.NA]


def test_every_member_resembles_the_medoid():
    rng = np.random.default_rng(1)
    sets = {
        seed: motif_set(
            [placed(0.7 * CORES[i % 4] + 0.3 * rng.dirichlet([0.5] * 4, 8), i % 5) for i in range(9)]
        )
        for seed in range(4)
    }
    table = match_seeds(sets, threshold=0.7)
    assert len(table) == 36
    assert not table[["seed", "filter"]].duplicated().any()
    counts = table.groupby("motif")["seed"].nunique()
    assert (table["seeds"] == table["motif"].map(counts)).all()
    assert table["motif"].is_monotonic_increasing
    assert table.drop_duplicates("motif")["seeds"].is_monotonic_decreasing
    for _, rows in table.groupby("motif"):
        assert rows["medoid"].tolist() == [True] + [False] * (len(rows) - 1)
        medoid = rows.iloc[0]
        for row in rows.itertuples():
            pair = {
                "m": sets[medoid["seed"]].counts[medoid["filter"]],
                "x": sets[row.seed].counts[row.filter],
            }
            best = motif_similarity(MotifSet("top", DNA, pair, ["c"] * 2, [1, 1])).best[0, 1]
            assert row.similarity == pytest.approx(best, abs=1e-9)
            assert row.similarity >= 0.7


def slow_sets(similarity, seeds, threshold):
    """Greedy sets by the definition, counted afresh for every medoid."""
    left, sets = set(range(len(seeds))), []
    while left:
        near = {i: [j for j in left if similarity[i, j] >= threshold] for i in sorted(left)}
        medoid = max(
            near, key=lambda i: (len({seeds[j] for j in near[i]}), round(similarity[i, near[i]].sum(), 9), -i)
        )
        sets.append({medoid, *near[medoid]})
        left -= sets[-1]
    return sets


def test_sets_are_those_of_the_definition():
    rng = np.random.default_rng(2)
    sets = {seed: motif_set(rng.dirichlet([0.4] * 4, (12, 5))) for seed in "abc"}
    table = match_seeds(sets, threshold=0.55)
    joined = MotifSet(
        "top", DNA, {(s, n): m for s, x in sets.items() for n, m in x.counts.items()}, ["c"] * 36
    )
    expected = slow_sets(motif_similarity(joined).best, [s for s, _ in joined], 0.55)
    found = [set(zip(rows["seed"], rows["filter"], strict=True)) for _, rows in table.groupby("motif")]
    keys = list(joined)
    assert sorted(map(sorted, found)) == sorted(sorted(keys[i] for i in one) for one in expected)
    assert max(map(len, found)) > 2


def test_one_seed_matches_nothing(seeds):
    table = match_seeds({7: seeds[1]})
    assert table["motif"].tolist() == [1, 2, 3, 4]
    assert table["seeds"].tolist() == [1] * 4
    assert table["medoid"].all()
    assert table["filter"].tolist() == seeds[1].filters


def test_nothing_to_match():
    for sets in ({}, {1: motif_set([])}, {1: motif_set([]), 2: motif_set([])}):
        table = match_seeds(sets)
        assert table.empty
        assert table.columns.tolist() == COLUMNS
    silent = match_seeds({1: motif_set([CORES[0]], silent=[0]), 2: motif_set([CORES[0]], silent=[0])})
    assert silent["motif"].isna().tolist() == [True, True]


def test_widths_may_differ_between_seeds():
    sets = {
        1: motif_set([placed(CORES[0], 3)]),
        2: motif_set([CORES[0]]),
        3: motif_set([placed(CORES[0], 9, width=20)]),
    }
    table = match_seeds(sets)
    assert table["seeds"].tolist() == [3, 3, 3]
    assert table["offset"].tolist() == [0, 3, -6]


def test_letters_without_complement_have_one_strand():
    core = np.random.default_rng(3).dirichlet([0.1] * 20, 6)
    sets = {1: motif_set([core], PROTEIN), 2: motif_set([core[::-1]], PROTEIN), 3: motif_set([core], PROTEIN)}
    table = match_seeds(sets).set_index("seed")
    assert table["seeds"].to_dict() == {1: 2, 3: 2, 2: 1}
    assert (table["strand"] == "+").all()
