import keras
import numpy as np
import pytest

from motifloom.errors import UserError
from motifloom.models.layers import (
    DoubleStrandedConv1D,
    HigherOrderOneHot,
    LocalAveragePooling1D,
    OneHot,
    ReverseComplement,
)
from motifloom.models.outputs import Field, layer_outputs, output_blocks, receptive_field

layers = keras.layers


def build(*steps, length=40):
    tokens = keras.Input((length,), dtype="uint8", name="tokens")
    tensor = OneHot(4, name="one_hot")(tokens)
    for step in steps:
        tensor = step(tensor)
    return keras.Model(tokens, tensor)


@pytest.fixture
def model():
    keras.utils.set_random_seed(1)
    return build(
        layers.Conv1D(3, 5, activation="relu", name="scan"),
        layers.MaxPooling1D(4, name="pool"),
        layers.GlobalMaxPooling1D(name="best"),
        layers.Dense(1, name="out"),
    )


@pytest.fixture
def tokens():
    return np.random.default_rng(2).integers(0, 5, (7, 40), dtype=np.uint8)


def test_a_convolution_by_hand(model, tokens):
    kernel, bias = model.get_layer("scan").get_weights()
    onehot = np.eye(5, dtype=np.float32)[tokens][:, :, :4]
    windows = np.stack([onehot[:, i : i + 5] for i in range(36)], axis=1)
    expected = np.maximum(np.einsum("npwa,waf->npf", windows, kernel) + bias, 0)
    found = layer_outputs(model, tokens, "scan")
    assert found.dtype == np.float32 and found.shape == (7, 36, 3)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_the_size_of_the_batches_changes_nothing(model, tokens):
    whole = layer_outputs(model, tokens, "pool", batch=512)
    assert whole.shape == (7, 9, 3)
    np.testing.assert_allclose(layer_outputs(model, tokens, "pool", batch=3), whole, atol=1e-6)
    rows = [
        (part.start, part.stop, len(values)) for part, values in output_blocks(model, tokens, "out", batch=3)
    ]
    assert rows == [(0, 3, 3), (3, 6, 3), (6, 7, 1)]


def test_the_last_layer_is_the_prediction(model, tokens):
    np.testing.assert_allclose(layer_outputs(model, tokens, "out"), model.predict_on_batch(tokens), atol=1e-6)


def test_no_sequences_give_no_rows(model, tokens):
    assert layer_outputs(model, tokens[:0], "scan").shape == (0, 36, 3)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("scna", r"no layer 'scna' \(.*\); did you mean 'scan'\?"),
        ("x", r"\(its layers: one_hot, scan, pool, best, out\)$"),
        ("tokens", "no layer 'tokens'"),
    ],
)
def test_an_unknown_layer_is_answered_with_the_names(model, tokens, name, message):
    with pytest.raises(UserError, match=message):
        layer_outputs(model, tokens, name)


def test_sequences_of_another_length(model, tokens):
    with pytest.raises(UserError, match="takes sequences of 40 letters, not of 39"):
        layer_outputs(model, tokens[:, 1:], "scan")


def test_a_layer_that_is_used_twice(tokens):
    shared = layers.Conv1D(2, 3, name="twice")
    start = keras.Input((40,), dtype="uint8")
    rows = OneHot(4)(start)
    model = keras.Model(start, layers.Add(name="sum")([shared(rows), shared(rows)]))
    with pytest.raises(UserError, match="twice is used several times"):
        layer_outputs(model, tokens, "twice")
    assert layer_outputs(model, tokens, "sum").shape == (7, 38, 2)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([layers.Conv1D(2, 5)], Field(5, 1, 0)),
        ([layers.Conv1D(2, 5, padding="same")], Field(5, 1, -2)),
        ([layers.Conv1D(2, 5, padding="causal")], Field(5, 1, -4)),
        ([layers.Conv1D(2, 3, dilation_rate=4)], Field(9, 1, 0)),
        ([layers.Conv1D(2, 5), layers.ReLU(), layers.MaxPooling1D(4)], Field(8, 4, 0)),
        ([layers.Conv1D(2, 5), layers.MaxPooling1D(4), layers.Conv1D(2, 3)], Field(16, 4, 0)),
        ([layers.Conv1D(2, 6, strides=3), layers.AveragePooling1D(2, strides=1)], Field(9, 3, 0)),
        ([layers.Cropping1D((3, 1)), layers.Conv1D(2, 5)], Field(5, 1, 3)),
        ([layers.ZeroPadding1D(2), layers.Conv1D(2, 5)], Field(5, 1, -2)),
        ([layers.Conv1D(2, 5), layers.LSTM(2, return_sequences=True)], Field(40, 0, 0)),
        ([layers.Conv1D(2, 5), layers.Flatten(), layers.Dense(2)], Field(40, 0, 0)),
    ],
)
def test_receptive_fields(steps, expected):
    model = build(*steps)
    assert receptive_field(model, model.layers[-1].name) == expected


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([layers.Conv1D(2, 5), LocalAveragePooling1D(3)], Field(7, 1, 0)),
        ([DoubleStrandedConv1D(2, 7, merge="none")], Field(7, 1, 0)),
        ([DoubleStrandedConv1D(2, 7), layers.MaxPooling1D(2)], Field(8, 2, 0)),
        ([ReverseComplement()], Field(40, 0, 0)),
        ([layers.Conv1D(2, 5), layers.Conv1DTranspose(2, 5, strides=2)], Field(40, 0, 0)),
    ],
)
def test_receptive_fields_of_our_layers(steps, expected):
    model = build(*steps)
    assert receptive_field(model, model.layers[-1].name) == expected


def test_the_receptive_field_of_words_of_letters():
    start = keras.Input((40,), dtype="uint8")
    words = HigherOrderOneHot(4, 3, name="words")(start)
    model = keras.Model(start, layers.Conv1D(2, 5, name="scan")(words))
    assert receptive_field(model, "words") == Field(3, 1, 0)
    assert receptive_field(model, "scan") == Field(7, 1, 0)


def test_branches_see_what_any_of_them_sees():
    start = keras.Input((40,), dtype="uint8")
    rows = OneHot(4)(start)
    branches = [layers.Conv1D(2, width, padding="same")(rows) for width in (3, 9)]
    model = keras.Model(start, layers.Concatenate(name="both")(branches))
    assert receptive_field(model, "both") == Field(9, 1, -4)


def test_a_receptive_field_is_what_really_matters():
    keras.utils.set_random_seed(3)
    steps = [layers.Conv1D(4, 4, padding="same"), layers.MaxPooling1D(3), layers.Conv1D(4, 2, name="last")]
    model = build(*steps)
    field = receptive_field(model, "last")
    tokens = np.zeros((41, 40), np.uint8)
    tokens[np.arange(1, 41), np.arange(40)] = 3
    values = layer_outputs(model, tokens, "last")
    changed = np.abs(values[1:] - values[0]).max(axis=2) > 1e-7
    for position in range(values.shape[1]):
        first = field.offset + position * field.stride
        seen = np.flatnonzero(changed[:, position])
        assert len(seen) and seen.min() >= first and seen.max() < first + field.width
