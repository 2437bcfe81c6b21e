"""Which filters look for the same thing: every kernel and every motif against every other, on both strands.

The similarity is Pearson's correlation over the cells that two filters share when one is shifted along the
other, less for a small overlap, at the shift where it is largest (as Cnnamon defines it). All pairs at a
shift are one product of two matrices, so that 2 W - 1 products a strand compare all filters.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

COLUMNS = [
    "compared",
    "filter_a",
    "filter_b",
    "similarity",
    "strand",
    "offset",
    "overlap",
    "similarity_forward",
    "similarity_reverse",
]
# Similarities closer than this are equal: of equal shifts the larger overlap counts, of equal strands +.
TIE = 1e-9
# Filters whose similarities are held by the processor's cache at a time.
BLOCK = 128


@dataclass(frozen=True, eq=False)
class Similarity:
    """The similarity of every two of F filters; a row is filter a, a column filter b.

    Parameters
    ----------
    filters : list of str
        Names.
    widths : int (F,)
        Positions of each filter.
    forward, reverse : float (F, F)
        Best similarity over all shifts, -1 to 1, with b as it is and with b's reverse complement. NaN for
        filters that hold nothing to compare; `reverse` is all NaN where letters have no complement.
    forward_offset, reverse_offset : int (F, F)
        Place of the first position of b (of its reverse complement), counted from the first position of a.
    """

    filters: list
    widths: np.ndarray
    forward: np.ndarray
    reverse: np.ndarray
    forward_offset: np.ndarray
    reverse_offset: np.ndarray

    @cached_property
    def minus(self):
        """bool (F, F): the reverse complement of b is the more similar."""
        return self.reverse > self.forward + TIE

    @cached_property
    def best(self):
        """float (F, F): similarity on the more similar strand."""
        return np.where(self.minus, self.reverse, self.forward)

    @property
    def missing(self):
        """bool (F,): filters that hold nothing to compare."""
        return np.isnan(np.diag(self.forward))

    @property
    def offset(self):
        """int (F, F): offset on the more similar strand."""
        return np.where(self.minus, self.reverse_offset, self.forward_offset)

    @property
    def overlap(self):
        """int (F, F): positions that both filters hold at that offset."""
        offset = self.offset
        ends = np.minimum(self.widths[:, None], offset + self.widths[None, :])
        return ends - np.maximum(0, offset)


def kernel_similarity(bank, *, centred=True, both_strands=None):
    """Compare the weights of filters with each other.

    Parameters
    ----------
    bank : FilterBank
        The filters. Position is compared with position, whatever the layers' dilations.
    centred : bool
        Subtract from each position its mean over the letters, which moves all scores of whole windows
        alike and so says nothing of what a filter looks for. False: weights as they are (Cnnamon).
    both_strands : bool or None
        Compare with reverse complements too; None: for DNA.

    Returns
    -------
    Similarity
        Filters whose weights tell no letters apart are missing (NaN).
    """
    matrices = {}
    for layer in bank.layers:
        kernel = layer.kernel.astype(float) * layer.scale
        if centred:
            kernel = kernel - kernel.mean(axis=1, keepdims=True)
        matrices.update(zip(layer.filters, np.moveaxis(kernel, 2, 0), strict=True))
    missing = {name for name, matrix in matrices.items() if np.ptp(matrix) == 0}
    return compare(matrices, complement_order(bank.alphabet, both_strands), missing)


def motif_similarity(motifs, *, centred=True, both_strands=None):
    """Compare the motifs of filters with each other.

    Parameters
    ----------
    motifs : MotifSet
        Their probabilities are compared.
    centred : bool
        Subtract the background, so that only what differs from it counts for the overlap. False:
        probabilities as they are (Cnnamon); positions without information then weigh as much as a third of
        a certain one, and two filters that hold a motif at different places are less similar.
    both_strands : bool or None
        Compare with reverse complements too; None: for DNA.

    Returns
    -------
    Similarity
        Filters without sites, and those whose motif is the background, are missing (NaN).
    """
    matrices, missing = comparable(motifs, centred)
    return compare(matrices, complement_order(motifs.alphabet, both_strands), missing)


def comparable(motifs, centred=True):
    """Return what is compared of a motif set: float (W, A) by name, and names that hold nothing to compare.

    Parameters are those of :func:`motif_similarity`.
    """
    matrices = {name: motifs.probabilities(name) for name in motifs}
    relative = {name: matrix - motifs.background for name, matrix in matrices.items()}
    flat = {name for name, matrix in relative.items() if np.abs(matrix).max(initial=0) < 1e-6}
    return relative if centred else matrices, flat | set(motifs.silent)


def complement_order(alphabet, both_strands):
    """Return the order of the complements of the letters, or None where strands are not compared."""
    if both_strands is None:
        both_strands = alphabet.name == "dna"
    return alphabet.complement_table[: alphabet.size] if both_strands else None


def compare(matrices, complement=None, missing=()):
    """Compare all matrices with each other by maximal-shift Pearson correlation.

    At a shift, r is the correlation of the overlapping cells (0 where one side is constant), and the
    similarity is r sqrt(e_a e_b), e being the share of a matrix' sum of squares that lies in the overlap.
    Where each position sums to 0, this is the cosine of the matrices with zeros beyond their ends.

    Parameters
    ----------
    matrices : dict of name to float (W, A)
        Widths may differ.
    complement : int (A,) or None
        Index of the complement of each letter; None: one strand only.
    missing : collection of names
        Matrices not to be compared.

    Returns
    -------
    Similarity
        Symmetric up to the sign of forward offsets, and the same for any number of threads.
    """
    names = list(matrices)
    widths = np.array([len(matrices[name]) for name in names], int)
    # In order of width, filters of a width are one array, and one triangle of all pairs is enough.
    order = np.argsort(widths, kind="stable")
    groups = [
        np.stack([matrices[names[i]] for i in order[widths[order] == width]]) for width in np.unique(widths)
    ]
    absent = np.array([name in missing for name in names], bool)
    arrays = []
    for turned in (False, True):
        score = np.full((len(names), len(names)), np.nan)
        offset = np.zeros(score.shape, np.int32)
        if not turned or complement is not None:
            # The products are small: to share one among threads costs more than to compute it.
            with threadpool_limits(1, "blas"):
                _fill(groups, score, offset, complement if turned else None)
            _mirror(score, offset, widths[order], turned)
        back = np.argsort(order, kind="stable")
        score, offset = (array[np.ix_(back, back)] for array in (score, offset))
        score[absent] = score[:, absent] = np.nan
        arrays.append((score, offset))
    (forward, forward_offset), (reverse, reverse_offset) = arrays
    return Similarity(names, widths, forward, reverse, forward_offset, reverse_offset)


def _fill(groups, score, offset, complement):
    """Fill the upper triangles of score and offset (F, F) from arrays (n, W, A), one per width."""
    row = 0
    for i, first in enumerate(groups):
        column = row
        for j, second in enumerate(groups[i:]):
            if complement is not None:
                second = second[:, ::-1][:, :, complement]
            here = np.s_[row : row + len(first), column : column + len(second)]
            _best_shifts(first, second, score[here], offset[here], triangle=j == 0)
            column += len(second)
        row += len(first)
    # Products may differ in their last bits from machine to machine; ties must not.
    np.round(score, 12, out=score)


def _best_shifts(first, second, score, offset, triangle):
    """Fill score, offset (n, m) with the best of all shifts of arrays (n, W, A) and (m, V, A).

    With `triangle`, blocks below the diagonal are left out.
    """
    score[:] = -np.inf
    ends = first.shape[1], second.shape[1]
    energies = [np.square(array).sum(axis=(1, 2)) for array in (first, second)]

    def span(shift):
        return max(0, shift), min(ends[0], shift + ends[1])

    for shift in sorted(range(1 - ends[1], ends[0]), key=lambda t: (span(t)[0] - span(t)[1], abs(t))):
        low, high = span(shift)
        left = _scaled(first[:, low:high], energies[0])
        right = _scaled(second[:, low - shift : high - shift], energies[1]).T
        for start in range(0, len(first), BLOCK):
            here = np.s_[start : start + BLOCK, start if triangle else 0 :]
            found = left[here[0]] @ right[:, here[1]]
            better = found > score[here] + TIE
            np.copyto(score[here], found, where=better)
            np.copyto(offset[here], shift, where=better)


def _scaled(part, energy):
    """Return rows (n, w A) whose products are penalised correlations, from parts (n, w, A) of matrices."""
    rows = part.reshape(len(part), -1)
    inside = np.square(rows).sum(axis=1)
    rows = rows - rows.mean(axis=1, keepdims=True)
    variance = np.square(rows).sum(axis=1)
    weight = np.divide(inside, energy * variance, out=np.zeros(len(rows)), where=variance > 1e-12 * inside)
    return rows * np.sqrt(weight)[:, None]


def _mirror(score, offset, widths, turned):
    """Fill the lower triangles from the upper ones."""
    lower = np.tril_indices(len(score), -1)
    score[lower] = score.T[lower]
    other = offset.T[lower]
    # Turning the pair round swaps its ends: what b leaves free behind a, a leaves free before b.
    offset[lower] = other + widths[lower[0]] - widths[lower[1]] if turned else -other


def redundancy_table(compared, similarity):
    """Return all pairs of filters as a table.

    Parameters
    ----------
    compared : str
        What was compared: kernel, or the method of the motifs.
    similarity : Similarity
        F filters.

    Returns
    -------
    DataFrame
        F (F - 1) / 2 rows in the order of filters: compared, filter_a, filter_b, similarity (on the more
        similar strand), strand (of b against a: + or -), offset (of b's first position, on that strand,
        from a's; may be negative), overlap (positions), similarity_forward, similarity_reverse. All but
        the names are missing for filters that hold nothing to compare.
    """
    a, b = np.triu_indices(len(similarity.filters), 1)
    names = np.array(similarity.filters, object)
    known = ~np.isnan(similarity.forward[a, b])
    columns = {
        "compared": compared,
        "filter_a": names[a],
        "filter_b": names[b],
        "similarity": similarity.best[a, b],
        "strand": np.where(known, np.where(similarity.minus[a, b], "-", "+"), None),
        "offset": pd.array(similarity.offset[a, b], "Int64"),
        "overlap": pd.array(similarity.overlap[a, b], "Int64"),
        "similarity_forward": similarity.forward[a, b],
        "similarity_reverse": similarity.reverse[a, b],
    }
    frame = pd.DataFrame(columns, columns=COLUMNS)
    frame.loc[~known, ["offset", "overlap"]] = pd.NA
    return frame


def redundancy_groups(similarity, threshold=0.8):
    """Put filters that look for the same thing into groups.

    Complete linkage: any two members of a group are at least as similar as the threshold, so that a chain
    of pairs, each alike, does not join what is not alike.

    Parameters
    ----------
    similarity : Similarity
        F filters.
    threshold : float
        Least similarity within a group.

    Returns
    -------
    Series of Int64, indexed by filter
        Number of the group, from 1, in the order of their first filters; a filter that resembles no other
        is a group of its own, one without anything to compare is in none (missing).
    """
    known = np.flatnonzero(~similarity.missing)
    labels = complete_linkage(1 - similarity.best[np.ix_(known, known)], 1 - threshold)
    groups = pd.array([None] * len(similarity.filters), "Int64")
    groups[known] = pd.factorize(labels)[0] + 1
    return pd.Series(groups, index=similarity.filters, name="redundancy_group")


def complete_linkage(distances, limit):
    """Return cluster labels, int (n,), such that no two members are farther apart than `limit`.

    Parameters
    ----------
    distances : float (n, n)
        Symmetric.
    limit : float
        Largest distance within a cluster.
    """
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    if len(distances) < 2:
        return np.arange(1, len(distances) + 1)
    condensed = squareform(distances, checks=False)
    return fcluster(linkage(condensed, "complete"), limit + TIE, "distance")
