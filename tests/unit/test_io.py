"""Files are written whole or not at all, and the same content is the same bytes."""

import os
import time

import pandas as pd
import pytest

from motifloom.io import atomic_folder, atomic_path, read_json, read_table, write_json, write_table


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


def test_what_a_killed_job_left_is_removed(tmp_path):
    (tmp_path / ".a.tsv~dead.tsv").write_text("half")
    (tmp_path / ".a~dead").mkdir()
    (tmp_path / ".a~dead/b").write_text("")
    (tmp_path / ".ab~alive").write_text("another job's")
    write_json({}, tmp_path / "a.tsv")
    with atomic_folder(tmp_path / "a"):
        assert not (tmp_path / ".a~dead").exists()
    assert sorted(os.listdir(tmp_path)) == [".ab~alive", "a", "a.tsv"]


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


def test_names_stay_text(tmp_path):
    frame = pd.DataFrame({"filter": ["1e5", "NA"], "motif_id": ["0034", None], "n": [1, 2]})
    write_table(frame, tmp_path / "t.tsv")
    back = read_table(tmp_path / "t.tsv")
    assert back["filter"].tolist() == ["1e5", "NA"] and back["motif_id"][0] == "0034"
    assert back["motif_id"].isna().tolist() == [False, True] and back["n"].tolist() == [1, 2]
    assert read_table(tmp_path / "t.tsv", dtype={"n": str})["n"].tolist() == ["1", "2"]
