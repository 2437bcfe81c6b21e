import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from motifloom.errors import UserError
from motifloom.filters import activations

CASES = [
    ("relu", {}),
    ("relu", {"negative_slope": 0.1, "max_value": 3.0, "threshold": 0.5}),
    ("leaky_relu", {}),
    ("leaky_relu", {"negative_slope": 0.3}),
    ("elu", {"alpha": 1.5}),
    ("selu", {}),
    ("gelu", {}),
    ("gelu", {"approximate": True}),
    ("tanh", {}),
    ("sigmoid", {}),
    ("exponential", {}),
    ("softplus", {}),
    ("swish", {}),
    ("silu", {}),
    ("linear", {}),
    ("mish", {}),
    ("celu", {}),
    ("celu", {"alpha": 2.5}),
    ("relu6", {}),
    ("hard_tanh", {}),
    ("hard_sigmoid", {}),
    ("hard_silu", {}),
    ("hard_swish", {}),
    ("softsign", {}),
    ("log_sigmoid", {}),
    ("squareplus", {}),
    ("squareplus", {"b": 1}),
    ("sparse_plus", {}),
    ("sparse_sigmoid", {}),
    ("hard_shrink", {"threshold": 1.5}),
    ("soft_shrink", {}),
    ("tanh_shrink", {}),
]


@pytest.mark.parametrize(("name", "args"), CASES)
def test_values_are_those_of_keras(name, args):
    import keras

    x = np.concatenate([np.linspace(-90, 80, 500), np.linspace(-4, 4, 200), [0.5]]).astype(np.float32)
    ours = activations.apply(name, args, x)
    theirs = np.asarray(keras.activations.get(name)(keras.ops.convert_to_tensor(x), **args))
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, theirs, rtol=3e-5, atol=3e-6)


def test_every_function_is_compared_with_keras():
    assert {name for name, _ in CASES} == set(activations.FUNCTIONS)


def test_those_of_keras_that_are_left_out():
    """Softmax and the like read other filters too; glu halves them; threshold needs arguments."""
    import keras

    functions = {name for name, item in vars(keras.activations).items() if inspect.isfunction(item)}
    left = functions - {"get", "serialize", "deserialize"} - set(activations.FUNCTIONS)
    assert left <= {"softmax", "log_softmax", "sparsemax", "glu", "threshold"}


@pytest.mark.parametrize("name", activations.FUNCTIONS)
def test_activations_never_fall_where_they_are_positive(name):
    x = np.concatenate([np.geomspace(1e-12, 80, 4000), -np.geomspace(1e-12, 80, 4000), [0]])
    values = activations.apply(name, {}, np.sort(x).astype(np.float32))
    falls = np.diff(values) < 0
    assert not (falls & (values[:-1] > 0)).any()
    # Elsewhere, only those that are known to fall first do, and they do not fall again.
    assert falls.any() == (name in activations.FALL_FIRST)
    assert not falls.any() or not (np.diff(values) > 0)[: np.flatnonzero(falls)[-1]].any()


def test_unknown_function_is_a_user_error():
    with pytest.raises(UserError, match=r"'softmax'.*relu"):
        activations.apply("softmax", {}, np.zeros(3))


@pytest.mark.parametrize(("name", "args"), CASES)
@given(threshold=st.floats(0, 50, width=32))
def test_least_score_is_the_first_that_reaches_the_threshold(name, args, threshold):
    (score,) = activations.least_score(name, args, np.array([threshold]))
    below = np.nextafter(score, np.float32(-np.inf))
    assert score.dtype == np.float32

    def reaches(x):
        value = activations.apply(name, args, x)
        return value > 0 and value >= threshold

    assert not reaches(below)
    assert reaches(score) or score == np.inf


def test_least_scores_by_hand():
    thresholds = np.array([0.0, 1.5, 4.0, np.nan])
    scores = activations.least_score("relu", {"max_value": 3.0}, thresholds)
    assert scores[0] == np.nextafter(np.float32(0), np.float32(1))
    assert scores[1:].tolist() == [1.5, np.inf, np.inf]
    # At the ceiling, every score from there on counts; above it none, and none where nothing is positive.
    assert activations.least_score("relu6", {}, np.array([6.0, 6.5])).tolist() == [6, np.inf]
    assert activations.least_score("hard_sigmoid", {}, np.array([1.0])) == 3
    assert activations.least_score("log_sigmoid", {}, np.array([0.0])) == np.inf
    assert activations.least_score("linear", {}, np.float32(-1.0)) == scores[0]
