# ruff: noqa: E501  (tables of messages, which are single lines)
import copy
import json

import keras
import numpy as np
import pytest
import yaml

from motifloom.errors import UserError
from motifloom.models.layers import OneHot
from motifloom.models.settings import fit_arguments
from motifloom.models.spec import build_model, check_spec, read_spec
from motifloom.models.structure import output_activation

# The form that Cnnamon's users write: its keys, an input_shape, an optimizer by class, string metrics.
DOCUMENTED = {
    "model": {
        "layers": [
            {
                "class_name": "Conv1D",
                "config": {
                    "name": "motif_scanner", "filters": 6, "kernel_size": 8, "padding": "same",
                    "use_bias": True, "input_shape": [30, 4], "activation": "leaky_relu",
                },
            },
            {"class_name": "MaxPooling1D", "config": {"pool_size": 2}},
            {"class_name": "Dropout", "config": {"rate": 0.1}},
            {"class_name": "Flatten", "config": {}},
            {"class_name": "Dense", "config": {"units": 8, "activation": "relu"}},
            {"class_name": "Dense", "config": {"units": 1, "activation": "sigmoid"}},
        ]
    },
    "compile": {
        "optimizer": {"class_name": "AdamW", "config": {"learning_rate": 0.001}},
        "loss": "binary_crossentropy",
        "metrics": ["accuracy", "AUC"],
    },
    "training_params": {"epochs": 2, "batch_size": 16},
    "callbacks": {
        "EarlyStopping": {"monitor": "val_loss", "patience": 10, "restore_best_weights": True},
        "CSVLogger": {"filename": "training_log.csv"},
    },
}  # fmt: skip


def message(spec, sizes, **changes):
    with pytest.raises(UserError) as caught:
        check_spec(spec, **(sizes | changes), where="m.json")
    text = str(caught.value)
    assert "\n" not in text
    return text


# --- reading ---------------------------------------------------------------------------------------


def test_json_and_yaml_give_the_same_spec(tmp_path):
    (tmp_path / "m.json").write_text(json.dumps(DOCUMENTED))
    (tmp_path / "m.yaml").write_text(json.dumps(DOCUMENTED, indent=1))
    assert read_spec(tmp_path / "m.json") == read_spec(tmp_path / "m.yaml") == DOCUMENTED


def test_yaml_numbers_with_an_exponent_are_numbers(tmp_path):
    (tmp_path / "m.yml").write_text(
        "model: {layers: [{class_name: Flatten}]}\n"
        "compile: {optimizer: {class_name: Adam, config: {learning_rate: 1e-3, name: e3}}}\n"
    )
    expected = {"learning_rate": 0.001, "name": "e3"}
    assert read_spec(tmp_path / "m.yml")["compile"]["optimizer"]["config"] == expected
    plain = yaml.safe_load((tmp_path / "m.yml").read_text())
    assert plain["compile"]["optimizer"]["config"]["learning_rate"] == "1e-3"
    assert read_spec(plain)["compile"]["optimizer"]["config"] == expected


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("m.json", '{"model": \n {,}}', ", line 2: not valid JSON"),
        ("m.yaml", "model: {layers: [}\n", ", line 1: not valid YAML"),
        ("m.yaml", "model: !!python/object/apply:os.system [ls]\n", "not valid YAML: could not determine"),
        ("m.json", "[]", "is no spec"),
        ("m.json", '{"modell": {}}', "modell: is no section of a spec; did you mean 'model'?"),
        ("m.json", '{"model": [1]}', "model: must be a mapping, not list"),
        ("m.json", '{"compile": {}}', "model: is missing"),
        ("m.json", "\udcff", ", line 1: this is not a text file (UTF-8)"),
        ("m.json", "", ": the file is empty"),
        ("m.yaml", "model: &m {layers: [*m]}", "goes on for more than 50 levels"),
        ("m.json", '{"model": {}, "model": {}}', "the key model stands twice"),
    ],
)
def test_unreadable_specs(tmp_path, name, text, expected):
    path = tmp_path / name
    path.write_text(text, errors="surrogateescape")
    with pytest.raises(UserError) as caught:
        read_spec(path)
    assert str(caught.value).startswith((f"{path}: ", f"{path}, line "))
    assert expected in str(caught.value)


def test_a_missing_spec(tmp_path):
    with pytest.raises(UserError, match="there is no such file"):
        read_spec(tmp_path / "none.json")


# --- building --------------------------------------------------------------------------------------


def test_the_documented_form_builds_and_is_not_changed(sizes):
    spec = copy.deepcopy(DOCUMENTED)
    for _ in range(2):
        model = build_model(spec, **sizes)
    check_spec(spec, **sizes)
    assert spec == DOCUMENTED
    names = ["tokens", "one_hot", "motif_scanner", "max_pooling1d", "dropout", "flatten", "dense", "dense_1"]
    assert [layer.name for layer in model.layers] == names
    assert isinstance(model.layers[1], OneHot)
    assert model.inputs[0].dtype == "uint8"
    assert model.input_shape == (None, 30)
    assert type(model.optimizer).__name__ == "AdamW"
    assert model(np.zeros((2, 30), np.uint8)).shape == (2, 1)


def test_the_seed_fixes_the_weights(spec, sizes):
    def weights(seed):
        return np.concatenate([w.ravel() for w in build_model(spec, **sizes, seed=seed).get_weights()])

    np.testing.assert_array_equal(weights(1), weights(1))
    assert (weights(1) != weights(2)).any()


def functional(length):
    """Two branches, an operation, a layer called twice and one with two inputs."""
    layers = keras.layers
    start = keras.Input((length, 4), name="sequence")
    wide = layers.Conv1D(3, 9, padding="same", activation="relu", name="wide")(start)
    narrow = layers.Dropout(0.1, name="drop")(start)
    narrow = layers.Conv1D(3, 3, padding="same", activation="relu", name="narrow")(narrow)
    shared = layers.Conv1D(2, 1, name="shared")
    joined = layers.Concatenate(name="join")([shared(wide), shared(narrow) + 1.0, wide * narrow])
    attended = layers.MultiHeadAttention(1, 2, name="attention")(joined, joined)
    pooled = layers.GlobalMaxPooling1D(name="pool")(attended)
    return keras.Model(start, layers.Dense(1, activation="sigmoid", name="out")(pooled))


@pytest.mark.parametrize("form", ["section", "bare", "to_json"])
def test_functional_models_take_the_datasets_length(form, sizes, tmp_path):
    source, reference = functional(None), functional(30)
    source.compile("sgd", "mse", metrics=["AUC"])
    config = json.loads(json.dumps(source.get_config()))
    if form == "to_json":
        (tmp_path / "m.json").write_text(source.to_json())
        model = build_model(tmp_path / "m.json", **sizes)
        assert type(model.optimizer).__name__ == "SGD"
        assert model.loss.name == "mean_squared_error"
    else:
        section = {"class_name": "Functional", "config": config} if form == "section" else config
        before = copy.deepcopy(section)
        model = build_model({"model": section}, **sizes)
        assert section == before
    assert model.input_shape == (None, 30)
    for layer in reference.layers[1:]:
        layer.set_weights(model.get_layer(layer.name).get_weights())
    tokens = np.random.default_rng(1).integers(0, 5, (3, 30), dtype=np.uint8)
    one_hot = np.asarray(model.get_layer("one_hot")(tokens))
    np.testing.assert_allclose(model(tokens), reference(one_hot), rtol=1e-5)


def test_a_functional_model_of_another_length_is_refused(sizes):
    config = json.loads(json.dumps(functional(50).get_config()))
    expected = "model.config.layers[0].config.batch_shape: [50, 4] does not fit"
    assert expected in message({"model": {"class_name": "Functional", "config": config}}, sizes)


def test_keras_2_functional_nodes(sizes):
    config = {
        "name": "old",
        "layers": [
            {"class_name": "InputLayer", "name": "x", "inbound_nodes": [],
             "config": {"batch_input_shape": [None, 30, 4], "name": "x"}},
            {"class_name": "Dense", "name": "out", "inbound_nodes": [[["pool", 0, 0, {}]]],
             "config": {"units": 1, "activation": "sigmoid", "name": "out"}},
            {"class_name": "Conv1D", "name": "a", "inbound_nodes": [[["x", 0, 0, {}]]],
             "config": {"filters": 2, "kernel_size": 3, "padding": "same", "name": "a"}},
            {"class_name": "Conv1D", "name": "b", "inbound_nodes": [[["x", 0, 0, {}]]],
             "config": {"filters": 2, "kernel_size": 5, "padding": "same", "name": "b"}},
            {"class_name": "Add", "name": "sum", "inbound_nodes": [[["a", 0, 0, {}], ["b", 0, 0, {}]]],
             "config": {"name": "sum"}},
            {"class_name": "GlobalMaxPooling1D", "name": "pool", "inbound_nodes": [[["sum", 0, 0, {}]]],
             "config": {"name": "pool"}},
        ],
        "input_layers": [["x", 0, 0]],
        "output_layers": [["out", 0, 0]],
    }  # fmt: skip
    model = build_model({"model": {"class_name": "Functional", "config": config}}, **sizes)
    assert model(np.zeros((2, 30), np.uint8)).shape == (2, 1)
    config["layers"][4]["inbound_nodes"] = [[["out", 0, 0, {}], ["b", 0, 0, {}]]]
    assert "form a loop" in message({"model": {"class_name": "Functional", "config": config}}, sizes)


def test_our_own_models_config_is_a_spec(spec, sizes):
    config = json.loads(json.dumps(build_model(spec, **sizes).get_config()))
    model = build_model({"model": {"class_name": "Functional", "config": config}}, **sizes)
    assert [type(layer).__name__ for layer in model.layers].count("OneHot") == 1


def test_nested_objects_need_no_module(spec, sizes):
    spec["model"]["layers"][1:1] = [
        {"class_name": "Bidirectional", "config": {"layer": {"class_name": "LSTM", "config": {
            "units": 2, "return_sequences": True,
            "kernel_regularizer": {"class_name": "L2", "config": {"l2": 0.1}}}}}},
    ]  # fmt: skip
    spec["model"]["layers"][0]["config"]["kernel_initializer"] = {"class_name": "HeNormal", "config": {}}
    decay = {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.9}
    spec["compile"]["optimizer"]["config"]["learning_rate"] = {
        "class_name": "ExponentialDecay",
        "config": decay,
    }
    model = build_model(spec, **sizes)
    assert model.get_layer("bidirectional").forward_layer.kernel_regularizer is not None
    assert float(model.optimizer.learning_rate) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("task", "n_targets", "activation", "loss"),
    [
        ("binary", 1, "sigmoid", "binary_crossentropy"),
        ("multilabel", 5, "sigmoid", "binary_crossentropy"),
        ("multiclass", 3, "softmax", "categorical_crossentropy"),
        ("regression", 2, "linear", "mean_squared_error"),
    ],
)
def test_auto_and_an_empty_compile_follow_the_task(spec, sizes, task, n_targets, activation, loss):
    spec["model"]["layers"][-1]["config"] = {"units": "auto", "activation": "auto"}
    spec["compile"] = {}
    model = build_model(spec, **(sizes | {"task": task, "n_targets": n_targets}))
    assert model.output_shape == (None, n_targets)
    assert output_activation(model) == activation
    assert model.loss.name == loss


# --- what does not fit -----------------------------------------------------------------------------


def edit(spec, path, value):
    *keys, last = path
    for key in keys:
        spec = spec[key]
    spec[last] = value


LAYERS = ("model", "layers")
SCAN = (*LAYERS, 0, "config")
OUTPUT = (*LAYERS, 2, "config")


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ((*LAYERS, 1), {"class_name": "GlobalMaxPoling1D"},
         "m.json: model.layers[1].class_name: Keras has no layer 'GlobalMaxPoling1D'; did you mean 'GlobalMaxPooling1D'?"),
        ((*LAYERS, 1), {"class_name": "conv1d"}, "did you mean 'Conv1D'?"),
        ((*LAYERS, 1), {"config": {}}, "model.layers[1].class_name: is missing"),
        ((*LAYERS, 1), {"class_name": ["Flatten"]}, "model.layers[1].class_name: ['Flatten'] is no name"),
        ((*LAYERS, 1), "Flatten", "model.layers[1]: write {class_name"),
        (LAYERS, [], "model.layers: is missing or empty"),
        ((*SCAN, "filtres"), 3, "model.layers[0].config.filtres: Conv1D has no setting 'filtres'; did you mean 'filters'?"),
        ((*LAYERS, 0, "config"), {"filters": 3}, "model.layers[0].config: Conv1D needs kernel_size"),
        ((*SCAN, "filters"), -3, "model.layers[0]: Invalid value for argument `filters`"),
        ((*SCAN, "activation"), "rleu", "model.layers[0].config.activation: Keras has no activation 'rleu'; did you mean 'relu'?"),
        ((*SCAN, "kernel_initializer"), "he_norml",
         "config.kernel_initializer: Keras has no initializer 'he_norml'; did you mean 'he_normal'?"),
        ((*SCAN, "kernel_regularizer"), {"class_name": "L2x", "config": {}},
         "model.layers[0].config.kernel_regularizer.class_name: Keras has no 'L2x'; did you mean 'L2'?"),
        ((*SCAN, "kernel_regularizer"), {"class_name": "L2", "config": {"l3": 1}},
         "model.layers[0].config.kernel_regularizer.config.l3: L2 has no setting 'l3'; did you mean 'l2'?"),
        ((*SCAN, "kernel_size"), 40,
         "model.layers[0].config.kernel_size: layer scan: kernel 40 is longer than its input of 30 positions"),
        ((*SCAN, "dilation_rate"), 8, "kernel 5 with dilation 8 spans 33 positions, which is longer than its input of 30"),
        ((*SCAN, "input_shape"), [300, 4],
         "model.layers[0].config.input_shape: [300, 4] does not fit the dataset, whose examples have 30 positions "
         "of 4 letters; leave it out, or write [30, 4]"),
        ((*SCAN, "batch_input_shape"), [None, 30, 5], "batch_input_shape: [30, 5] does not fit"),
        ((*LAYERS, 0), {"class_name": "InputLayer", "config": {"shape": [31, 4]}}, "layers[0].config.shape: [31, 4] does not fit"),
        ((*LAYERS, 1), {"class_name": "MaxPooling1D", "config": {"pool_size": 27}},
         "model.layers[1].config.pool_size: layer max_pooling1d: pool 27 is longer than its input of 26 positions"),
        ((*LAYERS, 1), {"class_name": "Cropping1D", "config": {"cropping": 13}}, "model.layers[1]: layer cropping1d"),
        ((*LAYERS, 1), {"class_name": "Dropout", "config": {"name": "scan", "rate": 0.1}}, "the name 'scan' is taken"),
        ((*LAYERS, 1), {"class_name": "Lambda", "config": {"function": "x"}}, "layers[1].class_name: Lambda holds program code"),
        ((*SCAN, "activation"), {"class_name": "__lambda__", "config": {"value": "x"}}, "holds program code"),
        ((*SCAN, "activation"), {"class_name": "function", "module": "os", "config": "system"}, "not a function of Keras"),
        ((*LAYERS, 1), {"class_name": "TFSMLayer", "config": {"filepath": "x"}}, "TFSMLayer holds program code"),
        ((*LAYERS, 1), {"class_name": "Lambda", "module": "keras.src.layers.core.lambda_layer", "config": {}}, "program code"),
        ((*OUTPUT, "units"), 2, "output layer dense: 2 units do not fit the dataset's 1 target(s); write units: 1"),
        ((*OUTPUT, "activation"), "softmax", "model.layers[2]: output layer dense: softmax on one unit is always 1"),
        ((*OUTPUT, "activation"), "linear", "linear gives no probabilities for a binary task; write activation: sigmoid"),
        ((*OUTPUT, "activation"), "relu", "relu gives no probabilities for a binary task"),
        ((*LAYERS, 1), {"class_name": "Dropout", "config": {"rate": 0.1}},
         "output layer dense: gives [26, 1] values per example instead of 1; put Flatten or GlobalMaxPooling1D before it"),
        (("compile", "optimiser"), "adam", "compile.optimiser: is no setting of compile; did you mean 'optimizer'?"),
        (("compile", "optimizer"), "Adamm", "compile.optimizer.class_name: Keras has no optimizer 'Adamm'; did you mean 'Adam'?"),
        (("compile", "optimizer", "config"), {"learning_rte": 1},
         "compile.optimizer.config.learning_rte: Adam has no setting 'learning_rte'; did you mean 'learning_rate'?"),
        (("compile", "loss"), "binary_crosentropy", "compile.loss: Keras has no loss 'binary_crosentropy'; did you mean 'binary_crossentropy'?"),
        (("compile", "loss"), "categorical_crossentropy", "compile.loss: categorical_crossentropy is for multiclass, not for binary"),
        (("compile", "loss"), {"class_name": "BinaryCrossentropy", "config": {"from_logits": True}},
         "sigmoid with from_logits: true applies it twice"),
        (("compile", "metrics"), ["acuracy"], "compile.metrics[0]: Keras has no metric 'acuracy'; did you mean 'accuracy'?"),
        (("compile", "metrics"), ["accuracy", {"class_name": "AUC", "config": {"curv": "PR"}}],
         "compile.metrics[1].config.curv: AUC has no setting 'curv'; did you mean 'curve'?"),
        (("training_params", "epoch"), 3, "training_params.epoch: is no setting of a training; did you mean 'epochs'?"),
        (("training_params", "epochs"), "3", "training_params.epochs: '3' is not a whole number above 0"),
        (("training_params", "validation_split"), 0.1, "training_params.validation_split: is no setting"),
        (("training_params", "class_weight"), {"2": 1}, "class_weight: there is no class 2; classes are 0 to 1"),
        (("training_params", "class_weight"), "balance", "class_weight: 'balance' is not one of"),
        (("callbacks", "EarlyStoping"), {}, "callbacks.EarlyStoping: Keras has no callback 'EarlyStoping'; did you mean 'EarlyStopping'?"),
        (("callbacks", "EarlyStopping"), {"patiense": 3}, "callbacks.EarlyStopping.patiense: EarlyStopping has no setting"),
        (("callbacks", "EarlyStopping"), {"monitor": "val_accurcy"}, "'val_accurcy' is not in the logs; did you mean 'val_accuracy'?"),
        (("callbacks", "CSVLogger"), {"filename": "../log.csv"}, "callbacks.CSVLogger.filename: '../log.csv' leaves"),
        (("callbacks", "ModelCheckpoint"), {"filepath": "/tmp/x.keras"}, "callbacks.ModelCheckpoint.filepath: '/tmp/x.keras' leaves"),
        (("callbacks", "CSVLogger"), {}, "callbacks.CSVLogger: CSVLogger needs filename"),
        (("callbacks", "RemoteMonitor"), {}, "sends data over the network"),
        (("callbacks", "LambdaCallback"), {}, "LambdaCallback holds program code"),
    ],
)  # fmt: skip
def test_messages(spec, sizes, path, value, expected):
    edit(spec, path, value)
    text = message(spec, sizes)
    assert text.startswith("m.json: ")
    assert expected in text


@pytest.mark.parametrize("activation", ["softmax", "sparsemax", {"class_name": "PReLU", "config": {}}])
def test_a_scanning_layer_needs_an_activation_to_find_motifs_with(spec, sizes, activation):
    edit(spec, ("model", "layers", 0, "config", "activation"), activation)
    text = message(spec, sizes)
    assert text.startswith("m.json: model.layers[0]: layer scan: activation ")
    assert "of a scanning layer: use one of relu, " in text


def test_deeper_layers_may_have_any_activation(spec, sizes):
    deeper = {"class_name": "Conv1D", "config": {"filters": 2, "kernel_size": 3, "activation": "softmax"}}
    spec["model"]["layers"].insert(1, deeper)
    check_spec(spec, **sizes)


def test_a_deeper_kernel_is_told_with_its_own_input(spec, sizes):
    spec["model"]["layers"][1:1] = [
        {"class_name": "MaxPooling1D", "config": {"pool_size": 2}},
        {"class_name": "Conv1D", "config": {"filters": 2, "kernel_size": 14, "name": "conv2"}},
    ]
    expected = (
        "model.layers[2].config.kernel_size: layer conv2: kernel 14 is longer than its input of 13 positions"
    )
    assert expected in message(spec, sizes)


@pytest.mark.parametrize("padding", ["same", "causal"])
def test_a_padded_kernel_may_not_be_longer_than_the_sequence(spec, sizes, padding):
    spec["model"]["layers"][0]["config"] |= {"kernel_size": 31, "padding": padding}
    assert "kernel 31 is longer than its input of 30 positions" in message(spec, sizes)
    spec["model"]["layers"][0]["config"]["kernel_size"] = 30
    check_spec(spec, **sizes)


@pytest.mark.parametrize(
    ("task", "n_targets", "units", "activation", "loss", "expected"),
    [
        ("multiclass", 3, 3, "sigmoid", "categorical_crossentropy", "sigmoid gives no probabilities for a multiclass"),
        ("multiclass", 3, 2, "softmax", "categorical_crossentropy", "2 units do not fit the dataset's 3 target(s)"),
        ("multilabel", 3, 3, "softmax", "binary_crossentropy", "write activation: sigmoid"),
        ("multilabel", 3, 3, "sigmoid", "categorical_crossentropy", "is for multiclass, not for multilabel"),
        ("regression", 1, 1, "linear", "binary_crossentropy", "is for classes, not for regression; write mean_squared_error"),
        ("regression", 1, 1, "softmax", "mse", "softmax on one unit"),
        ("binary", 1, 2, "softmax", "mse", "and activation: sigmoid, or make the dataset's task multiclass"),
    ],
)  # fmt: skip
def test_outputs_that_do_not_fit(spec, sizes, task, n_targets, units, activation, loss, expected):
    edit(spec, OUTPUT, {"units": units, "activation": activation})
    spec["compile"]["loss"] = loss
    assert expected in message(spec, sizes, task=task, n_targets=n_targets)


def test_an_activation_layer_at_the_end_counts(spec, sizes):
    edit(spec, (*OUTPUT, "activation"), None)
    spec["model"]["layers"].append({"class_name": "Activation", "config": {"activation": "sigmoid"}})
    check_spec(spec, **sizes)
    spec["model"]["layers"][-1]["config"]["activation"] = "tanh"
    assert "tanh gives no probabilities" in message(spec, sizes)


def test_a_model_among_the_layers_is_refused(spec, sizes):
    """Nothing could look into it: neither filters nor dropout, nor what the network ends in."""
    inner = [{"class_name": "Dense", "config": {"units": 1, "activation": "sigmoid"}}]
    nested = {"class_name": "Sequential", "config": {"name": "inner", "layers": inner}}
    spec["model"]["layers"][2] = nested
    expected = "layer inner is a whole model (Sequential); write its layers in its place"
    assert message(spec, sizes) == f"m.json: model.layers[2]: {expected}"
    each = {"class_name": "TimeDistributed", "config": {"layer": nested}}
    spec["model"]["layers"][1:] = [each, {"class_name": "Flatten"}, *inner]
    assert message(spec, sizes) == f"m.json: model.layers[1]: {expected}"
    line = {
        "class_name": "Pipeline",
        "config": {"name": "line", "layers": [{"class_name": "Flatten", "config": {}}]},
    }
    spec["model"]["layers"][1] = line
    assert message(spec, sizes).startswith(
        "m.json: model.layers[1]: layer line is a whole model (Pipeline); "
    )
    start = keras.Input((30, 4))
    deep = keras.Sequential(
        [keras.Input((30, 4)), keras.layers.Conv1D(2, 3), keras.layers.Flatten()], name="deep"
    )
    model = keras.Model(start, keras.layers.Dense(1, activation="sigmoid")(deep(start)))
    found = message(json.loads(model.to_json()), sizes)
    assert found == f"m.json: model.config.layers[1]: {expected.replace('inner', 'deep')}"


def test_two_inputs_or_outputs_are_refused(sizes):
    first, second = keras.Input((30, 4), name="a"), keras.Input((30, 4), name="b")
    out = keras.layers.Dense(1)(keras.layers.Flatten()(keras.layers.Add()([first, second])))
    config = json.loads(json.dumps(keras.Model([first, second], out).get_config()))
    assert "has 2 inputs" in message({"model": {"class_name": "Functional", "config": config}}, sizes)
    config = json.loads(json.dumps(keras.Model(first, [keras.layers.Flatten()(first)] * 2).get_config()))
    assert "has 2 outputs" in message({"model": {"class_name": "Functional", "config": config}}, sizes)


# --- training_params -------------------------------------------------------------------------------


def test_fit_arguments_have_defaults_and_numbers_for_classes(spec):
    spec["training_params"] = {"class_weight": {"1": 5}, "shuffle": False}
    arguments = fit_arguments(spec, "binary", 1)
    np.testing.assert_array_equal(arguments.pop("class_weight"), [1, 5])
    assert arguments == {"epochs": 30, "batch_size": 64, "verbose": 0, "shuffle": False}


def test_class_weights_need_classes(spec):
    spec["training_params"] = {"class_weight": {"1": 5}}
    with pytest.raises(UserError, match="a multilabel task has no classes to weigh"):
        fit_arguments(spec, "multilabel", 3)
