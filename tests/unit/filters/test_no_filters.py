"""A network of which no convolution reads the sequence: every step gives its files, empty but valid."""

import gzip
import logging
import runpy
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pandas as pd
import pysam
import pytest

from motifloom.data.encode import DNA, RNA
from motifloom.data.store import write_dataset
from motifloom.filters.bank import FilterBank
from motifloom.filters.match import COLUMNS, best_matches, match_motifs
from motifloom.filters.meme import Motif, write_meme
from motifloom.filters.methods import find_motifs
from motifloom.filters.motifs import MotifSet
from motifloom.filters.positions import central_enrichment
from motifloom.filters.sites import COLUMNS as SITE_COLUMNS
from motifloom.filters.sites import write_sites
from motifloom.io import read_table, write_table

SCRIPTS = Path(__file__).parents[3] / "scripts"
METHODS = ["top", "softmax", "positive"]
POSITIONS = [
    "filter", "sites", "central_sites", "expected_fraction", "central_enrichment", "central_p_value",
]  # fmt: skip
SUMMARY = [
    "method", "filter", "layer", "n_sites", "threshold", "information_content", "consensus",
    "best_match_id", "best_match_name", "best_match_q_value",
]  # fmt: skip
DATABASE = """MEME version 4

ALPHABET= ACGT

MOTIF M1 one
letter-probability matrix: alength= 4 w= 2
1 0 0 0
0 0.5 0.5 0
"""


@pytest.fixture
def tokens():
    return np.random.default_rng(0).integers(0, 4, (6, 20), dtype=np.uint8)


@pytest.fixture
def regions():
    frame = pd.DataFrame({"id": [f"s:{i}" for i in range(6)], "chrom": "chr1", "start": np.arange(6) * 20})
    return frame.assign(
        end=frame["start"] + 20, strand="+", name=".", source="s", record=range(6), parent="",
        **{"target.positive": [0, 1] * 3},
    )  # fmt: skip


def empty_set(method, tokens=None, alphabet=DNA):
    return find_motifs(method, FilterBank([], alphabet), tokens)


@pytest.mark.parametrize("method", METHODS)
def test_sets_without_filters_go_to_files_and_back(method, tokens, tmp_path):
    motifs = empty_set(method, tokens, RNA)
    motifs.to_hdf5(tmp_path / "m.h5")
    again = MotifSet.from_hdf5(tmp_path / "m.h5")
    for each in (motifs, again):
        assert (len(each), each.filters, each.layers, each.silent) == (0, [], [], [])
        assert (each.method, each.alphabet.name) == (method, "rna")
        assert (each.n_sites is None) == (method != "top")
    np.testing.assert_array_equal(again.background, motifs.background)
    if method == "top":
        np.testing.assert_allclose(again.background, np.bincount(tokens.ravel()) / tokens.size)
    with h5py.File(tmp_path / "m.h5") as file:
        assert file["filters"].shape == file["layers"].shape == (0,)


def test_tables_have_their_columns_and_no_rows(tokens, tmp_path):
    motifs, bank = empty_set("top", tokens), FilterBank([], DNA)
    database = {"M1": Motif("M1", "one", np.eye(4), None, "ACGT")}
    tables = {
        "summary": (motifs.summary(), SUMMARY[:7]),
        "matches": (match_motifs(motifs, database), COLUMNS),
        "positions": (central_enrichment(motifs, bank, tokens), POSITIONS),
        "best": (best_matches(match_motifs(motifs, database)), ["method", "filter", *SUMMARY[7:]]),
    }
    for name, (table, columns) in tables.items():
        write_table(table, tmp_path / name)
        for each in (table, read_table(tmp_path / name)):
            assert (list(each.columns), len(each)) == (columns, 0), name
    assert tables["summary"][0].dtypes[["filter", "layer", "consensus"]].tolist() == ["str"] * 3
    assert tables["positions"][0].dtypes[["sites", "central_sites"]].tolist() == [np.int64, np.int64]


def test_meme_file_is_the_header(tmp_path):
    assert write_meme(empty_set("softmax"), tmp_path / "m.meme") == []
    assert (tmp_path / "m.meme").read_text().split("\n") == [
        "MEME version 4", "", "ALPHABET= ACGT", "", "strands: + -", "", "Background letter frequencies",
        "A 0.250000 C 0.250000 G 0.250000 T 0.250000", "", "",
    ]  # fmt: skip


def test_sites_are_the_header(tokens, regions, tmp_path):
    dataset = SimpleNamespace(
        regions=regions, tokens=tokens, task="binary", classes=["no", "yes"],
        targets=regions[["target.positive"]].to_numpy(),
    )  # fmt: skip
    path = tmp_path / "sites.bed.gz"
    assert write_sites(empty_set("top", tokens), FilterBank([], DNA), dataset, ["train"] * 6, path) == 0
    assert gzip.decompress(path.read_bytes()).decode() == "#" + "\t".join(SITE_COLUMNS) + "\n"
    with pysam.TabixFile(str(path)) as file:
        assert (file.contigs, list(file.fetch())) == ([], [])


@pytest.fixture
def run_script(tmp_path):
    """Run a script of the workflow as Snakemake does; the logger is as before afterwards."""
    logger = logging.getLogger("motifloom")
    before = list(logger.handlers), logger.level, logger.propagate

    def run(name, input, output, wildcards=(), **params):
        output = SimpleNamespace(**output) if isinstance(output, dict) else output
        given = {"input": SimpleNamespace(**input), "output": output, "params": SimpleNamespace(**params)}
        given |= {"wildcards": SimpleNamespace(**dict(wildcards)), "threads": 1, "log": [tmp_path / "log"]}
        runpy.run_path(str(SCRIPTS / f"{name}.py"), {"snakemake": SimpleNamespace(**given)})

    yield run
    logger.handlers, logger.level, logger.propagate = before


@pytest.fixture(params=["Flatten", "LSTM"])
def archive(request, tmp_path):
    """The filters of a network that starts with another layer than a convolution."""
    from motifloom.models.filters import export_filters
    from motifloom.models.spec import build_model

    first = {"class_name": request.param, "config": {"units": 2} if request.param == "LSTM" else {}}
    last = {"class_name": "Dense", "config": {"units": "auto", "activation": "auto"}}
    spec = {"model": {"layers": [first, last]}}
    model = build_model(spec, length=20, alphabet_size=4, task="binary", n_targets=1)
    export_filters(model, tmp_path / "filters.npz", "dna")
    return tmp_path / "filters.npz"


def test_the_scripts_in_a_row(archive, tokens, regions, tmp_path, run_script):
    paths = {name: tmp_path / name for name in ("dataset.h5", "split.tsv", "sites.bed.gz", "positions.tsv")}
    dataset, split, sites, positions = paths.values()
    write_dataset(dataset, regions, [tokens], alphabet="dna", task="binary")
    parts = ["train", "train", "train", "validation", "test", "test"]
    write_table(pd.DataFrame({"id": regions["id"], "group": range(6), "part": parts}), split)
    (tmp_path / "db.meme").write_text(DATABASE)
    sets = [tmp_path / f"{method}.h5" for method in METHODS]
    common = {"filters": archive, "dataset": dataset, "split": split}
    for method, motifs in zip(METHODS, sets, strict=True):
        options = {"percentile": 90, "parts": ["train"]} if method == "top" else {}
        output = {"motifs": motifs, "meme": tmp_path / f"{method}.meme"}
        run_script("find_motifs", common, output, {"method": method}, options=options, fold=0)
        output = {"single": tmp_path / f"{method}.logos", "grid": tmp_path / f"{method}.svg"}
        run_script("draw_logos", {"motifs": motifs}, output)
        assert list(output["single"].iterdir()) == []
        assert "<svg" in output["grid"].read_text()
    output = {"sites": sites, "positions": positions}
    run_script("find_sites", {"motifs": sets[0], **common}, output, fold=0, parts=["train", "test"])
    matches, summary = tmp_path / "matches.tsv", tmp_path / "summary.tsv"
    match_input = {"motifs": sets, "database": [tmp_path / "db.meme"]}
    run_script("match_motifs", match_input, [matches], q_value=0.1, seed=1)
    for found in ([positions], []):
        summary_input = {"motifs": sets, "matches": matches, "positions": found}
        run_script("summarise_filters", summary_input, [summary], q_value=0.1)
        table = read_table(summary)
        assert len(table) == 0
        assert list(table.columns) == [*SUMMARY, *(POSITIONS[-2:] if found else [])]
    assert list(read_table(matches).columns) == COLUMNS
    assert list(read_table(positions).columns) == POSITIONS
    assert len(gzip.decompress(sites.read_bytes()).splitlines()) == 1
