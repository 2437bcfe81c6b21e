import keras
import numpy as np
import pytest

from motifloom.data.encode import DNA
from motifloom.errors import UserError
from motifloom.models.layers import OneHot
from motifloom.models.predict import predict, predict_strands


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
