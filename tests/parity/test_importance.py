"""Importance of the filters of Cnnamon's models, against Cnnamon's own run.

Its draws cannot be repeated (they are seeded by the process number), so that its ten losses per filter are
compared with the distribution of ours.
"""

import json
import warnings

import numpy as np
import pandas as pd
import pytest

from motifloom.filters.importance import Measure

pytest.importorskip("keras")

from motifloom.errors import UserError
from motifloom.models.perturb import Perturbation
from motifloom.models.spec import build_model

ITERATIONS = 200


@pytest.fixture(scope="module")
def changes(reference, model, tokens, labels):
    """The network, made again from its configuration and weights."""
    config = json.loads((reference / f"{model}_config.json").read_text())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras 2 called the slope of a LeakyReLU alpha
            network = build_model(config, length=300, alphabet_size=4, task="binary", n_targets=1)
    except UserError as error:
        pytest.skip(f"this Keras cannot build {model}: {error}")
    with np.load(reference / f"{model}_all_weights.npz") as weights:
        network.set_weights([weights[name] for name in weights])
    return Perturbation(network, tokens, labels, task="binary")


@pytest.fixture(scope="module")
def cnnamon(reference, model):
    """Cnnamon's losses (iterations, filters), its baseline, and its importances (filters,)."""
    losses = pd.read_csv(reference / f"{model}_importance_n500_i10_c1.csv", index_col=0)
    facts = json.loads((reference / f"{model}_importance_n500_i10_c1.json").read_text())
    return losses.to_numpy(), facts["baseline"], np.array([facts["score"][name] for name in losses])


def test_predictions_and_loss_are_cnnamons(changes, cnnamon, reference, model):
    baseline = changes.baseline()
    np.testing.assert_allclose(baseline.scores, np.load(reference / f"{model}_pred500.npy"), atol=1e-5)
    assert baseline.loss.mean() == pytest.approx(cnnamon[1], abs=1e-5)


def test_losses_of_shuffled_filters_are_drawn_from_the_same_distribution(changes, cnnamon):
    units = [[name] for name in changes.filters]
    shuffled = changes.shuffle(units, iterations=ITERATIONS, seed=1)
    ours = np.array([outcome.loss.mean(axis=1, dtype=float) for outcome in shuffled]).T
    theirs = cnnamon[0]
    assert ours.shape == (ITERATIONS, 12) and theirs.shape == (10, 12)
    # 240 draws, of which one in 201 may lie beyond all of ours on either side.
    outside = (theirs < ours.min(axis=0)) | (theirs > ours.max(axis=0))
    assert outside.sum() <= 6
    error = np.sqrt(ours.var(axis=0, ddof=1) / ITERATIONS + theirs.var(axis=0, ddof=1) / 10)
    z = (ours.mean(axis=0) - theirs.mean(axis=0)) / error
    # t with 9 degrees of freedom, 24 of them: beyond 4.5 once in 30 such comparisons; the sum of 12
    # squares has mean 15 and standard deviation 9.
    assert np.abs(z).max() < 4.5
    assert (z**2).sum() < 15 + 4 * 9


def test_importance_is_cnnamons_mean_loss_less_the_baseline(changes, cnnamon, labels):
    theirs, baseline, scores = cnnamon
    np.testing.assert_allclose(theirs.mean(axis=0) - baseline, scores, atol=1e-6)
    before = changes.baseline()
    measure = Measure(before, labels, "binary", metrics=[])
    (outcome,) = changes.shuffle([changes.filters[:1]], iterations=10, seed=1)
    ((row,), values) = measure.compare(outcome)
    assert row["importance"] == pytest.approx(values.mean() - row["baseline"], abs=1e-9)
    assert row["baseline"] == pytest.approx(baseline, abs=1e-5)
