import copy

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from motifloom.data.encode import DNA
from motifloom.errors import UserError
from motifloom.models.settings import check_options, class_weights, fit_arguments, merge_options
from motifloom.models.spec import build_model, check_spec
from motifloom.models.training import fit

BINARY = np.array([[0.0]] * 6 + [[1.0]] * 2, np.float32)
ZOOM = [
    {"class_name": "Reshape", "config": {"target_shape": [30, 4, 1]}},
    {"class_name": "RandomZoom", "config": {"height_factor": 0.1, "name": "zoom"}},
    {"class_name": "Reshape", "config": {"target_shape": [30, 4]}},
]
MULTICLASS = np.eye(3, dtype=np.float32)[[0, 0, 0, 2]]


# --- options into the spec -------------------------------------------------------------------------


def test_options_stand_instead_of_the_specs(spec):
    before = copy.deepcopy(spec)
    given = {"loss": "hinge", "epochs": 7, "batch_size": 5, "class_weight": "balanced", "threads": 2}
    merged = merge_options(spec, given | {"optimizer": "SGD", "learning_rate": None})
    assert merged["compile"] == {**spec["compile"], "optimizer": "SGD", "loss": "hinge"}
    assert merged["training_params"] == {"epochs": 7, "batch_size": 5, "class_weight": "balanced"}
    assert merged["model"] == spec["model"]
    assert spec == before
    assert merge_options(spec, {}) == spec


def test_a_learning_rate_goes_into_the_optimizer(spec):
    def optimizer(options, compiled=spec["compile"]):
        return merge_options({**spec, "compile": compiled}, options)["compile"]["optimizer"]

    assert optimizer({"learning_rate": 1}) == {"class_name": "Adam", "config": {"learning_rate": 1.0}}
    assert spec["compile"]["optimizer"]["config"]["learning_rate"] == 0.05
    sgd = {"class_name": "SGD", "config": {"momentum": 0.9}}
    expected = {"class_name": "SGD", "config": {"momentum": 0.9, "learning_rate": 0.1}}
    assert optimizer({"learning_rate": 0.1, "optimizer": sgd}) == expected
    assert optimizer({"learning_rate": 0.1}, {}) == {"class_name": "adam", "config": {"learning_rate": 0.1}}


def test_a_learning_rate_goes_into_the_optimizer_inside_another(spec, sizes):
    inner = {"class_name": "SGD", "config": {"momentum": 0.5}}
    scaled = {"class_name": "LossScaleOptimizer", "config": {"inner_optimizer": inner}}
    merged = merge_options(spec, {"optimizer": scaled, "learning_rate": 0.25})
    assert inner["config"] == {"momentum": 0.5}
    optimizer = build_model(merged, **sizes).optimizer.inner_optimizer
    assert (type(optimizer).__name__, optimizer.momentum, float(optimizer.learning_rate)) == (
        "SGD",
        0.5,
        0.25,
    )
    spec["compile"]["optimizer"] = {**scaled, "config": {**scaled["config"], "learning_rate": 0.1}}
    with pytest.raises(UserError, match="LossScaleOptimizer does not support arguments: `learning_rate`"):
        build_model(spec, **sizes)


def test_the_network_is_compiled_with_them(spec, sizes):
    options = {"optimizer": {"class_name": "sgd", "config": {"nesterov": True}}, "learning_rate": 0.25}
    optimizer = build_model(merge_options(spec, options), **sizes).optimizer
    assert (type(optimizer).__name__, optimizer.nesterov) == ("SGD", True)
    assert float(optimizer.learning_rate) == 0.25


def test_an_empty_section_keeps_the_metrics_of_the_task(spec, sizes):
    merged = merge_options({**spec, "compile": {}}, {"learning_rate": 0.1})
    names = [metric.name for metric in build_model(merged, **sizes).metrics]
    assert names == ["loss", "compile_metrics"]
    assert merged["compile"]["metrics"] == "auto"
    logs = build_model(merged, **sizes).evaluate(
        np.zeros((2, 30), np.uint8), BINARY[5:7], return_dict=True, verbose=0
    )
    assert set(logs) == {"loss", "accuracy", "AUC"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"optimizer": "adamm"},
            r"compile.optimizer.class_name: Keras has no optimizer 'adamm'; did you mean",
        ),
        (
            {"optimizer": {"class_name": "SGD", "config": {"momentm": 1}}},
            "no setting 'momentm'; did you mean",
        ),
        ({"loss": "binary_crosentropy"}, "Keras has no loss .* did you mean 'binary_crossentropy'"),
    ],
)
def test_what_keras_does_not_have_is_told(spec, sizes, options, message):
    with pytest.raises(UserError, match=message):
        build_model(merge_options(spec, options), **sizes)


def test_class_weights_by_name_or_number(spec):
    for given in ({"bound": 3}, {1: 3}, {"1": 3}):
        merged = merge_options(spec, {"class_weight": given}, ["unbound", "bound"])
        assert merged["training_params"]["class_weight"] == {"1": 3}
        np.testing.assert_array_equal(fit_arguments(merged, "binary", 1)["class_weight"], [1, 3])
    spec["training_params"]["class_weight"] = {"0": 5}
    assert "class_weight" not in merge_options(spec, {"class_weight": "none"})["training_params"]


def test_a_class_whose_name_is_a_number_is_known_by_its_name(spec):
    def numbered(given, classes):
        return merge_options(spec, {"class_weight": given}, classes, "m")["training_params"]["class_weight"]

    assert numbered({1: 5, "3": 2}, ["1", "2", "3"]) == {"0": 5, "2": 2}
    assert numbered({0: 5, "b": 2}, ["a", "b"]) == {"0": 5, "1": 2}
    for given, message in [
        ({"a": 5, 0: 2}, "gives class 0 twice, by name and by number; remove one"),
        ({"bnd": 2}, "there is no class 'bnd'; did you mean 'b'"),
        ({"x": 2}, "there is no class 'x'; classes are a, b"),
    ]:
        with pytest.raises(UserError, match=rf"^m: training_params\.class_weight: {message}"):
            numbered(given, ["a", "b"])


# --- class weights ---------------------------------------------------------------------------------


def test_weights_of_classes_by_hand():
    assert class_weights("proportional", BINARY, "binary").tolist() == [0.25, 0.75]
    assert class_weights("reciprocal", BINARY, "binary").tolist() == [8 / 12, 2.0]
    # The class without examples counts neither among the classes nor anywhere.
    assert class_weights("reciprocal", MULTICLASS, "multiclass").tolist() == [4 / 6, 1.0, 2.0]
    assert class_weights("proportional", MULTICLASS, "multiclass").tolist() == [0.25, 1.0, 0.75]
    assert class_weights(None, BINARY, "binary") is None
    assert class_weights(np.array([1.0, 2.0]), BINARY, "binary").tolist() == [1, 2]


def test_balanced_is_scikit_learns():
    labels = BINARY[:, 0]
    expected = compute_class_weight("balanced", classes=np.array([0, 1]), y=labels)
    np.testing.assert_allclose(class_weights("balanced", BINARY, "binary"), expected)


@pytest.mark.parametrize(
    ("weights", "task", "message"),
    [
        ("balancd", "binary", r"m: training_params.class_weight: 'balancd' is not one of none.*'balanced'"),
        ("balanced", "regression", "a regression task has no classes to weigh; remove it"),
        ({"2": 1}, "binary", "there is no class 2; classes are 0 to 1"),
        ({"other": 1}, "binary", "write reciprocal, proportional, balanced, or a weight for each class"),
        ({"0": -1}, "binary", "the weight of class 0 is -1; write 0 to 1e"),
    ],
)
def test_weights_that_do_not_fit(spec, weights, task, message):
    spec["training_params"]["class_weight"] = weights
    with pytest.raises(UserError, match=message):
        fit_arguments(spec, task, 1, "m")


@pytest.mark.parametrize("mode", ["reciprocal", "proportional", {0: 2.0, 1: 0.5}])
def test_the_loss_is_weighed(spec, sizes, examples, mode):
    tokens, parts = examples
    rows, targets = parts["train"][0][:16], np.array([[1.0]] * 4 + [[0.0]] * 12, np.float32)
    parts = {"train": (rows, targets), "validation": (rows[:0], targets[:0])}
    options = {"class_weight": mode, "optimizer": "SGD", "learning_rate": 1e-9, "epochs": 1, "batch_size": 16}
    merged = merge_options(spec, options)
    model = build_model(merged, **sizes)
    score = np.asarray(model(tokens[rows]), np.float64)
    done = fit(model, merged, tokens, parts, task="binary", alphabet=DNA, options=options)
    each = -np.log(np.where(targets == 1, score, 1 - score))
    table = {"reciprocal": [16 / 24, 2.0], "proportional": [0.25, 0.75]}.get(str(mode), [2.0, 0.5])
    expected = (each * np.where(targets == 1, table[1], table[0])).mean()
    assert done.history["loss"][0] == pytest.approx(expected, rel=1e-5)


# --- before a training -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "callbacks", "task", "message"),
    [
        ({"warmup_epochs": 3}, {}, "binary", "training.warmup_epochs: warm-up and tail take 3 of 3 epochs"),
        ({"exact_metrics": True}, {}, "regression", "exact_metrics: AUROC and AUPRC are of classes"),
        (
            {"schedule": {"kind": "cosine"}},
            {"ReduceLROnPlateau": {}},
            "binary",
            "m: callbacks.ReduceLROnPlateau: cannot lower a learning rate that follows a schedule",
        ),
        (
            {},
            {"EarlyStopping": {"monitor": "val_auroc"}},
            "regression",
            "m: callbacks.EarlyStopping.monitor: 'val_auroc' is not in the logs",
        ),
    ],
)
def test_options_that_cannot_work_are_found_before(spec, sizes, options, callbacks, task, message):
    spec["callbacks"] = callbacks
    if task == "regression":
        spec["model"]["layers"][-1]["config"]["activation"] = "linear"
        spec["compile"] = {"loss": "mse"}
    model = build_model(spec, **sizes | {"task": task})
    with pytest.raises(UserError, match=message):
        check_options(model, spec, options, task=task, n_targets=1, where="m")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"augmentation": {"shift": 30}},
            "augmentation.shift: 30 is not below the length of the windows, 30",
        ),
        ({"freeze": ["scna"]}, r"freeze\[0\]: no layer is called 'scna'; did you mean 'scan'"),
        ({"freeze": ["*"]}, "freeze: nothing is left to train"),
        ({"xla": True}, "xla: layer zoom cannot be compiled by XLA"),
        ({"warmup_epochs": 3}, "warmup_epochs: warm-up and tail take 3 of 3 epochs"),
        ({"optimizer": "adamm"}, "optimizer: Keras has no optimizer 'adamm'; did you mean"),
        ({"optimizer": {"class_name": "adamm"}}, "optimizer.class_name: Keras has no optimizer 'adamm'"),
        ({"loss": "hing"}, "loss: Keras has no loss 'hing'; did you mean 'hinge'"),
        ({"class_weight": {"bnd": 2}}, "class_weight: there is no class 'bnd'; did you mean 'bound'"),
    ],
)
def test_what_is_wrong_with_an_experiments_options_is_said_of_them(spec, sizes, options, message):
    if "xla" in options:
        spec["model"]["layers"][:0] = ZOOM
    path = "experiments.e.training"
    told = {"where": "m", "training_path": path, "classes": ["unbound", "bound"]}
    with pytest.raises(UserError, match=rf"^{path}\.{message}"):
        check_spec(spec, **sizes, training=options, **told)
    check_spec(spec, **sizes, training={"augmentation": {"shift": 29}}, **told)


def test_what_is_wrong_with_a_spec_is_said_of_the_spec(spec, sizes):
    spec["compile"]["optimizer"] = "adamm"
    with pytest.raises(
        UserError, match=r"^m: compile\.optimizer\.class_name: Keras has no optimizer 'adamm'"
    ):
        check_spec(spec, **sizes, where="m", training={"learning_rate": 0.1})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"initial_epoch": 5}, "initial_epoch: remove it; a training that was killed goes on by itself"),
        ({"steps_per_epoch": 0}, "steps_per_epoch: 0 is not a whole number above 0"),
        ({"steps_per_epoch": -3}, "steps_per_epoch: -3 is not a whole number above 0"),
        ({"validation_batch_size": "a"}, "validation_batch_size: 'a' is not a whole number above 0"),
        ({"validation_steps": 1.5}, "validation_steps: 1.5 is not a whole number above 0"),
        ({"epochs": True}, "epochs: True is not a whole number above 0"),
        ({"validation_freq": 0}, "validation_freq: 0 is no whole number above 0, or list of them"),
        ({"validation_freq": []}, r"validation_freq: \[\] is no whole number above 0, or list of them"),
        ({"validation_freq": [1, 0]}, r"validation_freq: \[1, 0\] is no whole number"),
        ({"shuffle": "batch"}, "shuffle: 'batch' is neither true nor false"),
        ({"validation_freq": 4}, "validation_freq: 4 is no epoch of 3, so that val_loss is never measured"),
    ],
)
def test_settings_of_fit_that_cannot_be(spec, sizes, settings, message):
    spec["training_params"] |= settings
    with pytest.raises(UserError, match=rf"^m: training_params\.{message}"):
        check_spec(spec, **sizes, where="m")


def test_settings_that_are_left_to_keras(spec):
    spec["training_params"] = {"epochs": None, "steps_per_epoch": None, "initial_epoch": 0, "shuffle": False}
    assert fit_arguments(spec, "binary", 1) == {
        "epochs": 30, "batch_size": 64, "shuffle": False, "verbose": 0, "class_weight": None,
    }  # fmt: skip


def test_a_best_epoch_that_is_never_measured_is_refused(spec, sizes):
    where = {"where": "m"}
    spec["callbacks"] = {"EarlyStopping": {"start_from_epoch": 3}}
    with pytest.raises(
        UserError, match=r"m: callbacks\.EarlyStopping\.start_from_epoch: 3 leaves none of 3 epochs"
    ):
        check_spec(spec, **sizes, **where)
    check_spec(spec, **sizes, **where, training={"epochs": 4})
    spec["callbacks"] = {"EarlyStopping": {"start_from_epoch": 2}}
    check_spec(spec, **sizes, **where)
    spec["training_params"]["validation_freq"] = 2  # the third epoch is not validated
    with pytest.raises(UserError, match="in which val_loss is measured; lower it, or raise epochs"):
        check_spec(spec, **sizes, **where)
    for monitored in ("loss", "val_auroc"):  # these are there in every epoch
        spec["callbacks"]["EarlyStopping"]["monitor"] = monitored
        check_spec(spec, **sizes, **where)
    spec["training_params"]["validation_freq"] = [3, 9]
    spec["callbacks"]["EarlyStopping"]["monitor"] = "val_loss"
    check_spec(spec, **sizes, **where)


def test_options_that_work(spec, sizes):
    schedule = {"kind": "one_cycle", "from_range_test": True, "momentum_base": 0.8, "momentum_max": 0.9}
    spec["callbacks"] = {"EarlyStopping": [{"monitor": "val_auprc"}, {"patience": 3}]}
    model = build_model(spec, **sizes)
    check_options(model, spec, {"schedule": schedule, "warmup_epochs": 1}, task="binary", n_targets=1)
    assert model.optimizer.beta_1 == 0.9
