import json

import keras
import numpy as np
import pytest

from motifloom.filters.bank import FilterBank
from motifloom.filters.scan import activation_blocks
from motifloom.models.filters import export_filters, scanning_layers
from motifloom.models.layers import DoubleStrandedConv1D, HigherOrderOneHot, OneHot, ReverseComplement
from motifloom.models.predict import load_model
from motifloom.models.spec import build_model
from motifloom.models.training import save_model

layers = keras.layers


def network(branches):
    """Return a model of several branches, each a list of layers, on the one-hot sequence."""
    tokens = keras.Input((30,), dtype="uint8", name="tokens")
    one_hot = OneHot(4, name="one_hot")(tokens)
    ends = []
    for branch in branches:
        tensor = one_hot
        for layer in branch:
            tensor = layer(tensor)
        ends.append(layers.GlobalMaxPooling1D()(tensor))
    joined = layers.Concatenate()(ends) if len(ends) > 1 else ends[0]
    return keras.Model(tokens, layers.Dense(1)(joined))


def meta(path, name):
    with np.load(path) as archive:
        return json.loads(str(archive[f"{name}/meta"]))


def test_every_convolution_on_the_sequence_is_written(tmp_path):
    model = network(
        [
            [layers.Conv1D(3, 5, name="short", activation="relu"), layers.Conv1D(2, 3, name="deeper")],
            [
                layers.SpatialDropout1D(0.1, name="drop"),
                layers.Dropout(0.1, name="drop2"),
                layers.Conv1D(
                    2, 9, name="wide-1", padding="same", strides=2, use_bias=False, activation="elu"
                ),
            ],
            [layers.Conv1D(2, 3, name="wide.1", dilation_rate=4, padding="causal")],
            [layers.MaxPooling1D(2), layers.Conv1D(2, 3, name="after_pool")],
            [layers.Conv1D(4, 3, groups=2, name="grouped")],
        ]
    )
    export_filters(model, tmp_path / "f.npz", "rna")
    with np.load(tmp_path / "f.npz") as archive:
        assert archive["alphabet"] == "rna"
        assert sorted(archive["layers"]) == ["short", "wide_1", "wide_1_1"]
        np.testing.assert_array_equal(archive["short/kernel"], model.get_layer("short").get_weights()[0])
        np.testing.assert_array_equal(archive["short/bias"], model.get_layer("short").get_weights()[1])
        assert archive["short/kernel"].shape == (5, 4, 3)
        np.testing.assert_array_equal(archive["wide_1/bias"], np.zeros(2, np.float32))
        assert archive["wide_1/bias"].dtype == np.float32
    facts = [meta(tmp_path / "f.npz", name) for name in ("short", "wide_1", "wide_1_1")]
    keys = ("activation", "padding", "strides", "dilation_rate")
    assert [[fact[key] for key in keys] for fact in facts] == [
        ["relu", "valid", 1, 1],
        ["elu", "same", 2, 1],
        ["linear", "causal", 1, 4],
    ]
    assert facts[1]["activation_args"] == {"alpha": 1.0}
    assert facts[0]["sign"] == [1, 1, 1]
    assert {fact["strands"] for fact in facts} == {"forward"}


def scanned(model, path, **options):
    """Write the filters of a network and return its one layer as it is read back."""
    export_filters(model, path, **options)
    (layer,) = FilterBank.read(path).layers
    return layer


@pytest.mark.parametrize("alphabet", ["dna", "rna"])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_a_convolution_on_both_strands_is_scanned_on_both(tmp_path, alphabet, padding):
    settings = {"padding": padding, "activation": "silu", "name": "scan"}
    both = DoubleStrandedConv1D(3, 6, **settings)
    model = network([[layers.Dropout(0.1), both]])
    both.bias.assign([0.1, -0.2, 0.3])
    layer = scanned(model, tmp_path / "f.npz", alphabet=alphabet)
    assert layer.both_strands and layer.filters == ["scan_000", "scan_001", "scan_002"]
    assert (layer.activation, layer.padding, layer.readings) == ("silu", padding, (1, -1))
    np.testing.assert_array_equal(layer.kernel, both.get_weights()[0])
    tokens = np.random.default_rng(0).integers(0, 5, (4, 30), dtype=np.uint8)
    ((_, ours),) = activation_blocks(layer, tokens, inside=False)
    scan = keras.Model(model.input, both.output)
    np.testing.assert_allclose(ours, np.asarray(scan(tokens)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("merge", ["mean", "concat", "none"])
def test_filters_are_those_of_one_strand_whatever_is_merged(tmp_path, merge):
    both = DoubleStrandedConv1D(3, 6, merge=merge, name="scan")
    rest = [layers.Reshape((25, 6))] if merge == "none" else []
    layer = scanned(network([[both, *rest]]), tmp_path / "f.npz")
    assert len(layer.filters) == 3 and layer.both_strands
    np.testing.assert_array_equal(layer.kernel, both.get_weights()[0])


def test_a_convolution_that_reads_a_sequence_and_its_reverse_complement_is_scanned_on_both(tmp_path):
    shared, plain = layers.Conv1D(2, 5, name="shared"), layers.Conv1D(2, 5, name="plain")
    turned = layers.Conv1D(2, 5, name="turned")
    twice = [ReverseComplement(), layers.Dropout(0.1), ReverseComplement()]
    model = network([[shared], [ReverseComplement(), shared], [*twice, plain], [ReverseComplement(), turned]])
    export_filters(model, tmp_path / "f.npz")
    strands = {layer.name: layer.both_strands for layer in FilterBank.read(tmp_path / "f.npz").layers}
    # What reads the reverse complement alone has no windows of the sequence as it is.
    assert strands == {"shared": True, "plain": False}


def test_filters_of_words_or_of_other_complements_are_not_of_letters(tmp_path):
    tokens = keras.Input((30,), dtype="uint8")
    words = HigherOrderOneHot(4, 1)(tokens)
    ends = [layers.Conv1D(2, 5, name="a")(words), DoubleStrandedConv1D(2, 5, name="b")(words)]
    letters = OneHot(4)(tokens)
    ends.append(DoubleStrandedConv1D(2, 5, complement="none", name="c")(letters))
    model = keras.Model(tokens, layers.Concatenate()(ends))
    assert scanning_layers(model) == {}
    export_filters(model, tmp_path / "f.npz")
    assert FilterBank.read(tmp_path / "f.npz").filters == []


def test_arguments_of_activations(tmp_path):
    model = network(
        [
            [layers.Conv1D(1, 3, name="a", activation="leaky_relu")],
            [layers.Conv1D(1, 3, name="b", activation=layers.LeakyReLU(negative_slope=0.5))],
            [layers.Conv1D(1, 3, name="c", activation="exponential")],
        ]
    )
    export_filters(model, tmp_path / "f.npz")
    found = {name: meta(tmp_path / "f.npz", name) for name in "abc"}
    assert found["a"]["activation"] == found["b"]["activation"] == "leaky_relu"
    assert found["a"]["activation_args"] == {"negative_slope": 0.2}
    assert found["b"]["activation_args"] == {"negative_slope": 0.5}
    assert (found["c"]["activation"], found["c"]["activation_args"]) == ("exponential", {})


@pytest.mark.parametrize("written", ["relu6", "mish", "hard_swish", "swish", "celu", "squareplus"])
def test_what_is_written_can_be_scanned_with(tmp_path, written):
    model = network([[layers.Conv1D(2, 5, name="scan", activation=written)]])
    export_filters(model, tmp_path / "f.npz")
    (layer,) = FilterBank.read(tmp_path / "f.npz").layers
    tokens = np.random.default_rng(0).integers(0, 4, (3, 30), dtype=np.uint8)
    ((_, ours),) = activation_blocks(layer, tokens)
    scan = keras.Model(model.input, model.get_layer("scan").output)
    np.testing.assert_allclose(ours, np.asarray(scan(tokens)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("between", [[], [layers.Dropout(0.1)]], ids=["directly", "dropout"])
def test_the_sign_of_a_normalisation_is_honoured(tmp_path, between):
    norm = layers.BatchNormalization(name="norm")
    model = network([[layers.Conv1D(3, 5, name="scan"), *between, norm, layers.ReLU()]])
    norm.gamma.assign([0.5, -2.0, 0.0])
    export_filters(model, tmp_path / "f.npz")
    facts = meta(tmp_path / "f.npz", "scan")
    assert facts["sign"] == [1, -1, 1]
    assert facts["activation"] == "linear"


def test_a_normalisation_without_scale_keeps_the_sign(tmp_path):
    model = network([[layers.Conv1D(3, 5, name="scan"), layers.BatchNormalization(scale=False)]])
    export_filters(model, tmp_path / "f.npz")
    assert meta(tmp_path / "f.npz", "scan")["sign"] == [1, 1, 1]


@pytest.mark.parametrize(
    ("merge", "gamma", "sign"),
    [
        ("max", [0.5, -2.0, 0.0], [1, -1, 1]),
        ("concat", [0.5, -2.0, -1.0, 1.0, -1.0, 1.0], [1, -1, 1]),  # forward filters, reverse ones
        ("none", [0.5, -2.0, 0.0], [1, -1, 1]),
    ],
)
def test_the_sign_of_a_filter_on_both_strands(tmp_path, merge, gamma, sign):
    norm = layers.BatchNormalization()
    rest = [layers.Reshape((26, 6))] if merge == "none" else []
    model = network([[DoubleStrandedConv1D(3, 5, merge=merge, name="scan"), norm, *rest]])
    norm.gamma.assign(gamma)
    export_filters(model, tmp_path / "f.npz")
    assert meta(tmp_path / "f.npz", "scan")["sign"] == sign


def test_a_network_without_convolution_has_no_layers(tmp_path):
    export_filters(network([[layers.LSTM(2, return_sequences=True)]]), tmp_path / "f.npz")
    with np.load(tmp_path / "f.npz") as archive:
        assert archive["layers"].tolist() == []
        assert archive["alphabet"] == "dna"


def test_a_loaded_network_gives_the_same(spec, sizes, tmp_path):
    model = build_model(spec, **sizes)
    save_model(model, tmp_path / "m.keras")
    export_filters(model, tmp_path / "a.npz")
    export_filters(load_model(tmp_path / "m.keras"), tmp_path / "b.npz")
    assert list(scanning_layers(model)) == ["scan"]
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
