"""Sweeps as W&B writes them."""

import copy

import pytest
import yaml
from samples import BASE

from motifloom.errors import UserError
from motifloom.sweeps.spec import complete_sweeps

WANDB = """
program: train.py
project: enhancers
method: bayes
metric: {name: auroc, goal: maximize}
run_cap: 20
parameters:
  training:
    parameters:
      batch_size: {values: [16, 32]}
      epochs: {distribution: q_uniform, min: 10, max: 30, q: 10}
  model.rate: {distribution: log_uniform_values, min: 1e-5, max: 1e-2}
  model.kind: {value: small}
early_terminate: {type: hyperband, min_iter: 5, eta: 2}
"""
OURS = """
experiment: first
method: bayes
metric: {name: auroc, goal: maximize}
trials: 20
parameters:
  training.batch_size: {values: [16, 32]}
  training.epochs: {distribution: q_uniform, min: 10, max: 30, q: 10}
  model.rate: {distribution: log_uniform_values, min: 1.0e-5, max: 1.0e-2}
  model.kind: {value: small}
pruning: {rule: hyperband, min_epochs: 5, eta: 2}
"""


def config(sweep):
    return copy.deepcopy(BASE) | {"sweeps": {"width": sweep}}


def completed(sweep, **options):
    return complete_sweeps(config(sweep), "my.yaml", **options)["width"]


def test_both_forms_say_the_same(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sweep.yaml").write_text(WANDB)
    expected = completed(yaml.safe_load(OURS))
    assert completed({"experiment": "first", "spec": "sweep.yaml"}) == expected
    assert completed({"experiment": "first", "spec": yaml.safe_load(WANDB)}) == expected
    more = completed({"experiment": "first", "spec": "sweep.yaml", "trials": 8, "n_workers": 4})
    assert (more.trials, more.n_workers) == (8, 4)
    located = completed({"experiment": "first", "spec": "x.yaml"}, locate=lambda path: "sweep.yaml")
    assert located == expected


def test_hyperband_by_its_brackets():
    content = yaml.safe_load(WANDB) | {"early_terminate": {"type": "hyperband", "max_iter": 27, "s": 2}}
    pruning = completed({"experiment": "first", "spec": content}).pruning
    assert (pruning.rule, pruning.min_epochs, pruning.eta) == ("hyperband", 3, 3)


def test_without_a_goal_wandb_minimises_whatever_it_is():
    signs = []
    for metric in ({"name": "auroc"}, {"name": "auroc", "goal": "maximize"}, {"name": "val_mine"}):
        content = yaml.safe_load(WANDB) | {"metric": metric}
        del content["early_terminate"]
        signs.append(completed({"experiment": "first", "spec": content}).metric.sign)
    assert signs == [-1, 1, -1]


def test_no_sweeps_are_none():
    assert complete_sweeps(BASE, "my.yaml") == {}


MISTAKES = {
    "key": ({"methods": "grid"}, "sweep.yaml: methods: is no key of a sweep; did you mean 'method'?"),
    "goal": ({"metric": {"name": "x", "goal": "best"}}, "sweep.yaml: sweeps.width.metric.goal: 'best'"),
    "inverse": (
        {"parameters": {"model.k": {"min": 1, "max": 2, "distribution": "inv_log_uniform"}}},
        "sweep.yaml: sweeps.width.parameters.model.k.distribution: 'inv_log_uniform' is not one of",
    ),
    "target": (
        {"metric": {"name": "auroc", "target": 0.9}},
        "sweep.yaml: sweeps.width.metric.target: unknown",
    ),
    "rule": ({"early_terminate": {"type": "envelope"}}, "early_terminate.type: 'envelope' is not known"),
    "strict": (
        {"early_terminate": {"type": "hyperband", "min_iter": 3, "strict": True}},
        "early_terminate.strict: is not supported",
    ),
    "brackets": ({"early_terminate": {"type": "hyperband"}}, "needs min_iter:, or max_iter: and s:"),
    "both brackets": (
        {"early_terminate": {"type": "hyperband", "min_iter": 3, "s": 2}},
        "has min_iter: and s:; give one of them",
    ),
    **{
        f"eta {eta}": (
            {"early_terminate": {"type": "hyperband", "max_iter": 9, "s": 2, "eta": eta}},
            expected,
        )
        for eta, expected in {
            "3": "sweep.yaml: early_terminate.eta: '3' is no number above 1",
            0: "early_terminate.eta: 0 is no number above 1, up to 1000",
            1: "early_terminate.eta: 1 is no number above 1",
        }.items()
    },
    "s": (
        {"early_terminate": {"type": "hyperband", "max_iter": 9, "s": -2}},
        "sweep.yaml: early_terminate.s: -2 is no whole number from 1 to 100",
    ),
    "max_iter": (
        {"early_terminate": {"type": "hyperband", "max_iter": "9", "s": 2}},
        "early_terminate.max_iter: '9' is no whole number from 1",
    ),
    "min_iter": (
        {"early_terminate": {"type": "hyperband", "min_iter": 0}},
        "early_terminate.min_iter: 0 is no whole number from 1",
    ),
    "no mapping": ({"early_terminate": "hyperband"}, "early_terminate: must be a mapping, not 'hyperband'"),
    "parameters": ({"parameters": [1]}, "sweep.yaml: parameters: must be a mapping, not [1]"),
}


@pytest.mark.parametrize(("change", "expected"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_names_the_file(tmp_path, monkeypatch, change, expected):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sweep.yaml").write_text(yaml.safe_dump(yaml.safe_load(WANDB) | change))
    with pytest.raises(UserError) as caught:
        completed({"experiment": "first", "spec": "sweep.yaml"})
    assert expected in str(caught.value) and "\n" not in str(caught.value)


def test_a_mistake_inline_names_the_key_path():
    content = yaml.safe_load(WANDB)
    for change in ({"methods": "grid"}, {"early_terminate": {"type": "envelope"}}):
        with pytest.raises(UserError, match=r"^my\.yaml: sweeps\.width\.spec: (methods|early_terminate)"):
            completed({"experiment": "first", "spec": content | change})


def test_what_is_no_sweep_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"sweep\.yaml: there is no such file"):
        completed({"experiment": "first", "spec": "sweep.yaml"})
    for text, expected in {"[1": "not valid YAML", "[1]": "is no sweep", "": "the file is empty"}.items():
        (tmp_path / "sweep.yaml").write_text(text)
        with pytest.raises(UserError, match=expected):
            completed({"experiment": "first", "spec": "sweep.yaml"})
