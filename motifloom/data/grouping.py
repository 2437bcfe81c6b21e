"""Groups of examples that belong together, and dealing them out to parts."""

import numpy as np
import pandas as pd
from scipy import sparse

from motifloom.data.encode import DNA
from motifloom.data.similarity import hash_sequences, near_duplicate_pairs, overlap_clusters
from motifloom.randomness import generator

QUANTILES = 10
COMMON = 10
SWAPPED = 300
TINY = 1e-9


def group_examples(regions, tokens, alphabet=DNA, *, copies=True, similar=False, genomes=None):
    """Number the groups of examples that must not be divided.

    Examples are linked if they share at least one base of the same genome, if their sequences are equal or
    each other's reverse complement, or if one was made for the other (regions.parent); groups are the
    connected components.

    Parameters
    ----------
    regions : DataFrame
        Columns id, chrom, start, end, source, parent.
    tokens : array or HDF5 dataset, uint8 (N, L)
        Read in blocks.
    alphabet : motifloom.data.encode.Alphabet
    copies : bool
        Link overlapping, equal and reverse-complement examples; otherwise only examples and their parents.
    similar : bool
        Link near duplicates too (:func:`motifloom.data.similarity.near_duplicate_pairs`).
    genomes : dict of str to str, optional
        The genome of each source. Default: all sources have the same genome.

    Returns
    -------
    ndarray, int64 (N,)
        Numbers from 0 in the order of the first examples.
    """
    size = len(regions)
    every = np.arange(size)
    parents = regions["parent"].fillna("").to_numpy(object)
    child = np.flatnonzero(parents != "")
    names = pd.factorize(np.concatenate([regions["id"].to_numpy(object), parents[child]]))[0]
    links = [(np.concatenate([every, child]), names)]
    if copies:
        canonical = np.minimum(*hash_sequences(tokens, alphabet))
        links += [
            (every, pd.factorize(label)[0]) for label in (overlap_clusters(regions, genomes), canonical)
        ]
    # Every label is a node beside the examples, so a link costs one edge however many examples share it.
    edges, nodes = [], size
    for rows, labels in links:
        edges.append(np.stack([rows, labels + nodes]))
        nodes += int(labels.max(initial=-1)) + 1
    if similar:
        edges.append(near_duplicate_pairs(tokens, alphabet).T)
    start, end = np.concatenate(edges, axis=1)
    graph = sparse.coo_array((np.ones(len(start), np.int8), (start, end)), shape=(nodes, nodes))
    components = sparse.csgraph.connected_components(graph, directed=False)[1]
    return pd.factorize(components[:size])[0].astype(np.int64)


def stratum_table(targets, task):
    """Return which strata every example belongs to.

    Parameters
    ----------
    targets : ndarray, float (N, T)
    task : str or None
        binary, multiclass, multilabel or regression; None: one stratum for all.

    Returns
    -------
    scipy.sparse.csr_array, float (N, K)
        1 where example n is in stratum k. The strata are the classes; for multilabel the labels, and the
        combinations of labels that at least 10 examples have; for regression the deciles of each value.
    """
    if task is None:
        return sparse.csr_array(np.ones((len(targets), 1)))
    if task == "regression":
        ranks = pd.DataFrame(targets).rank(pct=True).fillna(0).to_numpy()
        return _join([_indicator(column) for column in np.ceil(ranks * QUANTILES).T])
    present = targets > 0.5
    # Rows are compared by a random sum of their columns, which is faster than comparing rows.
    weights = generator(0, "stratum_table").integers(0, 2**64, targets.shape[1], dtype=np.uint64)
    combinations = _indicator(present.astype(np.uint64) @ weights)
    if task == "multilabel":
        common = np.flatnonzero(combinations.sum(axis=0) >= COMMON)
        return _join([sparse.csr_array(present.astype(float)), combinations[:, common]])
    return combinations


def _indicator(values):
    """Return one column per distinct value, 1 where an example has it."""
    codes, names = pd.factorize(values)
    rows = np.arange(len(codes))
    return sparse.csr_array((np.ones(len(codes)), (rows, codes)), shape=(len(codes), len(names)))


def _join(tables):
    return sparse.csr_array(sparse.hstack(tables))


def assign_groups(groups, strata, ratios, rng):
    """Deal out whole groups to parts.

    Large groups go first. A group goes to the part that lacks most of the group's strata, relative to what
    the part is to have, among the parts with room for all of it; if none has room, to the part with most.
    Hence no part is off its wanted number of examples by more than the size of the largest group. Many
    groups of the same composition are dealt out at once, in proportion to what the parts lack, at random;
    so the cost is linear in the examples.

    Parameters
    ----------
    groups : ndarray, int (N,)
        The group of every example, numbered from 0.
    strata : sparse array, float (N, K)
        1 where an example is in a stratum.
    ratios : ndarray, float (P,)
        Wanted share of each part; they sum to 1.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, int64 (N,)
        The part of every example. No part is empty if there are as many groups as parts (the bound above
        may be exceeded for that).
    """
    sizes = np.bincount(groups)
    rows = np.arange(len(groups))
    members = sparse.csr_array((np.ones(len(groups)), (groups, rows)), shape=(len(sizes), len(groups)))
    counts = sparse.csr_array(members @ strata)
    kinds, order = _order_groups(sizes, counts, rng)
    totals = np.asarray(counts.sum(axis=0)).ravel()
    need = np.outer(ratios, totals)
    room = ratios * len(groups)
    parts = np.empty(len(sizes), np.int64)
    for first, last in kinds:
        group = order[first]
        entries = slice(counts.indptr[group], counts.indptr[group + 1])
        columns, count = counts.indices[entries], counts.data[entries]
        while first < last:
            lack = need[:, columns] @ (count / totals[columns])
            given = _deal(last - first, lack, room / sizes[group], ratios)
            stop = first + given.sum()
            parts[order[first:stop]] = np.repeat(np.arange(len(ratios)), given)
            need[:, columns] -= np.outer(given, count)
            room -= given * sizes[group]
            first = stop
    _fill_empty(parts, sizes, room)
    return parts[groups]


def _order_groups(sizes, counts, rng):
    """Sort groups into kinds of equal composition: large ones first, then rare kinds, then at random.

    Returns the first and last place of each kind, and the groups in that order, random within a kind.
    """
    weights = generator(0, "assign_groups").integers(0, 2**64, counts.shape[1] + 1, dtype=np.uint64)
    signature = counts.astype(np.uint64) @ weights[1:] + sizes.astype(np.uint64) * weights[0]
    _, first, kind, members = np.unique(signature, return_index=True, return_inverse=True, return_counts=True)
    ranks = np.lexsort((rng.random(len(first)), members, -sizes[first]))
    place = np.empty(len(ranks), np.int64)
    place[ranks] = np.arange(len(ranks))
    order = np.lexsort((rng.random(len(sizes)), place[kind]))
    ends = np.cumsum(members[ranks])
    return zip(ends - members[ranks], ends, strict=True), order


def _deal(count, lack, room, ratios):
    """Return how many of `count` equal groups each part gets now, int (P,), at least one in all.

    `lack` is what each part lacks, in any unit; `room` is how many of these groups it has room for.
    """
    fits = room >= 1 - TINY
    if not fits.any():
        return (np.arange(len(ratios)) == np.argmax(room)).astype(np.int64)
    lack = np.where(fits, np.maximum(lack, 0), 0)
    if lack.max() <= TINY:
        lack = np.where(fits, room, 0)
    if count * ratios.min() >= 1 - TINY:
        given = np.floor(np.minimum(count * lack / lack.sum(), room) + TINY).astype(np.int64)
        if given.any():
            return given
    relative = np.where(fits, lack / ratios, -1)
    best = np.argmax(relative >= relative.max() * (1 - TINY))  # the first of equals: train before test
    return (np.arange(len(ratios)) == best).astype(np.int64)


def _fill_empty(parts, sizes, room):
    """Give every empty part the smallest group of the fullest part that has more than one."""
    for part in np.flatnonzero(np.bincount(parts, minlength=len(room)) == 0):
        groups = np.bincount(parts, minlength=len(room))
        if groups.max() < 2:
            return
        donor = np.argmin(np.where(groups > 1, room, np.inf))
        candidates = np.flatnonzero(parts == donor)
        moved = candidates[np.argmin(sizes[candidates])]
        parts[moved] = part
        room[donor] += sizes[moved]
        room[part] -= sizes[moved]


def fill_parts(sizes, ratios):
    """Fill parts with whole chromosomes so that they come close to the wanted shares.

    Starts from :func:`assign_groups` and takes the best move of a chromosome, or exchange of two (among the
    300 largest), until none makes the sum of squared deviations smaller.

    Parameters
    ----------
    sizes : ndarray, int (n,)
        Number of examples of each chromosome, all above 0.
    ratios : ndarray, float (P,)
        Wanted share of each part; they sum to 1.

    Returns
    -------
    ndarray, int64 (n,)
        The part of each chromosome; depends on nothing but the arguments. No part is empty if n >= P.
    """
    ratios = np.asarray(ratios)
    examples = np.repeat(np.arange(len(sizes)), sizes)
    dealt = assign_groups(examples, stratum_table(examples, None), ratios, generator(0, "fill_parts"))
    parts = dealt[np.cumsum(sizes) - 1]
    large = np.argsort(-sizes, kind="stable")[:SWAPPED]
    while True:
        excess = np.bincount(parts, sizes, minlength=len(ratios)) - ratios * sizes.sum()
        here = excess[parts][:, None]
        alone = np.bincount(parts)[parts] == 1
        move = _change(sizes[:, None].astype(float), here, excess)
        move[alone] = np.inf
        swap = _change((sizes[large, None] - sizes[large]).astype(float), here[large], here[large].T)
        if min(move.min(), swap.min()) > -TINY * sizes.sum() ** 2:
            return parts
        if move.min() <= swap.min():
            chromosome, part = np.unravel_index(np.argmin(move), move.shape)
            parts[chromosome] = part
        else:
            a, b = large[list(np.unravel_index(np.argmin(swap), swap.shape))]
            parts[a], parts[b] = parts[b], parts[a]


def _change(flow, source, target):
    """Return how the sum of squared deviations changes if `flow` examples go from one part to another."""
    return 2 * flow * (flow + target - source)
