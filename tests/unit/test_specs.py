"""The window length that a network is checked against before any job starts."""

import copy
import gzip
import json

import pytest

from motifloom import specs
from motifloom.config.parse import parse_config
from motifloom.errors import UserError

BASE = {
    "datasets": {"d": {"task": "binary", "genome": "genome.fa", "sources": []}},
    "models": {"net": {"spec": {"model": {}}}, "gc": {"baseline": "gc"}},
    "experiments": {"e": {"dataset": "d", "model": "net"}},
}


@pytest.fixture
def checked(tmp_path, monkeypatch):
    """Return a function that gives what a network on the sources (and window) is checked against."""
    monkeypatch.chdir(tmp_path)

    def checked(*sources, answer=None, cache=None, experiments=None, **dataset):
        runs = []
        monkeypatch.setattr(specs, "_run", lambda checks: runs.extend(checks) or [answer] * len(checks))
        config = copy.deepcopy(BASE) | ({"experiments": experiments} if experiments else {})
        config["datasets"]["d"] |= {"sources": list(sources), **dataset}
        specs.check_specs(parse_config(config, "my.yaml"), "my.yaml", cache=cache)
        return [check["length"] for check in runs]

    return checked


FILES = {
    "fasta": ("fasta", "a.fa", ">x\nACGTACG\n>y\nACG\n", 7),
    "table of sequences": ("table", "a.tsv", "id\tsequence\n\nx\tACGTA\ny\tAC\n", 5),
    "table of places": ("table", "a.csv", "chrom,start,end\nchr1,10,31\nchr1,1,2\n", 21),
    "bed": ("intervals", "a.bed", "track name=x\n# chr1\t1\t2\nchr1\t100\t140\nchr1\t5\t6\n", 40),
    "gff": ("intervals", "a.gff", "chr1\tx\tpeak\t11\t30\t.\t+\t.\tID=a\n", 20),
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(("kind", "name", "content", "length"), FILES.values(), ids=FILES)
def test_the_first_example_tells_the_length(checked, tmp_path, kind, name, content, length, packed):
    name += ".gz" * packed
    (tmp_path / name).write_bytes(gzip.compress(content.encode()) if packed else content.encode())
    assert checked({kind: name, "target": 1}) == [length]
    assert checked({kind: name, "target": 1}, window={"length": 9}) == [9]


def test_a_named_column_holds_the_sequences(checked, tmp_path):
    (tmp_path / "a.tsv").write_text("chrom\tstart\tend\tseq\nchr1\t0\t9\tACG\n")
    assert checked({"table": "a.tsv", "sequence": "seq", "target": 1}) == [3]
    with pytest.raises(UserError, match="there is no column 'sq'; did you mean 'seq'"):
        checked({"table": "a.tsv", "sequence": "sq", "target": 1})


def test_a_file_that_is_not_made_yet_tells_nothing(checked, tmp_path):
    simulated = {"intervals": "results/simulations/demo/peaks/A.narrowPeak", "target": 1}
    assert checked(simulated) == []
    (tmp_path / "a.bed").write_text("chr1\t0\t12\n")
    assert checked(simulated, {"intervals": "a.bed", "target": 0}) == [12]


def test_no_file_is_read_for_a_baseline(checked, tmp_path):
    (tmp_path / "a.bed").write_text("damaged")
    source, experiments = {"intervals": "a.bed", "target": 1}, {"e": {"dataset": "d", "model": "gc"}}
    assert checked(source, experiments=experiments) == []
    with pytest.raises(UserError, match=r"^a\.bed, line 1"):
        checked(source)


def test_a_spec_found_good_is_not_checked_again(checked, tmp_path):
    (tmp_path / "a.bed").write_text("chr1\t0\t12\n")
    source, cache = {"intervals": "a.bed", "target": 1}, tmp_path / "cache"
    with pytest.raises(UserError, match="no network"):
        checked(source, answer="no network", cache=cache)
    assert checked(source, cache=cache) == [12] and checked(source, cache=cache) == []
    (tmp_path / "a.bed").write_text("chr1\t0\t13\n")
    assert checked(source, cache=cache) == [13]
    assert {json.loads(path.read_text())["length"] for path in cache.iterdir()} == {12, 13}


def test_classes_may_be_weighed_by_name_and_by_number(checked, tmp_path):
    (tmp_path / "a.bed").write_text("chr1\t0\t12\n")
    experiments = copy.deepcopy(BASE["experiments"])
    for experiment in experiments.values():
        experiment["training"] = {"class_weight": {"neg": 1, 1: 5}}
    found = checked({"intervals": "a.bed", "target": 1}, experiments=experiments, cache=tmp_path / "cache")
    assert set(found) == {12}


def config_of(**models):
    config = copy.deepcopy(BASE) | {"models": models}
    config["datasets"]["d"]["sources"] = [{"fasta": "a.fa", "target": 1}]
    return parse_config(config, "my.yaml")


def test_what_a_training_gets_of_each_kind_of_model():
    def located(path):
        return f"/shipped/{path}"

    models = {
        "net": {"builder": "danq", "conv_filters": 3, "compile": {"loss": "mse"}},
        "mine": {"builder": "mine.py", "width": 3},
        "file": {"spec": "net.json"},
        "inline": {"spec": {"model": {"layers": []}}},
        "gc": {"baseline": "gc"},
    }
    config = config_of(**models)
    empty = {"compile": {}, "training_params": {}, "callbacks": {}}
    assert specs.spec_of(config, "net", located) == {
        **empty,
        "model": {"builder": "danq", "conv_filters": 3},
        "compile": {"loss": "mse"},
    }
    assert specs.spec_of(config, "mine", located)["model"] == {"builder": "/shipped/mine.py", "width": 3}
    assert specs.spec_of(config, "file", located) is None
    assert specs.spec_of(config, "inline", located) == {"model": {"layers": []}}
    assert specs.spec_of(config, "gc", located) is None
    files = {name: specs.model_files(config, name, located) for name in models}
    expected = {
        "net": [],
        "mine": ["/shipped/mine.py"],
        "file": ["/shipped/net.json"],
        "inline": [],
        "gc": [],
    }
    assert files == expected
    names = {name: specs.spec_name(config, name) for name in ("net", "mine", "file", "inline")}
    assert names == {
        "net": "models.net",
        "mine": "models.mine",
        "file": "net.json",
        "inline": "models.inline.spec",
    }


def test_a_builder_is_checked_against_the_length_in_a_process(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.fa").write_text(">x\n" + "ACGT" * 10 + "\n")
    (tmp_path / "mine.py").write_text("def build(inputs):\n    return inputs\n")
    models = {"net": {"builder": "danq", "conv_width": 50}, "mine": {"builder": "mine.py"}}
    config = config_of(**models)
    config.experiments["f"] = config.experiments["e"].model_copy(update={"model": "mine"})
    with pytest.raises(UserError) as caught:
        specs.check_specs(config, "my.yaml")
    assert str(caught.value).splitlines() == [
        "my.yaml: models.net.conv_width: 50 does not fit: there are 40 positions; "
        "write at most 40, or make windows longer",
        "my.yaml: models.mine.builder: mine.py: build gives [40, 4] values per example; "
        "end with Flatten, a global pooling or AttentionPooling",
    ]


def test_an_edit_of_ones_own_builder_is_checked_again(checked, tmp_path, monkeypatch):
    (tmp_path / "a.bed").write_text("chr1\t0\t12\n")
    (tmp_path / "mine.py").write_text("1")
    monkeypatch.setitem(BASE["models"], "net", {"builder": "mine.py"})
    source, cache = {"intervals": "a.bed", "target": 1}, tmp_path / "cache"
    assert checked(source, cache=cache) == [12] and checked(source, cache=cache) == []
    (tmp_path / "mine.py").write_text("2")
    assert checked(source, cache=cache) == [12]


def test_layers_of_maps_must_be_in_the_networks_that_get_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.fa").write_text(">x\n" + "ACGT" * 10 + "\n")
    config = config_of(net={"builder": "conv_stack", "conv_filters": 2, "dense_filters": 2})
    config.evaluation.embedding.layers = ["last", "conv1", "conv9"]
    with pytest.raises(UserError) as caught:
        specs.check_specs(config, "my.yaml")
    text = str(caught.value)
    assert text.startswith(
        "my.yaml: evaluation.embedding.layers[2]: models.net: the network has no layer 'conv9' (its layers:"
    )
    # Folds of an experiment get no maps.
    config.experiments["e"] = config.experiments["e"].model_copy(update={"folds": [0, 1]})
    specs.check_specs(config, "my.yaml")


def test_a_check_that_dies_names_the_models(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.fa").write_text(">x\n" + "ACGT" * 10 + "\n")
    (tmp_path / "mine.py").write_text("import os\nos._exit(7)\n")
    with pytest.raises(UserError, match=r"^the check of the models \(models\.net\) could not run: "):
        specs.check_specs(config_of(net={"builder": "mine.py"}), "my.yaml")
