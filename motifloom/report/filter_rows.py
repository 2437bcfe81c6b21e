"""The rows of the table of filters: one per filter and method of a seed, joined with the analyses."""

from dataclasses import dataclass, field

import numpy as np

from motifloom.headlines import headline_metric
from motifloom.report import filter_cells as cells
from motifloom.report.compact import columns_of, target_parts
from motifloom.report.format import count, difference, is_missing, metric_label, number, p_value

BEST = ["best_match_id", "best_match_name", "best_match_q_value"]
# Targets that have a dot each; of more, a row names the strongest.
MOST_DOTS = 24
SPARK_POINTS = 52
# Tests whose effect a row shows, the first that a table has; and of several of a kind, the first.
EFFECTS = {"mann_whitney": "auc", "spearman": "correlation", "fisher": "log2_odds_ratio"}
PREFERRED = [("unit", "sequence"), ("universe", "global")]


@dataclass
class Analyses:
    """What rows show of the analyses of a seed, by filter; empty where an analysis is missing.

    importance: filter -> cell; enrichment: filter -> cell; position: filter -> cell; cluster: filter ->
    {"cluster", "motif", "group"}; p_value: filter -> p-value of the significant method's threshold.
    `pair` (perturbation, metric) and `effect` tell what the importance and the dots are.
    """

    importance: dict = field(default_factory=dict)
    enrichment: dict = field(default_factory=dict)
    position: dict = field(default_factory=dict)
    cluster: dict = field(default_factory=dict)
    p_value: dict = field(default_factory=dict)
    pair: tuple | None = None
    effect: tuple | None = None


def filter_rows(run, report, store, targets):
    """Return the rows of a seed's table: most important filter first, else best match first.

    Parameters
    ----------
    run : motifloom.report.page.Run
        With a summary.
    report : motifloom.report.page.ExperimentReport
    store : SymbolStore
        Takes up logos and pictures.
    targets : list of str
        Columns of the dots.

    Returns
    -------
    rows : list of dict
    analyses : Analyses
    """
    analyses = analyse(run, report, store, targets)
    summary = run.summary.reindex(columns=list(dict.fromkeys([*run.summary, *BEST])))
    summary = summary.sort_values(["best_match_q_value", "filter"], kind="stable", na_position="last")
    if analyses.importance:
        size = summary["filter"].map({name: cell["value"] for name, cell in analyses.importance.items()})
        summary = summary.iloc[np.argsort(-size.to_numpy(float), kind="stable")]
    places = {name: i for i, name in enumerate(dict.fromkeys(run.summary["filter"]))}
    aligned = _best_matches(run)
    most = summary["n_sites"].max()
    rows = [
        _row(row, run, report.database, store, analyses, aligned, most) | {"place": places[row["filter"]]}
        for row in summary.to_dict("records")
    ]
    return rows, analyses


def _row(row, run, database, store, analyses, aligned, most_sites):
    method, name = row["method"], row["filter"]
    # A filter that never fires has no motif: its probabilities are the background.
    logo = None if row["n_sites"] == 0 else store.add(run.motifs.get(method, {}).get(name))
    has_best = not is_missing(row["best_match_id"])
    best = {"id": row["best_match_id"], "name": _name(row["best_match_name"], row["best_match_id"])}
    own = method == "significant"
    return {
        "id": f"seed{run.seed}-{method}-{name}",
        "seed": run.seed,
        "method": method,
        "filter": name,
        "logo": logo,
        "sites": row["n_sites"],
        "share": _share(row["n_sites"], most_sites),
        "threshold": row["threshold"],
        "p": analyses.p_value.get(name, float("nan")) if own else float("nan"),
        "information": row["information_content"],
        "best": best if has_best else None,
        "q": row["best_match_q_value"] if has_best else float("nan"),
        "aligned": _aligned(aligned.get((method, name)), row, logo, database, store) if has_best else None,
        "importance": analyses.importance.get(name),
        "enrichment": analyses.enrichment.get(name),
        "position": analyses.position.get(name),
        "cluster": analyses.cluster.get(name),
        "text": _search_text(
            row, aligned.get((method, name)) if has_best else None, analyses.enrichment.get(name)
        ),
    }


def _best_matches(run):
    """Return the matches of each method and filter, best first."""
    if run.matches is None or not len(run.matches):
        return {}
    columns, found = ["method", "filter", "motif_id", "motif_name", "strand", "offset"], {}
    for method, name, *match in columns_of(run.matches.sort_values("rank", kind="stable"), columns):
        found.setdefault((method, name), []).append(dict(zip(columns[2:], match, strict=True)))
    return found


def _aligned(matches, row, logo, database, store):
    """Return the best match's logo on the filter's strand, and the shift between the two."""
    match = next((match for match in matches or [] if match["motif_id"] == row["best_match_id"]), None)
    motif = match and database.get(match["motif_id"])
    if motif is None or logo is None:
        return None
    # Only DNA is matched on both strands, and its letters in reverse are the complements.
    turned = motif.probabilities[::-1, ::-1] if match["strand"] == "-" else motif.probabilities
    return {**store.add(turned, motif.alphabet), "shift": int(match["offset"])}


def _name(name, identifier):
    return identifier if is_missing(name) else name


def _share(sites, most):
    return None if is_missing(sites) else round(100 * sites / max(most, 1), 1)


def _search_text(row, matches, enrichment):
    words = [row["filter"], row["consensus"], row["best_match_id"], row["best_match_name"]]
    words += [word for match in (matches or [])[:10] for word in (match["motif_name"], match["motif_id"])]
    words += enrichment["in"] if enrichment else []
    return " ".join(dict.fromkeys(str(word).lower() for word in words if not is_missing(word)))


def analyse(run, report, store, targets):
    """Put the tables of a seed into the cells of its rows."""
    tables, found = run.tables, Analyses()
    if "importance" in tables and len(tables["importance"]):
        found.pair = choose_pair(tables["importance"], report)
        found.importance = _importance(tables["importance"], found.pair, store)
        if "importance.groups" in tables:
            _add_groups(found.importance, tables["importance.groups"], found.pair)
    if "enrichment" in tables and len(tables["enrichment"]):
        found.effect = choose_effect(tables["enrichment"])
        found.enrichment = _enrichment(
            tables["enrichment"], found.effect, targets, report.enrichment_q, store
        )
    if "profile" in tables:
        found.position = _positions(tables["profile"], tables.get("kernel_score"), store)
    if "clusters" in tables:
        columns = {"activation_cluster": "cluster", "motif_cluster": "motif", "redundancy_group": "group"}
        table = tables["clusters"].reindex(columns=["filter", *columns]).rename(columns=columns)
        found.cluster = table.astype({"filter": str}).set_index("filter").to_dict("index")
    if "redundancy_groups" in tables:
        for name, group in columns_of(tables["redundancy_groups"], ["filter", "redundancy_group"]):
            found.cluster.setdefault(name, {"cluster": float("nan"), "motif": float("nan")})["group"] = group
    if "thresholds" in tables:
        found.p_value = dict(
            zip(tables["thresholds"]["filter"], tables["thresholds"]["p_value"], strict=True)
        )
    return found


def choose_pair(table, report):
    """Return the (perturbation, metric) that rows show: as the report asks, else what the table has."""
    kinds, metrics = list(dict.fromkeys(table["perturbation"])), list(dict.fromkeys(table["metric"]))
    wanted = [report.importance_metric, headline_metric(report.task)[1], "loss", *metrics]
    kind = report.perturbation if report.perturbation in kinds else kinds[0]
    return kind, next(metric for metric in wanted if metric in metrics)


def _importance(table, pair, store):
    rows = table[(table["perturbation"] == pair[0]) & (table["metric"] == pair[1])]
    values = rows[["importance", "ci_low", "ci_high"]].to_numpy(float)
    # One wide interval must not flatten all others: the axis holds every value, and most of the intervals.
    ends = np.nan_to_num(np.concatenate([[0], values[:, 0]]))
    spread = np.nanquantile(values[:, 1:], [0.02, 0.98]) if np.isfinite(values[:, 1:]).any() else [0, 0]
    bounds = (min(ends.min(), spread[0]), max(ends.max(), spread[1]))
    found = {}
    for row in rows.to_dict("records"):
        low, high = row["ci_low"], row["ci_high"]
        inner = cells.importance_bar(row["importance"], low, high, bounds)
        text = f"{number(row['importance'])}, {number(low)} to {number(high)}, rank {count(row['rank'])}"
        found[row["filter"]] = {
            "value": row["importance"],
            "sure": bool(low > 0),
            "clear": bool(low > 0 or high < 0),
            "group": None,
            "picture": store.picture(*cells.BAR, inner) if inner else None,
            "label": f"importance by {metric_label(pair[1])}: {text}",
            "text": number(row["importance"]),
        }
    return found


def _add_groups(found, table, pair):
    """Add to the cells of filters whose interval holds 0 that of their group, where that excludes 0.

    Filters that stand in for each other matter little one by one.
    """
    for row in table[(table["perturbation"] == pair[0]) & (table["metric"] == pair[1])].to_dict("records"):
        members, low, high = str(row["filters"]).split(","), row["ci_low"], row["ci_high"]
        if len(members) < 2 or not (low > 0 or high < 0):
            continue
        interval = f"{difference(row['importance'])} [{number(low)}, {number(high)}]"
        others = "its near-copy" if len(members) == 2 else f"its {len(members) - 1} near-copies"
        for name in members:
            if name in found and not found[name]["clear"]:
                found[name]["group"] = {
                    "text": f"group {row['group']}: {difference(row['importance'])}",
                    "label": f"its own interval holds 0, but together with {others} "
                    f"(redundant group {row['group']}): {interval}, rank {count(row['rank'])} of groups",
                }


def choose_effect(table):
    """Return (test, unit, universe, effect column) of the test that the dots show."""
    test = next((name for name in EFFECTS if (table["test"] == name).any()), None)
    if test is None:
        return None
    rows = table[table["test"] == test]
    for column, wanted in PREFERRED:
        rows = rows[rows[column] == wanted] if (rows[column] == wanted).any() else rows
    return test, rows["unit"].iloc[0], rows["universe"].iloc[0], EFFECTS[test]


def _enrichment(table, chosen, targets, cutoff, store):
    if chosen is None:
        return {}
    *key, effect = chosen
    rows = table[(table[["test", "unit", "universe"]] == key).all(axis=1)]
    pivoted = rows.assign(filter=rows["filter"].astype(str), target=rows["target"].astype(str))
    values = pivoted.pivot(index="filter", columns="target", values=effect).reindex(columns=targets)
    q_values = pivoted.pivot(index="filter", columns="target", values="q_value").reindex(columns=targets)
    found = {}
    for name, value, q in zip(values.index, values.to_numpy(float), q_values.to_numpy(float), strict=True):
        size = np.array([cells.effect_size(one, effect) for one in value])
        up = np.flatnonzero((q < cutoff) & (size > 0))
        strongest = None if np.isnan(size).all() else int(np.nanargmax(np.abs(size)))
        picture = None
        if strongest is not None and len(targets) <= MOST_DOTS:
            inner = cells.enrichment_dots(size, q < cutoff)
            picture = store.picture(cells.dot_width(len(targets)) * len(targets), cells.DOT_ROW, inner)
        found[name] = {
            "value": float("nan") if strongest is None else size[strongest],
            # The least q-value of an enrichment; what is depleted is no sign of a motif.
            "q": float(np.nanmin(np.where(size > 0, q, np.nan), initial=np.inf)),
            "in": [targets[i] for i in up],
            "picture": picture,
            "label": cells.enrichment_text(targets, value, q, effect, cutoff),
            "strongest": [
                {"target": targets[i], "text": number(value[i], 2), "q": p_value(q[i]), "star": q[i] < cutoff}
                for i in np.argsort(-np.nan_to_num(size, nan=-9), kind="stable")[:2]
                if not np.isnan(size[i])
            ],
        }
    return found


def _positions(table, scores, store):
    """Draw the mean activation along the sequences: of all as an area, of the top target as a line."""
    names, targets = list(dict.fromkeys(table["filter"])), list(dict.fromkeys(table["target"]))
    places = {name: i for i, name in enumerate(names)}
    indices = {target: i for i, target in enumerate(targets)}
    top = {} if scores is None else dict(zip(scores["filter"], scores["top_target"], strict=True))
    found = {}
    ordered = table.sort_values("position", kind="stable")
    for place, parts in target_parts(ordered, ["position", "mean", "n"], places, indices):
        name = names[place]
        by_target = dict(parts)
        wanted = indices.get(top.get(name), parts[0][0])
        at, one = by_target.get(wanted, parts[0][1])[:, :2].T
        same = [values for _, values in parts if len(values) == len(one)]
        weight = np.array([np.nan_to_num(values[:, 2]) for values in same])
        total = sum(np.nan_to_num(values[:, 1]) * n for values, n in zip(same, weight, strict=True))
        everything = np.divide(
            total, weight.sum(axis=0), where=weight.sum(axis=0) > 0, out=np.zeros(len(one))
        )
        one = np.nan_to_num(one)
        starts = np.linspace(0, len(one), min(len(one), SPARK_POINTS), endpoint=False).astype(int)
        size = np.diff(starts, append=len(one))
        inner = cells.sparkline(*(np.add.reduceat(line, starts) / size for line in (everything, one)))
        ratio = float(one.max() / one.mean()) if one.max() > 0 else float("nan")
        peak = f"{at[one.argmax()]:g}".replace("-", "−")
        found[name] = {
            "value": ratio,
            "picture": store.picture(*cells.SPARK, inner) if inner else None,
            "label": f"largest mean activation at windows whose middle is at {peak} bp",
            "text": "" if is_missing(ratio) else f"{number(ratio, 1)} × mean, {peak} bp",
        }
    return found
