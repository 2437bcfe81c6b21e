"""Both strands of the examples of a dataset, one after the other."""

import h5py
import numpy as np
import pandas as pd

# What a row is of: the example as it is read, or its reverse complement.
READS = ("forward", "reverse_complement")


class BothStrands:
    """The examples of a dataset with two rows each: as it is read, and its reverse complement.

    Attributes
    ----------
    regions : pandas.DataFrame
        id, of every row.
    tokens : BothStrands
        Rows are read by slices.
    shape : tuple of int
        Number of rows, length.
    """

    def __init__(self, dataset):
        self.dataset, self.tokens = dataset, self
        self.shape = len(READS) * dataset.tokens.shape[0], dataset.tokens.shape[1]
        self.regions = pd.DataFrame({"id": np.repeat(dataset.regions["id"].to_numpy(), len(READS))})

    def __len__(self):
        return self.shape[0]

    def __getitem__(self, rows):
        first, last, _ = rows.indices(len(self))
        tokens = self.dataset.tokens[first // 2 : (last + 1) // 2]
        both = np.stack([tokens, self.dataset.alphabet.reverse_complement(tokens)], axis=1)
        return both.reshape(-1, self.shape[1])[first % 2 :][: last - first]


def mark_reads(path):
    """Write which read each row of an HDF5 file is of, where `id` is that of :class:`BothStrands`."""
    with h5py.File(path, "r+") as file:
        names = [name.encode() for name in READS]
        file["read"] = np.array(names * (len(file["id"]) // 2), h5py.string_dtype("utf-8", len(READS[1])))
