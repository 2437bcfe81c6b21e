"""Models as the config says them."""

import pytest
from samples import edited, message

from motifloom.config.parse import parse_config


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (
            {"builder": "conv_stak"},
            "models.shallow.builder is 'conv_stak', which is no builder; did you mean 'conv_stack'?; write ",
        ),
        ({"builder": 3}, "models.shallow.builder: 3 is no text; write it in quotes"),
        (
            {"builder": "conv_stack", "conv_widht": 3},
            "models.shallow.conv_widht: unknown key; did you mean 'conv_width'?",
        ),
        (
            {"builder": "conv_stack", "conv_width": "wide"},
            "models.shallow.conv_width: 'wide' should be a valid integer",
        ),
        (
            {"builder": "conv_stack", "conv_filters": [3, 4.5]},
            "models.shallow.conv_filters[1]: 4.5 should be a valid integer",
        ),
        (
            {"builder": "conv_stack", "conv_filters": [3, 4], "conv_width": [5, 6, 7]},
            "models.shallow has 3 values in conv_width:, where num_conv_layers is 2; give 2, or one for all",
        ),
        (
            {"builder": "pysster", "rnn_type": "RNN"},
            "models.shallow.rnn_type: 'RNN' is not one of 'LSTM' or 'GRU'",
        ),
        (
            {"builder": "danq", "kernel_initializer": "x"},
            "models.shallow.kernel_initializer: unknown key; known keys: ",
        ),
        (
            {"builder": "conv_stack", "kernel_initializer": {"identifer": "x"}},
            "models.shallow.kernel_initializer.identifier: missing; add it",
        ),
        (
            {"builder": "pysster", "learning_rate": 0.1, "compile": {"optimizer": "sgd"}},
            "models.shallow has learning_rate: beside compile.optimizer:; remove one",
        ),
        (
            {"builder": "danq", "spec": "x.json"},
            "models.shallow has spec and builder; takes exactly one of spec, builder and baseline",
        ),
        ({}, "models.shallow has no kind; takes exactly one of spec, builder and baseline"),
        ({"baseline": "gc", "k": 3}, "models.shallow has k:, which goes with baseline: kmer"),
        ("x.json", "models.shallow: 'x.json' is no mapping; write keys and values under it"),
        (
            {"spec": {"model": {"builder": "mine.py"}}},
            "models.shallow has a Python file inside spec:; write builder: and its parameters instead",
        ),
    ],
)
def test_a_model_that_is_wrong_gives_its_line(model, expected):
    lines = message(edited("models.shallow", model)).splitlines()
    assert any(line.startswith(f"my.yaml: {expected}") for line in lines), lines


def test_numbers_with_an_exponent_and_lists_reach_a_builder():
    model = {"builder": "conv_stack", "l2_reg_conv": ["1e-4", 0], "l2_reg_final": "2E-3"}
    block = parse_config(edited("models.shallow", model), "my.yaml").models["shallow"]
    assert block.as_spec()["model"] == {
        "builder": "conv_stack",
        "l2_reg_conv": [0.0001, 0.0],
        "l2_reg_final": 0.002,
    }
    assert (block.spec, block.baseline, block.k, block.file) == (None, None, None, None)


def test_parameters_of_ones_own_builder_are_taken_as_they_are():
    model = {"builder": "mine.py", "width": [3, "x"], "deep": {"er": True}}
    block = parse_config(edited("models.shallow", model), "my.yaml").models["shallow"]
    assert block.as_spec()["model"] == model and block.file == "mine.py"
