import json
import time
from unittest import mock

import h5py
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from motifloom.data import store
from motifloom.data.encode import DNA, PROTEIN
from motifloom.data.store import Dataset, target_names, write_dataset
from motifloom.errors import UserError

FIXED = ["id", "chrom", "start", "end", "strand", "name", "source", "record", "parent"]


def make_regions(n, targets):
    """Return a table of `n` regions with the target columns `targets` (dict of name to values)."""
    frame = pd.DataFrame(
        {
            "id": [f"reb1:{i + 1}" for i in range(n)],
            "chrom": [f"chr{i % 3}" for i in range(n)],
            "start": [10 * i - 5 for i in range(n)],
            "end": [10 * i for i in range(n)],
            "strand": ["+-."[i % 3] for i in range(n)],
            "name": ["é" * (i % 4) for i in range(n)],
            "source": ["reb1"] * n,
            "record": range(1, n + 1),
            "parent": [""] * n,
        }
    )
    return frame.assign(**{f"target.{name}": values for name, values in targets.items()})


def write(path, regions, tokens, block=3, **options):
    options = {"alphabet": DNA, "task": "binary", "classes": None, "sources": None} | options
    write_dataset(path, regions, (tokens[i : i + block] for i in range(0, len(tokens), block)), **options)
    return path


@pytest.fixture
def tokens():
    return np.random.default_rng(0).integers(0, 5, (7, 11), dtype=np.uint8)


# --- target_names ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "classes", "expected"),
    [
        ("binary", None, ["positive"]),
        ("binary", ["unbound", "bound"], ["bound"]),
        ("binary", [0, 1], ["1"]),
        ("multiclass", ["a", "b", "c"], ["a", "b", "c"]),
        ("multilabel", ["a"], ["a"]),
        ("regression", None, ["value"]),
        ("regression", ["mean", "sd"], ["mean", "sd"]),
    ],
)
def test_target_names(task, classes, expected):
    assert target_names(task, classes) == expected


@pytest.mark.parametrize(
    ("task", "classes", "expected"),
    [
        ("ranking", None, "task: 'ranking' is not known; write binary, multiclass, multilabel, regression"),
        ("binary", ["a"], "classes: a binary task has 2, not 1"),
        ("binary", ["a", "b", "c"], "classes: a binary task has 2, not 3"),
        ("multiclass", None, r"too few for a multiclass task \(0\)"),
        ("multiclass", ["a"], r"too few for a multiclass task \(1\)"),
        ("multilabel", [], r"too few for a multilabel task \(0\)"),
        ("multiclass", ["a", "b", "a"], "one name is there twice in a, b, a"),
    ],
)
def test_classes_that_do_not_fit(task, classes, expected):
    with pytest.raises(UserError, match=expected):
        target_names(task, classes)


# --- writing and reading ---------------------------------------------------------------------------


def test_round_trip(tmp_path, tokens):
    regions = make_regions(7, {"bound": [0, 1, 1, 0, 1, 0, 0]})
    sources = {"b.bed": "22", "a.fa": "11"}
    path = write(tmp_path / "dataset.h5", regions, tokens, classes=["unbound", "bound"], sources=sources)
    with Dataset(path) as dataset:
        assert len(dataset) == 7
        assert dataset.length == 11
        assert isinstance(dataset.tokens, h5py.Dataset)
        assert dataset.tokens.dtype == np.uint8
        np.testing.assert_array_equal(dataset.tokens[:], tokens)
        np.testing.assert_array_equal(dataset.tokens[2:4], tokens[2:4])
        assert dataset.targets.dtype == np.float32
        assert dataset.targets.tolist() == [[0], [1], [1], [0], [1], [0], [0]]
        assert (dataset.alphabet, dataset.task) == (DNA, "binary")
        assert dataset.classes == ["unbound", "bound"]
        assert dataset.target_names == ["bound"]
        assert dataset.sources == sources
    with Dataset(path) as dataset:
        pd.testing.assert_frame_equal(dataset.regions, regions[FIXED])
    assert dataset.regions["name"].tolist() == ["", "é", "éé", "ééé", "", "é", "éé"]


def test_layout_of_the_file(tmp_path, tokens):
    """Other programs may read the file: the names and types are a contract."""
    regions = make_regions(7, {"a": [1, 0, 0, 1, 0, 0, 1], "b": [0, 1, 1, 0, 1, 1, 0]})
    path = write(
        tmp_path / "dataset.h5", regions, tokens, task="multiclass", classes=["a", "b"], alphabet="dna"
    )
    with h5py.File(path) as file:
        assert set(file) == {"tokens", "targets", "regions"}
        assert set(file["regions"]) == set(FIXED)
        assert file["tokens"].shape == (7, 11)
        assert file["targets"].shape == (7, 2)
        assert file["targets"].dtype == np.float32
        assert file["regions/start"].dtype == np.int64
        assert file["regions/id"].asstr()[1] == "reb1:2"
        assert file["regions/name"].asstr()[3] == "ééé"
        assert {key: file.attrs[key] for key in ("alphabet", "task")} == {
            "alphabet": "dna",
            "task": "multiclass",
        }
        assert json.loads(file.attrs["classes"]) == ["a", "b"]
        assert json.loads(file.attrs["sources"]) == {}


def test_default_classes_are_written(tmp_path, tokens):
    path = write(tmp_path / "d.h5", make_regions(7, {"positive": [0.0] * 7}), tokens)
    with Dataset(path) as dataset:
        assert dataset.classes == ["negative", "positive"]
    path = write(
        tmp_path / "d.h5", make_regions(7, {"value": np.linspace(-1, 1, 7)}), tokens, task="regression"
    )
    with Dataset(path) as dataset:
        assert dataset.classes == ["value"]
        np.testing.assert_allclose(dataset.targets[:, 0], np.linspace(-1, 1, 7), rtol=1e-6)


def test_blocks(tmp_path, tokens):
    path = write(tmp_path / "d.h5", make_regions(7, {"positive": [1] * 7}), tokens)
    with Dataset(path) as dataset:
        blocks = list(dataset.blocks(3))
        assert [part for part, _ in blocks] == [slice(0, 3), slice(3, 6), slice(6, 7)]
        for part, block in blocks:
            np.testing.assert_array_equal(block, tokens[part])
        ((part, block),) = dataset.blocks()
        assert part == slice(0, 7)
        assert block.shape == (7, 11)


def test_other_alphabet_and_types_of_columns(tmp_path, tokens):
    regions = make_regions(7, {"positive": [1] * 7}).assign(
        score=np.linspace(0, 1, 7),
        kind=pd.Categorical(list("aabbaab")),
        note=[None, "x", np.nan, "", "y", "z", "NA"],
    )
    with Dataset(write(tmp_path / "d.h5", regions, tokens, alphabet=PROTEIN)) as dataset:
        assert dataset.alphabet == PROTEIN
        np.testing.assert_array_equal(dataset.regions["score"], np.linspace(0, 1, 7))
        assert dataset.regions["kind"].tolist() == list("aabbaab")
        assert dataset.regions["note"].tolist() == ["", "x", "", "", "y", "z", "NA"]


def test_index_of_the_regions_does_not_matter(tmp_path, tokens):
    regions = make_regions(7, {"positive": [0, 1, 0, 1, 0, 1, 1]})
    regions.index = [9, 3, 3, 1, 0, 7, 5]
    with Dataset(write(tmp_path / "d.h5", regions, tokens)) as dataset:
        assert dataset.regions["id"].tolist() == [f"reb1:{i}" for i in range(1, 8)]
        assert dataset.regions.index.tolist() == list(range(7))


def test_same_bytes_whatever_the_time_and_the_blocks(tmp_path, tokens):
    regions = make_regions(7, {"positive": [0, 1, 0, 1, 0, 1, 1]})
    first = write(tmp_path / "a.h5", regions, tokens, sources={"a": "1", "b": "2"}).read_bytes()
    time.sleep(1.1)
    second = write(tmp_path / "b.h5", regions, tokens, block=7, sources={"b": "2", "a": "1"}).read_bytes()
    assert first == second


def test_many_classes_and_long_names(tmp_path, tokens):
    classes = [f"cell type number {i}" for i in range(5000)]  # more than 64 kB of attribute
    regions = make_regions(7, {}).assign(name=["x" * 100_000, *"abcdef"])
    values = np.zeros((7, 5000))
    regions = pd.concat([regions, pd.DataFrame(values, columns=[f"target.{c}" for c in classes])], axis=1)
    path = write(tmp_path / "d.h5", regions, tokens, task="multilabel", classes=classes)
    with Dataset(path) as dataset:
        assert dataset.target_names == classes
        assert dataset.regions["name"].str.len().tolist() == [100_000, 1, 1, 1, 1, 1, 1]
    assert path.stat().st_size < 7 * 5000 * 4 + 400_000


def test_many_rows_are_chunked(tmp_path):
    """More rows than a chunk of the file and a block of text hold."""
    n, length = 20_000, 100
    tokens = np.random.default_rng(1).integers(0, 4, (n, length), dtype=np.uint8)
    regions = make_regions(n, {"positive": np.arange(n) % 2})
    with Dataset(write(tmp_path / "d.h5", regions, tokens, block=4096)) as dataset:
        assert dataset.tokens.chunks == (2**20 // length, length)
        np.testing.assert_array_equal(np.concatenate([block for _, block in dataset.blocks()]), tokens)
        pd.testing.assert_frame_equal(dataset.regions, regions[FIXED])


def test_blocks_are_taken_one_by_one(tmp_path):
    """A block is written before the next is made."""
    written = []

    def blocks(file_of):
        for i in range(4):
            if i > 1:
                written.append(int(file_of()["tokens"][2 * i - 2, 0]))
            yield np.full((2, 5), i, np.uint8)

    opened = []
    original = h5py.File

    def remember(*args, **options):
        opened.append(original(*args, **options))
        return opened[-1]

    with mock.patch.object(store.h5py, "File", remember):
        write_dataset(
            tmp_path / "d.h5",
            make_regions(8, {"positive": [1] * 8}),
            blocks(lambda: opened[-1]),
            alphabet=DNA,
            task="binary",
        )
    assert written == [1, 2]


text = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=12)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(text, min_size=1, max_size=20),
    length=st.integers(1, 30),
    block=st.integers(1, 20),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_table_comes_back(tmp_path, names, length, block, seed):
    rng = np.random.default_rng(seed)
    n = len(names)
    tokens = rng.integers(0, 5, (n, length), dtype=np.uint8)
    values = rng.normal(size=(n, 2)).astype(np.float32)
    regions = make_regions(n, {"x": values[:, 0], "y": values[:, 1]}).assign(
        name=names, start=rng.integers(-(2**60), 2**60, n)
    )
    path = write(tmp_path / "d.h5", regions, tokens, block=block, task="regression", classes=["x", "y"])
    with Dataset(path) as dataset:
        np.testing.assert_array_equal(dataset.tokens[:], tokens)
        np.testing.assert_array_equal(dataset.targets, values)
        pd.testing.assert_frame_equal(dataset.regions, regions[FIXED])


# --- what does not fit -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "targets", "expected"),
    [
        ("binary", {"positive": [0, 1, np.nan]}, "reb1:3: target positive is missing; it must be a number"),
        ("binary", {"positive": [0, 2, 0.5]}, "reb1:2: target positive is 2; it must be 0 or 1"),
        ("regression", {"value": [0, np.inf, 0.5]}, "reb1:2: target value is inf; it must be a number"),
        ("multilabel", {"a": [0, 1, 0], "b": [0, -1, 1]}, "reb1:2: target b is -1; it must be 0 or 1"),
        ("multiclass", {"a": [0, 1, 0], "b": [1, 1, 1]}, "reb1:2: 2 classes; multiclass needs exactly 1"),
        ("multiclass", {"a": [0, 1, 0], "b": [1, 0, 0]}, "reb1:3: 0 classes; multiclass needs exactly 1"),
    ],
)
def test_bad_targets(tmp_path, tokens, task, targets, expected):
    classes = list(targets) if task.startswith("multi") else None
    with pytest.raises(UserError, match=expected):
        write(tmp_path / "d.h5", make_regions(3, targets), tokens[:3], task=task, classes=classes)
    assert list(tmp_path.iterdir()) == []


def test_no_examples(tmp_path, tokens):
    with pytest.raises(UserError, match="no examples are left"):
        write(tmp_path / "d.h5", make_regions(0, {"positive": []}), tokens[:0])


def test_targets_of_another_task(tmp_path, tokens):
    with pytest.raises(ValueError, match=r"the targets of this task are \['positive'\]"):
        write(tmp_path / "d.h5", make_regions(7, {"bound": [0] * 7}), tokens)
    with pytest.raises(ValueError, match="the targets of this task"):
        regions = make_regions(7, {"b": [0] * 7, "a": [1] * 7})
        write(tmp_path / "d.h5", regions, tokens, task="multiclass", classes=["a", "b"])


@pytest.mark.parametrize("rows", [6, 8, 1])
def test_other_number_of_tokens(tmp_path, tokens, rows):
    regions = make_regions(rows, {"positive": [0] * rows})
    with pytest.raises(ValueError, match="rows"):
        write(tmp_path / "d.h5", regions, tokens)
    assert list(tmp_path.iterdir()) == []


def test_tokens_of_another_length(tmp_path, tokens):
    with pytest.raises(ValueError, match="a block of tokens"):
        write_dataset(
            tmp_path / "d.h5",
            make_regions(7, {"positive": [0] * 7}),
            [tokens[:4], tokens[4:, :5]],
            alphabet=DNA,
            task="binary",
        )


def test_a_failure_leaves_the_old_file(tmp_path, tokens):
    regions = make_regions(7, {"positive": [0] * 7})
    path = write(tmp_path / "d.h5", regions, tokens)
    before = path.read_bytes()

    def blocks():
        yield tokens[:3]
        raise UserError("the genome is gone")

    with pytest.raises(UserError, match="the genome is gone"):
        write_dataset(path, regions, blocks(), alphabet=DNA, task="binary")
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["d.h5"]


@pytest.mark.parametrize("damage", ["missing", "folder", "empty", "text", "truncated", "other"])
def test_not_a_dataset(tmp_path, tokens, damage):
    path = tmp_path / "d.h5"
    if damage == "folder":
        path.mkdir()
    elif damage == "text":
        path.write_text("id\tchrom\n")
    elif damage == "empty":
        path.touch()
    elif damage == "truncated":
        content = write(path, make_regions(7, {"positive": [0] * 7}), tokens).read_bytes()
        path.write_bytes(content[:-200])
    elif damage == "other":
        with h5py.File(path, "w") as file:
            file["x"] = 1
    with pytest.raises(UserError) as caught:
        Dataset(path)
    expected = {"missing": "no such file", "folder": "no such file"}.get(damage, "not a dataset")
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_two_readers_at_once(tmp_path, tokens):
    path = write(tmp_path / "d.h5", make_regions(7, {"positive": [0] * 7}), tokens)
    with Dataset(path) as first, Dataset(path) as second:
        np.testing.assert_array_equal(first.tokens[:], second.tokens[:])


# --- weights and missing targets -------------------------------------------------------------------


def test_weights_are_stored_and_are_no_column_of_the_regions(tmp_path, tokens):
    regions = make_regions(7, {"positive": [0, 1, 1, 0, 1, 0, 0]})
    regions.insert(9, "weight", [0.5, 1, 1, 2, 1, 0, 3])
    with Dataset(write(tmp_path / "dataset.h5", regions, tokens)) as dataset:
        assert dataset.weights.dtype == np.float32
        assert dataset.weights.tolist() == [0.5, 1, 1, 2, 1, 0, 3]
        assert list(dataset.regions) == FIXED


def test_without_weights_there_are_none(tmp_path, tokens):
    regions = make_regions(7, {"positive": [0, 1, 1, 0, 1, 0, 0]})
    with Dataset(write(tmp_path / "dataset.h5", regions, tokens)) as dataset:
        assert dataset.weights is None


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, 1, -2, 1, 1, 1, 1], "reb1:3: weight -2 is not a number from 0"),
        ([1, np.nan, 1, 1, 1, 1, 1], "reb1:2: weight nan"),
        ([1, np.inf, 1, 1, 1, 1, 1], "reb1:2: weight inf"),
        ([0] * 7, "every example weighs 0"),
    ],
)
def test_weights_that_are_none(tmp_path, tokens, weights, message):
    regions = make_regions(7, {"positive": [0, 1, 1, 0, 1, 0, 0]}).assign(weight=weights)
    regions = regions[[c for c in regions if c != "target.positive"] + ["target.positive"]]
    with pytest.raises(UserError, match=message):
        write(tmp_path / "dataset.h5", regions, tokens)


def test_examples_without_targets_where_they_may_be(tmp_path, tokens):
    regions = make_regions(7, {"positive": [np.nan, 1, np.nan, 0, np.nan, 0, 0]})
    with pytest.raises(UserError, match="reb1:1: target positive is missing"):
        write(tmp_path / "refused.h5", regions, tokens)
    with Dataset(write(tmp_path / "dataset.h5", regions, tokens, missing=True)) as dataset:
        assert np.isnan(dataset.targets[:, 0]).tolist() == [True, False, True, False, True, False, False]


def test_of_several_targets_none_may_be_missing_alone(tmp_path, tokens):
    values = [0.0, 1, 2, 3, 4, 5, 6]
    regions = make_regions(7, {"a": values, "b": [np.nan, *values[1:]]})
    with pytest.raises(UserError, match="reb1:1: target b is missing"):
        write(tmp_path / "dataset.h5", regions, tokens, task="regression", classes=["a", "b"], missing=True)
