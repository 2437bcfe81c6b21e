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
    rows = [
        (f"s:{i}", "chr1", s, s + 60, strand)
        for i, (s, strand) in enumerate(zip(starts, strands, strict=True))
    ]
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
    ]
    with pysam.TabixFile(str(tmp_path / "sites.bed.gz")) as file:
        assert [row.split("\t")[6] for row in file.fetch("chr1", 12, 13)] == ["p:2", "p:3"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sites.bed.gz", "sites.bed.gz.tbi"]


def test_blocks_threads_and_order_of_examples_do_not_matter(make_layer, make_tokens, tmp_path, monkeypatch):
    rng = np.random.default_rng(2)
    tokens = make_tokens(rows=60, length=40)
    chroms, starts = rng.choice(["chr1", "chr10", "chr2", ""], 60), rng.integers(0, 200, 60)
    rows = [(f"s:{i}", chroms[i], starts[i], starts[i] + 40, "+-."[i % 3]) for i in range(60)]
    dataset = make_dataset(rows, tokens)
    bank = FilterBank([make_layer(1, name="a"), make_layer(2, width=3, name="b")])
    motifs = top_motifs(bank, tokens)

    def write(name, threads):
        count = write_sites(motifs, bank, dataset, ["train"] * 60, tmp_path / name, threads=threads)
        return count, (tmp_path / name).read_bytes()

    count, content = write("one.bed.gz", 1)
    monkeypatch.setattr(sites, "SITES_AT_ONCE", 20)
    assert write("two.bed.gz", 3) == (count, content)
    table = pd.DataFrame(read(tmp_path / "one.bed.gz")[1:], columns=sites.COLUMNS)
    by_filter = table["filter"].value_counts()
    for name, total in zip(motifs, motifs.n_sites, strict=True):
        assert by_filter[name] == total
    table = table.astype({"start": int, "end": int})
    runs = (table["chrom"] != table["chrom"].shift()).sum()
    assert runs == table["chrom"].nunique()
    assert all(group["start"].is_monotonic_increasing for _, group in table.groupby("chrom"))


def test_examples_without_coordinates_get_no_index(ac_bank, tmp_path):
    dataset = make_dataset([("f:1", "", -1, -1, "."), ("f:2", "", -1, -1, ".")], [[0, 1], [3, 3]])
    motifs = top_motifs(ac_bank, dataset.tokens)
    assert write_sites(motifs, ac_bank, dataset, ["train", "test"], tmp_path / "s.bed.gz") == 1
    assert read(tmp_path / "s.bed.gz")[1][:4] == ["f:1", "0", "2", "conv_000"]
    assert [path.name for path in tmp_path.iterdir()] == ["s.bed.gz"]


def test_no_sites_at_all(ac_bank, tmp_path):
    dataset = make_dataset([("f:1", "chr1", 0, 2, ".")], [[3, 3]])
    motifs = top_motifs(ac_bank, dataset.tokens)
    assert write_sites(motifs, ac_bank, dataset, ["train"], tmp_path / "s.bed.gz") == 0
    assert write_sites(motifs, ac_bank, dataset, [""], tmp_path / "none.bed.gz") == 0
    assert len(read(tmp_path / "s.bed.gz")) == 1


def test_chromosomes_too_long_for_tabix(ac_bank, tmp_path):
    dataset = make_dataset([("f:1", "chr1", 2**29, 2**29 + 2, ".")], [[0, 1]])
    motifs = top_motifs(ac_bank, dataset.tokens)
    (tmp_path / "s.bed.gz.tbi").write_text("old")
    write_sites(motifs, ac_bank, dataset, ["train"], tmp_path / "s.bed.gz")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s.bed.gz", "s.bed.gz.csi"]
    with pysam.TabixFile(str(tmp_path / "s.bed.gz"), index=str(tmp_path / "s.bed.gz.csi")) as file:
        assert len(list(file.fetch("chr1", 2**29, 2**29 + 1))) == 1


@pytest.mark.parametrize(
    ("targets", "task", "classes", "expected"),
    [
        ([[0], [1]], "binary", ["no", "yes"], ["no", "yes"]),
        ([[0, 1, 0], [1, 0, 0]], "multiclass", ["a", "b", "c"], ["b", "a"]),
        ([[0, 0], [1, 1]], "multilabel", ["a", "b"], [".", "a,b"]),
        ([[0.5], [1e-7]], "regression", ["value"], ["0.5", "1e-07"]),
    ],
)
def test_labels_of_targets(targets, task, classes, expected):
    assert target_labels(np.array(targets), task, classes).tolist() == expected
