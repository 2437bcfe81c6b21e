"""The metrics of a run over its extra sets taken together: their geometric mean."""

import numpy as np
import pandas as pd

from motifloom.evaluation.intervals import percentile_interval
from motifloom.evaluation.metrics import metric_distribution, rows_of

COLUMNS = ["part", "target", "metric", "value", "ci_low", "ci_high", "n", "prevalence", "reason"]
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
    first = next(iter(found.values()))
    value = geometric_mean([one.value for one in found.values()])
    low, high = percentile_interval(geometric_mean([one.samples for one in found.values()]), confidence)
    frame = pd.DataFrame(
        {
            "part": PART,
            "target": np.repeat(first.targets, len(first.metrics)),
            "metric": np.tile(first.metrics, len(first.targets)),
            "value": value.ravel(),
            "ci_low": low.ravel(),
            "ci_high": high.ravel(),
            "n": np.repeat(sum(one.n for one in found.values()), len(first.metrics)),
            "prevalence": np.nan,
            "reason": [
                _reason(found, *place) if np.isnan(value[place]) else "" for place in np.ndindex(value.shape)
            ],
        }
    )
    # Those of no set at all are no news: the tables of the sets say why.
    anywhere = np.any([np.isfinite(one.value) for one in found.values()], axis=0)
    return frame[anywhere.ravel()].reset_index(drop=True)[COLUMNS]


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
