"""What is looked at in a network before it is trained: its size, and the names of its layers."""

import numpy as np
import pytest
from built import SIZES, TINY

from motifloom.errors import UserError
from motifloom.models import structure
from motifloom.models.spec import build_model, check_spec


def message(spec, sizes, where="n.json", **options):
    with pytest.raises(UserError) as caught:
        check_spec(spec, **sizes, where=where, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_network_of_absurd_size_is_refused_without_being_made():
    """10^8 filters of width 11 after as many are 44 PB: none of it is allocated."""
    found = message(
        {"model": {"builder": "conv_stack", "conv_filters": 10**8}}, SIZES | {"length": 200}, "models.net"
    )
    kernels = 11 * 10**8 * 10**8 + 10**8
    assert found.startswith("models.net: the network has 110,000,")
    assert (
        f" weights, {kernels:,} of them in layer conv2; write sizes with which it has at most 1,000,000,000"
        in found
    )


def test_the_number_of_weights_is_counted_exactly(spec, sizes, monkeypatch):
    n = build_model(spec, **sizes).count_params()
    assert n == (5 * 4 * 4 + 4) + (4 + 1)
    monkeypatch.setattr(structure, "MOST_WEIGHTS", n)
    check_spec(spec, **sizes)
    monkeypatch.setattr(structure, "MOST_WEIGHTS", n - 1)
    assert message(spec, sizes) == (
        "n.json: model: the network has 89 weights, 84 of them in layer scan; "
        "write sizes with which it has at most 88"
    )


@pytest.mark.parametrize("builder", TINY)
def test_weights_without_values_have_the_same_shapes(builder):
    """And leave nothing behind that the next network would be changed by."""
    spec = {"model": {"builder": builder, **TINY[builder]}}
    alone = build_model(spec, **SIZES, seed=5)
    hollow = build_model(spec, **SIZES, seed=5, values=False)
    assert all(variable._value is None for variable in hollow.trainable_variables)
    again = build_model(spec, **SIZES, seed=5)
    assert all(variable._value is None for variable in hollow.trainable_variables)
    assert [w.shape for w in hollow.weights] == [w.shape for w in alone.weights]
    for one, other in zip(alone.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "name", ["\u00e9", "a b", "a:b", "a\nb", "..", "-a", "$x", "a{b}", "a\\b", "a>b", "a" * 101]
)
def test_names_that_no_layer_can_have(spec, sizes, name):
    spec["model"]["layers"][0]["config"]["name"] = name
    assert message(spec, sizes).startswith(
        f"n.json: model.layers[0]: no layer can be called {name!r}; use up to 100"
    )


@pytest.mark.parametrize("name", ["_a", "conv-1.b", "0", "a" * 100])
def test_names_that_layers_can_have(spec, sizes, name):
    spec["model"]["layers"][0]["config"]["name"] = name
    check_spec(spec, **sizes)


def test_a_slash_in_a_name(spec, sizes):
    spec["model"]["layers"][0]["config"]["name"] = "a/b"
    assert message(spec, sizes).startswith(
        "n.json: model.layers[0]: "
    ) and "cannot contain character `/`" in message(spec, sizes)


def test_the_name_of_a_layer_inside_of_another(spec, sizes):
    inner = {"class_name": "LSTM", "config": {"units": 2, "name": "b c"}}
    spec["model"]["layers"][1] = {"class_name": "Bidirectional", "config": {"layer": inner}}
    assert "ward_b c'; use up to 100 of" in message(spec, sizes)


def test_layers_of_maps_are_looked_for_in_every_network(spec, sizes):
    check_spec(spec, **sizes, embedded=["last", "scan"])
    found = message(spec, sizes, embedded=["last", "scna"])
    assert found.startswith(
        "evaluation.embedding.layers[1]: n.json: the network has no layer 'scna' (its layers: "
    )
    assert "one_hot, scan, global_max_pooling1d, dense)" in found and found.endswith("did you mean 'scan'?")
