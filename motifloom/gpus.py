"""Which of a machine's GPUs a job takes, where jobs run side by side."""

import fcntl
import functools
import logging
import os
import tempfile
import time
from pathlib import Path

logger = logging.getLogger(__name__)

PAUSE = 1.0  # seconds between two looks at GPUs that are all taken
_held = []  # files, locked as long as they are open


def names_of(count):
    """Return what the GPUs that CUDA shows are called on this machine: tuple of str, numbers or UUIDs."""
    shown = [name.strip() for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")]
    return tuple(shown if len(shown) == count and all(shown) else map(str, range(count)))


@functools.cache
def claim(names, number=1, folder=None):
    """Choose GPUs that no other process has claimed, and hold them until this one ends.

    Each GPU has a lock file; the system lets go of it however the process ends. Where too few are free, it
    takes none and waits: two that each want two and have one would wait for ever. Processes that claim
    nothing are not seen.

    Parameters
    ----------
    names : tuple of str
        The GPUs to choose from, named alike in all processes of the machine.
    number : int
        How many, at most ``len(names)``.
    folder : path, optional
        Where the lock files are; the system's folder for temporary files by default, which users share.

    Returns
    -------
    list of int
        Places in `names`, ascending.
    """
    folder, waited = Path(folder or tempfile.gettempdir()), False
    while True:
        held = {}
        for place, name in enumerate(names):
            if len(held) == number:
                break
            lock = _lock(folder / f"motifloom-gpu-{name.replace('/', '-')}.lock")
            if lock is not None:
                held[place] = lock
        if len(held) == number:
            _held.extend(held.values())
            return list(held)
        for lock in held.values():
            os.close(lock)
        if not waited:
            logger.info("waits for %d of %d GPUs to be free", number, len(names))
            waited = True
        time.sleep(PAUSE)


def _lock(path):
    """Return the descriptor of a locked file, or None if another process has it."""
    try:
        file = _open(path)
    except OSError:  # what is there cannot be shared; the user's own jobs still see each other
        file = _open(path.with_suffix(f".{os.getuid()}.lock"))
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    return file


def _open(path):
    try:
        file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDONLY)
        os.fchmod(file, 0o644)  # whatever the umask: others must read it to see the lock
        return file
    except FileExistsError:  # perhaps another user's, which may be locked, but not written
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
