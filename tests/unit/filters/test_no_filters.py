"""A network of which no convolution reads the sequence: every step gives its files, empty but valid."""

import gzip
import itertools
import logging
import re
import runpy
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import h5py
import numpy as np
import pandas as pd
import pysam
import pytest

from motifloom.config.interpretation import Interpretation
from motifloom.config.methods import METHODS
from motifloom.data.encode import DNA, RNA
from motifloom.data.store import write_dataset
from motifloom.filters import significance
from motifloom.filters.bank import FilterBank
from motifloom.filters.match import COLUMNS, best_matches, match_motifs
from motifloom.filters.meme import Motif, write_meme
from motifloom.filters.methods import class_max_motifs, softmax_motifs, top_motifs
from motifloom.filters.motifs import MotifSet
from motifloom.filters.positions import central_enrichment
from motifloom.filters.site_table import COLUMNS as SITE_COLUMNS
from motifloom.filters.sites import by_cutoffs, write_sites
from motifloom.filters.summaries import read_summary, write_summary
from motifloom.io import read_table, write_table

ROOT = Path(__file__).parents[3]
POSITIONS = [
    "filter", "sites", "central_sites", "expected_fraction", "central_enrichment", "central_p_value",
]  # fmt: skip
SUMMARY = [
    "method", "filter", "layer", "n_sites", "threshold", "information_content", "consensus",
    "best_match_id", "best_match_name", "best_match_q_value",
]  # fmt: skip
QUANTILES = "quantile_05 quantile_25 median quantile_75 quantile_95"
IMPORTANCE = "perturbation metric importance ci_low ci_high baseline iterations n"
# Every table, and its columns.
TABLES = {
    "thresholds.tsv": significance.THRESHOLD_COLUMNS,
    "positions.tsv": ["method", *POSITIONS],
    "matches.tsv": COLUMNS,
    "unmatched.tsv": COLUMNS,
    "summary.tsv": [*SUMMARY, *POSITIONS[-2:]],
    "unlocated.tsv": SUMMARY,
    "redundancy.tsv": "compared filter_a filter_b similarity strand offset overlap similarity_forward "
    "similarity_reverse",
    "redundancy_groups.tsv": "filter redundancy_group",
    "clusters.tsv": "filter activation_cluster activation_silhouette motif_cluster motif_silhouette "
    "redundancy_group activation_order motif_order",
    "cluster_scores.tsv": "compared clusters silhouette chosen",
    "sequences.tsv.gz": "id target.positive",
    "enrichment.tsv": "filter target test unit universe n n_target log2_fold_change auc odds_ratio "
    "log2_odds_ratio correlation a b c d p_value q_value",
    "class_activation.tsv": f"filter target n mean sd {QUANTILES} above",
    "kernel_score.tsv": "filter kernel_score top_target threshold",
    "maxima.tsv": "filter target bin_start bin_end sequences fraction",
    "profile.tsv.gz": "filter target position mean sd n",
    "sensitivity.tsv": f"filter position reference base n mean {QUANTILES}",
    "sensitivity.sample.tsv.gz": "filter id start strand activation position reference base log2_ratio",
    "1-of-2.tsv": f"filter {IMPORTANCE}",
    "1-of-2.iterations.tsv": "filter perturbation metric iteration value",
    "1-of-2.groups.tsv": f"group filters {IMPORTANCE} rank",
    "importance.tsv": f"filter {IMPORTANCE} rank",
    "importance.groups.tsv": f"group filters {IMPORTANCE} rank",
    "importance.iterations.tsv.gz": "filter perturbation metric iteration value",
    "stability.tsv": "motif seeds seed filter similarity strand offset medoid",
}
TABLES["unsited.tsv"] = TABLES["enrichment.tsv"]
TABLES |= {name.replace("1-", "2-"): columns for name, columns in TABLES.items() if name[0] == "1"}
DATABASE = """MEME version 4

ALPHABET= ACGT

MOTIF M1 one
letter-probability matrix: alength= 4 w= 2
1 0 0 0
0 0.5 0.5 0
"""


@pytest.fixture
def tokens():
    return make_tokens()


def make_tokens():
    return np.random.default_rng(0).integers(0, 4, (6, 20), dtype=np.uint8)


@pytest.fixture
def regions():
    return make_regions()


def make_regions():
    frame = pd.DataFrame({"id": [f"s:{i}" for i in range(6)], "chrom": "chr1", "start": np.arange(6) * 20})
    return frame.assign(
        end=frame["start"] + 20, strand="+", name=".", source="s", record=range(6), parent="",
        **{"target.positive": [0, 1] * 3},
    )  # fmt: skip


@pytest.fixture
def empty_sets(tokens, tmp_path):
    """Motif sets without filters, by method."""
    bank = FilterBank([], RNA)
    write_summary(bank, tokens, tmp_path / "a.h5")
    members, summary = np.ones((6, 1), bool), read_summary(tmp_path / "a.h5")
    return {
        "top": top_motifs(bank, tokens),
        "class_max": class_max_motifs(bank, tokens, summary, members, ["one"]),
        "softmax": softmax_motifs(bank),
    }


@pytest.mark.parametrize("method", ["top", "class_max", "softmax"])
def test_sets_without_filters_go_to_files_and_back(method, empty_sets, tokens, tmp_path):
    motifs = empty_sets[method]
    motifs.to_hdf5(tmp_path / "m.h5")
    again = MotifSet.from_hdf5(tmp_path / "m.h5")
    for each in (motifs, again):
        assert (len(each), each.filters, each.layers, each.silent) == (0, [], [], [])
        assert (each.method, each.alphabet.name) == (method, "rna")
        assert (each.n_sites is None) == (method == "softmax")
        assert (each.cutoffs is None) == (method != "top")
        assert each.parameters == motifs.parameters
    np.testing.assert_array_equal(again.background, motifs.background)
    if method != "softmax":
        np.testing.assert_allclose(again.background, np.bincount(tokens.ravel()) / tokens.size)
    with h5py.File(tmp_path / "m.h5") as file:
        assert file["filters"].shape == file["layers"].shape == (0,)


def test_tables_have_their_columns_and_no_rows(empty_sets, tmp_path):
    motifs, bank = empty_sets["top"], FilterBank([], DNA)
    database = {"M1": Motif("M1", "one", np.eye(4), None, "ACGT")}
    tables = {
        "summary": (motifs.summary(), SUMMARY[:7]),
        "matches": (match_motifs(motifs, database), COLUMNS),
        "positions": (central_enrichment(bank, [], 20), POSITIONS),
        "best": (best_matches(match_motifs(motifs, database)), ["method", "filter", *SUMMARY[7:]]),
    }
    for name, (table, columns) in tables.items():
        write_table(table, tmp_path / name)
        for each in (table, read_table(tmp_path / name)):
            assert (list(each.columns), len(each)) == (columns, 0), name
    assert tables["summary"][0].dtypes[["filter", "layer", "consensus"]].tolist() == ["str"] * 3
    assert tables["positions"][0].dtypes[["sites", "central_sites"]].tolist() == [np.int64, np.int64]


def test_meme_file_is_the_header(tmp_path):
    assert write_meme(softmax_motifs(FilterBank([], DNA)), tmp_path / "m.meme") == []
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
    assert write_sites(FilterBank([], DNA), dataset, ["train"] * 6, path, by_cutoffs(tokens, {})) == 0
    assert gzip.decompress(path.read_bytes()).decode() == "#" + "\t".join(SITE_COLUMNS) + "\n"
    with pysam.TabixFile(str(path)) as file:
        assert (file.contigs, list(file.fetch())) == ([], [])


class Files(list):
    """Paths by name, by number, and as attributes, as Snakemake gives them."""

    def __init__(self, paths):
        named = paths if isinstance(paths, dict) else {}
        super().__init__(named.values() if named else paths)
        self.__dict__.update(named)

    def __getitem__(self, key):
        return getattr(self, key) if isinstance(key, str) else super().__getitem__(key)


# What the steps are told with the default config.
CONFIG = Interpretation()
DATA = {"dataset": "dataset.h5", "split": "split.tsv"}
KERNELS, ACTIVATIONS = {"filters": "filters.npz"}, {"activations": "activations.h5"}
ROWS = {"parts": ["train", "test"], "fold": 0}
SCAN = {**ROWS, "strands": CONFIG.filters.strands}
SIMILARITY = {"similarity": CONFIG.redundancy.similarity}
COMPARED = f"{CONFIG.filters.compared}.h5"
SHARES = ["1-of-2", "2-of-2"]


def scripted():
    """Return the steps in an order in which they can run: script, input, output, wildcards, params.

    Names of files stand for files in one folder. A step gets what its rule gives it with the default config,
    or without the files that there are not always: a database, coordinates, a method with sites.
    """
    return [*finding(), *relating(), *telling(), *weighing()]


def finding():
    """Scan, test, find motifs and their sites, compare with a database, summarise."""
    tests = CONFIG.significance.model_dump(exclude={"correct_over"})
    tests["null"] = tests.pop("null_model")
    decision = {"q_value": CONFIG.significance.q_value, "over": CONFIG.significance.correct_over}
    special = {"significant": ["significance.h5"], "class_max": ["activations.h5"]}
    sets = [f"{method}.h5" for method in METHODS]
    located = [method for method in METHODS if METHODS[method].sites]
    scanned = {**KERNELS, "dataset": "dataset.h5"}
    yield "scan_filters", scanned, ["activations.h5"], {}, {"strands": CONFIG.filters.strands}
    for share in SHARES:
        output = [f"tests.{share}.h5"]
        yield (
            *("test_windows", {**KERNELS, **DATA}, output, {"scatteritem": share}),
            {"seed": 1, "options": tests, **SCAN},
        )
    output = {"significance": "significance.h5", "thresholds": "thresholds.tsv", "figure": "significance.svg"}
    tested = {"shares": [f"tests.{share}.h5" for share in SHARES], **KERNELS}
    yield "set_thresholds", tested, output, {}, decision
    for method, needs in METHODS.items():
        options = CONFIG.filters.model_dump(include=set(needs.options))
        options |= {"parts": ["train"], "strands": CONFIG.filters.strands} if needs.sites else {}
        options |= decision if method == "significant" else {}
        params, names = {"options": options, "fold": 0}, {"method": method}
        given, motifs = {"special": special.get(method, []), **KERNELS, **DATA}, {"motifs": f"{method}.h5"}
        output = {**motifs, "meme": f"{method}.meme", "jaspar": f"{method}.jaspar"}
        yield "find_motifs", given, output, names, params
        output = {"grid": f"{method}.logos.svg", "single": f"{method}.logos"}
        yield "draw_logos", motifs, output, names, {"kind": CONFIG.filters.logos}
        if needs.sites:
            yield "find_sites", {**given, **motifs}, [f"{method}.sites.bed.gz"], names, params
    paths = [f"{method}.sites.bed.gz" for method in located]
    yield "locate_sites", {**scanned, "sites": paths}, ["positions.tsv"], {}, {"methods": located}
    for database, table in ((["db.meme"], "matches.tsv"), ([], "unmatched.tsv")):
        given, params = {"motifs": sets, "database": database}, {"seed": 1, "q_value": CONFIG.match.q_value}
        yield "match_motifs", given, [table], {}, params
        given, params = {"motifs": COMPARED, "matches": table, "database": database}, {"q_value": 0.1}
        yield "draw_matches", given, [f"{table}.folder"], {"method": "top"}, params
    for positions, table in ((["positions.tsv"], "summary.tsv"), ([], "unlocated.tsv")):
        given = {"motifs": sets, "matches": "matches.tsv", "positions": positions}
        yield "summarise_filters", given, [table], {}, {"q_value": CONFIG.match.q_value}


def relating():
    """Compare and cluster filters."""
    output = {
        "table": "redundancy.tsv", "heatmap": "redundancy.svg", "clustermap": "redundancy.clustermap.svg"
    }  # fmt: skip
    yield "compare_filters", {**KERNELS, "motifs": COMPARED}, output, {}, SIMILARITY
    output = {
        "clusters": "clusters.tsv", "scores": "cluster_scores.tsv", "agreement": "agreement.tsv",
        "activation_newick": "clusters.nwk", "motif_newick": "motif_clusters.nwk",
        "activation_tree": "clusters.svg", "motif_tree": "motif_clusters.svg",
        "heatmap": "clusters.heatmap.svg", "silhouettes": "cluster_scores.svg",
        "agreement_figure": "agreement.svg",
    }  # fmt: skip
    yield "group_filters", {"motifs": COMPARED}, ["redundancy_groups.tsv"], {}, SIMILARITY
    options = {"options": CONFIG.clustering.model_dump(exclude={"sequences_shown"})}
    given = {**ACTIVATIONS, "motifs": COMPARED, "groups": "redundancy_groups.tsv", "split": "split.tsv"}
    yield "cluster_filters", given, output, {}, {**options, **ROWS}
    output = {
        "sequences": "sequences.tsv.gz", "drawn": "sequences.drawn.tsv", "figure": "sequences.svg"
    }  # fmt: skip
    params = {"seed": 1, "most": CONFIG.clustering.sequences_shown, **ROWS}
    yield "sample_sequences", {**ACTIVATIONS, **DATA}, output, {}, params


def telling():
    """Ask what filters tell of classes, and what of single letters."""
    sited = {**KERNELS, "motifs": [f"{CONFIG.filters.sites_of}.h5"], **DATA}
    for motifs, table in (([f"{CONFIG.filters.sites_of}.h5"], "enrichment"), ([], "unsited")):
        given = {**sited, **ACTIVATIONS, "motifs": motifs}
        params = {"options": CONFIG.enrichment.model_dump()}
        params |= {key: value for key, value in SCAN.items() if key != "parts"}
        yield "test_enrichment", given, {"table": f"{table}.tsv", "figure": f"{table}.svg"}, {}, params
    output = {
        "activation": "class_activation.tsv", "score": "kernel_score.tsv", "maxima": "maxima.tsv",
        "profile": "profile.tsv.gz", "violins": "class_activation.svg", "positions": "maxima.svg",
        "profiles": "profile.svg",
    }  # fmt: skip
    yield "profile_classes", {**KERNELS, **ACTIVATIONS, **DATA}, output, {}, SCAN
    output = {"table": "sensitivity.tsv", "overview": "sensitivity.svg", "single": "sensitivity"}
    yield "measure_sensitivity", sited, output, {}, SCAN
    params = {"seed": 1, "sites": CONFIG.sensitivity.sample, **SCAN}
    yield "sample_sensitivity", sited, ["sensitivity.sample.tsv.gz"], {}, params


def weighing():
    """Take filters away, and match those of several seeds."""
    kinds = {"tables": "", "iterations": ".iterations", "groups": ".groups"}
    for share in SHARES:
        given = {"model": "model.keras", **KERNELS, "groups": ["redundancy_groups.tsv"], **DATA}
        params = {"seed": 1, "options": CONFIG.importance.model_dump(exclude={"groups"}), "fold": 0}
        params |= {"confidence": 0.95, "device": {"threads": 1, "accelerator": "auto"}}
        output = {kind.replace("tables", "table"): f"{share}{kinds[kind]}.tsv" for kind in kinds}
        yield "perturb_filters", given, output, {"scatteritem": share, "experiment": "e"}, params
    output = {
        "table": "importance.tsv", "groups": "importance.groups.tsv",
        "iterations": "importance.iterations.tsv.gz", "ranking": "importance.svg",
        "boxes": "importance.boxes.svg", "violins": "importance.violins.svg",
    }  # fmt: skip
    given = {kind: [f"{share}{suffix}.tsv" for share in SHARES] for kind, suffix in kinds.items()}
    yield "rank_importance", {**given, **KERNELS}, output, {}, {}
    params = {"seeds": [1, 2], "similarity": CONFIG.stability.similarity}
    output = {"table": "stability.tsv", "figure": "stability.svg"}
    yield "match_seeds", {"motifs": [COMPARED] * 2}, output, {}, params


STEPS = list(scripted())
NAMES = [f"{step[0]}-{number}" for number, step in enumerate(STEPS)]


def test_the_steps_are_those_of_the_rules():
    """Every rule is there, and its step has the input, output and params of the rule."""
    text = "".join((ROOT / f"rules/{name}.smk").read_text() for name in ("filters", "analyses"))
    found = set()
    for rule in re.split(r"^rule ", text, flags=re.M)[1:]:
        name, keys, section = rule[: rule.index(":")], {}, None
        for line in rule.splitlines():
            if match := re.fullmatch(r"    (\w+):.*", line):
                section = match[1]
            elif match := re.match(r"        (\w+)=", line):
                keys.setdefault(section, set()).add(match[1])
        steps = [step for step in STEPS if step[0] == name]
        assert steps, f"no step of rule {name}"
        for _, given, output, _, params in steps:
            assert set(given) == keys["input"], name
            assert (set(output) if isinstance(output, dict) else set()) == keys.get("output", set()), name
            # What Snakemake alone looks at: the library, and what is in the files of the user.
            assert set(params) == keys["params"] - {"library", "contents"}, name
        found.add(name)
    assert found == {step[0] for step in STEPS}


@pytest.fixture(scope="module")
def archive(request, tmp_path_factory):
    """The filters of a network that starts with another layer than a convolution, and the network."""
    from motifloom.models.filters import export_filters
    from motifloom.models.spec import build_model

    first = {"class_name": request.param, "config": {"units": 2} if request.param == "LSTM" else {}}
    last = {"class_name": "Dense", "config": {"units": "auto", "activation": "auto"}}
    spec = {"model": {"layers": [first, last]}}
    model = build_model(spec, length=20, alphabet_size=4, task="binary", n_targets=1)
    folder = tmp_path_factory.mktemp(request.param)
    export_filters(model, folder / "filters.npz", "dna")
    model.save(folder / "model.keras")
    return folder


@pytest.mark.parametrize("archive", ["LSTM", "Flatten"], indirect=True)
def test_such_a_network_has_an_archive_without_filters(archive):
    bank = FilterBank.read(archive / "filters.npz", strands="both")
    assert (len(bank), bank.filters, bank.alphabet, bank.subset([]).filters) == (0, [], DNA, [])


@pytest.fixture(scope="module")
def seed(archive):
    """Run every script of the workflow that reads filters, as Snakemake does; return what went wrong.

    The logger is as before afterwards, and TensorFlow, which is the tests' own, stays as it is.
    """
    from motifloom.models import device

    logger = logging.getLogger("motifloom")
    before = list(logger.handlers), logger.level, logger.propagate
    patch = pytest.MonkeyPatch()
    patch.setattr(device, "configure", lambda threads, accelerator: None)
    regions, tokens = make_regions(), make_tokens()
    write_dataset(archive / "dataset.h5", regions, [tokens], alphabet="dna", task="binary")
    parts = ["train", "train", "train", "validation", "test", "test"]
    split = pd.DataFrame({"id": regions["id"], "group": range(6), "part": parts})
    write_table(split, archive / "split.tsv")
    (archive / "db.meme").write_text(DATABASE)
    errors = {}
    for name, (script, given, output, wildcards, params) in zip(NAMES, STEPS, strict=True):
        job = {
            "input": Files({key: placed(archive, paths) for key, paths in given.items()}),
            "output": Files(placed(archive, output)),
            "wildcards": SimpleNamespace(**wildcards),
            "params": SimpleNamespace(**params),
            "threads": 1,
            "log": [archive / "log"],
        }
        try:
            runpy.run_path(str(ROOT / f"scripts/{script}.py"), {"snakemake": SimpleNamespace(**job)})
        except SystemExit:
            errors[name] = (archive / "log").read_text()
        except Exception as error:  # before the job begins: an import
            errors[name] = f"{type(error).__name__}: {error}"
    logger.handlers, logger.level, logger.propagate = before
    patch.undo()
    return archive, errors


def placed(folder, paths):
    """Return the paths (one, a list or a dict) in a folder."""
    if isinstance(paths, dict):
        return {key: placed(folder, path) for key, path in paths.items()}
    return folder / paths if isinstance(paths, str) else [placed(folder, path) for path in paths]


@pytest.mark.parametrize("archive", ["Flatten"], indirect=True)
@pytest.mark.parametrize("step", NAMES)
def test_each_script_gives_its_files(seed, step):
    folder, errors = seed
    assert step not in errors, errors[step]
    output = STEPS[NAMES.index(step)][2]
    for path in placed(folder, list(output.values() if isinstance(output, dict) else output)):
        check_file(path)


def check_file(path):
    """Check that a file is whole, and that it tells of no filter."""
    name = path.name
    if path.is_dir():
        assert list(path.iterdir()) == []
    elif name in TABLES:
        table, columns = read_table(path), TABLES[name]
        assert list(table.columns) == (columns.split() if isinstance(columns, str) else columns)
        assert len(table) == 0
    elif name == "agreement.tsv":
        table = read_table(path)
        assert table["value"].isna().all() and (table["filters"] == 0).all()
        measures = ["adjusted_rand", "adjusted_mutual_information", "cophenetic_correlation"]
        assert table["measure"].tolist() == measures
    elif name == "sequences.drawn.tsv":
        # Sequences are sampled although no filter tells of them.
        assert read_table(path)["sequences"].tolist() == [3, 2]
    elif name.endswith(".svg"):
        assert ElementTree.parse(path).getroot().tag.endswith("svg")
    elif name.endswith(".nwk"):
        assert path.read_text() == ";\n"
    elif name == "activations.h5":
        assert [array.shape for array in read_summary(path)[1:5]] == [(6, 0)] * 4
    elif name.startswith(("tests.", "significance.")):
        assert [len(frame) for frame in significance.read_significance(path)] == [0, 0]
    elif name.endswith(".h5"):
        assert MotifSet.from_hdf5(path).filters == []
    elif name.endswith((".meme", ".jaspar")):
        text = path.read_text()
        assert "MOTIF" not in text and ">" not in text
    elif name.endswith(".bed.gz"):
        assert gzip.decompress(path.read_bytes()).decode() == "#" + "\t".join(SITE_COLUMNS) + "\n"
        assert Path(f"{path}.tbi").exists()
    else:
        raise AssertionError(f"what should be in {name}?")


def test_every_table_is_checked():
    outputs = [step[2].values() if isinstance(step[2], dict) else step[2] for step in STEPS]
    tables = {name for name in itertools.chain(*outputs) if re.search(r"\.tsv(\.gz)?$", name)}
    assert tables == {*TABLES, "agreement.tsv", "sequences.drawn.tsv"}
