"""Layers of our own in specs: found by name, fitted to the dataset, refused with a message that helps."""

import json

import keras
import numpy as np
import pytest

from motifloom.errors import UserError
from motifloom.models.graph import Graph
from motifloom.models.layers import AttentionPooling, DoubleStrandedConv1D, HigherOrderOneHot
from motifloom.models.structure import output_activation

TOKENS = np.random.default_rng(0).integers(0, 5, (3, 30), dtype=np.uint8)


def graph(entries, alphabet_size=4, **more):
    section = json.loads(json.dumps({"layers": entries, **more}))
    return Graph(section, length=30, alphabet_size=alphabet_size, path="m.json: model")


def entry(class_name, **config):
    return {"class_name": class_name, "config": config}


def message(entries, **options):
    with pytest.raises(UserError) as caught:
        graph(entries, **options)
    text = str(caught.value)
    assert "\n" not in text
    return text


SCAN = {"filters": 4, "kernel_size": 5}
END = [entry("GlobalMaxPooling1D"), entry("Dense", units=1, activation="sigmoid")]


def test_layers_of_our_own_are_made_by_name():
    constraint = {"class_name": "MaxNorm", "config": {"max_value": 3, "axis": [0, 1]}}
    options = {"strides": 2, "activation": "relu", "merge": "concat", "kernel_constraint": constraint}
    made = graph(
        [
            entry("DoubleStrandedConv1D", name="scan", **SCAN, **options),
            entry("ReverseComplement", complement="strands"),
            entry("LocalAveragePooling1D", window=3),
            entry("AttentionPooling", pool="sum", kernel_initializer={"class_name": "HeNormal"}),
            entry("Dense", units=1, activation="sigmoid"),
        ]
    )
    names = ["tokens", "one_hot", "scan", "reverse_complement", "local_average_pooling1d"]
    names += ["attention_pooling", "dense"]
    assert [layer.name for layer in made.model.layers] == names
    scan = made.model.get_layer("scan")
    assert isinstance(scan, DoubleStrandedConv1D) and scan.merge == "concat" and scan.strides == (2,)
    assert isinstance(scan.kernel_constraint, keras.constraints.MaxNorm)
    pooling = made.model.get_layer("attention_pooling")
    assert isinstance(pooling, AttentionPooling) and pooling.pool == "sum"
    assert isinstance(pooling.kernel_initializer, keras.initializers.HeNormal)
    shapes = [layer.output.shape[1:] for layer in made.model.layers[2:]]
    assert shapes == [(13, 8), (13, 8), (11, 8), (8,), (1,)]
    assert made.paths["local_average_pooling1d"] == "m.json: model.layers[2]"


def test_words_are_read_from_tokens_and_letters_counted_from_the_dataset():
    for given in ({}, {"alphabet_size": 4}):
        made = graph([entry("HigherOrderOneHot", order=3, **given), entry("Conv1D", **SCAN), *END])
        first = made.model.layers[1]
        assert isinstance(first, HigherOrderOneHot) and first.output.shape == (None, 28, 64)
        assert "one_hot" not in [layer.name for layer in made.model.layers]
    protein = graph([entry("HigherOrderOneHot"), *END], alphabet_size=20)
    assert protein.model.layers[1].output.shape == (None, 29, 400)
    assert graph([entry("OneHot"), *END]).model.layers[1].output.shape == (None, 30, 4)


def test_letters_and_words_side_by_side():
    """A functional spec that names its encodings starts from the tokens."""
    tokens = keras.Input((30,), dtype="uint8", name="tokens")
    words = HigherOrderOneHot(4, 2, name="words")(tokens)
    ends = [
        keras.layers.GlobalMaxPooling1D(name="a")(DoubleStrandedConv1D(3, 5, complement="words")(words)),
        AttentionPooling(name="b")(keras.layers.Conv1D(3, 5)(words)),
    ]
    output = keras.layers.Dense(1)(keras.layers.Concatenate()(ends))
    source = keras.Model(tokens, output)
    config = json.loads(json.dumps(source.get_config()))
    for described in config["layers"]:  # as people write it
        for key in ("module", "registered_name", "build_config"):
            described.pop(key, None)
    section = {"class_name": "Functional", "config": config}
    made = Graph(section, length=30, alphabet_size=4, path="m.json: model").model
    made.set_weights(source.get_weights())
    np.testing.assert_allclose(made(TOKENS), source(TOKENS), rtol=1e-6)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (entry("DoubleStrandConv1D"),
         "class_name: Keras has no layer 'DoubleStrandConv1D'; did you mean 'DoubleStrandedConv1D'?"),
        (entry("AttentionPoling"), "did you mean 'AttentionPooling'?"),
        (entry("DoubleStrandedConv1D", filters=3), "[0].config: DoubleStrandedConv1D needs kernel_size"),
        (entry("DoubleStrandedConv1D", **SCAN, merg="max"),
         "layers[0].config.merg: DoubleStrandedConv1D has no setting 'merg'; did you mean 'merge'?"),
        (entry("DoubleStrandedConv1D", **SCAN, kernel_initialiser="ones"),
         "did you mean 'kernel_initializer'?"),
        (entry("DoubleStrandedConv1D", **SCAN, activation="rleu"),
         "layers[0].config.activation: Keras has no activation 'rleu'; did you mean 'relu'?"),
        (entry("DoubleStrandedConv1D", **SCAN, merge="average"),
         "layers[0]: merge 'average' is not one of max, mean, concat, none"),
        (entry("DoubleStrandedConv1D", **SCAN, complement="word"),
         "layers[0]: layer double_stranded_conv1d: complement 'word' is not one of letters, words, "),
        (entry("DoubleStrandedConv1D", filters=3, kernel_size=31),
         "[0].config.kernel_size: layer double_stranded_conv1d: kernel 31 is longer than its input of 30"),
        (entry("LocalAveragePooling1D"), "layers[0].config: LocalAveragePooling1D needs window"),
        (entry("LocalAveragePooling1D", window=31),
         "layers[0].config.window: layer local_average_pooling1d: window 31 is longer than its input of 30"),
        (entry("AttentionPooling", units=3), "AttentionPooling has no setting 'units'"),
        (entry("AttentionPooling", score_activation="tan"), "did you mean 'tanh'?"),
        (entry("HigherOrderOneHot", order=31),
         "layers[0]: layer higher_order_one_hot: words of 31 letters are longer than sequences of 30"),
        (entry("HigherOrderOneHot", alphabet_size=20),
         "layers[0].config.alphabet_size: 20 does not fit the dataset's 4 letters; leave it out"),
        (entry("OneHot", alphabet_size=5), "layers[0].config.alphabet_size: 5 does not fit"),
    ],
)  # fmt: skip
def test_messages(item, expected):
    text = message([item, *END])
    assert text.startswith("m.json: model.layers[0]") and expected in text


def test_letters_without_a_complement_are_told():
    text = message([entry("DoubleStrandedConv1D", **SCAN), *END], alphabet_size=20)
    assert "complement: letters needs 4 channels, but the input has 20 channels" in text
    deeper = message([entry("Conv1D", **SCAN | {"filters": 8}), entry("DoubleStrandedConv1D", **SCAN), *END])
    assert deeper.startswith("m.json: model.layers[1]: layer double_stranded_conv1d: complement: letters")
    assert "write none where they mean the same on both strands" in deeper


def test_what_a_network_ends_in():
    assert output_activation(graph([entry("Conv1D", **SCAN), *END]).model) == "sigmoid"
    pooled = graph([entry("Conv1D", **SCAN, activation="relu"), entry("AttentionPooling")])
    assert output_activation(pooled.model) == "linear"  # tanh is of the scores, not of the output
    both = entry("DoubleStrandedConv1D", filters=1, kernel_size=30, activation="sigmoid", merge="mean")
    assert output_activation(graph([both, entry("Flatten")]).model) == "sigmoid"
