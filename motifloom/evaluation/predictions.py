"""The table of predictions, which every kind of model ends in."""

import numpy as np
import pandas as pd

from motifloom.data.store import target_names
from motifloom.io import write_table


def predictions_table(dataset, parts, scores):
    """Put the scores of all examples of a dataset beside their targets.

    Parameters
    ----------
    dataset : motifloom.data.store.Dataset
    parts : sequence of str (N,)
        train, validation or test; examples of other parts are left out.
    scores : float (N, T)
        Probabilities, or values for regression.

    Returns
    -------
    DataFrame
        id, part, target.<name>..., score.<name>...
    """
    parts = np.asarray(parts)
    names = target_names(dataset.task, dataset.classes)
    columns = {"id": dataset.regions["id"].to_numpy(), "part": parts}
    columns |= {f"target.{name}": column for name, column in zip(names, dataset.targets.T, strict=True)}
    columns |= {f"score.{name}": column for name, column in zip(names, np.asarray(scores).T, strict=True)}
    return pd.DataFrame(columns)[np.isin(parts, ("train", "validation", "test"))].reset_index(drop=True)


def write_predictions(dataset, parts, scores, path):
    """Write the table of predictions; nine digits keep scores close to 1 apart."""
    write_table(predictions_table(dataset, parts, scores), path, float_format="%.9g")
