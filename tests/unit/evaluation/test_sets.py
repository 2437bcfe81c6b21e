import numpy as np
import pandas as pd
import pytest

from motifloom.data.store import Dataset, write_dataset
from motifloom.evaluation.baseline_sets import fit_and_score
from motifloom.evaluation.baselines import fit_baseline
from motifloom.evaluation.sets import interleave_strands, set_table


def make(path, tokens, targets):
    n = len(tokens)
    regions = pd.DataFrame(
        {
            "id": [f"s:{i + 1}" for i in range(n)],
            "chrom": "chr1",
            "start": 10 * np.arange(n),
            "end": 10 * np.arange(n) + 8,
            "strand": "-",
            "name": "x",
            "source": "s",
            "record": np.arange(n) + 1,
            "parent": "",
            "target.positive": targets,
        }
    )
    write_dataset(path, regions, [tokens], alphabet="dna", task="binary", missing=True)
    return Dataset(path)


@pytest.fixture
def dataset(tmp_path):
    tokens = np.random.default_rng(1).integers(0, 4, (4, 8), dtype=np.uint8)
    with make(tmp_path / "d.h5", tokens, [0, 1, np.nan, 1]) as dataset:
        yield dataset


def test_predictions_stand_beside_their_places(dataset):
    parts = ["test", "unused", "test", "train"]
    found = set_table(dataset, parts, {"score": np.array([[0.1], [0.2], [0.3], [0.4]])})
    assert list(found) == ["id", "part", "chrom", "start", "end", "strand", "name", "score.positive"]
    assert found[["id", "part", "start", "end", "strand"]].values.tolist() == [
        ["s:1", "test", 0, 8, "-"],
        ["s:3", "test", 20, 28, "-"],
        ["s:4", "train", 30, 38, "-"],
    ]
    assert found["score.positive"].tolist() == [0.1, 0.3, 0.4]


def test_strands_stand_in_turn(dataset):
    both = np.arange(8.0).reshape(4, 2, 1)
    found = interleave_strands(dataset, ["test"] * 4, both)
    assert found["score.positive"].tolist() == list(range(8))
    assert found["read"].tolist() == ["forward", "reverse_complement"] * 4
    assert found["id"].tolist() == [f"s:{i}" for i in (1, 1, 2, 2, 3, 3, 4, 4)]


def test_a_baseline_scores_another_dataset_as_its_own(tmp_path):
    rng = np.random.default_rng(3)
    tokens = np.concatenate(
        [rng.choice(4, (60, 8), p=p) for p in ([0.4, 0.1, 0.1, 0.4], [0.1, 0.4, 0.4, 0.1])]
    )
    tokens, targets = tokens.astype(np.uint8), np.repeat([0.0, 1.0], 60)
    parts = np.tile(["train", "train", "validation"], 40)
    with (
        make(tmp_path / "own.h5", tokens, targets) as own,
        make(tmp_path / "other.h5", tokens[::-1].copy(), np.full(120, np.nan)) as other,
    ):
        found = fit_and_score("gc", own, parts, other, k=1, seed=1)
        expected, _ = fit_baseline("gc", own, parts, k=1, seed=1)
    np.testing.assert_allclose(found, expected[::-1], atol=1e-6)
