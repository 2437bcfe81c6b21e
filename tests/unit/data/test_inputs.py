import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from motifloom.data.encode import DNA, PROTEIN, RNA
from motifloom.data.inputs import (
    block_rows,
    composition,
    fit_windows,
    list_inputs,
    read_delimited,
    sequence_blocks,
    window_offset,
)
from motifloom.errors import UserError


@given(st.lists(st.text("ACGT", min_size=1, max_size=12), min_size=1, max_size=6), st.integers(1, 12))
def test_windows_are_cut_or_padded_around_the_midpoint(texts, length):
    windows = fit_windows([DNA.encode(text) for text in texts], length, DNA.unknown)
    for text, window in zip(texts, windows, strict=True):
        offset = len(text) // 2 - length // 2
        expected = [text[i] if 0 <= i < len(text) else "N" for i in range(offset, offset + length)]
        assert DNA.decode(window) == "".join(expected)
        assert window_offset(len(text), length) == offset


def test_composition_counts_known_bases_only():
    tokens = np.array([DNA.encode(text) for text in ("ACGT", "CCGN", "NNNN", "AATT")])
    gc, unknown = composition(tokens, DNA)
    np.testing.assert_array_equal(gc, [0.5, 1.0, np.nan, 0.0])
    np.testing.assert_array_equal(unknown, [0, 0.25, 1, 0])
    assert composition(RNA.encode("ACGU")[None], RNA)[0] == 0.5
    gc, unknown = composition(PROTEIN.encode("ACDX")[None], PROTEIN)
    assert np.isnan(gc[0]) and unknown[0] == 0.25


def test_names_of_sources_are_unique(workshop):
    sources = [
        {"intervals": "a/peaks.bed.gz", "target": 1},
        {"intervals": "b/peaks.bed", "target": 1},
        {"fasta": "x.200.fa.gz", "target": 1},
        {"negatives": "random"},
        {"negatives": "random", "name": "peaks"},
    ]
    inputs = list_inputs(workshop.dataset(sources, genome="g.fa"))
    assert [item.name for item in inputs] == ["peaks", "peaks_2", "x.200", "random", "peaks_3"]
    assert inputs[3].key == "sources[3]" and inputs[3].genome == "g.fa"


@pytest.mark.parametrize("name", ["t.tsv", "t.tsv.gz", "t.csv"])
def test_tables_are_read_as_text_with_line_numbers(workshop, name):
    separator = "," if ".csv" in name else "\t"
    lines = ["\ufeffa, b ,c", "1,NA,", "", "x,007,nan", "y,2", ""]
    table = read_delimited(workshop.write(name, "\r\n".join(lines).replace(",", separator)))
    assert list(table) == ["a", "b", "c"]
    assert table.to_numpy().tolist() == [["1", "NA", ""], ["x", "007", "nan"], ["y", "2", ""]]
    assert table.index.tolist() == [2, 4, 5]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "t.tsv: the file is empty"),
        (b"a\tb\n", "no rows"),
        (b"a\tb\n1\t2\n1\t2\t3\n", "line 3, saw 3"),
        (b"a\ta\n1\t2\n", "line 1: there are two columns 'a'"),
        (b"a\tb\n\x00\x01\t\x00\n", "not a text file"),
        (b"a\tb\n\xff\xfe\t1\n", "not a text file"),
        (b">a\nACGT\n", "line 1: this is a FASTA file"),
        (gzip.compress(b"a\tb\n" + 9999 * b"1\t2\n", mtime=0)[:-9], "truncated or damaged"),
    ],
)
def test_a_broken_table_is_one_line(workshop, content, words):
    with pytest.raises(UserError, match=words) as error:
        read_delimited(workshop.write("t.tsv", content))
    assert "\n" not in str(error.value)


def test_the_first_lines_of_a_table(workshop):
    path = workshop.write("t.tsv.gz", b"a\tb\n\n1\t2\n3\t4\n5\t6\n")
    assert read_delimited(path, 4)["a"].to_dict() == {3: "1", 4: "3"}


def test_a_missing_table(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        read_delimited(str(tmp_path / "none.tsv"))


def test_sequences_come_in_blocks(workshop):
    sequences = {f"s{n}": "ACGT"[n % 4] * (n + 1) for n in range(5)}
    fasta = workshop.dataset([{"fasta": workshop.fasta("s.fa", sequences), "target": 1}]).sources[0]
    text = "id\tsequence\n\n" + "".join(f"{key}\t{value}\n" for key, value in sequences.items())
    table = workshop.dataset([{"table": workshop.write("s.tsv", text), "target": 1}]).sources[0]
    for source, first in ((fasta, 1), (table, 3)):
        blocks = list(sequence_blocks(source, DNA, rows=2))
        assert [len(numbers) for numbers, _, _ in blocks] == [2, 2, 1]
        assert np.concatenate([numbers for numbers, _, _ in blocks]).tolist() == list(range(first, first + 5))
        found = [DNA.decode(tokens) for _, _, block in blocks for tokens in block]
        assert found == list(sequences.values())


def test_blocks_of_long_sequences_are_small(workshop, monkeypatch):
    monkeypatch.setattr("motifloom.data.inputs.BLOCK_BYTES", 25)
    assert [block_rows(length) for length in (1, 10, 25, 26, 10**9)] == [25, 2, 1, 1, 1]
    sequences = {f"s{n}": "A" * size for n, size in enumerate([10, 10, 10, 30, 5, 5])}
    source = workshop.dataset([{"fasta": workshop.fasta("s.fa", sequences), "target": 1}]).sources[0]
    assert [len(numbers) for numbers, _, _ in sequence_blocks(source, DNA)] == [3, 1, 2]


def test_an_empty_sequence_of_a_table(workshop):
    path = workshop.write("s.tsv", "id\tsequence\na\tACGT\nb\t\n")
    source = workshop.dataset([{"table": path, "target": 1}]).sources[0]
    with pytest.raises(UserError, match=r"s\.tsv, line 3: the sequence is empty"):
        list(sequence_blocks(source, DNA))
