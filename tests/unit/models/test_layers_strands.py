"""Layers that read both strands."""

import itertools

import keras
import numpy as np
import pytest

from motifloom.data.encode import DNA
from motifloom.models.layers import (
    AttentionPooling,
    DoubleStrandedConv1D,
    HigherOrderOneHot,
    LocalAveragePooling1D,
    OneHot,
    ReverseComplement,
    channel_order,
)

layers = keras.layers
rng = np.random.default_rng(0)
LENGTH = 16
TOKENS = rng.integers(0, 5, (5, LENGTH), dtype=np.uint8)  # 4 is unknown
OTHER = DNA.reverse_complement(TOKENS)


def whole(layer):
    """Give a built layer weights that are small whole numbers, so that sums are exact in any order."""
    draw = np.random.default_rng(1)
    values = [draw.integers(-4, 5, weight.shape) for weight in layer.weights]
    pairs = zip(values, layer.weights, strict=True)
    layer.set_weights([abs(value) + 1 if "variance" in weight.name else value for value, weight in pairs])
    return layer


def network(*rest):
    tokens = keras.Input((LENGTH,), dtype="uint8")
    tensor = tokens if isinstance(rest[0], HigherOrderOneHot) else OneHot(4)(tokens)
    for layer in rest:
        tensor = layer(tensor)
    return whole(keras.Model(tokens, tensor))


# --- complements of channels ------------------------------------------------------------------------------


def test_orders_of_channels():
    assert channel_order("letters", 4) == channel_order("words", 4) == [3, 2, 1, 0]
    assert channel_order("strands", 6) == [3, 4, 5, 0, 1, 2]
    assert channel_order("none", 3) == [0, 1, 2]
    assert channel_order([1, 0, 2], 3) == [1, 0, 2]


@pytest.mark.parametrize("length", [1, 2, 3])
def test_the_order_of_words_is_that_of_their_reverse_complements(length):
    vocabulary = ["".join(letters) for letters in itertools.product("ACGT", repeat=length)]
    order = channel_order("words", len(vocabulary))
    for word, number in zip(vocabulary, order, strict=True):
        assert vocabulary[number] == DNA.decode(DNA.reverse_complement(DNA.encode(word)))


@pytest.mark.parametrize(
    ("complement", "channels", "expected"),
    [
        ("letters", 20, "complement: letters needs 4 channels, but the input has 20 channels; write none"),
        ("words", 20, "words needs 4, 16, 64, ... channels, but the input has 20"),
        ("words", 1, "words needs 4, 16, 64, ... channels, but the input has 1"),
        ("strands", 5, "strands needs an even number, but the input has 5 channels"),
        ("flip", 4, "complement 'flip' is not one of letters, words, strands, none, or an order"),
        (None, 4, "complement None is not one of"),
        ([0, 1], 3, r"complement \[0, 1\] must hold the numbers 0 to 2"),
        ([1, 2, 0], 3, "the complement of the complement is the channel itself"),
    ],
)
def test_complements_that_cannot_be(complement, channels, expected):
    for layer in (ReverseComplement(complement), DoubleStrandedConv1D(2, 3, complement=complement)):
        with pytest.raises(ValueError, match=expected):
            layer(np.zeros((1, 8, channels), np.float32))


# --- reverse complement -----------------------------------------------------------------------------------


def test_the_reverse_complement_of_rows_is_that_of_tokens():
    rows = OneHot(4)(TOKENS)
    np.testing.assert_array_equal(ReverseComplement()(rows), OneHot(4)(OTHER))
    np.testing.assert_array_equal(ReverseComplement()(ReverseComplement()(rows)), rows)
    pairs = HigherOrderOneHot(4, 2)
    np.testing.assert_array_equal(ReverseComplement("words")(pairs(TOKENS)), pairs(OTHER))
    np.testing.assert_array_equal(ReverseComplement([0, 1, 2, 3])(rows), np.asarray(rows)[:, ::-1])


# --- convolutions on both strands -------------------------------------------------------------------------

SETTINGS = {
    "plain": {},
    "strides": {"strides": 2},
    "same": {"padding": "same"},
    "dilated": {"dilation_rate": 3},
    "no bias": {"use_bias": False},
    "swish": {"activation": "swish"},
}


def separate(layer, rows, order):
    """Return forward and reverse activations (batch, L', F) by two ordinary convolutions."""
    kernel, *bias = layer.get_weights()
    keys = ("strides", "padding", "dilation_rate", "use_bias")
    plain = {key: getattr(layer, key) for key in keys} | {"activation": layer.activation}
    found = []
    for turned in (kernel, kernel[::-1, order]):
        conv = layers.Conv1D(layer.filters, layer.kernel_size, **plain)
        conv.build(rows.shape)
        conv.set_weights([turned, *bias])
        found.append(np.asarray(conv(rows)))
    return found


@pytest.mark.parametrize("case", SETTINGS)
def test_merged_strands_are_two_convolutions(case):
    rows = OneHot(4)(TOKENS)
    expected = {
        "max": np.maximum,
        "mean": lambda a, b: (a + b) / 2,
        "concat": lambda a, b: np.concatenate([a, b], axis=-1),
        "none": lambda a, b: np.stack([a, b], axis=2),
    }
    for merge, join in expected.items():
        layer = DoubleStrandedConv1D(3, 4, merge=merge, **SETTINGS[case])
        layer.build(rows.shape)
        whole(layer)
        forward, reverse = separate(layer, rows, [3, 2, 1, 0])
        assert (forward != reverse).any()
        np.testing.assert_allclose(layer(rows), join(forward, reverse), atol=1e-5)


@pytest.mark.parametrize("order", [[1, 0, 3, 2], [0, 1, 2, 3]])
def test_the_complement_is_that_of_the_setting(order):
    rows = OneHot(4)(TOKENS)
    layer = DoubleStrandedConv1D(3, 4, merge="none", complement=order)
    layer.build(rows.shape)
    forward, reverse = separate(layer, rows, order)
    np.testing.assert_allclose(layer(rows), np.stack([forward, reverse], axis=2), atol=1e-5)
    assert (np.abs(reverse - separate(layer, rows, [3, 2, 1, 0])[1]) > 1e-3).any()


def test_the_other_strand_stands_where_its_window_does():
    tokens = DNA.encode("AAAATGGAACCCCCCC")[None]  # TTCC on the other strand begins at the fifth letter
    layer = DoubleStrandedConv1D(1, 4, merge="concat", use_bias=False)
    layer.build((1, LENGTH, 4))
    layer.set_weights([np.eye(4)[DNA.encode("TTCC")][:, :, None]])
    forward, reverse = np.asarray(layer(OneHot(4)(tokens)))[0].T
    assert reverse.argmax() == 5 and reverse.max() == 4 and forward.max() < 4


def test_both_strands_have_the_weights_of_one():
    layer = DoubleStrandedConv1D(7, 5, merge="concat")
    layer.build((None, LENGTH, 4))
    assert layer.count_params() == 5 * 4 * 7 + 7
    assert [weight.shape for weight in layer.weights] == [(5, 4, 7), (7,)]


@pytest.mark.parametrize(
    "options",
    [{}, {"strides": 2, "kernel_size": 4}, {"padding": "same"}, {"dilation_rate": 2}, {"activation": "relu"}],
)
@pytest.mark.parametrize("merge", ["max", "mean", "concat", "none"])
def test_the_reverse_complement_gives_the_same_numbers_in_reverse(merge, options):
    model = network(DoubleStrandedConv1D(3, **{"kernel_size": 5, **options}, merge=merge))
    found, other = np.asarray(model(TOKENS)), np.asarray(model(OTHER))[:, ::-1]
    if merge == "concat":
        other = np.roll(other, 3, axis=-1)
    elif merge == "none":
        other = other[:, :, ::-1]
    np.testing.assert_array_equal(found, other)
    assert (found != found[:, ::-1]).any()


@pytest.mark.parametrize(
    "stack",
    [
        lambda: [DoubleStrandedConv1D(4, 5, activation="relu"), layers.GlobalMaxPooling1D()],
        lambda: [DoubleStrandedConv1D(4, 5, merge="mean"), LocalAveragePooling1D(3), AttentionPooling()],
        lambda: [
            DoubleStrandedConv1D(4, 5, activation="relu"),
            layers.MaxPooling1D(2),
            DoubleStrandedConv1D(3, 3, complement="none", merge="mean"),
            layers.GlobalAveragePooling1D(),
        ],
        lambda: [
            DoubleStrandedConv1D(5, 5, merge="concat", activation="relu"),
            DoubleStrandedConv1D(3, 3, merge="concat", complement="strands"),
            DoubleStrandedConv1D(3, 3, complement="strands"),
            AttentionPooling(pool="sum"),
        ],
        lambda: [
            DoubleStrandedConv1D(4, 5, merge="none"),
            layers.BatchNormalization(),
            layers.MaxPooling2D([3, 1]),
            layers.GlobalMaxPooling2D(),
        ],
        lambda: [
            HigherOrderOneHot(4, 2),
            DoubleStrandedConv1D(4, 4, complement="words"),
            layers.GlobalMaxPooling1D(),
        ],
    ],
    ids=["max", "mean", "stack", "concatenated", "apart", "words"],
)
def test_predictions_do_not_depend_on_the_strand(stack):
    model = network(*stack(), layers.Dense(2))
    found = np.asarray(model(TOKENS))
    np.testing.assert_allclose(found, model(OTHER), rtol=1e-5, atol=1e-5)
    assert (np.ptp(found, axis=0) > 0.1).all()


def test_max_and_mean_of_whole_numbers_are_exactly_invariant():
    for merge in ("max", "mean"):
        model = network(DoubleStrandedConv1D(4, 5, merge=merge), layers.GlobalMaxPooling1D(), layers.Dense(2))
        np.testing.assert_array_equal(model(TOKENS), model(OTHER))


def test_an_ordinary_convolution_is_not_invariant():
    model = network(layers.Conv1D(4, 5), layers.GlobalMaxPooling1D())
    assert (np.asarray(model(TOKENS)) != np.asarray(model(OTHER))).any()


def test_unknown_letters_are_read_as_nothing():
    model = network(DoubleStrandedConv1D(3, 5, merge="concat"))
    bias = model.layers[-1].get_weights()[1]
    found = np.asarray(model(np.full((1, LENGTH), 4, np.uint8)))
    np.testing.assert_array_equal(found, np.broadcast_to(np.tile(bias, 2), found.shape))


@pytest.mark.parametrize(
    ("options", "penalty"),
    [
        ({"kernel_regularizer": keras.regularizers.L1(0.5)}, 0.5 * 5 * 4 * 3 * 2),
        ({"bias_regularizer": keras.regularizers.L1(0.5), "bias_initializer": "ones"}, 0.5 * 3),
        ({"activity_regularizer": keras.regularizers.L1(1.0), "use_bias": False, "merge": "concat"}, 720),
    ],
)
def test_penalties_count_the_shared_weights_once(options, penalty):
    layer = DoubleStrandedConv1D(3, 5, kernel_initializer=keras.initializers.Constant(2.0), **options)
    layer(np.ones((1, LENGTH, 4), np.float32) / 4 * (1 if "activity_regularizer" in options else 0))
    assert float(sum(layer.losses)) == pytest.approx(penalty)


def test_keras_own_max_norm_bounds_whole_filters():
    """pysster's kernel_constraint: with both axes the norm is that of a filter, not of one letter of it."""
    constraint = {"class_name": "MaxNorm", "config": {"max_value": 3, "axis": [0, 1]}}
    for kind in (layers.Conv1D, DoubleStrandedConv1D):
        tokens = keras.Input((LENGTH,), dtype="uint8")
        layer = kind(6, 5, kernel_constraint=constraint)
        output = layers.Dense(1)(layers.GlobalMaxPooling1D()(layer(OneHot(4)(tokens))))
        model = keras.Model(tokens, output)
        large = np.random.default_rng(0).normal(0, 2, (5, 4, 6))
        large[:, :, 0] = 0.1
        layer.set_weights([large, layer.get_weights()[1]])
        model.compile(keras.optimizers.SGD(1e-6), "mse")
        model.fit(TOKENS, np.zeros((5, 1)), verbose=0)
        norms = np.sqrt((layer.get_weights()[0] ** 2).sum(axis=(0, 1)))
        np.testing.assert_allclose(norms[1:], 3, rtol=1e-4)
        assert norms[0] == pytest.approx(np.sqrt(20) / 10, rel=1e-3)


def test_biases_can_be_bounded():
    layer = DoubleStrandedConv1D(3, 5, bias_constraint="non_neg", bias_initializer=keras.initializers.Ones())
    model = keras.Sequential([layer, layers.GlobalAveragePooling1D()])
    model.compile(keras.optimizers.SGD(100.0), "mse")
    model.fit(np.zeros((2, LENGTH, 4), np.float32), -np.ones((2, 3)), verbose=0)
    np.testing.assert_array_equal(layer.get_weights()[1], np.zeros(3))
