import logging

import keras
import numpy as np
import pytest

from motifloom.data.encode import DNA
from motifloom.models.layers import OneHot
from motifloom.models.montecarlo import drop, predict_dropout
from motifloom.models.predict import predict

layers = keras.layers


def build(*steps, seed=1):
    keras.utils.set_random_seed(seed)
    tokens = keras.Input((12,), dtype="uint8")
    tensor = OneHot(4)(tokens)
    for step in steps:
        tensor = step(tensor)
    return keras.Model(tokens, layers.Dense(1, activation="sigmoid")(tensor))


@pytest.fixture
def tokens():
    return np.random.default_rng(2).integers(0, 4, (9, 12), dtype=np.uint8)


def sample(model, tokens, **options):
    options = {"samples": 200, "seed": 5, "batch": 16} | options
    return predict_dropout(model, tokens, task="binary", alphabet=DNA, **options)


@pytest.mark.parametrize(
    "steps",
    [
        lambda: [layers.Flatten(), layers.Dropout(0.5)],
        lambda: [layers.SpatialDropout1D(0.5), layers.Flatten()],
        lambda: [layers.LSTM(3, dropout=0.4)],
        lambda: [layers.Bidirectional(layers.GRU(3, recurrent_dropout=0.4))],
    ],
    ids=["dropout", "spatial", "lstm", "bidirectional"],
)
def test_predictions_vary_by_dropout_of_every_kind(tokens, steps):
    mean, sd = sample(build(*steps()), tokens, samples=8)
    assert mean.shape == sd.shape == (9, 1) and mean.dtype == sd.dtype == np.float32
    assert (sd > 1e-4).all()


def test_mean_and_sd_of_a_sum_by_hand():
    """One-hot rows of ones, dropped with p = 0.5 and doubled: the logit is 2 w B, B binomial (12, 0.5)."""
    model = build(layers.Flatten(), layers.Dropout(0.5))
    dense = model.layers[-1]
    dense.set_weights([np.full((48, 1), 0.1, np.float32), np.zeros(1, np.float32)])
    dense.activation = keras.activations.linear
    tokens = np.zeros((2, 12), np.uint8)
    mean, sd = predict_dropout(model, tokens, task="regression", alphabet=DNA, samples=4000, seed=1, batch=2)
    np.testing.assert_allclose(mean, 1.2, atol=0.03)
    np.testing.assert_allclose(sd, 0.2 * np.sqrt(12 * 0.25), rtol=0.05)


def test_the_seed_decides_the_draws_and_nothing_else_does(tokens):
    model = build(layers.Flatten(), layers.Dropout(0.5))
    one, again = sample(model, tokens, samples=4), sample(model, tokens, samples=4)
    other = sample(model, tokens, samples=4, seed=6)
    np.testing.assert_array_equal(one, again)
    assert (np.array(one) != np.array(other)).any()


def test_more_samples_are_more_draws(tokens):
    model = build(layers.Flatten(), layers.Dropout(0.5))
    few, many = (sample(model, tokens, samples=n)[0] for n in (2, 400))
    plain = predict(model, tokens, task="binary", alphabet=DNA)
    assert np.abs(many - plain).mean() < np.abs(few - plain).mean()


def test_a_network_without_dropout_is_sure(tokens, caplog):
    model = build(layers.Flatten(), layers.Dropout(0.0))
    assert drop(model, 1) is None
    with caplog.at_level(logging.INFO):
        mean, sd = sample(model, tokens)
    assert "no dropout" in caplog.text and not sd.any()
    np.testing.assert_allclose(mean, predict(model, tokens, task="binary", alphabet=DNA), atol=1e-6)


def test_normalisation_stays_as_it_was_learnt(tokens):
    model = build(layers.BatchNormalization(), layers.Flatten(), layers.Dropout(1e-6))
    model.layers[2].set_weights([np.full(4, v, np.float32) for v in (1.5, 0.3, 0.2, 2.0)])
    before = [w.copy() for w in model.layers[2].get_weights()]
    mean, _ = sample(model, tokens, samples=4)
    np.testing.assert_allclose(mean, predict(model, tokens, task="binary", alphabet=DNA), atol=1e-3)
    for old, new in zip(before, model.layers[2].get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_both_strands_are_averaged_in_every_draw(tokens):
    model = build(layers.Flatten(), layers.Dropout(0.3))
    mean, sd = sample(model, tokens, reverse_complement=True)
    both = predict(model, tokens, task="binary", alphabet=DNA, reverse_complement=True)
    np.testing.assert_allclose(mean, both, atol=0.05)
    assert (sd < sample(model, tokens)[1]).mean() > 0.8
