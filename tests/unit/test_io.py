"""Files are written whole or not at all, and the same content is the same bytes."""

import contextlib
import errno
import gzip
import os
import tempfile
import time

import pandas as pd
import pytest

from motifloom.errors import UserError
from motifloom.io import (
    atomic_folder,
    atomic_path,
    check_disk,
    choose_temporary,
    read_json,
    read_table,
    refusal,
    write_json,
    write_table,
)


def test_a_name_passes_from_one_whole_file_to_the_next(tmp_path):
    path, reader = tmp_path / "table.tsv", tmp_path / "kept by a reader"
    write_table(pd.DataFrame({"a": [1]}), path)
    os.link(path, reader)
    write_table(pd.DataFrame({"a": [2]}), path)
    assert (path.read_text(), reader.read_text()) == ("a\n2\n", "a\n1\n")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "table.tsv"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic_path(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["table.tsv"]


def test_the_temporary_name_keeps_the_suffixes(tmp_path):
    with atomic_path(tmp_path / "model.keras") as temporary:
        assert temporary.suffix == ".keras" and temporary.parent == tmp_path
    assert (tmp_path / "model.keras").exists()


def test_a_failed_folder_is_removed(tmp_path):
    with pytest.raises(RuntimeError), atomic_folder(tmp_path / "logos") as folder:
        (folder / "a.svg").write_text("")
        raise RuntimeError
    assert os.listdir(tmp_path) == []
    for content in ("1", "2"):
        with atomic_folder(tmp_path / "logos") as folder:
            (folder / f"{content}.svg").write_text(content)
    assert os.listdir(tmp_path / "logos") == ["2.svg"]


def leave_behind(writer, path):
    """What a job that is killed while it writes leaves: its temporary file or folder."""
    with contextlib.suppress(InterruptedError), writer(path) as temporary:
        if temporary.is_dir():
            (temporary / "b").write_text("")
        copy = temporary.rename(path.parent / "copy")
        raise InterruptedError
    return copy.rename(temporary)


def test_what_a_killed_job_left_is_removed(tmp_path):
    dead = [leave_behind(atomic_path, tmp_path / "a.tsv"), leave_behind(atomic_folder, tmp_path / "a")]
    alive = leave_behind(atomic_path, tmp_path / "ab")
    assert all(path.exists() for path in dead)
    write_json({}, tmp_path / "a.tsv")
    with atomic_folder(tmp_path / "a"):
        assert not any(path.exists() for path in dead)
    assert sorted(os.listdir(tmp_path)) == sorted([alive.name, "a", "a.tsv"])


@pytest.mark.parametrize("length", [20, 60, 200])
def test_jobs_that_write_files_of_like_names_leave_each_other_alone(tmp_path, length):
    one, two = (tmp_path / f"{'d' * length}.{layer}.h5" for layer in ("conv1", "conv2"))
    with atomic_path(one) as first:
        first.write_text("1")
        with atomic_path(two) as second:
            second.write_text("2")
        assert first.exists()
    assert (one.read_text(), two.read_text()) == ("1", "2")
    assert len(os.listdir(tmp_path)) == 2


def test_a_compressed_table_has_no_time_in_it(tmp_path):
    frame = pd.DataFrame({"chrom": ["NA", ""], "value": [0.1, float("nan")]})
    write_table(frame, tmp_path / "a.tsv.gz")
    time.sleep(1.1)
    write_table(frame, tmp_path / "b.tsv.gz")
    assert (tmp_path / "a.tsv.gz").read_bytes() == (tmp_path / "b.tsv.gz").read_bytes()
    back = read_table(tmp_path / "a.tsv.gz", dtype={"chrom": str})
    assert back["chrom"][0] == "NA" and back["value"].isna().tolist() == [False, True]


def test_json_has_null_for_nan(tmp_path):
    write_json({"b": float("nan"), "a": (1, 2)}, tmp_path / "x.json")
    assert read_json(tmp_path / "x.json") == {"a": [1, 2], "b": None}


@pytest.mark.parametrize(
    "column", ["id", "name", "chrom", "source", "parent", "experiment_b", "model", "layer"]
)
def test_names_like_numbers_come_back_as_they_are(tmp_path, column):
    names = ["000", "1e5", "01", "inf"]
    for content in (names, names[:1]):
        write_table(pd.DataFrame({column: content, "n": 1}), tmp_path / "t.tsv")
        assert read_table(tmp_path / "t.tsv")[column].tolist() == content


def test_names_stay_text(tmp_path):
    frame = pd.DataFrame({"filter": ["1e5", "NA"], "motif_id": ["0034", None], "n": [1, 2]})
    write_table(frame, tmp_path / "t.tsv")
    back = read_table(tmp_path / "t.tsv")
    assert back["filter"].tolist() == ["1e5", "NA"] and back["motif_id"][0] == "0034"
    assert back["motif_id"].isna().tolist() == [False, True] and back["n"].tolist() == [1, 2]
    assert read_table(tmp_path / "t.tsv", dtype={"n": str})["n"].tolist() == ["1", "2"]


def test_a_table_that_is_cut_off_or_damaged_is_named(tmp_path):
    path = tmp_path / "predictions.tsv.gz"
    write_table(pd.DataFrame({"id": [f"s:{n}" for n in range(999)]}), path)
    whole = path.read_bytes()
    ragged, nothing, latin = (gzip.compress(text) for text in (b"a\n1\t2\n1\t2\t3\n", b"", b"a\n\xff\n"))
    flipped = whole[:40] + bytes([whole[40] ^ 255]) + whole[41:]
    for content in (whole[:-20], whole[:5], b"a\tb\n", flipped, ragged, nothing, latin):
        path.write_bytes(content)
        with pytest.raises(UserError, match="no table, or damaged; delete it and run again") as caught:
            read_table(path)
        assert str(caught.value).startswith(f"{path}: ") and len(str(caught.value).splitlines()) == 1
    with pytest.raises(FileNotFoundError):
        read_table(tmp_path / "absent.tsv")


def test_the_temporary_folder_is_changed_only_where_it_takes_no_files(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", None)
    for given in (None, str(tmp_path)):
        monkeypatch.delenv("TMPDIR", raising=False)
        if given:
            monkeypatch.setenv("TMPDIR", given)
        choose_temporary()
        assert os.environ.get("TMPDIR") == given
    monkeypatch.setenv("TMPDIR", str(tmp_path / "nowhere"))
    choose_temporary()
    assert os.environ["TMPDIR"] == tempfile.gettempdir() == "/tmp"


def test_what_stands_in_the_place_of_a_folder_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to("nothing")
    (tmp_path / "folder").mkdir()
    check_disk(tmp_path / "folder", tmp_path / "not there")
    for name in ("file", "link"):
        with pytest.raises(UserError, match=f"^{tmp_path}/{name}: this is no folder, or a link to none"):
            check_disk(tmp_path / name)


def test_a_refusal_is_of_files_in_the_folder_only(tmp_path):
    for name, found in (("here/x", True), ("here/deep/x", True), ("here2/x", False)):
        error = OSError(errno.ENOSPC, "full", str(tmp_path / name))
        assert (refusal(error, tmp_path / "here") is not None) == found
