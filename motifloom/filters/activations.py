"""Activation functions of scanning layers, with the values and argument names of Keras."""

import numpy as np

from motifloom.errors import UserError


def relu(x, negative_slope=0.0, max_value=None, threshold=0.0):
    """max(x, 0), or with a slope below `threshold` and a ceiling."""
    y = np.where(x > threshold, x, negative_slope * (x - threshold))
    return y if max_value is None else np.minimum(y, max_value)


def leaky_relu(x, negative_slope=0.2):
    """x above 0, `negative_slope` times x below."""
    return np.where(x >= 0, x, negative_slope * x)


def elu(x, alpha=1.0):
    """x above 0, alpha (exp(x) - 1) below."""
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def selu(x):
    """Scaled ELU with the constants of Klambauer et al. 2017."""
    return 1.0507009873554805 * elu(x, 1.6732632423543772)


def gelu(x, approximate=False):
    """x times the normal distribution function of x; or its tanh approximation."""
    if approximate:
        return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    from scipy.special import ndtr

    return x * ndtr(x)


def sigmoid(x):
    """1 / (1 + exp(-x))."""
    return np.exp(-np.logaddexp(0, -x))


def softplus(x):
    """log(1 + exp(x))."""
    return np.logaddexp(0, x)


def swish(x):
    """x times sigmoid(x)."""
    return x * sigmoid(x)


def linear(x):
    """x itself."""
    return x


FUNCTIONS = {
    "relu": relu,
    "leaky_relu": leaky_relu,
    "elu": elu,
    "selu": selu,
    "gelu": gelu,
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "exponential": np.exp,
    "softplus": softplus,
    "swish": swish,
    "silu": swish,
    "linear": linear,
}
# All others never fall; these two fall first and then rise, so that of a set of inputs the largest
# value is that of the largest or of the smallest.
FALL_FIRST = {"gelu", "swish", "silu"}


def apply(name, args, scores):
    """Return the activations, float32, of scores (any shape).

    They are computed in float64, so that equal order of scores gives equal order of activations.

    Raises
    ------
    UserError
        The activation function is not one of `FUNCTIONS`.
    """
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        return FUNCTIONS[known(name)](np.asarray(scores, np.float64), **args).astype(np.float32)


def known(name):
    """Return `name` where it is a supported activation function, else raise a UserError."""
    if name not in FUNCTIONS:
        raise UserError(f"activation {name!r} of a scanning layer: use one of {', '.join(FUNCTIONS)}")
    return name


def least_score(name, args, activation):
    """Return the smallest score whose activation is positive and at least `activation`.

    Activations never fall where they are positive, so this turns a threshold on activations into one
    on scores, exactly, by bisection over the float32 numbers.

    Parameters
    ----------
    name, args : str, dict
        Activation function and its arguments.
    activation : array of float
        Thresholds.

    Returns
    -------
    float32 array of the same shape
        inf where no score reaches it (also for NaN).
    """
    threshold = np.asarray(activation, np.float64)
    low = np.full(threshold.shape, _order(np.float32(-np.inf)), np.int64)
    high = np.full(threshold.shape, _order(np.float32(np.inf)), np.int64)
    while (open_ := low < high).any():
        middle = (low + high) // 2
        value = apply(name, args, _number(middle))
        enough = (value > 0) & (value >= threshold)
        low, high = np.where(open_ & ~enough, middle + 1, low), np.where(open_ & enough, middle, high)
    return _number(low)


def _order(numbers):
    """Return integers in the order of float32 numbers."""
    bits = np.asarray(numbers, np.float32).view(np.int32).astype(np.int64)
    return np.where(bits < 0, -(bits & 0x7FFFFFFF) - 1, bits)


def _number(order):
    bits = np.where(order < 0, (-(order + 1)) | 0x80000000, order)
    return bits.astype(np.uint32).view(np.float32)
