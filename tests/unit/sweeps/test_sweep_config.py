"""Block sweeps: what is accepted, and one clear line for what is not."""

import copy

import pytest
from samples import BASE

from motifloom.config.parse import parse_config
from motifloom.config.sweeps import Metric, Sweep
from motifloom.errors import UserError

SWEEP = {
    "experiment": "first",
    "metric": {"name": "auroc"},
    "trials": 4,
    "parameters": {"training.batch_size": {"values": [8, 16]}},
}


def message(change, remove=()):
    content = copy.deepcopy(BASE)
    content["sweeps"] = {"width": {key: value for key, value in SWEEP.items() if key not in remove} | change}
    with pytest.raises(UserError) as caught:
        parse_config(content, "my.yaml")
    return str(caught.value)


def space(**parameter):
    return {"parameters": {"training.epochs": parameter}}


RIGHT = "my.yaml: sweeps.width.parameters.training.epochs "
MISTAKES = {
    "unknown key": ({"trails": 3}, "my.yaml: sweeps.width.trails: unknown key; did you mean 'trials'?"),
    "unknown key of a parameter": (
        space(mim=1, max=3),
        "my.yaml: sweeps.width.parameters.training.epochs.mim: unknown key; did you mean 'min'?",
    ),
    "method": (
        {"method": "bayse"},
        "'bayse' is not one of 'grid', 'random' or 'bayes'; did you mean 'bayes'?",
    ),
    "goal": ({"metric": {"name": "f1", "goal": "max"}}, "'max' is not one of 'minimize' or 'maximize'"),
    "no parameters": ({"parameters": {}}, "sweeps.width has no parameters; name at least one"),
    "empty parameter": (space(), RIGHT + "is empty; give value, values, or min and max"),
    "no values": (space(values=[]), "sweeps.width.parameters.training.epochs.values: is empty"),
    "half a range": (space(min=1), RIGHT + "is uniform, which needs max:"),
    "both": (space(min=1, max=2, values=[1]), RIGHT + "has max:, which does not go with categorical"),
    "reversed": (space(min=2, max=1), RIGHT + "has min: 2, which is not below max: 1"),
    "log of nothing": (space(min=0, max=1, distribution="log_uniform_values"), "which needs a min above 0"),
    "no step": (space(min=1, max=9, distribution="q_uniform"), "is q_uniform, which needs q:, the step"),
    "step too wide": (space(min=1.5, max=1.9, q=1), "has no multiple of q: 1 between min and max"),
    "step of whole numbers": (
        space(min=1, max=9, q=2, distribution="int_uniform"),
        "distribution: q_uniform",
    ),
    "not whole": (space(min=1.5, max=9, distribution="int_uniform"), "which takes whole numbers"),
    "sigma": (space(sigma=0), "parameters.training.epochs.sigma"),
    "shares": (space(values=[1, 2], probabilities=[1]), "has 1 probabilities for 2 values"),
    "no shares": (space(values=[1, 2], probabilities=[0, 0]), "has probabilities that are all 0"),
    "shares with bayes": (
        space(values=[1, 2], probabilities=[1, 2]) | {"method": "bayes"},
        "has probabilities of training.epochs, which go with method: random",
    ),
    "grid of a range": (
        space(min=0.1, max=0.2) | {"method": "grid"},
        "has a grid over training.epochs, a uniform without steps; give values: or q:",
    ),
    "grid of a normal": (
        space(mu=0, sigma=1, q=1) | {"method": "grid"},
        "has a grid over training.epochs, a normal without ends; give values:",
    ),
    "no block": (
        {"parameters": {"batch_size": {"value": 1}}},
        "has the parameter batch_size; write model.<key>",
    ),
    "a whole block": (
        {"parameters": {"training": {"value": {}}}},
        "has the parameter training; write model.<key>",
    ),
    "threads": (
        {"parameters": {"training.threads": {"values": [1, 2]}}},
        "which must be the same in all trials",
    ),
    "startup": ({"startup": 3}, "has startup:, which goes with method: bayes"),
    "pruning without epochs": (
        {"metric": {"name": "mcc"}, "pruning": {}},
        "has pruning:, which needs a metric that every epoch tells: auroc, auprc, val_loss",
    ),
    "pruning over seeds": ({"pruning": {}, "seeds": 2}, "has pruning:, which goes with seeds: 1"),
    "eta": ({"pruning": {"eta": 3}}, "has eta:, which goes with rule: hyperband"),
    "twice": ({"spec": "sweep.yaml"}, "has spec: and metric:; say it in one of them"),
}


@pytest.mark.parametrize(("change", "expected"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_in_one_line(change, expected):
    text = message(change)
    assert text.startswith("my.yaml: ") and expected in text and "\n" not in text


def test_a_method_that_draws_needs_a_number():
    expected = "has method: random, which needs trials:, a number"
    assert expected in message({}, remove=["trials"])
    assert Sweep.model_validate({**SWEEP, "method": "grid", "trials": None}).trials is None


def test_text_such_as_1e_5_is_a_number():
    ranges = {"min": "1e-5", "max": "1E-2", "distribution": "log_uniform_values"}
    found = Sweep.model_validate({**SWEEP, **space(**ranges)}).parameters["training.epochs"]
    assert (found.min, found.max) == (1e-5, 1e-2)
    found = Sweep.model_validate({**SWEEP, **space(values=["1e-5", "adam", ["2e3"]])})
    assert found.parameters["training.epochs"].values == [1e-5, "adam", [2000.0]]


@pytest.mark.parametrize(
    ("name", "goal", "sign"),
    [
        ("auroc", None, 1),
        ("val_loss", None, -1),
        ("log_loss", None, -1),
        ("val_mean_squared_error", None, -1),
        ("val_auc", None, 1),
        ("auroc", "minimize", -1),
        ("val_loss", "maximize", 1),
    ],
)
def test_less_is_better_of_losses_and_errors(name, goal, sign):
    assert Metric(name=name, goal=goal).sign == sign


def test_the_column_that_tells_of_a_metric():
    columns = {name: Metric(name=name).column for name in ("auroc", "auprc", "mcc", "val_loss", "loss")}
    expected = {
        "auroc": "val_auroc",
        "auprc": "val_auprc",
        "mcc": None,
        "val_loss": "val_loss",
        "loss": "loss",
    }
    assert columns == expected


def test_workers_are_two_where_trials_learn_from_each_other():
    sweeps = {
        "random": {},
        "bayes": {"method": "bayes"},
        "pruned": {"pruning": {}},
        "given": {"method": "bayes", "n_workers": 5},
        "random given": {"n_workers": 3},
    }
    found = {name: Sweep.model_validate({**SWEEP, **change}).workers for name, change in sweeps.items()}
    assert found == {"random": None, "bayes": 2, "pruned": 2, "given": 5, "random given": 3}
