import numpy as np
import pandas as pd
import pytest
from scipy.stats import false_discovery_control

from motifloom.data.encode import DNA, PROTEIN, RNA
from motifloom.errors import UserError
from motifloom.filters.match import COLUMNS, best_matches, match_motifs
from motifloom.filters.meme import Motif
from motifloom.filters.motifs import MotifSet


@pytest.fixture(scope="module")
def database():
    rng = np.random.default_rng(0)
    motifs = [rng.dirichlet([0.1] * 4, rng.integers(7, 13)) for _ in range(60)]
    return {f"M{i}": Motif(f"M{i}", f"name {i}", matrix, 50, "ACGT") for i, matrix in enumerate(motifs)}


def motif_set(matrices, alphabet=DNA, sites=500):
    counts = {f"conv_{i:03d}": np.round(matrix * sites) for i, matrix in enumerate(matrices)}
    totals = [sites if count.any() else 0 for count in counts.values()]
    return MotifSet("top", alphabet, counts, ["conv"] * len(counts), totals, [1.0] * len(counts))


def test_each_motif_finds_itself_and_where_it_lies(database):
    rng = np.random.default_rng(1)
    queries, expected = [], []
    for i in range(60):
        matrix, minus, shift = database[f"M{i}"].probabilities, i % 2, int(rng.integers(0, 5))
        query = np.full((18, 4), 0.25)
        query[shift : shift + len(matrix)] = matrix[::-1, ::-1] if minus else matrix
        queries.append(query)
        expected.append((f"M{i}", f"name {i}", shift, "-" if minus else "+", len(matrix)))
    matches = match_motifs(motif_set(queries), database)
    assert matches.columns.tolist() == COLUMNS
    best = matches[matches["rank"] == 1]
    columns = ["motif_id", "motif_name", "offset", "strand", "overlap"]
    assert list(best[columns].itertuples(index=False, name=None)) == expected
    assert (best["q_value"] < 1e-3).all()


def test_offset_is_negative_where_the_target_begins_before(database):
    cut = database["M3"].probabilities[2:]
    (row,) = match_motifs(motif_set([cut]), database, best=1, q_value=0).to_dict("records")
    assert (row["motif_id"], row["offset"], row["overlap"]) == ("M3", -2, len(cut))
    (row,) = match_motifs(motif_set([cut[::-1, ::-1]]), database, best=1, q_value=0).to_dict("records")
    assert (row["motif_id"], row["offset"], row["strand"]) == ("M3", 0, "-")


def test_a_palindrome_lies_on_the_plus_strand(database):
    half = np.eye(4)[[0, 1, 0, 2]]
    palindrome = np.concatenate([half, half[::-1, ::-1]])
    motifs = {**database, "P": Motif("P", "", palindrome, None, "ACGT")}
    assert match_motifs(motif_set([palindrome]), motifs, best=1)["strand"][0] == "+"


def test_best_and_all_below_the_cutoff_are_kept_in_order(database):
    query = database["M0"].probabilities
    copies = {f"C{i}": Motif(f"C{i}", "", query, None, "ACGT") for i in range(7)}
    matches = match_motifs(motif_set([query]), {**database, **copies})
    assert len(matches) >= 8
    assert set(matches["motif_id"][:8]) == {"M0", *copies}
    assert matches["rank"].tolist() == list(range(1, len(matches) + 1))
    assert matches["p_value"].is_monotonic_increasing
    everything = match_motifs(motif_set([query]), database, best=999, q_value=0)
    assert len(everything) == 60
    np.testing.assert_allclose(everything["q_value"], false_discovery_control(everything["p_value"]))
    assert len(match_motifs(motif_set([query]), database, best=2, q_value=0)) == 2


def test_filters_without_sites_or_information_have_no_matches(database):
    flat = np.full((8, 4), 0.25)
    motifs = motif_set([np.zeros((8, 4)), flat, database["M1"].probabilities])
    assert set(match_motifs(motifs, database)["filter"]) == {"conv_002"}
    nothing = match_motifs(motif_set([flat]), database)
    assert nothing.columns.tolist() == COLUMNS
    assert nothing.empty
    assert match_motifs(motifs, {}).empty


def test_small_databases_are_filled_up_but_not_reported(database):
    few = {name: database[name] for name in ("M0", "M1", "M2")}
    motifs = motif_set([database["M1"].probabilities])
    matches = match_motifs(motifs, few, best=99)
    assert set(matches["motif_id"]) == set(few)
    assert matches["motif_id"][0] == "M1"
    assert matches["q_value"][0] < 1e-3
    assert (matches["p_value"][1:] > 1e-3).all()
    pd.testing.assert_frame_equal(matches, match_motifs(motifs, few, best=99))


def test_trimming_keeps_offsets_in_the_whole_filter(database):
    matrix = database["M5"].probabilities
    query = np.concatenate([np.full((6, 4), 0.25), matrix, np.full((3, 4), 0.25)])
    matches = match_motifs(motif_set([query]), database, trim=0.3, best=1, q_value=0)
    assert (matches["motif_id"][0], matches["offset"][0]) == ("M5", 6)


def test_threads_do_not_matter(database):
    motifs = motif_set([motif.probabilities for motif in database.values()])
    one, two = (match_motifs(motifs, database, threads=threads) for threads in (1, 2))
    pd.testing.assert_frame_equal(one, two)


def test_only_dna_is_turned_round(database):
    turned = motif_set([database["M4"].probabilities[::-1, ::-1]], RNA)
    matches = match_motifs(turned, database, best=60)
    assert set(matches["strand"]) == {"+"}
    assert matches.set_index("motif_id")["p_value"]["M4"] > 1e-3


def test_another_alphabet_is_a_user_error(database):
    with pytest.raises(UserError, match="M0 has letters ACGT; give motifs of ACDE"):
        match_motifs(MotifSet("softmax", PROTEIN, {"x": np.eye(20)}, ["x"]), database)


def test_best_matches_below_the_cutoff(database):
    motifs = motif_set([database["M2"].probabilities, np.roll(np.eye(4), 1, axis=1) * 0.4 + 0.15])
    matches = match_motifs(motifs, database)
    assert matches["filter"].nunique() == 2
    (row,) = best_matches(matches, 1e-3).to_dict("records")
    q = matches["q_value"][0]
    assert row == {
        "method": "top",
        "filter": "conv_000",
        "best_match_id": "M2",
        "best_match_name": "name 2",
        "best_match_q_value": q,
    }
    assert best_matches(matches.iloc[:0]).empty
