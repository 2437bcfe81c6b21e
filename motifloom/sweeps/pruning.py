"""When a trial is given up before its end."""

import math
from statistics import median

ETA = 3


def rungs(pruning, epochs):
    """Return the epochs, from 1, at which a trial of at most so many epochs may be given up."""
    if pruning.rule == "median":
        return list(range(pruning.min_epochs, epochs + 1))
    eta, found = pruning.eta or ETA, []
    while (epoch := math.ceil(pruning.min_epochs * eta ** len(found) - 1e-9)) <= epochs:
        found.append(epoch)
    return found


def hopeless(values, earlier, pruning, sign):
    """Tell whether a trial should be given up after the epoch of its last value.

    Parameters
    ----------
    values : list of float
        What each of its epochs gave.
    earlier : list of dict
        Records of earlier trials; those that failed, or were given up before this epoch, say nothing.
    pruning : motifloom.config.sweeps.Pruning
    sign : int
        1 where more is better, -1 where less is.

    Returns
    -------
    bool
        Whether the best of the trial's values is worse than the best ones of so many earlier trials up to
        the same epoch that it is not among their better half (median stopping, Golovin 2017), or among
        their best 1/eta (asynchronous successive halving, Li 2020).
    """
    if len(values) not in rungs(pruning, len(values)):
        return False
    others = [
        _best(trial["epochs"][: len(values)], sign) for trial in earlier if _reached(trial, len(values))
    ]
    if len(others) < pruning.min_trials:
        return False
    if pruning.rule == "median":
        bar = median(others)
    else:
        bar = sorted(others, reverse=True)[max(math.ceil(len(others) / (pruning.eta or ETA)) - 1, 0)]
    return _best(values, sign) < bar


def _reached(trial, epoch):
    whole = trial["state"] == "complete" and trial["epochs"]
    return whole or (trial["state"] == "pruned" and len(trial["epochs"]) >= epoch)


def _best(values, sign):
    known = (value for value in values if value is not None and math.isfinite(value))
    return max((sign * value for value in known), default=-math.inf)
