"""The leakage audit: what examples of different parts of a split have in common."""

from itertools import combinations

import numpy as np
import pandas as pd

from motifloom.data.encode import DNA
from motifloom.data.similarity import hash_sequences, near_duplicate_pairs, place_on_axis
from motifloom.data.splits import PARTS, UNUSED

CHECKS = ("overlap", "identical", "reverse_complement", "near_duplicate", "parent")
EXTRA = "extra_set"
COLUMNS = ["check", "part_a", "part_b", "pairs", "examples_a", "examples_b", "example", "leak"]
NOT_AUDITED = "unknown"


def audit_split(dataset, split, *, genomes=None):
    """Audit the split of a dataset; see :func:`audit_examples`.

    Parameters
    ----------
    dataset : motifloom.data.store.Dataset
    split : DataFrame
        The dataset's table of :func:`motifloom.data.splits.split_dataset`.
    genomes : dict of str to str, optional
        The genome of each source. Default: all sources have the same genome.

    Returns
    -------
    DataFrame
    """
    parts = split.set_index("id")["part"].reindex(dataset.regions["id"]).fillna(UNUSED)
    return audit_examples(
        dataset.regions, dataset.tokens, parts.to_numpy(object), alphabet=dataset.alphabet, genomes=genomes
    )


def audit_set(dataset, split, other, *, genomes=None, other_genomes=None, tested=("test",), rows=None):
    """Count what an extra set has in common with the parts of a dataset; see :func:`audit_examples`.

    Parameters
    ----------
    dataset, split, genomes
        As for :func:`audit_split`.
    other : motifloom.data.store.Dataset
        The extra set. The tokens of both are held in memory; the shorter sequences are filled up with
        unknown letters, so that sequences of different lengths are near duplicates at best.
    other_genomes : dict of str to str, optional
        The genome of each source of the set.
    tested : sequence of str
        Parts that nothing is trained on.
    rows : array of int, optional
        The examples of the set that are looked at. Default: all.

    Returns
    -------
    DataFrame
        The rows of which part_b is the set, called extra_set. What it shares with a part that nothing is
        trained on is counted, and is no leak.
    """
    rows = np.arange(len(other.regions)) if rows is None else rows
    theirs = other.regions.iloc[rows].astype(dict.fromkeys(("id", "source", "parent"), object))
    for key in ("id", "source"):
        theirs[key] = f"{EXTRA}/" + theirs[key]
    theirs["parent"] = theirs["parent"].where(theirs["parent"] == "", f"{EXTRA}/" + theirs["parent"])
    parts = split.set_index("id")["part"].reindex(dataset.regions["id"]).fillna(UNUSED)
    places = {f"{EXTRA}/{key}": value for key, value in (other_genomes or {}).items()}
    table = audit_examples(
        pd.concat([dataset.regions, theirs], ignore_index=True),
        _stack(dataset.tokens[:], other.tokens[:][rows], dataset.alphabet.unknown),
        np.append(parts.to_numpy(object), [EXTRA] * len(theirs)),
        alphabet=dataset.alphabet,
        genomes={**(genomes or {}), **places} or None,
    )
    table.loc[table["part_a"].isin(tested), "leak"] = "no"
    return table[table["part_b"] == EXTRA].reset_index(drop=True)


def _stack(first, second, unknown):
    """Return two blocks of tokens as one, with the shorter sequences filled up."""
    length = max(first.shape[1], second.shape[1])
    blocks = [np.full((len(block), length), unknown, np.uint8) for block in (first, second)]
    for block, tokens in zip(blocks, (first, second), strict=True):
        block[:, : tokens.shape[1]] = tokens
    return np.concatenate(blocks)


def audit_start(name, dataset, split, other, *, rows, **genomes):
    """Count what a network is tested on among the examples that shaped the weights it starts from.

    Parameters
    ----------
    name : str
        What the network starts from.
    dataset : motifloom.data.store.Dataset
        What that was trained on.
    split : DataFrame
        Columns id and part of its examples, of its own fold: those of train and validation are compared.
    other : motifloom.data.store.Dataset
        The dataset of the network.
    rows : array of int
        The examples of it that the network is tested on.
    **genomes
        genomes and other_genomes, as for :func:`audit_set`.

    Returns
    -------
    DataFrame
        start (the name) and the columns of :func:`audit_examples`, where part_b is test.
    """
    seen = split.assign(part=split["part"].where(split["part"] != "test", UNUSED))
    table = audit_set(dataset, seen, other, rows=rows, **genomes)
    example = table["example"].str.replace(f"{EXTRA}/", "")
    return table.assign(part_b="test", example=example)[COLUMNS].pipe(_named, name)


def without_audit(name):
    """Return the row of a network that is started from but whose examples are not known or of other letters.

    Its leak is unknown, and all else but its name is empty.
    """
    return pd.DataFrame([{"leak": NOT_AUDITED}], columns=COLUMNS).pipe(_named, name)


def _named(table, name):
    return table.assign(start=name)[["start", *COLUMNS]]


def audit_examples(regions, tokens, parts, *, alphabet=DNA, genomes=None):
    """Count the pairs of examples of different parts that have something in common.

    - overlap: windows that share at least one base of the same genome, on either strand;
    - identical: equal sequences;
    - reverse_complement: one is the reverse complement of the other (and they are not equal);
    - near_duplicate: Jaccard index of their 8-mers of at least 0.2, strands alike, and neither of the two
      before (:func:`motifloom.data.similarity.near_duplicate_pairs`, with its recall and its limits);
    - parent: one was made for the other (a matched or shuffled negative).

    All checks are linear in the number of examples, up to sorting; pairs are counted, not listed.

    Parameters
    ----------
    regions : DataFrame
        Columns id, chrom, start, end, source, parent.
    tokens : array or HDF5 dataset, uint8 (N, L)
        Read in blocks.
    parts : sequence of str (N,)
        Part or fold of each example; `unused` ones are not compared.
    alphabet : motifloom.data.encode.Alphabet
    genomes : dict of str to str, optional
        The genome of each source. Default: all sources have the same genome.

    Returns
    -------
    DataFrame
        One row per check and pair of parts: check, part_a, part_b, pairs, examples_a and examples_b (how
        many of each part are in such a pair), example (``id_a ~ id_b``, the first of them) and leak (yes
        where there is a pair).
    """
    counters = _make_counters(regions, tokens, alphabet, genomes)
    ids = regions["id"].to_numpy(object)
    parts = np.asarray(parts, object)
    members = {
        part: np.flatnonzero(parts == part) for part in sorted(set(parts), key=_rank) if part != UNUSED
    }
    rows = []
    for check, count in counters.items():
        for part_a, part_b in combinations(members, 2):
            a, b = members[part_a], members[part_b]
            of_a, of_b = count(a, b), count(b, a)
            pairs, example = int(of_a.sum()), ""
            if pairs:
                first = a[np.argmax(of_a > 0)]
                example = f"{ids[first]} ~ {ids[b[np.argmax(count(b, np.array([first])) > 0)]]}"
            found = (pairs, int((of_a > 0).sum()), int((of_b > 0).sum()))
            rows.append((check, part_a, part_b, *found, example, "yes" if pairs else "no"))
    return pd.DataFrame(rows, columns=COLUMNS)


def _rank(part):
    """Order parts as train, validation, test, then folds by number, then an extra set."""
    if part == EXTRA:
        return len(PARTS) + 1, 0
    if part in PARTS:
        return PARTS.index(part), 0
    number = str(part).removeprefix("fold")
    return len(PARTS), int(number) if number.isdigit() else 0


def _make_counters(regions, tokens, alphabet, genomes):
    """Return, per check, a function of two arrays of rows a and b.

    It says for each example of a how many of b it has something in common with, int (len(a),).
    """
    forward, reverse = hash_sequences(tokens, alphabet)
    pairs = near_duplicate_pairs(tokens, alphabet)
    first, second = forward[pairs[:, 0]], forward[pairs[:, 1]]
    pairs = pairs[(first != second) & (first != reverse[pairs[:, 1]])]
    child = np.flatnonzero((regions["parent"].fillna("") != "").to_numpy())
    parent = pd.Index(regions["id"]).get_indexer(regions["parent"].iloc[child])
    family = np.stack([child, parent], axis=1)[parent >= 0]
    counters = (
        _count_overlaps(*place_on_axis(regions, genomes), len(regions)),
        _count_equal(forward, forward, np.ones(len(regions), bool)),
        # A palindrome is its own reverse complement, so its copies are counted as identical only.
        _count_equal(forward, reverse, forward != reverse),
        _count_pairs(pairs, len(regions)),
        _count_pairs(family, len(regions)),
    )
    return dict(zip(CHECKS, counters, strict=True))


def _count_overlaps(rows, start, end, size):
    place = np.full(size, -1)
    place[rows] = np.arange(len(rows))

    def count(a, b):
        one, other = place[a], place[b]
        there, other = one >= 0, other[other >= 0]
        # All of b that begin before the end of a, but those that have ended by its start.
        begun = np.searchsorted(np.sort(start[other]), end[one[there]], side="left")
        ended = np.searchsorted(np.sort(end[other]), start[one[there]], side="right")
        counts = np.zeros(len(a), np.int64)
        counts[there] = begun - ended
        return counts

    return count


def _count_equal(own, other, usable):
    def count(a, b):
        values = np.sort(other[b[usable[b]]])
        low, high = (np.searchsorted(values, own[a], side=side) for side in ("left", "right"))
        return np.where(usable[a], high - low, 0)

    return count


def _count_pairs(pairs, size):
    def count(a, b):
        inside = np.zeros(size, bool)
        inside[b] = True
        partners = np.zeros(size, np.int64)
        for one, other in (pairs.T, pairs.T[::-1]):
            partners += np.bincount(one[inside[other]], minlength=size)
        return partners[a]

    return count
