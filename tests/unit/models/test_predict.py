import keras
import numpy as np
import pytest

from motifloom.data.encode import DNA
from motifloom.errors import UserError
from motifloom.models.layers import OneHot
from motifloom.models.predict import load_model, predict, predict_strands
from motifloom.models.spec import build_model
from motifloom.models.training import save_model


@pytest.fixture
def model():
    keras.utils.set_random_seed(1)
    tokens = keras.Input((6,), dtype="uint8")
    tensor = keras.layers.Flatten()(OneHot(4)(tokens))
    return keras.Model(tokens, keras.layers.Dense(2, activation="sigmoid")(tensor))


@pytest.fixture
def tokens():
    return np.random.default_rng(2).integers(0, 5, (7, 6), dtype=np.uint8)


def test_scores_by_hand_in_batches_of_any_size(model, tokens):
    kernel, bias = model.layers[-1].get_weights()
    flat = np.eye(5, dtype=np.float32)[tokens][:, :, :4].reshape(7, 24)
    expected = 1 / (1 + np.exp(-(flat @ kernel + bias)))
    for batch in (3, 7, 512):
        found = predict(model, tokens, task="multilabel", alphabet=DNA, batch=batch)
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_strands_one_by_one_and_their_mean(model, tokens):
    both = predict_strands(model, tokens, task="multilabel", alphabet=DNA, batch=4)
    assert both.shape == (7, 2, 2) and both.dtype == np.float32
    options = {"task": "multilabel", "alphabet": DNA}
    np.testing.assert_allclose(both[:, 0], predict(model, tokens, **options), atol=1e-6)
    reverse = predict(model, DNA.reverse_complement(tokens), **options)
    np.testing.assert_allclose(both[:, 1], reverse, atol=1e-6)
    mean = predict(model, tokens, reverse_complement=True, **options)
    np.testing.assert_allclose(both.mean(axis=1), mean, atol=1e-6)
    assert np.abs(both[:, 0] - both[:, 1]).max() > 1e-3


def test_sequences_of_another_length_are_refused(model, tokens):
    for function in (predict, predict_strands):
        with pytest.raises(UserError, match="takes sequences of 6 letters, not of 5"):
            function(model, tokens[:, 1:], task="binary", alphabet=DNA)


def test_logits_become_probabilities(tokens):
    start = keras.Input((6,), dtype="uint8")
    logits = keras.layers.Dense(1)(keras.layers.Flatten()(OneHot(4)(start)))
    model = keras.Model(start, logits)
    model.compile(loss=keras.losses.BinaryCrossentropy(from_logits=True))
    scores = predict_strands(model, tokens, task="binary", alphabet=DNA)
    raw = model.predict_on_batch(tokens)
    np.testing.assert_allclose(scores[:, 0], 1 / (1 + np.exp(-raw)), atol=1e-6)


def test_predictions_do_not_depend_on_the_batch(spec, sizes, examples):
    model, tokens = build_model(spec, **sizes), examples[0]
    whole = np.asarray(model(tokens))
    for batch in (7, 160, 512):
        scores = predict(model, tokens, task="binary", alphabet=DNA, batch=batch)
        np.testing.assert_allclose(scores, whole, rtol=1e-5)


def test_both_strands_are_averaged(spec, sizes, examples):
    model, tokens = build_model(spec, **sizes), examples[0]
    both = predict(model, tokens, task="binary", alphabet=DNA, reverse_complement=True)
    turned = DNA.reverse_complement(tokens)
    expected = (np.asarray(model(tokens)) + np.asarray(model(turned))) / 2
    np.testing.assert_allclose(both, expected, rtol=1e-5)
    again = predict(model, turned, task="binary", alphabet=DNA, reverse_complement=True)
    np.testing.assert_allclose(both, again, rtol=1e-5)


@pytest.mark.parametrize(
    ("task", "loss"), [("binary", "BinaryCrossentropy"), ("multiclass", "CategoricalCrossentropy")]
)
def test_logits_of_a_loss_become_probabilities_also_after_saving(spec, sizes, examples, tmp_path, task, loss):
    n_targets = 1 if task == "binary" else 3
    spec["model"]["layers"][-1]["config"] = {"units": n_targets}
    spec["compile"]["loss"] = {"class_name": loss, "config": {"from_logits": True}}
    model = build_model(spec, **(sizes | {"task": task, "n_targets": n_targets}))
    save_model(model, tmp_path / "m.keras")
    logits = np.asarray(model(examples[0]), np.float64)
    scores = predict(load_model(tmp_path / "m.keras"), examples[0], task=task, alphabet=DNA)
    if task == "binary":
        expected = 1 / (1 + np.exp(-logits))
    else:
        expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(scores, expected, rtol=1e-4)


def test_sequences_of_another_length_than_a_spec_was_built_for_are_refused(spec, sizes):
    with pytest.raises(UserError, match="takes sequences of 30 letters, not of 29"):
        predict(build_model(spec, **sizes), np.zeros((2, 29), np.uint8), task="binary", alphabet=DNA)


def test_files_that_are_no_model(tmp_path):
    with pytest.raises(UserError, match="there is no such file"):
        load_model(tmp_path / "none.keras")
    (tmp_path / "bad.keras").write_bytes(b"no zip")
    with pytest.raises(UserError, match="not a model that can be loaded"):
        load_model(tmp_path / "bad.keras")


def test_a_file_with_code_is_not_loaded(tmp_path):
    start = keras.Input((3,))
    keras.Model(start, keras.layers.Lambda(lambda x: x * 2)(start)).save(tmp_path / "m.keras")
    with pytest.raises(UserError, match="not a model that can be loaded"):
        load_model(tmp_path / "m.keras")
