"""Experiments and the baselines run beside them."""

import copy

from samples import BASE

from motifloom.config.parse import parse_config
from motifloom.runs import baseline_names, compared_runs, expand_runs, extra_sets, folds_of, name_files


def runs_of(edit=lambda config: None):
    config = copy.deepcopy(BASE)
    edit(config)
    return parse_config(config, "c"), expand_runs(parse_config(config, "c"))


def test_every_experiment_has_its_baselines():
    config, runs = runs_of()
    assert list(runs) == ["first", "reb1.gc", "reb1.kmer", "first.label_shuffle"]
    assert [run.kind for run in runs.values()] == ["cnn", "gc", "kmer", "label_shuffle"]
    assert runs["reb1.kmer"].k == 6
    assert runs["first.label_shuffle"].training["shuffle_labels"] is True
    assert runs["first"].training["shuffle_labels"] is False
    assert baseline_names(config, "first") == ["reb1.gc", "reb1.kmer", "first.label_shuffle"]


def test_baselines_of_a_dataset_are_shared_and_the_control_has_one_seed():
    def edit(config):
        config["experiments"]["second"] = {"dataset": "reb1", "model": "shallow", "seeds": [3, 4]}

    _, runs = runs_of(edit)
    assert list(runs).count("reb1.gc") == 1 and len(runs) == 6
    assert runs["second"].seeds == (3, 4) and runs["second.label_shuffle"].seeds == (3,)


def test_folds_have_baselines_of_their_own():
    def edit(config):
        config["datasets"]["reb1"]["split"] = {"by": "folds", "folds": 3}
        config["experiments"]["first"]["fold"] = 2

    _, runs = runs_of(edit)
    assert "reb1.fold2.gc" in runs and runs["reb1.fold2.gc"].fold == 2


def test_a_baseline_as_a_model_is_an_experiment_without_baselines():
    def edit(config):
        config["models"]["shallow"] = {"baseline": "kmer", "k": 4}

    _, runs = runs_of(edit)
    assert list(runs) == ["first"] and runs["first"].kind == "kmer" and runs["first"].k == 4


def test_files_are_named_by_their_stem():
    names = name_files(["a/hg38.fa.gz", "b/hg38.fasta", "a/hg38.fa.gz", "c d/x.y.fna"])
    assert names == {"a/hg38.fa.gz": "hg38", "b/hg38.fasta": "hg38_2", "c d/x.y.fna": "x_y"}
    names = name_files(["a/genome_2.fa", "genome.fa", "b/genome.fa", ".fa"])
    assert list(names.values()) == ["genome_2", "genome", "genome_3", "genome_4"]


def folded(config):
    config["datasets"]["reb1"]["split"] = {"by": "folds", "folds": 3}
    config["experiments"]["first"] |= {"folds": "all", "seeds": [3, 4]}


def test_an_experiment_over_folds_is_a_run_per_fold_and_their_pool():
    _, runs = runs_of(folded)
    first = runs["first"]
    assert (first.kind, first.seeds) == ("pooled", (1,))
    assert first.members == ("first.fold0", "first.fold1", "first.fold2")
    assert not first.is_network and not first.is_regression
    single = runs["first.fold2"]
    assert (single.kind, single.fold, single.seeds, single.members) == ("cnn", 2, (3, 4), ())
    assert single.is_network and single.training == runs["first.fold0"].training


def test_baselines_over_folds_are_pooled_like_the_experiment():
    config, runs = runs_of(folded)
    kinds = ["gc", "kmer", "label_shuffle"]
    assert baseline_names(config, "first") == [f"first.pooled.{kind}" for kind in kinds]
    pooled = runs["first.pooled.gc"]
    assert pooled.members == ("reb1.fold0.gc", "reb1.fold1.gc", "reb1.fold2.gc")
    assert pooled.kind == "gc" and not pooled.is_regression
    assert runs["reb1.fold1.gc"].is_regression and runs["reb1.fold1.gc"].fold == 1
    assert baseline_names(config, "first.fold1") == [
        "reb1.fold1.gc",
        "reb1.fold1.kmer",
        "first.fold1.label_shuffle",
    ]
    shuffled = runs["first.pooled.label_shuffle"]
    assert shuffled.members == tuple(f"first.fold{i}.label_shuffle" for i in range(3))
    member = runs["first.fold1.label_shuffle"]
    assert member.is_network and member.seeds == (3,) and member.training["shuffle_labels"] is True
    assert all(run in runs for name in runs for run in runs[name].members)


def test_some_folds_and_folds_of_a_regression():
    def edit(config):
        folded(config)
        config["experiments"]["first"]["folds"] = [2, 0]
        config["models"]["kmer"] = {"baseline": "kmer", "k": 2}
        config["experiments"]["linear"] = {"dataset": "reb1", "model": "kmer", "folds": [1]}

    config, runs = runs_of(edit)
    assert runs["first"].members == ("first.fold2", "first.fold0") and "first.fold1" not in runs
    assert runs["linear"].members == ("linear.fold1",) and runs["linear"].kind == "kmer"
    assert runs["linear.fold1"].is_regression and runs["linear.fold1"].k == 2
    assert baseline_names(config, "linear") == baseline_names(config, "linear.fold1") == []
    assert folds_of(config, "first") == [2, 0] and folds_of(config, "linear") == [1]


def test_a_pooled_baseline_is_not_that_of_a_dataset_of_its_experiments_name():
    def edit(config):
        folded(config)
        config["datasets"]["first"] = {**BASE["datasets"]["reb1"]}
        config["experiments"]["x"] = {"dataset": "first", "model": "shallow"}

    config, runs = runs_of(edit)
    assert set(baseline_names(config, "x")).isdisjoint(baseline_names(config, "first"))
    assert runs["first.gc"].is_regression and runs["first.gc"].dataset == "first"
    assert len(runs["first.pooled.gc"].members) == 3 and runs["first.pooled.gc"].dataset == "reb1"


def test_an_additive_baseline():
    def edit(config):
        config["evaluation"] = {"baselines": ["additive"]}
        config["models"]["linear"] = {"baseline": "additive"}
        config["experiments"]["alone"] = {"dataset": "reb1", "model": "linear"}

    _, runs = runs_of(edit)
    assert list(runs) == ["first", "reb1.additive", "alone"]
    assert runs["reb1.additive"].is_regression and runs["alone"].is_regression
    assert (runs["reb1.additive"].model, runs["alone"].model, runs["alone"].kind) == (
        "additive",
        "linear",
        "additive",
    )


def ensemble(config):
    config["experiments"]["second"] = {"dataset": "reb1", "model": "shallow", "seeds": [3, 4]}
    config["experiments"]["both"] = {"dataset": "reb1", "ensemble": ["first", "second"]}


def test_an_ensemble_has_members_and_the_baselines_of_the_first():
    config, runs = runs_of(ensemble)
    both = runs["both"]
    assert (both.kind, both.seeds, both.members, both.model) == (
        "ensemble", (1,), ("first", "second"), "first+second",
    )  # fmt: skip
    assert not both.is_network and not both.is_regression
    assert baseline_names(config, "both") == ["reb1.gc", "reb1.kmer"]


def with_set(config, **keys):
    ensemble(config)
    source = {"fasta": "new.fa"} | keys
    config["datasets"]["new"] = {"task": "binary", "sources": [source], "split": {"by": "held_out"}}
    config["experiments"]["first"]["also"] = ["new"]
    config["experiments"]["both"]["also"] = ["new"]


def test_an_extra_set_compares_the_experiments_that_name_it_and_their_baselines():
    config, runs = runs_of(lambda config: with_set(config, target=1))
    expected = ["first", "reb1.gc", "reb1.kmer", "first.label_shuffle", "both"]
    assert compared_runs(config, runs, "new") == expected
    assert compared_runs(config, runs, "reb1") == list(runs)
    assert {name: extra_sets(config, name) for name in runs} == {
        name: ["new"] if name in expected else [] for name in runs
    }


def test_an_extra_set_without_targets_compares_nothing():
    config, runs = runs_of(with_set)
    assert compared_runs(config, runs, "new") == []


def test_single_folds_have_the_sets_of_their_experiment():
    def edit(config):
        with_set(config, target=1)
        folded(config)

    config, runs = runs_of(edit)
    assert extra_sets(config, "first.fold1") == ["new"]
    assert "first.fold1" not in compared_runs(config, runs, "new")


def test_the_control_does_not_start_from_what_was_learnt_from_the_true_labels():
    def edit(config):
        started = {"start_from": "x.keras", "freeze": ["conv*"], "replace_head": True, "epochs": 3}
        config["experiments"]["first"]["training"] = started

    _, runs = runs_of(edit)
    control = runs["first.label_shuffle"].training
    assert runs["first"].training["start_from"] == "x.keras"
    assert (control["start_from"], control["freeze"], control["replace_head"]) == (None, [], False)
    assert control["epochs"] == 3
