# ruff: noqa: E501  (tables of messages, which are single lines)
"""What does not fit, and the sections that go with a builder."""

import keras
import pytest
from built import SIZES, build_compiled, message

from motifloom.errors import UserError
from motifloom.models.spec import check_spec, read_spec
from motifloom.parameters import read_parameters

# --- what does not fit


@pytest.mark.parametrize(
    ("builder", "parameters", "expected"),
    [
        (
            "conv_stack",
            {"conv_width": [19, 11], "max_pool_size": 26, "pool_after": "each"},
            "models.net.conv_width[1]: 11 does not fit: 200 - 19 + 1 = 182 positions, pooled by 26 to 7; "
            "write at most 7, or make windows longer",
        ),
        (
            "pysster",
            {"kernel_len": 90},
            "models.net.kernel_len: 90 does not fit: 200 - 90 + 1 = 111 positions, pooled by 2 to 55; "
            "write at most 55, or make windows longer",
        ),
        (
            "danq",
            {"max_pool_size": 13, "conv_width": 190},
            "models.net.max_pool_size: 13 does not fit: 200 - 190 + 1 = 11 positions; "
            "write at most 11, or make windows longer",
        ),
        (
            "conv_stack",
            {"conv_width": [6, 201], "padding": "same"},
            "models.net.conv_width[1]: 201 does not fit: there are 200 positions; "
            "write at most 200, or make windows longer",
        ),
        (
            "conv_stack",
            {"conv_width": [6, 99], "conv_stride": [2, 1]},
            "models.net.conv_width[1]: 99 does not fit: (200 - 6) // 2 + 1 = 98 positions; "
            "write at most 98, or make windows longer",
        ),
        (
            "interpretable",
            {"max_pool_size": [50, 8]},
            "models.net.max_pool_size[1]: 8 does not fit: 200 positions, pooled by 50 to 4; "
            "write at most 4, or make windows longer",
        ),
        (
            "conv_stack",
            {"order": 3, "conv_width": 199},
            "models.net.conv_width: 199 does not fit: 200 - 3 + 1 = 198 positions; "
            "write at most 198, or make windows longer",
        ),
        (
            "residual_dilated",
            {"num_dilated_layers": 7},
            "models.net.num_dilated_layers: 7 do not fit: block 7 reads over 257 positions, and there are 200; "
            "write at most 6, or make windows longer",
        ),
        (
            "residual_dilated",
            {"dilation_rate": [2, 100]},
            "models.net.dilated_width: 3, over 201 positions, does not fit: there are 200 positions; "
            "write less, or make windows longer",
        ),
        ("residual_dilated", {"dilated_width": 102}, "models.net.dilated_width: 102, over 203 positions, does not fit"),
        ("conv_stack", {"activation": "reul"}, "models.net.activation: Keras has no activation 'reul'; did you mean 'relu'?"),
        ("interpretable", {"first_activation": "exponental", "batch_norm": False}, "models.net.first_activation: Keras has no activation 'exponental'; did you mean 'exponential'?"),
        ("interpretable", {"first_activation": "softmax", "batch_norm": False}, "models.net.conv_width[0]: layer conv1: "),
        ("conv_stack", {"kernel_initializer": "he_norml"}, "models.net.kernel_initializer: Keras has no initializer 'he_norml'; did you mean 'he_normal'?"),
        ("conv_stack", {"kernel_initializer": {"identifier": "he_normal", "args": {"sed": 1}}}, "models.net.kernel_initializer.args.sed: HeNormal has no setting 'sed'; did you mean 'seed'?"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_with_its_arithmetic(builder, parameters, expected):
    found = message(builder, sizes=SIZES | {"length": 200}, **parameters)
    assert found.startswith(expected)


def test_a_spec_file_may_name_a_builder(tmp_path):
    file = tmp_path / "net.yaml"
    file.write_text("model: {builder: pysster, conv_num: 1, learning_rate: 1e-3, kernel_len: 50}\n")
    with pytest.raises(UserError, match=r"net.yaml: model.kernel_len: 50 does not fit: there are 40"):
        check_spec(file, **SIZES, where="net.yaml")
    file.write_text("model: {builder: pysster, conv_nun: 1}\n")
    with pytest.raises(UserError, match=r"net.yaml: model.conv_nun: unknown key; did you mean 'conv_num'"):
        check_spec(file, **SIZES, where="net.yaml")
    file.write_text("model: {builder: pysster, epochs: 3}\ntraining_params: {epochs: 4}\n")
    with pytest.raises(
        UserError, match=r"net.yaml: model has epochs: beside training_params.epochs:; remove one"
    ):
        check_spec(file, **SIZES, where="net.yaml")
    file.write_text("model: {builder: mine.py}\n")
    with pytest.raises(UserError, match=r"model.builder: a Python file is named in the config"):
        check_spec(file, **SIZES, where="net.yaml")
    file.write_text("model: {builder: pyster}\n")
    with pytest.raises(
        UserError, match=r"model.builder is 'pyster', which is no builder; did you mean 'pysster'"
    ):
        check_spec(file, **SIZES, where="net.yaml")


@pytest.mark.parametrize(
    ("parameter", "sections", "place"),
    [
        ({"epochs": 10}, {"training_params": {"epochs": 20}}, "training_params.epochs"),
        ({"learning_rate": 0.1}, {"compile": {"optimizer": "sgd"}}, "compile.optimizer"),
        (
            {"patience_stopping": 7},
            {"callbacks": {"EarlyStopping": {"patience": 1}}},
            "callbacks.EarlyStopping",
        ),
        ({"patience_lr": 7}, {"callbacks": {"ReduceLROnPlateau": False}}, "callbacks.ReduceLROnPlateau"),
    ],
)
def test_an_inline_spec_ignores_no_parameter(parameter, sections, place):
    spec = {"model": {"builder": "pysster", **parameter}, **sections}
    with pytest.raises(UserError) as caught:
        check_spec(spec, **SIZES | {"length": 200}, where="models.net.spec")
    (name,) = parameter
    assert str(caught.value) == f"models.net.spec: model has {name}: beside {place}:; remove one"


def test_the_builders_own_callback_is_left_out_as_its_message_says():
    spec, sizes = {"model": {"builder": "pysster"}}, SIZES | {"length": 200}
    options = {"schedule": {"kind": "cosine"}}
    with pytest.raises(UserError, match=r"leave it out by callbacks: {ReduceLROnPlateau: false}, or remove"):
        check_spec(spec, **sizes, where="models.net", training=options)
    callbacks = {"ReduceLROnPlateau": False}
    check_spec({**spec, "callbacks": callbacks}, **sizes, where="models.net", training=options)


# --- the sections that go with a builder


def test_sections_that_go_with_a_builder_fill_what_is_left_out():
    given = {"builder": "pysster", "learning_rate": "2e-3", "epochs": 7, "patience_lr": 2}
    spec = {"model": dict(given)}
    read = read_spec(spec, "models.net")
    assert read["compile"]["optimizer"] == {"class_name": "Adam", "config": {"learning_rate": 0.002}}
    assert read["training_params"] == {"epochs": 7, "batch_size": 128}
    assert read["callbacks"]["ReduceLROnPlateau"] == {"monitor": "val_loss", "factor": 0.5, "patience": 2}
    assert read["callbacks"]["EarlyStopping"] == {"monitor": "val_loss", "patience": 15}
    assert read_spec(read, "models.net") == read
    assert spec == {"model": given}
    del spec["model"]["patience_lr"]
    changed = {
        **spec,
        "compile": {"loss": "mean_squared_error"},
        "training_params": {"batch_size": 4},
        "callbacks": {"EarlyStopping": {"patience": 1}, "ReduceLROnPlateau": False, "TerminateOnNaN": {}},
    }
    read = read_spec(changed, "models.net")
    assert read["compile"]["optimizer"]["class_name"] == "Adam"
    assert read["compile"]["loss"] == "mean_squared_error"
    assert read["training_params"] == {"epochs": 7, "batch_size": 4}
    assert read["callbacks"] == {
        "EarlyStopping": {"patience": 1},
        "ReduceLROnPlateau": [],
        "TerminateOnNaN": {},
    }
    assert read_spec(read, "models.net") == read
    check_spec(changed, **SIZES | {"length": 200}, where="models.net")


@pytest.mark.parametrize(
    ("parameter", "value", "place"),
    [
        ("learning_rate", 0.5, ("compile", "optimizer", "config", "learning_rate")),
        ("batch_size", 3, ("training_params", "batch_size")),
        ("epochs", 3, ("training_params", "epochs")),
        ("patience_lr", 3, ("callbacks", "ReduceLROnPlateau", "patience")),
        ("patience_stopping", 3, ("callbacks", "EarlyStopping", "patience")),
    ],
)
def test_pyssters_training_parameters(parameter, value, place):
    item = read_spec({"model": {"builder": "pysster", parameter: value}}, "models.net")
    for key in place:
        item = item[key]
    assert item == value


def test_the_optimizer_and_the_metrics_of_a_built_network():
    assert type(build_compiled("danq").optimizer).__name__ == "RMSprop"
    assert float(build_compiled("multiscale_attention").optimizer.epsilon) == pytest.approx(1e-7)
    model = build_compiled("danq", compile={"optimizer": "sgd"})
    assert type(model.optimizer).__name__ == "SGD"
    assert {"accuracy", "AUC"} == {m["config"]["name"] if isinstance(m, dict) else m for m in model.get_compile_config()["metrics"]}  # fmt: skip


def test_a_loss_on_logits_gets_a_linear_output():
    loss = {"class_name": "BinaryCrossentropy", "config": {"from_logits": True}}
    model = build_compiled("danq", compile={"loss": loss})
    assert model.get_layer("output").activation is keras.activations.linear
    assert build_compiled("danq").get_layer("output").activation is keras.activations.sigmoid


# --- lists per layer


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ({"builder": "conv_stack", "conv_width": [1, 2], "conv_filters": [1, 2, 3]},
         "models.net has 2 values in conv_width:, where num_conv_layers is 3; give 3, or one for all"),
        ({"builder": "conv_stack", "num_conv_layers": 1, "conv_width": [1, 2]},
         "models.net has 2 values in conv_width:, where num_conv_layers is 1; give 1, or one for all"),
        ({"builder": "interpretable", "num_conv_layers": 3},
         "models.net has 2 values in conv_filters: by default, where num_conv_layers is 3; give 3, or one for all"),
        ({"builder": "conv_stack", "max_pool_size": [2, 2]}, "models.net has a list in max_pool_size:, which goes with pool_after: each"),
        ({"builder": "conv_stack", "conv_width": []}, "models.net.conv_width: is empty; give at least one"),
        ({"builder": "conv_stack", "conv_width": [3, 0]}, "models.net.conv_width[1]: 0 should be greater than or equal to 1"),
        ({"builder": "conv_stack", "dropout_rate_conv": 1}, "models.net.dropout_rate_conv: 1 should be less than 1"),
        ({"builder": "pysster", "dense_num": 0, "neuron_num": 4}, "models.net has neuron_num:, which goes with dense_num above 0"),
        ({"builder": "pysster", "rnn_units": 4}, "models.net has rnn_units:, which goes with rnn_type: LSTM or GRU"),
        ({"builder": "pysster", "conv_num": 0, "both_strands": "max"}, "models.net has both_strands:, which goes with conv_num above 0"),
        ({"builder": "conv_stack", "num_conv_layers": 0, "both_strands": "max"}, "models.net has both_strands:, which goes with num_conv_layers above 0"),
        ({"builder": "conv_stack", "num_conv_layers": 0, "pool_after": "each"}, "models.net has pool_after:, which goes with num_conv_layers above 0"),
        ({"builder": "conv_stack", "num_conv_layers": 0, "padding": "same"}, "models.net has padding:, which goes with num_conv_layers above 0"),
        ({"builder": "conv_stack", "num_conv_layers": 0, "activation": "elu"}, "models.net has activation:, which goes with num_conv_layers above 0"),
        ({"builder": "double_stranded", "num_conv_layers": 0}, "models.net.num_conv_layers: 0 should be greater than or equal to 1"),
        ({"builder": "pysster", "seed": 4}, "models.net has seed:, which is seeds: of an experiment; remove it"),
        ({"builder": "residual_dilated", "dilation_rate": [1, 2, 3], "dilated_width": [3, 3]},
         "models.net has 3 values in dilation_rate:, where num_dilated_layers is 2; give 2"),
    ],
)  # fmt: skip
def test_parameters_that_do_not_go_together(section, expected):
    with pytest.raises(UserError) as caught:
        read_parameters(section, "models.net")
    assert str(caught.value).startswith(expected)
