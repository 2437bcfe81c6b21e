"""An interpreter whose path has a space."""

import os
import shutil
import sys

from motifloom.interpreter import make_shell_safe


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
