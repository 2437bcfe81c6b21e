import os
import stat
from pathlib import Path

from motifloom.filters import jit


def read_only(monkeypatch, *folders):
    access = os.access
    monkeypatch.setattr(
        os,
        "access",
        lambda path, mode: not any(Path(path).is_relative_to(f) for f in folders) and access(path, mode),
    )


def test_numbas_own_choice_stands_where_it_can_write(tmp_path, monkeypatch):
    package, home = tmp_path / "package", tmp_path / "home"
    package.mkdir()
    assert jit.fallback_cache(package, home / "not" / "yet") is None
    read_only(monkeypatch, package)
    assert jit.fallback_cache(package, home / "not" / "yet") is None


def test_private_folder_where_nothing_can_be_written(tmp_path, monkeypatch):
    package, home, temporary = (tmp_path / name for name in ("package", "home", "tmp"))
    for folder in (package, home, temporary):
        folder.mkdir()
    read_only(monkeypatch, package, home)
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    folder = jit.fallback_cache(package, home)
    assert folder.parent == temporary
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert jit.fallback_cache(package, home) == folder
    folder.chmod(0o777)
    other = jit.fallback_cache(package, home)
    assert other != folder
    assert stat.S_IMODE(other.stat().st_mode) == 0o700
