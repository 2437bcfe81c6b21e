"""What each filter made of each sequence: one number per sequence and filter, on disk.

Clustering, enrichment and the classes of filters are read off these, so that sequences are scanned once.
"""

from typing import NamedTuple

import h5py
import numpy as np

from motifloom.errors import UserError
from motifloom.filters.scan import summarise_sequences
from motifloom.io import atomic_hdf5

ROWS = 4096
ARRAYS = {"maximum": np.float32, "start": np.int32, "strand": np.int8, "mean": np.float32}


class Summary(NamedTuple):
    """Activations by sequence (rows) and filter (columns).

    filters: list of str; maximum: float32 (N, F), the largest activation, NaN where a sequence has no
    window; start: int32 (N, F), first letter of the window that has it, -1 without one; strand: int8 (N, F),
    on which it was read; mean: float32 (N, F), mean over windows of max(activation, 0); spans: int (F,),
    letters of a window.
    """

    filters: list
    maximum: np.ndarray
    start: np.ndarray
    strand: np.ndarray
    mean: np.ndarray
    spans: np.ndarray


def write_summary(bank, tokens, path, *, threads=None):
    """Scan all sequences and write their summary, a block of sequences at a time.

    Parameters
    ----------
    bank : FilterBank
    tokens : array or h5py dataset, uint8 (N, L)
    path : path
        HDF5; arrays `maximum`, `start`, `strand`, `mean` of shape (N, F), `filters`, `spans`.
    threads : int or None
        Default: all CPUs. The result does not depend on it.
    """
    count = tokens.shape[0]
    with atomic_hdf5(path) as file:
        shape, chunks = (count, len(bank)), (min(count, 1024), max(1, min(len(bank), 64)))
        names = np.char.encode(np.array(bank.filters, dtype=str), "utf-8")
        file.create_dataset("filters", data=names, track_times=False)
        spans = [layer.span for layer in bank.layers for _ in layer.filters]
        file.create_dataset("spans", data=np.array(spans, np.int64), track_times=False)
        packing = {"chunks": chunks, "compression": "lzf", "shuffle": True} if len(bank) else {}
        for name, dtype in ARRAYS.items():
            file.create_dataset(name, shape, dtype, track_times=False, **packing)
        for first in range(0, count, ROWS):
            rows = np.arange(first, min(count, first + ROWS))
            for layer, columns in layer_slices(bank):
                found = summarise_sequences(layer, tokens, rows, threads=threads)
                for name in ARRAYS:
                    file[name][first : first + len(rows), columns] = getattr(found, name)


def layer_slices(bank):
    """Yield (layer, slice of its filters among all filters)."""
    first = 0
    for layer in bank.layers:
        yield layer, slice(first, first + len(layer.filters))
        first += len(layer.filters)


def read_summary(path, rows=None):
    """Read a summary written by :func:`write_summary`; `rows` (N,) bool chooses sequences."""
    try:
        with h5py.File(path, "r", locking=False) as file:
            names = [name.decode() for name in file["filters"][()]]
            arrays = [file[name][()] if rows is None else file[name][()][rows] for name in ARRAYS]
            return Summary(names, *arrays, file["spans"][()])
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise UserError(f"{path}: not a table of activations ({error})") from error
