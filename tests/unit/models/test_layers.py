import keras
import numpy as np
import pytest

from motifloom.data.encode import DNA, PROTEIN
from motifloom.models.layers import OneHot


@pytest.mark.parametrize("alphabet", [DNA, PROTEIN], ids=lambda a: a.name)
def test_one_hot_is_the_alphabets_one_hot(alphabet):
    tokens = np.random.default_rng(0).integers(0, alphabet.size + 1, (5, 12), dtype=np.uint8)
    np.testing.assert_array_equal(OneHot(alphabet.size)(tokens), alphabet.one_hot(tokens))


def test_one_hot_is_symbolic_and_typed():
    output = OneHot(4)(keras.Input((7,), dtype="uint8"))
    assert output.shape == (None, 7, 4)
    assert output.dtype == "float32"
    assert OneHot(4, dtype="float16")(np.zeros((1, 3), np.uint8)).dtype == "float16"


def test_one_hot_survives_a_file_in_safe_mode(tmp_path):
    tokens = keras.Input((6,), dtype="uint8")
    model = keras.Model(tokens, OneHot(4, name="one_hot")(tokens))
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras", safe_mode=True)
    sequence = DNA.encode("ACGTNA")[None]
    np.testing.assert_array_equal(loaded(sequence), DNA.one_hot(sequence))
