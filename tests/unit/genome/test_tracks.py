import hashlib

import numpy as np
import pandas as pd
import pyBigWig
import pysam
import pytest

from motifloom.errors import UserError
from motifloom.genome.tracks import average_overlaps, read_bins, write_bed, write_bigwig
from motifloom.io import write_table

SIZES = {"chr2": 50, "chr1": 100}


def table(*rows):
    return pd.DataFrame(rows, columns=["chrom", "start", "end", "id", "strand", "value"])


@pytest.fixture
def bins():
    return table(
        ("chr1", 20, 40, "b", "+", 0.5),
        ("chr1", 0, 20, "a", "-", 0.25),
        ("chr1", 10, 30, "c", ".", 1.0),
        ("chr2", 40, 60, "d", ".", 2.0),
        ("", -1, -1, "e", ".", 9.0),
    )


def test_the_mean_where_intervals_overlap():
    start, end, value = average_overlaps(
        np.array([0, 10, 20, 60]), np.array([20, 30, 40, 70]), np.array([1, 2, 6, 0.1])
    )
    assert start.tolist() == [0, 10, 20, 30, 60] and end.tolist() == [10, 20, 30, 40, 70]
    assert value.tolist() == [1, 1.5, 4, 6, 0.1]


def test_means_agree_with_a_base_by_base_sum():
    rng = np.random.default_rng(1)
    start = rng.integers(0, 200, 50)
    end, value = start + rng.integers(1, 60, 50), rng.normal(size=50)
    total, count = np.zeros(300), np.zeros(300)
    for s, e, v in zip(start, end, value, strict=True):
        total[s:e] += v
        count[s:e] += 1
    found = np.full(300, np.nan)
    for s, e, v in zip(*average_overlaps(start, end, value), strict=True):
        found[s:e] = v
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(found, total / count)


def test_no_intervals_have_no_mean():
    assert [len(array) for array in average_overlaps(*(np.array([], int) for _ in range(3)))] == [0, 0, 0]


def test_a_bigwig(tmp_path, bins):
    write_bigwig(tmp_path / "t.bw", SIZES, bins)
    track = pyBigWig.open(str(tmp_path / "t.bw"))
    assert track.chroms() == SIZES
    assert track.intervals("chr1") == ((0, 10, 0.25), (10, 20, 0.625), (20, 30, 0.75), (30, 40, 0.5))
    assert track.intervals("chr2") == ((40, 50, 2.0),)


def test_a_bed(tmp_path, bins):
    write_bed(tmp_path / "t.bed.gz", SIZES, bins)
    with pysam.TabixFile(str(tmp_path / "t.bed.gz"), index=str(tmp_path / "t.bed.gz.csi")) as file:
        assert file.header == ["#chrom\tstart\tend\tid\tscore\tstrand\tvalue"]
        assert list(file.fetch("chr1")) == [
            "chr1\t0\t20\ta\t250\t-\t0.25",
            "chr1\t10\t30\tc\t1000\t.\t1",
            "chr1\t20\t40\tb\t500\t+\t0.5",
        ]
        assert list(file.fetch("chr1", 35, 36)) == ["chr1\t20\t40\tb\t500\t+\t0.5"]
        assert list(file.fetch("chr2")) == ["chr2\t40\t50\td\t0\t.\t2"]


def test_equal_tables_give_equal_bytes(tmp_path, bins):
    digests = set()
    for name in ("one", "two"):
        paths = [tmp_path / name / f"t.{kind}" for kind in ("bw", "bed.gz", "bed.gz.csi")]
        write_bigwig(paths[0], SIZES, bins)
        write_bed(paths[1], SIZES, bins)
        digests.add(tuple(hashlib.md5(path.read_bytes()).hexdigest() for path in paths))
        assert sorted(path.name for path in (tmp_path / name).iterdir()) == [
            "t.bed.gz",
            "t.bed.gz.csi",
            "t.bw",
        ]
    assert len(digests) == 1


@pytest.mark.parametrize("write", [write_bed, write_bigwig])
def test_examples_without_places(tmp_path, bins, write):
    with pytest.raises(UserError, match="no example has a place on a chromosome of the genome"):
        write(tmp_path / "t.bed.gz", SIZES, bins[bins["chrom"] == ""])
    assert not list(tmp_path.iterdir())


def test_bins_are_windows_without_their_flanks(tmp_path):
    rows = pd.DataFrame(
        {"id": ["a"], "chrom": ["chr1"], "start": [-5], "end": [25], "strand": ["."], "score.x": [0.5]}
    )
    write_table(rows, tmp_path / "p.tsv.gz")
    found = read_bins(tmp_path / "p.tsv.gz", "score.x", flank=10)
    assert found[["chrom", "start", "end", "value"]].values.tolist() == [["chr1", 5, 15, 0.5]]
    with pytest.raises(UserError, match="no target y; its targets are x"):
        read_bins(tmp_path / "p.tsv.gz", "score.y")
