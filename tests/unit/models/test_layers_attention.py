"""Attention pooling, and the weights it gives to positions."""

import keras
import numpy as np
import pytest

from motifloom.data.encode import DNA
from motifloom.models.attention import attention_weights
from motifloom.models.layers import AttentionPooling, DoubleStrandedConv1D, OneHot
from motifloom.models.predict import load_model

layers = keras.layers
rng = np.random.default_rng(0)
TOKENS = rng.integers(0, 5, (7, 20), dtype=np.uint8)
VALUES = rng.normal(size=(5, 9, 3)).astype(np.float32)


def built(**options):
    layer = AttentionPooling(**options)
    layer.build(VALUES.shape)
    draw = np.random.default_rng(1)
    layer.set_weights([draw.normal(size=weight.shape) for weight in layer.get_weights()])
    return layer


def reference(values, layer, function):
    """Return weights (N, L), and values times weights (N, L, C), in float64."""
    kernel, *bias = (weight.astype(np.float64) for weight in layer.get_weights())
    scores = function(values @ kernel[:, 0] + (bias[0] if bias else 0))
    weights = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return weights, values * weights[:, :, None]


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("name", "function"), [("tanh", np.tanh), ("linear", lambda x: x)])
@pytest.mark.parametrize("pool", ["max", "sum"])
def test_pooling_equals_numpy(pool, name, function, bias):
    layer = built(pool=pool, score_activation=name, use_bias=bias)
    weights, weighted = reference(VALUES, layer, function)
    np.testing.assert_allclose(layer.attend(VALUES)[:, :, 0], weights, atol=1e-6)
    np.testing.assert_allclose(layer(VALUES), getattr(weighted, pool)(axis=1), atol=1e-6)
    assert len(layer.weights) == 1 + bias


def test_the_defaults_are_those_of_the_tutorial():
    """Dense(1, tanh), softmax over positions, multiply, global maximum."""
    dense = layers.Dense(1, "tanh")
    weighted = layers.Multiply()([VALUES, layers.Softmax(axis=1)(dense(VALUES))])
    layer = AttentionPooling()
    layer.build(VALUES.shape)
    layer.set_weights(dense.get_weights())
    np.testing.assert_allclose(layer(VALUES), layers.GlobalMaxPooling1D()(weighted), atol=1e-7)


def test_settings_of_the_score_are_those_of_its_weights():
    layer = AttentionPooling(
        kernel_initializer=keras.initializers.Constant(2.0),
        bias_initializer="ones",
        kernel_regularizer=keras.regularizers.L1(0.5),
        kernel_constraint=keras.constraints.MaxNorm(1.0),
    )
    layer(VALUES)
    np.testing.assert_array_equal(layer.get_weights()[0], np.full((3, 1), 2))
    np.testing.assert_array_equal(layer.get_weights()[1], [1])
    assert float(sum(layer.losses)) == pytest.approx(0.5 * 3 * 2)
    model = keras.Sequential([layer])
    model.compile("sgd", "mse")
    model.fit(VALUES, np.zeros((5, 3)), verbose=0)
    assert np.linalg.norm(layer.get_weights()[0]) <= 1 + 1e-5


def network(dtype=None):
    """Two branches, one read at half the positions by a layer that is called twice."""
    tokens = keras.Input((20,), dtype="uint8")
    tensor = OneHot(4, dtype=dtype)(tokens)
    short = layers.Conv1D(3, 5, padding="same", activation="relu", dtype=dtype)(tensor)
    wide = DoubleStrandedConv1D(3, 7, activation="relu", dtype=dtype)(tensor)
    shared = AttentionPooling(name="shared", dtype=dtype)
    halved = layers.MaxPooling1D(2, dtype=dtype)(wide)
    ends = [AttentionPooling(name="own", score_activation="linear", dtype=dtype)(short)]
    ends += [shared(wide), shared(halved)]
    model = keras.Model(tokens, layers.Dense(1, dtype=dtype)(layers.Concatenate(dtype=dtype)(ends)))
    draw = np.random.default_rng(2)
    model.set_weights([draw.normal(size=weight.shape) for weight in model.get_weights()])
    return model, {"own": short, "shared": wide, "shared_1": halved}


def test_weights_are_those_of_every_call_and_sum_to_one():
    model, inputs = network()
    found = attention_weights(model, TOKENS)
    assert {name: weights.shape for name, weights in found.items()} == {
        "own": (7, 20), "shared": (7, 14), "shared_1": (7, 7)
    }  # fmt: skip
    for name, weights in found.items():
        layer = model.get_layer(name.removesuffix("_1"))
        values = np.asarray(keras.Model(model.inputs, inputs[name])(TOKENS))
        expected, _ = reference(values, layer, np.tanh if layer.name == "shared" else lambda x: x)
        assert weights.dtype == np.float32
        np.testing.assert_allclose(weights, expected, atol=1e-6)
        np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)
        assert np.ptp(weights) > 0.01


def test_weights_do_not_depend_on_blocks_or_on_a_file(tmp_path):
    model, _ = network()
    model.save(tmp_path / "m.keras")
    expected, loaded = attention_weights(model, TOKENS), load_model(tmp_path / "m.keras")
    for other, batch in ((model, 3), (loaded, 512)):
        found = attention_weights(other, TOKENS, batch=batch)
        assert list(found) == list(expected)
        for name, weights in found.items():
            np.testing.assert_allclose(weights, expected[name], atol=1e-6)


def test_weights_sum_to_one_in_half_precision():
    found = attention_weights(network("mixed_float16")[0], TOKENS)
    exact = attention_weights(network()[0], TOKENS)
    for name, weights in found.items():
        assert weights.dtype == np.float32
        np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-5)
        np.testing.assert_allclose(weights, exact[name], atol=0.02)


def test_no_sequences_and_no_attention():
    model, _ = network()
    assert {k: v.shape for k, v in attention_weights(model, TOKENS[:0]).items()} == {
        "own": (0, 20), "shared": (0, 14), "shared_1": (0, 7)
    }  # fmt: skip
    plain = keras.Model(model.inputs, OneHot(4)(model.inputs[0]))
    assert attention_weights(plain, TOKENS) == {}


def test_attention_learns_to_look_at_the_motif():
    """The planted letters decide the class, so the position with the most weight is theirs."""
    draw = np.random.default_rng(0)
    tokens = draw.integers(0, 4, (400, 20), dtype=np.uint8)
    places = draw.integers(0, 15, 200)
    for row, at in enumerate(places):
        tokens[row, at : at + 6] = DNA.encode("TATAAA")
    targets = (np.arange(400) < 200).astype(np.float32)[:, None]
    keras.utils.set_random_seed(0)
    inputs = keras.Input((20,), dtype="uint8")
    tensor = layers.Conv1D(16, 6, padding="same", activation="relu")(OneHot(4)(inputs))
    tensor = AttentionPooling(score_activation="linear", pool="sum", name="attention")(tensor)
    model = keras.Model(inputs, layers.Dense(1, "sigmoid")(tensor))
    model.compile(keras.optimizers.Adam(0.02), "binary_crossentropy")
    model.fit(tokens, targets, epochs=15, batch_size=40, verbose=0)
    best = attention_weights(model, tokens[:200])["attention"].argmax(axis=1)
    inside = (best >= places) & (best < places + 6)
    assert inside.mean() > 0.8  # by chance 0.3
