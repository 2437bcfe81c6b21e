"""The tables that the analyses of filters leave behind, made up: for the tests of pages."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from motifloom.io import write_table
from motifloom.plots.style import save_figure

QUANTILES = ["quantile_05", "quantile_25", "median", "quantile_75", "quantile_95"]
EFFECTS = ["log2_fold_change", "auc", "odds_ratio", "log2_odds_ratio", "correlation", "a", "b", "c", "d"]
SPREAD = np.array([-1.6, -0.7, 0.0, 0.7, 1.6])


def write_analyses(rng, folder, motifs, targets, task, *, positions=60, coordinates=True):
    """Write every table of the contract below `folder`, and some of the pictures.

    Parameters
    ----------
    rng : numpy.random.Generator
    folder : path
        `filters` of a seed.
    motifs : dict
        method -> filter -> (W, 4) probabilities; the last filter never fires.
    targets : list of str
        Names of the classes, labels or values.
    task : str
    positions : int
        Windows in the profiles.
    coordinates : bool
        Without, there is nothing to centre on: no positions.tsv.
    """
    names = list(next(iter(motifs.values())))
    level = np.sort(rng.gamma(0.4, size=len(names)))[::-1]
    effect = rng.normal(size=(len(names), len(targets))) * 0.12
    effect[np.arange(len(names)), np.arange(len(names)) % len(targets)] += level.clip(0, 2) / 4
    silent = names[-1]
    tables = {
        "thresholds.tsv": thresholds(rng, names),
        "importance.tsv": (importance := importances(rng, names, level, task)),
        "importance.iterations.tsv.gz": iterations(rng, importance),
        "importance.groups.tsv": groups(importance, names),
        "enrichment.tsv": enrichment(rng, names, targets, effect, task),
        "class_activation.tsv": (activation := class_activation(rng, names, targets, effect)),
        "kernel_score.tsv": kernel_score(activation),
        "maxima.tsv": maxima(rng, names, targets, level),
        "profile.tsv.gz": profile(rng, names, targets, level, positions),
        "sensitivity.tsv": sensitivity(rng, names, len(motifs["top"][names[0]])),
        "redundancy.tsv": redundancy(rng, names),
        "clusters.tsv": (grouped := clusters(rng, names)),
        "redundancy_groups.tsv": grouped[["filter", "redundancy_group"]].copy(),
        "cluster_scores.tsv": cluster_scores(rng),
        "agreement.tsv": pd.DataFrame(
            {
                "measure": ["adjusted_rand", "adjusted_mutual_information", "cophenetic_correlation"],
                "value": [0.31, 0.42, 0.57],
                "filters": len(names) - 1,
            }
        ),
    }
    if coordinates:
        tables["positions.tsv"] = central(rng, names)
        tables["profile.tsv.gz"]["position"] -= positions / 2
    for file, table in tables.items():
        write_table(_silenced(table, silent), folder / file)
    for key in ("redundancy", "clusters", "importance", "enrichment"):
        figure, axes = plt.subplots(figsize=(4, 2.5))
        axes.plot(level)
        axes.set(xlabel="filter", ylabel=key)
        save_figure(figure, folder / f"{key}.svg")


def _silenced(table, silent):
    """Empty the values of the filter that never fires; its rows stay."""
    if "filter" not in table:
        return table
    values = table.select_dtypes("float").columns.difference(["position"])
    table.loc[table["filter"] == silent, values] = np.nan
    return table


def _cross(**columns):
    """Return every combination of values, the first column slowest."""
    return pd.MultiIndex.from_product(columns.values(), names=list(columns)).to_frame(index=False)


def thresholds(rng, names):
    kept = rng.integers(20, 4000, len(names))
    p = 10.0 ** -rng.uniform(3, 6, len(names))
    least = rng.uniform(0.2, 6, len(names))
    return pd.DataFrame(
        {
            "filter": names, "layer": "motif_scanner", "null": "exact", "universe": "positive",
            "windows": 540_000, "tested": kept * 20, "kept": kept, "threshold": least,
            "score": least + 0.1, "p_value": p, "p_value_low": p * 0.999,
            "q_value": rng.uniform(0.04, 0.05, len(names)), "smallest_p_value": 1e-9, "undecided": 0,
        }
    )  # fmt: skip


def importances(rng, names, level, task):
    metrics = ["loss", "pearson"] if task == "regression" else ["loss", "auroc", "auprc"]
    table = _cross(filter=names, perturbation=["shuffle", "knockout"], metric=metrics)
    size = level[table["filter"].map({name: i for i, name in enumerate(names)})] * 0.05
    size = size * np.where(table["metric"] == "loss", 1, 0.4) + rng.normal(size=len(table)) * 0.001
    width = 0.002 + 0.1 * np.abs(size)
    table = table.assign(
        importance=size, ci_low=size - width, ci_high=size + width,
        baseline=np.where(table["metric"] == "loss", 0.23, 0.91), iterations=10, n=3000,
    )  # fmt: skip
    table["rank"] = table.groupby(["perturbation", "metric"])["importance"].rank(ascending=False).astype(int)
    return table


def iterations(rng, importance):
    table = importance.loc[importance.index.repeat(10)].reset_index(drop=True)
    table["iteration"] = np.arange(len(table)) % 10
    sign = np.where(table["metric"] == "loss", 1, -1)
    table["value"] = table["baseline"] + sign * table["importance"] * rng.uniform(0.6, 1.4, len(table))
    return table[["filter", "perturbation", "metric", "iteration", "value"]]


def groups(importance, names):
    """Two groups, of which the second is worth much, its filters little one by one."""
    tables = []
    for group, members, size in (("1", names[:3], 2.0), ("2", names[3:5], 1.0)):
        of = importance[importance["filter"] == names[0]].drop(columns="filter")
        value = of["importance"].abs() * size + 0.01
        of = of.assign(importance=value, ci_low=value * 0.8, ci_high=value * 1.2, rank=int(3 - size))
        of.insert(0, "group", group)
        of.insert(1, "filters", ",".join(members))
        tables.append(of)
    return pd.concat(tables)


def enrichment(rng, names, targets, effect, task):
    tests = [("spearman", "sequence", "global")]
    if task != "regression":
        tests = [("mann_whitney", "sequence", "global"), ("fisher", "sequence", "global")]
        tests.append(("fisher", "window", "activated"))
    tables = []
    for test, unit, universe in tests:
        table = _cross(filter=names, target=targets)
        table = table.assign(test=test, unit=unit, universe=universe, n=3000, n_target=3000 // len(targets))
        table[EFFECTS] = np.nan
        size = effect.ravel() + rng.normal(size=effect.size) * 0.01
        if test == "spearman":
            table["correlation"] = size.clip(-1, 1)
        elif test == "mann_whitney":
            table["auc"], table["log2_fold_change"] = (0.5 + size).clip(0, 1), 4 * size
        else:
            table["log2_odds_ratio"], table["odds_ratio"] = 8 * size, 2.0 ** (8 * size)
            table["a"], table["b"], table["c"], table["d"] = 900, 2100, 100, 2900
        table["p_value"] = (10.0 ** -(np.abs(size) * 40)).clip(1e-320, 1)
        table["q_value"] = (table["p_value"] * 20).clip(upper=1)
        tables.append(table)
    return pd.concat(tables).sort_values("filter", kind="stable", key=lambda names: names.astype(str))


def class_activation(rng, names, targets, effect):
    table = _cross(filter=names, target=targets)
    middle = 2 + 4 * effect.ravel()
    table = table.assign(n=3000 // len(targets), mean=middle + 0.1, sd=rng.uniform(0.5, 1.0, len(table)))
    table[QUANTILES] = (middle[:, None] + SPREAD * 0.8).clip(0)
    return table.assign(above=rng.uniform(0, 0.5, len(table)))


def kernel_score(activation):
    means = activation.pivot(index="filter", columns="target", values="mean")
    return pd.DataFrame(
        {
            "filter": means.index,
            "kernel_score": (means.max(axis=1) - means.min(axis=1)).to_numpy(),
            "top_target": means.idxmax(axis=1).to_numpy(),
            "threshold": means.max(axis=1).to_numpy(),
        }
    )


def maxima(rng, names, targets, level, bins=20):
    table = _cross(filter=names, target=targets, bin_start=np.arange(-100, 100, 200 // bins))
    table["bin_end"] = table["bin_start"] + 200 // bins
    middle = (table["bin_start"] + table["bin_end"]) / 2
    strength = level[table["filter"].map({name: i for i, name in enumerate(names)})]
    table["sequences"] = rng.poisson(5 + 60 * strength * np.exp(-((middle / 25) ** 2)))
    total = table.groupby(["filter", "target"])["sequences"].transform("sum")
    return table.assign(fraction=table["sequences"] / total)


def profile(rng, names, targets, level, positions):
    table = _cross(filter=names, target=targets, position=np.arange(positions))
    peak = np.exp(-(((np.arange(positions) - positions / 2) / (positions / 12)) ** 2))
    share = rng.uniform(0.2, 1, len(names) * len(targets))
    strength = np.repeat(level, len(targets)) * share
    mean = 0.1 + strength[:, None] * peak + rng.uniform(0, 0.03, (len(strength), positions))
    return table.assign(mean=mean.ravel(), sd=mean.ravel() * 0.6 + 0.05, n=3000 // len(targets))


def sensitivity(rng, names, width):
    table = _cross(filter=names, position=np.arange(width), reference=list("ACGT"), base=list("ACGT"))
    consensus = rng.integers(0, 4, (len(names), width))
    strength = rng.gamma(0.6, size=(len(names), width)) * 2
    place = table["filter"].map({name: i for i, name in enumerate(names)}), table["position"]
    is_consensus = table["reference"] == np.array(list("ACGT"))[consensus[place]]
    same = table["reference"] == table["base"]
    size = np.where(same, 0, np.where(is_consensus, -strength[place], strength[place] / 4))
    table = table.assign(n=np.where(is_consensus, 800, 60), mean=size)
    table[QUANTILES] = (
        size[:, None] + np.where(same, 0, 1)[:, None] * SPREAD * (0.1 + np.abs(size) / 4)[:, None]
    )
    return table


def redundancy(rng, names):
    first, second = np.triu_indices(len(names), 1)
    tables = []
    for compared in ("kernel", "top"):
        forward, reverse = rng.beta(2, 4, (2, len(first)))
        table = {
            "compared": compared,
            "filter_a": np.array(names)[first],
            "filter_b": np.array(names)[second],
        }
        table |= {
            "similarity": np.maximum(forward, reverse),
            "strand": np.where(forward >= reverse, "+", "-"),
        }
        table |= {"offset": rng.integers(-5, 6, len(first)), "overlap": 10}
        table |= {"similarity_forward": forward, "similarity_reverse": reverse}
        tables.append(pd.DataFrame(table))
    return pd.concat(tables)


def clusters(rng, names):
    count = len(names)
    return pd.DataFrame(
        {
            "filter": names,
            "activation_cluster": rng.integers(1, 5, count).astype(float),
            "activation_silhouette": rng.uniform(-0.2, 0.8, count),
            "motif_cluster": rng.integers(1, 4, count).astype(float),
            "motif_silhouette": rng.uniform(-0.2, 0.8, count),
            "redundancy_group": np.r_[np.ones(3), 2, 2, 3 + np.arange(count)][:count],
            "activation_order": rng.permutation(count).astype(float),
            "motif_order": rng.permutation(count).astype(float),
        }
    )


def cluster_scores(rng):
    table = _cross(compared=["activation", "motif"], clusters=np.arange(2, 8))
    table["silhouette"] = rng.uniform(0.1, 0.5, len(table))
    return table.assign(
        chosen=table.groupby("compared")["silhouette"].transform("max") == table["silhouette"]
    )


def central(rng, names):
    sites = rng.integers(100, 4000, len(names))
    near = rng.uniform(0.1, 0.6, len(names))
    return pd.DataFrame(
        {
            "method": "top", "filter": names, "sites": sites, "central_sites": (sites * near).astype(int),
            "expected_fraction": 0.105, "central_enrichment": near / 0.105,
            "central_p_value": 10.0 ** -rng.uniform(0, 40, len(names)),
        }
    )  # fmt: skip


def stability(rng, names, seeds):
    """Return the table of an experiment: which filters of different seeds are the same motif."""
    rows = []
    for motif, name in enumerate(names[:-1], 1):
        found = [seed for seed in seeds if motif % 3 or seed == seeds[0]]
        for seed in found:
            first = seed == found[0]
            similarity = 1.0 if first else rng.uniform(0.7, 1)
            shift = 0 if first else int(rng.integers(-2, 3))
            rows.append(
                (motif, len(found), seed, name, similarity, "+-"[not first and motif % 2], shift, first)
            )
    columns = ["motif", "seeds", "seed", "filter", "similarity", "strand", "offset", "medoid"]
    return pd.DataFrame(rows, columns=columns)
