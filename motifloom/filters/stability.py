"""Which filters come back when a network is trained again: motifs of several seeds, matched."""

import numpy as np
import pandas as pd

from motifloom.filters.redundancy import TIE, comparable, compare, complement_order

COLUMNS = ["motif", "seeds", "seed", "filter", "similarity", "strand", "offset", "medoid"]


def match_seeds(motif_sets, *, threshold=0.8, centred=True, both_strands=None):
    """Gather the motifs of several seeds into sets of the same motif.

    Greedily, as CD-HIT gathers sequences (Li and Godzik 2006): of the filters that are left, the one that
    resembles filters of most seeds (of equally many, those most similar in sum; then the first) becomes a
    medoid, and all that are left and at least as similar to it as the threshold join its set. A set may
    hold several filters of a seed. With one seed nothing can be matched, and each filter is alone.

    Parameters
    ----------
    motif_sets : dict of int or str to MotifSet
        By seed, of one method.
    threshold : float
        Least similarity to the medoid; see :func:`motifloom.filters.redundancy.motif_similarity`.
    centred, both_strands
        As there.

    Returns
    -------
    DataFrame
        One row per filter and seed. motif (number of the set, from 1; sets with most seeds, then most
        filters, come first), seeds (how many have a filter in the set), seed, filter, and, against the
        medoid: similarity, strand, offset (of the filter's first position on that strand, from the
        medoid's first; negative where it begins before). medoid: whether it is the medoid itself, which
        comes first in its set. Filters without anything to match come last, motif missing.
    """
    matrices, missing = {}, set()
    for seed, motifs in motif_sets.items():
        found, nothing = comparable(motifs, centred)
        matrices |= {(seed, name): matrix for name, matrix in found.items()}
        missing |= {(seed, name) for name in nothing}
        complement = complement_order(motifs.alphabet, both_strands)
    if not matrices:
        return _frame([])
    similarity = compare(matrices, complement, missing)
    known = np.flatnonzero(~similarity.missing)
    best = similarity.best[np.ix_(known, known)]
    near = best >= threshold - TIE if len(motif_sets) > 1 else np.eye(len(known), dtype=bool)
    seeds = np.array([list(motif_sets).index(seed) for seed, _ in matrices])
    sets = [known[members] for members in _gather(near, best, seeds[known])]
    counts = [len(np.unique(seeds[members])) for members in sets]
    offset, rows = similarity.offset, []
    for number, i in enumerate(sorted(range(len(sets)), key=lambda i: (-counts[i], -len(sets[i]))), 1):
        medoid = sets[i][0]
        for member in sets[i]:
            place = medoid, member
            strand = "-" if similarity.minus[place] else "+"
            against = similarity.best[place], strand, int(offset[place]), member == medoid
            rows.append((number, counts[i], *similarity.filters[member], *against))
    nothing = np.nan, None, None, False
    rows += [(None, None, *similarity.filters[i], *nothing) for i in np.flatnonzero(similarity.missing)]
    return _frame(rows)


def _gather(near, similarity, seeds):
    """Return sets of filters, int arrays, medoid first; near bool (n, n), similarity (n, n), seeds (n,)."""
    member = np.eye(seeds.max(initial=-1) + 1)[seeds]
    # By filter: how many of those near it are left, by seed, and their similarities in sum.
    left, total = near.astype(float) @ member, (similarity * near).sum(axis=1)
    free, sets = np.ones(len(near), bool), []
    while free.any():
        order = np.lexsort((-np.round(total, 9), -(left > 0).sum(axis=1), ~free))
        medoid = order[0]
        taken = np.flatnonzero(near[medoid] & free)
        sets.append(np.append(medoid, taken[taken != medoid]))
        free[taken] = False
        left -= near[:, taken].astype(float) @ member[taken]
        total -= (similarity[:, taken] * near[:, taken]).sum(axis=1)
    return sets


def _frame(rows):
    types = {"motif": "Int64", "seeds": "Int64", "similarity": float, "offset": "Int64", "medoid": bool}
    return pd.DataFrame(rows, columns=COLUMNS).astype(types)


def seeds_of_filters(stability, seed):
    """Return filter, motif, seeds of one seed's filters, in the order of the table's sets.

    What the summary of filters needs of a table of :func:`match_seeds`; missing where nothing was matched.
    """
    rows = stability.loc[stability["seed"] == seed, ["filter", "motif", "seeds"]]
    return rows.reset_index(drop=True)
