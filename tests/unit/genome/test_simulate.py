import gzip
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from motifloom.data.encode import DNA
from motifloom.errors import UserError
from motifloom.filters.meme import read_meme
from motifloom.genome.simulate import plant_sites, simulate, simulate_genome, write_genome

KNOWN = Path(__file__).parents[3] / "config" / "motifs" / "known.meme"
MOTIFS = {
    "M1": ("ALPHA", np.array([[0.85, 0.05, 0.05, 0.05], [0.0, 0.97, 0.03, 0.0], [0.1, 0.1, 0.7, 0.1]] * 3)),
    "M2": ("BETA::ONE", np.array([[0.01, 0.01, 0.01, 0.97]] * 8)),
}


def make_genome(seed=1, chromosomes=3, length=100_000):
    return simulate_genome(chromosomes, length, np.random.default_rng(seed))


def plant(sites_per_motif=150, peak_width=100, seed=2, **keys):
    genome = make_genome(**keys)
    before = {chrom: letters.copy() for chrom, letters in genome.items()}
    peaks, truth = plant_sites(
        genome,
        MOTIFS,
        np.random.default_rng(seed),
        sites_per_motif=sites_per_motif,
        peak_width=peak_width,
    )
    return before, genome, peaks, truth


def tokens_of(genome):
    return [DNA.encode(letters.tobytes()) for letters in genome.values()]


def test_chromosomes_differ_in_length_and_mean_what_was_asked():
    sizes = {chrom: len(letters) for chrom, letters in make_genome().items()}
    assert sizes == {"chr1": 120_000, "chr2": 100_000, "chr3": 80_000}
    assert {chrom: len(x) for chrom, x in make_genome(chromosomes=1).items()} == {"chr1": 100_000}


def test_composition_is_that_of_a_vertebrate():
    pairs, letters = np.zeros((5, 5)), np.zeros(5)
    windows = []
    for tokens in tokens_of(make_genome(length=300_000)):
        np.add.at(pairs, (tokens[:-1], tokens[1:]), 1)
        letters += np.bincount(tokens, minlength=5)
        usable = tokens[: len(tokens) // 10_000 * 10_000].reshape(-1, 10_000)
        windows += np.isin(usable, [1, 2]).mean(axis=1)[(usable == 4).mean(axis=1) < 0.01].tolist()
    share = letters[:4] / letters[:4].sum()
    ratio = pairs[:4, :4] / pairs[:4, :4].sum() / np.outer(share, share)
    assert ratio[1, 2] < 0.35  # CpG
    assert ratio[1, 0] > 1.05  # CpA
    assert ratio[3, 2] > 1.05  # TpG
    assert 0.4 < share[[1, 2]].sum() < 0.56
    assert np.abs(share - share[::-1]).max() < 0.005  # both strands alike
    assert np.ptp(windows) > 0.12  # isochores
    assert 0.36 < min(windows) < max(windows) < 0.6


def test_long_runs_of_a_and_t_are_common():
    text = "".join(DNA.decode(tokens) for tokens in tokens_of(make_genome()))
    for letter in "AT":
        share = text.count(letter) / len(text)
        assert text.count(letter * 8) > 1.8 * share**8 * len(text)


def test_some_letters_are_unknown_and_some_are_masked():
    for letters in make_genome().values():
        unknown = letters == ord("N")
        assert unknown[0]
        assert 0.002 < unknown.mean() < 0.03
        assert 2 <= np.count_nonzero(np.diff(unknown.astype(int)) == -1) <= 3
        assert 0.2 < (letters >= ord("a")).mean() < 0.5
        assert set(np.unique(letters)) == set(b"ACGTNacgt")


def test_the_genome_holds_each_site_where_the_truth_says():
    _, genome, _, truth = plant()
    assert truth.columns.tolist() == [
        "chrom", "start", "end", "strand", "motif", "motif_name", "sequence", "score", "peak",
    ]  # fmt: skip
    assert truth.groupby(["motif", "motif_name"]).size().to_dict() == {
        ("M1", "ALPHA"): 150,
        ("M2", "BETA::ONE"): 150,
    }
    for site in truth.itertuples():
        tokens = DNA.encode(genome[site.chrom][site.start : site.end].tobytes())
        tokens = tokens if site.strand == "+" else DNA.reverse_complement(tokens)
        assert DNA.decode(tokens) == site.sequence
        assert len(site.sequence) == len(MOTIFS[site.motif][1])
    assert 0.35 < (truth["strand"] == "+").mean() < 0.65


def test_nothing_but_the_sites_is_changed():
    before, genome, _, truth = plant()
    for chrom, letters in genome.items():
        free = np.ones(len(letters), bool)
        for site in truth[truth["chrom"] == chrom].itertuples():
            free[site.start : site.end] = False
        assert np.array_equal(letters[free], before[chrom][free])
        assert np.array_equal(letters >= ord("a"), before[chrom] >= ord("a"))


def test_scores_are_log_odds_against_the_composition_before_planting():
    before, _, _, truth = plant()
    counts = sum(np.bincount(tokens, minlength=5)[:4] for tokens in tokens_of(before))
    background = counts / counts.sum()
    for site in truth.itertuples():
        tokens = DNA.encode(site.sequence)
        odds = MOTIFS[site.motif][1][np.arange(len(tokens)), tokens] / background[tokens]
        assert site.score == pytest.approx(np.log2(odds).sum())
    assert np.isfinite(truth["score"]).all()


def test_peaks_hold_their_site_at_the_summit_and_are_apart():
    _, genome, peaks, truth = plant()
    assert peaks.groupby("motif_name").size().to_dict() == {"ALPHA": 150, "BETA::ONE": 150, "control": 150}
    assert peaks["name"].is_unique
    named = peaks.set_index("name")
    for site in truth.itertuples():
        peak = named.loc[site.peak]
        assert peak["motif_name"] == site.motif_name
        assert peak["chrom"] == site.chrom
        assert peak["start"] < site.start < site.end < peak["end"]
        assert peak["start"] + peak["summit"] == site.start + (site.end - site.start) // 2
    widths = peaks["end"] - peaks["start"]
    assert widths.between(80, 120).all()
    assert widths.mean() == pytest.approx(100, abs=3)
    for chrom, rows in peaks.groupby("chrom"):
        rows = rows.sort_values("start")
        assert (rows["start"].to_numpy()[1:] - rows["end"].to_numpy()[:-1]).min() >= 30
        assert rows["start"].min() >= 0
        assert rows["end"].max() <= len(genome[chrom])
        for peak in rows.itertuples():
            assert not (genome[chrom][peak.start : peak.end] == ord("N")).any()


def test_strong_peaks_have_better_sites():
    _, _, peaks, truth = plant(sites_per_motif=300)
    signal = truth["peak"].map(peaks.set_index("name")["signal"])
    sites = truth["motif"] == "M1"
    assert np.corrcoef(signal[sites], truth["score"][sites])[0, 1] > 0.15
    frequencies = np.mean([np.eye(4)[DNA.encode(s)] for s in truth["sequence"][sites]], axis=0)
    assert np.abs(frequencies - MOTIFS["M1"][1]).max() < 0.12


def test_files(tmp_path):
    truth = simulate(
        MOTIFS, tmp_path, seed=1, name="demo", chromosomes=2, chromosome_length=50_000, sites_per_motif=40
    )
    with gzip.open(tmp_path / "genome.fa.gz", "rt") as file:
        records = file.read().split(">")[1:]
    assert [record.partition("\n")[0] for record in records] == ["chr1", "chr2"]
    lines = records[0].splitlines()[1:]
    assert {len(line) for line in lines[:-1]} == {60}
    sequence = "".join(lines)
    site = truth[truth["strand"] == "+"].iloc[0]
    assert sequence[site["start"] : site["end"]].upper() == site["sequence"]
    written = pd.read_csv(tmp_path / "truth.tsv", sep="\t")
    assert written.drop(columns="score").equals(truth.drop(columns="score"))
    names = {path.name for path in (tmp_path / "peaks").iterdir()}
    assert names == {"ALPHA.narrowPeak", "BETA::ONE.narrowPeak", "control.narrowPeak"}
    rows = pd.read_csv(tmp_path / "peaks" / "ALPHA.narrowPeak", sep="\t", header=None)
    assert rows.shape == (40, 10)
    assert rows[4].between(0, 1000).all()
    assert rows[[0, 1]].equals(rows[[0, 1]].sort_values([0, 1]))
    assert set(rows[3]) == set(truth["peak"][truth["motif"] == "M1"])


def test_the_same_seed_and_name_give_the_same_bytes(tmp_path):
    for folder, seed, name in [("a", 1, "x"), ("b", 1, "x"), ("c", 2, "x"), ("d", 1, "y")]:
        size = {"chromosomes": 2, "chromosome_length": 30_000, "sites_per_motif": 10}
        simulate(MOTIFS, tmp_path / folder, seed=seed, name=name, **size)
    content = {
        folder: [path.read_bytes() for path in sorted((tmp_path / folder).rglob("*")) if path.is_file()]
        for folder in "abcd"
    }
    assert content["a"] == content["b"]
    assert all(one != other for one, other in zip(content["a"], content["c"], strict=True))
    assert all(one != other for one, other in zip(content["a"], content["d"], strict=True))


@pytest.mark.parametrize("length", [1, 59, 60, 61, 120])
def test_genome_lines(tmp_path, length):
    write_genome({"a": np.full(length, ord("G"), np.uint8)}, tmp_path / "g.fa.gz")
    lines = gzip.decompress((tmp_path / "g.fa.gz").read_bytes()).decode().split("\n")
    assert lines[0] == ">a"
    assert lines[-1] == ""
    assert "".join(lines[1:]) == "G" * length
    assert all(0 < len(line) <= 60 for line in lines[1:-1])


FLAT = np.full((5, 4), 0.25)


@pytest.mark.parametrize(
    ("motifs", "keys", "message"),
    [
        (
            MOTIFS,
            {"sites_per_motif": 1000},
            r"3000 peaks do not fit into the genome, which has room for \d+;",
        ),
        ({"M1": ("A/B", FLAT)}, {}, "motif M1: 'A/B' cannot name its file"),
        ({"M1": ("control", FLAT)}, {}, "motif M1: 'control' cannot name its file"),
        ({"M1": ("A", FLAT), "M2": ("A", FLAT)}, {}, "motif M1: 'A' cannot name its file"),
        ({"M1": ("A", np.tile(FLAT, (11, 1)))}, {}, "motif M1: it is 55 bp wide, too wide for peaks of 100"),
    ],
)
def test_impossible_plans(motifs, keys, message):
    with pytest.raises(UserError, match=message):
        plant_sites(make_genome(), motifs, np.random.default_rng(0), peak_width=100, **keys)


def test_the_printed_rows_of_our_motif_file_sum_to_one():
    text = KNOWN.read_text()
    assert "JASPAR 2022" in text
    assert "CC BY 4.0" in text
    rows = [line.split() for line in text.splitlines() if line.startswith(" ")]
    assert all(len(row) == 4 and all(len(number) == 6 for number in row) for row in rows)
    assert {sum(round(float(number) * 10_000) for number in row) for row in rows} == {10_000}
    motifs = read_meme(KNOWN)
    assert len(motifs) == 35
    assert motifs["MA0139.1"].name == "CTCF"
    assert motifs["MA0139.1"].nsites == 913


@pytest.mark.real_data
@pytest.mark.skipif("MOTIFLOOM_DATA" not in os.environ, reason="needs the folder named by MOTIFLOOM_DATA")
def test_our_motif_file_equals_jaspar():
    jaspar = read_meme(Path(os.environ["MOTIFLOOM_DATA"]) / "motifs" / "JASPAR2022_CORE_vertebrates_nr.meme")
    for motif in read_meme(KNOWN).values():
        original = jaspar[motif.id]
        assert motif.name == original.name.upper()
        assert motif.nsites == original.nsites
        assert np.abs(motif.probabilities - original.probabilities).max() < 1.1e-4
