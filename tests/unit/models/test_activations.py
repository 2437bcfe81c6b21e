import h5py
import keras
import numpy as np
import pandas as pd
import pytest

from motifloom.data.store import Dataset, write_dataset
from motifloom.errors import UserError
from motifloom.io import read_table
from motifloom.models.activations import write_activations
from motifloom.models.layers import OneHot
from motifloom.models.outputs import layer_outputs


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(1)
    tokens = keras.Input((20,), dtype="uint8")
    tensor = keras.layers.Conv1D(3, 5, padding="same", name="scan")(OneHot(4)(tokens))
    tensor = keras.layers.MaxPooling1D(4, name="pool")(tensor)
    return keras.Model(tokens, keras.layers.Dense(2, name="out")(keras.layers.Flatten()(tensor)))


@pytest.fixture
def dataset(tmp_path):
    regions = pd.DataFrame({"id": [f"é:{i}" for i in range(7)], "target.positive": [0, 1, 0, 1, 0, 1, 0]})
    tokens = np.random.default_rng(1).integers(0, 4, (7, 20), dtype=np.uint8)
    write_dataset(tmp_path / "d.h5", regions, [tokens], alphabet="dna", task="binary")
    with Dataset(tmp_path / "d.h5") as dataset:
        yield dataset


def test_activations_in_hdf5_with_what_a_position_means(tmp_path, model, dataset):
    write_activations(model, dataset, "pool", tmp_path / "a.h5", batch=3)
    with h5py.File(tmp_path / "a.h5") as file:
        np.testing.assert_allclose(
            file["activations"][:], layer_outputs(model, dataset.tokens, "pool"), atol=1e-6
        )
        assert file["activations"].shape == (7, 5, 3) and file["activations"].dtype == np.float32
        assert [value.decode() for value in file["id"][:]] == [f"é:{i}" for i in range(7)]
        names = ("layer", "receptive_field_bp", "stride_bp", "offset_bp")
        assert [file.attrs[name] for name in names] == ["pool", 8, 4, -2]


@pytest.mark.parametrize(
    ("layer", "columns"),
    [("pool", [f"p{p}.c{c}" for p in range(5) for c in range(3)]), ("out", ["c0", "c1"])],
)
def test_activations_as_a_table(tmp_path, model, dataset, layer, columns):
    write_activations(model, dataset, layer, tmp_path / "a.tsv.gz", batch=3)
    found = read_table(tmp_path / "a.tsv.gz")
    assert list(found) == ["id", *columns] and found["id"].tolist() == [f"é:{i}" for i in range(7)]
    expected = layer_outputs(model, dataset.tokens, layer).reshape(7, -1)
    np.testing.assert_allclose(found[columns], expected, rtol=1e-5, atol=1e-6)


def test_equal_runs_give_equal_bytes(tmp_path, model, dataset):
    for name in ("a.h5", "a.tsv.gz"):
        write_activations(model, dataset, "pool", tmp_path / "one" / name)
        write_activations(model, dataset, "pool", tmp_path / "two" / name)
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_layer_that_is_not_there(tmp_path, model, dataset):
    with pytest.raises(UserError, match=r"no layer 'pol' .*did you mean 'pool'"):
        write_activations(model, dataset, "pol", tmp_path / "a.h5")
    assert not (tmp_path / "a.h5").exists()
