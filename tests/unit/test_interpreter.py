"""An interpreter whose path has a space, and another Motifloom before this one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from motifloom.interpreter import import_from, make_shell_safe


def test_a_path_with_a_space_becomes_a_name_on_the_search_path(monkeypatch, tmp_path):
    python = tmp_path / "a b" / "python"
    python.parent.mkdir()
    python.write_text("#!/bin/sh\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setenv("PATH", os.environ["PATH"])
    make_shell_safe()
    assert sys.executable == "python" and shutil.which("python") == str(python)


def test_another_path_stays(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3")
    make_shell_safe()
    assert sys.executable == "/usr/bin/python3"


def test_scripts_import_this_library_and_not_another(monkeypatch, tmp_path):
    other, root = tmp_path / "old", Path(__file__).parents[2]
    (other / "motifloom").mkdir(parents=True)
    (other / "motifloom/__init__.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", str(other))
    import_from(root)
    import_from(root)  # Snakemake may start Snakemake
    assert os.environ["PYTHONPATH"].split(os.pathsep) == [str(root), str(other)]
    script = [sys.executable, "-c", "import motifloom; print(motifloom.__file__)"]
    found = subprocess.run(script, capture_output=True, text=True, cwd=tmp_path)
    assert found.stdout.strip() == str(root / "motifloom/__init__.py")
