"""The metrics of a run over its extra sets taken together: their geometric mean."""

import numpy as np

from motifloom.evaluation.metrics import distribution_table, metric_distribution, rows_of

# What the rows are called among the parts of a comparison.
PART = "sets"


def average_sets(
    sets, task, classes, *, bootstrap=1000, confidence=0.95, seeds, groups=None, thresholds=0.5, custom=()
):
    """Return the geometric mean of every metric over several sets, with bootstrap intervals.

    Every set counts alike, whatever its size. The sets hold different examples, so each is resampled by
    itself.

    Parameters
    ----------
    sets : dict of str to pandas.DataFrame
        Predictions of each set; its test part counts.
    task, classes, bootstrap, confidence, thresholds, custom
        As in :func:`motifloom.evaluation.metrics.evaluate_predictions`.
    seeds : dict of str to int
        Seed of the resamples of each set.
    groups : dict of str to pandas.Series, or None
        Group of each example by set, each Series indexed by id.

    Returns
    -------
    pandas.DataFrame
        In the columns of a table of metrics, part being "sets"; n is the number of examples of all sets. A
        metric that a set does not define, or that is negative in one, is NaN, and `reason` names the set.
    """
    found = {
        name: metric_distribution(
            rows_of(table, "test"), task, classes, bootstrap=bootstrap, seed=seeds[name],
            groups=(groups or {}).get(name), thresholds=thresholds, custom=custom,
        )
        for name, table in sets.items()
    }  # fmt: skip
    every = list(found.values())
    mean = every[0]._replace(
        n=sum(one.n for one in every),
        prevalence=np.full(len(every[0].targets), np.nan),
        value=geometric_mean([one.value for one in every]),
        samples=geometric_mean([one.samples for one in every]),
    )
    frame = distribution_table(mean, confidence)
    frame.insert(0, "part", PART)
    frame["reason"] = [
        _reason(found, *place) if np.isnan(mean.value[place]) else ""
        for place in np.ndindex(mean.value.shape)
    ]
    # Those of no set at all are no news: the tables of the sets say why.
    anywhere = np.any([np.isfinite(one.value) for one in every], axis=0)
    return frame[anywhere.ravel()].reset_index(drop=True)


def geometric_mean(values):
    """Return the geometric mean over the first axis, NaN where a value is negative or not defined."""
    values = np.asarray(values, np.float64)
    values = np.where(values < 0, np.nan, values)
    with np.errstate(divide="ignore"):
        return np.exp(np.log(values).mean(axis=0))


def _reason(found, row, column):
    for name, one in found.items():
        if not one.value[row, column] >= 0:
            return f"{'negative' if one.value[row, column] < 0 else 'not defined'} in set {name}"
    return ""
