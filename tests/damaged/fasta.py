"""FASTA: sequences, and genomes."""

# ruff: noqa: E501  (messages as they are)

from damaged.makers import BOM, FASTA, bgzip, changed, circle, dangling, device, folder, nothing, packed, pipe

LONG = ">a\n" + "ACGT" * 300_000 + "\n"
CHROMOSOMES = ">chr1 x\nACGTA\nCCGTA\nGG\n>chr2\nTTTT\n"
STALE = "chr1\t4\t2\t4\t5\n"


def beside(content, **others):
    """Return a function that writes a file, and others beside it by suffix."""

    def write(path):
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        for suffix, text in others.items():
            path.with_name(f"{path.name}.{suffix}").write_bytes(
                text if isinstance(text, bytes) else text.encode()
            )

    return write


def index_folder(**files):
    """Return a function that writes a genome, and files into the folder of its index."""

    def write(path):
        path.write_text(CHROMOSOMES)
        path.with_name("index").mkdir()
        for name, text in files.items():
            (path.with_name("index") / name.replace("_", ".")).write_text(text)

    return write


FORMAT = "FASTA"
FILES = {
    ("fasta", "seqs.fa"): [
        ("valid, lower case, N", FASTA, ["a one: ACGTN", "b: GGCC"]),
        ("no file", nothing, ": there is no such file"),
        ("a folder", folder, ": this is a folder; name a file"),
        ("a pipe", pipe, ": this is a pipe or a device; write its content to a file"),
        ("a device that never ends", device, ": this is a pipe or a device; write its content to a file"),
        ("a link to nothing", dangling, ": there is no such file"),
        ("a link to itself", circle, ": the file cannot be read (Too many levels of symbolic links)"),
        ("no bytes", "", ": the file is empty"),
        ("blank lines only", "\n\n", ": the file is empty"),
        ("gzip", packed(FASTA), ["a one: ACGTN", "b: GGCC"]),
        (
            "gzip of two members, cut inside a line",
            packed(FASTA[:11], FASTA[11:]),
            ["a one: ACGTN", "b: GGCC"],
        ),
        ("gzip of nothing", packed(""), ": the file is empty"),
        (
            "gzip cut off",
            packed(FASTA)[:-9],
            ": the gzip file is truncated or damaged; copy or make it again (...",
        ),
        (
            "gzip with a wrong byte",
            changed(packed(FASTA), -6, 0),
            ": the gzip file is truncated or damaged; copy or make it again (...",
        ),
        (
            "bgzip without its last block",
            bgzip(FASTA, end=False),
            ": the bgzip file is truncated (no end mark); copy or make it again",
        ),
        ("line ends of Windows", FASTA.replace("\n", "\r\n"), ["a one: ACGTN", "b: GGCC"]),
        (
            "line ends of old Macs",
            FASTA.replace("\n", "\r"),
            ", line 1: the lines end in bare carriage returns; let them end in newlines",
        ),
        ("a byte order mark", BOM + FASTA.encode(), ["a one: ACGTN", "b: GGCC"]),
        ("UTF-16", FASTA.encode("utf-16"), ", line 1: this is not a text file, so no FASTA file"),
        (
            "a NUL byte in a sequence",
            FASTA.replace("gg", "g\0"),
            ", line 4: '\\x00' is not a letter of the alphabet dna; this does not look like sequences of dna",
        ),
        (
            "a NUL byte in a header",
            FASTA.replace(">b", ">b\0"),
            ", line 3: this is not a text file, so no FASTA file",
        ),
        (
            "a name that cannot be printed",
            FASTA.replace(">b", ">b\x07"),
            ", line 3: the name 'b\\x07' holds a character that cannot be printed; rename the record",
        ),
        ("Latin-1 in a header", FASTA.replace("one", "é").encode("latin-1"), ["a �: ACGTN", "b: GGCC"]),
        ("tabs in a header", FASTA.replace("a one", "a\tone\ttwo"), ["a\tone\ttwo: ACGTN", "b: GGCC"]),
        ("no newline at the end", FASTA[:-1], ["a one: ACGTN", "b: GGCC"]),
        ("blank lines between records", FASTA.replace(">b", "\n\n>b"), ["a one: ACGTN", "b: GGCC"]),
        ("lines of any length", ">a\nA\nCGTAC\n\nG\n", ["a: ACGTACG"]),
        (
            "a line of 1.2 million letters",
            LONG.replace("ACGTACGT", "ACGTAC7T", 1),
            ", line 2: '7' is not a letter of the alphabet dna; this does not look like sequences of dna",
        ),
        (
            "a header of 1.2 million letters",
            ">" + LONG[3:] + "ACGT\n",
            ", line 1: the header has over 1,048,576 letters; this is no FASTA file",
        ),
        ("an empty record", FASTA + ">c\n>d\nACGT\n", ", line 5: record c has no sequence"),
        ("an empty record at the end", FASTA + ">c\n", ", line 5: record c has no sequence"),
        (
            "a record without a name",
            FASTA + ">\nACGT\n",
            ", line 5: a record without a name; write it right behind '>'",
        ),
        (
            "a space before the name",
            FASTA + "> c\nACGT\n",
            ", line 5: a record without a name; write it right behind '>'",
        ),
        ("a name twice", FASTA + ">a\nACGT\n", ", line 5: the name a is taken by the record in line 1"),
        (
            "proteins",
            ">a\nMKLVEF\n",
            ", line 2: 'L' is not a letter of the alphabet dna; this does not look like sequences of dna",
        ),
        ("a gap and ambiguous bases", ">a\nAC-GTRYKM.U\n", ["a: ACNGTNNNNNT"]),
        (
            "a space in a sequence",
            ">a\nACGT ACGT\n",
            ", line 2: ' ' is not a letter of the alphabet dna; this does not look like sequences of dna",
        ),
        (
            "numbered lines",
            ">a\n1 ACGT\n",
            ", line 2: '1' is not a letter of the alphabet dna; this does not look like sequences of dna",
        ),
        (
            "text before the first record",
            "; comment\n>a\nACGT\n",
            ", line 1: text before the first '>'; this does not look like a FASTA file",
        ),
        (
            "FASTQ",
            "@r1\nACGT\n+\nIIII\n",
            ", line 1: text before the first '>'; this does not look like a FASTA file",
        ),
        (
            "a BED file",
            "chr1\t10\t20\n",
            ", line 1: these are intervals, not FASTA; give them with the key intervals",
        ),
        (
            "HTML",
            "<!DOCTYPE html>\n<html></html>\n",
            ", line 1: text before the first '>'; this does not look like a FASTA file",
        ),
    ],
    ("protein", "proteins.fa"): [
        ("proteins with X, * and lower case", ">p\nMKXl*\n", ["p: MKXLX"]),
        (
            "a letter that no protein has",
            ">p\nMK3\n",
            ", line 2: '3' is not a letter of the alphabet protein; this does not look like sequences of protein",
        ),
    ],
    ("genome", "genome.fa"): [
        ("a genome", CHROMOSOMES, ["chr1: ACGTACCGTAGG", "chr2: TTTT"]),
        ("a genome in gzip", packed(CHROMOSOMES), ["chr1: ACGTACCGTAGG", "chr2: TTTT"]),
        (
            "a genome in gzip of two members",
            packed(CHROMOSOMES[:11], CHROMOSOMES[11:]),
            ["chr1: ACGTACCGTAGG", "chr2: TTTT"],
        ),
        (
            "a genome in bgzip of several blocks",
            bgzip(CHROMOSOMES[:11], CHROMOSOMES[11:20], CHROMOSOMES[20:]),
            ["chr1: ACGTACCGTAGG", "chr2: TTTT"],
        ),
        (
            "two bgzip files one behind the other",
            bgzip(CHROMOSOMES[:11]) + bgzip(CHROMOSOMES[11:]),
            ["chr1: ACGTACCGTAGG", "chr2: TTTT"],
        ),
        (
            "bgzip, then gzip",
            bgzip(CHROMOSOMES[:11]) + packed(CHROMOSOMES[11:]) + bgzip(""),
            ": the bgzip file is damaged; copy or make it again",
        ),
        (
            "bgzip with a wrong length of a block",
            changed(bgzip(CHROMOSOMES), 17, 0x40),
            ": the bgzip file is damaged; copy or make it again",
        ),
        (
            "an index of another genome beside it",
            beside(CHROMOSOMES, fai=STALE),
            ["chr1: ACGTACCGTAGG", "chr2: TTTT"],
        ),
        (
            "an index of bgzip of another genome beside it",
            beside(bgzip(CHROMOSOMES), fai=STALE, gzi=b"\1" * 24),
            ["chr1: ACGTACCGTAGG", "chr2: TTTT"],
        ),
        (
            "its own index damaged",
            index_folder(genome_json="{", genome_fai=STALE),
            ["chr1: ACGTACCGTAGG", "chr2: TTTT"],
        ),
        (
            "its own index of another genome",
            index_folder(genome_json='{"bytes": 1}', genome_fai=STALE),
            ["chr1: ACGTACCGTAGG", "chr2: TTTT"],
        ),
        (
            "line ends of Windows in a genome",
            CHROMOSOMES.replace("\n", "\r\n"),
            ["chr1: ACGTACCGTAGG", "chr2: TTTT"],
        ),
        (
            "line ends of old Macs in a genome",
            CHROMOSOMES.replace("\n", "\r"),
            ", line 1: the lines end in bare carriage returns; let them end in newlines",
        ),
        ("a byte order mark in a genome", BOM + CHROMOSOMES.encode(), ["chr1: ACGTACCGTAGG", "chr2: TTTT"]),
        (
            "a byte order mark in a genome in gzip",
            packed("\ufeff" + CHROMOSOMES),
            ["chr1: ACGTACCGTAGG", "chr2: TTTT"],
        ),
        ("a genome without a newline at the end", CHROMOSOMES[:-1], ["chr1: ACGTACCGTAGG", "chr2: TTTT"]),
        (
            "uneven lines of a genome",
            CHROMOSOMES.replace("CCGTA", "CCG"),
            ", line 4: the lines of record chr1 differ in length or line end; wrap them evenly (seqkit seq -w 60 does it)",
        ),
        (
            "a blank line inside a chromosome",
            CHROMOSOMES.replace("CCGTA", "\nCCGTA"),
            ", line 4: the lines of record chr1 differ in length or line end; wrap them evenly (seqkit seq -w 60 does it)",
        ),
        (
            "zeros at the end of a genome",
            CHROMOSOMES + "\0\0\0",
            ", line 7: this is not a text file, so no FASTA file",
        ),
        (
            "a chromosome twice",
            CHROMOSOMES + ">chr1\nACGT\n",
            ", line 7: the name chr1 is taken by the record in line 1",
        ),
        (
            "a header of a genome of 1.2 million letters",
            ">" + LONG[3:] + "ACGT\n",
            ", line 1: the header has over 1,048,576 letters; this is no FASTA file",
        ),
    ],
    ("places", "seqs.fa"): [
        (
            "headers with places",
            ">chr1:10-14(-)\nACGT\n>chr1:20-24(+)\nACGG\n",
            ["seqs:1 10 14 1.0", "seqs:2 20 24 1.0"],
        ),
        ("places of 20 digits in headers", f">chr1:{10**20}-{10**20 + 4}\nACGT\n", ["seqs:1 -1 -1 1.0"]),
        ("places of 5,000 digits in headers", f">chr1:1-{'9' * 5000}\nACGT\n", ["seqs:1 -1 -1 1.0"]),
        ("a header of 100,000 colons", f">{':' * 100_000}\nACGT\n", ["seqs:1 -1 -1 1.0"]),
    ],
}
