"""The one number an experiment is known by, and what stands beside it on the same axis."""

import math

import pandas as pd

from motifloom.report.format import KIND_LABELS, is_missing, metric_label, number, target_label

PREFERRED = {"regression": ["pearson", "spearman", "r2"]}
CLASSIFICATION = ["auroc", "auprc", "accuracy"]
ERRORS = {"mse", "mae", "log_loss"}
CHANCE = {"auroc": 0.5, "mcc": 0.0, "pearson": 0.0, "spearman": 0.0, "r2": 0.0}


def headline(metrics, task):
    """Choose the headline row of a metrics table.

    The test part if there is one, the first metric that exists of AUROC, AUPRC, accuracy (Pearson,
    Spearman, R2 for regression), for all targets together, else their macro average, else the first.

    Parameters
    ----------
    metrics : pandas.DataFrame
        part, target, metric, value, ci_low, ci_high, n.
    task : str

    Returns
    -------
    dict or None
        The row, None for a table without numbers.
    """
    rows = metrics[metrics["value"].notna()]
    for part in ("test", "validation", "train", *rows["part"].unique()):
        for metric in [*PREFERRED.get(task, CLASSIFICATION), *rows["metric"].unique()]:
            found = rows[(rows["part"] == part) & (rows["metric"] == metric)]
            if len(found):
                rank = found["target"].map({"all": 0, "macro": 1}).fillna(2)
                return found.loc[rank.idxmin()].to_dict()
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
        Rows of `comparison` with a column `baseline` (bool): by seed, then k-mer, GC, label shuffle.
    """
    keys = ["part", "target", "metric"]
    rows = comparison[(comparison[keys] == [row[key] for key in keys]).all(axis=1) & comparison["value"].notna()]
    rows = rows[rows["experiment"].isin([experiment, *baselines])]
    rows = rows.assign(baseline=rows["experiment"] != experiment)
    order = rows["kind"].map({kind: place for place, kind in enumerate(KIND_LABELS)}).where(rows["baseline"], -1)
    return rows.assign(order=order).sort_values(["order", "seed"], kind="stable").drop(columns="order")


def axis(values, metric):
    """Return (low, high) of an axis on which these values of a metric are shown."""
    values = [value for value in values if not is_missing(float(value))]
    if metric in ERRORS:
        return 0.0, 1.05 * max(values, default=1.0) or 1.0
    floor = 0.5 if metric == "auroc" else 0.0
    return min(floor, math.floor(min(values, default=floor) * 10) / 10), 1.0


def strips(rows, bounds):
    """Turn comparable rows into what the templates draw: labels, texts, positions in percent of the axis."""
    several = (~rows["baseline"]).sum() > 1
    drawn = []
    for row in rows.to_dict("records"):
        own = f"seed {row['seed']}" if several else "this model"
        known = not (is_missing(row["ci_low"]) or is_missing(row["ci_high"]))
        drawn.append(
            {
                "label": KIND_LABELS.get(row["kind"], row["kind"]) if row["baseline"] else own,
                "kind": row["kind"] if row["baseline"] else "model",
                "value": number(row["value"]),
                "interval": interval(row),
                "at": _place(row["value"], bounds),
                "low": _place(row["ci_low"], bounds) if known else None,
                "high": _place(row["ci_high"], bounds) if known else None,
            }
        )
    return drawn


def summarise(comparison, experiment, baselines, row):
    """Put a headline, what stands beside it, its axis and its lead over the k-mer baseline into one dict.

    Without a comparison table the headline stands alone. `lead` is the mean over the seeds minus the k-mer
    baseline, NaN without that baseline.
    """
    alone = pd.DataFrame([{"kind": "cnn", "seed": "", "baseline": False, **row}])
    rows = alone if comparison is None else comparable(comparison, experiment, baselines, row)
    if rows["baseline"].all():
        rows = pd.concat([alone, rows], ignore_index=True)
    bounds = axis(rows[["value", "ci_low", "ci_high"]].to_numpy(float).ravel(), row["metric"])
    mean = rows.loc[~rows["baseline"], "value"].mean()
    kmer = rows.loc[rows["baseline"] & (rows["kind"] == "kmer"), "value"].mean()
    chance = row.get("prevalence") if row["metric"] == "auprc" else CHANCE.get(row["metric"])
    return {
        "metric": metric_label(row["metric"]),
        "part": row["part"],
        "target": target_label(row["target"]),
        "value": number(row["value"]),
        "interval": interval(row),
        "n": int(row["n"]),
        "strips": strips(rows, bounds),
        "axis": [f"{bound:.2g}" for bound in bounds],
        "chance": None if is_missing(chance) else _place(chance, bounds),
        "mean": mean,
        "lead": mean - kmer,
    }


def interval(row):
    """Write the confidence interval of a row, empty where it has none."""
    if is_missing(row["ci_low"]) or is_missing(row["ci_high"]):
        return ""
    return f"{number(row['ci_low'])} – {number(row['ci_high'])}"


def _place(value, bounds):
    low, high = bounds
    return round(100 * min(max((value - low) / (high - low), 0), 1), 2)
