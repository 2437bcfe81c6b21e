"""From parameters to the config of an ordinary experiment."""

import copy
import json

import pytest
import yaml
from samples import BASE

from motifloom.config.parse import parse_config
from motifloom.config.sweeps import Sweep
from motifloom.errors import UserError
from motifloom.sweeps.best import best_config
from motifloom.sweeps.edit import derive_config, key_steps, swept_files, trained_config
from motifloom.sweeps.trials import record

SPEC = {
    "model": {"layers": [{"class_name": "Conv1D", "config": {"filters": 4}}, {"class_name": "Flatten"}]},
    "compile": {"optimizer": "adam"},
}
SWEEP = Sweep.model_validate(
    {
        "experiment": "first",
        "trials": 3,
        "metric": {"name": "auroc"},
        "parameters": {"training.batch_size": {"values": [8, 16]}},
    }
)
FILTERS = "model.spec.model.layers[0].config.filters"


def config(spec=SPEC, **experiment):
    content = copy.deepcopy(BASE)
    content["models"]["shallow"]["spec"] = spec
    content["experiments"]["first"] |= experiment
    return content


def derived(parameters, content=None):
    content = derive_config(content or config(), "width", SWEEP, parameters)
    parse_config(content, "derived")
    return content["models"]["shallow-width"], content["experiments"]["first-width"]


def test_key_paths_name_keys_and_places():
    assert key_steps("model.spec.layers[0].config[1][2].x") == [
        "model",
        "spec",
        "layers",
        0,
        "config",
        1,
        2,
        "x",
    ]


def test_a_parameter_of_the_training_is_put_into_the_experiment():
    content = config(training={"epochs": 3, "threads": 1}, seeds=[4, 5])
    model, experiment = derived({"training.batch_size": 8, "training.epochs": 7}, content)
    assert model == {"spec": SPEC}
    assert experiment == {
        "dataset": "reb1",
        "model": "shallow-width",
        "seeds": [4, 5],
        "training": {"epochs": 7, "threads": 1, "batch_size": 8},
    }


def test_a_parameter_of_the_spec_is_put_into_the_spec():
    model, experiment = derived({FILTERS: 9, "model.spec.training_params.epochs": 2})
    assert model["spec"]["model"]["layers"][0]["config"] == {"filters": 9}
    assert model["spec"]["training_params"] == {"epochs": 2}
    assert "training" not in experiment and SPEC["model"]["layers"][0]["config"]["filters"] == 4


@pytest.mark.parametrize("name", ["spec.yaml", "spec.json"])
def test_a_spec_in_a_file_is_read_where_a_part_of_it_changes(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text(json.dumps(SPEC) if name.endswith("json") else yaml.safe_dump(SPEC))
    model, _ = derived({FILTERS: 9}, config(name))
    assert model["spec"]["model"]["layers"][0]["config"] == {"filters": 9}
    assert model["spec"]["compile"] == SPEC["compile"]
    assert derived({"training.batch_size": 8}, config(name))[0] == {"spec": name}
    assert derived({"model.spec": "other.yaml"}, config(name))[0] == {"spec": "other.yaml"}


def test_all_files_that_networks_are_made_of_are_known():
    def files(parameters, model):
        content = copy.deepcopy(BASE) | {"models": {"shallow": model}}
        keys = {"experiment": "first", "method": "grid", "parameters": parameters}
        return swept_files(content, Sweep.model_validate(keys))

    values = {"values": ["et.json", SPEC, "a/net.json", "net.json"]}
    assert files({"model.spec": values}, {"spec": "net.json"}) == ["net.json", "et.json", "a/net.json"]
    assert files({"model.spec": {"value": "b.yaml"}}, {"spec": SPEC}) == ["b.yaml"]
    assert files({FILTERS: {"value": 2}}, {"spec": "net.json"}) == ["net.json"]
    builders = {"model.builder": {"values": ["own.py", "conv_stack", "other.py"]}}
    assert files(builders, {"builder": "own.py"}) == ["own.py", "other.py"]
    assert files({"model.width": {"value": 2}}, {"builder": "conv_stack"}) == []


def test_an_unreadable_spec_is_told(tmp_path):
    with pytest.raises(UserError, match=r"absent\.json: there is no such file"):
        derived({FILTERS: 9}, config(str(tmp_path / "absent.json")))


PATHS = {
    "place": (
        "model.spec.model.layers[2].config.units",
        r"layers has 2 entries, numbered from 0; .* no \[2\]",
    ),
    "text": (
        "model.spec.compile.optimizer.config.learning_rate",
        r'optimizer is "adam", no mapping; write it',
    ),
    "no list": ("model.spec.model[0].x", r"model\.spec\.model is \{.*\}, no list"),
}


@pytest.mark.parametrize(("key", "expected"), PATHS.values(), ids=PATHS)
def test_a_path_that_leads_nowhere_is_told(key, expected):
    with pytest.raises(UserError, match=expected) as caught:
        derived({key: 1})
    assert str(caught.value).startswith(f"{key}: ")


def test_trials_depend_on_what_they_are_trained_with_alone():
    content = config(seeds=[3, 4], training={"epochs": 2})
    content |= {"seed": 5, "evaluation": {"bootstrap": 100}, "interpretation": {}}
    content["experiments"]["other"] = {"dataset": "reb1", "model": "shallow"}
    part = trained_config(content, SWEEP)
    assert part == {
        "datasets": BASE["datasets"],
        "models": {"shallow": {"spec": SPEC}},
        "experiments": {
            "first": {"dataset": "reb1", "model": "shallow", "training": {"epochs": 2}, "seeds": [3]}
        },
    }
    content["evaluation"]["reverse_complement"] = True
    assert trained_config(content, SWEEP)["evaluation"] == {"reverse_complement": True}
    both = SWEEP.model_copy(update={"seeds": 2})
    assert trained_config(content, both)["experiments"]["first"]["seeds"] == [3, 4]
    assert trained_config(BASE, SWEEP)["experiments"]["first"]["seeds"] == [1]


def test_the_best_config_is_the_whole_one_with_the_best_trial():
    content = config() | {"sweeps": {"width": {}}, "seed": 3}
    records = [
        record(0, {"training.batch_size": 8}, value=0.7),
        record(1, {"training.batch_size": 16}, value=0.9),
        record(2, {"training.batch_size": 32}, state="pruned", epochs=[0.99]),
    ]
    text = best_config(content, "width", SWEEP, records, path="b.yaml")
    found = yaml.safe_load(text)
    assert (
        "sweeps" not in found and found["seed"] == 3 and set(found["experiments"]) == {"first", "first-width"}
    )
    assert found["experiments"]["first-width"]["training"] == {"batch_size": 16}
    assert "Trial 1 of sweep width, the best of 3: auroc 0.9" in text and "--configfile b.yaml" in text
    assert parse_config(found, "b.yaml").experiments["first-width"].training.batch_size == 16


def test_no_complete_trial_has_no_best_one():
    failed = record(0, {}, state="failed", message="the loss became NaN")
    with pytest.raises(UserError, match=r"sweeps\.width: no trial is complete; the loss became NaN"):
        best_config(config(), "width", SWEEP, [failed])
