"""Extra sets, folds and ensembles: what can be wrong with them, in one line each."""

import copy

import pytest
from samples import BASE

from motifloom.checks import check_config, check_set
from motifloom.config.parse import parse_config
from motifloom.errors import UserError


def sample():
    config = copy.deepcopy(BASE)
    config["datasets"]["new"] = {
        "task": "binary",
        "sources": [{"fasta": "new.fa"}],
        "window": {"length": 200},
        "split": {"by": "held_out"},
    }
    config["experiments"]["first"]["also"] = ["new"]
    config["experiments"]["second"] = {"dataset": "reb1", "model": "shallow"}
    config["experiments"]["both"] = {"dataset": "reb1", "ensemble": ["first", "second"]}
    return config


def check(config):
    check_config(parse_config(config, "c"), "c", exists=lambda path: True)


def message(config):
    with pytest.raises(UserError) as caught:
        check(config)
    return str(caught.value).splitlines()


def test_a_sample_without_mistakes():
    check(sample())


@pytest.mark.parametrize("target", [None, 1, 0])
def test_a_set_may_have_one_class_or_none(target):
    config = sample()
    if target is not None:
        config["datasets"]["new"]["sources"][0]["target"] = target
    check(config)


def set_in(config, path, value):
    *parents, last = path.split(".")
    for step in parents:
        config = config[int(step) if step.isdigit() else step]
    if value is None:
        del config[last]
    else:
        config[last] = value


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (
            "experiments.first.also",
            ["nwe"],
            "c: experiments.first.also: no 'nwe' under datasets; did you mean 'new'?",
        ),
        (
            "experiments.first.also",
            ["reb1"],
            "c: experiments.first.also: dataset reb1 is divided by chromosome; an extra set is held out: "
            "write datasets.reb1.split: {by: held_out}",
        ),
        (
            "experiments.second.dataset",
            "new",
            "c: experiments.second.dataset: new is held out, so nothing can be trained on it; "
            "name it in also: [new], and a dataset with another split here",
        ),
        (
            "datasets.new.window.length",
            100,
            "c: experiments.first.also: datasets.new.window.length is 100, but the network of dataset reb1 "
            "takes 200; make them equal",
        ),
        (
            "datasets.new.alphabet",
            "rna",
            "c: experiments.first.also: datasets.new.alphabet is rna, but the network of dataset reb1 takes "
            "dna; make them equal",
        ),
        (
            "datasets.new.classes",
            ["no", "yes"],
            "c: experiments.first.also: datasets.new.classes is no, yes, but the network of dataset reb1 "
            "takes negative, positive; make them equal",
        ),
        (
            "experiments.both.ensemble",
            ["first", "both2"],
            "c: experiments.both.ensemble: no 'both2' under experiments; did you mean 'both'?",
        ),
        (
            "experiments.both.ensemble",
            ["first", "both"],
            "c: experiments.both.ensemble: both is an ensemble itself; name its members instead",
        ),
        (
            "experiments.first.folds",
            "all",
            "c: experiments.first.folds: dataset reb1 has no folds; set datasets.reb1.split.by: folds, "
            "or remove folds",
        ),
        (
            "experiments.both.seeds",
            [1, 2],
            "c: experiments.both has seeds:, which goes with model: and not with ensemble:",
        ),
        (
            "experiments.both.training",
            {"epochs": 3},
            "c: experiments.both has training:, which goes with model: and not with ensemble:",
        ),
        ("experiments.both.model", "shallow", "c: experiments.both takes exactly one of model and ensemble"),
        ("experiments.first.model", None, "c: experiments.first takes exactly one of model and ensemble"),
        ("experiments.both.ensemble", [], "c: experiments.both.ensemble: is empty; give at least one"),
    ],
)
def test_a_mistake_gives_its_line(path, value, expected):
    config = sample()
    set_in(config, path, value)
    assert expected in message(config)


def by_folds(config):
    config["datasets"]["reb1"]["split"] = {"by": "folds", "folds": 3}


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (
            {"folds": [0, 3]},
            "c: experiments.first.folds: 3 is not below datasets.reb1.split.folds, 3",
        ),
        (
            {"fold": 3},
            "c: experiments.first.fold: 3 is not below datasets.reb1.split.folds, 3",
        ),
        ({"folds": [0, 1], "fold": 1}, "c: experiments.first has fold: beside folds:; remove one"),
        (
            {"folds": [1, 1]},
            "c: experiments.first has folds: with no fold or one twice; write all, or each number once",
        ),
        (
            {"folds": []},
            "c: experiments.first has folds: with no fold or one twice; write all, or each number once",
        ),
        (
            {"folds": 2},
            "c: experiments.first.folds: takes something else: Instead of fold: all or [0, 1, ..]; a run "
            "each, and their predictions together.",
        ),
        (
            {"folds": "all"},
            "c: experiments.both.ensemble: its members have different test folds, so that one has trained on "
            "what another is tested on; give them the same fold",
        ),
    ],
)
def test_folds_that_do_not_fit(keys, expected):
    config = sample()
    by_folds(config)
    config["experiments"]["first"] |= keys
    assert expected in message(config)


@pytest.mark.parametrize(
    ("first", "second", "fit"),
    [
        ({"folds": "all"}, {"folds": "all"}, True),
        ({"folds": "all"}, {"folds": [2, 0, 1]}, True),
        ({"folds": [0]}, {"fold": 0}, True),
        ({"fold": 1}, {"fold": 1}, True),
        ({"folds": [0]}, {"folds": [1]}, False),
        ({"folds": "all"}, {"folds": [0, 1]}, False),
        ({"folds": [0, 1]}, {"fold": 0}, False),
        ({"fold": 0}, {"fold": 1}, False),
    ],
)
def test_members_of_an_ensemble_are_of_the_same_folds(first, second, fit):
    config = sample()
    by_folds(config)
    config["experiments"]["first"] |= first
    config["experiments"]["second"] |= second
    if fit:
        check(config)
    else:
        assert ["have different test folds" in line for line in message(config)] == [True]


def test_a_baseline_has_no_dropout():
    config = sample()
    config["models"]["shallow"] = {"baseline": "additive"}
    config["experiments"]["first"]["dropout_samples"] = 8
    line = "c: experiments.first: has dropout_samples:, which goes with a model that has a spec"
    assert message(config) == [line]


@pytest.mark.parametrize(
    ("path", "value", "only", "expected"),
    [
        ("classes", ["bound", "free"], None, "classes is bound, free"),
        ("task", "regression", None, "task is regression"),
        ("alphabet", "rna", ("alphabet",), "alphabet is rna"),
        ("window", {"length": 100}, ("window.length",), "window.length is 100"),
        ("classes", ["bound", "free"], ("alphabet", "window.length"), None),
        ("window", {}, None, None),  # known when the file is there
    ],
)
def test_a_set_that_is_asked_for_by_name_is_checked_too(path, value, only, expected):
    config = sample()
    config["experiments"]["first"]["also"] = []
    config["datasets"]["new"][path] = value
    check(config)
    if expected is None:
        check_set(parse_config(config, "c"), "reb1", "new", only)
    else:
        with pytest.raises(
            UserError, match=f"^datasets.new.{expected}, but the network of dataset reb1 takes"
        ):
            check_set(parse_config(config, "c"), "reb1", "new", only)


def test_the_length_of_a_set_without_a_window_is_that_of_its_file(tmp_path):
    config, path = sample(), tmp_path / "new.fa"
    path.write_text(f">a\n{'A' * 199}\n")
    config["datasets"]["new"] |= {"sources": [{"fasta": str(path)}], "window": {}}
    assert message(config) == [
        "c: experiments.first.also: datasets.new.window.length is 199, but the network of dataset reb1 takes "
        "200; make them equal"
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({"fasta": "a.fa", "weight": {"column": 2}}, "which counts in training; this dataset is held out"),
        ({"intervals": "a.bed", "repeated_ids": "number"}, "has repeated_ids:, which goes with fasta:"),
    ],
)
def test_keys_that_a_held_out_source_does_not_have(source, expected):
    config = sample()
    config["datasets"]["new"]["sources"] = [source]
    with pytest.raises(UserError, match=expected):
        parse_config(config, "c")


def test_a_source_without_a_target_where_something_is_learnt():
    config = sample()
    del config["datasets"]["reb1"]["sources"][0]["target"]
    with pytest.raises(UserError, match=r"datasets.reb1 sources\[0\] has no target; add target:"):
        parse_config(config, "c")


def started(fold, other_fold, folds=None):
    """Errors where one experiment on folds starts from another."""
    config = sample()
    config["datasets"]["reb1"]["split"] = {"by": "folds", "folds": 3}
    config["experiments"] = {
        "first": {"dataset": "reb1", "model": "shallow", "fold": other_fold},
        "between": {"dataset": "reb1", "model": "shallow", "fold": other_fold},
        "last": {"dataset": "reb1", "model": "shallow", "training": {"start_from": "first"}},
    }
    config["experiments"]["last"] |= {"fold": fold} if folds is None else {"folds": folds}
    return config


def test_a_misspelt_experiment_to_start_from_is_not_taken_for_a_file():
    config = started(1, 1)
    config["experiments"]["last"]["training"]["start_from"] = "fist"
    with pytest.raises(UserError) as caught:
        check_config(parse_config(config, "c"), "c", exists=lambda path: path != "fist")
    assert str(caught.value) == (
        "c: experiments.last.training.start_from: fist is neither an experiment nor a file; "
        "did you mean 'first'?"
    )


def test_a_network_may_start_from_one_of_its_own_fold():
    check(started(1, 1))


@pytest.mark.parametrize("places", [(1, 0, None), (0, 0, "all"), (0, 1, [1, 2])])
def test_a_network_does_not_start_from_one_that_saw_its_test_part(places):
    (line,) = message(started(*places))
    assert line.startswith(
        "c: experiments.last.training.start_from: first was trained on examples that other"
    )


def test_nor_through_a_third():
    config = started(1, 0)
    config["experiments"]["between"]["training"] = {"start_from": "first"}
    config["experiments"]["last"]["training"]["start_from"] = "between"
    assert len(message(config)) == 2


@pytest.mark.parametrize("model", [{"baseline": "kmer", "k": 3}, {"builder": "danq"}])
def test_predictions_of_proteins_have_one_strand(model):
    """Whatever makes them."""
    sources = [{"fasta": f"{name}.fa", "target": target} for name, target in (("a", 0), ("b", 1))]
    dataset = {"task": "binary", "alphabet": "protein", "sources": sources, "split": {"by": "random"}}
    config = {"datasets": {"p": dataset}, "models": {"m": model}}
    config["experiments"] = {"e": {"dataset": "p", "model": "m"}}
    config["evaluation"] = {"baselines": [], "reverse_complement": True}
    assert message(config) == [
        "c: evaluation.reverse_complement: proteins have none (datasets.p); set it to false"
    ]
    config["evaluation"]["reverse_complement"] = False
    check(config)
