import copy

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from motifloom.data.encode import DNA
from motifloom.errors import UserError
from motifloom.models.settings import check_options, class_weights, fit_arguments, merge_options
from motifloom.models.spec import build_model
from motifloom.models.training import fit

BINARY = np.array([[0.0]] * 6 + [[1.0]] * 2, np.float32)
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
        ({"0": -1}, "binary", "the weight of class 0 is -1.0; it must be 0 or more"),
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


def test_options_that_work(spec, sizes):
    schedule = {"kind": "one_cycle", "from_range_test": True, "momentum_base": 0.8, "momentum_max": 0.9}
    spec["callbacks"] = {"EarlyStopping": [{"monitor": "val_auprc"}, {"patience": 3}]}
    model = build_model(spec, **sizes)
    check_options(model, spec, {"schedule": schedule, "warmup_epochs": 1}, task="binary", n_targets=1)
    assert model.optimizer.beta_1 == 0.9
