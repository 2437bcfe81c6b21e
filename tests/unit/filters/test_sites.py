import gzip
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pysam
import pytest

from motifloom.data.encode import DNA
from motifloom.filters import sites
from motifloom.filters.bank import FilterBank
from motifloom.filters.methods import top_motifs
from motifloom.filters.sites import genomic_windows, target_labels, write_sites


def make_dataset(regions, tokens, targets=None, task="binary", classes=("negative", "positive")):
    frame = pd.DataFrame(regions, columns=["id", "chrom", "start", "end", "strand"])
    targets = np.zeros((len(frame), 1), np.float32) if targets is None else np.array(targets, np.float32)
    return SimpleNamespace(
        regions=frame, tokens=np.asarray(tokens, np.uint8), targets=targets, task=task, classes=classes
    )


def read(path):
    with gzip.open(path, "rt") as file:
        return [line.rstrip("\n").split("\t") for line in file]


@pytest.fixture
def ac_bank(make_layer):
    """One filter of width 2 that likes AC with 3, AG with 1."""
    layer = make_layer(width=2, filters=1, activation="relu")
    layer.kernel[:, :, 0], layer.bias[:] = -5, 0
    layer.kernel[0, 0, 0], layer.kernel[1, 1, 0], layer.kernel[1, 2, 0] = 2, 1, -1
    return FilterBank([layer])


def test_minus_strand_runs_backwards():
    start, end, strand = genomic_windows([1000, 1000, 50], [1300, 1300, 60], ["+", "-", "."], [10, 10, 3], 20)
    assert start.tolist() == [1010, 1270, 53]
    assert end.tolist() == [1030, 1290, 73]
    assert strand.tolist() == ["+", "-", "+"]


def test_windows_hold_the_letters_of_the_genome(make_layer, tmp_path):
    """Each site's genomic letters, read on its strand, are the window that was scanned."""
    rng = np.random.default_rng(1)
    genome = rng.integers(0, 4, 500).astype(np.uint8)
    starts = np.sort(rng.integers(0, 440, 30))
    strands = rng.choice(["+", "-", "."], 30)
    tokens = np.array([genome[s : s + 60] for s in starts])
    tokens[strands == "-"] = DNA.reverse_complement(tokens[strands == "-"])
    rows = [(f"s:{i}", "chr1", s, s + 60, strand) for i, (s, strand) in enumerate(zip(starts, strands))]
    dataset = make_dataset(rows, tokens)
    bank = FilterBank([make_layer(width=7, dilation=2, activation="relu")])
    motifs = top_motifs(bank, tokens, percentile=50)
    assert write_sites(motifs, bank, dataset, np.full(30, "train"), tmp_path / "s.bed.gz") > 50
    for _, start, end, _, _, strand, name, offset, _, _ in read(tmp_path / "s.bed.gz")[1:]:
        window = genome[int(start) : int(end)]
        window = DNA.reverse_complement(window) if strand == "-" else window
        example, offset = tokens[int(name[2:])], int(offset)
        assert (window == example[offset : offset + 13]).all()


def test_file_by_hand(ac_bank, tmp_path):
    dataset = make_dataset(
        [
            ("p:1", "chr2", 5, 9, "."),
            ("p:2", "chr1", 10, 14, "-"),
            ("p:3", "chr1", 10, 14, "+"),
            ("n:1", "", -1, -1, "."),
            ("n:2", "chr1", -1, 3, "+"),
            ("n:3", "chr1", 0, 4, "+"),
        ],
        [[0, 1, 3, 3], [3, 0, 1, 3], [3, 0, 2, 0], [3, 0, 1, 3], [4, 1, 3, 3], [0, 1, 0, 1]],
        [[1], [1], [1], [0], [0], [0]],
    )
    motifs = top_motifs(ac_bank, dataset.tokens[:5], include_all_positive=True)
    parts = np.array(["train", "test", "test", "validation", "train", ""])
    assert write_sites(motifs, ac_bank, dataset, parts, tmp_path / "sites.bed.gz") == 5
    assert read(tmp_path / "sites.bed.gz") == [
        ["#chrom", *sites.COLUMNS[1:]],
        ["chr1", "0", "1", "conv_000", "1", "+", "n:2", "0", "train", "negative"],
        ["chr1", "11", "13", "conv_000", "3", "-", "p:2", "1", "test", "positive"],
        ["chr1", "11", "13", "conv_000", "1", "+", "p:3", "1", "test", "positive"],
        ["chr2", "5", "7", "conv_000", "3", "+", "p:1", "0", "train", "positive"],
        ["n:1", "1", "3", "conv_000", "3", "+", "n:1", "1", "validation", "negative"],
    ][:1] + [
        ["chr1", "11", "13", "conv_000", "3", "-", "p:2", "1", "test", "positive"],
        ["chr1", "11", "13", "conv_000", "1", "+", "p:3", "1", "test", "positive"],
        ["chr2", "5", "7", "conv_000", "3", "+", "p:1", "0", "train", "positive"],
        ["n:1", "1", "3", "conv_000", "3", "+", "n:1", "1", "validation", "negative"],
    ]
    with pysam.TabixFile(str(tmp_path / "sites.bed.gz")) as file:
        assert [row.split("\t")[6] for row in file.fetch("chr1", 12, 13)] == ["p:2", "p:3"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sites.bed.gz", "sites.bed.gz.tbi"]
