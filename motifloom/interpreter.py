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
    others = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    os.environ["PYTHONPATH"] = os.pathsep.join(
        [str(root), *(path for path in others if path not in ("", str(root)))]
    )
