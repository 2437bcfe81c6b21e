import gzip

import numpy as np
import pandas as pd
import pysam
import pytest

from motifloom.data.encode import DNA, PROTEIN
from motifloom.errors import UserError
from motifloom.filters import site_table
from motifloom.filters.site_table import COLUMNS, choose_sites, count_letters, read_sites

HEAD = "#" + "\t".join(COLUMNS) + "\n"
LINES = (
    "1\t100\t103\tconv_000\t1.25\t+\tregion 1\t7\ttrain\tCTCF,GATA1\tACN\t1.5e-07\t0.01\n"
    'NA\t0\t3\tconv_001\t2\t-\t"x\t0\ttest\t.\tNAN\t.\t.\n'
)


@pytest.mark.parametrize("kind", ["plain", "gzip", "bgzip", "windows"])
def test_sites_are_read(tmp_path, kind):
    path, content = tmp_path / "top.sites.bed.gz", (HEAD + LINES).encode()
    if kind == "bgzip":
        with pysam.BGZFile(str(path), "wb") as file:
            file.write(content)
    else:
        content = content.replace(b"\n", b"\r\n") if kind == "windows" else content
        path.write_bytes(gzip.compress(content) if kind == "gzip" else content)
    sites = read_sites(path)
    assert sites.columns.tolist() == COLUMNS
    assert sites.iloc[0].tolist() == [
        *("1", 100, 103, "conv_000", 1.25, "+", "region 1", 7, "train", "CTCF,GATA1", "ACN", 1.5e-7, 0.01)
    ]
    # Names and sequences that look like missing values or quotes are none.
    assert sites.iloc[1].tolist()[:11] == [*("NA", 0, 3, "conv_001", 2.0, "-", '"x', 0, "test", ".", "NAN")]
    assert sites[["p_value", "q_value"]].isna().to_numpy().tolist() == [[False] * 2, [True] * 2]
    assert sites["q_value"].dtype == float
    assert sites["start"].dtype == np.int64


def test_no_sites(tmp_path):
    (tmp_path / "s.bed").write_text(HEAD)
    sites = read_sites(tmp_path / "s.bed")
    assert sites.columns.tolist() == COLUMNS
    assert len(choose_sites(sites, q_value=0.05, targets=["a"], parts="test")) == 0
    counts, n_sites = count_letters(sites, {"a": 3}, DNA)
    assert (counts["a"].shape, counts["a"].sum(), n_sites.tolist()) == ((3, 4), 0, [0])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"chr1\t0\t5\n", "not a file of sites"),
        (b"", "not a file of sites"),
        (b"\xff\xfe\n", "cannot be read"),
        (gzip.compress((HEAD + LINES).encode(), mtime=0)[:-12], "cannot be read"),
        ((HEAD + LINES[:-20]).encode(), "not a complete file"),
        ((HEAD + LINES.replace("100", "x")).encode(), "not a complete file"),
    ],
)
def test_other_files_are_a_user_error(tmp_path, content, message):
    (tmp_path / "s.bed").write_bytes(content)
    with pytest.raises(UserError, match=rf"s\.bed: {message}"):
        read_sites(tmp_path / "s.bed")
    with pytest.raises(UserError, match="absent"):
        read_sites(tmp_path / "absent")


@pytest.mark.parametrize(("alphabet", "unknown"), [(DNA, "N"), (PROTEIN, "X")], ids=["dna", "protein"])
def test_counting_equals_a_loop(alphabet, unknown, monkeypatch):
    monkeypatch.setattr(site_table, "SITES_AT_ONCE", 7)
    rng = np.random.default_rng(0)
    widths = {"a": 4, "b": 2, "c": 4, "d": 3}
    names = rng.choice(["c", "a", "b", "elsewhere"], 200)
    letters = list(alphabet.letters + unknown)
    sequences = ["".join(rng.choice(letters, widths.get(name, 9))) for name in names]
    counts, n_sites = count_letters(pd.DataFrame({"filter": names, "sequence": sequences}), widths, alphabet)
    expected = {name: np.zeros((width, alphabet.size)) for name, width in widths.items()}
    for name, sequence in zip(names, sequences, strict=True):
        for position, letter in enumerate(sequence):
            if name in widths and letter != unknown:
                expected[name][position, alphabet.letters.index(letter)] += 1
    assert list(counts) == list(widths)
    assert all((counts[name] == expected[name]).all() for name in widths)
    assert n_sites.tolist() == [(names == name).sum() for name in widths]


def test_a_target_of_no_site_is_told(caplog):
    sites = pd.DataFrame({"targets": ["a", "a,b", np.nan]})
    assert choose_sites(sites, targets=["b", "c"]).index.tolist() == [1]
    assert "no site has the target c" in caplog.text
