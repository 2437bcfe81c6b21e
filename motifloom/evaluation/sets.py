"""Tables of what a network says of any sequences, with the places that they come from."""

import numpy as np
import pandas as pd

PLACES = ["chrom", "start", "end", "strand", "name"]


def set_table(dataset, parts, columns):
    """Put predictions beside the ids and the places of a dataset's examples.

    Parameters
    ----------
    dataset : motifloom.data.store.Dataset
    parts : sequence of str (N,)
        Examples that are in none of train, validation and test are left out.
    columns : dict of str to array (N, T)
        What is told of each target, for example {"target": ..., "score": ...}: columns `target.<name>`, ....

    Returns
    -------
    pandas.DataFrame
        id, part, chrom, start, end (0-based half-open, -1 without coordinates), strand, name, then columns.
    """
    regions, parts = dataset.regions, np.asarray(parts, object)
    frame = pd.DataFrame({"id": regions["id"], "part": parts, **{name: regions[name] for name in PLACES}})
    for kind, values in columns.items():
        names = [f"{kind}.{name}" for name in dataset.target_names]
        frame[names] = np.asarray(values)
    return frame[np.isin(parts, ("train", "validation", "test"))].reset_index(drop=True)


def interleave_strands(dataset, parts, both):
    """Return two rows for every example: as it is read, and its reverse complement.

    Parameters
    ----------
    dataset, parts
        As for :func:`set_table`.
    both : float (N, 2, T)
        Scores of the two.

    Returns
    -------
    pandas.DataFrame
        As of :func:`set_table`, with the column `read` behind the part: forward, reverse_complement, ....
    """
    tables = []
    for strand, read in enumerate(("forward", "reverse_complement")):
        tables.append(set_table(dataset, parts, {"target": dataset.targets, "score": both[:, strand]}))
        tables[-1].insert(2, "read", read)
    return pd.concat(tables).sort_index(kind="stable").reset_index(drop=True)
