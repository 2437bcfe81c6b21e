"""The synthetic task of the tutorial on attention holds what it says."""

import gzip
import runpy
from collections import Counter
from pathlib import Path

PLANTED = runpy.run_path(str(Path(__file__).parents[1] / "real/planted.py"))


def test_sites_are_where_the_table_says(tmp_path):
    PLANTED["write"](tmp_path, examples=401, length=60, seed=3)
    sequences = {}
    for kind in ("positive", "negative"):
        records = gzip.decompress((tmp_path / f"{kind}.fa.gz").read_bytes()).decode().split(">")[1:]
        sequences |= dict(record.split() for record in records)
    assert list(sequences)[:2] == ["pos1", "pos2"] and list(sequences)[-1] == "neg201"
    assert {len(sequence) for sequence in sequences.values()} == {60}
    sites = [line.split("\t") for line in (tmp_path / "sites.bed").read_text().splitlines()]
    for name, start, end, motif in sites:
        assert sequences[name][int(start) : int(end)] == motif
        assert motif in PLANTED["MOTIFS"]["positive" if name.startswith("pos") else "negative"]
    counts = Counter(name for name, *_ in sites)
    assert set(counts.values()) == {1} and sum(name.startswith("pos") for name in counts) == 200
    assert 40 < sum(name.startswith("neg") for name in counts) < 80
    assert len({motif for *_, motif in sites}) == 8


def test_equal_seeds_give_equal_bytes(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        PLANTED["write"](tmp_path / name, examples=10, length=30, seed=seed)
    for file in ("positive.fa.gz", "negative.fa.gz", "sites.bed"):
        first, same, other = ((tmp_path / name / file).read_bytes() for name in "abc")
        assert first == same != other
