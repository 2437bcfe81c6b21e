# ruff: noqa: E501  (tables of messages, which are single lines)
"""Values that Keras takes as they are, and that cannot be meant."""

import keras
import pytest

from motifloom.errors import UserError
from motifloom.models.callbacks import check_measured, make_callbacks
from motifloom.models.compilation import compile_arguments
from motifloom.models.names import arguments_of, classes
from motifloom.models.settings import fit_arguments, merge_options
from motifloom.models.spec import build_model, check_spec, read_spec
from motifloom.models.values import check_held, check_values

NAN = float("nan")


def message(spec, sizes, training=None, where="n.json"):
    with pytest.raises(UserError) as caught:
        check_spec(spec, **sizes, where=where, training=training, training_path="experiments.e.training")
    assert "\n" not in str(caught.value)
    return str(caught.value)


CALLBACKS = [
    ("EarlyStopping", {"patience": "five"}, ".patience: 'five' does not do; write a whole number, 0 or more"),
    ("EarlyStopping", {"patience": -1}, ".patience: -1 does not do; write a whole number, 0 or more"),
    ("EarlyStopping", {"patience": True}, ".patience: True does not do; write a whole number, 0 or more"),
    ("EarlyStopping", {"patience": None}, ".patience: None does not do; write a whole number, 0 or more"),
    ("EarlyStopping", {"mode": "nope"}, ".mode: 'nope' does not do; write auto or min or max"),
    ("EarlyStopping", {"min_delta": "x"}, ".min_delta: 'x' does not do; write a number, 0 or more"),
    ("EarlyStopping", {"baseline": "x"}, ".baseline: 'x' does not do; write a number"),
    ("EarlyStopping", {"start_from_epoch": 1.5}, ".start_from_epoch: 1.5 does not do; write a whole number,"),
    ("ReduceLROnPlateau", {"factor": 1}, ".factor: 1 does not do; write a number from 0 to below 1"),
    ("ReduceLROnPlateau", {"factor": NAN}, ".factor: nan is no finite number; write one, or leave it out"),
    ("ReduceLROnPlateau", {"min_lr": -1}, ".min_lr: -1 does not do; write a number, 0 or more"),
    (
        "ReduceLROnPlateau",
        {"min_lr": 0.05},
        ".min_lr: 0.05 is not below the learning rate, 0.05, which would never be lowered; lower it",
    ),
    (
        "ModelCheckpoint",
        {"filepath": "a.keras", "save_freq": -3},
        ".save_freq: -3 does not do; write epoch or a whole number above 0",
    ),
    (
        "ModelCheckpoint",
        {"filepath": "a.keras", "save_freq": "batch"},
        ".save_freq: 'batch' does not do; write epoch or a whole number above 0",
    ),
    ("CSVLogger", {"filename": "a", "append": "no"}, ".append: 'no' does not do; write true or false"),
    ("CSVLogger", {"filename": "a", "separator": "ab"}, ".separator: 'ab' does not do; write one letter"),
    ("CSVLogger", {"filename": "x" * 201}, "cannot be the name of a file; write up to 200 printable letters"),
    ("ModelCheckpoint", {"filepath": "a\0.keras"}, "cannot be the name of a file; write up to 200 printable"),
    ("ModelCheckpoint", {"filepath": "{val_x}.keras"}, ".filepath: {val_x} is not in the logs; did you mean"),
    (
        "ModelCheckpoint",
        {"filepath": "{epoch.keras"},
        ".filepath: '{epoch.keras' is no pattern (expected '}'",
    ),
    (
        "SwapEMAWeights",
        {},
        ": remove it; with use_ema: true in the optimizer's config the averaged weights are",
    ),
]


@pytest.mark.parametrize(("name", "settings", "expected"), CALLBACKS)
def test_settings_of_callbacks_that_cannot_be(spec, sizes, name, settings, expected):
    spec["callbacks"] = {name: settings}
    found = message(spec, sizes)
    assert found.startswith(f"n.json: callbacks.{name}") and expected in found


OPTIMIZERS = [
    ({"clipnorm": -1}, "clipnorm: -1 does not do; write a number above 0"),
    ({"clipnorm": 0}, "clipnorm: 0 does not do; write a number above 0"),
    ({"clipvalue": "x"}, "clipvalue: 'x' does not do; write a number above 0"),
    ({"clipnorm": NAN}, "clipnorm: nan is no finite number; write one, or leave it out"),
    ({"learning_rate": NAN}, "learning_rate: nan is no finite number; write one, or leave it out"),
    ({"learning_rate": -1}, "learning_rate: -1 does not do; write a number above 0"),
    ({"weight_decay": -0.5}, "weight_decay: -0.5 does not do; write a number, 0 or more"),
    ({"use_ema": "yes"}, "use_ema: 'yes' does not do; write true or false"),
    ({"use_ema": True, "ema_momentum": 1}, "ema_momentum: 1 does not do; write a number from 0 to below 1"),
    ({"use_ema": True, "ema_overwrite_frequency": 2.5}, "ema_overwrite_frequency: 2.5 does not do; write a whol"),
    ({"ema_overwrite_frequency": 5}, "ema_overwrite_frequency: goes with use_ema: true; write that too, or remove"),
    ({"use_ema": False, "ema_momentum": 0.5}, "ema_momentum: goes with use_ema: true; write that too, or remove it"),
    ({"beta_1": 1.5}, "beta_1: 1.5 does not do; write a number from 0 to below 1"),
    ({"epsilon": -1}, "epsilon: -1 does not do; write a number, 0 or more"),
    ({"amsgrad": 1}, "amsgrad: 1 does not do; write true or false"),
    (
        {"learning_rate": {"class_name": "CosineDecay", "config": {"initial_learning_rate": "x", "decay_steps": 9}}},
        "learning_rate.config.initial_learning_rate: 'x' does not do; write a number, 0 or more",
    ),
    (
        {"learning_rate": {"class_name": "PiecewiseConstantDecay", "config": {"boundaries": [9], "values": ["x", 1]}}},
        "learning_rate: ",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "expected"), OPTIMIZERS)
def test_settings_of_optimizers_that_cannot_be(spec, sizes, settings, expected):
    entry = {"class_name": "Adam", "config": settings}
    found = message(spec, sizes, {"optimizer": entry})
    assert found.startswith(f"experiments.e.training.optimizer.config.{expected}")
    spec["compile"]["optimizer"] = entry
    assert message(spec, sizes).startswith(f"n.json: compile.optimizer.config.{expected}")


HELD = [
    (("BatchNormalization", {"momentum": 5}), ".momentum: 5 does not do; write a number from 0 to below 1"),
    (
        ("BatchNormalization", {"momentum": 1.0}),
        ".momentum: 1.0 does not do; write a number from 0 to below 1",
    ),
    (("BatchNormalization", {"epsilon": -1}), ".epsilon: -1 does not do; write a number, 0 or more"),
    (("LayerNormalization", {"epsilon": "x"}), ".epsilon: 'x' does not do; write a number, 0 or more"),
    (("LSTM", {"units": 2, "dropout": 1.5}), ".dropout: 1.5 does not do; write a number from 0 to below 1"),
    (
        ("GRU", {"units": 2, "recurrent_dropout": -1}),
        ".recurrent_dropout: -1 does not do; write a number from 0",
    ),
]
CONSTRAINTS = [
    (
        {"class_name": "MaxNorm", "config": {"max_value": -1}},
        ".config.max_value: -1 does not do; write a number above 0",
    ),
    (
        {"class_name": "MaxNorm", "config": {"max_value": True}},
        ".config.max_value: True does not do; write a number",
    ),
    (
        {"class_name": "MinMaxNorm", "config": {"min_value": 3, "max_value": 1}},
        ".config.min_value: 3 is above max_value, 1; lower it",
    ),
    (
        {"class_name": "MinMaxNorm", "config": {"min_value": 3}},
        ".config.min_value: 3 is above max_value, 1.0; lower it",
    ),
    (
        {"class_name": "MinMaxNorm", "config": {"rate": 1.5}},
        ".config.rate: 1.5 does not do; write a number from 0 to 1",
    ),
    (
        {"class_name": "MinMaxNorm", "config": {"min_value": -1}},
        ".config.min_value: -1 does not do; write a number, 0 or more",
    ),
]
INITIALIZERS = [
    ({"class_name": "RandomNormal", "config": {"stddev": -1}}, ".config.stddev: -1 does not do; write a number, 0 or more"),
    ({"class_name": "RandomUniform", "config": {"minval": 1, "maxval": -1}}, ".config.minval: 1 is above maxval, -1; lower it"),
]  # fmt: skip
HELD += [
    (("Dense", {"units": 2, "kernel_constraint": c}), f".kernel_constraint{text}") for c, text in CONSTRAINTS
]
HELD += [
    (("Dense", {"units": 2, "kernel_initializer": i}), f".kernel_initializer{text}")
    for i, text in INITIALIZERS
]


@pytest.mark.parametrize(("layer", "expected"), HELD)
def test_settings_of_layers_that_cannot_be(spec, sizes, layer, expected):
    name, settings = layer
    entry = {"class_name": name, "config": settings}
    given, place = entry, "n.json: model.layers[1].config"
    if name == "GRU":
        given, place = {"class_name": "Bidirectional", "config": {"layer": entry}}, f"{place}.layer.config"
    spec["model"]["layers"].insert(1, given)
    assert message(spec, sizes).startswith(f"{place}{expected}")


def test_settings_of_layers_that_can_be(spec, sizes):
    norm = {
        "class_name": "MinMaxNorm",
        "config": {"min_value": 0, "max_value": 0.5, "rate": 1, "axis": [0, 1]},
    }
    spec["model"]["layers"][0]["config"] |= {
        "kernel_constraint": norm,
        "kernel_initializer": {"class_name": "RandomUniform", "config": {"minval": -2, "maxval": -1}},
        "bias_initializer": {"class_name": "Constant", "config": {"value": -3.0}},
        "bias_constraint": {"class_name": "UnitNorm", "config": {"axis": -1}},
    }
    spec["model"]["layers"][1:1] = [
        {"class_name": "LayerNormalization", "config": {"axis": [1, 2], "epsilon": 0}},
        {"class_name": "ZeroPadding1D", "config": {"padding": [1, 2]}},
        {"class_name": "LeakyReLU", "config": {"negative_slope": 0}},
        {"class_name": "ReLU", "config": {"max_value": None, "threshold": 0.5}},
        {
            "class_name": "LSTM",
            "config": {"units": 2, "dropout": 0, "recurrent_dropout": 0.9, "return_sequences": True},
        },
    ]
    check_spec(spec, **sizes)


def test_what_keras_writes_of_its_own_layers_is_accepted():
    tried = 0
    for kind in ("layer", "constraint", "initializer"):
        for name, cls in sorted(classes(kind).items()):
            defaults, needed = arguments_of(cls)
            if not needed:
                check_held({"class_name": name, "config": defaults}, name)
                tried += 1
    assert tried > 50


@pytest.mark.parametrize(
    ("key", "axis", "axes"),
    [("kernel", 9, 3), ("kernel", -4, 3), ("kernel", [0, 3], 3), ("kernel", "x", 3), ("bias", 1, 1)],
)
def test_a_constraint_along_an_axis_that_is_not_there(spec, sizes, key, axis, axes):
    constraint = {"class_name": "UnitNorm", "config": {"axis": axis}}
    spec["model"]["layers"][0]["config"][f"{key}_constraint"] = constraint
    wrong = axis[1] if isinstance(axis, list) else axis
    assert message(spec, sizes) == (
        f"n.json: model.layers[0]: layer scan: {key}_constraint: UnitNorm has axis {wrong!r}, and the weights have "
        f"{axes} axes; write 0 to {axes - 1}, or a list of these"
    )


ENTRIES = [
    ({}, ": is no optimizer; write its name, or {class_name: ..., config: {...}}"),
    ({"config": {}}, ": is no optimizer; write its name, or {class_name: ..., config: {...}}"),
    ("", ": Keras has no optimizer ''"),
    ({"class_name": "Adam", "clipnorm": 1.0}, ".clipnorm: is not read here; write it into config: beside class_name:"),
    ({"class_name": "Adam", "config": "x"}, ".config: must hold settings by name, not 'x'"),
]  # fmt: skip


@pytest.mark.parametrize("rate", [None, 0.1])
@pytest.mark.parametrize(("entry", "expected"), ENTRIES)
def test_an_optimizer_that_is_none(spec, sizes, entry, expected, rate):
    found = message(spec, sizes, {"optimizer": entry, "learning_rate": rate})
    assert found == f"experiments.e.training.optimizer{expected}"


def test_a_key_beside_the_settings_would_be_ignored(spec, sizes):
    spec["model"]["layers"][0]["activation"] = "tanh"
    assert message(spec, sizes) == (
        "n.json: model.layers[0].activation: is not read here; write it into config: beside class_name:"
    )
    entry = {"class_name": "BinaryCrossentropy", "from_logits": True}
    with pytest.raises(UserError, match=r"^c\.loss\.from_logits: is not read here"):
        compile_arguments({"loss": entry}, "binary", "c")
    with pytest.raises(UserError, match=r"^c\.loss: is no loss; write its name, or"):
        compile_arguments({"loss": {}}, "binary", "c")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            {"steps_per_execution": "x"},
            "c.steps_per_execution: 'x' does not do; write a whole number above 0",
        ),
        ({"steps_per_execution": 0}, "c.steps_per_execution: 0 does not do; write a whole number above 0"),
        ({"run_eagerly": "x"}, "c.run_eagerly: 'x' does not do; write true or false"),
        ({"jit_compile": "x"}, "c.jit_compile: 'x' does not do; write auto or true or false"),
        ({"loss_weights": [-1.0]}, "c.loss_weights: -1.0 does not do; write a number above 0"),
        (
            {"loss": {"class_name": "BinaryCrossentropy", "config": {"label_smoothing": -5}}},
            "c.loss.config.label_smoothing: -5 does not do; write a number from 0 to below 1",
        ),
        (
            {"loss": {"class_name": "Huber", "config": {"delta": 0}}},
            "c.loss.config.delta: 0 does not do; write a number above 0",
        ),
        (
            {"metrics": [{"class_name": "AUC", "config": {"num_thresholds": "x"}}]},
            "c.metrics[0].config.num_thresholds: 'x' does not do; write a whole number, 0 or more",
        ),
    ],
)
def test_settings_of_compile_that_cannot_be(settings, expected):
    with pytest.raises(UserError) as caught:
        compile_arguments(settings, "binary", "c")
    assert str(caught.value) == expected


def test_what_keras_writes_of_its_own_objects_is_accepted():
    """Settings as they are after a network was saved, and the defaults of all that can be named."""
    names = classes("optimizer").keys() - {
        "Optimizer",
        "LossScaleOptimizer",
        "MultiOptimizer",
        "OptimizerMap",
    }
    assert len(names) > 10
    for name in sorted(names):
        cls = classes("optimizer")[name]
        check_values(cls().get_config(), arguments_of(cls)[0], name)
    for name, cls in sorted(classes("callback").items()):
        defaults, needed = arguments_of(cls)
        check_values({key: defaults[key] for key in defaults.keys() - {*needed}}, defaults, name)
    for kind in ("loss", "metric"):
        for name, cls in sorted(classes(kind).items()):
            defaults, needed = arguments_of(cls)
            if not needed and issubclass(cls, keras.losses.Loss | keras.metrics.Metric):
                check_values(cls().get_config(), defaults, name)
    saved = keras.saving.serialize_keras_object(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.1, 9))
    )
    section = {
        "optimizer": saved,
        "loss": "mse",
        "jit_compile": None,
        "run_eagerly": None,
        "loss_weights": None,
    }
    made = compile_arguments(section, "regression", "c")["optimizer"]
    assert float(made.learning_rate) == pytest.approx(0.1)


@pytest.mark.parametrize("weights", [{"0": 0, "1": 0}, {"0": 0}])
def test_class_weights_that_leave_nothing_to_tell_apart(spec, weights):
    spec["training_params"]["class_weight"] = weights
    with pytest.raises(
        UserError, match="class_weight: leaves examples of fewer than two classes a weight above"
    ):
        fit_arguments(spec, "binary", 1, "m")
    assert fit_arguments(spec, "multiclass", 4, "m")["class_weight"].tolist()[2:] == [1, 1]


def test_epochs_without_end_are_refused_and_many_are_not_counted_up(spec, sizes):
    model = build_model(spec, **sizes)
    _, best = make_callbacks({"EarlyStopping": {"start_from_epoch": 9}}, model, None, validated=True)
    check_measured(best, {"epochs": 10**15, "validation_freq": 7}, "m")  # not epoch by epoch
    check_measured(best, {"epochs": 10, "validation_freq": 5}, "m")
    with pytest.raises(UserError, match="start_from_epoch: 9 leaves none of 10 epochs"):
        check_measured(best, {"epochs": 10, "validation_freq": 7}, "m")
    spec["training_params"]["epochs"] = 10**12
    with pytest.raises(
        UserError, match=r"epochs: 1000000000000 is not a whole number above 0, up to 100000000$"
    ):
        fit_arguments(spec, "binary", 1, "m")


def test_no_number_of_a_spec_may_be_none():
    layers = [{"class_name": "Conv1D", "config": {"filters": 2, "kernel_size": [NAN]}}]
    with pytest.raises(
        UserError, match=r"^n\.json: model\.layers\[0\]\.config\.kernel_size\[0\]: nan is no finite"
    ):
        read_spec({"model": {"layers": layers}}, "n.json")
    with pytest.raises(UserError, match=r"^models\.net\.width: inf is no finite number"):
        read_spec({"model": {"builder": "mine.py", "width": float("inf")}}, "models.net")


def test_an_empty_optimizer_does_not_become_another_one():
    merged = merge_options({"compile": {"optimizer": "SGD"}}, {"optimizer": {}, "learning_rate": 0.1})
    assert merged["compile"]["optimizer"] == {"config": {"learning_rate": 0.1}}
