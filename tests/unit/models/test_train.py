"""From a dataset to files: the examples of a training, and what it writes."""

import hashlib
import inspect
import json
import re
import zipfile

import keras
import numpy as np
import pandas as pd
import pytest

from motifloom.data.encode import DNA
from motifloom.data.store import Dataset, write_dataset
from motifloom.errors import UserError
from motifloom.models.perturb import own_loss
from motifloom.models.predict import load_model, predict_dataset
from motifloom.models.spec import build_model
from motifloom.models.training import save_model, select_examples, train

PARTS = np.array(["train"] * 100 + ["validation"] * 40 + ["test"] * 10 + ["unused"] * 10)


def outputs(folder):
    return {
        "model": folder / "model.keras",
        "history": folder / "history.tsv",
        "provenance": folder / "provenance.json",
        "filters": folder / "filters.npz",
    }


def test_a_saved_network_does_not_tell_when_and_where_in_memory_it_was(spec, sizes, tmp_path):
    save_model(build_model(spec, **sizes), tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        numbers = re.findall(rb'"shared_object_id": (\d+)', archive.read("config.json"))
        assert {member.date_time[0] for member in archive.infolist()} == {1980}
    assert numbers
    assert max(map(int, numbers)) < 10
    assert load_model(tmp_path / "m.keras").count_params() == build_model(spec, **sizes).count_params()


# For every loss of Keras that has settings, others than its own.
LOSSES = {
    "BinaryCrossentropy": {"label_smoothing": 0.3},
    "BinaryFocalCrossentropy": {"gamma": 0.5},
    "CategoricalCrossentropy": {"label_smoothing": 0.3},
    "CategoricalFocalCrossentropy": {"alpha": 0.5, "gamma": 0.5},
    "CategoricalGeneralizedCrossEntropy": {"q": 0.9},
    "Circle": {"gamma": 3.0, "margin": 0.1},
    "CosineSimilarity": {"axis": 0},
    "Dice": {"axis": 0},
    "Huber": {"delta": 0.25},
    "SparseCategoricalCrossentropy": {"ignore_class": 1, "axis": 1},
    "Tversky": {"alpha": 0.9, "axis": 0},
}


@pytest.mark.parametrize(("name", "settings"), LOSSES.items(), ids=LOSSES)
def test_a_saved_network_has_the_loss_that_it_was_trained_with(tmp_path, name, settings):
    cls = getattr(keras.losses, name)
    start = keras.Input((3,))
    model = keras.Model(start, keras.layers.Dense(3)(start))
    model.compile(loss=cls(**settings))
    save_model(model, tmp_path / "m.keras")
    outputs = np.array([[0.2, 0.7, 0.1], [0.1, 0.3, 0.6], [0.5, 0.4, 0.1]], np.float32)
    labels = [1, 0, 0] if name in ("Circle", "SparseCategoricalCrossentropy") else np.eye(3)[[1, 0, 0]]
    loaded, same, plain = (
        float(loss(np.array(labels), outputs))
        for loss in (load_model(tmp_path / "m.keras").loss, model.loss, cls())
    )
    assert loaded == same != plain


def test_no_loss_with_settings_is_left_out_of_the_test():
    plain = {"self", "reduction", "name", "dtype", "kwargs", "fn"}
    kinds = [cls for cls in vars(keras.losses).values() if isinstance(cls, type) and cls is not keras.Loss]
    named = {cls.__name__ for cls in kinds if inspect.signature(cls.__init__).parameters.keys() - plain}
    assert named == set(LOSSES)


def test_what_filters_are_worth_is_measured_by_the_loss_of_the_spec(spec, sizes, tmp_path):
    spec["model"]["layers"][2]["config"]["activation"] = "linear"
    spec["compile"]["loss"] = {"class_name": "Huber", "config": {"delta": 0.25}}
    spec["compile"]["metrics"] = []
    save_model(build_model(spec, **sizes | {"task": "regression"}), tmp_path / "m.keras")
    loss = own_loss(load_model(tmp_path / "m.keras"), "regression")
    found = loss(keras.ops.convert_to_tensor([[0.0], [0.0]]), keras.ops.convert_to_tensor([[0.2], [3.0]]))
    np.testing.assert_allclose(found, [0.2**2 / 2, 0.25 * (3 - 0.125)], rtol=1e-6)


def test_shuffled_labels_stay_in_their_part(dataset):
    plain, shuffled = select_examples(dataset, PARTS), select_examples(dataset, PARTS, 7)
    for part, rows in {"train": np.arange(100), "validation": np.arange(100, 140)}.items():
        np.testing.assert_array_equal(plain[part][0], rows)
        np.testing.assert_array_equal(plain[part][1], dataset.targets[rows])
        assert (shuffled[part][1] != plain[part][1]).any()
        assert shuffled[part][1].sum() == plain[part][1].sum()
    np.testing.assert_array_equal(shuffled["train"][1], select_examples(dataset, PARTS, 7)["train"][1])


def test_no_training_examples(dataset):
    with pytest.raises(UserError, match="no example is in the part train"):
        select_examples(dataset, np.full(160, "test"))


@pytest.fixture
def weighted(tmp_path):
    """Return a function that makes a dataset of 12 examples, each class in turn, with the weights given."""
    opened = []

    def weighted(weights, task="multiclass", classes=("a", "b", "c")):
        every = np.arange(12) % len(classes)
        frame = pd.DataFrame({"id": [f"s:{i}" for i in range(12)], "chrom": "", "weight": weights})
        for number, name in enumerate(classes[1:] if task == "binary" else classes):
            frame[f"target.{name}"] = (every == number + (task == "binary")).astype(float)
        tokens = np.zeros((12, 5), np.uint8)
        path = tmp_path / f"{len(opened)}.h5"
        write_dataset(path, frame, [tokens], alphabet=DNA, task=task, classes=list(classes))
        opened.append(Dataset(path))
        return opened[-1]

    yield weighted
    for dataset in opened:
        dataset.close()


def test_what_weighs_nothing_is_told(weighted, caplog):
    number = np.arange(12)
    parts = np.array(["train"] * 6 + ["validation"] * 4 + ["test"] * 2)
    advice = r"weighs 0; give some of them more in datasets\.<name>\.sources\[\]\.weight$"

    def refused(weights, what, **options):
        with pytest.raises(UserError, match=rf"^weight: every example of {what} {advice}"):
            select_examples(weighted(weights * 1.0, **options), parts)

    refused(number >= 6, "the part train")
    refused(number < 6, "the part validation")
    refused(number % 3 != 1, "b in the part train")
    two = {"task": "binary", "classes": ("out", "in")}
    refused(number % 2 == 0, "in in the part train", **two)
    refused(number % 2 == 1, "out in the part train", **two)
    # One example of each that counts is enough, and those of the test part need not.
    for options in ({}, two):
        enough = np.where((number < 3) | (number == 6), 0.5, 0)
        assert len(select_examples(weighted(enough, **options), parts)["train"][0]) == 6
    # Of several labels, the others are learnt.
    select_examples(weighted((number % 3 != 1) * 1.0, task="multilabel"), parts)
    assert "weight: every example of b in the part train weighs 0" in caplog.text


def test_train_writes_the_same_bytes_again(spec, dataset, tmp_path):
    settings = {
        "reverse_complement": True,
        "epochs": 2,
        "batch_size": None,
        "threads": 2,
        "shuffle_labels": False,
    }
    spec["callbacks"] = {"CSVLogger": {"filename": "log.csv"}}
    for folder in (tmp_path / "a", tmp_path / "b"):
        train(spec, dataset, PARTS, **outputs(folder), seed=5, training=settings, notes={"experiment": "x"})
        assert (folder / "callbacks/log.csv").exists()
    for name in ("model.keras", "history.tsv", "filters.npz"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name
    facts, again = (json.loads((tmp_path / name / "provenance.json").read_text()) for name in "ab")
    assert set(facts.pop("run")) == set(again.pop("run")) == {"began", "seconds"}
    assert facts == again
    assert facts["sources"] == {"a.bed": "00ff"}
    assert facts["spec"] == spec
    assert (facts["in_effect"]["learning_rate"], facts["in_effect"]["epochs"]) == (0.05, 2)
    assert facts["examples"] == {"train": 100, "validation": 40}
    assert (facts["seed"], facts["epochs"], facts["training"], facts["experiment"]) == (5, 2, settings, "x")
    assert set(facts["versions"]) == {"python", "motifloom", "keras", "tensorflow", "numpy"}
    history = pd.read_csv(tmp_path / "a/history.tsv", sep="\t")
    assert facts["best"]["epoch"] == history["val_loss"].idxmin() + 1

    scores = predict_dataset(tmp_path / "a/model.keras", dataset, batch=64)
    assert (scores.shape, scores.dtype) == ((160, 1), np.float32)


def test_the_file_of_ones_own_builder_can_be_told_by_its_checksum(dataset, tmp_path):
    text = "import keras\ndef build(inputs, filters):\n    return keras.layers.GlobalMaxPooling1D()(\n"
    text += "        keras.layers.Conv1D(filters, 5)(inputs))\n"
    file = tmp_path / "mine.py"
    file.write_text(text)
    spec = {"model": {"builder": str(file), "filters": 2}, "training_params": {"epochs": 1}}
    train(spec, dataset, PARTS, **outputs(tmp_path / "run"))
    facts = json.loads((tmp_path / "run/provenance.json").read_text())
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert facts["builder"] == {"file": str(file), "sha256": digest}
    # What nobody has said, but the number of epochs.
    assert facts["in_effect"] == {
        "optimizer": "Adam",
        "learning_rate": 0.001,
        "loss": "binary_crossentropy",
        "batch_size": 64,
        "epochs": 1,
    }
