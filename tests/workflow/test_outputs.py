"""What a finished run leaves behind: complete, documented, and true to the genome."""

import gzip
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from runner import ROOT, snakemake

from motifloom.data.encode import DNA
from motifloom.data.store import Dataset
from motifloom.filters.bank import FilterBank
from motifloom.filters.meme import read_meme
from motifloom.io import read_table

pytestmark = pytest.mark.workflow

METHOD = r"^(top|significant|class_max|softmax|positive)\b"
SUFFIXES = "tsv|svg|html|gz|h5|npz|keras|json|tbi|meme|jaspar|nwk|fa|fai|gzi|narrowPeak"
# Documented files that the tiny run has not: of regressions, of ordinary gzip, made when asked for by name.
OTHER = {"evaluation/scatter.svg", "genome.fa", "coefficients.tsv", "sensitivity.sample.tsv.gz"}
OTHER |= {
    "{experiment}/model.tsv",
    "{experiment}/model.svg",
    "embeddings/{layer}.tsv",
    "embeddings/{layer}.svg",
}
OTHER |= {f"activations/{{set}}.{{layer}}.{suffix}" for suffix in ("h5", "strands.h5", "tsv.gz")}
OTHER |= {"{experiment}/start_audit.tsv", "resume/checkpoint.npz"}
OTHER |= {f"attention/{{set}}.{name}" for name in ("tsv.gz", "profile.tsv", "svg", "sites.tsv", "sites.svg")}
OTHER |= {"range_test.tsv", "range_test.json", "range_test.svg", "audit.{trained}.tsv"}
OTHER |= {"strands.tsv.gz", "uncertainty.tsv.gz", "tracks/{target}.bed.gz"}
OTHER |= {f"sweeps/{{sweep}}/{name}" for name in ("trials/{trial}.json", "trials.tsv", "importance.tsv")}
OTHER |= {f"sweeps/{{sweep}}/{name}.svg" for name in ("importance", "parallel_coordinates", "history")}


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
        name = re.sub(METHOD, "{method}", path.name)
        name = re.sub(r"^(CTCF|SPI1)\.narrowPeak", "{motif name}.narrowPeak", name)
        name = re.sub(r"^scanner_\d+\.svg", "{filter}.svg", name)
        folder = re.sub(METHOD, "{method}", path.parent.name)
        known = (f"{folder}/{name}",) if name == "{filter}.svg" else (name, path.name)
        found = (re.search(f"[`/]{re.escape(one)}`", text) for one in known)
        assert path.name.startswith(".snakemake") or any(found), path


def test_every_documented_file_is_there(results):
    """Of the first column of every table; those of other data or made when asked for are in OTHER."""
    rows = re.findall(r"^\| ((?:`[^`]+`(?:, )?)+) \| .+ \|$", (ROOT / "docs/outputs.md").read_text(), re.M)
    names = {name.removeprefix("results/") for row in rows for name in re.findall("`([^`]+)`", row)}
    files = {name for name in names if re.search(rf"\.({SUFFIXES})$", name)}
    assert len(files) > 60 and files >= OTHER
    for name in files - OTHER:
        assert list(results.glob("**/" + re.sub(r"\{[^}]+\}", "*", name))), name


def test_every_column_is_documented(results):
    text = (ROOT / "docs/outputs.md").read_text()
    free = r"(target|score)\.(positive|CTCF|SPI1)|scanner_\d+|AUC|val_\w+"
    for path in results.rglob("*"):
        if not re.search(r"\.(tsv|bed)(\.gz)?$", path.name) or "benchmarks" in path.parts:
            continue
        for column in pd.read_csv(path, sep="\t", nrows=0).columns:
            assert re.fullmatch(free, column) or f"`{column}`" in text, (path, column)


def test_what_is_made_when_asked_for_by_name(copied):
    folder, config = copied
    coefficients, filters = "results/bound.gc/seed1/coefficients.tsv", "results/second/seed1/filters"
    sample = f"{filters}/sensitivity.sample.tsv.gz"
    snakemake(folder, config, coefficients, sample)
    assert list(read_table(folder / coefficients)) == ["feature", "target", "coefficient"]
    rows = read_table(folder / sample)
    assert " ".join(rows) == "filter id start strand activation position reference base log2_ratio"
    sites = rows[["filter", "id", "start", "strand"]].drop_duplicates()["filter"].value_counts()
    summary = read_table(folder / filters / "summary.tsv").query("method == 'top' and n_sites > 0")
    assert sites.to_dict() == summary.set_index("filter")["n_sites"].clip(upper=200).to_dict()


def test_tokens_are_the_genome_on_the_strand_of_the_example(results, genome):
    with Dataset(results / "datasets/bound/dataset.h5") as dataset:
        regions, tokens = dataset.regions, dataset.tokens[:]
    for region, row in zip(regions.itertuples(), tokens, strict=True):
        text = genome[region.chrom][region.start : region.end]
        assert DNA.decode(row) == (reverse_complement(text) if region.strand == "-" else text)


@pytest.mark.parametrize("method", ["top", "significant", "class_max"])
@pytest.mark.parametrize("experiment", ["first", "second"])
def test_sites_have_the_score_of_the_sequence_at_their_coordinates(results, genome, experiment, method):
    folder = results / experiment / "seed1"
    path = folder / f"filters/{method}.sites.bed.gz"
    sites = pd.read_csv(path, sep="\t").rename(columns={"#chrom": "chrom"})
    layer = FilterBank.read(folder / "filters.npz").layers[0]
    assert len(sites) > 20
    for site in sites.sample(min(100, len(sites)), random_state=1).itertuples():
        text = genome[site.chrom][site.start : site.end]
        window = DNA.one_hot(DNA.encode(reverse_complement(text) if site.strand == "-" else text))
        number = layer.filters.index(site.filter)
        score = (window * layer.kernel[:, :, number]).sum() + layer.bias[number]
        assert max(score, 0) == pytest.approx(site.score, abs=1e-4) and site.sequence == DNA.decode(
            DNA.encode(reverse_complement(text) if site.strand == "-" else text)
        )
    summary = read_table(folder / "filters/summary.tsv")
    counts = summary[summary["method"] == method].set_index("filter")["n_sites"]
    assert sites["filter"].value_counts().sort_index().to_dict() == counts[counts > 0].sort_index().to_dict()
    nsites = {motif.id: motif.nsites for motif in read_meme(folder / f"filters/{method}.meme").values()}
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
    assert "epoch 10/10" in log and "best weights: epoch" in log
