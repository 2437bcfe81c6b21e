"""Experiments and the baselines run beside them."""

import copy

from samples import BASE

from motifloom.config.parse import parse_config
from motifloom.runs import baseline_names, expand_runs, name_files


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
