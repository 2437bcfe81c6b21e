import json

import keras
import numpy as np
import pytest

from motifloom.filters.bank import FilterBank
from motifloom.filters.scan import activation_blocks
from motifloom.models.filters import export_filters, scanning_layers
from motifloom.models.layers import OneHot
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
