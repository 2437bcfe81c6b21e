from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from motifloom.data.negatives import merge_intervals, pair_by_gc
from motifloom.data.regions import prepare_regions
from motifloom.errors import UserError

FRACTIONS = st.lists(st.integers(0, 40).map(lambda n: n / 40), max_size=25)


@given(FRACTIONS, FRACTIONS, st.sampled_from([0.0, 0.02, 0.05, 0.2]))
def test_pairs_are_within_the_tolerance_and_used_once(wanted, offered, tolerance):
    wanted, offered = np.array(wanted), np.array(offered)
    chosen = pair_by_gc(wanted, offered, tolerance)
    met = chosen >= 0
    assert len(set(chosen[met])) == met.sum()
    assert (np.abs(wanted[met] - offered[chosen[met]]) <= max(tolerance, 1e-4)).all()
    # As many pairs as can be form within a bin, and nothing near enough stays on both sides.
    want, have = (np.floor(values / (max(tolerance, 1e-4) / 5)) for values in (wanted, offered))
    for place in set(want) & set(have):
        pairs = (want[met] == place) & (have[chosen[met]] == place)
        assert pairs.sum() == min((want == place).sum(), (have == place).sum())
    free = np.setdiff1d(np.arange(len(offered)), chosen[met])
    if (~met).any() and len(free):
        assert np.abs(wanted[~met][:, None] - offered[free]).min() > 0.79 * max(tolerance, 1e-4)


def test_an_unknown_gc_pairs_with_nothing():
    assert pair_by_gc(np.array([np.nan, 0.5]), np.array([np.nan, 0.5]), 0.05).tolist() == [-1, 1]


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 9)), max_size=15))
def test_merged_intervals_cover_the_same_positions(pairs):
    intervals = np.array([(start, start + size) for start, size in pairs], np.int64).reshape(-1, 2)
    merged = merge_intervals(intervals)
    covered = {p for start, end in intervals for p in range(start, end)}
    assert {p for start, end in merged for p in range(start, end)} == covered
    assert (merged[1:, 0] > merged[:-1, 1]).all()


@pytest.fixture
def genome(workshop, random_sequence):
    chromosomes = {}
    for name in ("chr1", "chr2"):
        parts = [random_sequence(400, gc) for gc in np.tile([0.3, 0.4, 0.5, 0.6], 20)]
        chromosomes[name] = "".join(parts)[:30000] + "N" * 2000
    return workshop.genome(chromosomes)


@pytest.fixture
def positives(workshop, genome):
    rng = np.random.default_rng(3)
    places = sorted((f"chr{1 + i % 2}", int(rng.integers(100, 29000))) for i in range(60))
    lines = [f"{chrom}\t{start}\t{start + 80}\tp{i}\t0\t-\n" for i, (chrom, start) in enumerate(places)]
    return workshop.write("positives.bed", "".join(lines))


@pytest.fixture
def make(workshop, genome, positives):
    def make(negatives, seed=1, sources=(), **keys):
        sources = [{"intervals": positives, "target": 1}, *sources, negatives]
        keys = {"window": {"length": 50}, "genome": genome, **keys}
        return prepare_regions(workshop.dataset(sources, **keys), workshop.genomes, seed)

    return make


def overlaps(a, b):
    """Pairs of rows (chrom, start, end) that overlap, by looking at each."""
    return [(x, y) for x in a for y in b if x is not y and x[0] == y[0] and x[1] < y[2] and y[1] < x[2]]


def places(frame):
    return list(frame[["chrom", "start", "end"]].itertuples(index=False, name=None))


@pytest.mark.parametrize("kind", ["gc_matched", "random"])
def test_negatives_are_free_windows_on_their_parents_chromosome(workshop, make, positives, kind):
    exclude = workshop.write("exclude.bed", "chr1\t0\t9000\n")
    regions, ledger = make({"negatives": kind, "ratio": 2, "exclude": [exclude]})
    negatives = regions[regions["source"] == kind]
    parents = regions.set_index("id").loc[negatives["parent"]]
    assert len(negatives) + len(ledger) == 120 and len(ledger) < 10
    assert negatives["chrom"].tolist() == parents["chrom"].tolist()
    assert (parents["source"] == "positives").all() and (negatives["target.positive"] == 0).all()
    original = [
        (r[0], int(r[1]), int(r[2]))
        for r in (line.split() for line in Path(positives).read_text().splitlines())
    ]
    mine = places(negatives)
    assert not overlaps(mine, original) and not overlaps(mine, mine)
    assert not overlaps(mine, places(regions[regions["source"] == "positives"]))
    assert not overlaps(mine, [("chr1", 0, 9000)])
    assert (negatives["end"] - negatives["start"] == 50).all()
    assert (negatives["start"] >= 0).all() and (negatives["end"] <= 30005).all()  # at most 5 of 50 are N
    assert set(negatives["strand"]) == {"."} and negatives["id"].is_unique


def test_matched_negatives_have_the_gc_of_their_parents(workshop, make, genome):
    regions, _ = make({"negatives": "gc_matched", "gc_tolerance": 0.03, "ratio": 2})
    indexed = regions.set_index("id")
    negatives = regions[regions["parent"] != ""]
    difference = negatives["gc"].to_numpy() - indexed.loc[negatives["parent"], "gc"].to_numpy()
    assert np.abs(difference).max() <= 0.03 + 1e-4
    for row in regions.sample(20, random_state=1).itertuples():
        text = "ACGTN"
        tokens = workshop.genomes[genome].tokens(row.chrom)[row.start : row.end]
        letters = "".join(text[token] for token in tokens).replace("N", "")
        assert row.gc == round((letters.count("G") + letters.count("C")) / len(letters), 4)


def test_random_negatives_do_not_match_gc(make):
    regions, _ = make({"negatives": "random"})
    negatives = regions[regions["parent"] != ""]
    parents = regions.set_index("id").loc[negatives["parent"]]
    assert np.abs(negatives["gc"].to_numpy() - parents["gc"].to_numpy()).max() > 0.1


@pytest.mark.parametrize(("ratio", "count"), [(0.5, 30), (1.0, 60), (1.25, 75), (0.1, 6)])
def test_the_ratio_may_be_a_fraction(make, ratio, count):
    regions, ledger = make({"negatives": "random", "ratio": ratio})
    assert (regions["source"] == "random").sum() == count and ledger.empty


def test_what_cannot_be_matched_is_in_the_ledger(workshop, random_sequence):
    sequence = random_sequence(300, 0.95) + random_sequence(2000, 0.2)
    genome = workshop.genome({"chr1": sequence})
    bed = workshop.write("p.bed", "chr1\t100\t150\tp\nchr1\t1000\t1050\tq\n")
    sources = [{"intervals": bed, "target": 1}, {"negatives": "gc_matched", "gc_tolerance": 0.1, "ratio": 9}]
    regions, ledger = prepare_regions(workshop.dataset(sources, genome=genome), workshop.genomes, 1)
    made = regions["parent"].value_counts()
    lost = ledger["record"].value_counts()
    assert made["p:1"] + lost["chr1:100-150"] == 9 and made["p:2"] == 9
    assert made["p:1"] <= 4  # 250 free bases, less what two windows of 50 cannot share
    assert "no free window of 50 bp within gc_tolerance 0.1 of its GC 0.9" in ledger["reason"][0]
    assert set(ledger["action"]) == {"dropped"} and set(ledger["source"]) == {"gc_matched"}


def test_the_seed_decides_and_other_sources_do_not(workshop, make):
    first = make({"negatives": "random"})[0]
    assert first.equals(make({"negatives": "random"})[0])
    assert not first.equals(make({"negatives": "random"}, seed=2)[0])


def test_two_sources_of_negatives_do_not_overlap(make):
    regions, _ = make({"negatives": "random", "ratio": 2}, sources=[{"negatives": "gc_matched", "ratio": 2}])
    matched = places(regions[regions["source"] == "gc_matched"])
    random = places(regions[regions["source"] == "random"])
    assert len(random) == 120 and not overlaps(matched, random)
    assert set(regions["parent"].str.split(":").str[0]) == {"", "positives"}


def test_later_sources_are_no_parents_but_keep_their_places(workshop, genome, positives):
    later = workshop.write("later.bed", "".join(f"chr1\t{s}\t{s + 50}\n" for s in range(0, 20000, 100)))
    sources = [
        {"intervals": positives, "target": 1},
        {"negatives": "random"},
        {"intervals": later, "target": 1},
    ]
    dataset = workshop.dataset(sources, genome=genome, window={"length": 50}, duplicates="keep")
    regions, _ = prepare_regions(dataset, workshop.genomes, 1)
    negatives = regions[regions["source"] == "random"]
    assert not overlaps(places(negatives), places(regions[regions["source"] == "later"]))
    assert set(negatives["parent"].str.split(":").str[0]) == {"positives"}


def test_examples_without_the_target_are_no_parents(workshop, genome, positives):
    other = workshop.write("other.bed", "chr1\t29100\t29200\n")
    sources = [
        {"intervals": other, "target": 0},
        {"intervals": positives, "target": 1},
        {"negatives": "random"},
    ]
    dataset = workshop.dataset(sources, genome=genome, window={"length": 50})
    regions, _ = prepare_regions(dataset, workshop.genomes, 1)
    assert set(regions["parent"].str.split(":").str[0]) == {"", "positives"}


def test_shuffled_negatives_have_parents_and_no_place(make):
    regions, ledger = make({"negatives": "dinucleotide_shuffled", "ratio": 2})
    shuffled = regions[regions["source"] == "dinucleotide_shuffled"]
    assert len(shuffled) == 120 and ledger.empty
    assert set(shuffled["chrom"]) == {""} and set(shuffled["start"]) == set(shuffled["end"]) == {-1}
    parents = regions.set_index("id").loc[shuffled["parent"]]
    assert shuffled["gc"].tolist() == parents["gc"].tolist()
    assert shuffled["parent"].value_counts().unique().tolist() == [2]


def test_genomic_negatives_of_sequences_without_coordinates(workshop, genome):
    fasta = workshop.fasta("p.fa", {"a": "ACGT" * 10, "b": "ACGA" * 10})
    sources = [{"fasta": fasta, "target": 1}, {"negatives": "gc_matched"}]
    dataset = workshop.dataset(sources, genome=genome)
    with pytest.raises(UserError, match=r"^sources\[1\]: .*use negatives: dinucleotide_shuffled"):
        prepare_regions(dataset, workshop.genomes, 1)


def test_negatives_with_a_column(make):
    with pytest.raises(ValueError, match=r"has a column as target:, but negatives have no file"):
        make({"negatives": "random", "target": {"column": 4}})


def test_multiclass_negatives_are_made_for_all_other_classes(workshop, genome, positives):
    other = workshop.write("other.bed", "chr1\t29100\t29150\n")
    sources = [
        {"intervals": positives, "target": "A"},
        {"intervals": other, "target": "none"},
        {"negatives": "random", "target": "none"},
    ]
    dataset = workshop.dataset(
        sources, "multiclass", genome=genome, window={"length": 50}, classes=["A", "none"]
    )
    regions, _ = prepare_regions(dataset, workshop.genomes, 1)
    assert regions["target.none"].sum() == 61
    assert set(regions["parent"].str.split(":").str[0]) == {"", "positives"}
