"""Which known motifs a filter's motif resembles: Tomtom (Gupta et al. 2007), as computed by memelite."""

import numpy as np
import pandas as pd

from motifloom.errors import UserError
from motifloom.filters.fdr import benjamini_hochberg
from motifloom.filters.information import information_content, informative_span
from motifloom.filters.jit import config  # before memelite, since it chooses numba's cache
from motifloom.randomness import generator

COLUMNS = [
    "method",
    "filter",
    "rank",
    "motif_id",
    "motif_name",
    "p_value",
    "q_value",
    "offset",
    "overlap",
    "strand",
]
# Tomtom takes its null from the columns of all targets; with few it is no distribution to speak of.
ENOUGH_TARGETS = 50


def match_motifs(motifs, database, *, q_value=0.1, best=5, trim=0.0, pseudocount=1.0, seed=1, threads=None):
    """Compare the motifs of filters with a database.

    Parameters
    ----------
    motifs : MotifSet
        Queries. Filters without sites, and without any information, have no matches.
    database : dict of str to Motif
        Targets, from :func:`motifloom.filters.meme.read_meme`; letters in the same number.
    q_value : float
        All matches up to this are kept, and at least the `best` by p, whatever their q.
    best : int
        See `q_value`.
    trim : float
        Flanks of a query with less information (bits) are left out of the comparison. By default none
        are: Tomtom scores positions without information near the median of its null, so they cost little,
        while weak flanks of a true motif help; on JASPAR motifs set into wider filters with noisy flanks,
        every amount of trimming found fewer of them.
    pseudocount : float
        Sites' worth of background added to each position of a query.
    seed : int
        Of the motifs that fill up a database of fewer than 50: copies whose letters are shuffled within
        each position, for the null distribution alone; never reported.
    threads : int or None
        Default: all CPUs.

    Returns
    -------
    DataFrame
        method, filter, rank (from 1, by p), motif_id, motif_name, p_value (of the best alignment over
        offsets and strands), q_value (Benjamini-Hochberg over all targets, by filter), offset (position
        of the target's first column, on its `strand`, counted from the filter's first position; may be
        negative), overlap (aligned positions), strand of the target (+ or -; always + where letters have
        no complement or are RNA).
    """
    for motif in database.values():
        if len(motif.alphabet) != motifs.alphabet.size:
            raise UserError(
                f"interpretation.match.database: motif {motif.id} has letters {motif.alphabet}; "
                f"give motifs of {motifs.alphabet.letters}"
            )
    both = motifs.alphabet.name == "dna"
    names, queries, shifts = [], [], []
    silent = set(motifs.silent)
    for name in motifs:
        matrix = motifs.probabilities(name, pseudocount)
        if name not in silent and information_content(matrix).max() > 1e-6:
            first, end = informative_span(matrix, trim) if trim > 0 else (0, len(matrix))
            names.append(name)
            queries.append(matrix[first:end])
            shifts.append(first)
    targets = list(database.values())
    if not queries or not targets:
        return _frame(motifs.method, [])
    p, offset, overlap, minus = _tomtom(
        queries, [motif.probabilities for motif in targets], both, seed, threads
    )
    rows = []
    for i, name in enumerate(names):
        q = benjamini_hochberg(p[i])
        order = np.argsort(p[i], kind="stable")
        order = order[: max(best, int((q <= q_value).sum()))]
        for rank, j in enumerate(order, 1):
            rows.append(
                (name, rank, targets[j].id, targets[j].name, p[i, j], q[j])
                + (int(offset[i, j]) + shifts[i], int(overlap[i, j]), "-" if minus[i, j] else "+")
            )
    return _frame(motifs.method, rows)


def _frame(method, rows):
    frame = pd.DataFrame(rows, columns=COLUMNS[1:])
    frame.insert(0, "method", method)
    return frame


def _tomtom(queries, targets, both, seed, threads):
    """Return p, offset, overlap, minus strand: arrays (queries, targets)."""
    from memelite import tomtom

    count = len(targets)
    padded = targets + _shuffled(targets, ENOUGH_TARGETS - count, seed)
    strands = [np.ascontiguousarray(matrix.T) for matrix in padded]
    if both:
        # Given to memelite as targets of their own, since of equal strands it reports -.
        strands += [np.ascontiguousarray(matrix[::-1, ::-1].T) for matrix in padded]
    p, score, offset, overlap, _ = tomtom(
        [np.ascontiguousarray(matrix.T) for matrix in queries],
        strands,
        reverse_complement=False,
        n_jobs=min(threads or config.NUMBA_NUM_THREADS, config.NUMBA_NUM_THREADS),
    )
    p = np.clip(p, 0, 1)
    forward, backward = slice(0, count), slice(len(padded), len(padded) + count)
    if not both:
        return p[:, forward], -offset[:, forward], overlap[:, forward], np.zeros((len(queries), count), bool)
    minus = p[:, backward] < p[:, forward]
    minus |= (p[:, backward] == p[:, forward]) & (score[:, backward] > score[:, forward])
    smaller = np.minimum(p[:, forward], p[:, backward])
    # The smaller of two p-values: 1 - (1 - p)^2, in a form that keeps small numbers.
    return (
        smaller * (2 - smaller),
        -np.where(minus, offset[:, backward], offset[:, forward]),
        np.where(minus, overlap[:, backward], overlap[:, forward]),
        minus,
    )


def _shuffled(targets, count, seed):
    rng = generator(seed, "match", "background")
    return [rng.permuted(targets[i % len(targets)], axis=1) for i in range(max(0, count))]


def best_matches(matches, q_value=0.1):
    """Return the best match of each method and filter with a q-value up to `q_value`.

    Columns method, filter, best_match_id, best_match_name, best_match_q_value.
    """
    first = matches[(matches["rank"] == 1) & (matches["q_value"] <= q_value)]
    names = {"motif_id": "best_match_id", "motif_name": "best_match_name", "q_value": "best_match_q_value"}
    return first[["method", "filter", *names]].rename(columns=names).reset_index(drop=True)


def warm():
    """Compile memelite's Tomtom, about a minute once; later processes load it from disk."""
    matrix = np.random.default_rng(0).dirichlet(np.ones(4), 8)
    _tomtom([matrix], [matrix], both=True, seed=1, threads=None)
