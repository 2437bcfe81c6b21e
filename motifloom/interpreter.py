"""Keep Snakemake able to start scripts from a folder with a space in its path."""

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
