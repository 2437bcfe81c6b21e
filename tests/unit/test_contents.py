"""Digests of files of the user."""

import os

import pytest

from motifloom import contents
from motifloom.contents import digest


@pytest.fixture(params=[1 << 24, 0], ids=["small", "large"])
def size(request, monkeypatch):
    monkeypatch.setattr(contents, "REMEMBERED", request.param)


def test_equal_content_has_an_equal_digest_whatever_its_name_and_time(size, tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("ACGT")
    other.write_text("ACGT")
    os.utime(other, (0, 0))
    assert digest(one, tmp_path / "cache") == digest(other, tmp_path / "cache")
    assert len(digest(one, tmp_path / "cache")) == 16


def test_a_change_shows_although_length_and_time_are_those_of_before(size, tmp_path):
    path = tmp_path / "genome.fa"
    path.write_text("ACGT")
    os.utime(path, (1, 1))
    before = digest(path, tmp_path / "cache")
    path.write_text("TCGT")
    os.utime(path, (1, 1))
    assert digest(path, tmp_path / "cache") != before


def test_a_large_file_is_read_once(tmp_path, monkeypatch):
    monkeypatch.setattr(contents, "REMEMBERED", 4)
    path, cache = tmp_path / "genome.fa", tmp_path / "cache"
    path.write_text("ACGT")
    first = digest(path, cache)
    monkeypatch.setattr(contents, "_digest", lambda path: pytest.fail("read again"))
    assert digest(path, cache) == first
    assert digest(path, str(cache)) == first


def test_what_cannot_be_read_has_none(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name in ("missing", "pipe", "."):
        assert digest(tmp_path / name, tmp_path / "cache") is None


def test_a_cache_that_takes_no_files_is_done_without(tmp_path, monkeypatch):
    monkeypatch.setattr(contents, "REMEMBERED", 0)
    (tmp_path / "file").write_text("ACGT")
    assert digest(tmp_path / "file", "/proc/motifloom") == digest(tmp_path / "file", tmp_path / "cache")
