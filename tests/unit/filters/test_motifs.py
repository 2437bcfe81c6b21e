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


def test_protein_set_survives_a_file(tmp_path):
    MotifSet("positive", PROTEIN, {"x": np.eye(20)[:2]}, ["x"]).to_hdf5(tmp_path / "p.h5")
    assert MotifSet.from_hdf5(tmp_path / "p.h5").consensus("x") == "AC"


def test_other_files_are_a_user_error(tmp_path):
    (tmp_path / "text.h5").write_text("no HDF5")
    with h5py.File(tmp_path / "empty.h5", "w"):
        pass
    for name in ("text.h5", "empty.h5", "absent.h5"):
        with pytest.raises(UserError, match=name):
            MotifSet.from_hdf5(tmp_path / name)
