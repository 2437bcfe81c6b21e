"""What is in a file of the user: by that, and not by times, a result is known to be out of date.

A file may be replaced by an older one, be touched, or change while a job still reads it.
"""

import contextlib
import hashlib
import os
import stat
from pathlib import Path

from motifloom.errors import UserError
from motifloom.io import write_text

REMEMBERED = 1 << 24  # bytes from which on a digest is kept, since reading again would take long


def digest(path, cache):
    """Return a digest of the content of a file.

    Parameters
    ----------
    path : str or Path
    cache : str or Path
        Folder that remembers the digests of large files, by the state that the file system tells of them.

    Returns
    -------
    str or None
        16 hexadecimal digits; None for what is no file, or not to be read.
    """
    try:
        state = _state(path)
        if state is None or state[1] < REMEMBERED:
            return state and _digest(path)
        mark = Path(cache) / f"content.{hashlib.sha256(repr(state).encode()).hexdigest()[:24]}"
        if mark.exists():
            return mark.read_text()
        found = _digest(path)
        if _state(path) == state:
            with contextlib.suppress(OSError, UserError):  # a folder that takes no files
                write_text(found, mark)
        return found
    except OSError:
        return None


def _state(path):
    status = os.stat(path)
    if not stat.S_ISREG(status.st_mode):
        return None
    # The last of these is set by the system alone: a file cannot be made to look older than it is.
    return os.path.realpath(path), status.st_size, status.st_ino, status.st_mtime_ns, status.st_ctime_ns


def _digest(path):
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:16]
