"""BED, narrowPeak, GFF and GTF."""

# ruff: noqa: E501  (messages as they are)

from damaged.makers import *  # noqa: F403
from damaged.makers import (
    BED,
    BOM,
    GFF,
    PEAKS,
    bgzip,
    changed,
    circle,
    dangling,
    device,
    folder,
    nothing,
    packed,
    pipe,
)

FORMAT = "BED, narrowPeak, GFF and GTF"
FILES = {
    ("intervals", "peaks.bed"): [
        ("valid", BED, ["chr1 10 20 a + -1 1", "chr1 30 45 b - -1 2"]),
        ("no file", nothing, ": there is no such file"),
        ("a folder", folder, ": this is a folder; name a file"),
        ("a pipe", pipe, ": this is a pipe or a device; write its content to a file"),
        ("a device that never ends", device, ": this is a pipe or a device; write its content to a file"),
        ("a link to nothing", dangling, ": there is no such file"),
        ("a link to itself", circle, ": the file cannot be read (Too many levels of symbolic links)"),
        ("no bytes", "", ": the file is empty"),
        ("white space only", " \n\t\r\n", ": the file is empty"),
        (
            "only comments and track lines",
            "# x\ntrack name=y\nbrowser z\n",
            ": no intervals in this file, only header or comment lines",
        ),
        ("gzip", packed(BED), ["chr1 10 20 a + -1 1", "chr1 30 45 b - -1 2"]),
        ("gzip of two members", packed(BED[:20], BED[20:]), ["chr1 10 20 a + -1 1", "chr1 30 45 b - -1 2"]),
        ("gzip of nothing", packed(""), ": the file is empty"),
        (
            "gzip cut off",
            packed(BED)[:-9],
            ": the gzip file is truncated or damaged; copy or make it again (...",
        ),
        (
            "gzip with a wrong byte",
            changed(packed(BED), -6, 0),
            ": the gzip file is truncated or damaged; copy or make it again (...",
        ),
        (
            "gzip with other bytes behind it",
            packed(BED) + b"more",
            ": the gzip file is truncated or damaged; copy or make it again (...",
        ),
        ("bgzip", bgzip(BED), ["chr1 10 20 a + -1 1", "chr1 30 45 b - -1 2"]),
        (
            "bgzip without its last block",
            bgzip(BED, end=False),
            ": the bgzip file is truncated (no end mark); copy or make it again",
        ),
        (
            "gzip in gzip",
            packed("")[:0] + __import__("gzip").compress(packed(BED), mtime=0),
            ", line 1: this is not a text file (UTF-8); intervals come as BED, narrowPeak, GFF or GTF",
        ),
        ("line ends of Windows", BED.replace("\n", "\r\n"), ["chr1 10 20 a + -1 1", "chr1 30 45 b - -1 2"]),
        ("line ends of old Macs", BED.replace("\n", "\r"), ["chr1 10 20 a + -1 1", "chr1 30 45 b - -1 2"]),
        (
            "a carriage return inside a line",
            BED.replace("\ta\t", "\ta\rb\t"),
            ", line 1: a carriage return inside the line; let every line end in a newline",
        ),
        ("a byte order mark", BOM + BED.encode(), ["chr1 10 20 a + -1 1", "chr1 30 45 b - -1 2"]),
        (
            "UTF-16",
            BED.encode("utf-16"),
            ", line 1: this is text in UTF-16; save it as UTF-8; intervals come as BED, narrowPeak, GFF or GTF",
        ),
        (
            "Latin-1",
            BED.replace("a", "é").encode("latin-1"),
            ", line 1: this is not a text file (UTF-8); intervals come as BED, narrowPeak, GFF or GTF",
        ),
        (
            "a NUL byte",
            BED.replace("b", "\0"),
            ", line 2: this is not a text file (UTF-8); intervals come as BED, narrowPeak, GFF or GTF",
        ),
        ("no newline at the end", BED[:-1], ["chr1 10 20 a + -1 1", "chr1 30 45 b - -1 2"]),
        (
            "a FASTA file",
            ">a\nACGT\n",
            ", line 1: this is a FASTA file, not intervals; give it with the key fasta",
        ),
        ("spaces for tabs", BED.replace("\t", "  "), ", line 1: columns are separated by spaces; use tabs"),
        (
            "two columns",
            "chr1\t10\n",
            ", line 1: 2 columns; intervals have chrom, start and end, split by tabs",
        ),
        ("ragged rows", BED + "chr1\t50\t60\n", ", line 3: 3 columns, but line 1 has 6"),
        ("12 columns", "chr1\t10\t20\ta\t0\t+\t10\t20\t0\t1\t10\t0\n", ["chr1 10 20 a + -1 1"]),
        ("a line of column names", "#chrom\tstart\tend\tstrand\nchr1\t1\t2\t-\n", ["chr1 1 2  - -1 2"]),
        ("a negative start", BED + "chr1\t-5\t40\tc\t0\t+\n", ", line 3: start is negative (-5)"),
        (
            "an end before its start",
            BED + "chr1\t50\t40\tc\t0\t+\n",
            ", line 3: end 40 is not after start 50; an interval has at least one base",
        ),
        (
            "an empty interval",
            BED + "chr1\t50\t50\tc\t0\t+\n",
            ", line 3: end 50 is not after start 50; an interval has at least one base",
        ),
        ("a decimal number", BED.replace("45", "45.0"), ", line 2: end is '45.0', not a whole number"),
        ("thousands separated", BED.replace("45", "1,045"), ", line 2: end is '1,045', not a whole number"),
        ("Arabic digits", BED.replace("45", "٤٥"), ", line 2: end is '٤٥', not a whole number"),
        (
            "a number of 19 digits",
            BED.replace("45", "9" * 19),
            ", line 2: end is '9999999999999999999', not a whole number",
        ),
        (
            "no name of a chromosome",
            BED.replace("chr1\t30", "\t30"),
            ", line 2: the name of the chromosome is missing",
        ),
        ("a strand that is none", BED.replace("\t-", "\tx"), ", line 2: strand is 'x'; write +, - or ."),
        ("quotation marks", BED.replace("\ta\t", '\t"a\t'), ['chr1 10 20 "a + -1 1', "chr1 30 45 b - -1 2"]),
        (
            "a field of a million letters",
            BED.replace("\ta\t", f"\t{'a' * 10**6}\t").replace("10", "x"),
            ", line 1: start is 'x', not a whole number",
        ),
        (
            "GFF without its suffix",
            GFF,
            ", line 2: start is 'src', not a whole number; a GFF or GTF file must be named .gff, .gff3 or .gtf",
        ),
    ],
    ("intervals", "peaks.narrowPeak"): [
        ("narrowPeak", PEAKS, ["chr1 10 20 p . 14 1", "chr2 30 40 q . -1 2"]),
        (
            "narrowPeak of nine columns",
            "chr1\t10\t20\tp\t5\t.\t1.5\t2\t-1\n",
            ", line 1: 9 columns; narrowPeak has 10",
        ),
        (
            "narrowPeak with a summit beyond its end",
            PEAKS.replace("\t4\n", "\t10\n"),
            ", line 1: the summit is 10 bp after the start of a peak of 10 bp; write a distance inside the peak, or -1",
        ),
        (
            "narrowPeak with a summit that is no number",
            PEAKS.replace("\t4\n", "\tnan\n"),
            ", line 1: column 10 (summit) is 'nan'; write its distance from start, or -1",
        ),
        (
            "narrowPeak with an infinite summit",
            PEAKS.replace("\t4\n", "\tinf\n"),
            ", line 1: the summit is inf bp after the start of a peak of 10 bp; write a distance inside the peak, or -1",
        ),
    ],
    ("intervals", "genes.gff3"): [
        ("GFF", GFF, ["chr1 10 20 g1 + -1 2"]),
        (
            "GFF that counts from 0",
            GFF.replace("11\t20", "0\t20"),
            ", line 2: start is 0, but GFF and GTF count from 1",
        ),
        ("GFF of four columns", "chr1\tsrc\tgene\t11\n", ", line 1: 4 columns; GFF and GTF have 9"),
        ("GFF with sequences at its end", GFF + "##FASTA\n>chr1\nACGT\n", ["chr1 10 20 g1 + -1 2"]),
    ],
    ("intervals", "genes.gtf"): [
        ("GTF", 'chr1\tsrc\texon\t11\t20\t.\t-\t.\tgene_id "g 1"; x "y";\n', ["chr1 10 20 g 1 - -1 1"]),
    ],
    ("windows", "peaks.bed"): [
        (
            "beyond the end of its chromosome",
            "chr1\t190\t210\nchr1\t500\t520\nchr2\t0\t20\n",
            [
                "peaks:3 0 20 1.0",
                "it starts beyond the end of its chromosome (200 bp)",
                "window 190-210 leaves its chromosome (200 bp)",
                "50 % of the window's letters are unknown; unknown.max_fraction allows 10 %",
            ],
        ),
        (
            "an interval of 10^17 bases",
            "chr1\t0\t99999999999999999\n",
            ", line 1: an example of 99,999,999,999,999,999 letters; set window: {length: ..}",
        ),
        (
            "an interval of 10^9 bases that starts where its chromosome ends",
            "chr1\t200\t1000000200\nchr2\t0\t20\n",
            ["peaks:2 0 20 1.0", "it starts beyond the end of its chromosome (200 bp)"],
        ),
        (
            "a chromosome of another name",
            "1\t0\t20\n2\t0\t20\n",
            ": no chromosome name is in genome.fa (file: 1, 2; genome: chr1, chr2); add chromosome_names: ucsc to this source",
        ),
        ("one interval twice", "chr1\t0\t20\nchr1\t0\t20\n", ["peaks:1 0 20 1.0", "same window as peaks:1"]),
    ],
    ("bins", "peaks.bed"): [
        (
            "bins",
            "chr1\t0\t22\nchr2\t0\t9\n",
            [
                "peaks:1.1 0 10 1.0",
                "peaks:1.2 5 15 1.0",
                "peaks:1.3 10 20 1.0",
                "interval of 9 bp holds no bin of 10",
                "its last 2 bp make no bin of 10",
            ],
        ),
        (
            "an interval of 10^17 bases in bins",
            "chr1\t0\t99999999999999999\n",
            ", line 1: the interval of 99,999,999,999,999,999 bp makes 19,999,999,999,999,998 bins; correct it, or set a longer window.step",
        ),
    ],
}
