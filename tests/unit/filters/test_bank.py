import json

import numpy as np
import pytest

from motifloom.errors import UserError
from motifloom.filters import activations
from motifloom.filters.bank import FilterBank


def write_archive(path, meta=None, kernel=None, layers=("conv",)):
    kernel = np.zeros((5, 4, 2)) if kernel is None else kernel
    arrays = {"alphabet": np.array("dna"), "layers": np.array(layers)}
    for name in layers:
        arrays[f"{name}/kernel"] = kernel
        arrays[f"{name}/bias"] = np.array([0.5, -0.5])
        arrays[f"{name}/meta"] = json.dumps(meta or {})
    np.savez(path, **arrays)


@pytest.mark.parametrize(
    ("options", "length", "all_starts", "inside"),
    [
        ({"padding": "valid"}, 8, [0, 1, 2, 3], [0, 1, 2, 3]),
        ({"padding": "valid", "stride": 2}, 8, [0, 2], [0, 2]),
        ({"padding": "valid", "dilation": 2}, 10, [0, 1], [0, 1]),
        ({"padding": "same"}, 6, [-2, -1, 0, 1, 2, 3], [0, 1]),
        ({"padding": "same", "stride": 3}, 7, [-2, 1, 4], [1]),
        ({"padding": "causal"}, 6, [-4, -3, -2, -1, 0, 1], [0, 1]),
        ({"padding": "causal", "stride": 2}, 6, [-4, -2, 0], [0]),
        ({"padding": "valid"}, 4, [], []),
        ({"padding": "same"}, 4, [-2, -1, 0, 1], []),
    ],
)
def test_windows_start_where_keras_puts_them(make_layer, options, length, all_starts, inside):
    layer = make_layer(width=5, **options)
    assert layer.starts(length, inside=False).tolist() == all_starts
    assert layer.starts(length).tolist() == inside


def test_names_count_from_zero(make_layer):
    bank = FilterBank([make_layer(name="a"), make_layer(name="b", filters=1)])
    assert bank.filters == ["a_000", "a_001", "a_002", "b_000"]
    assert len(bank) == 4


def test_only_a_linear_layer_takes_the_sign_of_what_follows(make_layer):
    sign = np.array([1.0, -1.0, 1.0])
    assert make_layer(sign=sign).scale.tolist() == [1, -1, 1]
    assert make_layer(sign=sign, activation="relu").scale.tolist() == [1, 1, 1]


def test_a_subset_keeps_names_and_the_order_of_the_bank(make_layer):
    sign = np.array([1, -1, 1, -1], np.float32)
    layers = [make_layer(i, filters=4, name=name, sign=sign) for i, name in enumerate("abc")]
    bank = FilterBank(layers).subset(["c_003", "a_002", "c_001"])
    assert bank.filters == ["a_002", "c_001", "c_003"]
    assert [layer.name for layer in bank.layers] == ["a", "c"]
    part = bank.layers[1]
    assert (part.kernel == layers[2].kernel[:, :, [1, 3]]).all()
    assert part.kernel.flags["C_CONTIGUOUS"]
    assert (part.bias == layers[2].bias[[1, 3]]).all()
    assert part.scale.tolist() == [-1, -1]
    assert bank.subset(["c_003"]).filters == ["c_003"]
    assert bank.subset([]).layers == []
    assert bank.subset([]).alphabet is bank.alphabet
    with pytest.raises(KeyError, match="c_002"):
        bank.subset(["c_002"])


def test_both_strands_need_a_complement(make_layer):
    bank = FilterBank([make_layer(name="a"), make_layer(name="b")]).on_both_strands()
    assert [layer.both_strands for layer in bank.layers] == [True, True]
    assert bank.subset(["b_001"]).layers[0].both_strands
    with pytest.raises(UserError, match="layer conv: protein has no complement"):
        FilterBank([make_layer(alphabet="protein")]).on_both_strands()


@pytest.mark.parametrize(
    ("meta", "options", "both"),
    [({}, {}, False), ({"strands": "both"}, {}, True), ({}, {"strands": "both"}, True)],
)
def test_strands_are_read_from_the_archive_or_asked_for(tmp_path, meta, options, both):
    write_archive(tmp_path / "filters.npz", meta)
    assert FilterBank.read(tmp_path / "filters.npz", **options).layers[0].both_strands == both


@pytest.mark.parametrize(
    "args", [{}, {"max_value": 1.5}, {"max_value": 0.0}, {"negative_slope": 0.5}, {"threshold": 1}]
)
def test_activations_are_those_of_the_functions(make_layer, args):
    scores = np.array([-2, -0.0, 0, 0.5, 1, 3, np.nan], np.float32)
    layer = make_layer(activation="relu", activation_args=args)
    np.testing.assert_array_equal(layer.activate(scores), activations.apply("relu", args, scores))
    same = make_layer().activate(scores)
    np.testing.assert_array_equal(same, scores)
    assert not np.shares_memory(same, scores)


def test_archive_is_read_with_keras_lists_and_defaults(tmp_path):
    meta = {"strides": [2], "dilation_rate": 3, "padding": "same", "sign": [1, -1], "activation": None}
    write_archive(tmp_path / "filters.npz", meta, np.arange(40.0).reshape(5, 4, 2), ("x", "y"))
    bank = FilterBank.read(tmp_path / "filters.npz")
    layer = bank.layers[1]
    assert [layer.name for layer in bank.layers] == ["x", "y"]
    assert (layer.width, layer.span, layer.stride, layer.padding) == (5, 13, 2, "same")
    assert layer.kernel.dtype == np.float32
    assert layer.kernel[4, 3, 1] == 39
    assert layer.activation == "linear"
    assert layer.scale.tolist() == [1, -1]


def test_a_network_that_does_not_scan_has_an_empty_bank(tmp_path):
    np.savez(tmp_path / "filters.npz", alphabet=np.array("rna"), layers=np.array([], dtype=np.str_))
    bank = FilterBank.read(tmp_path / "filters.npz")
    assert (bank.filters, bank.layers, len(bank), bank.alphabet.name) == ([], [], 0, "rna")


@pytest.mark.parametrize(
    ("meta", "kernel", "message"),
    [
        ({"activation": "softmax"}, None, "activation 'softmax'"),
        ({}, np.zeros((5, 3, 2)), "3 letters, not 4 of dna"),
    ],
)
def test_layers_that_cannot_be_scanned_are_named(tmp_path, meta, kernel, message):
    write_archive(tmp_path / "filters.npz", meta, kernel)
    with pytest.raises(UserError, match=message):
        FilterBank.read(tmp_path / "filters.npz")


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut off"])
def test_broken_archives_are_a_user_error(tmp_path, content):
    path = tmp_path / "filters.npz"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"filters\.npz"):
        FilterBank.read(path)
