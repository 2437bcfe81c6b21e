"""Which part each example is in: what all that follows a split reads of it."""

import numpy as np

from motifloom.errors import UserError
from motifloom.io import read_table


def read_rows_of(path, fold, parts):
    """Return the rows, int64 (n,), of the examples in some parts; path is that of split.tsv.gz."""
    return np.flatnonzero(parts_for(read_table(path), fold).isin(parts))


def parts_for(table, fold=0):
    """Return the part of every example, with one fold as the test part.

    Parameters
    ----------
    table : DataFrame
        A table of :func:`split_dataset`.
    fold : int
        For a split by k folds: fold `fold` is the test part, the next one (after the last, the first)
        the validation part, and the rest train. Without folds it must be 0.

    Returns
    -------
    Series of str
        train, validation, test or unused; index and order of `table`.

    Raises
    ------
    UserError
        If there is no such fold.
    """
    parts = table["part"]
    numbers = parts.str.extract(r"^fold(\d+)$", expand=False)
    folds = 0 if numbers.isna().any() else int(numbers.astype(int).max()) + 1
    if not 0 <= fold < max(folds, 1):
        raise UserError(f"fold {fold}: the split has {folds or 'no'} folds, numbered from 0; use one of them")
    if not folds:
        return parts
    held = {str(fold): "test", str((fold + 1) % folds): "validation"}
    return numbers.map(held).fillna("train").rename("part")


def sample_groups(rows, groups, most, rng):
    """Return rows, int64 (n,): whole groups drawn at random, those that still fit, up to `most` rows.

    Parameters
    ----------
    rows : int (n,)
        Rows to choose from, ascending.
    groups : int (N,)
        Group of every row of the dataset.
    most : int
    rng : numpy.random.Generator

    Returns
    -------
    int64 (m,)
        Ascending; where every group is larger than `most`, one group.
    """
    rows = np.asarray(rows, np.int64)
    if len(rows) <= most:
        return rows
    members, number = np.unique(np.asarray(groups)[rows], return_inverse=True)
    sizes, kept, room = np.bincount(number), np.zeros(len(members), bool), most
    for group in rng.permutation(len(members)):
        if sizes[group] <= room:
            kept[group], room = True, room - sizes[group]
    kept[sizes.argmin()] |= not kept.any()
    return rows[kept[number]]
