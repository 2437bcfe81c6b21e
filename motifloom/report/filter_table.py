"""The Filters section of a page: its rows, the numbers behind the panels, and what is linked."""

from motifloom.plots.labels import METRIC_LABELS
from motifloom.report.compact import as_json, columns_of, short, shorts
from motifloom.report.filter_cells import LABELS, dot_width
from motifloom.report.filter_data import Known, glyphs, list_targets, seed_block
from motifloom.report.filter_rows import choose_pair, filter_rows
from motifloom.report.format import count, is_missing, metric_interval, metric_label, number
from motifloom.report.sections import drawn

# Rows beyond this many, or bytes of numbers, make a page slow to open; further seeds stay in their files.
MOST_ROWS = 1000
MOST_BYTES = 7_000_000
# Pictures in the gallery of a page, in bytes.
MOST_PICTURES = 2_500_000
# What rows show of the analyses, where there are any.
ANALYSES = ["importance", "enrichment", "position", "cluster"]
# Names as the page writes them.
PERTURBATIONS = {"shuffle": "kernel shuffled", "knockout": "filter knocked out"}
MEASURES = {
    "adjusted_rand": "adjusted Rand index",
    "adjusted_mutual_information": "adjusted mutual information",
    "cophenetic_correlation": "cophenetic correlation",
}


def filters_section(report, store):
    """Return the Filters section, None for a model without scanning layers.

    Parameters
    ----------
    report : motifloom.report.page.ExperimentReport
    store : motifloom.report.symbols.SymbolStore
        Collects the logos and small pictures.

    Returns
    -------
    dict or None
        rows (most important or best matched first, within seed and method), the same as groups of one seed
        and method, those that show at first leading; methods, seeds shown, seeds
        left out, targets, columns (which have data), data (JSON text by identifier of its element), and of
        each seed shown its files, pictures, groups of filters and clusterings.
    """
    targets, known = list_targets(report), Known(report.database)
    dotted = _dotted(report, targets)
    rows, data, shown, left_out, chosen = [], {}, [], [], []
    for run in report.runs:
        if run.summary is None or not len(run.summary):
            continue
        block = _block(run, report, targets, known, rows, data)
        if block is None:
            left_out.append(run)
            continue
        found, analyses = filter_rows(run, report, store, dotted)
        shown.append(run)
        chosen.append(analyses)
        rows += found
        data[f"filters-seed{run.seed}"] = block
    if not rows:
        return None
    methods = list(dict.fromkeys(name for run in shown for name in run.summary["method"]))
    pair = next((one.pair for one in chosen if one.pair), None)
    effect = next((one.effect for one in chosen if one.effect), None)
    shared = {
        "targets": targets,
        "dotted": dotted,
        "effect": effect and shorts(effect),
        "cutoff": report.enrichment_q,
        "known": known.motifs,
        "glyphs": glyphs(_alphabets(shown, known)),
        "labels": {"metrics": METRIC_LABELS, "perturbations": PERTURBATIONS},
        "stable": _stable_sets(report),
    }
    return {
        "rows": rows,
        "groups": _groups(rows, shown, methods),
        "methods": methods,
        "shown": shown,
        "left_out": left_out,
        "columns": _columns(rows),
        "targets": dotted,
        "dot_width": dot_width(len(dotted)),
        "classes": len(targets) > 1,
        "pair": pair
        and {"metric": metric_label(pair[1]), "perturbation": PERTURBATIONS.get(pair[0], pair[0])},
        "effect": effect and LABELS[effect[3]],
        "correlated": effect is not None and effect[3] == "correlation",
        "cutoff": report.enrichment_q,
        "widest": max((row["logo"]["width"] for row in rows if row["logo"]), default=0),
        "seeds": [_seed_overview(run, report, MOST_PICTURES // len(shown)) for run in shown],
        "stand_ins": any(row["importance"] and row["importance"]["group"] for row in rows),
        "data": {"filters-shared": as_json(shared), **data},
    }


def _block(run, report, targets, known, rows, data):
    """Return the numbers of a seed as JSON; None where the page has enough already."""
    if data and len(rows) + len(run.summary) > MOST_ROWS:
        return None
    block = seed_block(run, targets, known)
    if "stability" in report.links:
        block["links"]["stability"] = report.links["stability"]
    text = as_json(block)
    return None if data and sum(map(len, data.values())) + len(text) > MOST_BYTES else text


def _columns(rows):
    """Return which columns have anything to show."""
    columns = {key: any(row[key] for row in rows) for key in ("logo", *ANALYSES)}
    return columns | {"match": any(row["best"] for row in rows)}


def _alphabets(runs, known):
    """List the letters of the motifs that a page draws."""
    sets = [of for run in runs for of in run.motifs.values() if len(of)]
    motifs = [of[next(iter(of))] for of in sets]
    letters = {"".join(motif.columns) for motif in motifs if hasattr(motif, "columns")}
    return sorted({"ACGT"} | letters | {motif[2] for motif in known.motifs})


def _groups(rows, shown, methods):
    found = {(run.seed, method): [] for run in shown for method in methods}
    for row in rows:
        found[row["seed"], row["method"]].append(row)
    return [{"seed": seed, "method": method, "rows": of} for (seed, method), of in found.items() if of]


def _dotted(report, targets):
    """Return the targets that have a column of dots: those that any enrichment was tested for."""
    tested = {
        str(target)
        for run in report.runs
        if "enrichment" in run.tables
        for target in run.tables["enrichment"]["target"].unique()
    }
    return [target for target in targets if target in tested]


def _stable_sets(report):
    """Return the filters that are the same motif: [seed, filter, similarity, strand, offset, medoid] each."""
    sets = []
    if report.stability is None or len({run.seed for run in report.runs}) < 2:
        return sets
    columns = ["seed", "filter", "similarity", "strand", "offset", "medoid"]
    for _, rows in report.stability.groupby("motif", sort=True):
        sets.append(
            [
                [seed, name, short(similarity), -1 if strand == "-" else 1, short(offset), bool(medoid)]
                for seed, name, similarity, strand, offset, medoid in columns_of(rows, columns)
            ]
        )
    return sets


def _seed_overview(run, report, most_bytes):
    """Return what stands beneath the table for one seed: files, pictures, groups, clusterings."""
    shown, linked, size = [], [], 0
    for picture in run.pictures:
        size += len(picture.svg)
        (shown if picture.svg and size <= most_bytes else linked).append(picture)
    return {
        "run": run,
        "pictures": [{**figure, "seed": run.seed} for figure in drawn(shown, f"filters{run.seed}")],
        "linked": linked,
        "groups": _groups_table(run, report),
        "scores": _chosen(run.tables.get("cluster_scores")),
        "agreement": _agreement(run.tables.get("agreement")),
    }


def _chosen(table):
    """List (what was compared, clusters, silhouette) of the numbers of clusters that were chosen."""
    if table is None:
        return []
    columns = ["compared", "clusters", "silhouette"]
    rows = columns_of(table[table["chosen"].astype(bool)], columns)
    return [(compared, count(clusters), number(silhouette, 2)) for compared, clusters, silhouette in rows]


def _agreement(table):
    if table is None:
        return []
    rows = columns_of(table, ["measure", "value"])
    return [(MEASURES.get(measure, measure), number(value, 2)) for measure, value in rows]


def _groups_table(run, report):
    """Return the groups of filters, most important first, with a column per perturbation and metric.

    Returns
    -------
    dict or None
        columns: titles, that of the rows' importance first; rows: dicts of group, filters (with the
        identifiers of their rows), best (names of the members' best matches) and cells.
    """
    table = run.tables.get("importance.groups")
    if table is None or not len(table):
        return None
    first = choose_pair(table, report)
    pairs = dict.fromkeys([first, *columns_of(table, ["perturbation", "metric"])])
    values = {(row["group"], (row["perturbation"], row["metric"])): row for row in table.to_dict("records")}
    anchors = {
        name: f"seed{run.seed}-{method}-{name}"
        for method, name in reversed(list(columns_of(run.summary, ["method", "filter"])))
    }
    best = _best_names(run.summary)
    rows = []
    for group, filters in columns_of(table.drop_duplicates("group"), ["group", "filters"]):
        members = str(filters).split(",")
        cells = [_group_cell(values.get((group, pair))) for pair in pairs]
        names = dict.fromkeys(best[name] for name in members if name in best)
        links = [(name, anchors.get(name)) for name in members]
        rows.append({"group": group, "filters": links, "best": list(names), "cells": cells})
    rows.sort(key=lambda row: _rank(row["cells"][0]))
    titles = [(metric_label(metric), PERTURBATIONS.get(kind, kind)) for kind, metric in pairs]
    return {"columns": titles, "rows": rows}


def _best_names(summary):
    """Return the name of each filter's best match, of the first method that has one."""
    found = {}
    columns = ["filter", "best_match_id", "best_match_name"]
    for name, identifier, title in columns_of(summary.reindex(columns=columns), columns):
        if not is_missing(identifier):
            found.setdefault(name, identifier if is_missing(title) else title)
    return found


def _group_cell(row):
    if row is None:
        return None
    return {
        "value": row["importance"],
        "text": number(row["importance"]),
        "interval": metric_interval({**row, "metric": "mse"}),
        "rank": row["rank"],
    }


def _rank(cell):
    return float("inf") if cell is None or is_missing(cell["rank"]) else cell["rank"]
