"""The page of all experiments side by side."""

import pandas as pd

from motifloom.plots.labels import BASELINES
from motifloom.report.headline import axis, axis_marks, headline, strips, summarise
from motifloom.report.page import write_page
from motifloom.report.sections import TASKS, whole_verdict


def build_index(experiments, comparison, path, *, differences=None, audits=None, starts=None, links=None):
    """Write the page that lays all experiments side by side, those with the same headline on one axis.

    Parameters
    ----------
    experiments : list of dict
        name, task, dataset, model, n (number of examples), baselines (list of names in `comparison`),
        report (path of its page relative to `path`, or None: a baseline has none).
    comparison : pandas.DataFrame
        experiment, model, kind, dataset, seed, part, target, metric, value, ci_low, ci_high, n.
    path : path
        Where the HTML file goes.
    differences : pandas.DataFrame, optional
        Paired differences between experiments, with intervals.
    audits : dict of str to pandas.DataFrame, optional
        The leakage audit of each dataset.
    starts : dict of str to pandas.DataFrame, optional
        The audit of what each experiment starts from, where it does.
    links : dict of str to str, optional
        Tables that the page links to: label -> path relative to `path`.
    """
    groups = {}
    for experiment in experiments:
        row = _row(experiment, comparison, differences, audits or {}, starts or {})
        groups.setdefault(row["group"], []).append(row)
    write_page(
        path,
        "index.html",
        groups=[_group(key, rows) for key, rows in groups.items()],
        total=len(experiments),
        links=links or {},
        pageless=_pageless(experiments),
        baselines={kind: label for kind, label in BASELINES.items() if kind in set(comparison["kind"])},
    )


def _pageless(experiments):
    """Say why experiments have no page and where their results are; empty where all have one."""
    missing = sum(not experiment["report"] for experiment in experiments)
    if not missing:
        return ""
    which = "None of these experiments" if missing == len(experiments) else "Not every experiment"
    return (
        f"{which} has a page of its own: pages are of networks, and of runs over folds and ensembles. The "
        "results of a baseline are here and in the tables."
    )


def _row(experiment, comparison, differences, audits, starts):
    own = comparison[comparison["experiment"] == experiment["name"]]
    first = own[own["seed"] == own["seed"].min()]
    best = headline(first, experiment["task"])
    baselines = experiment.get("baselines", [])
    summary = best and summarise(comparison, experiment["name"], baselines, best, differences)
    return {
        **experiment,
        "task": TASKS.get(experiment["task"], experiment["task"]),
        "summary": summary,
        "group": (best["metric"], best["part"]) if best else None,
        "audit": whole_verdict(audits.get(experiment["dataset"]), starts.get(experiment["name"])),
        "baseline": next((BASELINES[kind] for kind in own["kind"] if kind in BASELINES), ""),
    }


def _group(key, rows):
    """Put the rows of one headline metric on a common axis."""
    if key is None:
        return {"title": "Without metrics", "rows": rows, "axis": None, "chance": None}
    metric, part = key
    drawn = pd.concat([row["summary"]["rows"] for row in rows])
    bounds = axis(drawn[["value", "ci_low", "ci_high"]].to_numpy(float).ravel(), metric)
    for row in rows:
        row["strips"] = strips(row["summary"]["rows"], bounds)
    # Chance is the same for all only where it does not depend on the data.
    chance = {row["summary"]["chance_value"] for row in rows}
    title = f"{rows[0]['summary']['metric']}, {part} part"
    return {"title": title, "rows": rows, **axis_marks(bounds, chance.pop() if len(chance) == 1 else None)}
