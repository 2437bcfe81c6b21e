"""The values of a hyper-parameter as a scale from 0 to 1.

A value's position is the share of the distribution below it. Draws, suggestions, importance and pictures all
work with positions, so a logarithmic range or a bell curve is one to all of them.
"""

import itertools
import json
import math
from statistics import NormalDist

_EDGE = 1e-9  # a normal has no ends


def value_at(parameter, position):
    """Return the value of a parameter at a position.

    Parameters
    ----------
    parameter : motifloom.config.sweeps.Parameter
    position : float
        In [0, 1].

    Returns
    -------
    object
        A listed value; or an int or float of the range, rounded to multiples of `q` within it.
    """
    if parameter.family == "constant":
        return parameter.value
    if parameter.family == "categorical":
        ends = itertools.accumulate(_shares(parameter))
        index = next((n for n, end in enumerate(ends) if position < end), len(parameter.values) - 1)
        return parameter.values[index]
    if parameter.family == "int":
        low, high = int(parameter.min), int(parameter.max)
        return min(low + math.floor(position * (high - low + 1)), high)
    return _rounded(parameter, _quantile(parameter, position))


def position_of(parameter, value):
    """Return the position of a value, in [0, 1]: for a listed or whole number, the middle of its share."""
    if parameter.family == "constant":
        return 0.5
    if parameter.family == "categorical":
        shares, index = _shares(parameter), index_of(parameter, value)
        return sum(shares[:index]) + shares[index] / 2
    if parameter.family == "int":
        low, high = int(parameter.min), int(parameter.max)
        return (value - low + 0.5) / (high - low + 1)
    return min(max(_share_below(parameter, value), 0.0), 1.0)


def index_of(parameter, value):
    """Return which of the listed values a value is."""
    return [json.dumps(known) for known in parameter.values].index(json.dumps(value))


def step_at(parameter, index):
    """Return one of the `size` values of a parameter that has steps, in order."""
    if parameter.family == "constant":
        return parameter.value
    if parameter.family == "categorical":
        return parameter.values[index]
    if parameter.family == "int":
        return int(parameter.min) + index
    return _times(parameter.q, parameter.multiples[0] + index)


def corners_of(parameter):
    """Return the values that stand for all others: the listed ones, or both ends (a normal's outer 2 %)."""
    if parameter.family in ("constant", "categorical"):
        return _all_steps(parameter)
    inner = 0.02 if "normal" in parameter.family else 0.0
    ends = [value_at(parameter, inner), value_at(parameter, 1 - inner)]
    return ends if ends[0] != ends[1] else ends[:1]


def grid_point(parameters, number):
    """Return one combination of all steps, {key: value}; the last parameter changes fastest."""
    point = {}
    for key in reversed(parameters):
        number, index = divmod(number, parameters[key].size)
        point[key] = step_at(parameters[key], index)
    return {key: point[key] for key in parameters}


def _shares(parameter):
    weights = parameter.probabilities or [1] * len(parameter.values)
    return [weight / sum(weights) for weight in weights]


def _quantile(parameter, position):
    if "normal" in parameter.family:
        x = _bell(parameter).inv_cdf(min(max(position, _EDGE), 1 - _EDGE))
        return math.exp(x) if parameter.family == "log_normal" else x
    low, high = parameter.bounds
    if position <= 0 or position >= 1:
        return float(low if position <= 0 else high)
    if parameter.family == "log":
        return math.exp(math.log(low) + position * (math.log(high) - math.log(low)))
    return low + position * (high - low)


def _share_below(parameter, value):
    if parameter.family == "log_normal":
        return _bell(parameter).cdf(math.log(value)) if value > 0 else 0.0
    if parameter.family == "normal":
        return _bell(parameter).cdf(value)
    low, high = parameter.bounds
    if parameter.family == "log":
        return math.log(max(value, low) / low) / math.log(high / low)
    return (value - low) / (high - low)


def _bell(parameter):
    return NormalDist(parameter.mu or 0.0, 1.0 if parameter.sigma is None else parameter.sigma)


def _rounded(parameter, value):
    if parameter.q is None:
        return value
    n = round(value / parameter.q)
    if "normal" not in parameter.family:
        first, last = parameter.multiples
        n = min(max(n, first), last)
    return _times(parameter.q, n)


def _times(step, number):
    return step * number if isinstance(step, int) else round(step * number, 12)


def ticks_of(parameter, most=8):
    """Return places and texts for an axis: of all listed values, or of the ends of a range and between."""
    if parameter.family in ("constant", "categorical"):
        return [(position_of(parameter, value), _label(value)) for value in _all_steps(parameter)]
    values = [value_at(parameter, place) for place in (0.02, 0.25, 0.5, 0.75, 0.98)]
    if "normal" not in parameter.family:
        values = [value_at(parameter, 0.0), *values[1:-1], value_at(parameter, 1.0)]
    if parameter.family == "int" and parameter.size <= most:
        values = _all_steps(parameter)
    return [(position_of(parameter, value), _label(value)) for value in dict.fromkeys(values)]


def _all_steps(parameter):
    return [step_at(parameter, index) for index in range(parameter.size)]


def _label(value):
    text = (
        f"{value:.3g}" if isinstance(value, float) else value if isinstance(value, str) else json.dumps(value)
    )
    return text if len(text) <= 18 else f"{text[:17]}…"
