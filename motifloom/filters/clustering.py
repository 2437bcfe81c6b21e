"""Clusters of filters: by the sequences that they respond to, by their motifs, and how far the two agree."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from motifloom.data.store import target_names
from motifloom.filters.classes import class_members
from motifloom.randomness import generator

# Sequences, or filters, whose activations are turned into double precision at a time.
ROWS, COLUMNS = 8192, 32


@dataclass(frozen=True, eq=False)
class Clustering:
    """A tree of filters, cut into clusters.

    Parameters
    ----------
    filters : list of str
        Names of all F filters.
    members : int (M,)
        Which of them are in the tree: those that can be compared.
    linkage : float (M - 1, 4)
        As SciPy's, with leaf i for filter members[i].
    labels : int (M,)
        Clusters, numbered from 1 by SciPy's `fcluster`.
    silhouettes : float (M,)
        Of each filter in its cluster (Rousseeuw 1987); NaN where all are in one.
    places : int (M,)
        From left to right in the tree, 0-based.
    scores : DataFrame
        clusters (k), silhouette (mean over filters), chosen.
    """

    filters: list
    members: np.ndarray
    linkage: np.ndarray
    labels: np.ndarray
    silhouettes: np.ndarray
    places: np.ndarray
    scores: pd.DataFrame

    @property
    def names(self):
        """Names of the filters in the tree, in bank order."""
        return [self.filters[i] for i in self.members]

    @property
    def count(self):
        """Number of clusters."""
        return len(np.unique(self.labels))

    def newick(self):
        """Return the tree as Newick; see :func:`newick`."""
        return newick(self.linkage, self.names)

    def table(self):
        """Return filter, cluster, silhouette, order for all filters; missing for those not in the tree."""
        columns = {"cluster": self.labels, "silhouette": self.silhouettes, "order": self.places}
        inside = pd.DataFrame(columns, index=self.members)
        table = inside.reindex(range(len(self.filters))).astype({"cluster": "Int64", "order": "Int64"})
        table.insert(0, "filter", self.filters)
        return table


def activation_correlation(mean):
    """Return the correlation of filters' activations over sequences.

    Parameters
    ----------
    mean : float (N, F)
        Mean rectified activation by sequence and filter.

    Returns
    -------
    float (F, F)
        Pearson's correlation; NaN for filters whose activation is the same in all sequences, as is that of
        one that never fires, or not finite.
    """
    mean = np.asarray(mean)
    n, count = mean.shape
    if n == 0:
        return np.full((count, count), np.nan)
    usable = np.isfinite(mean).all(axis=0) & (mean.min(axis=0) < mean.max(axis=0))
    columns = mean[:, usable]
    centre = columns.mean(axis=0, dtype=float)
    products = np.zeros((len(centre), len(centre)))
    for first in range(0, n, ROWS):
        part = columns[first : first + ROWS] - centre
        products += part.T @ part
    scale = np.sqrt(np.diag(products))
    # Rounded, since the last bits may depend on the number of threads.
    found = np.round(products / np.outer(scale, scale), 12)
    np.fill_diagonal(found, 1)
    correlation = np.full((count, count), np.nan)
    correlation[np.ix_(usable, usable)] = np.clip(found, -1, 1)
    return correlation


def cluster_activations(filters, mean, *, method="ward", clusters=None, max_k=10):
    """Cluster filters by the sequences that they respond to.

    Fingerprints are z-scored filter by filter (standard deviation with N); their Euclidean distance is
    sqrt(2 N (1 - r)) with r their correlation, so that the sequences are read once, whatever the number of
    pairs.

    Parameters
    ----------
    filters : list of str
        Names of the F filters.
    mean : float (N, F)
        Mean rectified activation by sequence and filter: the fingerprints are its columns.
    method : str
        Any of SciPy's linkages: ward, average, complete, single, weighted, centroid, median.
    clusters : int or None
        Number of clusters; None: that of 2 to `max_k` with the largest mean silhouette.
    max_k : int
        Largest number that is tried.

    Returns
    -------
    Clustering
        Filters whose activation is constant are in no cluster.
    """
    distances = np.sqrt(2 * len(mean) * (1 - activation_correlation(mean)))
    return cluster(filters, distances, method=method, clusters=clusters, max_k=max_k)


def cluster_motifs(similarity, *, method="average", clusters=None, max_k=10):
    """Cluster filters by what they look for.

    Parameters
    ----------
    similarity : Similarity
        Of motifs (or kernels), from :mod:`motifloom.filters.redundancy`. The distance of two filters is 1
        less their similarity on the more similar strand.
    method, clusters, max_k
        As in :func:`cluster_activations`. The distances are not Euclidean, which ward, centroid and median
        suppose.
    """
    return cluster(similarity.filters, 1 - similarity.best, method=method, clusters=clusters, max_k=max_k)


def cluster(filters, distances, *, method, clusters=None, max_k=10):
    """Build a tree from distances and cut it.

    Parameters
    ----------
    filters : list of str
        Names.
    distances : float (F, F)
        Symmetric; rows and columns that are NaN are left out of the tree.
    method, clusters, max_k
        As in :func:`cluster_activations`. More clusters than filters are as many as filters.

    Returns
    -------
    Clustering
        Of equal silhouettes the smaller number of clusters is chosen; fewer than 3 filters are one cluster
        unless `clusters` says otherwise.
    """
    members = np.flatnonzero(~np.isnan(np.diag(distances)))
    distances = np.asarray(distances)[np.ix_(members, members)]
    np.fill_diagonal(distances, 0)
    count = len(members)
    tree = _linkage(distances, method)
    tried = set(range(2, min(max_k, count - 1) + 1)) or {1}
    if clusters is not None:
        clusters = max(1, min(clusters, count))
        tried |= {clusters}
    labels, rows = {}, []
    for k in sorted(tried) if count else []:
        labels[k] = _cut(tree, k, count)
        rows.append((k, np.mean(silhouette(distances, labels[k]))))
    scores = pd.DataFrame(rows, columns=["clusters", "silhouette"])
    if clusters is None and count:
        best = scores["silhouette"].to_numpy()
        clusters = int(scores["clusters"][0 if np.isnan(best).all() else np.nanargmax(best)])
    scores["chosen"] = scores["clusters"] == clusters
    chosen = labels.get(clusters, np.zeros(0, int))
    return Clustering(
        list(filters), members, tree, chosen, silhouette(distances, chosen), _places(tree, count), scores
    )


def _linkage(distances, method):
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import squareform

    if len(distances) < 2:
        return np.zeros((0, 4))
    return linkage(squareform(distances, checks=False), method)


def _cut(tree, k, count):
    from scipy.cluster.hierarchy import fcluster

    if not len(tree):
        return np.ones(count, int)
    # By the order of the merges, as by heights, which with some linkages may fall.
    ordered = tree.copy()
    ordered[:, 2] = np.arange(1, len(tree) + 1)
    return fcluster(ordered, k, "maxclust").astype(int)


def _places(tree, count):
    from scipy.cluster.hierarchy import leaves_list

    places = np.zeros(count, int)
    if len(tree):
        places[leaves_list(tree)] = np.arange(count)
    return places


def silhouette(distances, labels):
    """Return the silhouette of each item, float (n,) (Rousseeuw 1987).

    Parameters
    ----------
    distances : float (n, n)
        Symmetric.
    labels : int (n,)
        Clusters. An item alone in its cluster has 0; with a single cluster all are NaN.
    """
    groups, codes = np.unique(labels, return_inverse=True)
    if len(groups) < 2:
        return np.full(len(labels), np.nan)
    member = np.eye(len(groups))[codes]
    sizes, rows = member.sum(axis=0), np.arange(len(labels))
    sums = distances @ member
    own = sums[rows, codes] / np.maximum(sizes[codes] - 1, 1)
    means = sums / sizes
    means[rows, codes] = np.inf
    other = means.min(axis=1)
    largest = np.maximum(own, other)
    values = np.divide(other - own, largest, out=np.zeros(len(labels)), where=largest > 0)
    return np.where(sizes[codes] > 1, values, 0.0)


def newick(tree, names):
    """Return a tree in Newick format.

    Parameters
    ----------
    tree : float (n - 1, 4)
        SciPy's linkage. A branch is as long as its ends' heights differ, written so that it reads back as
        the same number; 0 where heights fall, as they may with centroid and median linkage.
    names : list of str
        Of the leaves; in quotes where they hold more than letters, digits, `_`, `.` and `-`.
    """
    if not names:
        return ";"
    nodes = [(_quoted(name), 0.0) for name in names]
    for left, right, height, _ in tree:
        ends = (nodes[int(left)], nodes[int(right)])
        nodes.append(
            (f"({','.join(f'{text}:{max(0.0, float(height - below))!r}' for text, below in ends)})", height)
        )
        nodes[int(left)] = nodes[int(right)] = None  # their text lives on in the node's
    return nodes[-1][0] + ";"


def _quoted(name):
    plain = name and all(letter.isascii() and (letter.isalnum() or letter in "_.-") for letter in name)
    return name if plain else "'" + name.replace("'", "''") + "'"


def clusters_table(activation, motif, groups):
    """Return one row per filter: its clusters and its group of redundant filters.

    Parameters
    ----------
    activation, motif : Clustering
        Of the same filters.
    groups : Series, indexed by filter
        From :func:`motifloom.filters.redundancy.redundancy_groups`.

    Returns
    -------
    DataFrame
        filter, activation_cluster, activation_silhouette, motif_cluster, motif_silhouette,
        redundancy_group, activation_order, motif_order (place in the tree, 0-based). What a filter is not
        part of is missing.
    """
    first, second = activation.table(), motif.table().set_index("filter").reindex(activation.filters)
    return pd.DataFrame(
        {
            "filter": first["filter"],
            "activation_cluster": first["cluster"],
            "activation_silhouette": first["silhouette"],
            "motif_cluster": second["cluster"].array,
            "motif_silhouette": second["silhouette"].array,
            "redundancy_group": groups.reindex(activation.filters).array,
            "activation_order": first["order"],
            "motif_order": second["order"].array,
        }
    )


def scores_table(activation, motif):
    """Return compared (activation or motif), clusters (k), silhouette (mean), chosen."""
    named = {"activation": activation, "motif": motif}
    return pd.concat(
        [clustering.scores.assign(compared=name) for name, clustering in named.items()], ignore_index=True
    )[["compared", "clusters", "silhouette", "chosen"]]


def agreement(activation, motif):
    """Measure how far two clusterings agree on the filters that both hold.

    Parameters
    ----------
    activation, motif : Clustering
        Of the same filters.

    Returns
    -------
    DataFrame
        measure, value, filters (how many both hold): adjusted_rand (Hubert and Arabie 1985: 1 for equal
        clusters, 0 on average by chance), adjusted_mutual_information (Vinh et al. 2010, arithmetic mean;
        on the same scale), cophenetic_correlation (Pearson's, of the heights at which two filters meet in
        the trees). Values are missing where one of the two has no differences to compare.
    """
    shared, at, there = np.intersect1d(activation.members, motif.members, return_indices=True)
    first, second = activation.labels[at], motif.labels[there]
    values = {
        "adjusted_rand": np.nan,
        "adjusted_mutual_information": np.nan,
        "cophenetic_correlation": np.nan,
    }
    counts = {len(np.unique(first)), len(np.unique(second))}
    if min(counts) > 1 and counts != {len(shared)}:
        from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

        values["adjusted_rand"] = adjusted_rand_score(first, second)
        values["adjusted_mutual_information"] = adjusted_mutual_info_score(first, second)
    if len(shared) > 2:
        pairs = np.triu_indices(len(shared), 1)
        heights = [
            cophenet[np.ix_(rows, rows)][pairs]
            for cophenet, rows in ((_cophenet(activation), at), (_cophenet(motif), there))
        ]
        if min(np.ptp(height) for height in heights) > 0:
            values["cophenetic_correlation"] = np.corrcoef(*heights)[0, 1]
    return pd.DataFrame(
        {"measure": list(values), "value": list(values.values()), "filters": len(shared)}
    ).astype({"value": float})


def _cophenet(clustering):
    from scipy.cluster.hierarchy import cophenet
    from scipy.spatial.distance import squareform

    return squareform(cophenet(clustering.linkage))


def sample_sequences(maximum, filters, ids, targets, task, classes, *, most=500, seed=1):
    """Choose sequences evenly from the classes, with their standardised largest activations.

    What pysster's heat map of sequences and kernels is drawn from. Activations are z-scored filter by
    filter over all N sequences, then the same number of each class is drawn without replacement: `most`
    divided by the number of classes, or all of a smaller class. A sequence drawn for one of its labels counts
    for the others too. Of a regression they are drawn from all sequences.

    Parameters
    ----------
    maximum : float (N, F)
        Largest activation by sequence and filter; sequences without any (NaN) are not drawn.
    filters : list of str
        Names of the F filters.
    ids : sequence of str (N,)
        Names of the sequences.
    targets : float (N, T)
        As in the dataset.
    task, classes
        binary, multiclass, multilabel (drawn from each label and from those without any) or regression.
    most : int
        See above.
    seed : int
        Of the draws.

    Returns
    -------
    sample : DataFrame
        One row per sequence drawn, in the order of the dataset: id, target.<name>..., and a column per
        filter: standard deviations from its mean over all sequences; missing for filters that are constant.
    counts : DataFrame
        class, sequences (how many it has), drawn (how many of them are in the sample).
    """
    maximum, targets = np.asarray(maximum), np.asarray(targets, float).reshape(len(maximum), -1)
    finite = np.isfinite(maximum)
    # A filter longer than the sequences has no activation in any, and hides none.
    usable = (finite | ~finite.any(axis=0)).all(axis=1) & finite.any(axis=1)
    groups = _groups(targets, task, classes)
    quota = max(1, most // max(len(groups), 1))
    taken = np.zeros(len(maximum), bool)
    for name, group in groups.items():
        wanted = quota - np.count_nonzero(group & taken)
        free = np.flatnonzero(group & usable & ~taken)
        draws = generator(seed, "clustering", "sequences", name)
        taken[draws.choice(free, min(max(wanted, 0), len(free)), replace=False)] = True
    rows = np.flatnonzero(taken)
    sample = pd.DataFrame({"id": np.asarray(ids, object)[rows]})
    values = pd.DataFrame(targets[rows], columns=[f"target.{name}" for name in target_names(task, classes)])
    scores = pd.DataFrame(_standardise(maximum, usable, rows), columns=filters)
    counts = [(name, int(group.sum()), int((group & taken).sum())) for name, group in groups.items()]
    return (
        pd.concat([sample, values, scores], axis=1),
        pd.DataFrame(counts, columns=["class", "sequences", "drawn"]),
    )


def _standardise(maximum, usable, rows):
    """Return float32 (len(rows), F): z-scores by the mean and standard deviation of the usable rows."""
    scores = np.full((len(rows), maximum.shape[1]), np.nan, np.float32)
    for first in range(0, maximum.shape[1], COLUMNS):
        here = np.s_[:, first : first + COLUMNS]
        block = maximum[here][usable].astype(float)
        if len(block):
            varies = np.ptp(block, axis=0) > 0
            deviation = np.where(varies, block.std(axis=0), np.nan)
            scores[here] = (maximum[here][rows] - block.mean(axis=0)) / deviation
    return scores


def _groups(targets, task, classes):
    """Return which sequences each class has: dict of name to bool (N,)."""
    if task == "regression":
        return {"all": np.ones(len(targets), bool)}
    names, members = class_members(targets, task, classes)
    return dict(zip(names, members.T, strict=True))
