import copy
import json
import logging

import keras
import numpy as np
import pandas as pd
import pytest

from motifloom.data.encode import DNA
from motifloom.data.store import Dataset, write_dataset
from motifloom.errors import UserError
from motifloom.models.predict import load_model
from motifloom.models.spec import build_model, check_spec, read_spec
from motifloom.models.training import fit, prepared_network, save_model, train
from motifloom.models.transfer import freeze, head, take_weights


@pytest.fixture
def layered(spec):
    """A spec with names: scan, norm, hidden, and a head of one unit that an Activation follows."""
    spec["model"]["layers"] = [
        spec["model"]["layers"][0],
        {"class_name": "BatchNormalization", "config": {"name": "norm"}},
        {"class_name": "GlobalMaxPooling1D", "config": {}},
        {"class_name": "Dense", "config": {"units": 5, "activation": "relu", "name": "hidden"}},
        {"class_name": "Dense", "config": {"units": "auto", "activation": "linear", "name": "last"}},
        {"class_name": "Activation", "config": {"activation": "auto"}},
    ]
    return spec


@pytest.fixture
def origin(layered, sizes, tmp_path):
    """The path of a network of that spec, and its weights by layer."""
    model = build_model(layered, **sizes, seed=9)
    save_model(model, tmp_path / "origin.keras")
    return tmp_path / "origin.keras", {layer.name: layer.get_weights() for layer in model.layers}


def equal(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_layers_of_the_same_name_and_shapes_take_the_weights(layered, sizes, origin, caplog):
    caplog.set_level(logging.INFO, "motifloom")
    path, weights = origin
    layered["model"]["layers"][3]["config"]["units"] = 6
    layered["model"]["layers"][0]["config"]["name"] = "other"
    model = build_model(layered, **sizes, seed=1)
    before = {layer.name: layer.get_weights() for layer in model.layers}
    assert take_weights(model, path) == ["norm"]
    for name in ("other", "hidden", "last"):
        assert equal(model.get_layer(name).get_weights(), before[name])
    assert equal(model.get_layer("norm").get_weights(), weights["norm"])
    assert f"layer other: starts anew, as there is none of this name in {path}" in caplog.text
    assert "layer hidden: starts anew, as its weights are 4x6 6 and not 4x5 5" in caplog.text
    assert f"1 layers start with the weights of {path}: norm" in caplog.text


def test_the_head_starts_anew_where_it_is_replaced(layered, sizes, origin):
    path, weights = origin
    model = build_model(layered, **sizes, seed=1)
    before = model.get_layer("last").get_weights()
    assert take_weights(model, path, replace_head=True) == ["scan", "norm", "hidden"]
    assert equal(model.get_layer("last").get_weights(), before)
    assert take_weights(model, path) == ["scan", "norm", "hidden", "last"]
    assert equal(model.get_layer("last").get_weights(), weights["last"])


def test_another_number_of_targets_needs_another_head(layered, sizes, origin):
    several = sizes | {"task": "multilabel", "n_targets": 3}
    model = build_model(layered, **several, seed=1)
    assert take_weights(model, origin[0]) == ["scan", "norm", "hidden"]


def test_the_head_of_a_network_with_branches():
    start = keras.Input((8,))
    a, b = (keras.layers.Dense(2, name=name)(start) for name in "ab")
    model = keras.Model(start, keras.layers.Activation("sigmoid")(keras.layers.Add()([a, b])))
    assert head(model) == ["a", "b"]


def test_nothing_taken_and_no_such_file(layered, sizes, origin, tmp_path):
    for entry in layered["model"]["layers"]:
        entry["config"].pop("name", None)
    layered["model"]["layers"][0]["config"]["name"] = "first"
    model = build_model(layered, **sizes)
    with pytest.raises(
        UserError, match=r"training.start_from: no layer takes weights of .*origin.keras, who"
    ):
        take_weights(model, origin[0])
    with pytest.raises(UserError, match="there is no such file"):
        take_weights(model, tmp_path / "none.keras")


def test_frozen_layers_stay_in_training(layered, sizes, examples):
    model = build_model(layered, **sizes)
    before = {layer.name: layer.get_weights() for layer in model.layers}
    assert freeze(model, ["s*", "nor?"]) == ["scan", "norm"]
    tokens, parts = examples
    fit(model, layered, tokens, parts, task="binary", alphabet=DNA)
    same = {name: equal(model.get_layer(name).get_weights(), old) for name, old in before.items() if old}
    # The normalisation keeps even its statistics, as Keras lets it do.
    assert same == {"scan": True, "norm": True, "hidden": False, "last": False}


def test_freezing_what_is_not_there_or_all(layered, sizes):
    model = build_model(layered, **sizes)
    with pytest.raises(
        UserError, match=r"training.freeze\[1\]: no layer is called 'hiden'; did you mean 'hidden'"
    ):
        freeze(model, ["scan", "hiden"])
    with pytest.raises(
        UserError, match=r"training.freeze: nothing is left to train; leave a layer such as last"
    ):
        freeze(model, ["*"])
    assert freeze(build_model(layered, **sizes), []) == []


def test_a_layer_without_weights_is_not_frozen(layered, sizes):
    model = build_model(layered, **sizes)
    for pattern, names in [("tokens", "tokens"), ("global*", "global_max_pooling1d")]:
        with pytest.raises(UserError, match=rf"^training\.freeze\[1\]: {names} has no weights to keep"):
            freeze(model, ["scan", pattern])
    assert model.get_layer("scan").trainable
    # A pattern may take some along.
    assert freeze(model, ["*[ns]*a[nx]*"]) == ["scan"]


def test_a_layer_that_starts_anew_is_not_frozen(layered, sizes, examples, origin, tmp_path):
    """It would stay as it was drawn."""
    model = build_model(layered, **sizes)
    with pytest.raises(UserError, match=r"^e\.freeze\[0\]: scan, norm takes no weights of start_from, and"):
        freeze(model, ["*n*"], "e", ["norm", "scan"])
    assert freeze(build_model(layered, **sizes), ["scan", "norm"], "e", ["hidden"]) == ["scan", "norm"]
    # What the head is, is known before a training.
    told = {"where": "m", "training_path": "e"}
    with pytest.raises(UserError, match=r"^e\.freeze\[0\]: last takes no weights of start_from"):
        check_spec(layered, **sizes, **told, training={"freeze": ["last"], "replace_head": True})
    check_spec(layered, **sizes, **told, training={"freeze": ["last"]})
    # What has the shape of the other network's is known when that is read.
    layered["model"]["layers"][0]["config"]["kernel_size"] = 6
    tokens, parts = examples
    targets = np.concatenate([parts["train"][1], parts["validation"][1]])
    frame = pd.DataFrame({"id": [f"s:{i}" for i in range(160)], "chrom": "", "target.b": targets[:, 0]})
    write_dataset(tmp_path / "d.h5", frame, [tokens], alphabet=DNA, task="binary", classes=["a", "b"])
    options = {"seed": 1, "training": {"freeze": ["norm", "scan"]}, "where": "m", "start_from": origin[0]}
    with (
        Dataset(tmp_path / "d.h5") as dataset,
        pytest.raises(UserError, match=r"^training\.freeze\[1\]: scan takes no weights of start_from"),
    ):
        prepared_network(read_spec(layered), dataset, **options)


def test_train_starts_from_another_network(layered, sizes, examples, origin, tmp_path):
    tokens, parts = examples
    targets = np.concatenate([parts["train"][1], parts["validation"][1]])
    frame = pd.DataFrame({"id": [f"s:{i}" for i in range(160)], "chrom": "", "target.b": targets[:, 0]})
    write_dataset(tmp_path / "d.h5", frame, [tokens], alphabet=DNA, task="binary", classes=["a", "b"])
    path, weights = origin
    names = {"model": "model.keras", "history": "h.tsv", "filters": "f.npz", "provenance": "p.json"}
    files = {key: tmp_path / "run" / name for key, name in names.items()}
    options = {"freeze": ["scan"], "replace_head": True, "epochs": 1}
    with Dataset(tmp_path / "d.h5") as dataset:
        part = ["train"] * 120 + ["validation"] * 40
        train(copy.deepcopy(layered), dataset, part, **files, training=options, start_from=path)
    model = load_model(files["model"])
    assert equal(model.get_layer("scan").get_weights(), weights["scan"])
    assert not equal(model.get_layer("hidden").get_weights(), weights["hidden"])
    facts = json.loads(files["provenance"].read_text())
    assert (facts["taken"], facts["frozen"]) == (["scan", "norm", "hidden"], ["scan"])
