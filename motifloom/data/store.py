"""A dataset on disk: tokens, targets and regions in one HDF5 file, written and read by blocks of rows."""

import contextlib
import json
from functools import cached_property
from itertools import chain
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from motifloom.data.encode import get_alphabet
from motifloom.errors import UserError
from motifloom.io import atomic_hdf5

FORMAT = "motifloom dataset 1"
CHUNK = 1 << 20  # bytes of tokens in a chunk of the file
ROWS = 8192
DEFAULT_CLASSES = {
    "binary": ["negative", "positive"],
    "multiclass": [],
    "multilabel": [],
    "regression": ["value"],
}


def target_names(task, classes=None):
    """Return the names of the targets of a task.

    Parameters
    ----------
    task : {"binary", "multiclass", "multilabel", "regression"}
        Binary has one target, named by the positive (second) class; multi-class and multi-label have
        one per class; regression has one per value.
    classes : list of str or None
        Names of the classes, labels or values; by default negative and positive, or value.

    Returns
    -------
    list of str

    Raises
    ------
    UserError
        If the task is not known, or the classes do not fit it.
    """
    names = _class_names(task, classes)
    if task == "binary" and len(names) != 2:
        raise UserError(f"classes: a binary task has 2, not {len(names)}; write [negative, positive]")
    if len(names) < (2 if task == "multiclass" else 1):
        raise UserError(f"classes: too few for a {task} task ({len(names)}); name each")
    if len(set(names)) < len(names):
        raise UserError(f"classes: one name is there twice in {', '.join(names)}")
    return names[1:] if task == "binary" else names


def write_dataset(path, regions, token_blocks, *, alphabet, task, classes=None, sources=None, missing=False):
    """Write a dataset; one block of tokens is in memory at a time, and equal input gives equal bytes.

    Parameters
    ----------
    path : str or Path
        The HDF5 file.
    regions : pandas.DataFrame
        One row per example: id, chrom, ..., then `target.<name>` for each of :func:`target_names`; a
        column `weight` becomes `Dataset.weights`.
    token_blocks : iterable of arrays, uint8 (rows, length)
        The tokens in the order of `regions`, in blocks of any number of rows.
    alphabet : Alphabet or str
        The alphabet of the tokens, or its name.
    task, classes : str, list of str or None
        What the targets are, see :func:`target_names`.
    sources : dict of str to str or None
        SHA-256 of each file that the dataset was made from.
    missing : bool
        Whether examples may have no targets at all (NaN), as those that are only to be predicted.

    Raises
    ------
    UserError
        If there are no examples, a target is missing, not finite, or not one that the task allows, or a
        weight is not a number from 0.
    ValueError
        If regions, targets and tokens do not fit together.
    """
    names = target_names(task, classes)
    prefixed = [column for column in regions.columns if column.startswith("target.")]
    if prefixed != [f"target.{name}" for name in names]:
        raise ValueError(f"the targets of this task are {names}, but the columns are {prefixed}")
    if regions.empty:
        raise UserError(f"{path}: no examples are left; the ledger dropped.tsv says why each was dropped")
    targets = regions[prefixed].to_numpy(np.float32)
    bare = np.isnan(targets).all(axis=1) & missing
    _check_targets(targets[~bare], regions[~bare], task, names)
    weights = _check_weights(regions)
    blocks = iter(token_blocks)
    first = np.asarray(next(blocks))
    rows, length = len(regions), first.shape[1]
    with atomic_hdf5(path) as file:
        file.attrs["format"] = FORMAT
        file.attrs["alphabet"] = getattr(alphabet, "name", alphabet)
        file.attrs["task"] = task
        file.attrs["classes"] = json.dumps(_class_names(task, classes))
        file.attrs["sources"] = json.dumps({str(k): v for k, v in (sources or {}).items()}, sort_keys=True)
        file["targets"] = targets
        if weights is not None:
            file["weights"] = weights
        plain = regions.drop(columns=[*prefixed, "weight"], errors="ignore")
        _write_columns(file.create_group("regions"), plain)
        # Not compressed: lzf saves 40 % and gzip 70 %, but they take 8 and 17 times as long to write.
        chunks = (min(rows, max(1, CHUNK // length)), length)
        tokens = file.create_dataset("tokens", (rows, length), np.uint8, chunks=chunks)
        at = 0
        for block in chain([first], blocks):
            if at + len(block) > rows or block.shape[1:] != (length,):
                raise ValueError(f"a block of tokens {block.shape} at row {at} of {rows} rows x {length}")
            tokens[at : at + len(block)] = block
            at += len(block)
        if at != rows:
            raise ValueError(f"{at} rows of tokens for {rows} regions")


class Dataset:
    """A dataset open for reading; a context manager.

    Parameters
    ----------
    path : str or Path
        The HDF5 file, written by :func:`write_dataset`.

    Attributes
    ----------
    tokens : h5py.Dataset
        uint8 (N, L), read from disk where it is sliced.
    alphabet : Alphabet
    task : str
    classes : list of str
        Names of the classes, labels or values, as in the config.
    target_names : list of str
        Names of the T columns of `targets`.
    sources : dict of str to str
        SHA-256 of each file that the dataset was made from.

    Raises
    ------
    UserError
        If the file is not there, is damaged, or is no dataset.
    """

    def __init__(self, path):
        self.path = path
        if not Path(path).is_file():
            raise UserError(f"{path}: there is no such file")
        with self._damage_named():
            # Without a lock, which network file systems may refuse: the file never changes once it is there.
            self._file = h5py.File(path, "r", locking=False)
            attributes = self._file.attrs
            if str(attributes.get("format")) != FORMAT:
                self.close()
                raise UserError(f"{path}: not a dataset of this version; remove it and run again")
            self.alphabet = get_alphabet(attributes["alphabet"])
            self.task = attributes["task"]
            self.classes = json.loads(attributes["classes"])
            self.sources = json.loads(attributes["sources"])
            self.target_names = target_names(self.task, self.classes)
            self.tokens = self._file["tokens"]
            if self.tokens.ndim != 2 or self.tokens.dtype != np.uint8:
                raise ValueError("tokens are bytes in rows")

    @contextlib.contextmanager
    def _damage_named(self):
        """Raise the error for the user where HDF5 finds its file damaged, or something is not in it."""
        try:
            yield
        except (OSError, RuntimeError, LookupError, TypeError, ValueError, AttributeError):
            message = f"{self.path}: not a dataset, or damaged; remove it and run again"
            raise UserError(message) from None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def __len__(self):
        return self.tokens.shape[0]

    @property
    def length(self):
        """Length of each sequence in bases."""
        return self.tokens.shape[1]

    @cached_property
    def targets(self):
        """float32 (N, T): the targets."""
        with self._damage_named():
            return self._file["targets"][:]

    @cached_property
    def weights(self):
        """float32 (N,): how much each example counts in training; None where all count alike."""
        with self._damage_named():
            return self._file["weights"][:] if "weights" in self._file else None

    @cached_property
    def regions(self):
        """DataFrame of N rows: the columns of the regions but the targets."""
        with self._damage_named():
            group = self._file["regions"]
            names = json.loads(group.attrs["columns"])
            return pd.DataFrame({name: _read_column(group[name]) for name in names})

    def blocks(self, rows=ROWS):
        """Yield (slice of the rows, tokens uint8 (rows, L)) in order; the last block may be smaller."""
        for start in range(0, len(self), rows):
            part = slice(start, min(start + rows, len(self)))
            yield part, self.tokens[part]

    def close(self):
        """Close the file; targets, weights and regions that were read stay."""
        self._file.close()


def _class_names(task, classes):
    if task not in DEFAULT_CLASSES:
        raise UserError(f"task: {task!r} is not known; write {', '.join(DEFAULT_CLASSES)}")
    return [str(name) for name in classes or DEFAULT_CLASSES[task]]


def _check_targets(targets, regions, task, names):
    """Raise an error for the first example with a target that the task does not allow."""
    wrong = ~np.isfinite(targets)
    expected = "a number"
    if task != "regression" and not wrong.any():
        wrong, expected = ~np.isin(targets, [0, 1]), "0 or 1"
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        value = targets[row, column]
        found = "missing" if np.isnan(value) else f"{value:g}"
        raise UserError(
            f"{regions['id'].iloc[row]}: target {names[column]} is {found}; it must be {expected}"
        )
    counts = targets.sum(axis=1)
    if task == "multiclass" and (counts != 1).any():
        row = int(np.argmax(counts != 1))
        raise UserError(f"{regions['id'].iloc[row]}: {counts[row]:g} classes; multiclass needs exactly 1")


def _check_weights(regions):
    """Return the weights, float32 (N,), or None; raise an error for the first that is no number from 0."""
    if "weight" not in regions:
        return None
    weights = regions["weight"].to_numpy(np.float32)
    wrong = ~(np.isfinite(weights) & (weights >= 0))
    if wrong.any():
        row = int(wrong.argmax())
        raise UserError(
            f"{regions['id'].iloc[row]}: weight {weights[row]:g} is not a number from 0; correct it"
        )
    if not weights.any():
        raise UserError("weight: every example weighs 0; nothing can be learnt")
    return weights


def _write_columns(group, frame):
    """Write each column as int64, float64 or text; text as compressed fixed-length UTF-8, block by block."""
    group.attrs["columns"] = json.dumps(list(frame.columns))
    for name, column in frame.items():
        if column.dtype.kind in "iub":
            group[name] = column.to_numpy(np.int64)
        elif column.dtype.kind == "f":
            group[name] = column.to_numpy(np.float64)
        else:
            text = [value.encode() for value in column.astype(object).fillna("").astype(str).tolist()]
            dtype = h5py.string_dtype("utf-8", max(1, *map(len, text)))
            packing = {"compression": "gzip", "compression_opts": 1, "shuffle": True}
            data = group.create_dataset(name, len(text), dtype, chunks=True, **packing)
            for start in range(0, len(text), ROWS):  # all at once a single long text would fill the memory
                data[start : start + ROWS] = np.array(text[start : start + ROWS], dtype)


def _read_column(data):
    if data.dtype.kind != "S":
        return data[:]
    blocks = (data[start : start + ROWS].tolist() for start in range(0, len(data), ROWS))
    return pd.Series([value.decode() for block in blocks for value in block], dtype=str)
