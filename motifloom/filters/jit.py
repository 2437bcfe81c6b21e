"""numba, with a folder for its compiled code that can be written to. Import numba and memelite after this."""

import os
import tempfile
from pathlib import Path

__all__ = ["config", "njit"]


def fallback_cache(package, home_cache):
    """Return a folder for compiled code where numba itself would find none, else None.

    numba keeps compiled code beside the source, or in the user's cache folder; on a node where the
    package is read-only and the home folder too, it refuses to import a cached function at all.

    Parameters
    ----------
    package : Path
        Folder of the package.
    home_cache : Path
        The user's cache folder, which need not exist.

    Returns
    -------
    Path or None
        A folder below the temporary folder that only this user may use: compiled code is run as it is.
    """
    if _writable(package) or _writable(home_cache):
        return None
    folder = Path(tempfile.gettempdir()) / f"motifloom-numba-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid() or folder.stat().st_mode & 0o022:
        return Path(tempfile.mkdtemp(prefix="motifloom-numba-"))
    return folder


def _writable(folder):
    while not folder.exists():
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


if not os.environ.get("NUMBA_CACHE_DIR"):
    _cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    _folder = fallback_cache(Path(__file__).parent, _cache)
    if _folder:
        os.environ["NUMBA_CACHE_DIR"] = str(_folder)

# Snakemake tells BLAS and OpenMP in this way how many threads a job has; numba would take every core.
if os.environ.get("OMP_NUM_THREADS", "").isdigit():
    os.environ.setdefault("NUMBA_NUM_THREADS", os.environ["OMP_NUM_THREADS"])

from numba import config, njit  # noqa: E402

# numba may have been imported, and its settings read, before this module.
config.CACHE_DIR = os.environ.get("NUMBA_CACHE_DIR", "")
