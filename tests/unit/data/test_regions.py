import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from motifloom.data.ledger import COLUMNS as LEDGER
from motifloom.data.regions import COLUMNS, prepare_regions
from motifloom.errors import UserError


@pytest.fixture
def genome(workshop, random_sequence):
    chromosomes = {
        "chr1": random_sequence(600),
        "chr2": random_sequence(300),
        "chr3": "N" * 50 + random_sequence(50),
    }
    return workshop.genome(chromosomes)


@pytest.fixture
def prepare(workshop, genome):
    def prepare(*sources, task="binary", **keys):
        dataset = workshop.dataset(list(sources), task, **{"genome": genome, **keys})
        return prepare_regions(dataset, workshop.genomes, 1)

    return prepare


def rows(frame, *columns):
    return frame[list(columns)].to_numpy().tolist()


def bed(*intervals):
    return "".join("\t".join(map(str, interval)) + "\n" for interval in intervals)


BINARY = {"target": {"column": 4}, "task": "binary"}


def test_the_columns_of_the_tables(workshop, prepare):
    path = workshop.write("p.bed", bed(("chr1", 10, 20, 1, 0, "-"), ("chr1", 30, 40, 0, 0, "+")))
    regions, ledger = prepare({"intervals": path, "target": {"column": 4}})
    assert list(regions) == [*COLUMNS, "target.positive"] and list(ledger) == LEDGER
    assert rows(regions, *COLUMNS[:9]) == [
        ["p:1", "chr1", 10, 20, "-", "1", "p", 1, ""],
        ["p:2", "chr1", 30, 40, "+", "0", "p", 2, ""],
    ]
    assert regions["target.positive"].dtype == np.float32 and ledger.empty


def test_chromosomes_stand_together_in_the_order_of_the_genome(workshop, prepare):
    a = workshop.write("a.bed", bed(("chr2", 9, 19), ("chr1", 50, 60), ("chr1", 9, 19)))
    b = workshop.write("b.bed", bed(("chr1", 70, 80), ("chr2", 70, 80)))
    regions, _ = prepare({"intervals": a, "target": 1}, {"intervals": b, "target": 0})
    assert regions["id"].tolist() == ["a:2", "a:3", "b:1", "a:1", "b:2"]


def test_chromosomes_that_are_left_out_are_entered(workshop, prepare):
    path = workshop.write(
        "p.bed", bed(("chr1", 10, 20, 1), ("chrX", 1, 11, 1), ("chr2", 10, 20, 1), ("chr1", 30, 40, 0))
    )
    source = {"intervals": path, "target": {"column": 4}}
    for choice in ({"include": ["chr1"]}, {"exclude": ["chr2"]}):
        regions, ledger = prepare(source, chromosomes=choice)
        assert regions["id"].tolist() == ["p:1", "p:4"]
        assert rows(ledger, "line", "record", "action") == [
            [2, "chrX:1-11", "dropped"],
            [3, "chr2:10-20", "dropped"],
        ]
        assert ledger["reason"][0].startswith("chromosome chrX is not in ")


def test_an_unknown_chromosome_in_the_config(workshop, prepare):
    path = workshop.write("p.bed", bed(("chr1", 10, 20)))
    with pytest.raises(
        UserError, match=r"^chromosomes.exclude: there is no chromosome 'chr22'; did you mean 'chr2'"
    ):
        prepare({"intervals": path, "target": 1}, chromosomes={"exclude": ["chr22"]})


def test_no_chromosome_matches(workshop, prepare):
    path = workshop.write("p.bed", bed(("1", 10, 20)))
    with pytest.raises(UserError, match="chromosome_names: ucsc"):
        prepare({"intervals": path, "target": 1})
    regions, _ = prepare(
        {"intervals": path, "target": 1, "chromosome_names": "ucsc"}, {"negatives": "dinucleotide_shuffled"}
    )
    assert regions["chrom"].tolist() == ["chr1", ""]


def test_windows_with_too_many_unknown_bases_are_dropped(workshop, prepare):
    path = workshop.write("p.bed", bed(*(("chr3", s, s + 10, s % 2) for s in (10, 41, 45, 48, 49, 60))))
    regions, ledger = prepare({"intervals": path, "target": {"column": 4}}, unknown={"max_fraction": 0.2})
    assert regions["start"].tolist() == [48, 49, 60]
    assert ledger["reason"].tolist()[1] == (
        "90 % of the window's letters are unknown; unknown.max_fraction allows 20 %"
    )


def test_the_ledger_names_the_bin_that_is_dropped(workshop, prepare):
    path = workshop.write("p.bed", bed(("chr1", 20, 30, 0), ("chr3", 35, 65, 1)))
    options = {"window": {"bin": 10, "flank": 5}, "unknown": {"max_fraction": 0.4}}
    regions, ledger = prepare({"intervals": path, "target": {"column": 4}}, **options)
    assert rows(regions, "id", "start", "end") == [["p:1.1", 15, 35], ["p:2.3", 50, 70]]
    assert rows(ledger, "line", "record", "action", "reason") == [
        [2, f"chr3:{start}-{start + 10}", "dropped", f"{share} % of the window's letters are unknown; "
         "unknown.max_fraction allows 40 %"]
        for start, share in ((35, 100), (45, 50))
    ]  # fmt: skip


def test_unstranded_examples_have_no_strand(workshop, prepare):
    path = workshop.write("p.bed", bed(("chr1", 10, 20, 1, 0, "-"), ("chr1", 30, 40, 0, 0, "+")))
    regions, _ = prepare({"intervals": path, "target": {"column": 4}}, stranded=False)
    assert regions["strand"].tolist() == [".", "."]


TWINS = [
    ("chr1", 10, 20, 1, 0, "+"),
    ("chr1", 10, 20, 1, 0, "."),
    ("chr1", 10, 20, 0, 0, "-"),
    ("chr1", 50, 60, 1, 0, "+"),
    ("chr1", 50, 60, 0, 0, "+"),
    ("chr1", 80, 90, 0, 0, "+"),
]


def test_duplicates_are_dropped_and_contradictions_altogether(workshop, prepare):
    source = {"intervals": workshop.write("p.bed", bed(*TWINS)), "target": {"column": 4}}
    regions, ledger = prepare(source)
    assert regions["id"].tolist() == ["p:1", "p:3", "p:6"]
    assert rows(ledger, "line", "action", "reason") == [
        [2, "dropped", "same window as p:1"],
        [4, "dropped", "same window as p:5 with another target"],
        [5, "dropped", "same window as p:4 with another target"],
    ]


def test_both_strands_are_one_window_when_unstranded(workshop, prepare):
    source = {"intervals": workshop.write("p.bed", bed(*TWINS)), "target": {"column": 4}}
    with pytest.raises(UserError, match="every example is of class negative"):
        prepare(source, stranded=False)


def test_duplicates_may_be_kept(workshop, prepare):
    source = {"intervals": workshop.write("p.bed", bed(*TWINS)), "target": {"column": 4}}
    regions, ledger = prepare(source, duplicates="keep")
    assert len(regions) == 6 and ledger.empty


def test_labels_of_duplicates_are_united(workshop, prepare):
    a = workshop.write("a.bed", bed(("chr1", 10, 20), ("chr1", 30, 40)))
    b = workshop.write("b.bed", bed(("chr1", 30, 40), ("chr1", 50, 60), ("chr1", 50, 60)))
    sources = [{"intervals": a, "target": "A"}, {"intervals": b, "target": "B"}]
    regions, ledger = prepare(*sources, task="multilabel", duplicates="merge")
    assert rows(regions, "id", "target.A", "target.B") == [["a:1", 1, 0], ["a:2", 1, 1], ["b:2", 0, 1]]
    assert rows(ledger, "source", "line", "action") == [["b", 1, "merged"], ["b", 3, "merged"]]
    regions, ledger = prepare(*sources, task="multilabel", duplicates="drop")
    assert regions["id"].tolist() == ["a:1", "b:2"] and set(ledger["action"]) == {"dropped"}


def test_loci_in_the_files_of_two_labels_have_both_by_default(workshop, prepare):
    loci = [("chr1", 5 * i, 5 * i + 10) for i in range(12)]
    a, b = workshop.write("a.bed", bed(*loci[:11])), workshop.write("b.bed", bed(*loci[1:]))
    sources = [{"intervals": a, "target": "A"}, {"intervals": b, "target": "B"}]
    regions, ledger = prepare(*sources, task="multilabel")
    both = (regions["target.A"] == 1) & (regions["target.B"] == 1)
    assert both.sum() == 10 and len(regions) == 12 and set(ledger["action"]) == {"merged"}


@pytest.mark.parametrize(("task", "target"), [("binary", 1), ("multilabel", ["x"]), ("regression", 2.5)])
@pytest.mark.parametrize("duplicates", ["drop", "merge"])
@pytest.mark.parametrize("labelled_first", [True, False])
def test_an_example_without_targets_yields_to_one_that_has_some(
    workshop, prepare, task, target, duplicates, labelled_first
):
    if duplicates == "merge" and task != "multilabel":
        return
    labelled = {"fasta": workshop.fasta("l.fa", {"a": "ACGTAC", "b": "ACGTAA"}), "target": target}
    unlabelled = {"fasta": workshop.fasta("u.fa", {"c": "ACGTAC", "d": "ACGTTT", "e": "ACGTTT"})}
    sources = [labelled, unlabelled] if labelled_first else [unlabelled, labelled]
    keys = {"classes": ["x", "y"]} if task == "multilabel" else {}
    held_out = {"split": {"by": "held_out"}, "genome": None, "duplicates": duplicates}
    regions, ledger = prepare(*sources, task=task, **held_out, **keys)
    found = regions.set_index("id").filter(like="target.").iloc[:, 0]
    assert set(found.index) == {"l:1", "l:2", "u:2"} and np.isnan(found["u:2"])
    assert found["l:1"] == found["l:2"] == (2.5 if task == "regression" else 1)
    action = "merged" if duplicates == "merge" else "dropped"
    assert rows(ledger, "source", "line", "action", "reason") == [
        ["u", 1, action, "same window as l:1"],
        ["u", 3, action, "same window as u:2"],
    ]


def test_contradictions_are_of_examples_with_targets(workshop, prepare):
    a = workshop.fasta("a.fa", {"x": "ACGTAC", "y": "ACGTAA"})
    b = workshop.fasta("b.fa", {"x": "ACGTAC", "y": "ACGTTT"})
    u = workshop.fasta("u.fa", {"x": "ACGTAC", "y": "ACGGGG"})
    sources = [{"fasta": u}, {"fasta": a, "target": 1}, {"fasta": b, "target": 0}]
    regions, ledger = prepare(*sources, split={"by": "held_out"}, genome=None)
    assert regions["id"].tolist() == ["u:2", "a:2", "b:2"]
    assert rows(ledger, "source", "reason") == [
        ["u", "same window as a:1"],
        ["a", "same window as b:1 with another target"],
        ["b", "same window as a:1 with another target"],
    ]


def test_a_source_may_be_merged_into_another_altogether(workshop, prepare):
    a, b = (workshop.write(f"{name}.bed", bed(("chr1", 10, 20), ("chr1", 30, 40))) for name in "ab")
    c = workshop.write("c.bed", bed(("chr1", 50, 60)))
    sources = [{"intervals": path, "target": label} for path, label in ((a, "A"), (b, "B"), (c, "C"))]
    regions, ledger = prepare(*sources, task="multilabel")
    assert rows(regions, "target.A", "target.B", "target.C") == [[1, 1, 0], [1, 1, 0], [0, 0, 1]]
    assert rows(ledger, "source", "action") == [["b", "merged"]] * 2


def test_the_first_of_equal_windows_stays_in_a_regression(workshop, prepare):
    path = workshop.write("p.bed", bed(("chr1", 10, 20, 1.5), ("chr1", 10, 20, 2), ("chr1", 30, 40, 3)))
    regions, ledger = prepare({"intervals": path, "target": {"column": 4}}, task="regression")
    assert regions["target.value"].tolist() == [1.5, 3]
    assert ledger["reason"].tolist() == ["same window as p:1 with another target"]


def test_equal_sequences_without_coordinates_are_duplicates(workshop, prepare):
    a = workshop.fasta("a.fa", {"x": "ACGTAC", "y": "ACGTAA", "z": "ACGTAA"})
    b = workshop.fasta("b.fa", {"x": "TCGTAC", "y": "ACGTAC"})
    regions, ledger = prepare({"fasta": a, "target": 1}, {"fasta": b, "target": 0}, genome=None)
    assert regions["id"].tolist() == ["a:2", "b:1"]
    assert rows(ledger, "source", "record", "line") == [["a", "x", 1], ["a", "z", 3], ["b", "y", 2]]


def test_equal_sequences_at_two_places_are_none(workshop, prepare):
    a = workshop.fasta("a.fa", {"chr1:0-6": "ACGTAC", "chr1:9-15": "ACGTAC"})
    b = workshop.fasta("b.fa", {"chr1:0-6": "ACGTAA"})  # another allele at the first place
    regions, ledger = prepare({"fasta": a, "target": 1}, {"fasta": b, "target": 0}, genome=None)
    assert len(regions) == 3 and ledger.empty


def test_parts_from_a_column_go_on_to_negatives(workshop, prepare):
    path = workshop.write("p.bed", bed(("chr1", 10, 20, "test"), ("chr1", 30, 40, "train")))
    source = {"intervals": path, "target": 1, "part": {"column": 4}}
    regions, _ = prepare(source, {"negatives": "random", "ratio": 2}, split={"by": "column"})
    assert regions.groupby("part")["target.positive"].agg(["size", "sum"]).to_numpy().tolist() == [
        [3, 1],
        [3, 1],
    ]


def test_windows_must_have_one_length(workshop, prepare):
    a = workshop.write("a.bed", bed(("chr1", 10, 20), ("chr1", 30, 41), ("chr1", 30, 40)))
    b = workshop.fasta("b.fa", {"x": "ACGTAC"})
    with pytest.raises(
        UserError, match=r"a\.bed: sources\[0\]: examples of 2 lengths, 10 to 11: 10 \(2\), 11 \(1\)"
    ):
        prepare({"intervals": a, "target": 1}, {"negatives": "random"})
    a = workshop.write("a.bed", bed(("chr1", 10, 20)))
    with pytest.raises(UserError, match=r"different lengths \(a 10, b 6\); set window: \{length"):
        prepare({"intervals": a, "target": 1}, {"fasta": b, "target": 0})


def test_a_source_of_which_nothing_is_left(workshop, prepare):
    path = workshop.write("p.bed", bed(("chr1", 1, 3), ("chr1", 0, 9)))
    with pytest.raises(
        UserError, match=r"p\.bed: sources\[0\]: none of its 2 .*chr1:0-9 \(line 2\).*leaves its chrom"
    ):
        prepare({"intervals": path, "target": 1}, {"negatives": "random"}, window={"length": 50})


def test_one_class_only(workshop, prepare):
    path = workshop.write("p.bed", bed(("chr1", 10, 20, 1), ("chr1", 30, 40, 1)))
    with pytest.raises(UserError, match="every example is of class positive"):
        prepare({"intervals": path, "target": {"column": 4}})


def test_coordinates_without_a_genome(workshop, prepare):
    path = workshop.write("t.tsv", "chrom\tstart\tend\nchr1\t0\t9\n")
    with pytest.raises(UserError, match=r"t\.tsv: has coordinates, which need a genome"):
        prepare({"table": path, "target": 1}, genome=None)


INTERVALS = st.lists(
    st.tuples(
        st.sampled_from(["chr1", "chr1", "chr2", "chr3", "chrU"]),
        st.integers(0, 620),
        st.integers(1, 40),
        st.sampled_from([0, 1]),
        st.sampled_from("+-."),
    ),
    max_size=25,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    INTERVALS,
    st.sampled_from(["drop", "shift", "pad"]),
    st.sampled_from(["drop", "keep"]),
    st.sampled_from([[], ["chr2"]]),
    st.booleans(),
)
def test_nothing_is_lost_without_an_entry(workshop, prepare, intervals, edge, duplicates, exclude, stranded):
    certain = [("chr1", 300, 310, 1, "."), ("chr1", 400, 410, 0, ".")]
    rows_in = [(c, s, s + n, t, 0, strand) for c, s, n, t, strand in intervals]
    rows_in = [(c, s, e, t, 0, strand) for c, s, e, t, strand in certain] + rows_in
    path = workshop.write("p.bed", bed(*rows_in))
    try:
        regions, ledger = prepare(
            {"intervals": path, "target": {"column": 4}},
            window={"length": 20, "edge": edge},
            duplicates=duplicates,
            chromosomes={"exclude": exclude},
            stranded=stranded,
        )
    except UserError as error:
        assert "every example is of class" in str(error) or "none of its" in str(error)
        return
    lost = ledger[ledger["action"].isin(["dropped", "merged"])]
    lines = regions["record"].tolist() + lost["line"].tolist()
    assert sorted(lines) == list(range(1, len(rows_in) + 1))
    for line, record in zip(ledger["line"], ledger["record"], strict=True):
        chrom, start, end, *_ = rows_in[line - 1]
        assert record == f"{chrom}:{start}-{end}"
    for row in regions.itertuples():
        chrom, start, end, target, _, strand = rows_in[row.record - 1]
        changed = ((ledger["line"] == row.record) & ledger["action"].isin(["shifted", "padded"])).any()
        assert (row.chrom, row.end - row.start) == (chrom, 20)
        assert row.strand == (strand if stranded else ".")
        assert row[-1] == target
        if edge == "pad" or not changed:
            assert row.start == (start + end) // 2 - 10
