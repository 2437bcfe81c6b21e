"""Predictions of several runs put together: their mean, or one after the other over folds."""

import logging

import numpy as np
import pandas as pd

from motifloom.errors import UserError

logger = logging.getLogger(__name__)


def average_predictions(tables):
    """Return the mean of the scores of several runs.

    Parameters
    ----------
    tables : list of pandas.DataFrame
        Predictions tables: id, part, target.<name>..., score.<name>..., and more columns, which are those of
        the first table.

    Returns
    -------
    pandas.DataFrame
        The rows that all tables have in the same part, in the order of the first.

    Raises
    ------
    UserError
        If they share no row of part test, or their targets differ.
    """
    first, *others = tables
    keys = [pd.MultiIndex.from_frame(table[["id", "part"]]) for table in tables]
    shared = np.logical_and.reduce([np.ones(len(first), bool), *(keys[0].isin(key) for key in keys[1:])])
    first, wanted = first[shared].reset_index(drop=True), keys[0][shared]
    if not (first["part"] == "test").any():
        raise UserError("predictions: the runs share no example of part test; give them the same fold")
    if lost := int((~shared).sum()):
        logger.info("%d of %d rows are not in the same part of all runs and are left out", lost, len(shared))
    scores, targets = (_columns(first, prefix) for prefix in ("score.", "target."))
    total = first[scores].to_numpy(np.float64, copy=True)
    for table, key in zip(others, keys[1:], strict=True):
        rows = table.iloc[key.get_indexer(wanted)]
        if _columns(table, "score.") != scores or _columns(table, "target.") != targets:
            raise UserError("predictions: the runs have different targets; use runs on one dataset")
        if not np.array_equal(rows[targets].to_numpy(), first[targets].to_numpy(), equal_nan=True):
            raise UserError("predictions: the runs have different targets; use runs on one dataset")
        total += rows[scores].to_numpy(np.float64)
    return first.assign(**dict(zip(scores, (total / len(tables)).T, strict=True)))


def pool_predictions(members):
    """Return the test rows of all members, one after the other.

    Parameters
    ----------
    members : list of lists of pandas.DataFrame
        Predictions tables of one run per fold, one for each of its seeds, which are averaged.

    Returns
    -------
    pandas.DataFrame
        Every row is of a network that has not seen it: the out-of-fold predictions.

    Raises
    ------
    UserError
        If an example is tested twice.
    """
    parts = [average_predictions(tables).query("part == 'test'") for tables in members]
    pooled = pd.concat(parts, ignore_index=True)
    twice = pooled["id"].duplicated()
    if twice.any():
        raise UserError(f"predictions: {pooled['id'][twice].iloc[0]} is in the test part of two folds")
    return pooled


def _columns(table, prefix):
    return [column for column in table if column.startswith(prefix)]
