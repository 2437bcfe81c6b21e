"""The config's models: defaults, and one clear line for every mistake."""

import copy

import pytest
from samples import BASE

from motifloom.checks import check_config
from motifloom.config import parse_config
from motifloom.errors import UserError


def edited(path, value):
    """Return BASE with the key at a dotted path set to a value (or removed, for None)."""
    config = copy.deepcopy(BASE)
    *parents, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    block = config
    for step in parents:
        block = block[step]
    if value is None:
        del block[last]
    else:
        block[last] = value
    return config


def message(config):
    with pytest.raises(UserError) as caught:
        check_config(parse_config(config, "my.yaml"), "my.yaml", exists=lambda path: path != "absent.bed")
    return str(caught.value)


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
