"""Dealing out groups of examples to parts: close to the wanted shares, in all and per stratum."""

import numpy as np
from scipy import sparse

from motifloom.randomness import generator

TINY = 1e-9


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
        The part of every example. No part is empty if there are as many groups as parts.
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
    weights = generator(0, "assign_groups").integers(0, 2**64, counts.shape[1], dtype=np.uint64)
    composition = sparse.csr_array((counts.data.astype(np.uint64), counts.indices, counts.indptr), counts.shape)
    signature = (composition @ weights) ^ (sizes.astype(np.uint64) << np.uint64(1))
    _, first, kind, members = np.unique(
        signature, return_index=True, return_inverse=True, return_counts=True
    )
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

    Starts from :func:`assign_groups` and takes the best move or exchange of chromosomes until none makes
    the sum of squared deviations smaller.

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
    examples = np.repeat(np.arange(len(sizes)), sizes)
    strata = sparse.csr_array(np.ones((len(examples), 1)))
    start = assign_groups(examples, strata, ratios, generator(0, "fill_parts"))
    parts = start[np.cumsum(sizes) - 1]
    wanted = np.asarray(ratios) * sizes.sum()
    every = np.arange(len(sizes))
    while True:
        excess = np.bincount(parts, sizes, minlength=len(ratios)) - wanted
        groups = np.bincount(parts, minlength=len(ratios))
        # What a flow of d examples from part p to part q does to the sum of squares: 2 d (d + e_q - e_p).
        flow = sizes[:, None].astype(float)
        move = 2 * flow * (flow + excess[None, :] - excess[parts][:, None])
        move[groups[parts] == 1] = np.inf
        flow = flow - flow.T
        swap = 2 * flow * (flow + excess[parts][None, :] - excess[parts][:, None])
        swap[parts[:, None] == parts[None, :]] = np.inf
        move[every, parts] = np.inf
        best_move, best_swap = move.min(), swap.min()
        if min(best_move, best_swap) > -0.5:
            return parts
        if best_move <= best_swap:
            moved, target = np.unravel_index(np.argmin(move), move.shape)
            parts[moved] = target
        else:
            a, b = np.unravel_index(np.argmin(swap), swap.shape)
            parts[a], parts[b] = parts[b], parts[a]
