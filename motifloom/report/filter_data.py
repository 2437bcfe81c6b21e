"""What the panels of the filters are drawn from: one block of numbers per seed, in few bytes.

The page's script draws a panel when it is opened. The blocks hold arrays rather than objects, numbers of
four digits, and names once. Long profiles are averaged over neighbouring positions and, of very many
targets, each filter's strongest are kept; the tables that a panel links to hold everything.
"""

import math
from itertools import groupby, pairwise
from operator import itemgetter

import numpy as np
import pandas as pd

from motifloom.plots.logos import letter_colour, logo_svg
from motifloom.report.compact import columns_of, shares_of, short, shorts, target_parts, thinned
from motifloom.report.format import is_missing

# Targets of one filter in its panel.
MOST_TARGETS = 24
# Positions times targets of one filter's profile and histogram.
MOST_POINTS = 800
# Matches, and similar filters, listed in a panel; all are in the tables.
MOST_MATCHES = 10
MOST_PARTNERS = 6
MOST_ITERATIONS = 30
QUANTILES = ["quantile_05", "quantile_25", "median", "quantile_75", "quantile_95"]
EFFECTS = ["auc", "log2_fold_change", "odds_ratio", "log2_odds_ratio", "correlation"]


def matrix(motif):
    """Return a motif's probabilities in thousandths, position by position, as one list; None for None."""
    if motif is None:
        return None
    return np.rint(1000 * np.asarray(motif, dtype=np.float64)).astype(int).ravel().tolist()


class Known:
    """The motifs of the database that a page shows, each held once."""

    def __init__(self, database):
        self._database, self._places, self.motifs = database, {}, []

    def place(self, identifier, name):
        """Return the place of a motif in `motifs`, [identifier, name, letters, matrix]."""
        if identifier not in self._places:
            motif = self._database.get(identifier)
            drawn = ["", None] if motif is None else [motif.alphabet, matrix(motif.probabilities)]
            self._places[identifier] = len(self.motifs)
            self.motifs.append([str(identifier), str(identifier if is_missing(name) else name), *drawn])
        return self._places[identifier]


def glyphs(alphabets):
    """Return the letters of alphabets as {letter: [colour, outline]}; the box is 30 wide and 100 high."""
    found = {}
    for letters in alphabets:
        for i, letter in enumerate(letters):
            if letter not in found:
                outline = logo_svg(np.eye(len(letters))[i : i + 1], letters, "probability")
                found[letter] = [letter_colour(letter, letters), outline.split(' d="')[1].split('"')[0]]
    return found


def list_targets(report):
    """List the targets of an experiment: its classes in their order, then others that tables name."""
    found = list(report.classes)
    for run in report.runs:
        for name in ("enrichment", "class_activation", "maxima", "profile"):
            if name in run.tables:
                found += [str(target) for target in run.tables[name]["target"].unique()]
    named = set(found[len(report.classes) :])
    return [target for target in dict.fromkeys(found) if target in named]


def seed_block(run, targets, known):
    """Return the block of one seed.

    Parameters
    ----------
    run : motifloom.report.page.Run
        With a summary.
    targets : list of str
        From :func:`list_targets`.
    known : Known
        Takes up the motifs that filters match.

    Returns
    -------
    dict
        seed; methods, letters, links of the seed's tables; tests, pairs (of perturbation and metric), bins
        and positions, to which the filters' arrays refer by place; filters, one dict each with what there is
        of it. Targets and filters are referred to by their place, too.
    """
    methods = list(dict.fromkeys(run.summary["method"]))
    first = run.summary.drop_duplicates("filter")
    names, layers = first["filter"].tolist(), first["layer"].tolist()
    motifs = [run.motifs.get(method, {}) for method in methods]
    some = next((motif for of in motifs for name in names if (motif := of.get(name)) is not None), None)
    block = {
        "seed": run.seed,
        "methods": methods,
        "letters": "".join(some.columns) if hasattr(some, "columns") else "ACGT",
        "links": _table_links(run),
        "filters": [{"name": name, "layer": layer} for name, layer in zip(names, layers, strict=True)],
    }
    places = {name: i for i, name in enumerate(names)}
    indices = {target: i for i, target in enumerate(targets)}
    for i, method in enumerate(methods):
        _add_method(block, i, method, run, places, known)
    for key, add in {
        "thresholds": _add_thresholds,
        "importance": _add_importance,
        "sensitivity": _add_sensitivity,
        "redundancy": _add_redundancy,
        "importance.groups": _add_group_importance,
        "clusters": _add_clusters,
        "redundancy_groups": _add_groups,
        "positions": _add_central,
    }.items():
        if key in run.tables:
            add(block, run.tables, places)
    kept = _strongest(run.tables, places, indices)
    for key, add in {
        "enrichment": _add_enrichment,
        "class_activation": _add_activation,
        "maxima": _add_maxima,
        "profile": _add_profile,
    }.items():
        if key in run.tables:
            add(block, run.tables[key], places, indices, kept)
    for name, score, top, threshold in columns_of(
        run.tables.get("kernel_score", pd.DataFrame()), ["filter", "kernel_score", "top_target", "threshold"]
    ):
        if name in places:
            block["filters"][places[name]]["score"] = [short(score), indices.get(top), short(threshold)]
    return block


def _table_links(run):
    """Return where a seed's tables of filters lie: {name: path relative to the page}."""
    found = {}
    for key, link in run.links.items():
        folder, _, file = key.rpartition("/")
        stem, end, _ = file.partition(".tsv")
        if folder == "filters" and end:
            found[stem] = link
    return found


def _add_method(block, i, method, run, places, known):
    """Add what one method says: motif, facts, matches and files, each as the i-th of a list per filter."""
    motifs = run.motifs.get(method, {})
    facts = ["n_sites", "threshold", "information_content", "consensus"]
    summary = run.summary[run.summary["method"] == method]
    for name, *values in columns_of(summary, ["filter", *facts]):
        record = block["filters"][places[name]]
        for key in ("motifs", "facts", "matches", "files"):
            record.setdefault(key, [None] * len(block["methods"]))
        # A filter that never fires has no motif: its probabilities are the background.
        record["motifs"][i] = None if values[0] == 0 else matrix(motifs.get(name))
        record["facts"][i] = shorts(values)
        record["files"][i] = _files(run, method, name)
    if run.matches is None:
        return
    matches = run.matches[(run.matches["method"] == method) & run.matches["filter"].isin(places)]
    columns = ["filter", "motif_id", "motif_name", "p_value", "q_value", "strand", "offset", "overlap"]
    rows = columns_of(matches.sort_values(["filter", "rank"], kind="stable"), columns)
    for name, found in groupby(rows, itemgetter(0)):
        found = list(found)
        block["filters"][places[name]]["matches"][i] = [
            len(found),
            [
                [
                    known.place(identifier, title),
                    short(p),
                    short(q),
                    _sign(strand),
                    int(offset),
                    short(overlap),
                ]
                for _, identifier, title, p, q, strand, offset, overlap in found[:MOST_MATCHES]
            ],
        ]


def _sign(strand):
    return -1 if strand == "-" else 1


def _files(run, method, name):
    """Return [label, relative path] of the files that a filter's panel is drawn from."""
    files = {
        "logo (SVG)": f"filters/{method}.logos/{name}.svg",
        "motifs (MEME)": f"filters/{method}.meme",
        "sites (BED)": f"filters/{method}.sites.bed.gz",
        "counts (HDF5)": f"filters/{method}.h5",
        "sensitivity (SVG)": f"filters/sensitivity/{name}.svg",
    }
    return [[label, run.links[key]] for label, key in files.items() if key in run.links]


def _add_thresholds(block, tables, places):
    columns = ["null", "universe", "windows", "tested", "kept", "threshold", "score", "p_value"]
    columns += ["p_value_low", "q_value", "smallest_p_value", "undecided"]
    for name, *values in columns_of(tables["thresholds"], ["filter", *columns]):
        if name in places:
            block["filters"][places[name]]["threshold"] = shorts(values)


def _add_importance(block, tables, places):
    """Add [importance, low, high, rank, [importance of each iteration]] per pair."""
    table = tables["importance"]
    pairs = table.drop_duplicates(["perturbation", "metric"])
    block["pairs"] = [
        shorts(row) for row in columns_of(pairs, ["perturbation", "metric", "baseline", "iterations", "n"])
    ]
    keys = {tuple(pair[:2]): i for i, pair in enumerate(block["pairs"])}
    single = {}
    for *key, value in columns_of(
        tables.get("importance.iterations", table[:0]), ["filter", "perturbation", "metric", "value"]
    ):
        single.setdefault(tuple(key), []).append(value)
    columns = ["filter", "perturbation", "metric", "importance", "ci_low", "ci_high", "rank"]
    for name, perturbation, metric, value, low, high, rank in columns_of(table, columns):
        if name not in places:
            continue
        pair = keys[perturbation, metric]
        costs = _costs(single.get((name, perturbation, metric), []), block["pairs"][pair][2], value)
        record = block["filters"][places[name]]
        record.setdefault("importance", [None] * len(keys))
        record["importance"][pair] = [*shorts((value, low, high, rank)), shorts(costs, 4)]


def _add_group_importance(block, tables, places):
    """Add the groups of several filters: [name, number of others, [importance, low, high, rank] per pair].

    `group_counts` is the number of groups per pair; a filter's `group` is the place of its group.
    """
    table = tables["importance.groups"]
    keys = {tuple(pair[:2]): i for i, pair in enumerate(block.get("pairs", []))}
    found = {}
    block["group_counts"] = [0] * len(keys)
    columns = ["group", "filters", "perturbation", "metric", "importance", "ci_low", "ci_high", "rank"]
    for group, filters, perturbation, metric, *values in columns_of(table, columns):
        pair = keys.get((perturbation, metric))
        if pair is None:
            continue
        block["group_counts"][pair] += 1
        members = str(filters).split(",")
        if len(members) > 1:
            of = found.setdefault(str(group), (members, [None] * len(keys)))[1]
            of[pair] = shorts(values)
    block["groups"] = [[group, len(members) - 1, of] for group, (members, of) in found.items()]
    for place, (members, _) in enumerate(found.values()):
        for name in members:
            if name in places:
                block["filters"][places[name]]["group"] = place


def _costs(values, baseline, importance):
    """Return what single perturbations cost, ascending, with the sign that the importance has.

    Importance is the rise of an error, and the fall of a metric whose high is good.
    """
    values = np.array(values, float)
    values = values[~np.isnan(values)]
    if not len(values) or baseline is None or is_missing(importance):
        return []
    rise = np.sort(values - baseline)
    middle = rise.mean()
    rise = rise if abs(importance - middle) <= abs(importance + middle) else -rise[::-1]
    if len(rise) > MOST_ITERATIONS:
        rise = np.quantile(rise, np.linspace(0, 1, MOST_ITERATIONS))
    return rise.tolist()


def _add_sensitivity(block, tables, places):
    """Add means by position and letter, and quantiles of the changes of the most frequent letters.

    means: log2 ratios (W * A), over the sites that have another letter there; reference: the most frequent
    letter of each position, by place; boxes: five quantiles per position and letter, the reference's empty.
    """
    table = tables["sensitivity"]
    size = len(block["letters"])
    letters = {letter: i for i, letter in enumerate(block["letters"])}
    table = table[table["reference"].isin(letters) & table["base"].isin(letters)]
    place = table["filter"].astype(object).map(places).fillna(-1).to_numpy(int)
    order = np.argsort(place, kind="stable")
    cells = [table["position"], table["reference"].map(letters), table["base"].map(letters)]
    cells = np.stack(cells, axis=1).astype(int)[order]
    values = table[["n", "mean", *QUANTILES]].to_numpy(float)[order]
    starts = np.flatnonzero(np.diff(place[order], prepend=-2))
    for first, end in pairwise([*starts, len(order)]):
        at = place[order[first]]
        if at < 0:
            continue
        width = cells[first:end, 0].max() + 1
        filled = np.full((width, size, size, values.shape[1]), np.nan)
        filled[tuple(cells[first:end].T)] = values[first:end]
        block["filters"][at]["sensitivity"] = _sensitivity(filled)


def _sensitivity(table):
    """Return the record of one filter; `table` is (W, reference, letter, n and mean and quantiles)."""
    width, size = table.shape[:2]
    n = np.nan_to_num(table[:, range(size), range(size), 0])
    weight = np.nan_to_num(table[..., 0]) * ~np.eye(size, dtype=bool) * ~np.isnan(table[..., 1])
    share = weight.sum(axis=1)
    total = (weight * np.nan_to_num(table[..., 1])).sum(axis=1)
    means = np.divide(total, share, out=np.full(total.shape, np.nan), where=share > 0)
    common = n.argmax(axis=1)
    boxes = table[np.arange(width), common, :, 2:]
    boxes[np.arange(width), common] = np.nan
    return {
        "n": int(n.sum(axis=1).max(initial=0)),
        "means": shorts(means.ravel().tolist()),
        "reference": common.tolist(),
        "boxes": [
            None if math.isnan(sum(box)) else shorts(box)
            for box in boxes.reshape(-1, len(QUANTILES)).tolist()
        ],
    }


def _add_redundancy(block, tables, places):
    """Add the most similar filters by what is compared: [filter, similarity, strand, offset, overlap]."""
    table = tables["redundancy"]
    table = table[
        table["similarity"].notna() & table["filter_a"].isin(places) & table["filter_b"].isin(places)
    ]
    block["compared"] = list(dict.fromkeys(table["compared"]))
    widths = [_width(record, len(block["letters"])) for record in block["filters"]]
    a, b = (table[name].map(places).to_numpy(int) for name in ("filter_a", "filter_b"))
    minus = (table["strand"] == "-").to_numpy()
    offset = table["offset"].to_numpy(float)
    # Seen from b: on the same strand a is shifted the other way; on the other strand it is the end of a that
    # comes first, which lies as far from the end of b.
    wide = np.array(widths)
    back = np.where(minus, offset + wide[b] - wide[a], -offset)
    frame = pd.DataFrame(
        {
            "compared": np.tile(table["compared"].to_numpy(object), 2),
            "own": np.concatenate([a, b]),
            "other": np.concatenate([b, a]),
            "similarity": np.tile(table["similarity"].to_numpy(float), 2),
            "strand": np.tile(np.where(minus, -1, 1), 2),
            "offset": np.concatenate([offset, back]),
            "overlap": np.tile(table["overlap"].to_numpy(float), 2),
        }
    )
    frame = frame.sort_values("similarity", ascending=False, kind="stable")
    for compared, own, *partner in columns_of(
        frame.groupby(["compared", "own"]).head(MOST_PARTNERS), frame.columns
    ):
        similar = block["filters"][own].setdefault("similar", [[] for _ in block["compared"]])
        similar[block["compared"].index(compared)].append(shorts(partner))


def _width(record, size):
    motif = next((found for found in record.get("motifs", []) if found), [])
    return len(motif) // size


def _add_clusters(block, tables, places):
    columns = ["activation_cluster", "activation_silhouette", "motif_cluster", "motif_silhouette"]
    for name, *values in columns_of(tables["clusters"], ["filter", *columns, "redundancy_group"]):
        if name in places:
            block["filters"][places[name]]["clusters"] = shorts(values)


def _add_groups(block, tables, places):
    """Add the group of redundant filters to the clusters of each filter, which it may be the first of."""
    for name, group in columns_of(tables["redundancy_groups"], ["filter", "redundancy_group"]):
        if name in places:
            record = block["filters"][places[name]]
            record["clusters"] = [*record.get("clusters", [None] * 5)[:4], short(group)]


def _add_central(block, tables, places):
    """Add [sites, central sites, expected fraction, enrichment, p] per method."""
    columns = ["sites", "central_sites", "expected_fraction", "central_enrichment", "central_p_value"]
    for method, name, *values in columns_of(tables["positions"], ["method", "filter", *columns]):
        if name in places and method in block["methods"]:
            found = block["filters"][places[name]].setdefault("central", [None] * len(block["methods"]))
            found[block["methods"].index(method)] = shorts(values)


def _strongest(tables, places, indices):
    """Return the targets that each filter's panel shows where there are too many, as `kept` above."""
    if len(indices) <= MOST_TARGETS:
        return None
    if "enrichment" in tables:
        table = tables["enrichment"].sort_values("q_value", kind="stable")
    elif "class_activation" in tables:
        table = tables["class_activation"].sort_values("mean", ascending=False, kind="stable")
    else:
        return {place: range(MOST_TARGETS) for place in places.values()}
    kept = {}
    for name, target in columns_of(table, ["filter", "target"]):
        found = kept.setdefault(places.get(name), set())
        if len(found) < MOST_TARGETS:
            found.add(indices.get(target))
    return kept


def _add_enrichment(block, table, places, indices, kept):
    """Add per test the rows [target, n, n_target, p, q, effects]."""
    tests = list(table.groupby(["test", "unit", "universe"], sort=False))
    block["tests"] = []
    for i, (key, rows) in enumerate(tests):
        effects = [name for name in EFFECTS if name in rows and rows[name].notna().any()]
        block["tests"].append([*key, effects])
        columns = ["n", "n_target", "p_value", "q_value", *effects]
        for place, parts in target_parts(rows, columns, places, indices, kept):
            record = block["filters"][place].setdefault("enrichment", [[] for _ in tests])
            for index, values in parts:
                n, positives, p, q, *sizes = values[0].tolist()
                record[i].append([index, short(n), short(positives), short(p), short(q), *shorts(sizes)])


def _add_activation(block, table, places, indices, kept):
    """Add rows [target, n, mean, sd, five quantiles, fraction above the threshold]."""
    columns = ["n", "mean", "sd", *QUANTILES, "above"]
    for place, parts in target_parts(table, columns, places, indices, kept):
        block["filters"][place]["activation"] = [
            [index, short(values[0, 0]), *shorts(values[0, 1:].tolist())] for index, values in parts
        ]


def _add_maxima(block, table, places, indices, kept):
    """Add [bins, [target, [sequences in each bin]]]; neighbouring bins are joined where there are many."""
    block["bins"] = []
    for place, parts in target_parts(table, ["bin_start", "bin_end", "sequences"], places, indices, kept):
        edges = np.unique(np.concatenate([values[:, :2].ravel() for _, values in parts]))
        if len(edges) < 2 or np.isnan(edges).any():
            continue
        step = max(1, -(-(len(edges) - 1) * len(parts) // MOST_POINTS))
        joined = np.union1d(edges[::step], edges[-1:])
        rows = []
        for index, values in parts:
            at = np.searchsorted(joined, values[:, 0], side="right") - 1
            counts = np.bincount(at, np.nan_to_num(values[:, 2]), minlength=len(joined) - 1)
            rows.append([index, shorts(counts.tolist())])
        block["filters"][place]["maxima"] = [_place(block["bins"], shorts(joined.tolist())), rows]


def _add_profile(block, table, places, indices, kept):
    """Add [positions, largest value, [target, n, [mean], [sd]]], both in shares of the largest value."""
    block["positions"] = []
    table = table.sort_values("position", kind="stable")
    for place, parts in target_parts(table, ["position", "mean", "sd", "n"], places, indices, kept):
        longest = max((values[:, 0] for _, values in parts), key=len)
        step = max(1, -(-len(longest) * len(parts) // MOST_POINTS))
        found = [(index, values[:, 3].max(), *thinned(values[:, 1:3], step)) for index, values in parts]
        top = max(np.nan_to_num(mean + sd).max() for _, _, mean, sd in found)
        line = [step, *shorts(thinned(longest[:, None], step)[0].tolist())]
        block["filters"][place]["profile"] = [
            _place(block["positions"], line),
            short(top),
            [[index, short(n), shares_of(top, mean), shares_of(top, sd)] for index, n, mean, sd in found],
        ]


def _place(known, item):
    """Return the place of an item in a list, which takes it up if it is new."""
    if item not in known:
        known.append(item)
    return known.index(item)
