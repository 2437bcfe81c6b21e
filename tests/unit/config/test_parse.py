"""The config as a whole and its datasets: defaults, and one clear line for every mistake."""

import multiprocessing
import os

import pytest
from samples import BASE, PROTEIN, edited, message

from motifloom.checks import MAX_KMERS, check_config
from motifloom.config.data import Dataset
from motifloom.config.parse import parse_config
from motifloom.errors import UserError


def test_defaults_are_filled_in():
    config = parse_config(BASE, "my.yaml")
    assert config.datasets["reb1"].classes == ["negative", "positive"]
    assert config.experiments["first"].seeds == [1]
    assert config.interpretation.filters.percentile == 90
    check_config(config, "my.yaml", exists=lambda path: True)


def test_classes_are_named_by_the_sources_in_order():
    config = edited("datasets.reb1.task", "multiclass")
    config["datasets"]["reb1"]["sources"] = [
        {"fasta": "b.fa", "target": "PU1"},
        {"fasta": "a.fa", "target": "CTCF"},
        {"fasta": "c.fa", "target": "PU1"},
    ]
    assert parse_config(config, "my.yaml").datasets["reb1"].classes == ["PU1", "CTCF"]


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("datasets.reb1.windw", {}, "my.yaml: datasets.reb1.windw: unknown key; did you mean 'window'?"),
        (
            "datasets.reb1.window.lenght",
            200,
            "my.yaml: datasets.reb1.window.lenght: unknown key; did you mean 'length'?",
        ),
        (
            "datasets.reb1.window.length",
            "200",
            "my.yaml: datasets.reb1.window.length: '200' should be a valid integer",
        ),
        (
            "datasets.reb1.window.centre",
            "sumit",
            "my.yaml: datasets.reb1.window.centre: 'sumit' is not one of 'midpoint', 'summit' or 'start'; "
            "did you mean 'summit'?",
        ),
        ("datasets.reb1.task", None, "my.yaml: datasets.reb1.task: missing; add it"),
        (
            "datasets.reb1.sources.0.target",
            {"colum": 4},
            "my.yaml: datasets.reb1.sources[0].target: takes something else: "
            "A value, a class name, a list of labels, {column: n} or {columns: [..]}.",
        ),
        (
            "datasets.reb1.sources.0.fasta",
            "x.fa",
            "my.yaml: datasets.reb1.sources[0] has intervals and fasta; "
            "give exactly one of intervals, fasta, table, negatives",
        ),
        (
            "datasets.reb1.split.test",
            ["chrX", "chrIV"],
            "my.yaml: datasets.reb1.split has chrIV in both validation and test; remove it from one",
        ),
        (
            "datasets.reb1.genome",
            None,
            "my.yaml: datasets.reb1 sources[0] has intervals but no genome; "
            "add genome: to the dataset or the source",
        ),
        (
            "experiments.a/b",
            {},
            "my.yaml: experiments.a/b: 'a/b' is no valid name; use letters, digits, _ and - only",
        ),
        (
            "experiments.first.model",
            "shalow",
            "my.yaml: experiments.first.model: no 'shalow' under models; did you mean 'shallow'?",
        ),
        (
            "experiments.first.fold",
            1,
            "my.yaml: experiments.first.fold: dataset reb1 has no folds; "
            "set datasets.reb1.split.by: folds, or remove fold",
        ),
        (
            "datasets.reb1.sources.0.intervals",
            "absent.bed",
            "my.yaml: datasets.reb1.sources[0].intervals: file absent.bed does not exist; "
            "paths are relative to the folder the workflow runs in",
        ),
        (
            "datasets.reb1.split",
            {"by": "file", "path": "results/datasets/reb1/split.tsv.gz"},
            "my.yaml: datasets.reb1.split.path: results/datasets/reb1/split.tsv.gz is made of this "
            "dataset itself; name a file that is there before it",
        ),
        (
            "datasets.reb1.sources.1.target",
            1,
            "my.yaml: datasets.reb1.sources: all examples have target 1; "
            "add a source of another class, for example {negatives: gc_matched, target: 0}",
        ),
        (
            "datasets.reb1.sources.0.target",
            "bound",
            "my.yaml: datasets.reb1.sources[0].target: 'bound' is not one of datasets.reb1.classes "
            "(negative, positive); known: negative, positive",
        ),
        (
            "experiments.logs",
            {"dataset": "reb1", "model": "shallow"},
            "my.yaml: experiments.logs: results/logs has another use; choose another name",
        ),
        (
            "datasets.reb1.sources.1.target",
            {"column": 4},
            "my.yaml: datasets.reb1.sources[1] has a column as target:, but negatives have no file; "
            "give a value or a class",
        ),
        (
            "datasets.reb1.sources.0.target",
            ["positive"],
            "my.yaml: datasets.reb1.sources[0].target: is a list, which goes with task: multilabel; "
            "give one value",
        ),
        (
            "datasets.reb1.sources.1",
            {"negatives": "random", "gc_tolerance": 0.1},
            "my.yaml: datasets.reb1.sources[1] has gc_tolerance:, which goes with negatives: gc_matched",
        ),
        (
            "datasets.reb1.sources.1",
            {"negatives": "dinucleotide_shuffled", "exclude": ["x.bed"]},
            "my.yaml: datasets.reb1.sources[1] has exclude:, which goes with negatives: gc_matched or random",
        ),
        (
            "datasets.reb1.window",
            {"centre": "summit"},
            "my.yaml: datasets.reb1.window has centre:, which goes with length:",
        ),
        (
            "datasets.reb1.chromosomes",
            {"exclude": ["chrM", "chrY", "chrM"]},
            "my.yaml: datasets.reb1.chromosomes.exclude has chrM twice; give each once",
        ),
        (
            "interpretation",
            {"filters": {"methods": []}},
            "my.yaml: interpretation.filters.methods: is empty; give at least one",
        ),
        (
            "interpretation",
            {"filters": {"methods": ["top", "top"], "parts": ["test", "train", "test"]}},
            "my.yaml: interpretation.filters.parts has test twice; give each once",
        ),
        (
            "interpretation",
            {"filters": {"methods": ["softmax"], "percentile": 50.0}},
            "my.yaml: interpretation.filters has percentile:, which goes with methods: [top]",
        ),
        (
            "evaluation",
            {"baselines": ["gc", "gc"]},
            "my.yaml: evaluation.baselines has gc twice; give each once",
        ),
        (
            "evaluation",
            {"baselines": ["gc"], "kmer": 4},
            "my.yaml: evaluation has kmer:, which goes with baselines: [kmer]",
        ),
        (
            "datasets.reb1.window.length",
            5,
            "my.yaml: evaluation.kmer: 6 is too large for datasets.reb1 (windows of 5); "
            "the largest k that fits is 5",
        ),
    ],
)
def test_a_mistake_gives_its_line(path, value, expected):
    assert expected in message(edited(path, value)).splitlines()


def test_every_mistake_is_reported_at_once():
    config = edited("datasets.reb1.windw", {})
    config["seed"] = "one"
    assert len(message(config).splitlines()) == 2


def test_a_path_into_a_simulation_counts_as_present(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("peaks.bed", "shallow.json", "known.meme"):
        (tmp_path / name).write_text("x")
    config = edited("datasets.reb1.genome", "results/simulations/demo/genome.fa.gz")
    with pytest.raises(UserError, match=r"datasets.reb1.genome: file results/simulations/demo"):
        check_config(parse_config(config, "my.yaml"), "my.yaml")
    config["simulations"] = {"demo": {"motifs": "known.meme", "planted": ["CTCF"]}}
    check_config(parse_config(config, "my.yaml"), "my.yaml")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "the config is empty; it needs datasets, models and experiments"),
        ({}, "the config is empty; it needs datasets, models and experiments"),
        (["datasets"], "the config is a list, not a mapping; it needs the keys datasets, models and"),
        ("datasets", "the config is a str, not a mapping; it needs the keys datasets, models and"),
    ],
)
def test_a_config_that_is_no_mapping_is_one_line(content, expected):
    text = message(content)
    assert text.startswith(f"my.yaml: {expected}") and "\n" not in text


def multiclass(*negatives):
    config = edited("datasets.reb1.task", "multiclass")
    positives = [{"fasta": f"{name}.fa", "target": name} for name in ("CTCF", "PU1")]
    config["datasets"]["reb1"]["sources"] = [*positives, *negatives]
    return config


def test_multiclass_negatives_name_their_class():
    key = "my.yaml: datasets.reb1.sources[2].target"
    missing = f"{key}: missing; task multiclass takes the name of a class (CTCF, PU1)"
    assert message(multiclass({"negatives": "random"})) == missing
    for value in (0, 1):
        number = f"{key}: {value} is a number; task multiclass takes the name of a class (CTCF, PU1)"
        assert message(multiclass({"negatives": "random", "target": value})) == number
    config = parse_config(multiclass({"negatives": "random", "target": "none"}), "my.yaml")
    assert config.datasets["reb1"].classes == ["CTCF", "PU1", "none"]
    check_config(config, "my.yaml", exists=lambda path: True)


def test_the_hint_shows_negatives_of_the_task():
    config = multiclass()
    config["datasets"]["reb1"] |= {
        "classes": ["CTCF", "PU1"],
        "sources": [{"fasta": "a.fa", "target": "PU1"}],
    }
    assert message(config).endswith("for example {negatives: gc_matched, target: <name of a class>}")
    config["datasets"]["reb1"]["task"] = "multilabel"
    assert message(config).endswith("for example {negatives: gc_matched}")


def dataset(**keys):
    return Dataset.model_validate({"task": "binary", "sources": [{"fasta": "a.fa", "target": 1}], **keys})


def test_duplicates_are_merged_where_labels_may_be_several():
    assert dataset().duplicates == "drop"
    labels = dataset(task="multilabel", classes=["a", "b"])
    assert labels.duplicates == "merge"
    assert dataset(task="multilabel", classes=["a", "b"], duplicates="drop").duplicates == "drop"
    assert Dataset.model_validate(labels.model_dump()) == labels


def test_ready_sequences_have_no_centre_and_no_edge():
    for window, expected in (
        ({"length": 9, "centre": "start"}, "has window.centre:, which goes with intervals"),
        ({"edge": "pad"}, "has window.edge:, which goes with window.length or with intervals"),
    ):
        with pytest.raises(ValueError, match=expected):
            dataset(window=window)
    assert dataset(window={"length": 9, "edge": "pad"}).window.edge == "pad"
    sources = [{"intervals": "a.bed", "target": 1}]
    assert dataset(window={"edge": "shift"}, sources=sources, genome="g.fa").window.edge == "shift"


def test_a_protein_dataset_is_told_what_it_lacks():
    config = PROTEIN | {"evaluation": {"reverse_complement": True}}
    assert message(config).splitlines() == [
        "my.yaml: evaluation.baselines: protein has no GC content (datasets.p); "
        "set evaluation.baselines: [kmer, label_shuffle]",
        "my.yaml: evaluation.reverse_complement: proteins have none (datasets.p); set it to false",
        "my.yaml: evaluation.kmer: 6 is too large for datasets.p (protein); the largest k that fits is 4",
    ]
    good = PROTEIN | {"evaluation": {"baselines": ["kmer", "label_shuffle"], "kmer": 4}}
    check_config(parse_config(good, "my.yaml"), "my.yaml", exists=lambda path: True)


def test_a_baseline_that_cannot_be_on_protein():
    models = {"gc": {"baseline": "gc"}, "kmer": {"baseline": "kmer", "k": 5}}
    experiments = {name: {"dataset": "p", "model": name} for name in models}
    assert message(PROTEIN | {"models": models, "experiments": experiments}).splitlines() == [
        "my.yaml: models.gc.baseline: protein has no GC content (datasets.p); use baseline: kmer",
        "my.yaml: models.kmer.k: 5 is too large for datasets.p (protein); the largest k that fits is 4",
    ]


def test_the_limit_of_kmers_is_that_of_the_baseline():
    from motifloom.evaluation import baselines

    assert baselines._MAX_KMERS == MAX_KMERS


def test_a_baseline_has_no_training_and_no_replicates():
    config = edited("models.shallow", {"baseline": "kmer"})
    config["experiments"]["first"] |= {"seeds": [1, 2], "training": {"epochs": 3, "threads": 1}}
    assert message(config).splitlines() == [
        "my.yaml: experiments.first.training: has epochs:, which goes with a model that has a spec",
        "my.yaml: experiments.first.training: has threads:, which goes with a model that has a spec",
        "my.yaml: experiments.first.seeds: several seeds go with a model that has a spec; give one",
    ]
    config["experiments"]["first"] |= {"seeds": [7], "training": {"shuffle_labels": False, "threads": 2}}
    check_config(parse_config(config, "my.yaml"), "my.yaml", exists=lambda path: True)


def test_the_dump_of_a_config_is_a_config():
    config = parse_config(BASE, "my.yaml")
    assert parse_config(config.model_dump(), "my.yaml") == config


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("datasets.reb1.sources.1.ratio", float("inf")),
        ("datasets.reb1.sources.1.ratio", 1e12),
        ("datasets.reb1.window.length", 10**30),
        ("experiments.first.seeds", [10**30]),
        ("evaluation", {"bootstrap": 10**12}),
    ],
)
def test_numbers_out_of_all_proportion_are_refused(path, value):
    assert "should be" in message(edited(path, value))


def test_a_path_that_snakemake_would_read_as_a_pattern():
    expected = "my.yaml: datasets.reb1.sources[0].intervals: 'pe{a}ks.bed' has one of { } < > in it"
    assert message(edited("datasets.reb1.sources.0.intervals", "pe{a}ks.bed")).startswith(expected)


def _said_to_another_user(config, folder):
    os.chdir(folder)
    if os.getuid() == 0:  # who may read everything
        os.setuid(65534)
    try:
        check_config(parse_config(config, "my.yaml"), "my.yaml")
    except UserError as error:
        return str(error).splitlines()


def test_files_that_may_not_be_read_are_not_called_absent(tmp_path):
    (tmp_path / "closed").mkdir()
    for name in ("genome.fa", "shallow.json", "closed/peaks.bed"):
        (tmp_path / name).write_text("")
    tmp_path.chmod(0o755)
    (tmp_path / "genome.fa").chmod(0)
    (tmp_path / "closed").chmod(0)
    config = edited("datasets.reb1.sources.0.intervals", "closed/peaks.bed")
    with multiprocessing.get_context("fork").Pool(1) as another:
        lines = another.apply(_said_to_another_user, (config, tmp_path))
    assert lines == [
        "my.yaml: datasets.reb1.genome: file genome.fa may not be read by you; change its permissions",
        "my.yaml: datasets.reb1.sources[0].intervals: file closed/peaks.bed is in the folder closed, which "
        "you may not enter; change its permissions",
    ]
