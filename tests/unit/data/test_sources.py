import pytest

from motifloom.data.inputs import list_inputs
from motifloom.data.sources import read_source
from motifloom.errors import UserError


@pytest.fixture
def read(workshop):
    def read(source, **keys):
        dataset = workshop.dataset([source], **{"genome": "genome.fa", **keys})
        return read_source(list_inputs(dataset)[0], dataset)

    return read


def rows(frame, *columns):
    return frame[list(columns)].to_numpy().tolist()


def test_intervals_keep_their_lines_and_summits(workshop, read):
    text = "track name=x\nchr1\t10\t20\ta\t5\t-\t1\t2\t3\t4\n\nchr2\t5\t9\tb\t7\t.\t1\t2\t3\t-1\n"
    frame = read({"intervals": workshop.write("p.narrowPeak", text), "target": 1})
    columns = ["record", "chrom", "raw_start", "raw_end", "strand", "name", "summit", "size"]
    assert rows(frame, *columns) == [
        [2, "chr1", 10, 20, "-", "a", 14, -1],
        [4, "chr2", 5, 9, ".", "b", -1, -1],
    ]
    assert set(frame["source"]) == {"p"} and set(frame["genome"]) == {"genome.fa"}


def test_targets_from_a_column_by_number_or_name(workshop, read):
    bed = workshop.write("p.bed", "chr1\t0\t9\tyes\t2\nchr1\t5\t9\tno\t3.5\n")
    named = {"task": "binary", "classes": ["no", "yes"]}
    assert read({"intervals": bed, "target": {"column": 4}}, **named)["target.yes"].tolist() == [1, 0]
    assert read({"intervals": bed, "target": {"column": "name"}}, **named)["target.yes"].tolist() == [1, 0]
    frame = read({"intervals": bed, "target": {"column": "score"}}, task="regression")
    assert frame["target.value"].tolist() == [2, 3.5]


def test_cnnamon_labels(workshop, read):
    bed = workshop.write("p.bed", "chr1\t0\t9\t0|1|0\nchr1\t5\t9\t1|1|0\n")
    frame = read({"intervals": bed, "target": {"column": 4}}, task="multilabel", classes=["a", "b", "c"])
    assert rows(frame, "target.a", "target.b", "target.c") == [[0, 1, 0], [1, 1, 0]]
    bed = workshop.write("q.bed", "chr1\t0\t9\t0|1|0\nchr1\t5\t9\t1|1\n")
    with pytest.raises(
        UserError, match=r"q\.bed, line 2: target '1\|1' has 2 values for 3 classes \(a, b, c\)"
    ):
        read({"intervals": bed, "target": {"column": 4}}, task="multilabel", classes=["a", "b", "c"])


def test_a_header_names_the_columns_of_intervals(workshop, read):
    bed = workshop.write("p.bed", "#chrom\tstart\tend\tA\tB\nchr1\t0\t9\t0\t1\n")
    frame = read({"intervals": bed, "target": {"columns": ["B", "A"]}}, task="multilabel", classes=["A", "B"])
    assert rows(frame, "target.A", "target.B") == [[0, 1]]


def test_a_table_of_intervals(workshop, read):
    text = "x,Chrom,start,stop,strand,name,A,B\nq,1,3,9,-,n1,1,0\nq,2,4,8,?,n2,0,0\n"
    source = {
        "table": workshop.write("t.csv", text),
        "target": {"columns": ["A", "B"]},
        "chromosome_names": "ucsc",
    }
    frame = read(source, task="multilabel")
    columns = ["record", "chrom", "raw_start", "raw_end", "strand", "name", "target.A", "target.B"]
    assert rows(frame, *columns) == [[2, "chr1", 3, 9, "-", "n1", 1, 0], [3, "chr2", 4, 8, ".", "n2", 0, 0]]


def test_a_table_of_sequences_with_parts(workshop, read):
    text = "set\tseq\ty\ntraining\tACGTAC\t1.5\ntest\tGGCCNN\t2\n"
    source = {
        "table": workshop.write("t.tsv", text),
        "sequence": "seq",
        "target": {"column": "y"},
        "part": {"column": 1},
    }
    frame = read(source, task="regression", split={"by": "column"}, genome=None)
    columns = ["record", "chrom", "raw_start", "size", "gc", "unknown", "part", "target.value"]
    assert rows(frame, *columns) == [
        [2, "", -1, 6, 0.5, 0, "training", 1.5],
        [3, "", -1, 6, 1, 1 / 3, "test", 2],
    ]


def test_fasta_headers_give_coordinates_when_all_do(workshop, read):
    path = workshop.fasta("c.fa", {"chr1:10-16(-) some": "ACGTAC", "chr2:0-6": "ACGTAA"})
    frame = read({"fasta": path, "target": 1})
    columns = ["record", "chrom", "raw_start", "raw_end", "strand", "name"]
    assert rows(frame, *columns) == [
        [1, "chr1", 10, 16, "-", "chr1:10-16(-)"],
        [2, "chr2", 0, 6, ".", "chr2:0-6"],
    ]
    path = workshop.fasta("d.fa", {"chr1:10-16": "ACGTAC", "other": "ACGTAA"})
    assert rows(read({"fasta": path, "target": 1}), "chrom", "raw_start", "strand") == [["", -1, "."]] * 2


def test_fasta_coordinates_must_fit_the_sequences(workshop, read):
    path = workshop.fasta("c.fa", {"chr1:11-16": "ACGTAC", "chr2:1-6": "ACGTAA"})
    assert rows(read({"fasta": path, "target": 1}), "raw_start", "raw_end") == [[10, 16], [0, 6]]
    path = workshop.fasta("d.fa", {"chr1:11-16": "ACGTAC", "chr2:1-60": "ACGTAA"})
    assert rows(read({"fasta": path, "target": 1}), "chrom", "raw_start") == [["", -1]] * 2


def test_words_of_fasta_headers_as_targets(workshop, read):
    path = workshop.fasta("c.fa", {"a 1.5": "ACGT", "b 2": "ACGG"})
    frame = read({"fasta": path, "target": {"column": 2}}, task="regression")
    assert frame["target.value"].tolist() == [1.5, 2]
    path = workshop.fasta("d.fa", {"a 1.5": "ACGT", "b": "ACGG"})
    with pytest.raises(UserError, match=r"d\.fa, record 2: target '' is empty"):
        read({"fasta": path, "target": {"column": 2}}, task="regression")


BED = "chr1\t0\t9\tyes\nchr1\t5\t9\tmaybe\n"


@pytest.mark.parametrize(
    ("name", "content", "target", "words"),
    [
        ("p.bed", BED, {"column": 4}, r"p\.bed, line 2: target 'maybe' is not 0, 1 or a class"),
        ("p.bed", BED, {"column": 7}, r"p\.bed: sources\[0\]\.target: there is no column 7; it has 4"),
        ("p.bed", BED, {"column": "nam"}, "there is no column 'nam'; did you mean 'name'"),
        ("t.tsv", "chrom\tstart\tend\tlabel\nchr1\t0\t9\t1\n", {"column": "lable"}, "did you mean 'label'"),
        (
            "t.tsv",
            "chrom\tstart\tend\tlabel\nchr1\t0\t9\t\n",
            {"column": "label"},
            r"t\.tsv, line 2: .*empty",
        ),
        ("t.tsv", "chrom\tstart\tend\nchr1\t-5\t9\n", 1, r"t\.tsv, line 2: start is '-5'"),
        ("t.tsv", "chrom\tstart\tend\nchr1\t5\t9\nchr1\t9\t5\n", 1, "line 3: end 5 is not after start 9"),
        ("t.tsv", "chrom\tbegin\nchr1\t5\n", 1, "needs columns chrom, start and end, or one with sequences"),
        ("s.tsv", "seq\ty\nACGT\t1\n", {"column": "y"}, "needs columns chrom, start and end, or one with"),
    ],
)
def test_bad_lines_and_columns(workshop, read, name, content, target, words):
    kind = "table" if name.endswith(".tsv") else "intervals"
    with pytest.raises(UserError, match=words) as error:
        read({kind: workshop.write(name, content), "target": target}, classes=["no", "yes"])
    assert "\n" not in str(error.value)


def test_a_sequence_column_that_is_not_there(workshop, read):
    source = {"table": workshop.write("t.tsv", "seq\ty\nACGT\t1\n"), "sequence": "sequ", "target": 1}
    with pytest.raises(UserError, match=r"t\.tsv: sequence: there is no column 'sequ'; did you mean 'seq'"):
        read(source)


def test_labels_of_a_fasta_file_in_a_table_of_their_own(workshop, read):
    fasta = workshop.fasta("a.fa", {"s1": "ACGT", "s2": "CCCC", "s3": "GGGG"})
    labels = workshop.write("labels.tsv", "id\tfirst\tsecond\ns3\t1\t0\ns1\t0\t1\nother\t1\t1\ns2\t0\t0\n")
    source = {"fasta": fasta, "labels": labels, "target": {"columns": ["first", "second"]}}
    frame = read(source, task="multilabel")
    assert rows(frame, "name", "target.first", "target.second") == [["s1", 0, 1], ["s2", 0, 0], ["s3", 1, 0]]
    short = workshop.write("short.tsv", "name\tvalue\ns1\t1.5\ns3\t2\n")
    with pytest.raises(UserError, match=r"short.tsv: no row for 1 of the 3 records of .*a.fa, the first s2"):
        read(source | {"labels": short, "target": {"column": "value"}}, task="regression")
    twice = workshop.write("twice.tsv", "name\tvalue\ns1\t1.5\ns1\t2\n")
    with pytest.raises(UserError, match=r"twice.tsv, line 3: s1 stands here again"):
        read(source | {"labels": twice, "target": {"column": "value"}}, task="regression")


def test_weights_from_a_column(workshop, read):
    bed = workshop.write("p.bed", "chr1\t0\t9\ta\t0.5\nchr1\t5\t9\tb\t2\n")
    source = {"intervals": bed, "target": 1, "weight": {"column": 5}}
    assert read(source)["weight"].tolist() == [0.5, 2]
    assert "weight" not in read({"intervals": bed, "target": 1})


@pytest.mark.parametrize("value", ["-1", "x", "nan", "inf", ""])
def test_a_weight_that_is_none(workshop, read, value):
    table = workshop.write("t.tsv", f"sequence\tw\nACGT\t1\nACGA\t{value}\n")
    source = {"table": table, "sequence": "sequence", "target": 1, "weight": {"column": "w"}}
    with pytest.raises(UserError, match=rf"line 3: sources\[0\].weight is '{value}', not a number from 0"):
        read(source)


def test_a_part_for_all_of_a_file(workshop, read):
    fasta = workshop.write("p.fa", ">a\nACGT\n>b\nACGA\n")
    frame = read({"fasta": fasta, "target": 1, "part": "test"}, split={"by": "column"})
    assert frame["part"].tolist() == ["test", "test"]


def test_sources_without_targets_where_they_may_be(workshop, read):
    fasta = workshop.write("p.fa", ">a\nACGT\n>b\nACGA\n")
    frame = read({"fasta": fasta}, split={"by": "held_out"})
    assert frame["target.positive"].isna().all() and len(frame) == 2
    with pytest.raises(ValueError, match=r"sources\[0\] has no target"):
        read({"fasta": fasta})


def test_repeated_names_are_numbered_where_asked_for(workshop, read):
    fasta = workshop.write("p.fa", ">chr1:5-9(+)\nacGU\n>b x\nACGA\n>chr1:5-9(+)\nAAAA\n>chr1:5-9(+)\nCCCC\n")
    with pytest.raises(UserError, match="the name chr1:5-9"):
        read({"fasta": fasta, "target": 1}, alphabet="rna")
    frame = read({"fasta": fasta, "target": 1, "repeated_ids": "number"}, alphabet="rna")
    assert frame["name"].tolist() == ["chr1:5-9(+)", "b", "chr1:5-9(+).2", "chr1:5-9(+).3"]
    assert frame["record"].tolist() == [1, 2, 3, 4]


def test_repeated_names_keep_their_coordinates(workshop, read):
    fasta = workshop.write("p.fa", ">chr1:5-9(+)\nACGU\n>chr1:5-9(+)\nAAAA\n")
    frame = read({"fasta": fasta, "target": 1, "repeated_ids": "number"}, alphabet="rna")
    assert rows(frame, "chrom", "raw_start", "raw_end", "strand") == [["chr1", 5, 9, "+"]] * 2
