"""What Snakemake starts scripts with: Python, and the Motifloom that they import."""

import os
import sys
from pathlib import Path


def make_shell_safe():
    """Let `sys.executable` be a plain name, found through PATH, where its path has a space.

    Snakemake writes the interpreter's path unquoted into a shell command, where a space would end it.
    """
    if " " in sys.executable:
        os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        sys.executable = Path(sys.executable).name


def import_from(root):
    """Let the scripts of jobs import the Motifloom in the folder `root`, and no other.

    Snakemake itself puts that folder behind PYTHONPATH and behind what is installed.
    """
    os.environ["PYTHONPATH"] = _with(root)


def environment_of_checks():
    """Return the environment of a process that builds networks and computes none: dict of str.

    It imports this Motifloom, and leaves the GPUs to those who asked for one.
    """
    return {**os.environ, "PYTHONPATH": _with(Path(__file__).parents[1]), "CUDA_VISIBLE_DEVICES": "-1"}


def _with(root):
    others = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return os.pathsep.join([str(root), *(path for path in others if path not in ("", str(root)))])
