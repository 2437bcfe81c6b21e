import gzip
import logging
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from motifloom.errors import UserError
from motifloom.genome.intervals import check_chromosomes, read_intervals, rename_chromosome


@pytest.fixture
def write(tmp_path):
    def write(content, name="peaks.bed"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def message(path, **options):
    """Return the error of reading `path`, which must be one line that starts with the path."""
    with pytest.raises(UserError) as caught:
        read_intervals(path, **options)
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith(str(path))
    return text.removeprefix(str(path))


def rows(frame):
    return list(zip(frame["chrom"], frame["start"].tolist(), frame["end"].tolist(), strict=True))


# --- formats ---------------------------------------------------------------------------------------


def test_bed3(write):
    frame = read_intervals(write("chr1\t10\t20\nchr2\t0\t5\n"))
    assert list(frame.columns[:8]) == ["chrom", "start", "end", "name", "score", "strand", "summit", "line"]
    assert rows(frame) == [("chr1", 10, 20), ("chr2", 0, 5)]
    assert frame["name"].tolist() == ["", ""]
    assert frame["score"].isna().all()
    assert frame["strand"].tolist() == [".", "."]
    assert frame["summit"].tolist() == [-1, -1]
    assert frame["line"].tolist() == [1, 2]
    assert [str(frame[c].dtype) for c in ("start", "end", "score", "summit", "line")] == [
        "int64",
        "int64",
        "float64",
        "int64",
        "int64",
    ]
    assert frame.attrs["header"] is None


def test_bed6_with_float_scores(write):
    frame = read_intervals(write("chr1\t10\t20\ta\t1.5\t-\nchr1\t30\t40\tb\t.\t+\nchr1\t5\t6\t\t1e3\t.\n"))
    assert frame["name"].tolist() == ["a", "b", ""]
    np.testing.assert_array_equal(frame["score"], [1.5, np.nan, 1000])
    assert frame["strand"].tolist() == ["-", "+", "."]
    assert frame["column_4"].tolist() == ["a", "b", ""]
    assert frame["column_5"].tolist() == ["1.5", ".", "1e3"]


@pytest.mark.parametrize("columns", range(3, 13))
def test_bed_with_3_to_12_columns(write, columns):
    fields = ["chr1", "100", "200", "peak", "7", "+", "120", "180", "255,0,0", "2", "10,20", "0,80"]
    frame = read_intervals(write("\t".join(fields[:columns]) + "\n"))
    assert rows(frame) == [("chr1", 100, 200)]
    assert [frame[f"column_{i + 1}"].iloc[0] for i in range(columns)] == fields[:columns]
    assert f"column_{columns + 1}" not in frame
    assert frame["summit"].tolist() == [-1]
    assert frame["strand"].tolist() == ["+" if columns >= 6 else "."]


@pytest.mark.parametrize("labels", [["0", "1"], ["0|1|0", "1|1|0"]])
def test_labels_in_column_4(write, labels):
    frame = read_intervals(write("".join(f"chr1\t1\t9\t{label}\n" for label in labels)))
    assert frame["column_4"].tolist() == labels
    assert frame["name"].tolist() == labels


NARROW = "chr1\t100\t200\tp1\t10\t.\t1.5\t2\t3\t50\nchr1\t300\t400\tp2\t10\t.\t1.5\t-1\t-1\t-1\n"


@pytest.mark.parametrize("name", ["a.narrowPeak", "a.narrowpeak", "a.bed", "peaks"])
def test_narrow_peak(write, name):
    frame = read_intervals(write(NARROW, name))
    assert frame["summit"].tolist() == [150, -1]
    assert frame["column_10"].tolist() == ["50", "-1"]


def test_narrow_peak_gzip(write):
    frame = read_intervals(write(gzip.compress(NARROW.encode()), "a.narrowPeak.gz"))
    assert frame["summit"].tolist() == [150, -1]


@pytest.mark.parametrize(
    "line",
    [
        "chr1\t1\t9\t0\t1\t0\t1\t0\t1\t1",  # ten columns of labels: column 6 is no strand
        "chr1\t1\t9\ta\t0\t+\t1\t9\t0,0,0\t2",  # a BED of ten columns: column 9 is a colour
        "chr1\t1\t9\ta\t0\t+\t1\t9\t0\t2.5",
        "chr1\t1\t9\ta\t0\t+\t1\t9\t0\t-7",
    ],
)
def test_ten_columns_that_are_no_narrow_peak(write, line):
    assert read_intervals(write(line + "\n"))["summit"].tolist() == [-1]


def test_gff_counts_from_one(write):
    line = "chr1\tsgd\tgene\t335\t649\t.\t-\t.\tNote=x;ID=YAL069W;Name=n\n"
    frame = read_intervals(write("##gff-version 3\n" + line, "genes.gff3"))
    assert rows(frame) == [("chr1", 334, 649)]
    assert frame["strand"].tolist() == ["-"]
    assert frame["name"].tolist() == ["YAL069W"]
    assert frame["score"].isna().all()
    assert frame["column_3"].tolist() == ["gene"]
    assert frame["line"].tolist() == [2]


def test_gtf_gzip(write):
    text = '1\ths\texon\t1\t1\t0.5\t?\t.\tgene_id "G1"; transcript_id "T";\n'
    frame = read_intervals(write(gzip.compress(text.encode()), "a.gtf.gz"), chromosome_names="ucsc")
    assert rows(frame) == [("chr1", 0, 1)]
    assert frame["strand"].tolist() == ["."]
    assert frame["score"].tolist() == [0.5]
    assert frame["name"].tolist() == ["G1"]


def test_sequences_at_the_end_of_gff3(write):
    text = "chr1\ts\tgene\t5\t9\t.\t+\t.\tID=a\n##FASTA\n>chr1\nACGT\n"
    assert rows(read_intervals(write(text, "a.gff"))) == [("chr1", 4, 9)]


# --- what is passed over ---------------------------------------------------------------------------


def test_decoration_keeps_line_numbers(write):
    text = (
        "browser position chr1:1-100\n# made by hand\n\ntrack name=peaks\n"
        "chr1\t10\t20\n   \n#\t1\t2\nchr1\t30\t40\n\n\t \nchr2\t1\t2\n\n"
    )
    frame = read_intervals(write(text))
    assert rows(frame) == [("chr1", 10, 20), ("chr1", 30, 40), ("chr2", 1, 2)]
    assert frame["line"].tolist() == [5, 8, 11]
    assert frame.index.tolist() == [0, 1, 2]


def test_chromosomes_that_begin_like_decoration(write):
    names = ["tig1", "track1", "browser2", "trackless", "b", "t"]
    frame = read_intervals(write("".join(f"{name}\t1\t2\n" for name in names)))
    assert frame["chrom"].tolist() == names


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends(write, end, last):
    text = end.join(["track x", "chr1\t1\t2\t0|1", "chr1\t3\t4\t1|0"]) + end * last
    frame = read_intervals(write(text))
    assert frame["column_4"].tolist() == ["0|1", "1|0"]
    assert frame["line"].tolist() == [2, 3]


def test_byte_order_mark(write):
    assert rows(read_intervals(write(b"\xef\xbb\xbfchr1\t1\t2\n"))) == [("chr1", 1, 2)]


def test_quotes_and_missing_value_words_are_text(write):
    frame = read_intervals(write('chr1\t1\t2\t"a\nNA\t3\t4\tNA\nchr1\t5\t6\té\n'))
    assert frame["chrom"].tolist() == ["chr1", "NA", "chr1"]
    assert frame["name"].tolist() == ['"a', "NA", "é"]


@pytest.mark.parametrize(
    "first", ["chrom", "#chrom", "# chrom", "chromosome", "chr", "#chr", "seqnames", "Chr"]
)
def test_column_names(write, first):
    frame = read_intervals(write(f"{first}\tstart\tend\tReb1\tstrand\nchr1\t1\t9\t0\t-\n"))
    assert frame.attrs["header"][1:] == ["start", "end", "Reb1", "strand"]
    assert frame["line"].tolist() == [2]
    assert frame["strand"].tolist() == ["-"]
    assert frame["name"].tolist() == [""]  # column 4 is called Reb1, so it is no name
    assert frame["score"].isna().all()
    assert frame["column_4"].tolist() == ["0"]


def test_column_names_after_comments_and_windows(write):
    frame = read_intervals(write("# x\r\n\r\nchrom\tstart\tend\tscore\tname\r\nchr1\t1\t9\t3\ta\r\n"))
    assert frame.attrs["header"] == ["chrom", "start", "end", "score", "name"]
    assert frame["score"].tolist() == [3]
    assert frame["name"].tolist() == ["a"]
    assert frame["line"].tolist() == [4]


def test_a_chromosome_called_chrom1_is_no_header(write):
    frame = read_intervals(write("chrom1\t1\t9\nchrom2\t2\t3\n"))
    assert rows(frame) == [("chrom1", 1, 9), ("chrom2", 2, 3)]
    assert frame.attrs["header"] is None


def test_column_names_of_another_number_are_ignored(write):
    frame = read_intervals(write("#chrom\tstart\tend\nchr1\t1\t9\ta\n"))
    assert frame.attrs["header"] is None
    assert frame["name"].tolist() == ["a"]


def test_a_comment_further_down_is_no_header(write):
    frame = read_intervals(write("chr1\t1\t9\n#chrom\tstart\tend\nchr1\t2\t3\n"))
    assert frame.attrs["header"] is None


# --- bad input -------------------------------------------------------------------------------------


def test_missing_file(tmp_path):
    assert message(tmp_path / "no.bed") == ": there is no such file"


def test_folder(tmp_path):
    assert "folder" in message(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b" \r\n\t\n", gzip.compress(b"", mtime=0), b"\xef\xbb\xbf"]
)
def test_empty(write, content):
    assert message(write(content)) == ": the file is empty"


@pytest.mark.parametrize(
    "text", ["# only\n", "track x\nbrowser y\n", "chrom\tstart\tend\n", "#chrom\tstart\tend\n"]
)
def test_only_headers(write, text):
    assert "no intervals" in message(write(text))


@pytest.mark.parametrize(
    "garbage", [b"chr1\t1\t2\n\x00\x01", b"chr1\t1\t2\n\xff\xfe", "ch\t1\t2\n".encode("utf-16")]
)
def test_binary(write, garbage):
    text = message(write(garbage))
    assert "not a text file" in text or "text in UTF-16" in text
    assert text.startswith(", line 2:" if garbage.startswith(b"chr1") else ", line 1:")


def test_random_bytes(write):
    content = np.random.default_rng(1).integers(0, 256, 5000, dtype=np.uint8).tobytes()
    assert "not a text file" in message(write(content))


@pytest.mark.parametrize("text", [">chr1\nACGT\n", "\n>chr1\nACGT\n"])
def test_fasta_given_as_bed(write, text):
    assert "FASTA" in message(write(text))


@pytest.mark.parametrize("keep", [2, 9, 40, -1, -9])
def test_truncated_gzip(write, keep):
    text = "".join(f"chr1\t{i * i}\t{i * i + 5}\n" for i in range(500))
    packed = gzip.compress(text.encode())
    assert "truncated or damaged" in message(write(packed[:keep], "a.bed.gz"))


def test_damaged_gzip(write):
    packed = bytearray(gzip.compress(b"chr1\t1\t2\n" * 100))
    packed[15] ^= 0xFF
    assert "truncated or damaged" in message(write(bytes(packed)))


def test_bgzip_cut_between_blocks(write, tmp_path):
    import pysam

    text = write("".join(f"chr1\t{i}\t{i + 5}\n" for i in range(9000)))
    pysam.tabix_compress(str(text), str(tmp_path / "a.bed.gz"), force=True)
    packed = (tmp_path / "a.bed.gz").read_bytes()
    assert len(read_intervals(tmp_path / "a.bed.gz")) == 9000
    first_block = int.from_bytes(packed[16:18], "little") + 1
    gzip.decompress(packed[:first_block])  # this is whole gzip
    assert "truncated" in message(write(packed[:first_block], "cut.bed.gz"))


BAD_LINES = {
    "chr1 10 20": "columns are separated by spaces; use tabs",
    "chr1   10   20   a   b": "columns are separated by spaces; use tabs",
    "chr1\t10": "2 columns; intervals have chrom, start and end",
    "chr1": "1 columns; intervals have chrom, start and end",
    "chr1\tten\t20\ta": "start is 'ten', not a whole number",
    "chr1\t10\t2e3\ta": "end is '2e3', not a whole number",
    "chr1\t10.0\t20\ta": "start is '10.0', not a whole number",
    "chr1\t 10\t20\ta": "start is ' 10', not a whole number",
    "chr1\t\t20\ta": "start is '', not a whole number",
    "chr1\t1:\t20\ta": "start is '1:', not a whole number",
    "chr1\t1/\t20\ta": "start is '1/', not a whole number",
    "chr1\t+1\t20\ta": "start is '+1', not a whole number",
    "chr1\t1\t" + "9" * 19 + "\ta": "not a whole number",
    "chr1\t-5\t20\ta": "start is negative (-5)",
    "chr1\t-9\t-5\ta": "start is negative (-9)",
    "chr1\t9\t-5\ta": "end is negative (-5)",
    "chr1\t20\t10\ta": "end 10 is not after start 20",
    "chr1\t20\t20\ta": "end 20 is not after start 20",
    "\t20\t30\ta": "the name of the chromosome is missing",
    "chr1\t10\t20\ta\t": "5 columns, but line 3 has 4",
    "chr1\t10\t20": "3 columns, but line 3 has 4",
}


@pytest.mark.parametrize("line", BAD_LINES)
def test_bad_line(write, line):
    text = message(write(f"track x\n#\nchr1\t1\t2\ta\n\nchr1\t1\t2\ta\n{line}\nchr1\t1\t2\ta\n"))
    assert text.startswith(", line 6: ")
    assert BAD_LINES[line] in text


def test_the_first_bad_line_is_named(write):
    assert message(write("chr1\t1\t2\nchr1\t5\t4\nchr1\tx\t4\n")).startswith(", line 2: end 4 is not after")


def test_all_lines_with_spaces(write):
    assert message(write("chr1 1 2\nchr1 3 4\n")) == ", line 1: columns are separated by spaces; use tabs"


def test_gff_without_its_suffix(write):
    assert "must be named .gff" in message(write("chr1\ts\tgene\t5\t9\t.\t+\t.\tID=a\n", "a.txt"))


def test_bad_gff(write):
    assert "start is 0, but GFF" in message(write("chr1\ts\tgene\t0\t9\t.\t+\t.\tID=a\n", "a.gff"))
    assert "end 4 is not after start 5" in message(write("chr1\ts\tgene\t5\t4\t.\t+\t.\tID=a\n", "a.gff"))
    assert "3 columns; GFF and GTF have 9" in message(write("chr1\t5\t9\n", "a.gtf"))


def test_strand_that_is_none(write):
    text = message(write("chr1\t1\t2\ta\t0\t+\nchr1\t1\t2\ta\t0\tplus\n"))
    assert text == ", line 2: strand is 'plus'; write +, - or ."


def test_bad_narrow_peak(write):
    assert "9 columns; narrowPeak has 10" in message(write("c\t1\t9\ta\t0\t.\t1\t2\t3\n", "a.narrowPeak"))
    good, bad = "c\t1\t9\ta\t0\t.\t1\t2\t3\t4\n", "c\t1\t9\ta\t0\t.\t1\t2\t3\t"
    for value in ("x", "-2", "1.5", ""):
        text = message(write(f"{good}{bad}{value}\n", "a.narrowPeak"))
        assert text.startswith(f", line 2: column 10 (summit) is {value!r}")


# --- names of chromosomes --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "style", "expected"),
    [
        ("1", "ucsc", "chr1"),
        ("chr1", "ucsc", "chr1"),
        ("MT", "ucsc", "chrM"),
        ("Mito", "ucsc", "chrM"),
        ("X", "ucsc", "chrX"),
        ("chr1", "ensembl", "1"),
        ("1", "ensembl", "1"),
        ("chrM", "ensembl", "MT"),
        ("chrIV", "ensembl", "IV"),
        ("chr4", {"chr4": "chrIV"}, "chrIV"),
        ("chr5", {"chr4": "chrIV"}, "chr5"),
        ("chr5", None, "chr5"),
    ],
)
def test_rename_chromosome(name, style, expected):
    assert rename_chromosome(name, style) == expected


def test_renamed_while_reading(write):
    path = write("1\t1\t2\nMT\t3\t4\n1\t5\t6\n")
    frame = read_intervals(path, chromosome_names="ucsc")
    assert frame["chrom"].tolist() == ["chr1", "chrM", "chr1"]
    assert frame["column_1"].tolist() == ["1", "MT", "1"]
    frame = read_intervals(path, chromosome_names={"1": "I", "MT": "Mito"})
    assert frame["chrom"].tolist() == ["I", "Mito", "I"]


def test_unknown_style(write):
    with pytest.raises(UserError, match="write ucsc, ensembl or"):
        read_intervals(write("1\t1\t2\n"), chromosome_names="UCSC")


def check(names, genome):
    sizes = dict.fromkeys(genome, 100)
    return check_chromosomes(pd.DataFrame({"chrom": names}), sizes, "peaks.bed", "genome.fa")


def test_known_chromosomes():
    mask = check(["chr1", "chr9", "chr2", "chr1"], ["chr1", "chr2", "chr3"])
    assert mask.dtype == bool
    assert mask.tolist() == [True, False, True, True]


def test_no_intervals():
    assert check([], ["chr1"]).tolist() == []


YEAST = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV", "XV", "XVI"]
ARABIC = [str(i) for i in range(1, 17)]


@pytest.mark.parametrize(
    ("names", "genome", "expected"),
    [
        (
            ["1", "2", "3", "1"],
            ["chr1", "chr2", "chr3"],
            "peaks.bed: no chromosome name is in genome.fa (file: 1, 2, 3; genome: chr1, chr2, chr3); "
            "add chromosome_names: ucsc to this source",
        ),
        (["chr1", "chrX", "chrM"], ["1", "X", "MT"], "add chromosome_names: ensembl to this source"),
        (["MT"], ["chr1", "chrM"], "chromosome_names: ucsc"),
        (["I", "IV", "Mito"], [f"chr{n}" for n in YEAST] + ["chrM"], "chromosome_names: ucsc"),
        ([f"chr{n}" for n in YEAST] + ["chrM"], [*YEAST, "Mito"], "chromosome_names: ensembl"),
        (["chr14", "chr6"], [f"chr{n}" for n in YEAST], "chromosome_names: {chr14: chrXIV, chr6: chrVI} to"),
        (ARABIC, YEAST, 'chromosome_names: {"1": I, "2": II, "3": III, ...} to this source'),
        (["XIV", "IV"], [f"chr{n}" for n in ARABIC], "chromosome_names: {XIV: chr14, IV: chr4} to"),
        (["chrIV", "chrII"], ARABIC, 'chromosome_names: {chrIV: "4", chrII: "2"} to'),
        (["Chr01", "Chr02"], ["1", "2"], 'chromosome_names: {Chr01: "1", Chr02: "2"} to'),
        (["chromosome_3"], ["chr3"], "chromosome_names: {chromosome_3: chr3} to"),
        (["NC_000001.11"], ["chr1"], "check that it is the right genome"),
    ],
)
def test_no_chromosome_matches(names, genome, expected):
    with pytest.raises(UserError) as caught:
        check(names, genome)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_names_shown_are_few():
    with pytest.raises(UserError, match=r"\(file: 1, 2, 3, \.\.\.; genome: chr1\)"):
        check(["1", "2", "3", "4"], ["chr1"])


def test_a_chance_match_is_warned_of(caplog):
    with caplog.at_level(logging.WARNING):
        assert check(["1", "2", "X"], ["chr1", "chr2", "X"]).tolist() == [False, False, True]
    assert "only 1 of 3 chromosome names" in caplog.text
    assert "chromosome_names: ucsc" in caplog.text


def test_a_missing_contig_is_no_reason_to_warn(caplog):
    assert check(["chr1", "chr1_random"], ["chr1", "chr2"]).tolist() == [True, False]
    assert caplog.text == ""


# --- properties ------------------------------------------------------------------------------------

field = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp", "Zs")), max_size=6)
interval = st.tuples(
    st.sampled_from(["chr1", "chrX", "2", "tig", "b_1", "NA"]),
    st.integers(0, 10**17),
    st.integers(1, 10**6),
    field,
    st.floats(-1e6, 1e6).map(repr),
    st.sampled_from("+-."),
)
noise = st.sampled_from(["#comment", "", "track type=x", "browser hide all", "  "])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(st.one_of(interval, noise), min_size=1, max_size=30),
    columns=st.integers(3, 6),
    end=st.sampled_from(["\n", "\r\n"]),
    packed=st.booleans(),
)
def test_against_a_slow_reader(tmp_path, lines, columns, end, packed):
    texts, expected = [], []
    for number, item in enumerate(lines, 1):
        if isinstance(item, tuple):
            chrom, start, length, *rest = item
            fields = [chrom, str(start), str(start + length), *rest][:columns]
            expected.append((chrom, start, start + length, number, fields))
            texts.append("\t".join(fields))
        else:
            texts.append(item)
    path = tmp_path / "random.bed"
    content = end.join(texts).encode()
    path.write_bytes(gzip.compress(content) if packed else content)
    if not expected:
        with pytest.raises(UserError):
            read_intervals(path)
        return
    frame = read_intervals(path)
    assert rows(frame) == [row[:3] for row in expected]
    assert frame["line"].tolist() == [row[3] for row in expected]
    for i in range(columns):
        assert frame[f"column_{i + 1}"].tolist() == [row[4][i] for row in expected]
    if columns == 6:
        assert frame["strand"].tolist() == [row[4][5] for row in expected]
        np.testing.assert_array_equal(frame["score"], [float(row[4][4]) for row in expected])


# --- real files ------------------------------------------------------------------------------------

DATA = Path(os.environ.get("MOTIFLOOM_DATA", "absent"))


@pytest.mark.real_data
@pytest.mark.skipif(not DATA.is_dir(), reason="MOTIFLOOM_DATA names no folder")
def test_yeast_files():
    yeast = DATA / "yeast"
    sizes = {f"chr{name}": 1 for name in [*YEAST, "M"]}
    peaks = read_intervals(yeast / "ATAC_hmmratac_accessible.narrowPeak")
    assert len(peaks) == 1605
    assert (peaks["chrom"][0], peaks["summit"][0], peaks["line"][0]) == ("chrI", 238, 2)
    assert check_chromosomes(peaks, sizes, "peaks", "genome").all()
    table = read_intervals(yeast / "multilabel_18TF.200bp.tsv.gz")
    assert len(table) == 9423
    assert len(table.attrs["header"]) == 21
    assert table["strand"].eq(".").all()
    raw = yeast / "raw_names" / "Reb1_CX.arabic_chr.bed"
    with pytest.raises(UserError, match=r"\{chr14: chrXIV, chr6: chrVI, chr7: chrVII, \.\.\.\}"):
        check_chromosomes(read_intervals(raw), sizes, raw, "genome")
    names = {f"chr{i + 1}": f"chr{name}" for i, name in enumerate(YEAST)}
    assert check_chromosomes(read_intervals(raw, chromosome_names=names), sizes, raw, "genome").all()


def test_a_summit_outside_its_peak(tmp_path):
    path = tmp_path / "x.narrowPeak"
    rows = ["chr1\t100\t160\ta\t0\t.\t0\t0\t0\t59\n", "chr1\t100\t160\tb\t0\t.\t0\t0\t0\t60\n"]
    path.write_text(rows[0])
    assert read_intervals(path)["summit"].tolist() == [159]
    path.write_text("".join(rows))
    with pytest.raises(UserError, match="line 2: the summit is 60 bp after the start of a peak of 60 bp"):
        read_intervals(path)
