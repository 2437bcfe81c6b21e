"""The training block: what it takes, and what would be ignored and is refused."""

import copy

import pytest
from samples import BASE

from motifloom.config.parse import parse_config
from motifloom.config.training import Training, range_test_options, train_options
from motifloom.errors import UserError

CYCLIC = {"kind": "cyclic", "lr_max": 0.1}


def parsed(**training):
    config = copy.deepcopy(BASE)
    config["experiments"]["first"]["training"] = training
    return parse_config(config, "my.yaml").experiments["first"].training


def message(**training):
    with pytest.raises(UserError) as caught:
        parsed(**training)
    return str(caught.value).removeprefix("my.yaml: experiments.first.")


def test_nothing_is_needed():
    assert parsed() == Training()
    assert (Training().xla, Training().gpus, Training().schedule, Training().class_weight) == (
        "auto",
        1,
        None,
        None,
    )


def test_numbers_as_people_write_them():
    adam = {"class_name": "Adam", "config": {"learning_rate": "1e-3", "clipnorm": 1}}
    assert parsed(optimizer=adam).optimizer["config"] == {"learning_rate": 0.001, "clipnorm": 1}
    assert parsed(learning_rate="1e-3").learning_rate == 0.001
    assert parsed(schedule={"kind": "cosine", "lr_final": "1e-6"}).schedule.lr_final == 1e-6
    assert parsed(range_test={"min": "1e-7"}).range_test.min == 1e-7
    assert parsed(class_weight={0: 1, "bound": 2}).class_weight == {0: 1, "bound": 2}
    assert parsed(class_weight={0: "1e-3", "bound": 2}).class_weight == {0: 0.001, "bound": 2}
    assert parsed(augmentation={"mutation": "1e-3"}).augmentation.mutation == 0.001
    assert parsed(range_test={"smoothing": "5e-1"}).range_test.smoothing == 0.5
    schedule = {"kind": "exponential", "decay_per_epoch": "9e-1"}
    assert parsed(schedule=schedule).schedule.decay_per_epoch == 0.9
    assert parsed(start_from="1e3").start_from == "1e3"  # what may be text stays text


@pytest.mark.parametrize(
    ("training", "expected"),
    [
        ({"xla": "maybe"}, "training.xla: 'maybe' is not one of 'auto', True or False"),
        ({"precision": "float16"}, "training.precision: 'float16' is not one of 'float32', 'mixed_float16'"),
        ({"optimizer": 3}, "training.optimizer: takes something else: Instead of the spec's: a Keras optimi"),
        ({"class_weight": "balancd"}, "training.class_weight: 'balancd' is not one of 'none', 'reciprocal'"),
        ({"class_weight": {"a": -1}}, "training.class_weight.a: -1 should be greater than or equal to 0"),
        ({"learning_rate": "fast"}, "training.learning_rate: 'fast' should be a valid number"),
        ({"learning_rate": "-1e-3"}, "training.learning_rate: '-1e-3' should be a valid number"),
        ({"epochs": "1e3"}, "training.epochs: '1e3' should be a valid integer"),
        ({"schedule": {"kind": "cosin"}}, "did you mean 'cosine'?"),
        ({"schedule": {"kind": "cyclic", "lrmax": 1}}, "schedule.lrmax: unknown key; did you mean 'lr_max'?"),
        ({"schedule": {"kind": "cyclic"}}, "schedule of kind cyclic takes exactly one of lr_max and from_ra"),
        ({"schedule": CYCLIC | {"from_range_test": True}}, "takes exactly one of lr_max and from_range_test"),
        (
            {"schedule": {"kind": "cyclic", "from_range_test": True, "lr_init": 0.01}},
            "training.schedule has lr_init:, which from_range_test: true sets; remove one",
        ),
        (
            {"schedule": CYCLIC | {"decay_per_epoch": 0.5}},
            "training.schedule has decay_per_epoch:, which goes with kind: exponential",
        ),
        (
            {"schedule": {"kind": "cosine", "momentum_max": 0.9}},
            "training.schedule has momentum_max:, which goes with kind: cyclic or one_cycle",
        ),
        ({"schedule": CYCLIC | {"lr_init": 0.2}}, "has lr_init: 0.2, which must be below lr_max: 0.1"),
        ({"schedule": CYCLIC | {"momentum_max": 0.9}}, "takes momentum_base and momentum_max together"),
        (
            {"schedule": CYCLIC | {"momentum_max": 0.9, "momentum_base": 0.95}},
            "has a momentum_base that is not below momentum_max",
        ),
        (
            {"schedule": CYCLIC, "learning_rate": 0.1},
            "training has a learning_rate, which schedule.kind: cyclic does not use; remove it",
        ),
        (
            {"schedule": CYCLIC, "optimizer": {"class_name": "SGD", "config": {"learning_rate": 0.1}}},
            "training has a learning_rate, which schedule.kind: cyclic does not use; remove it",
        ),
        (
            {"learning_rate": 0.1, "optimizer": {"class_name": "SGD", "config": {"learning_rate": 0.1}}},
            "training has learning_rate: beside optimizer.config.learning_rate; remove one",
        ),
        ({"warmup_epochs": 2, "epochs": 2}, "training has warm-up and tail of 2 of 2 epochs; leave at least"),
        (
            {"schedule": CYCLIC | {"tail_epochs": 3}, "epochs": 4, "warmup_epochs": 1},
            "training has warm-up and tail of 4 of 4 epochs",
        ),
        (
            {"reverse_complement": True, "augmentation": {"reverse_complement": "random"}},
            "training has reverse_complement: true, which is augmentation.reverse_complement: both",
        ),
        ({"replace_head": True}, "training has replace_head: true, which goes with start_from:"),
        (
            {"callbacks": {"EarlyStopping": {}}},
            "training.callbacks: callbacks go with the model: in its spec, or as models.<name>.callbacks",
        ),
        (
            {"metrics": ["AUC"]},
            "training.metrics: metrics go with the model: compile.metrics in its spec, or",
        ),
        ({"gpus": 2, "accelerator": "cpu"}, "training has gpus: beside accelerator: cpu; remove one"),
        ({"gpus": 2, "xla": True}, "training has xla: true, which goes with gpus: 1"),
        ({"gpus": 4, "batch_size": 2}, "training has batch_size: 2, which is fewer than gpus: 4"),
        ({"range_test": {"min": 1, "max": 0.5}}, "range_test has min: 1, which must be below max: 0.5"),
    ],
)
def test_mistakes_are_told(training, expected):
    assert expected in message(**training)


def test_each_job_depends_on_its_own_part():
    training = parsed(epochs=3, batch_size=8, schedule=CYCLIC, range_test={"max": 1.0}).model_dump()
    trained, tested = train_options(training), range_test_options(training)
    assert "range_test" not in trained
    assert trained.keys() | {"range_test"} == training.keys()
    assert tested["range_test"]["max"] == 1
    assert tested["batch_size"] == 8
    assert not {"epochs", "schedule", "learning_rate", "warmup_epochs", "exact_metrics"} & set(tested)
