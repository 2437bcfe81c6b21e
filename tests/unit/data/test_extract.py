import hashlib
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from motifloom.data.encode import DNA
from motifloom.data.extract import extract, token_blocks
from motifloom.data.regions import prepare_regions
from motifloom.data.store import Dataset
from motifloom.errors import UserError
from motifloom.io import read_table, write_table

COMPLEMENT = str.maketrans("ACGTN", "TGCAN")


@pytest.fixture
def sequences(random_sequence):
    return {"chr1": random_sequence(900), "chr2": random_sequence(700), "chr3": random_sequence(40)}


@pytest.fixture
def genome(workshop, sequences):
    return workshop.genome(sequences)


@pytest.fixture
def run(workshop, tmp_path):
    """Prepare, write and read the regions as the jobs do, and extract; return regions, sequences, sources."""

    def run(sources, task="binary", seed=1, **keys):
        dataset = workshop.dataset(sources, task, **keys)
        regions, _ = prepare_regions(dataset, workshop.genomes, seed)
        write_table(regions, tmp_path / "regions.tsv.gz")
        extract(read_table(tmp_path / "regions.tsv.gz"), dataset, workshop.genomes, seed, tmp_path / "d.h5")
        with Dataset(tmp_path / "d.h5") as store:
            return regions, [store.alphabet.decode(row) for row in store.tokens[:]], store.sources

    return run


def expected(row, sequences):
    """The sequence of a window base by base."""
    chromosome = sequences[row.chrom]
    text = "".join(chromosome[i] if 0 <= i < len(chromosome) else "N" for i in range(row.start, row.end))
    return text.translate(COMPLEMENT)[::-1] if row.strand == "-" else text


def write_bed(workshop, name, sequences, count=60, seed=0):
    rng = np.random.default_rng(seed)
    lines = []
    for _ in range(count):
        chrom = str(rng.choice(list(sequences)))
        start = int(rng.integers(0, len(sequences[chrom]) - 10))
        lines.append(f"{chrom}\t{start}\t{start + 10}\tx\t0\t{rng.choice(list('+-.'))}\n")
    return workshop.write(name, "".join(lines))


@pytest.mark.parametrize("stranded", [True, False])
def test_windows_on_genomes_are_read_on_their_strand(workshop, run, genome, sequences, stranded):
    sources = [
        {"intervals": write_bed(workshop, "a.bed", sequences), "target": 1},
        {"intervals": write_bed(workshop, "b.bed", sequences, seed=1), "target": 0},
        {"negatives": "random"},
    ]
    keys = {"window": {"length": 31, "edge": "pad"}, "stranded": stranded, "unknown": {"max_fraction": 0.7}}
    regions, found, files = run(sources, genome=genome, duplicates="keep", **keys)
    assert found == [expected(row, sequences) for row in regions.itertuples()]
    assert (regions["strand"] == "-").any() == stranded and any("N" in text for text in found)
    assert len(regions) > 120
    paths = [genome, sources[0]["intervals"], sources[1]["intervals"]]
    assert files == {path: hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in paths}


def test_two_genomes(workshop, run, genome, sequences, random_sequence):
    others = {"chr2": random_sequence(500), "chr1": random_sequence(500)}
    other = workshop.genome(others, "other.fa")
    sources = [
        {"intervals": write_bed(workshop, "a.bed", sequences), "target": 1},
        {"intervals": write_bed(workshop, "b.bed", others, seed=1), "target": 0, "genome": other},
        {"negatives": "random", "genome": other, "target": 1},
    ]
    with pytest.raises(UserError, match=r"sources\[2\]: .*need examples with coordinates on .*other\.fa"):
        run(sources, genome=genome, window={"length": 10})
    regions, found, _ = run(sources[:2], genome=genome, window={"length": 10})
    by_source = {"a": sequences, "b": others}
    assert found == [expected(row, by_source[row.source]) for row in regions.itertuples()]


@pytest.mark.parametrize("edge", ["drop", "pad"])
def test_sequences_of_files_are_cut_around_their_midpoints(workshop, run, random_sequence, edge):
    texts = [random_sequence(size) for size in (20, 26, 21, 12, 20, 33)]
    fasta = workshop.fasta("a.fa.gz", {f"s{n}": text for n, text in enumerate(texts)})
    lines = "".join(f"{text}\tq{n}\t{n % 2}\n" for n, text in enumerate(reversed(texts)))
    table = workshop.write("t.tsv", f"seq\tname\ty\n{lines}")
    sources = [
        {"fasta": fasta, "target": 1},
        {"table": table, "sequence": "seq", "target": {"column": "y"}},
    ]
    keys = {"window": {"length": 20, "edge": edge}, "unknown": {"max_fraction": 0.5}, "duplicates": "keep"}
    regions, found, _ = run(sources, **keys)
    everything = {f"a:{n + 1}": text for n, text in enumerate(texts)}
    everything |= {f"t:{n + 2}": text for n, text in enumerate(reversed(texts))}
    assert set(regions["id"]) == {k for k, text in everything.items() if edge == "pad" or len(text) >= 20}
    for name, text in zip(regions["id"], found, strict=True):
        whole = everything[name]
        offset = len(whole) // 2 - 10
        assert text == "".join(whole[i] if 0 <= i < len(whole) else "N" for i in range(offset, offset + 20))


@pytest.mark.parametrize("length", [10, 11, 20, 24, 25])
def test_coordinates_of_cut_sequences_give_the_same_bases_from_the_genome(workshop, run, sequences, length):
    places = [
        ("chr1", 100, 120, "+"),
        ("chr1", 301, 321, "-"),
        ("chr2", 200, 221, "-"),
        ("chr2", 40, 61, "+"),
    ]
    texts = {}
    for chrom, start, end, strand in places:
        text = sequences[chrom][start:end]
        texts[f"{chrom}:{start}-{end}({strand})"] = (
            text.translate(COMPLEMENT)[::-1] if strand == "-" else text
        )
    names = list(texts)
    a = workshop.fasta("a.fa", {name: texts[name] for name in names[:2]})
    b = workshop.fasta("b.fa", {name: texts[name] for name in names[2:]})
    sources = [{"fasta": a, "target": 1}, {"fasta": b, "target": 0}]
    window = {"length": length, "edge": "pad"}
    regions, found, _ = run(sources, window=window, unknown={"max_fraction": 0.5})
    for row, text in zip(regions.itertuples(), found, strict=True):
        from_genome = expected(row, sequences)
        assert all(x in (y, "N") for x, y in zip(text, from_genome, strict=True))
        assert text.count("N") == max(length - len(texts[row.name]), 0)


def test_shuffled_sequences_keep_the_pairs_of_their_parents(workshop, run, genome, sequences):
    fasta = workshop.fasta("f.fa", {"a": "ACGTTGCAAC" * 3, "b": "GGCATTACGA" * 3})
    sources = [
        {"intervals": write_bed(workshop, "a.bed", sequences, count=20), "target": 1},
        {"fasta": fasta, "target": 1},
        {"negatives": "dinucleotide_shuffled", "ratio": 3},
    ]
    keys = {"genome": genome, "window": {"length": 30}}
    regions, found, _ = run(sources, **keys)
    texts = dict(zip(regions["id"], found, strict=True))
    shuffled = regions[regions["source"] == "dinucleotide_shuffled"]
    assert len(shuffled) == 3 * (len(regions) - len(shuffled))
    for row in shuffled.itertuples():
        own, parent = texts[row.id], texts[row.parent]
        assert own != parent
        assert sorted(pairwise(own)) == sorted(pairwise(parent))
    assert found == run(sources, **keys)[1]
    assert found != run(sources, seed=2, **keys)[1]
    assert len(set(found)) == len(found)


def test_any_order_of_regions_and_any_subset(workshop, genome, sequences):
    fasta = workshop.fasta(
        "f.fa", {f"s{n}": text for n, text in enumerate(["ACGTACGTAC", "GGGGGCCCCC", "TTTTTTTTTT"])}
    )
    sources = [
        {"intervals": write_bed(workshop, "a.bed", sequences, count=20), "target": 1},
        {"fasta": fasta, "target": 0},
        {"negatives": "dinucleotide_shuffled"},
    ]
    dataset = workshop.dataset(sources, genome=genome)
    regions, _ = prepare_regions(dataset, workshop.genomes, 1)

    def texts(frame):
        blocks = list(token_blocks(frame.reset_index(drop=True), dataset, workshop.genomes, 1))
        return dict(zip(frame["id"], map(DNA.decode, np.concatenate(blocks)), strict=True))

    assert texts(regions.sample(frac=1, random_state=1)) == texts(regions)
    some = regions[(regions["parent"] == "") & (regions["record"] != 2)]
    assert texts(some) == {key: texts(regions)[key] for key in some["id"]}


def test_blocks_do_not_change_the_result(workshop, genome, sequences, monkeypatch):
    dataset = workshop.dataset(
        [{"intervals": write_bed(workshop, "a.bed", sequences), "target": 1}, {"negatives": "random"}],
        genome=genome,
    )
    regions, _ = prepare_regions(dataset, workshop.genomes, 1)
    whole = np.concatenate(list(token_blocks(regions, dataset, workshop.genomes, 1)))
    monkeypatch.setattr("motifloom.data.inputs.BLOCK", 7)
    blocks = list(token_blocks(regions, dataset, workshop.genomes, 1))
    assert max(map(len, blocks)) == 7
    np.testing.assert_array_equal(np.concatenate(blocks), whole)


def test_a_file_that_has_lost_a_record_since(workshop, tmp_path):
    fasta = workshop.fasta("f.fa", {"a": "ACGTAC", "b": "ACGGAC"})
    other = workshop.fasta("g.fa", {"a": "ACGTTT"})
    dataset = workshop.dataset([{"fasta": fasta, "target": 1}, {"fasta": other, "target": 0}])
    regions, _ = prepare_regions(dataset, {}, 1)
    workshop.fasta("f.fa", {"a": "ACGTAC"})
    with pytest.raises(UserError, match=r"f\.fa: it has no record 2 any more"):
        extract(regions, dataset, {}, 1, tmp_path / "d.h5")
    assert not (tmp_path / "d.h5").exists()


def test_rna_and_proteins(workshop, run):
    rna = [
        {"fasta": workshop.fasta("a.fa", {"x": "ACGUU"}), "target": 1},
        {"fasta": workshop.fasta("b.fa", {"x": "ACCUU"}), "target": 0},
    ]
    assert run(rna, alphabet="rna")[1] == ["ACGUU", "ACCUU"]
    protein = [
        {"fasta": workshop.fasta("c.fa", {"x": "MKVLX"}), "target": 1},
        {"fasta": workshop.fasta("d.fa", {"x": "MKVLA"}), "target": 0},
    ]
    regions, found, _ = run(protein, alphabet="protein", unknown={"max_fraction": 0.2})
    assert found == ["MKVLX", "MKVLA"] and regions["gc"].isna().all()


def test_weights_and_parts_reach_the_dataset_and_negatives_weigh_one(workshop, tmp_path, genome, sequences):
    path = workshop.write("p.bed", "chr1\t100\t120\ta\t3\nchr2\t200\t220\tb\t0.5\n")
    dataset = workshop.dataset(
        [
            {"intervals": path, "target": 1, "weight": {"column": 5}, "part": "train"},
            {"negatives": "random", "ratio": 2, "target": 0},
        ],
        genome=genome,
        split={"by": "column"},
    )
    regions, _ = prepare_regions(dataset, workshop.genomes, 1)
    write_table(regions, tmp_path / "regions.tsv.gz")
    extract(read_table(tmp_path / "regions.tsv.gz"), dataset, workshop.genomes, 1, tmp_path / "d.h5")
    with Dataset(tmp_path / "d.h5") as store:
        own = dict(zip(store.regions["id"], store.weights.tolist(), strict=True))
        assert set(store.regions["part"]) == {"train"} and "weight" not in store.regions
    assert own == {"p:1": 3, "p:2": 0.5} | {f"random:{i}": 1 for i in range(1, 5)}


def test_bins_are_read_base_by_base(workshop, run, genome, sequences):
    path = workshop.write("r.bed", "chr1\t0\t95\ta\t0\t-\nchr2\t300\t360\tb\t0\t+\n")
    window = {"bin": 30, "step": 15, "flank": 3, "edge": "pad"}
    regions, texts, _ = run([{"intervals": path}], genome=genome, window=window, split={"by": "held_out"})
    assert regions["id"].tolist() == ["r:1.1", "r:1.2", "r:1.3", "r:1.4", "r:1.5", "r:2.1", "r:2.2", "r:2.3"]
    assert regions["start"].tolist() == [-3, 12, 27, 42, 57, 297, 312, 327]
    assert texts == [expected(row, sequences) for row in regions.itertuples()]
    assert all(len(text) == 36 for text in texts)


def test_a_held_out_set_of_one_class_or_of_none(workshop, tmp_path, genome):
    path = workshop.write("p.bed", "chr1\t100\t120\nchr1\t110\t130\nchr1\t100\t120\n")
    for source in ({"target": 1}, {}):
        dataset = workshop.dataset([{"intervals": path, **source}], genome=genome, split={"by": "held_out"})
        regions, ledger = prepare_regions(dataset, workshop.genomes, 1)
        # The same window twice: without targets the two do not contradict each other.
        assert regions["id"].tolist() == ["p:1", "p:2"] and len(ledger) == 1
        extract(regions, dataset, workshop.genomes, 1, tmp_path / "d.h5")
        with Dataset(tmp_path / "d.h5") as store:
            np.testing.assert_array_equal(store.targets[:, 0], [1, 1] if source else [np.nan] * 2)


def test_rna_in_both_cases(workshop, run):
    fasta = workshop.write("p.fa", ">a\nacguACGU\n>a\nUUUUaaan\n")
    source = {"fasta": fasta, "repeated_ids": "number"}
    _, texts, _ = run([source], alphabet="rna", split={"by": "held_out"}, unknown={"max_fraction": 0.2})
    assert texts == ["ACGUACGU", "UUUUAAAN"]
