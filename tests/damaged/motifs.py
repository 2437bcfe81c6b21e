"""MEME and JASPAR."""

# ruff: noqa: E501  (messages as they are)

from damaged.makers import BOM, JASPAR, MEME, ROWS, dangling, device, folder, nothing, packed, pipe

HEAD = MEME[: MEME.index("MOTIF")]

FORMAT = "MEME and JASPAR"
FILES = {
    ("motifs", "known.meme"): [
        ("MEME", MEME + ROWS, ["m1 one: ACGT 0.5/0.5/0/0 0/0/1/0"]),
        ("no file", nothing, ": there is no such file"),
        ("a folder", folder, ": this is a folder; name a file"),
        ("a pipe", pipe, ": this is a pipe or a device; write its content to a file"),
        ("a device that never ends", device, ": this is a pipe or a device; write its content to a file"),
        ("a link to nothing", dangling, ": there is no such file"),
        ("no bytes", "", ": the file is empty"),
        ("gzip", packed(MEME + ROWS), ["m1 one: ACGT 0.5/0.5/0/0 0/0/1/0"]),
        (
            "gzip cut off",
            packed(MEME + ROWS)[:-9],
            ": the gzip file is truncated or damaged; copy or make it again (...",
        ),
        (
            "line ends of Windows and a byte order mark",
            BOM + (MEME + ROWS).replace("\n", "\r\n").encode(),
            ["m1 one: ACGT 0.5/0.5/0/0 0/0/1/0"],
        ),
        ("line ends of old Macs", (MEME + ROWS).replace("\n", "\r"), ["m1 one: ACGT 0.5/0.5/0/0 0/0/1/0"]),
        (
            "UTF-16",
            (MEME + ROWS).encode("utf-16"),
            ", line 1: this is text in UTF-16; save it as UTF-8; motifs come in the MEME or the JASPAR format",
        ),
        (
            "no version line",
            (MEME + ROWS).replace("MEME version 4", "MEME 4"),
            ": not a file of motifs; give the MEME format (with a line 'MEME version 4') or the JASPAR format (lines '>ID name')",
        ),
        ("no motif", HEAD, ": no motif with a 'letter-probability matrix'"),
        (
            "a row that sums to 0.9",
            MEME + ROWS.replace("0 0 1 0", "0 0 .9 0"),
            ", line 8: motif m1: letter probabilities must be at least 0 and sum to 1",
        ),
        (
            "a row rounded to sum to 0.99",
            MEME + ROWS.replace("0 0 1 0", ".33 .33 .33 0"),
            ["m1 one: ACGT 0.5/0.5/0/0 0.333/0.333/0.333/0"],
        ),
        (
            "a negative probability",
            MEME + ROWS.replace("0 0 1 0", "0 -0.5 1.5 0"),
            ", line 8: motif m1: letter probabilities must be at least 0 and sum to 1",
        ),
        (
            "nan in a row",
            MEME + ROWS.replace("0 0 1 0", "0 nan 1 0"),
            ", line 8: motif m1: not a row of numbers",
        ),
        (
            "a row of inf",
            MEME + ROWS.replace("0 0 1 0", "1e400 0 0 0"),
            ", line 8: motif m1: letter probabilities must be at least 0 and sum to 1",
        ),
        (
            "digits with underscores",
            MEME + ROWS.replace("0 0 1 0", "0_0 0 1 0"),
            ", line 8: motif m1: not a row of numbers",
        ),
        (
            "a row of three",
            MEME + ROWS.replace("0 0 1 0", "0 0 1"),
            ", line 8: motif m1: 3 numbers, but the alphabet is ACGT",
        ),
        (
            "fewer rows than w=",
            MEME + ROWS[:12],
            ", line 6: motif m1: 1 rows of letter probabilities, expected 2",
        ),
        (
            "more rows than w=",
            MEME + ROWS + ROWS,
            ", line 6: motif m1: 4 rows of letter probabilities, expected 2",
        ),
        ("no w=", (MEME + ROWS).replace("w= 2 ", ""), ["m1 one: ACGT 0.5/0.5/0/0 0/0/1/0"]),
        (
            "no w= and no rows",
            MEME.replace("w= 2 ", ""),
            ", line 6: motif m1: 0 rows of letter probabilities, expected at least 1",
        ),
        (
            "w= 0",
            (MEME + ROWS).replace("w= 2", "w= 0"),
            ", line 6: motif m1: 2 rows of letter probabilities, expected 0",
        ),
        (
            "a negative w=",
            (MEME + ROWS).replace("w= 2", "w= -2"),
            ", line 6: motif m1: 2 rows of letter probabilities, expected -2",
        ),
        (
            "w= in words",
            (MEME + ROWS).replace("w= 2", "w= two"),
            ", line 6: motif m1: w= and nsites= must be numbers",
        ),
        (
            "nsites= nan",
            (MEME + ROWS).replace("nsites= 5", "nsites= nan"),
            ", line 6: motif m1: nsites= nan is no number of sites",
        ),
        (
            "a negative nsites=",
            (MEME + ROWS).replace("nsites= 5", "nsites= -5"),
            ", line 6: motif m1: nsites= -5 is no number of sites",
        ),
        (
            "a motif twice",
            MEME + ROWS + MEME[len(HEAD) :] + ROWS,
            ", line 10: motif m1 stands twice in the file; rename one",
        ),
        (
            "a matrix without a name",
            (MEME + ROWS).replace("MOTIF m1 one\n", ""),
            ", line 5: a matrix without a line 'MOTIF name' before it",
        ),
        (
            "a motif without a name",
            (MEME + ROWS).replace("MOTIF m1 one\n", "MOTIF\n"),
            ", line 5: MOTIF without a name",
        ),
        (
            "two alphabets",
            MEME + ROWS + "ALPHABET= ACDEFGHIKLMNPQRSTVWY\n" + MEME[len(HEAD) :] + ROWS,
            ", line 9: a second alphabet, ACDEFGHIKLMNPQRSTVWY; give a file for each",
        ),
        (
            "an alphabet without letters",
            (MEME + ROWS).replace("ACGT", ""),
            ", line 3: ALPHABET '' must name each letter once",
        ),
        (
            "an alphabet with a letter twice",
            (MEME + ROWS).replace("ACGT", "ACGA"),
            ", line 3: ALPHABET 'ACGA' must name each letter once",
        ),
        (
            "an alphabet that does not end",
            (MEME + ROWS).replace("ALPHABET= ACGT", "ALPHABET dna\nA\nC"),
            ", line 3: ALPHABET without a line END ALPHABET below",
        ),
        (
            "a name that cannot be printed",
            (MEME + ROWS).replace("one", "o\x07e"),
            ", line 5: 'MOTIF m1 o\\x07e' holds a character that cannot be printed; write another name",
        ),
        (
            "another format",
            "chr1\t1\t2\n",
            ": not a file of motifs; give the MEME format (with a line 'MEME version 4') or the JASPAR format (lines '>ID name')",
        ),
    ],
    ("motifs", "known.jaspar"): [
        (
            "JASPAR with a name that cannot be printed",
            JASPAR.replace("one", "o\x07e"),
            ", line 1: '>MA1 o\\x07e' holds a character that cannot be printed; write another name",
        ),
        ("JASPAR", JASPAR, ["MA1 one: ACGT 0.5/0.5/0/0 0/0/1/0"]),
        ("JASPAR with a byte order mark", BOM + JASPAR.encode(), ["MA1 one: ACGT 0.5/0.5/0/0 0/0/1/0"]),
        (
            "JASPAR without brackets",
            JASPAR.replace("[", "").replace("]", ""),
            ", line 2: motif MA1: not a row of counts of one letter",
        ),
        (
            "JASPAR with rows of two lengths",
            JASPAR.replace("[ 0 4 ]", "[ 0 4 1 ]"),
            ", line 1: motif MA1: give a row of counts per letter, all of equal length",
        ),
        (
            "JASPAR with a letter missing",
            JASPAR[: JASPAR.index("T")],
            ", line 1: motif MA1: give a row of counts per letter, all of equal length",
        ),
        (
            "JASPAR with a letter twice",
            JASPAR.replace("\nT", "\nG"),
            ", line 5: motif MA1: not a row of counts of one letter",
        ),
        (
            "JASPAR with a negative count",
            JASPAR.replace("4", "-4"),
            ", line 4: motif MA1: not a row of counts of one letter",
        ),
        (
            "JASPAR with nan",
            JASPAR.replace("4", "nan"),
            ", line 4: motif MA1: not a row of counts of one letter",
        ),
        (
            "JASPAR with a count of 1e300",
            JASPAR.replace("4", "1e300"),
            ", line 4: motif MA1: not a row of counts of one letter",
        ),
        (
            "JASPAR with a decimal comma",
            JASPAR.replace("4", "4,5"),
            ", line 4: motif MA1: not a row of counts of one letter",
        ),
        (
            "JASPAR with a motif twice",
            JASPAR + JASPAR,
            ", line 6: motif MA1 stands twice in the file; rename one",
        ),
        (
            "JASPAR with a motif without a name",
            JASPAR.replace("MA1 one", ""),
            ", line 1: > without the id of a motif",
        ),
        (
            "JASPAR with a position without counts",
            JASPAR.replace("4", "0"),
            ["MA1 one: ACGT 0.5/0.5/0/0 0.25/0.25/0.25/0.25"],
        ),
        ("a FASTA file", ">a\nACGT\n", ", line 2: motif a: not a row of counts of one letter"),
    ],
}
