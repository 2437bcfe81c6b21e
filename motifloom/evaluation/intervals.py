"""Bootstrap: how far a number would move if the examples had been drawn again.

A resample is a vector of weights, how often each example was drawn. A statistic that takes a block of
such vectors serves all resamples with one sort of the scores and a few matrix products, and the statistic
of weights of one is the plain value.

Method: percentile bootstrap (Efron 1979). Examples of one locus are not independent of each other, so
whole groups can be drawn instead of examples (cluster bootstrap; Field and Welsh 2007,
doi:10.1111/j.1467-9868.2007.00593.x).
"""

import numpy as np

# Elements of a block of weights: few enough for the cache, enough to make the loop over blocks cheap.
_BLOCK = 2**16

# Resamples may lack a class, which leaves a metric undefined. Beyond a tenth of them, an interval over
# the rest would tell of another population.
_DEFINED = 0.9


def resample_weights(units, bootstrap, rng):
    """Yield blocks of resamples as weights of the examples.

    Parameters
    ----------
    units : int (N,)
        The unit that each example belongs to, 0 to U - 1. Every resample draws U units with replacement.
    bootstrap : int
        Number of resamples.
    rng : numpy.random.Generator
        Source of the draws.

    Yields
    ------
    float64 (N, b)
        How often each example was drawn in b resamples; the b of all blocks sum to `bootstrap`.
    """
    units = np.asarray(units)
    n_units = int(units.max()) + 1
    width = int(np.clip(_BLOCK // n_units, 1, bootstrap))
    for start in range(0, bootstrap, width):
        width = min(width, bootstrap - start)
        drawn = rng.integers(0, n_units, (n_units, width)) * width + np.arange(width)
        counts = np.bincount(drawn.ravel(), minlength=n_units * width).reshape(n_units, width)
        yield counts[units].astype(np.float64)


def bootstrap_values(statistic, units, bootstrap, rng):
    """Return the value of a statistic and its values in resamples.

    Parameters
    ----------
    statistic : callable
        Takes weights, float64 (N, b), and returns values (..., b).
    units : int (N,)
        The unit that each example belongs to, 0 to U - 1: its own number, or that of its group.
    bootstrap : int
        Number of resamples.
    rng : numpy.random.Generator
        Source of the draws.

    Returns
    -------
    value : float64 (...)
        The statistic of the examples as they are.
    samples : float64 (..., bootstrap)
        The statistic of every resample; NaN where there is only one unit, which tells nothing of spread.
    """
    value = statistic(np.ones((len(units), 1)))[..., 0]
    if bootstrap and len(np.unique(units)) > 1:
        samples = [statistic(weights) for weights in resample_weights(units, bootstrap, rng)]
        return value, np.concatenate(samples, axis=-1)
    return value, np.full((*value.shape, bootstrap), np.nan)


def percentile_interval(samples, confidence):
    """Return the percentile interval of resampled values.

    Parameters
    ----------
    samples : float (..., B)
        Values in B resamples, NaN where a resample leaves the statistic undefined.
    confidence : float
        Level of the interval, in (0, 1).

    Returns
    -------
    low, high : float64 (...)
        Bounds; NaN where fewer than nine in ten resamples define the statistic.
    """
    samples = np.asarray(samples, np.float64)
    bounds = np.full((2, *samples.shape[:-1]), np.nan)
    enough = np.isfinite(samples).sum(axis=-1) >= max(_DEFINED * samples.shape[-1], 1)
    if enough.any():
        tails = [(1 - confidence) / 2, (1 + confidence) / 2]
        bounds[:, enough] = np.nanquantile(samples[enough], tails, axis=-1)
    return bounds[0], bounds[1]


def bootstrap_p_value(differences):
    """Return the two-sided bootstrap p-value of no difference.

    Twice the smaller share of resamples on either side of 0 (0 counts for both), with one added to numerator
    and denominator, so that it is never 0 (Davison and Hinkley 1997, section 4.2). It is the level at
    which the percentile interval just reaches 0.

    Parameters
    ----------
    differences : float (..., B)
        Differences in B resamples, NaN where undefined.

    Returns
    -------
    float64 (...)
        p in (0, 1]; NaN where fewer than nine in ten resamples define the difference.
    """
    differences = np.asarray(differences, np.float64)
    defined = np.isfinite(differences)
    n = defined.sum(axis=-1)
    with np.errstate(invalid="ignore"):
        fewer = np.minimum((differences <= 0).sum(axis=-1), (differences >= 0).sum(axis=-1))
    p = np.minimum(2 * (fewer + 1) / (n + 1), 1.0)
    return np.where(n >= max(_DEFINED * differences.shape[-1], 1), p, np.nan)
