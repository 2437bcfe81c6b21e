import keras
import numpy as np
import pytest
import tensorflow as tf

from motifloom.data.encode import DNA
from motifloom.errors import UserError
from motifloom.models.compilation import compile_arguments, log_names
from motifloom.models.settings import merge_options
from motifloom.models.spec import build_model
from motifloom.models.training import fit

MULTICLASS = {"length": 30, "alphabet_size": 4, "task": "multiclass", "n_targets": 3}
TARGETS = np.eye(3, dtype=np.float32)
SCORES = np.array([[0.7, 0.2, 0.1], [0.35, 0.25, 0.4], [0.1, 0.1, 0.8]], np.float32)


def names(metrics):
    return [m if isinstance(m, str) else m.name for m in metrics]


@pytest.mark.parametrize(
    "loss", ["mse", "MSE", "mean_squared_error", "MeanSquaredError", ["mse"], {"out": "mse"}]
)
def test_all_spellings_of_a_loss(loss):
    found = compile_arguments({"loss": loss}, "regression", "compile")["loss"]
    assert isinstance(found, keras.losses.MeanSquaredError)


@pytest.mark.parametrize(
    "optimizer", ["adam", "Adam", {"class_name": "adam"}, {"class_name": "Adam", "config": {}}]
)
def test_all_spellings_of_an_optimizer(optimizer):
    found = compile_arguments({"optimizer": optimizer}, "binary", "compile")["optimizer"]
    assert isinstance(found, keras.optimizers.Adam)


def test_metrics_are_called_as_written_in_every_build():
    pr = {"class_name": "AUC", "config": {"curve": "PR", "name": "auprc"}}
    written = ["accuracy", "AUC", "mae", {"class_name": "Precision"}, {"class_name": "Precision"}, pr]
    expected = ["accuracy", "AUC", "mae", "precision", "precision_1", "auprc"]
    for _ in range(2):
        found = compile_arguments({"metrics": written}, "binary", "compile")["metrics"]
        assert names(found) == expected
    assert names(compile_arguments({"metrics": "AUC"}, "binary", "compile")["metrics"]) == ["AUC"]


def test_logs_are_known_before_training(spec, sizes):
    spec["compile"]["metrics"] = ["accuracy", "AUC"]
    assert log_names(build_model(spec, **sizes)) == ["loss", "accuracy", "AUC"]


def test_sparse_names_mean_the_same_number_on_one_hot_targets():
    found = compile_arguments(
        {
            "loss": "sparse_categorical_crossentropy",
            "metrics": [
                "sparse_categorical_accuracy",
                {"class_name": "SparseTopKCategoricalAccuracy", "config": {"k": 2}},
            ],
        },
        "multiclass",
        "compile",
    )
    expected = keras.losses.SparseCategoricalCrossentropy()(np.arange(3), SCORES)
    assert float(found["loss"](TARGETS, SCORES)) == pytest.approx(float(expected))
    assert names(found["metrics"]) == ["sparse_categorical_accuracy", "sparse_top_k_categorical_accuracy"]
    assert [float(m(TARGETS, SCORES)) for m in found["metrics"]] == pytest.approx([2 / 3, 2 / 3])


@pytest.mark.parametrize("name", ["loss", "epoch", "learning_rate", "val_loss", "a\tb"])
def test_a_metric_takes_no_other_column_of_the_log(name):
    entry = {"class_name": "AUC", "config": {"name": name}}
    with pytest.raises(UserError, match=r"compile.metrics.*\.config\.name: .* cannot be a column of the log"):
        compile_arguments({"metrics": [entry]}, "binary", "compile")


def test_an_ignored_class_is_refused():
    entry = {"class_name": "SparseCategoricalCrossentropy", "config": {"ignore_class": 1}}
    with pytest.raises(UserError, match=r"compile.loss.config.ignore_class: every example has a class"):
        compile_arguments({"loss": entry}, "multiclass", "compile")


def test_auc_works_with_several_classes(spec):
    spec["model"]["layers"][-1]["config"] = {"units": 3, "activation": "softmax"}
    spec["compile"] = {"loss": "sparse_categorical_crossentropy", "metrics": ["AUC", "accuracy"]}
    model = build_model(spec, **MULTICLASS)
    numbers = model.evaluate(np.zeros((3, 30), np.uint8), TARGETS, verbose=0, return_dict=True)
    assert set(numbers) == {"loss", "AUC", "accuracy"}


def test_metrics_of_a_network_on_logits():
    loss = {"class_name": "BinaryCrossentropy", "config": {"from_logits": True}}
    found = compile_arguments({"loss": loss, "metrics": ["accuracy", "AUC"]}, "binary", "compile")["metrics"]
    logits, targets = np.array([[-1.0], [0.2]], np.float32), np.array([[0.0], [1.0]], np.float32)
    assert names(found) == ["accuracy", "AUC"]
    assert [float(m(targets, logits)) for m in found] == [1, 1]


def test_a_loss_that_cannot_take_the_targets_is_told_before_training(spec, sizes):
    spec["compile"]["metrics"] = [{"class_name": "MeanIoU", "config": {"num_classes": 0}}]
    with pytest.raises(UserError, match="compile"):
        build_model(spec, **sizes)


# --- optimizers in a training ----------------------------------------------------------------------


def one_step(spec, sizes, examples, **settings):
    """Return the gradients of the first step, and by how much it moved the weights, in units of the rate."""
    tokens, parts = examples
    rows, targets = parts["train"]
    options = {
        "optimizer": {"class_name": "SGD", "config": {"learning_rate": 0.5, **settings}},
        "epochs": 1,
        "batch_size": len(rows),
    }
    spec["model"]["layers"][0]["config"]["kernel_initializer"] = {
        "class_name": "RandomNormal",
        "config": {"stddev": 2.0, "seed": 1},
    }
    merged = merge_options(spec, options)
    model = build_model(merged, **sizes)
    before = model.get_weights()
    with tf.GradientTape() as tape:
        loss = model.compute_loss(y=targets, y_pred=model(tokens[rows], training=True))
    gradients = [g.numpy() for g in tape.gradient(loss, [v.value for v in model.trainable_variables])]
    none = {"train": (rows, targets), "validation": (rows[:0], targets[:0])}
    fit(model, merged, tokens, none, task="binary", alphabet=DNA, options=options)
    moved = [(b - a) / 0.5 for b, a in zip(before, model.get_weights(), strict=True)]
    return gradients, moved


def norm(*arrays):
    return np.sqrt(sum((array.astype(np.float64) ** 2).sum() for array in arrays))


@pytest.mark.parametrize(
    ("settings", "clip"),
    [
        ({}, lambda g, every: g),
        ({"clipvalue": 0.002}, lambda g, every: np.clip(g, -0.002, 0.002)),
        ({"clipnorm": 0.01}, lambda g, every: g * min(1, 0.01 / norm(g))),
        ({"global_clipnorm": 0.01}, lambda g, every: g * min(1, 0.01 / norm(*every))),
    ],
    ids=["none", "clipvalue", "clipnorm", "global_clipnorm"],
)
def test_gradients_are_clipped(spec, sizes, examples, settings, clip):
    gradients, moved = one_step(spec, sizes, examples, **settings)
    assert norm(gradients[0]) > 0.02
    for gradient, step in zip(gradients, moved, strict=True):
        np.testing.assert_allclose(step, clip(gradient, gradients), rtol=1e-3, atol=2e-6)


def test_two_ways_of_clipping_are_refused():
    entry = {"class_name": "SGD", "config": {"clipnorm": 1.0, "clipvalue": 1.0}}
    with pytest.raises(UserError, match=r"compile.optimizer: Only one of .clipnorm., .clipvalue. and"):
        compile_arguments({"optimizer": entry}, "binary", "compile")


@pytest.mark.parametrize("name", sorted({"Adadelta", "Adagrad", "Adamax", "AdamW", "Ftrl", "Lion", "Nadam"}))
def test_any_optimizer_of_keras(spec, sizes, name):
    spec["compile"]["optimizer"] = name.lower()
    assert type(build_model(spec, **sizes).optimizer).__name__ == name


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ("mean_absolute_percentage_error", [50.0]),
        ({"class_name": "Huber", "config": {"delta": 0.5}}, [0.375]),
        ("log_cosh", [np.log(np.cosh(1.0))]),
    ],
)
def test_any_loss_of_keras(loss, expected):
    found = compile_arguments({"loss": loss}, "regression", "compile")["loss"]
    assert [float(found(np.array([[2.0]]), np.array([[1.0]])))] == pytest.approx(expected, rel=1e-5)


def test_a_metric_keeps_its_settings():
    entry = {"class_name": "CosineSimilarity", "config": {"axis": 0}}
    (metric,) = compile_arguments({"metrics": [entry]}, "regression", "compile")["metrics"]
    metric.update_state(np.array([[3.0, 1.0], [4.0, 0.0]]), np.array([[3.0, 0.0], [4.0, 1.0]]))
    assert float(metric.result()) == pytest.approx(0.5)


def test_metrics_of_the_task_by_name():
    assert names(compile_arguments({"metrics": "auto"}, "binary", "compile")["metrics"]) == [
        "accuracy",
        "AUC",
    ]
