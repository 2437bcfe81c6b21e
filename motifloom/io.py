"""Reading and writing the files of the workflow: each is written whole or not at all."""

import contextlib
import errno
import glob
import gzip
import hashlib
import io
import json
import os
import shutil
import tempfile
import zlib
from pathlib import Path

import pandas as pd

from motifloom.errors import UserError

# What a disk says that takes nothing more, in the user's words.
REFUSALS = {
    errno.ENOSPC: "the disk is full; make room and run again",
    errno.EFBIG: "files may not be as large there; raise the limit (ulimit -f) and run again",
    errno.EDQUOT: "your quota of the disk is used up; make room and run again",
    errno.EROFS: "the disk is read-only; choose another folder, or let this one be written to",
    errno.EACCES: "the folder takes no files of yours; change its permissions, or choose another one",
}
NO_FOLDER = "this is no folder, or a link to none; remove it"
# What gzip and pandas raise for a table that is cut off or something else.
DAMAGE = (EOFError, gzip.BadGzipFile, zlib.error, UnicodeDecodeError)
DAMAGE += (pd.errors.ParserError, pd.errors.EmptyDataError)
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


class SteadyFile(io.FileIO):
    """A file that takes everything and keeps the first error, for writers that fail badly on a full disk.

    HDF5 drops such errors where it closes a dataset, or the whole process where it closes a file.

    Attributes
    ----------
    error : OSError or None
        What went wrong first. From then on nothing is written.
    """

    error = None

    def write(self, data):
        """Write bytes; return how many there are."""
        view = memoryview(data).cast("B")
        written = 0
        try:
            while written < len(view) and not self.error:
                written += super().write(view[written:])
        except OSError as error:
            self.error = error
        return len(view)


@contextlib.contextmanager
def atomic_path(path):
    """Yield a temporary path in the folder of `path`, renamed to `path` on success, removed on failure.

    The temporary name keeps all suffixes of `path`, since writers choose the format by them.

    Raises
    ------
    UserError
        If the disk is full or read-only; names `path`.
    """
    path, temporary = Path(path), None
    try:
        with _refusals_named(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            _remove_remains(path)
            handle, temporary = tempfile.mkstemp("".join(path.suffixes), _prefix(path), path.parent)
            os.close(handle)
            yield Path(temporary)
            os.chmod(temporary, 0o666 & ~_umask())
            _sync(temporary)
            os.replace(temporary, path)
    finally:
        if temporary:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)


@contextlib.contextmanager
def atomic_folder(path):
    """Yield a temporary folder beside `path`, renamed to `path` on success, removed on failure.

    Raises
    ------
    UserError
        If the disk is full or read-only; names `path`.
    """
    path, temporary = Path(path), None
    try:
        with _refusals_named(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            _remove_remains(path)
            temporary = tempfile.mkdtemp(prefix=_prefix(path), dir=path.parent)
            yield Path(temporary)
            os.chmod(temporary, 0o777 & ~_umask())
            shutil.rmtree(path, ignore_errors=True)
            os.replace(temporary, path)
    except UserError as error:
        # Of a file inside; the folder has its own name for the user.
        raise UserError(str(error).replace(str(temporary), str(path))) from error.__cause__
    finally:
        if temporary:
            shutil.rmtree(temporary, ignore_errors=True)


@contextlib.contextmanager
def atomic_hdf5(path):
    """Yield an HDF5 file (h5py.File) to write, which gets its name `path` where all of it was written.

    Raises
    ------
    UserError
        As :func:`atomic_path` does.
    """
    import h5py  # most that reads and writes files has no use for it

    with atomic_path(path) as temporary, SteadyFile(temporary, "w+") as stream:
        try:
            with h5py.File(stream, "w") as file:
                yield file
        finally:
            if stream.error:
                raise stream.error


@contextlib.contextmanager
def in_memory(path):
    """Yield the path of a file in memory that is written to `path` at the end, in order and by Python.

    For writers that go back and forth in a file, and go on for ever where the disk is full.
    """
    handle = os.memfd_create("motifloom")
    with open(handle, "rb") as stream:
        yield Path(f"/proc/self/fd/{handle}")
        with atomic_path(path) as temporary, open(temporary, "wb") as out:
            shutil.copyfileobj(stream, out)


def _sync(path):
    """Have the disk write a file: it may refuse it late, and power may fail after the renaming."""
    with open(path, "rb") as stream:
        try:
            os.fsync(stream.fileno())
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # the disk knows no such thing
                raise


@contextlib.contextmanager
def _refusals_named(path):
    """Raise a UserError that names `path` where its disk takes no more, whatever a writer makes of that."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        reason = refusal(error, path.parent) or _probe(path.parent)
        if reason is None:
            raise
        raise UserError(f"{path}: {reason}") from error


def refusal(error, folder=None):
    """Return in words why a disk takes no file, or None for another error; with a folder, no file in that."""
    if not isinstance(error, OSError) or error.errno not in REFUSALS:
        return None
    named = Path(os.path.abspath(error.filename)) if error.filename else None
    if folder and named and not named.is_relative_to(os.path.abspath(folder)):
        return None
    return REFUSALS[error.errno]


def check_disk(*folders):
    """Raise a UserError for the first of some folders, as far as they are there, that takes no files."""
    for folder in map(os.path.abspath, folders):
        if os.path.lexists(folder) and (reason := _probe(folder) if os.path.isdir(folder) else NO_FOLDER):
            raise UserError(f"{folder}: {reason}")


def choose_temporary():
    """Let TMPDIR, where its folder takes no files, name another, for this process and those it starts.

    Else it is left as it is, set or not: jobs that it is handed to may be on nodes with folders of their own.
    """
    first, *others = os.environ.get("TMPDIR") or "/tmp", "/tmp", "/var/tmp", os.getcwd()
    if not _takes_files(first) and (folder := next(filter(_takes_files, others), None)):
        os.environ["TMPDIR"] = tempfile.tempdir = folder


def _takes_files(folder):
    return os.path.isdir(folder) and _probe(folder) is None


def _probe(folder):
    """Return why a folder takes no more, or None; a library's own words often do not tell."""
    try:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as stream:
            for _ in range(16):
                stream.write(bytes(1 << 12))
            os.fsync(stream.fileno())
    except OSError as error:
        return refusal(error)
    return None


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

    Raises
    ------
    UserError
        If the file is cut off or damaged.
    """
    dtype = {**dict.fromkeys(NAMES, str), **(dtype or {})}
    try:
        return pd.read_csv(path, sep="\t", keep_default_na=False, na_values=[""], dtype=dtype, **options)
    except DAMAGE as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"{path}: no table, or damaged; delete it and run again ({reason})") from error


def write_json(content, path):
    """Write `content` as indented JSON with sorted keys; NaN becomes null."""
    write_text(json.dumps(plain(content), indent=2, sort_keys=True, allow_nan=False) + "\n", path)


def read_json(path):
    """Read a JSON file."""
    return json.loads(Path(path).read_text())


def flatten(item, path=""):
    """Return nested content by key path: a.b[0]; what is empty is left out, and lists of values stay."""
    if isinstance(item, dict):
        return {k: v for key, value in item.items() for k, v in flatten(value, f"{path}.{key}").items()}
    if isinstance(item, list) and any(isinstance(value, dict | list) for value in item):
        return {k: v for n, value in enumerate(item) for k, v in flatten(value, f"{path}[{n}]").items()}
    return {} if item is None or item == [] else {path.lstrip("."): item}


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
