"""What each filter is worth: how much worse the model does when it is changed, with paired intervals.

Losses and scores come from :class:`motifloom.models.perturb.Perturbation`; nothing here computes a model.

The interval of an importance has two sources of variance, the examples (in independent groups) and the
iterations of the shuffling, taken as crossed random effects: their variances are added, which is what the
pigeonhole bootstrap (Owen 2007, doi:10.1214/07-AOAS122) estimates, without its resamples; see
:mod:`motifloom.filters.influence`. Student's t has the degrees of freedom of Satterthwaite 1946.

A loss also rises when predictions merely move, and a model that learnt nothing has nothing that a filter
could be worth. An interval therefore reaches down to 0 unless the unchanged model is better than chance, at
the same confidence, on the same examples (AUROC above 0.5, Pearson correlation above 0). Where labels have
nothing to do with the sequences, this keeps all filters, metrics and kinds of change together from an
interval above 0, but for (1 - confidence) / 2 of such datasets.
"""

import logging

import numpy as np
import pandas as pd

from motifloom.filters.influence import LOW_IS_GOOD, estimate, mean_estimate, metric_names, variance
from motifloom.headlines import headline_metric

logger = logging.getLogger(__name__)

MEASURES = ["perturbation", "metric", "importance", "ci_low", "ci_high", "baseline", "iterations", "n"]
COLUMNS = ["filter", *MEASURES, "rank"]
GROUP_COLUMNS = ["group", "filters", *MEASURES, "rank"]
ITERATIONS = ["filter", "perturbation", "metric", "iteration", "value"]
PERTURBATIONS = ["shuffle", "knockout"]
# The number that a filter is known by: the loss does not saturate as ranks of the scores do, and a shuffled
# filter stays in the range that later layers know, which the mean of a channel, once pooled, need not.
HEADLINE = "shuffle", "loss"
DEFAULT_METRICS = {
    "binary": ["auroc", "auprc"],
    "multiclass": ["auroc", "auprc"],
    "multilabel": ["auroc", "auprc"],
    "regression": ["pearson", "r2"],
}


class Measure:
    """Compares changed models with the unchanged one, example by example.

    Parameters
    ----------
    baseline : (loss float (n,), scores float (n, T))
        Of the unchanged model.
    targets : float (n, T)
    task : str
        binary, multiclass, multilabel or regression.
    metrics : list of str or None
        Of :func:`motifloom.filters.influence.metric_names`, beside the model's own loss; default
        `DEFAULT_METRICS`.
    groups : sequence (n,) or None
        Group of each example; those of different groups are independent. Default: each is a group.
    confidence : float
        Level of the intervals, in (0, 1).
    method : {"mean", "median"}
        How iterations are summed up.

    Attributes
    ----------
    metrics : list of str
        "loss", then the metrics.
    baseline : dict of str to float
        Value of each, of the unchanged model.
    skilled : bool
        Whether the unchanged model is better than chance.

    Raises
    ------
    ValueError
        For an unknown metric or method.
    """

    def __init__(self, baseline, targets, task, *, metrics=None, groups=None, confidence=0.95, method="mean"):
        metrics = DEFAULT_METRICS[task] if metrics is None else list(metrics)
        unknown = [metric for metric in metrics if metric not in metric_names(task)]
        if unknown or method not in ("mean", "median"):
            raise ValueError(f"{unknown or method}: metrics are {metric_names(task)}, methods mean, median")
        self._targets, self._task, self._confidence, self._method = targets, task, confidence, method
        self.metrics = ["loss", *metrics]
        units = np.arange(len(targets)) if groups is None else groups
        self._groups = np.unique(units, return_inverse=True)[1]
        self._n_groups = int(self._groups.max()) + 1
        loss, scores = (np.asarray(array)[None] for array in baseline)
        self._before = {metric: self._estimate(metric, loss, scores) for metric in self.metrics}
        self.baseline = {metric: float(found.value[0]) for metric, found in self._before.items()}
        self.skilled = self._better_than_chance(scores)

    def compare(self, outcome):
        """Return the importance by every metric, and the values of all iterations.

        Parameters
        ----------
        outcome : (loss float (I, n), scores float (I, n, T))
            Of a changed model, in I iterations.

        Returns
        -------
        list of dict
            For each metric: metric, importance (rise of a loss or error, fall of a metric whose high is
            good), ci_low, ci_high, baseline, iterations, n.
        float64 (metrics, I)
        """
        rows, values = [], []
        for metric in self.metrics:
            after, before = self._estimate(metric, *outcome), self._before[metric]
            sign = 1 if metric in LOW_IS_GOOD else -1
            importance, low, high = self._interval(
                sign * (after.value - before.value), sign * (after.influence - before.influence)
            )
            rows.append(
                {
                    "metric": metric,
                    "importance": importance,
                    "ci_low": low if self.skilled else min(low, 0.0),
                    "ci_high": high if self.skilled else max(high, 0.0),
                    "baseline": self.baseline[metric],
                    "iterations": len(after.value),
                    "n": len(self._targets),
                }
            )
            values.append(after.value)
        return rows, np.array(values)

    def _estimate(self, metric, loss, scores):
        if metric == "loss":
            return mean_estimate(loss)
        # A change that leaves one prediction for all has lost all correlation.
        return estimate(metric, self._targets, scores, self._task, constant=0.0)

    def _interval(self, values, influence):
        """Return the importance of iterations (I,) with influences (I, n), and its interval."""
        n = len(values)
        if self._method == "mean":
            middle, spread = np.arange(n), 1.0
        else:  # of normal values, the median varies by pi / 2 more than the mean
            middle, spread = np.argsort(values, kind="stable")[(n - 1) // 2 : n // 2 + 1], np.pi / 2
        importance = float(values[middle].mean())
        parts = np.zeros(2)
        parts[0] = variance(influence[middle].mean(axis=0), self._groups, self._n_groups)
        if n > 1:
            parts[1] = spread * values.var(ddof=1) / n
        half = float(np.sqrt(parts.sum()))
        if half > 0:
            freedom = np.array([self._n_groups - 1, max(n - 1, 1)])
            half *= self._quantile(parts.sum() ** 2 / (parts**2 / freedom).sum())
        return importance, importance - half, importance + half

    def _quantile(self, freedom):
        from scipy.special import stdtrit

        return float(stdtrit(freedom, (1 + self._confidence) / 2))

    def _better_than_chance(self, scores):
        metric = headline_metric(self._task)[1]
        found = estimate(metric, self._targets, scores, self._task)
        _, low, _ = self._interval(found.value - (0.5 if metric == "auroc" else 0.0), found.influence)
        if not low > 0:
            logger.warning(
                "%s of the model: %.3f, not better than chance on %d examples; no filter's importance is "
                "called above 0",
                metric,
                found.value[0],
                len(self._targets),
            )
        return bool(low > 0)


def filter_importance(perturbation, filters, measure, *, iterations=10, seed=0):
    """Measure filters one by one, shuffled and knocked out.

    Parameters
    ----------
    perturbation : motifloom.models.perturb.Perturbation
        Or anything with its `shuffle` and `knockout`.
    filters : list of str
        Any subset, in the order wanted. The rows of a filter do not depend on the others, so that subsets
        can be measured in jobs of their own and joined by :func:`join`.
    measure : Measure
    iterations : int
        Of the shuffling; a knockout has one.
    seed : int

    Returns
    -------
    DataFrame
        `COLUMNS` without rank.
    DataFrame
        `ITERATIONS`: value of each metric in every iteration.
    """
    units = [[name] for name in filters]
    rows, values = [], []
    for name, kind, found in _measured(perturbation, units, measure, iterations, seed, keys=filters):
        rows += [{"filter": name, "perturbation": kind, **row} for row in found[0]]
        for metric, numbers in zip(measure.metrics, found[1], strict=True):
            values += [(name, kind, metric, number, value) for number, value in enumerate(numbers)]
    return pd.DataFrame(rows, columns=COLUMNS[:-1]), pd.DataFrame(values, columns=ITERATIONS)


def group_importance(perturbation, groups, measure, *, iterations=10, seed=0):
    """Measure filters that change together.

    Parameters
    ----------
    groups : dict of (str or int) to list of str
        Filters of each group; see :func:`redundant_groups`.
    perturbation, measure, iterations, seed
        As in :func:`filter_importance`.

    Returns
    -------
    DataFrame
        `GROUP_COLUMNS`, with rank.
    """
    rows = [
        {"group": group, "filters": ",".join(groups[group]), "perturbation": kind, **row}
        for group, kind, found in _measured(
            perturbation, list(groups.values()), measure, iterations, seed, keys=list(groups)
        )
        for row in found[0]
    ]
    return rank(pd.DataFrame(rows, columns=GROUP_COLUMNS[:-1]))


def _measured(perturbation, units, measure, iterations, seed, keys):
    """Yield (key, kind of change, what `measure` finds) of every unit."""
    shuffled = perturbation.shuffle(units, iterations=iterations, seed=seed)
    for done, (key, *outcomes) in enumerate(zip(keys, shuffled, perturbation.knockout(units), strict=True)):
        if done and done % 50 == 0:
            logger.info("%d of %d measured", done, len(units))
        for kind, outcome in zip(PERTURBATIONS, outcomes, strict=True):
            yield key, kind, measure.compare(outcome)


def redundant_groups(clusters):
    """Return {group: filters} of the groups of two or more filters in a table (filter, redundancy_group)."""
    members = clusters.dropna(subset="redundancy_group").groupby("redundancy_group", sort=True)["filter"]
    return {int(group): list(names) for group, names in members if len(names) > 1}


def join(tables, filters=None):
    """Join tables of subsets of the filters, or of groups of filters.

    Parameters
    ----------
    tables : iterable of DataFrame
        From :func:`filter_importance`, both kinds, or :func:`group_importance`.
    filters : list of str or None
        All filters, in the order wanted; for groups None: they are sorted.

    Returns
    -------
    DataFrame
        Ranked where there is an importance to rank.
    """
    tables = list(tables)
    # Empty tables, read from a file, have columns of no type, which would spread.
    table = pd.concat([one for one in tables if len(one)] or tables[:1], ignore_index=True)
    if filters is None:
        order = table["group"]
    else:
        order = table["filter"].map({name: place for place, name in enumerate(filters)})
    table = table.iloc[np.argsort(order, kind="stable")].reset_index(drop=True)
    return rank(table) if "importance" in table else table


def rank(table):
    """Add the column rank: 1 for the most important within a kind of change and a metric.

    Equal ones share the smallest rank; without an importance there is none.
    """
    by = table["importance"].astype(float).groupby([table["perturbation"], table["metric"]], sort=False)
    ranks = by.rank(ascending=False, method="min").astype("Int64")
    return table.drop(columns="rank", errors="ignore").assign(rank=ranks)
