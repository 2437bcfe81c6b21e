"""What each section of an experiment's page shows: tables turned into plain values for the templates."""

import re

import numpy as np
import pandas as pd
import yaml

from motifloom.io import flatten
from motifloom.plots.data import class_members
from motifloom.plots.labels import BASELINES, METRIC_LABELS, training_label
from motifloom.report.format import (
    FURTHER,
    PARTS,
    is_missing,
    metric_interval,
    metric_label,
    metric_value,
    number,
    target_label,
)
from motifloom.report.headline import AGGREGATES, headline, summarise
from motifloom.report.svg import inline_svg

DATA_FIGURES = {
    "counts": "Examples by source, class and part",
    "gc_content": "GC content by class",
}
TASKS = {
    "binary": "binary classification",
    "multiclass": "multi-class classification",
    "multilabel": "multi-label classification",
    "regression": "regression",
}
RULES = {"f1": "F1", "mcc": "the MCC", "youden": "recall + specificity"}
_MOST_THRESHOLDS = 6
_MOST_MISTAKES = 12

# In a reason of the ledger; digits of names, such as chr1, are none.
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w])")

AUDIT_CHECKS = {
    "overlap": "overlapping windows",
    "identical": "identical sequences",
    "reverse_complement": "reverse complements",
    "near_duplicate": "near-duplicate sequences",
    "parent": "negatives and what they were made for",
}


def header_section(report):
    """Return what the head of the page shows: counts, the headline with its company, the audit's verdict."""
    best = first_headline(report)
    return {
        "task": TASKS.get(report.task, report.task),
        "n": len(report.regions),
        "classes": report.classes,
        "headline": best
        and summarise(report.comparison, report.name, report.baselines, best, report.differences),
        "audit": whole_verdict(report.audit, report.starts),
    }


def first_headline(report):
    """Return the headline row of the first seed that has metrics, or None."""
    rows = (headline(run.metrics, report.task) for run in report.runs if run.metrics is not None)
    return next((row for row in rows if row), None)


def audit_verdict(audit, subject=""):
    """Return (state, text) of the audit of a split, or of a set (subject); state is ok, leak or unknown."""
    if audit is None or not len(audit):
        return "unknown", f"{subject or 'split'} not audited"
    leaks = audit[audit["leak"] == "yes"]
    if not len(leaks):
        return "ok", f"{subject} shares nothing with training" if subject else "no leak between the parts"
    kinds = leaks["check"].nunique()
    found = f"{kinds} check{'s' if kinds > 1 else ''}"
    if subject:
        return "leak", f"{subject} has examples in common with training ({found})"
    return "leak", f"leaks found by {found} of the split"


def whole_verdict(audit, starts):
    """Return (state, text) of the audit of a split and of what an experiment starts from (None: nothing)."""
    state, text = audit_verdict(audit)
    if starts is None:
        return state, text
    for leak, then, found in (
        ("yes", "leak", "was trained on what is in the test part here"),
        ("unknown", "unknown", "is not audited"),
    ):
        names = list(dict.fromkeys(starts.loc[starts["leak"] == leak, "start"]))
        text += "".join(f"; {name}, which it starts from, {found}" for name in names)
        state = then if names and state != "leak" else state
    return state, text


def data_section(report):
    """Return the Data section: sources, counts, ledger, audit and pictures."""
    counts = class_counts(report.regions, report.parts, report.task, report.classes)
    return {
        "sources": source_rows(report),
        "counts": counts.to_dict("records"),
        "parts": [column for column in counts.columns if column not in ("source", "class", "total")],
        "overlapping": report.task == "multilabel",
        "groups": None if report.split is None else report.split["group"].nunique(),
        "ledger": [] if report.ledger is None else ledger_summary(report.ledger).to_dict("records"),
        "lost": 0 if report.ledger is None else len(report.ledger),
        "audit": audit_grid(report.audit, report.starts),
        "figures": drawn(report.figures, "data"),
    }


def class_counts(regions, parts, task, classes):
    """Count examples by source, class and part.

    Parameters
    ----------
    regions : pandas.DataFrame
        id, source, target.<name>.
    parts : pandas.Series or None
        Part by id.
    task : str
    classes : list of str

    Returns
    -------
    pandas.DataFrame
        source, class, one column per part, total; rows without any example are left out. An example of a
        multilabel task counts under each of its labels, or under "no label"; for regression the class is "".
    """
    everything = {"": np.ones(len(regions), dtype=bool)}
    members = everything if task == "regression" else class_members(regions, task, classes)
    part = (
        pd.Series("total", index=regions.index)
        if parts is None
        else regions["id"].map(parts).fillna("unused")
    )
    order = [*PARTS, *part.unique()]
    rows = []
    for source in regions["source"].unique():
        for name, inside in members.items():
            found = part[inside & (regions["source"] == source)].value_counts()
            if len(found):
                rows.append({"source": source, "class": name, **found, "total": int(found.sum())})
    table = pd.DataFrame(rows, columns=["source", "class", *dict.fromkeys(order), "total"])
    table = table.loc[:, ~table.columns.duplicated()].dropna(axis=1, how="all").fillna(0)
    return table.astype(dict.fromkeys(table.columns[2:], int))


def source_rows(report):
    """List the sources: name, kind, file, first digits of its SHA-256 and number of examples."""
    given = {source["name"]: source for source in report.sources}
    found = report.regions["source"].value_counts()
    rows = []
    for name in dict.fromkeys([*given, *report.regions["source"].unique()]):
        file = given.get(name, {}).get("file") or ""
        rows.append(
            {
                "name": name,
                "kind": given.get(name, {}).get("kind", "").replace("_", " "),
                "file": file,
                "checksum": report.checksums.get(file, "")[:12],
                "n": int(found.get(name, 0)),
            }
        )
    return rows


def ledger_summary(ledger):
    """Count the rows of the ledger by action and reason, with the sources concerned; most frequent first.

    Reasons that differ in their numbers only are one, with dots for the numbers that differ.
    """
    ledger = ledger.assign(reason=ledger.groupby("action")["reason"].transform(_common_reasons))
    summary = ledger.groupby(["action", "reason"], sort=True).agg(
        n=("action", "size"), sources=("source", lambda names: ", ".join(dict.fromkeys(map(str, names))))
    )
    return summary.reset_index().sort_values("n", ascending=False, kind="stable")


def _common_reasons(reasons):
    """Return what reasons have in common with those of the same words, in their order."""
    numbers = {text: _NUMBER.findall(text) for text in reasons.unique()}
    words = {text: _NUMBER.sub("\0", text) for text in numbers}
    common = {}
    for text, found in numbers.items():
        before = common.setdefault(words[text], found)
        common[words[text]] = [a if a == b else "…" for a, b in zip(before, found, strict=True)]
    filled = {text: _fill(pattern, common[pattern]) for text, pattern in words.items()}
    return reasons.map(filled)


def _fill(pattern, numbers):
    numbers = iter(numbers)
    return re.sub("\0", lambda _: next(numbers), pattern)


def audit_grid(audit, starts=None):
    """Turn the audit into one row per check and one column per pair of parts; None without an audit.

    The pairs of what an experiment starts from are further columns.

    Returns
    -------
    dict or None
        pairs (list of texts, the columns), rows (check, cells by column, example of a leak or "").
    """
    if audit is None or not len(audit):
        return None
    if starts is not None:
        starts = starts[starts["leak"] != "unknown"].astype(object)
        audit = pd.concat([audit, starts.assign(part_a=starts["start"] + " " + starts["part_a"])])
    audit = audit.assign(between=audit["part_a"] + " – " + audit["part_b"])
    rows = []
    for check, block in audit.groupby("check", sort=False):
        leaks = block.loc[block["leak"] == "yes", "example"].dropna()
        cells = {row["between"]: row for row in block.to_dict("records")}
        label = AUDIT_CHECKS.get(check, check)
        rows.append({"check": label, "cells": cells, "example": leaks.iloc[0] if len(leaks) else ""})
    return {"pairs": list(audit["between"].unique()), "rows": rows}


def training_section(report):
    """Return the Training section: per seed the picture and the log's numbers at the best epoch."""
    rows = []
    for run in report.runs:
        if run.history is not None and len(run.history):
            best = best_epoch(run)
            at_best = run.history[run.history["epoch"] == best].iloc[0]
            values = {name: number(value, 4) for name, value in at_best.items() if name != "epoch"}
            rows.append(
                {"seed": run.seed, "epochs": len(run.history), "best": best, "values": values, "run": run}
            )
    columns = list(dict.fromkeys(name for row in rows for name in row["values"]))
    labels = {name: training_label(name, columns) for name in columns}
    figures = [figure for run in report.runs for figure in _seed_figures(run, lambda key: key == "curves")]
    return {"rows": rows, "columns": labels, "figures": figures, "note": _areas_note(labels.values())}


def _areas_note(labels):
    """Say what the areas under the ROC curve in the log are; empty where there is none."""
    estimate, exact = (any(mark in label for label in labels) for mark in ("(estimate)", "(exact)"))
    texts = {
        "AUC (estimate) is what Keras adds up while training, over a limited number of thresholds.": estimate,
        "AUROC and AUPRC (exact) are over all scores of the validation part, after the epoch.": exact,
    }
    return " ".join(text for text, there in texts.items() if there)


def best_epoch(run):
    """Return the epoch whose weights were kept: as the training noted it, else that of the least loss."""
    noted = run.provenance.get("best", {}).get("epoch")
    if noted in set(run.history["epoch"]):
        return int(noted)
    monitored = "val_loss" if "val_loss" in run.history else "loss"
    return int(run.history.loc[run.history[monitored].idxmin(), "epoch"])


def performance_section(report):
    """Return the Performance section: per seed the metrics and pictures, and the seeds beside baselines."""
    runs, audits = [], report.set_audits
    for run in report.runs:
        if run.metrics is not None:
            runs.append(
                {
                    "run": run,
                    "figures": _seed_figures(run, lambda key: key != "curves"),
                    "threshold": threshold_text(run.threshold),
                    "mistakes": mistake_rows(run.mistakes),
                    "sets": None if run.sets is None else set_rows(run.sets),
                    "set_links": set_links(run.links),
                    "set_audits": [audit_verdict(table, name) for name, table in audits.items()],
                    **metric_rows(run.metrics),
                }
            )
    best = first_headline(report)
    table = best and comparison_rows(report, best)
    return {"runs": runs, "comparison": table, "headline": best}


def metric_rows(metrics):
    """Turn a metrics table into one row per part and target and one column per metric."""
    if len(set(metrics["target"]) - AGGREGATES) == 1:
        # A single target needs no average.
        metrics = metrics[~metrics["target"].isin(["macro", "weighted"])]
    names = [name for name in METRIC_LABELS if name in set(metrics["metric"])]
    names += [name for name in metrics["metric"].unique() if name not in names]
    rows = []
    ranks = {"test": 0, "validation": 1, "train": 2}
    parts = sorted(metrics["part"].unique(), key=lambda part: ranks.get(part, 3))
    for (part, target), block in metrics.groupby(["part", "target"], sort=False):
        cells = {row["metric"]: _cell(row) for row in block.to_dict("records")}
        first = block.iloc[0]
        label = target_label(target) or ("overall" if metrics["target"].nunique() > 1 else "")
        row = {
            "part": part,
            "target": label,
            "n": first["n"],
            "prevalence": first["prevalence"],
            "cells": cells,
        }
        rows.append(row)
    rows.sort(key=lambda row: parts.index(row["part"]))
    return {
        "metrics": [(name, metric_label(name)) for name in names if name not in FURTHER],
        "further": [(name, metric_label(name)) for name in names if name in FURTHER],
        "rows": rows,
        "parts": parts,
        "targets": metrics["target"].nunique(),
        "has_prevalence": bool(metrics["prevalence"].notna().any()),
    }


def set_rows(metrics):
    """Turn the metrics on extra sets into one row per set: over all targets where there are several.

    What has a value over all classes is shown so, as by :func:`comparison_rows`.
    """
    overall = metrics[metrics["target"].isin(["macro", "all"])]
    doubled = overall.duplicated(["part", "metric"], keep=False) & (overall["target"] == "macro")
    return metric_rows(overall[~doubled].assign(target="all"))


def set_links(links):
    """Return where the metrics on extra sets lie, by set; `links` are a seed's, see :class:`Run`."""
    names = {key: re.fullmatch("sets/([^/]+)/metrics.tsv", key) for key in links}
    found = {name[1]: links[key] for key, name in names.items() if name}
    return found | ({"geometric mean": links["sets/average.tsv"]} if "sets/average.tsv" in links else {})


def _cell(row):
    return {
        "text": metric_value(row["value"], row["metric"]),
        "interval": metric_interval(row),
        "value": row["value"],
        "reason": "" if is_missing(row.get("reason", "")) else row.get("reason", ""),
    }


def threshold_text(table):
    """Say from which probability on a class is called; empty where the largest is (or without a table)."""
    if table is None or not len(table):
        return ""
    given = [number(value, 3) for value in table["threshold"]]
    if len(set(given)) == 1:
        values = given[0]
    elif len(given) <= _MOST_THRESHOLDS:
        values = ", ".join(f"{value} ({name})" for name, value in zip(table["target"], given, strict=True))
    else:
        values = f"{number(table['threshold'].min(), 3)} to {number(table['threshold'].max(), 3)} by label"
    rules = table["rule"].astype(str)
    chosen = rules.isin(list(RULES)) & table["reason"].isna()
    how = f", which makes {RULES[rules.iloc[0]]} largest on the validation part" if chosen.any() else ""
    lost = _not_chosen(table[rules.isin(list(RULES)) & ~chosen], len(table))
    return f"A class is called at a probability of {values} or more{how}.{lost}"


def _not_chosen(failed, total):
    """Say for which targets no threshold was chosen and why; empty where one was for all."""
    if not len(failed):
        return ""
    reasons = failed["reason"].value_counts(sort=False)
    several = len(reasons) > 1
    why = "; ".join(f"{reason} ({n})" if several else str(reason) for reason, n in reasons.items())
    of = f" for {len(failed)} of {total} targets" if total > 1 else ""
    return f" No threshold could be chosen{of}: {why}."


def mistake_rows(table):
    """Return the first mistakes of every target and kind, as few of each as keep the table short."""
    if table is None or not len(table):
        return []
    groups = table.groupby(["target", "kind"], sort=False).ngroups
    most = max(1, _MOST_MISTAKES // groups)
    rows = table[table.groupby(["target", "kind"], sort=False).cumcount() < most].to_dict("records")
    for row in rows:
        located = not is_missing(row["chrom"])
        row["place"] = f"{row['chrom']}:{row['start']:,}–{row['end']:,}" if located else ""
        row["kind"], row["target"] = row["kind"].replace("_", " "), target_label(row["target"])
    return rows


def comparison_rows(report, best):
    """Lay seeds, members, baselines side by side on the headline's part and target; None without others."""
    if report.comparison is None:
        return None
    table = report.comparison[report.comparison["part"] == best["part"]]
    # What has a value over all classes is shown so: a mean of one-versus-rest accuracies flatters.
    overall = table[table["target"] == "all"]
    table = pd.concat([table[table["target"] == best["target"]], overall])
    kinds = table.drop_duplicates("experiment").set_index("experiment")["kind"]
    baselines = [name for kind in BASELINES for name in report.baselines if kinds.get(name) == kind]
    labels = {report.name: "this model"} | dict.fromkeys(report.members, "member")
    labels |= {name: BASELINES[kinds[name]] for name in baselines}
    if len(labels) == 1:
        return None
    rows = []
    for name in labels:
        for seed, block in table[table["experiment"] == name].groupby("seed"):
            cells = {row["metric"]: _cell(row) for row in block.to_dict("records")}
            label = labels[name]
            rows.append({"name": name, "label": label, "seed": seed, "cells": cells})
    found = [name for name in METRIC_LABELS if any(name in row["cells"] for row in rows)]
    found = [name for name in found if name not in FURTHER]
    return {"rows": rows, "metrics": [(name, metric_label(name)) for name in found]}


def planted_section(report, store):
    """Return the Planted motifs section: per seed one row per planted motif; None without planted motifs."""
    if report.recovery is None:
        return None
    runs = []
    for seed, table in report.recovery.groupby("seed"):
        rows = [_planted_row(row, report.database, store) for row in table.to_dict("records")]
        runs.append({"seed": seed, "rows": rows, "found": int(table["found"].sum())})
    return runs


def _planted_row(row, database, store):
    motif = database.get(row["motif"])
    row |= {"logo": motif and store.add(motif.probabilities, motif.alphabet), "anchor": ""}
    if is_missing(row["filter"]):
        return row | {"filter": "", "method": ""}
    return row | {"anchor": anchor(row["seed"], row["method"], row["filter"])}


def anchor(seed, method, name):
    """Return the identifier of a filter's row."""
    return f"seed{seed}-{method}-{name}"


def provenance_section(report):
    """Return the Provenance section: per seed what made it, the files' checksums, and the longer blocks."""
    runs = [
        {"seed": run.seed, "rows": setting_rows(_short(_lasting(run.provenance), has_folds(report.split)))}
        for run in report.runs
        if run.provenance
    ]
    specs = [run.provenance["spec"] for run in report.runs if "spec" in run.provenance]
    blocks = {"The network and its training": specs[:1], "The config of this experiment": [report.config]}
    return {
        "runs": runs,
        "checksums": sorted(report.checksums.items()),
        "blocks": {title: _yaml(block[0]) for title, block in blocks.items() if block and block[0]},
    }


def has_folds(split):
    """Return whether a split is by folds; where there is no table of it, whether it may be."""
    return split is None or bool(split["part"].str.fullmatch(r"fold\d+").any())


def _short(provenance, folds):
    """Leave out what has a place of its own, and the fold of what is not split by folds."""
    left_out = {"spec", "sources"} if folds else {"spec", "sources", "fold"}
    return {key: value for key, value in provenance.items() if key not in left_out}


def _yaml(content):
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


def _lasting(provenance):
    """Leave out when and how long: equal runs have equal pages."""
    return {key: value for key, value in provenance.items() if key != "run"}


def setting_rows(content):
    """Turn nested content into a list of (key path, text)."""
    return [
        (name, ", ".join(map(str, value)) if isinstance(value, list) else str(value))
        for name, value in flatten(content).items()
    ]


def drawn(figures, prefix):
    """Turn figures into what the templates show, with their SVG made fit to stand in the page."""
    return [
        {
            "key": figure.key,
            "size": _size(figure.svg),
            "title": figure.title,
            "svg": inline_svg(figure.svg, f"{prefix}-{figure.key}", figure.title),
            "link": figure.link,
            "table": figure.table,
        }
        for figure in figures
        if figure is not None
    ]


def _size(svg):
    """Say whether a picture stays legible on a third of the page (""), on half of it (wide) or not."""
    width = re.search(r'<svg[^>]*? width="([\d.]+)pt"', svg)
    points = float(width[1]) if width else 0
    return "full" if points > 600 else "wide" if points > 345 else ""


def _seed_figures(run, wanted):
    figures = drawn([figure for figure in run.figures if wanted(figure.key)], f"seed{run.seed}")
    return [{**figure, "seed": run.seed} for figure in figures]
