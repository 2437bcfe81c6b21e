"""Encodings, local average pooling, and what all layers of our own have in common."""

import itertools
import json
import subprocess
import sys

import keras
import numpy as np
import pytest

from motifloom.data.encode import DNA, PROTEIN
from motifloom.models.layers import (
    AttentionPooling,
    DoubleStrandedConv1D,
    HigherOrderOneHot,
    LocalAveragePooling1D,
    OneHot,
    ReverseComplement,
)
from motifloom.models.names import OWN

rng = np.random.default_rng(0)
TOKENS = rng.integers(0, 5, (6, 12), dtype=np.uint8)  # 4 is unknown


@pytest.mark.parametrize("alphabet", [DNA, PROTEIN], ids=lambda a: a.name)
def test_one_hot_is_the_alphabets_one_hot(alphabet):
    tokens = np.random.default_rng(0).integers(0, alphabet.size + 1, (5, 12), dtype=np.uint8)
    np.testing.assert_array_equal(OneHot(alphabet.size)(tokens), alphabet.one_hot(tokens))


# --- words ------------------------------------------------------------------------------------------------


def words(tokens, size, order):
    """Return one-hot words, one position at a time."""
    vocabulary = list(itertools.product(range(size), repeat=order))
    found = np.zeros((len(tokens), tokens.shape[1] - order + 1, len(vocabulary)), np.float32)
    for row, at in np.ndindex(found.shape[:2]):
        word = tuple(tokens[row, at : at + order].tolist())
        if word in vocabulary:
            found[row, at, vocabulary.index(word)] = 1
    return found


@pytest.mark.parametrize(("size", "order"), [(4, 1), (4, 2), (4, 3), (20, 2), (2, 5)])
def test_words_equal_a_slow_reference(size, order):
    tokens = rng.integers(0, size + 1, (7, 9), dtype=np.uint8)
    np.testing.assert_array_equal(HigherOrderOneHot(size, order)(tokens), words(tokens, size, order))


def test_words_of_one_letter_are_letters_and_two_are_the_default():
    np.testing.assert_array_equal(HigherOrderOneHot(4, 1)(TOKENS), OneHot(4)(TOKENS))
    np.testing.assert_array_equal(HigherOrderOneHot(4)(TOKENS), HigherOrderOneHot(4, 2)(TOKENS))


def test_a_word_with_an_unknown_letter_is_zeros():
    found = np.asarray(HigherOrderOneHot(4, 2)(DNA.encode("ANCGTN")[None]))[0]
    np.testing.assert_array_equal(found.sum(axis=1), [0, 0, 1, 1, 0])
    assert found[2].argmax() == 1 * 4 + 2 and found[3].argmax() == 2 * 4 + 3
    assert not np.asarray(HigherOrderOneHot(4, 3)(np.full((1, 5), 4, np.uint8))).any()


def test_words_longer_than_the_sequence_are_refused():
    assert HigherOrderOneHot(4, 7)(keras.Input((7,), dtype="uint8")).shape == (None, 1, 4**7)
    with pytest.raises(ValueError, match="words of 8 letters are longer than sequences of 7"):
        HigherOrderOneHot(4, 8)(keras.Input((7,), dtype="uint8"))


# --- local averages ---------------------------------------------------------------------------------------


def test_local_averages_by_hand():
    values = np.array([[[1.0, 10.0], [2.0, 0.0], [6.0, 2.0], [4.0, 4.0]]], np.float32)
    three = [[3, 4], [4, 2]]
    np.testing.assert_allclose(LocalAveragePooling1D(3)(values)[0], three)
    same = [[1.5, 5], *three, [5, 3]]
    np.testing.assert_allclose(LocalAveragePooling1D(3, padding="same")(values)[0], same)
    np.testing.assert_allclose(LocalAveragePooling1D(1)(values), values)


@pytest.mark.parametrize("window", [1, 2, 5, 12])
def test_local_averages_equal_a_slow_reference(window):
    values = rng.normal(size=(3, 12, 4)).astype(np.float32)
    slow = np.stack([values[:, at : at + window].mean(axis=1) for at in range(13 - window)], axis=1)
    np.testing.assert_allclose(LocalAveragePooling1D(window)(values), slow, atol=1e-6)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: HigherOrderOneHot(4, 0), "order 0 is not a whole number above 0"),
        (lambda: HigherOrderOneHot(4, 1.5), "order 1.5 is not"),
        (lambda: LocalAveragePooling1D(0), "window 0 is not a whole number above 0"),
        (lambda: LocalAveragePooling1D("3"), "window '3' is not"),
        (lambda: LocalAveragePooling1D(3, padding="causal"), "padding 'causal' is not one of valid, same"),
        (lambda: AttentionPooling(pool="mean"), "pool 'mean' is not one of max, sum"),
        (
            lambda: DoubleStrandedConv1D(2, 3, merge="ave"),
            "merge 'ave' is not one of max, mean, concat, none",
        ),
        (lambda: DoubleStrandedConv1D(2, 3, padding="causal"), "padding: causal reads in one direction"),
        (lambda: DoubleStrandedConv1D(2, 3, groups=2), "groups and data_format must be left out"),
        (lambda: DoubleStrandedConv1D(2, 3, data_format="channels_first"), "data_format must be left out"),
    ],
)
def test_settings_that_mean_nothing_are_refused(make, expected):
    with pytest.raises(ValueError, match=expected):
        make()


# --- what all have in common ------------------------------------------------------------------------------

# Every setting at a value that is not its default, on (batch, 12, 4) or tokens.
CASES = {
    "one_hot": lambda **k: OneHot(4, **k),
    "words": lambda **k: HigherOrderOneHot(4, 3, **k),
    "reverse_complement": lambda **k: ReverseComplement("strands", **k),
    "average": lambda **k: LocalAveragePooling1D(3, padding="same", **k),
    "attention": lambda **k: AttentionPooling(
        score_activation="relu", pool="sum", use_bias=False, kernel_initializer="he_normal",
        kernel_regularizer="l2", kernel_constraint="unit_norm", **k,
    ),
    "attention_bias": lambda **k: AttentionPooling(bias_initializer="ones", **k),
    "max": lambda **k: DoubleStrandedConv1D(
        3, 5, strides=2, padding="same", activation="elu", kernel_initializer="he_normal",
        kernel_regularizer=keras.regularizers.L2(0.1), bias_initializer="ones", bias_regularizer="l1",
        kernel_constraint=keras.constraints.MaxNorm(1.5, [0, 1]), **k,
    ),
    "mean": lambda **k: DoubleStrandedConv1D(3, 4, merge="mean", dilation_rate=2, use_bias=False, **k),
    "concat": lambda **k: DoubleStrandedConv1D(3, 4, merge="concat", complement=[1, 0, 3, 2], **k),
    "none": lambda **k: DoubleStrandedConv1D(3, 4, merge="none", complement="none", **k),
}  # fmt: skip


def test_every_layer_of_our_own_is_tried():
    assert {type(make()).__name__ for make in CASES.values()} == set(OWN)
    assert set(OWN) == {
        "OneHot", "HigherOrderOneHot", "ReverseComplement", "DoubleStrandedConv1D", "AttentionPooling",
        "LocalAveragePooling1D",
    }  # fmt: skip


def network(case, dtype=None):
    """Return a model of one layer on tokens, or on their one-hot rows."""
    layer, tokens = CASES[case](dtype=dtype, name="tried"), keras.Input((12,), dtype="uint8")
    reads_tokens = case in ("one_hot", "words")
    model = keras.Model(tokens, layer(tokens if reads_tokens else OneHot(4, dtype=dtype)(tokens)))
    draw = np.random.default_rng(1)
    model.set_weights([draw.normal(size=weight.shape) for weight in model.get_weights()])
    return model


@pytest.mark.parametrize("case", CASES)
def test_shapes_are_known_before_anything_is_computed(case):
    model = network(case)
    output = model(TOKENS)
    assert model.output_shape[1:] == output.shape[1:] and model.output_shape[0] is None
    assert model.outputs[0].dtype == keras.backend.standardize_dtype(output.dtype) == "float32"
    free = keras.Input((None,) if case in ("one_hot", "words") else (None, 4))
    found = CASES[case]()(free).shape
    assert len(found) == len(output.shape) and found[-1] == output.shape[-1]


@pytest.mark.parametrize("case", CASES)
def test_a_layer_is_made_again_from_its_config_as_json(case):
    layer = network(case).get_layer("tried")
    config = layer.get_config()
    again = type(layer).from_config(json.loads(json.dumps(config)))
    assert again.get_config() == config
    assert config != type(layer)(**{k: config[k] for k in needed(type(layer))}).get_config()


def needed(cls):
    return {
        DoubleStrandedConv1D: ("filters", "kernel_size"),
        LocalAveragePooling1D: ("window",),
        OneHot: ("alphabet_size",),
        HigherOrderOneHot: ("alphabet_size",),
    }.get(cls, ())


def test_files_are_loaded_in_safe_mode_by_a_fresh_process(tmp_path):
    expected = {}
    for case in CASES:
        model = network(case)
        model.save(tmp_path / f"{case}.keras")
        expected[case] = np.asarray(model(TOKENS))
    np.savez(tmp_path / "expected.npz", tokens=TOKENS, **expected)
    code = (
        "import sys, numpy as np\n"
        "from motifloom.models.predict import load_model\n"
        "folder = sys.argv[1]\n"
        "stored = dict(np.load(folder + '/expected.npz'))\n"
        "tokens = stored.pop('tokens')\n"
        "for case, expected in stored.items():\n"
        "    found = load_model(f'{folder}/{case}.keras')(tokens)\n"
        "    np.testing.assert_array_equal(found, expected, err_msg=case)\n"
        "print(len(stored))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(len(CASES))


@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16", "float16"])
@pytest.mark.parametrize("case", CASES)
def test_less_precision_gives_nearly_the_same(case, dtype):
    model, lower = network(case), network(case, dtype)
    output = lower(TOKENS)
    assert lower.outputs[0].dtype == dtype.removeprefix("mixed_")
    assert keras.backend.standardize_dtype(output.dtype) == dtype.removeprefix("mixed_")
    output = np.asarray(keras.ops.cast(output, "float32"))
    np.testing.assert_allclose(output, model(TOKENS), atol=0.06, rtol=0.03)


@pytest.mark.parametrize("dtype", [None, "mixed_bfloat16"])
@pytest.mark.parametrize("case", ["attention", "attention_bias", "max", "mean", "concat", "none"])
def test_weights_learn_and_the_same_way_twice(case, dtype):
    def trained():
        model = network(case, dtype)
        before = model.get_weights()
        model.compile("sgd", "mse")
        model.fit(TOKENS, np.ones((6, *model.output_shape[1:])), verbose=0, shuffle=False)
        return before, model.get_weights()

    before, after = trained()
    assert all((old != new).any() for old, new in zip(before, after, strict=True))
    for one, other in zip(after, trained()[1], strict=True):
        np.testing.assert_array_equal(one, other)
