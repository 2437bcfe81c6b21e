"""Tables of what a model says of sequences, which every kind of model ends in."""

import numpy as np
import pandas as pd

from motifloom.data.store import target_names
from motifloom.evaluation.strands import READS
from motifloom.io import write_table

PLACES = ("chrom", "start", "end", "strand", "name")


def example_table(dataset, parts, columns, *, places=False):
    """Put what is told of each target beside the examples of a dataset.

    Parameters
    ----------
    dataset : motifloom.data.store.Dataset
    parts : sequence of str (N,)
        Examples that are in none of train, validation and test are left out.
    columns : dict of str to array (N, T)
        By what they tell, for example {"mean": ..., "sd": ...}.
    places : bool
        Say where the examples lie, too.

    Returns
    -------
    pandas.DataFrame
        id, part; with places chrom, start, end (0-based half-open, -1 without coordinates), strand, name;
        then `{kind}.{target}` for every key of `columns` and every target.
    """
    parts = np.asarray(parts, object)
    table = {"id": dataset.regions["id"], "part": parts}
    table |= {name: dataset.regions[name] for name in PLACES if places}
    names = target_names(dataset.task, dataset.classes)
    for kind, values in columns.items():
        table |= {f"{kind}.{name}": column for name, column in zip(names, np.asarray(values).T, strict=True)}
    return pd.DataFrame(table)[np.isin(parts, ("train", "validation", "test"))].reset_index(drop=True)


def predictions_table(dataset, parts, scores, *, places=False):
    """Put the scores of examples, float (N, T), beside their targets.

    Scores are probabilities, or values for regression. Parameters, returns: as :func:`example_table`, the
    columns being target.<name>..., score.<name>....
    """
    return example_table(dataset, parts, {"target": dataset.targets, "score": scores}, places=places)


def write_predictions(dataset, parts, scores, path, *, places=False):
    """Write the table of predictions; nine digits keep scores close to 1 apart."""
    write_table(predictions_table(dataset, parts, scores, places=places), path, float_format="%.9g")


def interleave_strands(dataset, parts, both):
    """Return two rows for every example: as it is read, and its reverse complement.

    Parameters
    ----------
    dataset, parts
        As for :func:`example_table`.
    both : float (N, 2, T)
        Scores of the two.

    Returns
    -------
    pandas.DataFrame
        As of :func:`predictions_table` with places, with the column `read` behind the part: forward,
        reverse_complement, ....
    """
    tables = []
    for strand, read in enumerate(READS):
        tables.append(predictions_table(dataset, parts, both[:, strand], places=True))
        tables[-1].insert(2, "read", read)
    return pd.concat(tables).sort_index(kind="stable").reset_index(drop=True)
