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
]


@pytest.mark.parametrize(("name", "args"), CASES)
def test_values_are_those_of_keras(name, args):
    import keras

    x = np.concatenate([np.linspace(-90, 80, 500), np.linspace(-4, 4, 200), [0.5]]).astype(np.float32)
    ours = activations.apply(name, args, x)
    theirs = np.asarray(keras.activations.get(name)(keras.ops.convert_to_tensor(x), **args))
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, theirs, rtol=3e-5, atol=3e-6)


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
    assert activations.least_score("linear", {}, np.float32(-1.0)) == scores[0]
