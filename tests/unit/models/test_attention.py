"""Which bases the positions stand for that an attention looks at."""

import keras
import numpy as np
import pytest

from motifloom.data.encode import DNA
from motifloom.errors import UserError
from motifloom.evaluation.attention import attention_tables
from motifloom.models.attention import attention_blocks, attention_fields, attention_weights
from motifloom.models.layers import AttentionPooling, DoubleStrandedConv1D, OneHot
from motifloom.models.outputs import Field

layers = keras.layers


def network(*steps, length=40):
    """Return a network that weighs the positions of some layers."""
    tokens = keras.Input((length,), dtype="uint8")
    tensor = OneHot(4)(tokens)
    for step in steps:
        tensor = step(tensor)
    return keras.Model(tokens, AttentionPooling(name="look", score_activation="linear")(tensor))


@pytest.mark.parametrize(
    ("steps", "expected", "count"),
    [
        ([layers.Conv1D(2, 7)], Field(7, 1, 0), 34),
        ([layers.Conv1D(2, 7, padding="same")], Field(7, 1, -3), 40),
        ([layers.Conv1D(2, 7), layers.ReLU(), layers.MaxPooling1D(4)], Field(10, 4, 0), 8),
        ([layers.Conv1D(2, 7, padding="same"), layers.MaxPooling1D(4, padding="same")], Field(10, 4, -3), 10),
        ([DoubleStrandedConv1D(2, 5), layers.Dropout(0.1)], Field(5, 1, 0), 36),
        ([layers.LSTM(2, return_sequences=True)], Field(40, 0, 0), 40),
    ],
)
def test_fields_are_those_of_what_is_weighed(steps, expected, count):
    assert attention_fields(network(*steps)) == {"look": (expected, count)}


def test_a_layer_that_is_called_twice_has_a_field_per_call():
    tokens = keras.Input((40,), dtype="uint8")
    look, scan = AttentionPooling(name="look"), layers.Conv1D(2, 7)(OneHot(4)(tokens))
    model = keras.Model(tokens, layers.Add()([look(scan), look(layers.MaxPooling1D(2)(scan))]))
    assert attention_fields(model) == {"look": (Field(7, 1, 0), 34), "look_1": (Field(8, 2, 0), 17)}


def test_a_network_without_attention_is_told_what_has_it():
    tokens = keras.Input((40,), dtype="uint8")
    plain = keras.Model(tokens, layers.GlobalMaxPooling1D()(OneHot(4)(tokens)))
    with pytest.raises(UserError, match=r"has no attention.*AttentionPooling.*multiscale_attention"):
        attention_fields(plain)
    assert attention_weights(plain, np.zeros((2, 40), np.uint8)) == {}


def test_sequences_of_another_length():
    with pytest.raises(UserError, match="takes sequences of 40 letters, not of 39"):
        attention_weights(network(layers.Conv1D(2, 7)), np.zeros((2, 39), np.uint8))


@pytest.mark.parametrize(
    ("options", "pool", "seen"),
    [
        ({}, [], (11, 17)),
        ({"padding": "same"}, [], (11, 17)),
        # Windows from 11 and 12 on are pooled: position 11 // 2 = 5 sees bases 10 to 17.
        ({}, [layers.MaxPooling1D(2)], (10, 17)),
    ],
)
def test_the_most_weight_is_where_the_motif_lies(options, pool, seen):
    """One filter whose weights are the letters of TATAAA, and a score that is its output."""
    scan = layers.Conv1D(1, 6, **options)
    model = network(scan, *pool)
    kernel = DNA.one_hot(DNA.encode("TATAAA"))[:, :, None]
    scan.set_weights([kernel.astype(np.float32), np.zeros(1)])
    model.get_layer("look").set_weights([np.ones((1, 1)), np.zeros(1)])
    tokens = np.full((3, 40), 1, np.uint8)
    tokens[:, 11:17] = DNA.encode("TATAAA")
    fields = attention_fields(model)
    groups = {"all": np.ones(3, bool)}
    found, profile = attention_tables(attention_blocks(model, tokens, batch=2), fields, 40, groups)
    assert found["example"].tolist() == [0, 1, 2]
    assert set(zip(found["start"], found["end"], strict=True)) == {seen}
    assert set(found["centre"]) == {13} and set(found["expected"]) == {1 / fields["look"][1]}
    assert (found["weight"] > 0.5).all()
    assert profile.loc[profile["mean"].idxmax(), "position_bp"] == 13 and set(profile["n"]) == {3}
