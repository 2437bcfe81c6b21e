import keras
import numpy as np
import pytest

from motifloom.errors import UserError
from motifloom.models.compilation import compile_arguments, log_names
from motifloom.models.spec import build_model

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
