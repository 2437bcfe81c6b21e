"""Block sweeps: what is accepted, and one clear line for what is not."""

import copy

import pytest
from samples import BASE

from motifloom.config.parse import parse_config
from motifloom.config.sweeps import Metric, Sweep
from motifloom.errors import UserError
from motifloom.evaluation.statistics import CLASS_METRICS, VALUE_METRICS

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
    "nothing varies": (space(value=3), "has one value of each parameter for 4 trials; give one two values"),
    "nothing varies in a list": (space(values=[3, 3]), "has one value of each parameter for 4 trials"),
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
    "accelerator": (
        {"parameters": {"training.accelerator": {"values": ["cpu", "gpu"]}}},
        "has the parameter training.accelerator, which must be the same in all trials",
    ),
    "gpus": ({"parameters": {"training.gpus": {"values": [1, 2]}}}, "must be the same in all trials"),
    "range test": (
        {"parameters": {"training.range_test.min": {"value": 0.1}}},
        "has the parameter training.range_test.min, which no training depends on; remove it",
    ),
    "from range test": (
        {
            "parameters": {
                "training.schedule.kind": {"value": "cyclic"},
                "training.schedule.from_range_test": {"value": True},
            }
        },
        "has the parameter training.schedule.from_range_test, but trials have no range test; write the rates",
    ),
    "a part and the whole": (
        {
            "parameters": {
                "training.schedule": {"value": {"kind": "cosine"}},
                "training.schedule.lr_final": {"values": [0.0, 0.1]},
            }
        },
        "has the parameters training.schedule and training.schedule.lr_final, a part of it; remove one",
    ),
    "an entry and the list": (
        {"parameters": {"model.conv_filters": {"value": [1]}, "model.conv_filters[0]": {"value": 2}}},
        "has the parameters model.conv_filters and model.conv_filters[0], a part of it",
    ),
    "grid without end": (
        {
            "method": "grid",
            "trials": None,
            "parameters": {"training.learning_rate": {"min": 0.0001, "max": 0.1, "q": 1e-9}},
        },
        "has a grid of 99900001 combinations, more than 100000 trials; give fewer values, a larger q:, or",
    ),
    "trials without end": ({"trials": 100_001}, "sweeps.width.trials: 100001 should be less than or equal"),
    "step of nothing": (space(min=0.1, max=0.2, q=1e-10), "q: 1e-10 should be greater than or equal to 0.0"),
    "step lost": (space(min=1.5, max=1e300, q=0.5), RIGHT + "has q: 0.5, which is too small a step beside"),
    "exponent": (
        space(min=1, max=1000, distribution="log_uniform"),
        RIGHT + "is log_uniform, whose min and max are logarithms within 700 of 0",
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
        ("val_best", "minimize", -1),
        ("val_rmse", None, -1),
        ("val_AUC_1", None, 1),
        ("val_BinaryAccuracy", None, 1),
        ("val_precision_at_recall", None, 1),
        *((f"val_{name}", None, -1) for name in ("binary_crossentropy", "categorical_crossentropy")),
        *((f"val_{name}", None, -1) for name in ("kl_divergence", "poisson", "huber", "hinge", "log_cosh")),
    ],
)
def test_less_is_better_of_losses_and_errors(name, goal, sign):
    assert Metric(name=name, goal=goal).sign == sign


def test_every_metric_of_predictions_has_a_direction():
    least = {"log_loss", "brier", "ece", "mse", "mae", "mape"}
    for name in {*CLASS_METRICS, *VALUE_METRICS}:
        assert Metric(name=name).direction == ("minimize" if name in least else "maximize"), name


@pytest.mark.parametrize("name", ["val_cosine_similarity", "val_mine", "val_loss_of_mine"])
def test_other_names_do_not_tell(name):
    assert Metric(name=name).direction is None


def test_a_large_grid_may_be_cut_short():
    scale = {"min": 0.0001, "max": 0.1, "q": 1e-9}
    content = {**SWEEP, "method": "grid", "parameters": {"training.learning_rate": scale}}
    assert Sweep.model_validate(content).n_trials == 4 and Sweep.model_validate(content).grid_size == 99900001


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
