"""How alike filters are: every filter against every other."""

import numpy as np
import pandas as pd

from motifloom.plots.clustering import Side, heat_map, message, name_some, square_side

# Up to so many filters, similarities are written into the cells.
FEW = 16


def similarity_matrix(table, compared, filters=None):
    """Turn rows of pairs into a matrix.

    Parameters
    ----------
    table : pandas.DataFrame
        compared, filter_a, filter_b, similarity, strand.
    compared : str
        Which rows: kernel, or a method.
    filters : list of str or None
        Names in order; None: as the table has them, in which a single filter has no row.

    Returns
    -------
    names : list of str
    similarity : float (F, F)
        1 on the diagonal; NaN for filters that hold nothing to compare.
    minus : bool (F, F)
        More similar to the reverse complement.
    """
    rows = table[table["compared"] == compared]
    names = (
        list(filters)
        if filters is not None
        else list(pd.unique(pd.concat([rows["filter_a"], rows["filter_b"]])))
    )
    index = pd.Index(names)
    a, b = index.get_indexer(rows["filter_a"]), index.get_indexer(rows["filter_b"])
    similarity = np.full((len(names), len(names)), np.nan)
    minus = np.zeros(similarity.shape, bool)
    similarity[a, b] = similarity[b, a] = rows["similarity"]
    minus[a, b] = minus[b, a] = (rows["strand"] == "-").to_numpy()
    compared_with_any = ~np.isnan(similarity).all(axis=1)
    similarity[compared_with_any, compared_with_any] = 1
    return names, similarity, minus


def redundancy_map(table, compared, filters=None, threshold=0.8):
    """Draw the similarity of all filters in their own order.

    Parameters
    ----------
    table, compared, filters
        As for :func:`similarity_matrix`.
    threshold : float
        The title counts pairs at least as similar.

    Returns
    -------
    matplotlib.figure.Figure
        The similarity on the more similar strand; numbers are written where there are few filters.
    """
    names, similarity, minus = similarity_matrix(table, compared, filters)
    if len(names) < 2:
        return message("fewer than 2 filters: nothing to compare")
    silent = [name for name, row in zip(names, similarity, strict=True) if np.isnan(row).all()]
    note = f"nothing to compare: {name_some(silent)}" if silent else ""
    return _draw(similarity, minus, names, None, compared, note, threshold)


def redundancy_clustermap(table, compared, filters=None, threshold=0.8):
    """Draw the similarity of all filters, ordered by their tree.

    Parameters and result as for :func:`redundancy_map`; the tree is the average linkage of 1 less the
    similarity, and filters that hold nothing to compare are named below it.
    """
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import squareform

    names, similarity, minus = similarity_matrix(table, compared, filters)
    known = ~np.isnan(similarity).all(axis=1)
    if known.sum() < 2:
        return message("fewer than 2 filters: nothing to compare")
    silent = [name for name, found in zip(names, known, strict=True) if not found]
    names = [name for name, found in zip(names, known, strict=True) if found]
    similarity, minus = similarity[np.ix_(known, known)], minus[np.ix_(known, known)]
    tree = linkage(squareform(1 - similarity, checks=False), "average")
    note = f"nothing to compare: {name_some(silent)}" if silent else ""
    return _draw(similarity, minus, names, tree, compared, note, threshold)


def _draw(similarity, minus, names, tree, compared, note, threshold):
    few = len(names) <= FEW
    texts = None
    if few:
        words = ["rc: against the reverse complement"] * bool(minus.any()) + [note] * bool(note)
        note = "; ".join(words)
        texts = [
            [
                "" if np.isnan(value) else f"{value:.2f}" + ("\nrc" if turned else "")
                for value, turned in zip(*row, strict=True)
            ]
            for row in zip(similarity, minus, strict=True)
        ]
    pairs = similarity[np.triu_indices(len(names), 1)]
    shares = f"{np.count_nonzero(pairs >= threshold):,} of {len(pairs):,}"
    kind = "Kernels" if compared == "kernel" else f"Motifs ({compared})"
    side = square_side(len(names))
    return heat_map(
        similarity,
        Side(tree, names),
        Side(tree, names if len(names) <= 40 else None),
        (side, side),
        label="similarity (maximal-shift Pearson)",
        limits=(0, 1),
        title=f"{kind}: n = {len(names)} filters, {shares} pairs at {threshold:g} or above",
        note=note,
        texts=texts,
    )
