"""What a finished run leaves behind: complete, documented, and true to the genome."""

import gzip
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from runner import ROOT

from motifloom.data.encode import DNA
from motifloom.data.store import Dataset
from motifloom.filters.bank import FilterBank
from motifloom.filters.meme import read_meme
from motifloom.io import read_table

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("finished")]


@pytest.fixture(scope="module")
def results(finished):
    return finished[0] / "results"


@pytest.fixture(scope="module")
def genome(results):
    """Chromosome -> sequence, read the obvious way."""
    text = gzip.decompress((results / "simulations/tiny/genome.fa.gz").read_bytes()).decode()
    records = [record.split("\n", 1) for record in text.split(">")[1:]]
    return {name.split()[0]: body.replace("\n", "").upper() for name, body in records}


def reverse_complement(text):
    return text[::-1].translate(str.maketrans("ACGTN", "TGCAN"))


def test_pages_and_tables_are_there_and_nothing_is_half_written(results):
    for name in ("index.html", "comparison.tsv", "first/report.html", "second/report.html"):
        assert (results / name).stat().st_size > 500, name
    files = [path for path in results.rglob("*") if path.is_file() and path.name != ".snakemake_timestamp"]
    assert [path for path in files if path.name.startswith(".")] == []
    assert [path for path in files if path.stat().st_size == 0 and "logs" not in path.parts] == []


def test_every_file_is_documented(results):
    text = (ROOT / "docs/outputs.md").read_text()
    for path in results.rglob("*"):
        if not path.is_file() or {"logs", "benchmarks"} & set(path.relative_to(results).parts):
            continue
        name = re.sub(r"^(top|softmax|positive)\b", "{method}", path.name)
        name = re.sub(r"^(CTCF|SPI1)\.narrowPeak", "{motif name}.narrowPeak", name)
        name = re.sub(r"^scanner_\d+\.svg", "{filter}.svg", name)
        known = (name, path.name, *(f"{parent.name}/{name}" for parent in path.parents[:1]))
        assert path.name.startswith(".snakemake") or any(k in text for k in known), path


def test_tokens_are_the_genome_on_the_strand_of_the_example(results, genome):
    with Dataset(results / "datasets/bound/dataset.h5") as dataset:
        regions, tokens = dataset.regions, dataset.tokens[:]
    for region, row in zip(regions.itertuples(), tokens, strict=True):
        text = genome[region.chrom][region.start : region.end]
        assert DNA.decode(row) == (reverse_complement(text) if region.strand == "-" else text)


@pytest.mark.parametrize("experiment", ["first", "second"])
def test_sites_have_the_score_of_the_sequence_at_their_coordinates(results, genome, experiment):
    folder = results / experiment / "seed1"
    sites = pd.read_csv(folder / "filters/top.sites.bed.gz", sep="\t").rename(columns={"#chrom": "chrom"})
    layer = FilterBank.read(folder / "filters.npz").layers[0]
    assert len(sites) > 100
    for site in sites.sample(100, random_state=1).itertuples():
        text = genome[site.chrom][site.start : site.end]
        window = DNA.one_hot(DNA.encode(reverse_complement(text) if site.strand == "-" else text))
        number = layer.filters.index(site.filter)
        score = (window * layer.kernel[:, :, number]).sum() + layer.bias[number]
        assert max(score, 0) == pytest.approx(site.score, abs=1e-4)
    summary = read_table(folder / "filters/summary.tsv")
    counts = summary[summary["method"] == "top"].set_index("filter")["n_sites"]
    assert sites["filter"].value_counts().sort_index().to_dict() == counts[counts > 0].sort_index().to_dict()
    nsites = {motif.id: motif.nsites for motif in read_meme(folder / "filters/top.meme").values()}
    assert nsites == counts[counts > 0].to_dict()


def test_peaks_hold_their_planted_sites(results, genome):
    for site in read_table(results / "simulations/tiny/truth.tsv").itertuples():
        text = genome[site.chrom][site.start : site.end]
        assert site.sequence == (reverse_complement(text) if site.strand == "-" else text)


def test_every_example_is_predicted_once_in_its_part(results):
    split = read_table(results / "datasets/bound/split.tsv.gz")
    for run in ("first", "bound.gc", "bound.kmer", "first.label_shuffle"):
        predictions = read_table(results / run / "seed1/predictions.tsv.gz")
        assert predictions[["id", "part"]].equals(split[["id", "part"]])
        assert predictions["score.positive"].between(0, 1).all()


def test_negatives_overlap_no_positive_and_match_their_gc(results):
    regions = read_table(results / "datasets/bound/regions.tsv.gz", dtype={"parent": str})
    made = regions["parent"].notna()
    positives, negatives = regions[~made].set_index("id"), regions[made]
    assert len(negatives) > 30
    pairs = positives.loc[negatives["parent"]]
    assert (pairs["chrom"].to_numpy() == negatives["chrom"].to_numpy()).all()
    assert np.abs(pairs["gc"].to_numpy() - negatives["gc"].to_numpy()).max() <= 0.05
    for row in negatives.itertuples():
        here = positives[positives["chrom"] == row.chrom]
        assert not ((here["start"] < row.end) & (row.start < here["end"])).any()


def test_logs_name_what_happened(results):
    log = Path(results / "logs/train/first.seed1.log").read_text()
    assert "epoch 2/2" in log and "best weights: epoch" in log
