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


def mish(x):
    """x times tanh(softplus(x))."""
    return x * np.tanh(softplus(x))


def celu(x, alpha=1.0):
    """x above 0, alpha (exp(x / alpha) - 1) below."""
    return elu(x / alpha, 1.0) * alpha


def relu6(x):
    """x between 0 and 6, else the nearer of the two."""
    return np.clip(x, 0, 6)


def hard_tanh(x):
    """x between -1 and 1, else the nearer of the two."""
    return np.clip(x, -1, 1)


def hard_sigmoid(x):
    """0 up to -3, 1 from 3 on, a straight line between."""
    return np.clip(x + 3, 0, 6) / 6


def hard_silu(x):
    """x times hard_sigmoid(x)."""
    return x * hard_sigmoid(x)


def softsign(x):
    """x / (1 + |x|)."""
    return x / (1 + np.abs(x))


def log_sigmoid(x):
    """log(sigmoid(x)): never positive, so that no window fires."""
    return -np.logaddexp(0, -x)


def squareplus(x, b=4):
    """(x + sqrt(x^2 + b)) / 2, in a form that keeps the small values on the left."""
    root = np.sqrt(x**2 + b)
    return np.where(x > 0, x + root, b / (root - np.minimum(x, 0))) / 2


def sparse_plus(x):
    """0 up to -1, x from 1 on, (x + 1)^2 / 4 between."""
    return np.where(x > 1, x, np.clip(x + 1, 0, 2) ** 2 / 4)


def sparse_sigmoid(x):
    """0 up to -1, 1 from 1 on, a straight line between."""
    return np.clip(x + 1, 0, 2) / 2


def hard_shrink(x, threshold=0.5):
    """x where it is farther than `threshold` from 0, else 0."""
    return np.where(np.abs(x) > threshold, x, 0)


def soft_shrink(x, threshold=0.5):
    """x drawn towards 0 by `threshold`."""
    return x - np.clip(x, -threshold, threshold)


def tanh_shrink(x):
    """x - tanh(x); near 0, where the two cancel out, the first terms of its series."""
    series = x**3 * (1 / 3 - x**2 * (2 / 15 - x**2 * (17 / 315)))
    return np.where(np.abs(x) < 0.03, series, x - np.tanh(x))


# Keras' others (softmax, glu, threshold, ...) read other filters too, or may fall where they are positive.
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
    "mish": mish,
    "celu": celu,
    "relu6": relu6,
    "hard_tanh": hard_tanh,
    "hard_sigmoid": hard_sigmoid,
    "hard_silu": hard_silu,
    "hard_swish": hard_silu,
    "softsign": softsign,
    "log_sigmoid": log_sigmoid,
    "squareplus": squareplus,
    "sparse_plus": sparse_plus,
    "sparse_sigmoid": sparse_sigmoid,
    "hard_shrink": hard_shrink,
    "soft_shrink": soft_shrink,
    "tanh_shrink": tanh_shrink,
}
# All others never fall; these fall first and then rise, so that of a set of inputs the largest
# value is that of the largest or of the smallest.
FALL_FIRST = {"gelu", "swish", "silu", "mish", "hard_silu", "hard_swish"}


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

    Activations never fall where they are positive (of those with a ceiling, every score that reaches it
    has the same activation), so this turns a threshold on activations into one
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
