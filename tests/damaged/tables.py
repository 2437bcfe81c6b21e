"""TSV and CSV: sequences, places, targets, weights, parts."""

# ruff: noqa: E501  (messages as they are)

from damaged.makers import BOM, TABLE, dangling, device, folder, nothing, packed, pipe

SEQUENCES = "id\tvalue\tsequence\nx\t1\tACGT\ny\t2.5\tGGcc\n"
WEIGHTS = "sequence\tw\tvalue\nACGT\t1\t7\nGGCC\t0.5\t8\n"
PLACES = "chrom\tstart\tend\nchr1\t0\t10\nchr2\t5\t15\n"

FORMAT = "TSV and CSV"
FILES = {
    ("table", "table.tsv"): [
        ("valid", TABLE, ["id value", "2: x 1", "3: y 2"]),
        ("no file", nothing, ": there is no such file"),
        ("a folder", folder, ": this is a folder; name a file"),
        ("a pipe", pipe, ": this is a pipe or a device; write its content to a file"),
        ("a device that never ends", device, ": this is a pipe or a device; write its content to a file"),
        ("a link to nothing", dangling, ": there is no such file"),
        ("no bytes", "", ": the file is empty"),
        ("a header and no rows", "id\tvalue\n", ": the table has a header line and no rows"),
        ("gzip of two members", packed(TABLE[:9], TABLE[9:]), ["id value", "2: x 1", "3: y 2"]),
        (
            "gzip cut off",
            packed(TABLE)[:-9],
            ": the gzip file is truncated or damaged; copy or make it again (...",
        ),
        ("line ends of Windows", TABLE.replace("\n", "\r\n"), ["id value", "2: x 1", "3: y 2"]),
        ("line ends of old Macs", TABLE.replace("\n", "\r"), ["id value", "2: x 1", "3: y 2"]),
        (
            "mixed line ends",
            TABLE.replace("1\n", "1\r"),
            ", line 2: a carriage return inside the line; let every line end in a newline",
        ),
        ("a byte order mark", BOM + TABLE.encode(), ["id value", "2: x 1", "3: y 2"]),
        (
            "UTF-16, as Excel writes it",
            TABLE.encode("utf-16"),
            ", line 1: this is text in UTF-16; save it as UTF-8; a table is TSV or CSV with a header line",
        ),
        (
            "Latin-1",
            TABLE.replace("x", "é").encode("latin-1"),
            ", line 2: this is not a text file (UTF-8); a table is TSV or CSV with a header line",
        ),
        (
            "a NUL byte",
            TABLE.replace("x", "\0"),
            ", line 2: this is not a text file (UTF-8); a table is TSV or CSV with a header line",
        ),
        (
            "a row too long",
            TABLE + "z\t3\t4\n",
            ": the lines do not have equally many columns (Expected 2 fields in line 4, saw 3)",
        ),
        ("a row too short", TABLE + "z\n", ["id value", "2: x 1", "3: y 2", "4: z "]),
        ("blank lines", TABLE.replace("y", "\n\ny"), ["id value", "2: x 1", "5: y 2"]),
        (
            "a blank line before the header",
            "\n" + TABLE,
            ", line 1: the line is blank; the names of the columns go there",
        ),
        ("an empty name of a column", TABLE.replace("value", ""), ["id ", "2: x 1", "3: y 2"]),
        ("two empty names of columns", "\t\na\tb\n", ", line 1: there are two columns ''; rename one"),
        ("a column twice", "id\tid\nx\t1\n", ", line 1: there are two columns 'id'; rename one"),
        (
            "a column twice but for spaces",
            "id\t id\nx\t1\n",
            ", line 1: there are two columns 'id'; rename one",
        ),
        ("quoted fields", 'id\tvalue\n"x y"\t"1"\n', ["id value", "2: x y 1"]),
        (
            "a quotation mark that is not closed",
            'id\tvalue\n"x\t1\ny\t2\n',
            ", line 2: a quotation mark opens a field and none closes it on the line; double it, or leave it out",
        ),
        (
            "a quoted field over two lines",
            'id\tvalue\nz\t0\n"x\ny"\t2\n',
            ", line 3: a quotation mark opens a field and none closes it on the line; double it, or leave it out",
        ),
        ("words for missing values", "id\tvalue\nNA\tnan\nNone\t\n", ["id value", "2: NA nan", "3: None "]),
        (
            "a FASTA file",
            ">a\nACGT\n",
            ", line 1: this is a FASTA file, not a table; give it with the key fasta",
        ),
        ("semicolons", "id;value\nx;1\n", ["id;value", "2: x;1"]),
    ],
    ("sequences", "seqs.tsv"): [
        ("sequences, lower case", SEQUENCES, ["seqs:2 -1 -1 1.0", "seqs:3 -1 -1 2.5"]),
        ("a decimal comma", SEQUENCES.replace("2.5", "2,5"), ", line 3: target '2,5' is not a finite number"),
        (
            "a word for a number",
            SEQUENCES.replace("2.5", "high"),
            ", line 3: target 'high' is not a finite number",
        ),
        ("inf", SEQUENCES.replace("2.5", "inf"), ", line 3: target 'inf' is not a finite number"),
        (
            "1e300",
            SEQUENCES.replace("2.5", "1e300"),
            ", line 3: target '1e300' is beyond what single precision holds (3.4e+38); rescale the values",
        ),
        ("nan", SEQUENCES.replace("2.5", "nan"), ", line 3: target 'nan' is not a finite number"),
        (
            "no value",
            SEQUENCES.replace("2.5", ""),
            ", line 3: target '' is empty; give every example a target or remove its line",
        ),
        (
            "proteins for DNA",
            SEQUENCES.replace("GGcc", "MKLV"),
            ", line 3: 'L' is not a letter of the alphabet dna; this does not look like sequences of dna",
        ),
        (
            "numbers for sequences",
            SEQUENCES.replace("GGcc", "12"),
            ", line 3: '1' is not a letter of the alphabet dna; this does not look like sequences of dna",
        ),
        (
            "letters of no alphabet",
            SEQUENCES.replace("GGcc", "GGéc"),
            ", line 3: '�' is not a letter of the alphabet dna; this does not look like sequences of dna",
        ),
        ("an empty sequence", SEQUENCES.replace("GGcc", " "), ", line 3: the sequence is empty"),
        (
            "sequences of two lengths",
            SEQUENCES.replace("GGcc", "GGccA"),
            ": sources[0]: examples of 2 lengths, 4 to 5: 4 (1), 5 (1); set window: {length: ..}",
        ),
        (
            "sequences of N",
            SEQUENCES.replace("GGcc", "NNNN"),
            [
                "seqs:2 -1 -1 1.0",
                "100 % of the window's letters are unknown; unknown.max_fraction allows 10 %",
            ],
        ),
        (
            "no column of sequences",
            TABLE,
            ": a table needs columns chrom, start and end, or one with sequences; name it by sequence: (columns here: id, value)",
        ),
    ],
    ("weighted", "seqs.tsv"): [
        ("weights", WEIGHTS, ["seqs:2 -1 -1 1.0 7.0", "seqs:3 -1 -1 0.5 8.0"]),
        (
            "a negative weight",
            WEIGHTS.replace("0.5", "-1"),
            ", line 3: sources[0].weight is '-1', not a number from 0",
        ),
        (
            "an infinite weight",
            WEIGHTS.replace("0.5", "inf"),
            ", line 3: sources[0].weight is 'inf', not a number from 0",
        ),
        (
            "a weight of 1e300",
            WEIGHTS.replace("0.5", "1e300"),
            ", line 3: sources[0].weight is '1e300', not a number from 0",
        ),
        (
            "a weight that is no number",
            WEIGHTS.replace("0.5", "0,5"),
            ", line 3: sources[0].weight is '0,5', not a number from 0",
        ),
    ],
    ("located", "places.tsv"): [
        ("places", PLACES, ["places:2 0 10 1.0", "places:3 5 15 1.0"]),
        (
            "a start that is negative",
            PLACES.replace("\t5\t", "\t-5\t"),
            ", line 3: start is '-5', not a whole number from 0",
        ),
        (
            "a start in Arabic digits",
            PLACES.replace("\t5\t", "\t٥\t"),
            ", line 3: start is '٥', not a whole number from 0",
        ),
        (
            "an end of 20 digits",
            PLACES.replace("15", "9" * 20),
            ", line 3: end is '99999999999999999999', not a whole number from 0",
        ),
        ("an end before its start", PLACES.replace("15", "5"), ", line 3: end 5 is not after start 5"),
        (
            "no such chromosome",
            PLACES.replace("chr1", "s1").replace("chr2", "s2"),
            ": no chromosome name is in genome.fa (file: s1, s2; genome: chr1, chr2); check that it is the right genome, or add chromosome_names: {name here: name in the genome}",
        ),
    ],
    ("parts", "parts.tsv"): [
        ("parts", "id\tpart\na\ttrain\nb\ttest\n", {"a": "train", "b": "test"}),
        (
            "parts with a byte order mark and line ends of Windows",
            BOM + b"a\ttrain\r\nb\ttest\r\n",
            {"a": "train", "b": "test"},
        ),
        (
            "parts by spaces",
            "a train\n",
            ", line 1: 1 columns separated by tabs; write id and part, or chrom, start, end and part",
        ),
        (
            "a part that is none",
            "a\ttrain\nb\tholdout\n",
            ", line 2: 'holdout' is no part; write train, validation or test",
        ),
        (
            "one example in two parts",
            "a\ttrain\na\ttest\n",
            ", line 2: a is in train and test; keep one of them",
        ),
        (
            "parts in UTF-16",
            "a\ttrain\n".encode("utf-16"),
            ", line 1: this is text in UTF-16; save it as UTF-8; give lines of id<TAB>part",
        ),
    ],
}
