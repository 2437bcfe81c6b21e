import h5py
import numpy as np
import pandas as pd
import pytest

from motifloom.data.encode import DNA, PROTEIN
from motifloom.errors import UserError
from motifloom.filters.motifs import MotifSet

COUNTS = {
    "a_000": np.array([[8, 0, 0, 0], [2, 2, 2, 2], [0, 0, 8, 0]]),
    "a_001": np.zeros((3, 4)),
    "b_000": np.array([[0, 3, 1, 0], [0, 0, 0, 0]]),
}


@pytest.fixture
def motifs():
    background = [0.4, 0.1, 0.2, 0.3]
    return MotifSet(
        "top",
        DNA,
        COUNTS,
        ["a", "a", "b"],
        [8, 0, 4],
        [1.5, np.nan, 0.25],
        background,
        {"percentile": 90.0},
    )


def test_it_is_a_mapping_to_probabilities(motifs):
    assert list(motifs) == ["a_000", "a_001", "b_000"]
    frame = motifs["a_000"]
    assert frame.columns.tolist() == ["A", "C", "G", "T"]
    assert frame.index.name == "position"
    assert frame.to_numpy().tolist() == [[1, 0, 0, 0], [0.25] * 4, [0, 0, 1, 0]]
    assert motifs.get("none") is None


def test_positions_without_counts_hold_the_background(motifs):
    assert motifs.probabilities("b_000").tolist() == [[0, 0.75, 0.25, 0], [0.4, 0.1, 0.2, 0.3]]
    assert motifs.probabilities("a_001").tolist() == [[0.4, 0.1, 0.2, 0.3]] * 3
    assert motifs.silent == ["a_001"]
    assert motifs.information_content("a_001", "background").tolist() == [0, 0, 0]


def test_pseudocounts_are_background(motifs):
    np.testing.assert_allclose(motifs.probabilities("b_000", 1.0)[0], [0.08, 0.62, 0.24, 0.06])
    weights = MotifSet("softmax", DNA, {"x": COUNTS["a_000"] / 8}, ["x"])
    assert (weights.probabilities("x", 5.0) == weights.probabilities("x")).all()


def test_summary(motifs):
    expected = pd.DataFrame(
        {
            "method": "top",
            "filter": list(COUNTS),
            "layer": ["a", "a", "b"],
            "n_sites": pd.array([8, 0, 4], "Int64"),
            "threshold": [1.5, np.nan, 0.25],
        }
    )
    summary = motifs.summary()
    pd.testing.assert_frame_equal(summary[expected.columns], expected)
    assert summary["consensus"].tolist() == ["ANG", "NNN", "CN"]
    assert summary["information_content"][0] == 4
    assert MotifSet("softmax", DNA, {"x": np.eye(4)}, ["x"]).summary()["n_sites"].isna().all()


def test_subset_trim_and_reverse_complement_keep_the_rest(motifs):
    part = motifs.subset(["b_000", "a_000"])
    assert part.filters == ["b_000", "a_000"]
    assert part.layers == ["b", "a"]
    assert part.n_sites.tolist() == [4, 8]
    assert part.thresholds.tolist() == [0.25, 1.5]
    with pytest.raises(KeyError, match="zzz"):
        motifs.subset(["zzz"])
    trimmed = motifs.trim(0.5)
    assert [len(trimmed[name]) for name in trimmed] == [3, 3, 1]
    turned = motifs.reverse_complement()
    assert turned.counts["b_000"].tolist() == [[0, 0, 0, 0], [0, 1, 3, 0]]
    assert turned.background.tolist() == [0.3, 0.2, 0.1, 0.4]
    back = turned.reverse_complement()
    assert all((back.counts[name] == motifs.counts[name]).all() for name in motifs)


@pytest.mark.parametrize("n_sites", [[8, 0, 4], None])
def test_files_hold_everything_and_are_the_same_bytes(motifs, tmp_path, n_sites):
    motifs.n_sites = n_sites and np.array(n_sites)
    motifs.thresholds = motifs.thresholds if n_sites else None
    motifs.to_hdf5(tmp_path / "one.h5")
    motifs.to_hdf5(tmp_path / "two.h5")
    assert (tmp_path / "one.h5").read_bytes() == (tmp_path / "two.h5").read_bytes()
    read = MotifSet.from_hdf5(tmp_path / "one.h5")
    pd.testing.assert_frame_equal(read.summary(), motifs.summary())
    assert (read.method, read.alphabet, read.parameters) == ("top", DNA, {"percentile": 90.0})
    assert (read.background == motifs.background).all()
    assert all((read.counts[name] == motifs.counts[name]).all() for name in motifs)


def test_files_hold_cutoffs_and_weights(motifs, tmp_path):
    rng = np.random.default_rng(0)
    cutoffs = {name: rng.normal(size=len(array) + 1) for name, array in COUNTS.items()}
    cutoffs["a_001"][:] = np.inf
    kernels = {name: rng.normal(size=array.shape) for name, array in COUNTS.items()}
    full = MotifSet("top", DNA, COUNTS, motifs.layers, [8, 0, 4], cutoffs=cutoffs, kernels=kernels)
    full.to_hdf5(tmp_path / "m.h5")
    read = MotifSet.from_hdf5(tmp_path / "m.h5")
    assert read.sites is None
    for given, back in ((cutoffs, read.cutoffs), (kernels, read.kernels)):
        assert list(back) == list(COUNTS)
        for name, array in given.items():
            assert back[name].dtype == np.float32
            np.testing.assert_array_equal(back[name], array.astype(np.float32))


def test_files_without_cutoffs_are_read(motifs, tmp_path):
    motifs.to_hdf5(tmp_path / "old.h5")
    with h5py.File(tmp_path / "old.h5") as file:
        assert set(file) == {"filters", "layers", "background", "n_sites", "thresholds", "counts"}
    read = MotifSet.from_hdf5(tmp_path / "old.h5")
    assert read.cutoffs is None
    assert read.kernels is None


def test_a_set_without_filters_keeps_what_its_method_has(tmp_path):
    MotifSet("top", DNA, {}, [], [], [], cutoffs={}).to_hdf5(tmp_path / "m.h5")
    read = MotifSet.from_hdf5(tmp_path / "m.h5")
    assert (len(read), read.cutoffs, read.kernels) == (0, {}, None)


def test_cutoffs_and_weights_follow_the_filters(motifs):
    kernels = {
        name: np.arange(array.size, dtype=float).reshape(array.shape) for name, array in COUNTS.items()
    }
    cutoffs = {name: np.full(len(array) + 1, i, float) for i, (name, array) in enumerate(COUNTS.items())}
    full = motifs._with(motifs.counts, cutoffs=cutoffs, kernels=kernels)
    part = full.subset(["b_000"])
    assert list(part.cutoffs) == list(part.kernels) == ["b_000"]
    assert part.cutoffs["b_000"].tolist() == [2, 2, 2]
    trimmed = full.trim(0.5)
    assert trimmed.kernels["b_000"].tolist() == [[0, 1, 2, 3]]
    assert trimmed.cutoffs["b_000"].tolist() == [2, 2, 2]
    assert full.reverse_complement().kernels["b_000"].tolist() == [[7, 6, 5, 4], [3, 2, 1, 0]]


SITES = pd.DataFrame(
    {
        "chrom": "chr1",
        "start": 0,
        "end": 3,
        "filter": ["a_000", "a_000", "b_000", "a_000", "other"],
        "score": [2.0, 1.5, 0.25, 3.0, 1.0],
        "strand": ["+", "-", "+", "-", "+"],
        "id": ["x", "x", "y", "z", "z"],
        "offset": [0, 4, 1, 2, 0],
        "part": ["train", "train", "test", "test", "test"],
        "targets": ["CTCF", "CTCF,GATA1", "GATA1", ".", "CTCF"],
        "sequence": ["ACG", "aNG", "CC", "AUT", "ACGT"],
        "p_value": [1e-9, 1e-5, 1e-3, np.nan, 0.1],
        "q_value": [1e-8, 1e-4, 0.01, np.nan, 0.5],
    }
)


@pytest.fixture
def located(motifs):
    return motifs.with_sites(SITES)


def test_sites_make_the_motifs_again(located):
    chosen = located.where()
    assert chosen.filters == located.filters
    assert chosen.layers == located.layers
    assert chosen.n_sites.tolist() == [3, 0, 1]
    assert chosen.counts["a_000"].tolist() == [[3, 0, 0, 0], [0, 1, 0, 1], [0, 0, 2, 1]]
    assert chosen.counts["a_001"].tolist() == [[0] * 4] * 3
    assert chosen.counts["b_000"].tolist() == [[0, 1, 0, 0], [0, 1, 0, 0]]
    np.testing.assert_array_equal(chosen.thresholds, [1.5, np.nan, 0.25])
    assert (chosen.background == located.background).all()
    assert chosen.cutoffs is None


@pytest.mark.parametrize(
    ("conditions", "n_sites", "rows"),
    [
        ({"q_value": 1e-4}, [2, 0, 0], [0, 1]),
        ({"q_value": 1e-5}, [1, 0, 0], [0]),
        ({"targets": ["CTCF"]}, [2, 0, 0], [0, 1, 4]),
        ({"targets": "GATA1"}, [1, 0, 1], [1, 2]),
        ({"targets": ["CTCF", "GATA1"]}, [2, 0, 1], [0, 1, 2, 4]),
        ({"targets": ["TCF"]}, [0, 0, 0], []),
        ({"parts": "train"}, [2, 0, 0], [0, 1]),
        ({"parts": ["train", "test"], "targets": "GATA1"}, [1, 0, 1], [1, 2]),
        ({"filters": ["b_000"], "q_value": 1}, [1], [2]),
    ],
)
@pytest.mark.parametrize("as_category", [False, True])
def test_sites_are_chosen(motifs, conditions, n_sites, rows, as_category):
    types = dict.fromkeys(["filter", "targets", "part", "strand"], "category")
    sites = SITES.astype(types) if as_category else SITES
    chosen = motifs.with_sites(sites).where(**conditions)
    assert chosen.n_sites.tolist() == n_sites
    assert chosen.filters == conditions.get("filters", list(COUNTS))
    assert chosen.sites.index.tolist() == rows
    assert chosen.parameters["percentile"] == 90


def test_choices_add_up_and_can_be_written(located, tmp_path):
    chosen = located.where(q_value=0.01).where(targets=["CTCF"])
    assert chosen.n_sites.tolist() == [2, 0, 0]
    assert chosen.parameters["where"] == [{"q_value": 0.01}, {"targets": ["CTCF"]}]
    chosen.to_hdf5(tmp_path / "m.h5")
    assert MotifSet.from_hdf5(tmp_path / "m.h5").parameters == chosen.parameters


def test_choices_that_cannot_be_made(motifs, located):
    with pytest.raises(ValueError, match="the set has no sites"):
        motifs.where(q_value=0.05)
    with pytest.raises(ValueError, match="no q-values"):
        motifs.with_sites(SITES.assign(q_value=np.nan)).where(q_value=0.05)
    with pytest.raises(ValueError, match="no column 'part'"):
        motifs.with_sites(SITES[["filter", "sequence"]]).where(parts="test")
    with pytest.raises(ValueError, match="column 'sequence'"):
        motifs.with_sites(SITES[["filter"]])
    with pytest.raises(KeyError, match="zzz"):
        located.where(filters=["zzz"])
    with pytest.raises(ValueError, match="b_000: a site of 2 letters, but a motif of 1"):
        located.trim(0.5).where()


def test_sites_turn_with_the_motifs(located):
    turned = located.reverse_complement()
    assert turned.sites["sequence"].tolist() == ["CGT", "CNT", "GG", "AAT", "ACGT"]
    assert turned.sites["strand"].tolist() == ["-", "+", "-", "+", "-"]
    there, back = turned.where(), located.where().reverse_complement()
    assert all((there.counts[name] == back.counts[name]).all() for name in COUNTS)


def test_sets_from_sites():
    made = MotifSet.from_sites(SITES, DNA, {"a_000": "a", "b_000": "b", "other": "c"})
    assert made.filters == ["a_000", "b_000", "other"]
    assert made.layers == ["a", "b", "c"]
    assert made.n_sites.tolist() == [3, 1, 1]
    assert made.thresholds.tolist() == [1.5, 0.25, 1]
    assert made.consensus("other") == "ACGT"
    filters = ["b_000", "a_001", "a_000", "d_000"]
    made = MotifSet.from_sites(SITES, DNA, ["b", "a", "a", "d"], "mine", [0.4, 0.1, 0.1, 0.4], filters)
    assert (made.method, made.filters, made.n_sites.tolist()) == ("mine", filters, [1, 0, 3, 0])
    assert [made.counts[name].shape for name in made] == [(2, 4), (3, 4), (3, 4), (0, 4)]
    assert made.silent == ["a_001", "d_000"]
    assert made.probabilities("a_001").tolist() == [[0.4, 0.1, 0.1, 0.4]] * 3
    assert np.isnan(made.thresholds[1])
    with pytest.raises(ValueError, match="a_000: a site of 2 letters"):
        MotifSet.from_sites(SITES.assign(filter="a_000"), DNA, ["a"])


@pytest.mark.parametrize("write", ["to_meme", "to_jaspar", "to_hdf5"])
def test_any_format_is_read(motifs, tmp_path, write):
    getattr(motifs, write)(tmp_path / "mine.top.file")
    read = MotifSet.read(tmp_path / "mine.top.file")
    whole = write == "to_hdf5"
    assert read.filters == (motifs.filters if whole else ["a_000", "b_000"])
    assert read.method == ("top" if whole else "mine")
    assert read.alphabet == DNA
    # The second position of b_000 has no count; JASPAR knows, MEME holds the background there.
    first = slice(0, 1 if write == "to_meme" else None)
    for name in ("a_000", "b_000"):
        np.testing.assert_allclose(read.counts[name][first], motifs.counts[name][first], atol=1e-4)
    assert read.n_sites.tolist() == ([8, 0, 4] if whole else [8, 4])


def test_motifs_of_others_with_and_without_sites(tmp_path):
    MotifSet("softmax", PROTEIN, {"x": np.eye(20)[:2]}, ["x"]).to_meme(tmp_path / "x.meme")
    read = MotifSet.read(tmp_path / "x.meme")
    assert (read.alphabet, read.n_sites.tolist(), read.consensus("x")) == (PROTEIN, [20], "AC")
    text = (tmp_path / "x.meme").read_text()
    (tmp_path / "x.meme").write_text(text.replace("nsites= 20", ""))
    read = MotifSet.read(tmp_path / "x.meme")
    assert (read.n_sites, read.consensus("x")) == (None, "AC")
    (tmp_path / "odd.meme").write_text(
        "MEME version 4\nALPHABET= XYZ\nMOTIF a\nletter-probability matrix:\n1 0 0\n"
    )
    with pytest.raises(UserError, match=r"odd\.meme: motifs of the letters XYZ"):
        MotifSet.read(tmp_path / "odd.meme")


def test_protein_set_survives_a_file(tmp_path):
    MotifSet("positive", PROTEIN, {"x": np.eye(20)[:2]}, ["x"]).to_hdf5(tmp_path / "p.h5")
    assert MotifSet.from_hdf5(tmp_path / "p.h5").consensus("x") == "AC"


def test_other_files_are_a_user_error(tmp_path):
    (tmp_path / "text.h5").write_text("no HDF5")
    with h5py.File(tmp_path / "empty.h5", "w"):
        pass
    for name in ("text.h5", "empty.h5", "absent.h5"):
        for read in (MotifSet.from_hdf5, MotifSet.read):
            with pytest.raises(UserError, match=name):
                read(tmp_path / name)
