"""Small networks by every builder."""

import pytest

from motifloom.errors import UserError
from motifloom.models.builders.build import build_network
from motifloom.models.device import seed_everything
from motifloom.models.spec import build_model

TINY = {
    "conv_stack": {"conv_filters": 3, "conv_width": 5, "max_pool_size": 6, "dense_filters": 4},
    "double_stranded": {"conv_filters": 3, "conv_width": 5, "max_pool_size": 6, "dense_filters": 4},
    "pysster": {"kernel_num": 3, "kernel_len": 5, "neuron_num": 4},
    "multiscale_attention": {"conv_width": [3, 5], "conv_filters": 3, "dense_filters": [5, 4]},
    "danq": {"conv_filters": 3, "conv_width": 5, "max_pool_size": 4, "rnn_units": 3, "dense_filters": 4},
    "residual_dilated": {"conv_filters": 3, "conv_width": 5, "num_dilated_layers": 2},
    "interpretable": {
        "conv_filters": [3, 4],
        "conv_width": [5, 3],
        "max_pool_size": [10, 2],
        "dense_filters": 4,
    },
}
SIZES = {"length": 40, "alphabet_size": 4, "task": "binary", "n_targets": 1}
TASKS = {"binary": 1, "multiclass": 3, "multilabel": 3, "regression": 1}


def build(builder, sizes=SIZES, **parameters):
    """A network, not compiled."""
    section = {"builder": builder, **TINY.get(builder, {}), **parameters}
    section = {key: value for key, value in section.items() if value is not ...}
    seed_everything(1, "weights")
    return build_network(section, **sizes, activation="sigmoid", path="models.net")[0]


def build_compiled(builder, **sections):
    return build_model(
        {"model": {"builder": builder, **TINY[builder]}, **sections}, **SIZES, where="models.net"
    )


def message(builder, sizes=SIZES, **parameters):
    section = {"builder": builder, **TINY.get(builder, {}), **parameters}
    with pytest.raises(UserError) as caught:
        build_model({"model": section}, **sizes, where="models.net")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def of(model, kind):
    """Layers of a class, in order of their calls."""
    return [layer for layer in model.layers if type(layer) is kind]


def shapes(model):
    return {layer.name: tuple(layer.output.shape[1:]) for layer in model.layers}
