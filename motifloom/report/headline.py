"""The one number an experiment is known by, and what stands beside it on the same axis."""

import math

import pandas as pd

from motifloom.headlines import headline_metric
from motifloom.plots.labels import BASELINES
from motifloom.report.format import (
    ERRORS,
    difference,
    is_missing,
    metric_interval,
    metric_label,
    metric_value,
    target_label,
)

AGGREGATES = {"all", "macro", "weighted"}
CHANCE = {"auroc": 0.5, "mcc": 0.0, "pearson": 0.0, "spearman": 0.0, "r2": 0.0}


def headline(metrics, task):
    """Choose the headline row of a metrics table.

    The test part if there is one; the headline metric of the task where it has a number, else the first
    of the table that has one; for all targets together or their macro average, else for the first target.

    Parameters
    ----------
    metrics : pandas.DataFrame
        part, target, metric, value, ci_low, ci_high, n.
    task : str

    Returns
    -------
    dict or None
        The row and `label`, how its target reads after the metric; None for a table without numbers.
    """
    rows = metrics[metrics["value"].notna()]
    target, preferred = headline_metric(task)
    for part in ("test", "validation", "train", *rows["part"].unique()):
        for metric in [preferred, *rows["metric"].unique()]:
            found = rows[(rows["part"] == part) & (rows["metric"] == metric)]
            if len(found):
                rank = found["target"].map({"all": 1, "macro": 1, target: 0}).fillna(2)
                row = found.loc[rank.idxmin()].to_dict()
                # The average over a single target is that target.
                single = len(set(found["target"]) - AGGREGATES) == 1
                return {**row, "label": "" if single else target_label(row["target"])}
    return None


def comparable(comparison, experiment, baselines, row):
    """List the results that stand beside a headline: the experiment's seeds, then its baselines.

    Parameters
    ----------
    comparison : pandas.DataFrame
        experiment, model, kind, seed, part, target, metric, value, ci_low, ci_high, n.
    experiment : str
    baselines : list of str
        Names that the experiment's baselines have in the column `experiment`.
    row : dict
        part, target and metric of the headline.

    Returns
    -------
    pandas.DataFrame
        Rows of `comparison` with a column `baseline` (bool): by seed, then k-mer, GC, shuffled labels.
    """
    keys = ["part", "target", "metric"]
    rows = comparison[
        (comparison[keys] == [row[key] for key in keys]).all(axis=1) & comparison["value"].notna()
    ]
    rows = rows[rows["experiment"].isin([experiment, *baselines])]
    rows = rows.assign(baseline=rows["experiment"] != experiment)
    places = {kind: place for place, kind in enumerate(BASELINES)}
    order = rows["kind"].map(places).where(rows["baseline"], -1)
    return rows.assign(order=order).sort_values(["order", "seed"], kind="stable").drop(columns="order")


def axis(values, metric):
    """Return (low, high) of an axis on which these values of a metric are shown."""
    values = [value for value in values if not is_missing(float(value))]
    if metric in ERRORS:
        return 0.0, 1.05 * max(values, default=1.0) or 1.0
    floor = 0.5 if metric == "auroc" else 0.0
    return min(floor, math.floor(min(values, default=floor) * 20) / 20), 1.0


def axis_marks(bounds, chance):
    """Return the texts at the ends of an axis and the place of chance on it in percent, None if unknown."""
    return {
        "axis": [f"{bound:.2g}".replace("-", "−") for bound in bounds],
        "chance": None if is_missing(chance) else _place(chance, bounds),
    }


def strips(rows, bounds):
    """Turn comparable rows into what the templates draw: labels, texts, positions in percent of the axis."""
    several = (~rows["baseline"]).sum() > 1
    drawn = []
    for row in rows.to_dict("records"):
        own = f"seed {row['seed']}" if several else "this model"
        known = not (is_missing(row["ci_low"]) or is_missing(row["ci_high"]))
        drawn.append(
            {
                "label": BASELINES.get(row["kind"], row["kind"]) if row["baseline"] else own,
                "kind": row["kind"] if row["baseline"] else "model",
                "value": metric_value(row["value"], row["metric"]),
                "interval": metric_interval(row),
                "at": _place(row["value"], bounds),
                "low": _place(row["ci_low"], bounds) if known else None,
                "high": _place(row["ci_high"], bounds) if known else None,
            }
        )
    return drawn


def summarise(comparison, experiment, baselines, row, differences=None):
    """Put a headline, what stands beside it, its axis and its lead over the k-mer baseline into one dict.

    Without a comparison table the headline stands alone.

    Parameters
    ----------
    comparison, experiment, baselines, row
        As in :func:`comparable`; the table may be None.
    differences : pandas.DataFrame, optional
        Paired differences with their intervals, see :func:`lead_over`.
    """
    alone = pd.DataFrame([{"experiment": experiment, "kind": "cnn", "seed": "", "baseline": False, **row}])
    rows = alone if comparison is None else comparable(comparison, experiment, baselines, row)
    if rows["baseline"].all():
        rows = pd.concat([alone, rows], ignore_index=True)
    bounds = axis(rows[["value", "ci_low", "ci_high"]].to_numpy(float).ravel(), row["metric"])
    chance = row.get("prevalence") if row["metric"] == "auprc" else CHANCE.get(row["metric"])
    return {
        "metric": metric_label(row["metric"]),
        "part": row["part"],
        "target": row["label"],
        "value": metric_value(row["value"], row["metric"]),
        "interval": metric_interval(row),
        "n": int(row["n"]),
        "rows": rows,
        "strips": strips(rows, bounds),
        **axis_marks(bounds, chance),
        "chance_value": chance,
        "by_chance": chance is not None and not _least(row) > chance,
        "seeds": int((~rows["baseline"]).sum()),
        "mean": rows.loc[~rows["baseline"], "value"].mean(),
        "lead": lead_over("kmer", rows, row, experiment, differences),
    }


def _least(row):
    """Return the lower end of a result's interval, or the result where it has none."""
    low = row.get("ci_low")
    return row["value"] if low is None or pd.isna(low) else low


def lead_over(kind, rows, row, experiment, differences=None):
    """Return how far an experiment (mean of its seeds) is above one of its baselines, None without it.

    Parameters
    ----------
    kind : str
        Kind of the baseline.
    rows : pandas.DataFrame
        From :func:`comparable`.
    row : dict
        The headline.
    experiment : str
    differences : pandas.DataFrame, optional
        experiment_a, experiment_b, part, target, metric, difference (a - b), ci_low, ci_high. Where it
        holds the pair, its difference and interval are returned.

    Returns
    -------
    dict or None
        value (float), text, interval (text, may be empty).
    """
    baseline = rows[rows["baseline"] & (rows["kind"] == kind)]
    if not len(baseline):
        return None
    value = rows.loc[~rows["baseline"], "value"].mean() - baseline["value"].mean()
    bounds = ""
    if differences is not None:
        keys = ["part", "target", "metric"]
        same = differences[(differences[keys] == [row[key] for key in keys]).all(axis=1)]
        for sign, a, b in ((1, "experiment_a", "experiment_b"), (-1, "experiment_b", "experiment_a")):
            pair = same[(same[a] == experiment) & (same[b] == baseline["experiment"].iloc[0])]
            if len(pair):
                low, high = sorted(sign * pair[["ci_low", "ci_high"]].iloc[0])
                value, bounds = sign * pair["difference"].iloc[0], f"{difference(low)} – {difference(high)}"
    return {"value": float(value), "text": difference(value), "interval": bounds}


def _place(value, bounds):
    low, high = bounds
    return round(100 * min(max((value - low) / (high - low), 0), 1), 2)
