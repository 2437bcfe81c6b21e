"""Reading and writing the files of the workflow: each is written whole or not at all."""

import contextlib
import glob
import gzip
import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

import pandas as pd

# Columns that hold names: "0034" and "1e5" are no numbers there.
NAMES = (
    "best_match_id",
    "best_match_name",
    "chrom",
    "class",
    "dataset",
    "experiment",
    "experiment_a",
    "experiment_b",
    "filter",
    "filter_a",
    "filter_b",
    "id",
    "layer",
    "model",
    "motif_id",
    "motif_name",
    "name",
    "parent",
    "source",
    "target",
    "top_target",
)


@contextlib.contextmanager
def atomic_path(path):
    """Yield a temporary path in the folder of `path`, renamed to `path` on success, removed on failure.

    The temporary name keeps all suffixes of `path`, since writers choose the format by them.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    suffix = "".join(path.suffixes)
    _remove_remains(path)
    handle, temporary = tempfile.mkstemp(prefix=_prefix(path), suffix=suffix, dir=path.parent)
    os.close(handle)
    try:
        yield Path(temporary)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)


@contextlib.contextmanager
def atomic_folder(path):
    """Yield a temporary folder beside `path`, renamed to `path` on success, removed on failure."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_remains(path)
    temporary = tempfile.mkdtemp(prefix=_prefix(path), dir=path.parent)
    try:
        yield Path(temporary)
        os.chmod(temporary, 0o777 & ~_umask())
        shutil.rmtree(path, ignore_errors=True)
        os.replace(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _prefix(path):
    """Return how temporary names for `path` begin, and those for no other file in its folder.

    A name may be too long to be repeated whole, so a digest of it stands for what is cut off.
    """
    digest = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]
    return f".{path.name[:40]}~{digest}~"


def _remove_remains(path):
    """Remove what a killed job left of this file; Snakemake lets one job at a time write it."""
    for remains in path.parent.glob(glob.escape(_prefix(path)) + "*"):
        shutil.rmtree(remains) if remains.is_dir() else remains.unlink(missing_ok=True)


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_text(text, path):
    """Write `text` (str) as UTF-8 to `path`, gzip-compressed where the name ends in .gz."""
    write_bytes(text.encode(), path)


def write_bytes(content, path):
    """Write bytes to `path`, gzip-compressed without a time stamp where the name ends in .gz."""
    if str(path).endswith(".gz"):
        content = gzip.compress(content, compresslevel=6, mtime=0)
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def write_table(frame, path, float_format="%.6g"):
    """Write a data frame as TSV without its index; missing values are empty fields."""
    write_text(frame.to_csv(sep="\t", index=False, float_format=float_format, lineterminator="\n"), path)


def read_table(path, dtype=None, **options):
    """Read a TSV written by :func:`write_table`; only an empty field is a missing value.

    Columns in NAMES stay text whatever they look like; `dtype` tells of others.
    """
    dtype = {**dict.fromkeys(NAMES, str), **(dtype or {})}
    return pd.read_csv(path, sep="\t", keep_default_na=False, na_values=[""], dtype=dtype, **options)


def write_json(content, path):
    """Write `content` as indented JSON with sorted keys; NaN becomes null."""
    write_text(json.dumps(plain(content), indent=2, sort_keys=True, allow_nan=False) + "\n", path)


def read_json(path):
    """Read a JSON file."""
    return json.loads(Path(path).read_text())


def plain(value):
    """Turn NumPy scalars and arrays into JSON's own types, and NaN into None."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float) and value != value:
        return None
    return value
