import gzip
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pysam
import pytest

from motifloom.data.encode import DNA
from motifloom.filters import sites
from motifloom.filters.bank import FilterBank
from motifloom.filters.finding import find_motifs, site_finder
from motifloom.filters.methods import top_motifs
from motifloom.filters.significance import control_fdr, read_significance, test_windows, write_significance
from motifloom.filters.site_table import read_sites
from motifloom.filters.sites import by_cutoffs, genomic_windows, target_labels, write_sites
from motifloom.filters.summaries import write_summary


def make_dataset(regions, tokens, targets=None, task="binary", classes=("negative", "positive")):
    frame = pd.DataFrame(regions, columns=["id", "chrom", "start", "end", "strand"])
    targets = np.zeros((len(frame), 1), np.float32) if targets is None else np.array(targets, np.float32)
    return SimpleNamespace(
        regions=frame, tokens=np.asarray(tokens, np.uint8), targets=targets, task=task, classes=classes
    )


def read(path):
    with gzip.open(path, "rt") as file:
        return [line.rstrip("\n").split("\t") for line in file]


def write_top(motifs, bank, dataset, parts, path):
    return write_sites(bank, dataset, parts, path, by_cutoffs(dataset.tokens, motifs.cutoffs))


@pytest.fixture
def ac_bank(make_layer):
    """One filter of width 2 that likes AC with 3, AG with 1."""
    layer = make_layer(width=2, filters=1, activation="relu")
    layer.kernel[:, :, 0], layer.bias[:] = -5, 0
    layer.kernel[0, 0, 0], layer.kernel[1, 1, 0], layer.kernel[1, 2, 0] = 2, 1, -1
    return FilterBank([layer])


def test_minus_strand_runs_backwards():
    examples = [1000, 1000, 50], [1300, 1300, 60], ["+", "-", "."], [10, 10, 3], 20
    start, end, strand = genomic_windows(*examples)
    assert start.tolist() == [1010, 1270, 53]
    assert end.tolist() == [1030, 1290, 73]
    assert strand.tolist() == ["+", "-", "+"]
    # On the other strand windows lie where they lay.
    turned = genomic_windows(*examples, [-1, -1, 1])
    assert [array.tolist() for array in turned] == [start.tolist(), end.tolist(), ["-", "+", "+"]]


@pytest.fixture
def examples():
    """Overlapping windows of two chromosomes on both strands, some beyond their ends, and some without any.

    Beside the dataset: the place in the genome of every letter, (N, L), and the genome's letters.
    """
    rng = np.random.default_rng(1)
    genome = {name: rng.choice(5, 300, p=[0.24] * 4 + [0.04]).astype(np.uint8) for name in ("c2", "c10")}
    for letters in genome.values():  # what filters of `bank` like, on both strands
        for start in range(0, 300, 20):
            letters[start : start + 5] = [0, 2, 2, 1, 3]
            letters[start + 10 : start + 20 : 3] = [1, 1, 3, 0] if start % 40 else [3, 0, 2, 2]
    rows, tokens, places = [], [], []
    for i in range(60):
        chrom, start, strand = rng.choice(["c2", "c10", ""]), int(rng.integers(-5, 265)), "+-."[i % 3]
        place = np.arange(start, start + 40)
        if chrom:
            inside = (place >= 0) & (place < 300)
            letters = np.where(inside, genome[chrom][place.clip(0, 299)], 4).astype(np.uint8)
            if strand == "-":
                letters, place = DNA.reverse_complement(letters), place[::-1]
        else:
            letters, place, start = rng.integers(0, 4, 40).astype(np.uint8), np.arange(40), -1
        rows.append((f"s:{i}", chrom, start, start + 40 if chrom else -1, strand if chrom else "."))
        tokens.append(letters)
        places.append(place)
    targets = rng.choice(3, 60)[:, None] == np.arange(3)
    dataset = make_dataset(rows, np.array(tokens), targets, "multiclass", ["a", "b", "c"])
    return dataset, np.array(places), genome


@pytest.fixture
def bank(make_layer):
    """Two layers, one dilated; the scores are exact in float32, and one filter never fires."""
    layers = [
        make_layer(1, width=5, activation="relu", padding="same", name="a"),
        make_layer(2, width=4, dilation=3, name="b", sign=np.array([1.0, -1.0, 1.0])),
    ]
    layers[0].kernel[range(5), [0, 2, 2, 1, 3], 0] += 4
    layers[1].kernel[range(4), [1, 1, 3, 0], 1] -= 4
    for layer in layers:
        layer.kernel[:], layer.bias[:] = np.round(layer.kernel * 8) / 8, np.round(layer.bias * 8) / 8
    layers[0].kernel[:, :, 1], layers[0].bias[1] = -1, -1
    return FilterBank(layers)


def prepare(method, bank, dataset, rows, folder):
    """Return what a method reads beside the sequences, and its options."""
    if method == "significant":
        write_significance(folder / "tests.h5", *test_windows(bank, dataset.tokens, rows=rows, q_value=0.5))
        return folder / "tests.h5", {"q_value": 0.5, "over": "all_filters"}
    if method == "class_max":
        write_summary(bank, dataset.tokens, folder / "activations.h5")
        return folder / "activations.h5", {"most_sites": 7}
    return None, {"percentile": 80.0}


def write_method(method, bank, dataset, parts, folder):
    rows = np.flatnonzero(parts != "")
    special, options = prepare(method, bank, dataset, rows, folder)
    motifs = find_motifs(method, bank, dataset, special=special, rows=rows, **options)
    find, annotate = site_finder(motifs, dataset, special, rows=rows, threads=2)
    path = folder / f"{method}.sites.bed.gz"
    count = write_sites(bank, dataset, parts, path, find, expected=motifs.n_sites.sum(), annotate=annotate)
    assert count == motifs.n_sites.sum() == len(read_sites(path))
    return motifs, special, read_sites(path)


def parts_of(count):
    return np.array(["train", "test", "", "validation"], object)[np.arange(count) % 4]


@pytest.mark.parametrize("both_strands", [False, True])
@pytest.mark.parametrize("method", ["top", "significant", "class_max"])
def test_sites_are_where_they_are_said_to_be(method, both_strands, examples, bank, tmp_path):
    """The letters of the genome there, on that strand, are the sequence; its score is the score."""
    dataset, places, genome = examples
    bank, parts = bank.on_both_strands() if both_strands else bank, parts_of(60)
    motifs, _, table = write_method(method, bank, dataset, parts, tmp_path)
    layers = {name: (layer, f) for layer in bank.layers for f, name in enumerate(layer.filters)}
    counts = {name: np.zeros((layer.width, 4)) for name, (layer, _) in layers.items()}
    kinds = set()
    for site in table.to_dict("records"):
        layer, f = layers[site["filter"]]
        row = int(site["id"][2:])
        example = dataset.regions.loc[row]
        place = places[row, site["offset"] : site["offset"] + layer.span]
        assert (site["start"], site["end"]) == (max(place.min(), 0), place.max() + 1)
        assert site["chrom"] == (example["chrom"] or example["id"])
        letters = dataset.tokens[row]
        if example["chrom"]:
            on_genome = np.arange(place.min(), place.max() + 1)
            letters = genome[example["chrom"]][on_genome.clip(0, 299)]
            letters = np.where((on_genome >= 0) & (on_genome < 300), letters, 4)
        else:
            letters = letters[place]
        letters = DNA.reverse_complement(letters) if site["strand"] == "-" else letters
        letters = letters[:: layer.dilation]
        assert DNA.decode(letters) == site["sequence"]
        known = letters < 4
        score = (layer.kernel[np.arange(layer.width)[known], letters[known], f].sum() + layer.bias[f]).item()
        assert site["score"] == pytest.approx(score * layer.scale[f], rel=1e-5)
        assert site["part"] == parts[row] != ""
        assert site["targets"] == "abc"[dataset.targets[row].argmax()]
        counts[site["filter"]][np.arange(layer.width)[known], letters[known]] += 1
        kinds.add((example["strand"] if example["chrom"] else "none", site["strand"]))
    # The file holds the very sites that the motifs are made of.
    assert all((counts[name] == motifs.counts[name]).all() for name in bank.filters)
    assert "a_001" in motifs.silent and len(motifs.silent) < 3
    by_filter = table["filter"].value_counts()
    assert [by_filter.get(name, 0) for name in bank.filters] == motifs.n_sites.tolist()
    strands = {"+": "+", "-": "-", ".": "+", "none": "+"}
    possible = {(of, on) for of in strands for on in "+-" if both_strands or on == strands[of]}
    assert kinds <= possible and (kinds == possible or method == "class_max")


@pytest.mark.parametrize("both_strands", [False, True])
@pytest.mark.parametrize("method", ["top", "significant"])
def test_all_windows_at_the_cutoffs_are_there(method, both_strands, examples, bank, slow_scores, tmp_path):
    dataset, *_ = examples
    bank, parts = bank.on_both_strands() if both_strands else bank, parts_of(60)
    motifs, special, table = write_method(method, bank, dataset, parts, tmp_path)
    if method == "significant":
        steps = control_fdr(*read_significance(special), q_value=0.5, over="all_filters")[1]
        steps = {key: group.sort_values("score") for key, group in steps.groupby(["filter", "known"])}
    expected = {}
    for layer in bank.layers:
        for row, start in slow_scores(layer, dataset.tokens):
            window = dataset.tokens[row, start : start + layer.span : layer.dilation]
            for reading in layer.readings:
                letters = DNA.reverse_complement(window) if reading < 0 else window
                known = letters < 4
                cells = layer.kernel[np.arange(layer.width)[known], letters[known]]
                scores = ((cells.sum(axis=0) + layer.bias) * layer.scale).tolist()
                for name, score in zip(layer.filters, scores, strict=True):
                    if parts[row] != "" and score >= motifs.cutoffs[name][known.sum()]:
                        p, q = np.nan, np.nan
                        if method == "significant":
                            step = steps[name, known.sum()]
                            p, q = step[step["score"] <= score].iloc[-1][["p_value", "q_value"]]
                        strand = "-" if (dataset.regions["strand"][row] == "-") != (reading < 0) else "+"
                        expected[f"s:{row}", name, start, strand] = (p, q)
    found = table.set_index(["id", "filter", "offset", "strand"])[["p_value", "q_value"]]
    assert set(found.index) == set(expected) and len(found) == len(expected) > 50
    for key, values in expected.items():
        np.testing.assert_allclose(found.loc[key].to_numpy(), values, rtol=1e-3)
    if method == "significant":
        assert (table["p_value"] <= table["q_value"]).all() and (table["q_value"] <= 0.5).all()
    else:
        assert {line[-1] for line in read(tmp_path / "top.sites.bed.gz")[1:]} == {"."}


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
    assert write_top(motifs, ac_bank, dataset, parts, tmp_path / "sites.bed.gz") == 5
    name, none = "conv_000", (".", ".")
    assert [tuple(line) for line in read(tmp_path / "sites.bed.gz")] == [
        ("#chrom", *sites.COLUMNS[1:]),
        ("chr1", "0", "1", name, "1", "+", "n:2", "0", "train", "negative", "NC", *none),
        ("chr1", "11", "13", name, "3", "-", "p:2", "1", "test", "positive", "AC", *none),
        ("chr1", "11", "13", name, "1", "+", "p:3", "1", "test", "positive", "AG", *none),
        ("chr2", "5", "7", name, "3", "+", "p:1", "0", "train", "positive", "AC", *none),
        ("n:1", "1", "3", name, "3", "+", "n:1", "1", "validation", "negative", "AC", *none),
    ]
    with pysam.TabixFile(str(tmp_path / "sites.bed.gz")) as file:
        assert [row.split("\t")[6] for row in file.fetch("chr1", 12, 13)] == ["p:2", "p:3"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sites.bed.gz", "sites.bed.gz.tbi"]


def test_both_strands_by_hand(ac_bank, tmp_path):
    # ACGT is AC read from both ends; the second example is the same place on the other strand.
    rows = [("p:1", "chr1", 10, 14, "+"), ("p:2", "chr1", 10, 14, "-")]
    dataset = make_dataset(rows, [[0, 1, 2, 3], [0, 1, 2, 3]])
    bank = ac_bank.on_both_strands()
    motifs = top_motifs(bank, dataset.tokens, percentile=0)
    assert write_top(motifs, bank, dataset, ["train", "test"], tmp_path / "s.bed.gz") == 4
    lines = read(tmp_path / "s.bed.gz")[1:]
    assert [(*line[:3], *line[5:8], line[10]) for line in lines] == [
        ("chr1", "10", "12", "+", "p:1", "0", "AC"),
        ("chr1", "10", "12", "+", "p:2", "2", "AC"),
        ("chr1", "12", "14", "-", "p:1", "2", "AC"),
        ("chr1", "12", "14", "-", "p:2", "0", "AC"),
    ]


def test_p_and_q_values_are_written_with_four_digits(ac_bank, tmp_path):
    dataset = make_dataset([("f:1", "", -1, -1, ".")], [[0, 1, 0, 2, 3, 3]])
    motifs = top_motifs(ac_bank, dataset.tokens, include_all_positive=True)

    def annotate(filters, hits):
        assert filters == ["conv_000"] and hits.score.tolist() == [3, 1]
        return np.array([1.23456e-12, np.nan]), np.array([0.05, np.nan])

    find = by_cutoffs(dataset.tokens, motifs.cutoffs)
    write_sites(ac_bank, dataset, ["train"], tmp_path / "s.bed.gz", find, annotate=annotate)
    lines = read(tmp_path / "s.bed.gz")[1:]
    assert [line[-2:] for line in lines] == [["1.235e-12", "0.05"], [".", "."]]


@pytest.mark.parametrize("method", ["top", "significant", "class_max"])
def test_blocks_and_order_of_examples_do_not_matter(method, examples, bank, tmp_path, monkeypatch):
    dataset, *_ = examples
    bank, parts = bank.on_both_strands(), parts_of(60)
    _, _, table = write_method(method, bank, dataset, parts, tmp_path)
    path = tmp_path / f"{method}.sites.bed.gz"
    content = path.read_bytes()
    monkeypatch.setattr(sites, "SITES_AT_ONCE", 20)
    write_method(method, bank, dataset, parts, tmp_path)
    assert path.read_bytes() == content
    assert (table["chrom"] != table["chrom"].shift()).sum() == table["chrom"].nunique()
    assert all(group["start"].is_monotonic_increasing for _, group in table.groupby("chrom", observed=True))
    with pysam.TabixFile(str(path)) as file:
        assert file.contigs == table["chrom"].unique().tolist()
        for chrom, start, end in (("c2", 50, 90), ("c10", 0, 300)):
            inside = (table["chrom"] == chrom) & (table["start"] < end) & (table["end"] > start)
            assert len(list(file.fetch(chrom, start, end))) == inside.sum() > 0
    # In another order of the examples they are the same sites, but where two examples hold the same place.
    order = np.random.default_rng(0).permutation(60)
    shuffled = make_dataset(
        dataset.regions.iloc[order],
        dataset.tokens[order],
        dataset.targets[order],
        "multiclass",
        dataset.classes,
    )
    if method != "class_max":  # which of equally active windows are among the best depends on the order
        _, _, again = write_method(method, bank, shuffled, parts[order], tmp_path)
        keys = ["chrom", "start", "end", "filter", "id", "strand", "sequence"]
        assert sorted(map(tuple, again[keys].to_numpy())) == sorted(map(tuple, table[keys].to_numpy()))


def test_examples_without_coordinates_get_no_index(ac_bank, tmp_path):
    dataset = make_dataset([("f:1", "", -1, -1, "."), ("f:2", "", -1, -1, ".")], [[0, 1], [3, 3]])
    motifs = top_motifs(ac_bank, dataset.tokens)
    assert write_top(motifs, ac_bank, dataset, ["train", "test"], tmp_path / "s.bed.gz") == 1
    assert read(tmp_path / "s.bed.gz")[1][:4] == ["f:1", "0", "2", "conv_000"]
    assert [path.name for path in tmp_path.iterdir()] == ["s.bed.gz"]


def test_no_sites_at_all(ac_bank, tmp_path):
    dataset = make_dataset([("f:1", "chr1", 0, 2, ".")], [[3, 3]])
    motifs = top_motifs(ac_bank, dataset.tokens)
    assert write_top(motifs, ac_bank, dataset, ["train"], tmp_path / "s.bed.gz") == 0
    assert write_top(motifs, ac_bank, dataset, [""], tmp_path / "none.bed.gz") == 0
    assert len(read(tmp_path / "s.bed.gz")) == 1


def test_chromosomes_too_long_for_tabix(ac_bank, tmp_path):
    dataset = make_dataset([("f:1", "chr1", 2**29, 2**29 + 2, ".")], [[0, 1]])
    motifs = top_motifs(ac_bank, dataset.tokens)
    (tmp_path / "s.bed.gz.tbi").write_text("old")
    write_top(motifs, ac_bank, dataset, ["train"], tmp_path / "s.bed.gz")
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
