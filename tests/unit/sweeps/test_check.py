"""Sweeps that do not fit the rest of the config, found before any job."""

import copy
import json
from pathlib import Path

import pytest
from samples import BASE

from motifloom.errors import UserError
from motifloom.sweeps import check as check_module
from motifloom.sweeps import columns as columns_module
from motifloom.sweeps.check import check_sweeps
from motifloom.sweeps.columns import history_columns
from motifloom.sweeps.spec import complete_sweeps

SPEC = {
    "model": {
        "layers": [
            {"class_name": "Conv1D", "config": {"filters": 2, "kernel_size": 5}},
            {"class_name": "GlobalMaxPooling1D", "config": {}},
            {"class_name": "Dense", "config": {"units": "auto", "activation": "auto"}},
        ]
    }
}
SWEEP = {
    "experiment": "first",
    "metric": {"name": "auroc"},
    "method": "grid",
    "parameters": {"training.batch_size": {"values": [8, 16]}},
}
KERNEL, FILTERS = (f"model.spec.model.layers[0].config.{key}" for key in ("kernel_size", "filters"))


def config(sweep=None, experiment=None, **more):
    content = copy.deepcopy(BASE)
    content["models"] = {"shallow": {"spec": copy.deepcopy(SPEC)}, "gc": {"baseline": "gc"}}
    content["experiments"]["first"] |= experiment or {}
    content["sweeps"] = {"width": SWEEP | (sweep or {}) | more}
    return content


def check(content, **options):
    sweeps = complete_sweeps(content, "my.yaml")
    check_sweeps(content, sweeps, "my.yaml", **options)


def message(content):
    with pytest.raises(UserError) as caught:
        check(content)
    return str(caught.value)


REFERENCES = {
    "experiment": (
        {"experiment": "frist"},
        None,
        "experiment: no 'frist' under experiments; did you mean 'first'",
    ),
    "baseline": ({}, {"model": "gc"}, "experiment: first trains no network, which a sweep needs"),
    "seeds": ({"seeds": 2}, None, "seeds: 2 is more than experiments.first.seeds has"),
    "metric": (
        {"metric": {"name": "aurok"}},
        None,
        "metric.name: 'aurok' is no metric of binary; did you mean 'auroc'?; known: auroc, auprc,",
    ),
    "other task": ({"metric": {"name": "pearson"}}, None, "'pearson' is no metric of binary"),
    "direction": (
        {"metric": {"name": "val_mine"}},
        None,
        "metric.goal: val_mine does not tell what is best; add minimize or maximize",
    ),
    "size": ({"trials": 3}, None, "trials: 3 is more than the 2 combinations of the grid; leave it out"),
}


@pytest.mark.parametrize(("sweep", "experiment", "expected"), REFERENCES.values(), ids=REFERENCES)
def test_what_does_not_fit_the_config_is_told(sweep, experiment, expected):
    text = message(config(sweep, experiment))
    assert text.startswith("my.yaml: sweeps.width") and expected in text and "\n" not in text


def test_names_of_the_best_trial_must_be_free():
    content = config()
    content["experiments"]["first-width"] = content["experiments"]["first"]
    content["models"]["shallow-width"] = content["models"]["shallow"]
    lines = message(content).splitlines()
    assert [line.split(" gets, ")[1] for line in lines] == ["is there already; rename the sweep"] * 2
    content = config()
    content["experiments"]["First-Width"] = content["experiments"]["first"]
    assert "first-width, which the best trial gets, is there already" in message(content)
    content = config()
    content["sweeps"] = {"w" * 58: SWEEP}
    assert "is too long; rename the sweep" in message(content)


def test_names_may_be_as_long_as_names_can_be(tmp_path):
    """The best trial's name fits exactly; those of the points that are checked are short."""
    content = config()
    content["sweeps"] = {"w" * 52: SWEEP}  # shallow-w..., 60 letters
    check(content, cache=tmp_path)
    content["sweeps"] = {"w" * 53: SWEEP}
    assert "the name shallow-www" in message(content) and "is too long; rename the sweep" in message(content)


KEYS = {
    "unknown key": (
        {"training.bach_size": {"values": [8]}},
        "parameters.training.bach_size: with 8: experiments.first.training.bach_size: unknown key; did",
    ),
    "type": (
        {"training.batch_size": {"values": [0.5]}},
        "parameters.training.batch_size: with 0.5: experiments.first.training.batch_size: 0.5 should be",
    ),
    "end of a range": (
        {"training.batch_size": {"min": -1, "max": 0}},
        "with -1: experiments.first.training.batch_size",
    ),
    "a range test that no trial has": (
        {"training.schedule": {"values": [{"kind": "one_cycle", "from_range_test": True}]}},
        "trials have no range test; remove from_range_test, and write the rates",
    ),
    "unknown key of the model": (
        {"model.filters": {"value": 8}},
        "with 8: models.shallow.filters: unknown key",
    ),
    "path": ({"model.spec.model.layers[7].config.x": {"value": 1}}, "layers has 3 entries, numbered from 0"),
}


@pytest.mark.parametrize(("parameters", "expected"), KEYS.values(), ids=KEYS)
def test_a_value_that_makes_no_valid_config_is_told(parameters, expected):
    text = message(config(parameters=parameters)).splitlines()[0]
    assert text.startswith("my.yaml: sweeps.width.parameters.") and expected in text


def test_values_that_build_no_network_are_told():
    """The networks are built in a process of their own, all in one."""
    parameters = {
        KERNEL: {"values": [5, 500]},
        FILTERS: {"values": [2, 0, 4]},
        "training.batch_size": {"value": 8},
    }
    lines = message(config(parameters=parameters)).splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(
        f"my.yaml: sweeps.width.parameters.{KERNEL}: with 500: models.shallow.spec: model"
    )
    assert "500" in lines[0].split(": with 500: ")[1] and "200" in lines[0]
    assert lines[1].startswith(
        f"my.yaml: sweeps.width.parameters.{FILTERS}: with 0: models.shallow.spec: model"
    )


@pytest.fixture
def file(tmp_path, monkeypatch):
    """The spec as a file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.json").write_text(json.dumps(SPEC))


def test_a_value_of_the_training_is_told_where_the_spec_is_a_file(file):
    content = config(
        parameters={
            "training.optimizer": {"values": ["adam", "adamm"]},
            "training.loss": {"values": ["binary_crossentropy", "hinge"]},
        }
    )
    content["models"]["shallow"]["spec"] = "net.json"
    text = message(content)
    start = "my.yaml: sweeps.width.parameters.training.optimizer: with 'adamm': "
    assert text.startswith(start) and "Keras has no optimizer 'adamm'" in text
    assert "p1" not in text and "p0" not in text and "\n" not in text


def test_a_value_that_fails_only_together_is_right_where_the_spec_is_a_file(file):
    """Alone, each of these is one choice of a network that can be built."""
    loss = {"class_name": "BinaryCrossentropy", "config": {"from_logits": True}}
    spec = json.loads(json.dumps(SPEC))
    spec["model"]["layers"][2]["config"]["activation"] = "linear"
    Path("logits.json").write_text(json.dumps(spec))
    parameters = {
        "model.spec": {"values": ["net.json", "logits.json"]},
        "training.loss": {"values": ["binary_crossentropy", loss]},
    }
    content = config(parameters=parameters)
    content["models"]["shallow"]["spec"] = "net.json"
    check(content)


def test_files_among_the_values_are_checked(file):
    Path("et.json").write_text(json.dumps(SPEC).replace("Conv1D", "Conv1E"))
    content = config(parameters={"model.spec": {"values": ["net.json", "et.json", "absent.json"]}})
    lines = message(content).splitlines()
    start = "my.yaml: sweeps.width.parameters.model.spec: with"
    assert [line.split(": model.")[0] for line in lines] == [
        f"{start} 'et.json': et.json",
        f"{start} 'absent.json': absent.json: there is no such file",
    ]


def test_values_that_build_only_together_are_right(tmp_path, monkeypatch):
    loss = {"class_name": "BinaryCrossentropy", "config": {"from_logits": True}}
    parameters = {
        "model.spec.model.layers[2].config.activation": {"values": ["sigmoid", "linear"]},
        "model.spec.compile.loss": {"values": ["binary_crossentropy", loss]},
    }
    calls, check_specs = [], check_module.check_specs
    monkeypatch.setattr(check_module, "check_specs", lambda *given: calls.append(1) or check_specs(*given))
    check(config(parameters=parameters), cache=tmp_path)
    assert len(calls) == 1 and len(list(tmp_path.iterdir())) == 2


def test_a_file_of_a_spec_is_found_by_locate(tmp_path):
    (tmp_path / "real.json").write_text('{"model": {"layers": []}}')
    content = config(parameters={FILTERS: {"values": [2]}})
    content["models"]["shallow"]["spec"] = "a.json"
    with pytest.raises(UserError, match=r"layers has 0 entries"):
        check(content, locate=lambda path: str(tmp_path / "real.json") if path == "a.json" else path)


OPTIMIZER = "model.spec.compile.optimizer"
INSTEAD = {
    "rate": ({"learning_rate": 0.1}, f"{OPTIMIZER}.config.learning_rate", "training.learning_rate"),
    "optimizer": ({"optimizer": "SGD"}, f"{OPTIMIZER}.config.learning_rate", "training.optimizer"),
    "name of the optimizer": ({"optimizer": "SGD"}, OPTIMIZER, "training.optimizer"),
    "epochs": ({"epochs": 3}, "model.spec.training_params.epochs", "training.epochs"),
    "loss": ({"loss": "mse"}, "model.spec.compile.loss.class_name", "training.loss"),
    "weights": ({"class_weight": "none"}, "model.spec.training_params.class_weight", "training.class_weight"),
    "cyclic rates": (
        {"schedule": {"kind": "one_cycle", "lr_max": 0.1}},
        f"{OPTIMIZER}.config.learning_rate",
        "training.schedule",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("training", "key", "source"), INSTEAD.values(), ids=INSTEAD)
def test_a_parameter_that_the_training_block_stands_above_is_refused(training, key, source):
    text = message(config({"parameters": {key: {"values": [1, 2]}}}, {"training": training}))
    assert text == (
        f"my.yaml: sweeps.width.parameters.{key}: experiments.first.{source} stands instead of it; "
        "remove one of the two"
    )


def test_two_parameters_for_one_rate_are_refused():
    key = f"{OPTIMIZER}.config.learning_rate"
    keys = {key: {"values": [0.1, 0.2]}, "training.learning_rate": {"values": [0.3, 0.4]}}
    assert message(config({"parameters": keys})) == (
        f"my.yaml: sweeps.width.parameters.{key}: sweeps.width.parameters.training.learning_rate stands "
        "instead of it; remove one of the two"
    )


def test_a_builders_own_parameter_of_the_rate():
    content = config(
        {"parameters": {"model.learning_rate": {"values": [0.1, 0.2]}}}, {"training": {"learning_rate": 1e-3}}
    )
    content["models"]["shallow"] = {"builder": "pysster", "kernel_len": 5}
    assert (
        "parameters.model.learning_rate: experiments.first.training.learning_rate stands instead"
        in message(content)
    )


def test_what_the_training_block_leaves_alone_is_swept():
    keys = {
        f"{OPTIMIZER}.config.momentum": {"values": [0.1, 0.2]},
        "training.learning_rate": {"values": [0.3, 0.4]},
    }
    content = config({"parameters": keys})
    content["models"]["shallow"]["spec"]["compile"] = {"optimizer": {"class_name": "SGD"}}
    check(content)


COMPILED = "model.spec.compile.metrics"
COLUMNS = {
    "nowhere": (
        {"training.batch_size": {"values": [8, 16]}},
        "history.tsv has no column val_nope; it has loss, accuracy, AUC, val_loss, val_accuracy, val_AUC, "
        "val_auroc, val_auprc",
    ),
    "of one value only": (
        {COMPILED: {"values": [[{"class_name": "AUC", "config": {"name": "nope"}}], ["accuracy"]]}},
        f"history.tsv has no column val_nope with {COMPILED} ['accuracy']; it has loss, accuracy, val_loss, "
        "val_accuracy, val_auroc, val_auprc",
    ),
}


@pytest.mark.parametrize(("parameters", "expected"), COLUMNS.values(), ids=COLUMNS)
def test_a_column_that_no_training_will_log_is_told(parameters, expected, tmp_path, monkeypatch):
    monkeypatch.setattr(check_module, "check_specs", lambda *given: None)  # they are right
    content = config(metric={"name": "val_nope", "goal": "maximize"}, parameters=parameters)
    for _ in range(2):  # from the trainings' settings, and from what was remembered of them
        with pytest.raises(UserError) as caught:
            check(content, cache=tmp_path)
        assert str(caught.value) == f"my.yaml: sweeps.width.metric.name: {expected}"
        monkeypatch.setattr(columns_module, "_run", lambda networks: pytest.fail("asked again"))


def test_a_column_that_trainings_log_is_right(file):
    content = config(metric={"name": "val_auroc"}, parameters={"training.batch_size": {"value": 8}})
    content["models"]["shallow"]["spec"] = "net.json"
    check(content)


def test_values_have_no_exact_areas():
    networks = [{"spec": SPEC, "training": {}, "classes": ["y"], "task": "regression"}]
    networks.append({"spec": {"model": {}}, "training": {}, "classes": ["y"], "task": "regression"})
    assert history_columns(networks) == [
        ["loss", "mean_absolute_error", "val_loss", "val_mean_absolute_error"],
        None,
    ]
