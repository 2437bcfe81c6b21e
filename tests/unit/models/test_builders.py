# ruff: noqa: E501  (tables of messages, which are single lines)
"""What the builders make: every parameter changes the network as it says."""

import json

import keras
import numpy as np
import pytest

from motifloom.errors import UserError
from motifloom.models.builders.build import build_network
from motifloom.models.device import seed_everything
from motifloom.models.layers import AttentionPooling, DoubleStrandedConv1D
from motifloom.models.spec import build_model, check_spec, read_spec
from motifloom.parameters import CATALOGUE, read_parameters

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


# --- every builder


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("builder", TINY)
def test_it_trains_and_is_loaded_safely(builder, task, tmp_path):
    # Eagerly: the graph of a step takes longer to make than to run.
    spec = {"model": {"builder": builder, **TINY[builder]}, "compile": {"run_eagerly": True}}
    model = build_model(spec, **SIZES | {"task": task, "n_targets": TASKS[task]})
    rng = np.random.default_rng(1)
    tokens = rng.integers(0, 5, (8, 40), dtype=np.uint8)
    targets = np.eye(TASKS[task], dtype=np.float32)[rng.integers(0, TASKS[task], 8)]
    before = [np.copy(weights) for weights in model.get_weights()]
    assert np.isfinite(model.train_on_batch(tokens, targets)[0])
    assert any(not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    if task == "binary":
        model.save(tmp_path / "model.keras")
        loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
        np.testing.assert_array_equal(loaded(tokens), model(tokens))


@pytest.mark.parametrize("builder", CATALOGUE)
def test_the_defaults_fit_200_bp(builder):
    check_spec({"model": {"builder": builder}}, **SIZES | {"length": 200}, where="models.net")


@pytest.mark.parametrize("builder", TINY)
def test_the_seed_fixes_the_weights_and_names_are_the_same(builder):
    section = {"builder": builder, **TINY[builder]}
    first, second, third = (build_model({"model": section}, **SIZES, seed=seed) for seed in (1, 1, 2))
    assert [layer.name for layer in first.layers] == [layer.name for layer in second.layers]
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    same = [np.array_equal(a, b) for a, b in zip(first.get_weights(), third.get_weights(), strict=True)]
    assert not all(same)


@pytest.mark.parametrize("builder", sorted(set(TINY) - {"double_stranded"}))
@pytest.mark.parametrize("merge", ["max", "mean", "concat", "none"])
def test_both_strands_in_any_builder(builder, merge):
    scanning = of(build(builder, both_strands=merge), DoubleStrandedConv1D)
    assert scanning and {layer.merge for layer in scanning} == {merge}
    assert not of(build(builder), DoubleStrandedConv1D)


@pytest.mark.parametrize("builder", TINY)
def test_order_in_any_builder(builder):
    assert shapes(build(builder, order=2))["one_hot"] == (39, 16)
    assert shapes(build(builder))["one_hot"] == (40, 4)


def test_both_strands_of_words_and_of_protein():
    (layer,) = of(build("conv_stack", both_strands="max", order=2, num_conv_layers=1), DoubleStrandedConv1D)
    assert layer.complement == "words"
    sizes = SIZES | {"alphabet_size": 20}
    assert message("conv_stack", sizes=sizes, both_strands="max") == (
        "models.net.both_strands: goes with DNA and RNA, which have two strands"
    )
    assert message("double_stranded", sizes=sizes).startswith("models.net.merge: goes with DNA")


@pytest.mark.parametrize("builder", TINY)
def test_unmerged_strands_give_one_prediction_for_both(builder):
    key = "merge" if builder == "double_stranded" else "both_strands"
    model = build(builder, **{key: "none"})
    tokens = np.random.default_rng(2).integers(0, 4, (6, 40), dtype=np.uint8)
    there, back = (np.asarray(model(t)) for t in (tokens, 3 - tokens[:, ::-1]))
    np.testing.assert_allclose(there, back, atol=1e-6)
    plain = build("conv_stack")
    assert not np.allclose(*(np.asarray(plain(t)) for t in (tokens, 3 - tokens[:, ::-1])), rtol=1e-5)


# --- parameters: what each changes


def conv(model, index=0):
    return of(model, keras.layers.Conv1D)[index]


def dropouts(model):
    return [layer.rate for layer in of(model, keras.layers.Dropout)]


def l2(layer):
    return layer.kernel_regularizer and round(float(layer.kernel_regularizer.l2), 9)


def dense(model, index=0):
    return of(model, keras.layers.Dense)[index]


def pools(model):
    return [(p.pool_size[0], p.strides[0], p.padding) for p in of(model, keras.layers.MaxPooling1D)]


def recurrent(model):
    """(class, units, both directions, every position, dropouts) of the recurrent layers."""
    found = []
    for layer in model.layers:
        inner = layer.forward_layer if isinstance(layer, keras.layers.Bidirectional) else layer
        if type(inner) in (keras.layers.LSTM, keras.layers.GRU):
            rates = inner.dropout, inner.recurrent_dropout
            found.append(
                (type(inner).__name__, inner.units, inner is not layer, inner.return_sequences, *rates)
            )
    return found


def norms(model):
    """(largest norm, axes) of every layer that has a constraint."""
    layers = [layer for layer in model.layers if getattr(layer, "kernel_constraint", None)]
    return [(layer.kernel_constraint.max_value, layer.kernel_constraint.axis) for layer in layers]


def initial(layer):
    return type(layer.kernel_initializer).__name__, type(layer.bias_initializer).__name__


STACK = [
    ({"conv_filters": 7}, lambda m: (conv(m).filters, conv(m, 1).filters), (7, 7)),
    ({"conv_filters": [7, 2]}, lambda m: (conv(m).filters, conv(m, 1).filters), (7, 2)),
    ({"conv_width": [7, 2]}, lambda m: (conv(m).kernel_size, conv(m, 1).kernel_size), ((7,), (2,))),
    ({"conv_stride": [2, 1]}, lambda m: (conv(m).strides, shapes(m)["conv2"]), ((2,), (14, 3))),
    ({"padding": "same"}, lambda m: shapes(m)["conv2"], (40, 3)),
    ({}, lambda m: shapes(m)["conv2"], (32, 3)),
    ({"activation": "gelu"}, lambda m: conv(m, 1).activation, keras.activations.gelu),
    ({}, pools, [(6, 6, "same")]),
    ({"max_pool_size": 4}, pools, [(4, 4, "same")]),
    ({"max_pool_stride": 2}, pools, [(6, 2, "same")]),
    ({"pool_after": "each"}, pools, [(6, 6, "same")] * 2),
    ({"pool_after": "each", "max_pool_size": [2, 1]}, pools, [(2, 2, "same")]),
    ({"pool_after": "each", "max_pool_stride": [2, 3]}, pools, [(6, 2, "same"), (6, 3, "same")]),
    ({"num_conv_layers": 3}, lambda m: len(of(m, keras.layers.Conv1D)), 3),
    ({"conv_filters": [2, 3, 4]}, lambda m: len(of(m, keras.layers.Conv1D)), 3),
    ({}, dropouts, [0.3, 0.3, 0.3]),
    ({"dropout_rate_conv": [0.1, 0]}, dropouts, [0.1, 0.3]),
    ({"dropout_rate_dense": 0.7}, dropouts, [0.3, 0.3, 0.7]),
    ({"dense_filters": [6, 5]}, lambda m: [d.units for d in of(m, keras.layers.Dense)], [6, 5, 1]),
    ({"num_dense_layers": 2}, lambda m: [d.units for d in of(m, keras.layers.Dense)], [4, 4, 1]),
    ({}, lambda m: [l2(x) for x in (conv(m), conv(m, 1), dense(m), dense(m, 1))], [1e-4] * 4),
    ({"l2_reg_conv": [0.5, 0]}, lambda m: [l2(conv(m)), l2(conv(m, 1)), l2(dense(m))], [0.5, None, 1e-4]),
    ({"l2_reg_dense": 0.5}, lambda m: [l2(conv(m)), l2(dense(m)), l2(dense(m, 1))], [1e-4, 0.5, 1e-4]),
    ({"l2_reg_final": 0.5}, lambda m: [l2(dense(m)), l2(dense(m, 1))], [1e-4, 0.5]),
    ({}, lambda m: initial(conv(m)), ("GlorotUniform", "Zeros")),
    ({"kernel_initializer": "he_normal"}, lambda m: [initial(x)[0] for x in (conv(m), dense(m))], ["HeNormal"] * 2),
    ({"bias_initializer": "ones"}, lambda m: initial(dense(m))[1], "Ones"),
    (
        {"kernel_initializer": {"identifier": "RandomNormal", "args": {"stddev": 0.5}}},
        lambda m: conv(m).kernel_initializer.stddev,
        0.5,
    ),
]  # fmt: skip
PYSSTER = [
    ({}, lambda m: shapes(m)["pool_1"], (7, 3)),
    ({"conv_num": 1}, lambda m: len(of(m, keras.layers.Conv1D)), 1),
    ({"conv_num": 0, "kernel_num": ..., "kernel_len": ...}, lambda m: of(m, keras.layers.Conv1D), []),
    ({"dense_num": 0, "neuron_num": ...}, lambda m: len(of(m, keras.layers.Dense)), 1),
    ({"kernel_num": [2, 6]}, lambda m: [conv(m).filters, conv(m, 1).filters], [2, 6]),
    ({"kernel_len": [7, 2]}, lambda m: [conv(m).kernel_size, conv(m, 1).kernel_size], [(7,), (2,)]),
    ({"pool_size": [3, 2]}, pools, [(3, 2, "valid"), (2, 2, "valid")]),
    ({"pool_stride": 1}, pools, [(2, 1, "valid")] * 2),
    ({"neuron_num": [6, 5]}, lambda m: [d.units for d in of(m, keras.layers.Dense)], [6, 5, 1]),
    ({}, dropouts, [0.1, 0.3, 0.3, 0.6]),
    ({"dropout_input": 0}, dropouts, [0.3, 0.3, 0.6]),
    ({"dropout_conv": [0.2, 0.4]}, dropouts, [0.1, 0.2, 0.4, 0.6]),
    ({"dropout_dense": 0.5}, dropouts, [0.1, 0.3, 0.3, 0.5]),
    ({}, norms, [(3.0, [0, 1]), (3.0, [0, 1]), (3.0, 0)]),
    ({"kernel_constraint": 1.5}, norms, [(1.5, [0, 1]), (1.5, [0, 1]), (1.5, 0)]),
    ({"kernel_constraint": 0}, norms, []),
    ({}, lambda m: initial(conv(m)), ("RandomUniform", "Zeros")),
    ({"kernel_initializer": "he_normal"}, lambda m: initial(dense(m))[0], "HeNormal"),
    ({}, recurrent, []),
    ({"rnn_type": "LSTM"}, recurrent, [("LSTM", 32, True, False, 0.2, 0.0)]),
    ({"rnn_type": "GRU", "rnn_units": 5}, recurrent, [("GRU", 5, True, False, 0.2, 0.0)]),
    (
        {"rnn_type": "GRU", "rnn_num": 2, "rnn_bidirectional": [True, False]},
        recurrent,
        [("GRU", 32, True, True, 0.2, 0.0), ("GRU", 32, False, False, 0.2, 0.0)],
    ),
    (
        {"rnn_type": "LSTM", "rnn_dropout_input": 0.1, "rnn_dropout_recurrent": [0.3, 0.4]},
        recurrent,
        [("LSTM", 32, True, True, 0.1, 0.3), ("LSTM", 32, True, False, 0.1, 0.4)],
    ),
]  # fmt: skip


def scores(model):
    return [
        (a.name, keras.activations.serialize(a.score_activation), a.pool) for a in of(model, AttentionPooling)
    ]


MULTISCALE = [
    ({}, lambda m: [(c.name, c.kernel_size, c.filters) for c in of(m, keras.layers.Conv1D)],
     [("conv_3", (3,), 3), ("conv_5", (5,), 3)]),
    ({"num_branches": 3, "conv_width": 4}, lambda m: [c.name for c in of(m, keras.layers.Conv1D)],
     ["conv_4", "conv_4_1", "conv_4_2"]),
    ({"conv_filters": [2, 6]}, lambda m: shapes(m)["concatenate"], (8,)),
    ({"padding": "valid"}, lambda m: shapes(m)["conv_5"], (36, 3)),
    ({}, lambda m: shapes(m)["conv_5"], (40, 3)),
    ({"activation": "gelu"}, lambda m: conv(m).activation, keras.activations.gelu),
    ({}, lambda m: len(of(m, keras.layers.BatchNormalization)), 4),
    ({"batch_norm": False}, lambda m: len(of(m, keras.layers.BatchNormalization)), 0),
    ({}, dropouts, [0.2, 0.2, 0.5, 0.3]),
    ({"dropout_rate_conv": [0.1, 0]}, dropouts, [0.1, 0.5, 0.3]),
    ({"dropout_rate_dense": [0.6, 0]}, dropouts, [0.2, 0.2, 0.6]),
    ({}, scores, [("attention_3", "tanh", "max"), ("attention_5", "tanh", "max")]),
    ({"score_activation": "linear"}, lambda m: scores(m)[0][1], "linear"),
    ({"attention_pool": "sum"}, lambda m: scores(m)[0][2], "sum"),
    ({"dense_filters": [9, 2]}, lambda m: [d.units for d in of(m, keras.layers.Dense)], [9, 2, 1]),
    ({"num_dense_layers": 1, "dense_filters": 6, "dropout_rate_dense": 0}, lambda m: dense(m).units, 6),
    ({"l2_reg_conv": 0.5}, lambda m: [l2(conv(m)), l2(dense(m))], [0.5, None]),
    ({"l2_reg_dense": [0.5, 0]}, lambda m: [l2(conv(m)), l2(dense(m)), l2(dense(m, 1))], [None, 0.5, None]),
]  # fmt: skip
DANQ = [
    ({"conv_filters": 7}, lambda m: conv(m).filters, 7),
    ({"conv_width": 9}, lambda m: conv(m).kernel_size, (9,)),
    ({"padding": "same"}, lambda m: shapes(m)["conv1"], (40, 3)),
    ({"activation": "gelu"}, lambda m: conv(m).activation, keras.activations.gelu),
    ({}, pools, [(4, 4, "valid")]),
    ({"max_pool_size": 3, "max_pool_stride": 2}, pools, [(3, 2, "valid")]),
    ({}, dropouts, [0.2, 0.5]),
    ({"dropout_rate_conv": 0.1, "dropout_rate_rnn": 0.4, "dropout_rate_dense": 0.3}, dropouts, [0.1, 0.4, 0.3]),
    ({}, recurrent, [("LSTM", 3, True, True, 0.0, 0.0)]),
    ({"rnn_type": "GRU"}, recurrent, [("GRU", 3, True, True, 0.0, 0.0)]),
    ({"rnn_units": [4, 5], "rnn_bidirectional": [False, True]}, recurrent,
     [("LSTM", 4, False, True, 0.0, 0.0), ("LSTM", 5, True, True, 0.0, 0.0)]),
    ({"num_rnn_layers": 2}, lambda m: len(recurrent(m)), 2),
    ({"dense_filters": [6, 5]}, lambda m: [d.units for d in of(m, keras.layers.Dense)], [6, 5, 1]),
    ({"num_dense_layers": 2}, lambda m: [d.units for d in of(m, keras.layers.Dense)], [4, 4, 1]),
    ({}, lambda m: shapes(m)["flatten"], (9 * 6,)),
]  # fmt: skip


def dilations(model):
    return [(c.kernel_size[0], c.dilation_rate[0]) for c in of(model, keras.layers.Conv1D)]


RESIDUAL = [
    ({}, dilations, [(5, 1), (3, 2), (3, 4)]),
    ({"num_dilated_layers": 3}, dilations, [(5, 1), (3, 2), (3, 4), (3, 8)]),
    ({"dilated_width": [2, 5]}, dilations, [(5, 1), (2, 2), (5, 4)]),
    ({"dilation_rate": [3, 1]}, dilations, [(5, 1), (3, 3), (3, 1)]),
    ({"conv_filters": 7}, lambda m: {c.filters for c in of(m, keras.layers.Conv1D)}, {7}),
    ({"conv_width": 9}, lambda m: conv(m).kernel_size, (9,)),
    ({"activation": "gelu"}, lambda m: conv(m, 1).activation, keras.activations.gelu),
    ({}, lambda m: (len(of(m, keras.layers.Add)), len(of(m, keras.layers.BatchNormalization))), (2, 0)),
    ({"batch_norm": True}, lambda m: (len(of(m, keras.layers.BatchNormalization)), conv(m).activation),
     (3, keras.activations.linear)),
    ({"dropout_rate_conv": [0.1, 0.2]}, dropouts, [0.1, 0.2]),
    ({}, lambda m: len(of(m, keras.layers.GlobalAveragePooling1D)), 1),
    ({"pool": "max"}, lambda m: len(of(m, keras.layers.GlobalMaxPooling1D)), 1),
    ({"pool": "attention"}, lambda m: scores(m)[0][2], "sum"),
    ({"num_dense_layers": 1}, lambda m: dense(m).units, 64),
    ({"dense_filters": [6, 5], "dropout_rate_dense": 0.4}, lambda m: [dense(m).units, dense(m, 1).units], [6, 5]),
    ({"dense_filters": [6, 5], "dropout_rate_dense": [0.4, 0]}, dropouts, [0.4]),
]  # fmt: skip


def activations(model):
    return [keras.activations.serialize(a.activation) for a in of(model, keras.layers.Activation)]


INTERPRETABLE = [
    ({"conv_filters": [7, 2]}, lambda m: [conv(m).filters, conv(m, 1).filters], [7, 2]),
    ({"conv_width": [7, 2]}, lambda m: [conv(m).kernel_size, conv(m, 1).kernel_size], [(7,), (2,)]),
    ({"padding": "valid", "max_pool_size": [5, 1]}, lambda m: shapes(m)["conv1"], (36, 3)),
    ({}, activations, ["exponential", "relu", "relu"]),
    ({"first_activation": "softplus", "activation": "gelu"}, activations, ["softplus", "gelu", "gelu"]),
    ({"batch_norm": False}, lambda m: (conv(m).activation, conv(m, 1).activation, activations(m)),
     (keras.activations.exponential, keras.activations.relu, [])),
    ({}, lambda m: len(of(m, keras.layers.BatchNormalization)), 3),
    ({}, pools, [(10, 10, "valid"), (2, 2, "valid")]),
    ({"max_pool_size": [5, 1]}, pools, [(5, 5, "valid")]),
    ({}, dropouts, [0.1, 0.2, 0.5]),
    ({"dropout_rate_conv": 0, "dropout_rate_dense": 0.4}, dropouts, [0.4]),
    ({"dense_filters": [6, 5]}, lambda m: [d.units for d in of(m, keras.layers.Dense)], [6, 5, 1]),
    ({"num_dense_layers": 0, "dense_filters": ...}, lambda m: len(of(m, keras.layers.Dense)), 1),
    ({"l2_reg_conv": [0.5, 0], "l2_reg_dense": 0.25}, lambda m: [l2(conv(m)), l2(conv(m, 1)), l2(dense(m))],
     [0.5, None, 0.25]),
    ({"num_conv_layers": 1, "conv_filters": 3, "conv_width": 5, "max_pool_size": 4, "dropout_rate_conv": 0.1},
     lambda m: len(of(m, keras.layers.Conv1D)), 1),
]  # fmt: skip
DOUBLE = [
    ({}, lambda m: of(m, DoubleStrandedConv1D)[0].merge, "max"),
    ({"merge": "mean"}, lambda m: of(m, DoubleStrandedConv1D)[0].merge, "mean"),
    ({"merge": "concat"}, lambda m: shapes(m)["conv1"], (36, 6)),
    ({"merge": "none"}, lambda m: shapes(m)["conv1"], (36, 2, 3)),
    ({"conv_filters": 7}, lambda m: of(m, DoubleStrandedConv1D)[0].filters, 7),
    ({"l2_reg_conv": 0.5}, lambda m: l2(of(m, DoubleStrandedConv1D)[0]), 0.5),
]
CHANGES = {
    "conv_stack": STACK,
    "pysster": PYSSTER,
    "multiscale_attention": MULTISCALE,
    "danq": DANQ,
    "residual_dilated": RESIDUAL,
    "interpretable": INTERPRETABLE,
    "double_stranded": DOUBLE,
}
EVERY = [(builder, *change) for builder, changes in CHANGES.items() for change in changes]


@pytest.mark.parametrize(("builder", "changed", "look", "expected"), EVERY)
def test_a_parameter_is_what_the_network_has(builder, changed, look, expected):
    found = look(build(builder, **changed))
    assert found == pytest.approx(expected) if isinstance(expected, float) else found == expected


def test_every_parameter_is_tried():
    elsewhere = {"builder", "order", "both_strands", *read_parameters.__globals__["SPOKEN_FOR"]}
    for builder, cls in CATALOGUE.items():
        tried = {key for changed, *_ in CHANGES[builder] for key in changed}
        tried |= {key for changed, *_ in STACK for key in changed} if builder == "double_stranded" else set()
        assert set(cls.model_fields) - elsewhere - tried == set(), builder


# --- what does not fit


@pytest.mark.parametrize(
    ("builder", "parameters", "expected"),
    [
        (
            "conv_stack",
            {"conv_width": [19, 11], "max_pool_size": 26, "pool_after": "each"},
            "models.net.conv_width[1]: 11 does not fit: 200 - 19 + 1 = 182 positions, pooled by 26 to 7; "
            "write at most 7, or make windows longer",
        ),
        (
            "pysster",
            {"kernel_len": 90},
            "models.net.kernel_len: 90 does not fit: 200 - 90 + 1 = 111 positions, pooled by 2 to 55; "
            "write at most 55, or make windows longer",
        ),
        (
            "danq",
            {"max_pool_size": 13, "conv_width": 190},
            "models.net.max_pool_size: 13 does not fit: 200 - 190 + 1 = 11 positions; "
            "write at most 11, or make windows longer",
        ),
        (
            "conv_stack",
            {"conv_width": [6, 201], "padding": "same"},
            "models.net.conv_width[1]: 201 does not fit: there are 200 positions; "
            "write at most 200, or make windows longer",
        ),
        (
            "conv_stack",
            {"conv_width": [6, 99], "conv_stride": [2, 1]},
            "models.net.conv_width[1]: 99 does not fit: (200 - 6) // 2 + 1 = 98 positions; "
            "write at most 98, or make windows longer",
        ),
        (
            "interpretable",
            {"max_pool_size": [50, 8]},
            "models.net.max_pool_size[1]: 8 does not fit: 200 positions, pooled by 50 to 4; "
            "write at most 4, or make windows longer",
        ),
        (
            "conv_stack",
            {"order": 3, "conv_width": 199},
            "models.net.conv_width: 199 does not fit: 200 - 3 + 1 = 198 positions; "
            "write at most 198, or make windows longer",
        ),
        (
            "residual_dilated",
            {"num_dilated_layers": 7},
            "models.net.dilated_width: 3, over 257 positions, does not fit: there are 200 positions; "
            "write less, or make windows longer",
        ),
        ("conv_stack", {"activation": "reul"}, "models.net.activation: Keras has no activation 'reul'; did you mean 'relu'?"),
        ("interpretable", {"first_activation": "exponental", "batch_norm": False}, "models.net.first_activation: Keras has no activation 'exponental'; did you mean 'exponential'?"),
        ("interpretable", {"first_activation": "softmax", "batch_norm": False}, "models.net.conv_width[0]: layer conv1: "),
        ("conv_stack", {"kernel_initializer": "he_norml"}, "models.net.kernel_initializer: Keras has no initializer 'he_norml'; did you mean 'he_normal'?"),
        ("conv_stack", {"kernel_initializer": {"identifier": "he_normal", "args": {"sed": 1}}}, "models.net.kernel_initializer.args.sed: HeNormal has no setting 'sed'; did you mean 'seed'?"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_with_its_arithmetic(builder, parameters, expected):
    found = message(builder, sizes=SIZES | {"length": 200}, **parameters)
    assert found.startswith(expected)


def test_a_spec_file_may_name_a_builder(tmp_path):
    file = tmp_path / "net.yaml"
    file.write_text("model: {builder: pysster, conv_num: 1, learning_rate: 1e-3, kernel_len: 50}\n")
    with pytest.raises(UserError, match=r"net.yaml: model.kernel_len: 50 does not fit: there are 40"):
        check_spec(file, **SIZES, where="net.yaml")
    file.write_text("model: {builder: pysster, conv_nun: 1}\n")
    with pytest.raises(UserError, match=r"net.yaml: model.conv_nun: unknown key; did you mean 'conv_num'"):
        check_spec(file, **SIZES, where="net.yaml")
    file.write_text("model: {builder: pysster, epochs: 3}\ntraining_params: {epochs: 4}\n")
    with pytest.raises(
        UserError, match=r"net.yaml: model has epochs: beside training_params.epochs:; remove one"
    ):
        check_spec(file, **SIZES, where="net.yaml")
    file.write_text("model: {builder: mine.py}\n")
    with pytest.raises(UserError, match=r"model.builder: a Python file is named in the config"):
        check_spec(file, **SIZES, where="net.yaml")
    file.write_text("model: {builder: pyster}\n")
    with pytest.raises(
        UserError, match=r"model.builder is 'pyster', which is no builder; did you mean 'pysster'"
    ):
        check_spec(file, **SIZES, where="net.yaml")


# --- the sections that go with a builder


def test_sections_that_go_with_a_builder_fill_what_is_left_out():
    spec = {"model": {"builder": "pysster", "learning_rate": "2e-3", "epochs": 7, "patience_lr": 2}}
    read = read_spec(spec, "models.net")
    assert read["compile"]["optimizer"] == {"class_name": "Adam", "config": {"learning_rate": 0.002}}
    assert read["training_params"] == {"epochs": 7, "batch_size": 128}
    assert read["callbacks"]["ReduceLROnPlateau"] == {"monitor": "val_loss", "factor": 0.5, "patience": 2}
    assert read["callbacks"]["EarlyStopping"] == {"monitor": "val_loss", "patience": 15}
    assert read_spec(read, "models.net") == read
    assert spec == {"model": spec["model"]}
    changed = {
        **spec,
        "compile": {"loss": "mean_squared_error"},
        "training_params": {"batch_size": 4},
        "callbacks": {"EarlyStopping": {"patience": 1}, "ReduceLROnPlateau": False, "TerminateOnNaN": {}},
    }
    read = read_spec(changed, "models.net")
    assert read["compile"]["optimizer"]["class_name"] == "Adam"
    assert read["compile"]["loss"] == "mean_squared_error"
    assert read["training_params"] == {"epochs": 7, "batch_size": 4}
    assert read["callbacks"] == {
        "EarlyStopping": {"patience": 1},
        "ReduceLROnPlateau": [],
        "TerminateOnNaN": {},
    }
    assert read_spec(read, "models.net") == read
    check_spec(changed, **SIZES | {"length": 200}, where="models.net")


@pytest.mark.parametrize(
    ("parameter", "value", "place"),
    [
        ("learning_rate", 0.5, ("compile", "optimizer", "config", "learning_rate")),
        ("batch_size", 3, ("training_params", "batch_size")),
        ("epochs", 3, ("training_params", "epochs")),
        ("patience_lr", 3, ("callbacks", "ReduceLROnPlateau", "patience")),
        ("patience_stopping", 3, ("callbacks", "EarlyStopping", "patience")),
    ],
)
def test_pyssters_training_parameters(parameter, value, place):
    item = read_spec({"model": {"builder": "pysster", parameter: value}}, "models.net")
    for key in place:
        item = item[key]
    assert item == value


def test_the_optimizer_and_the_metrics_of_a_built_network():
    assert type(build_compiled("danq").optimizer).__name__ == "RMSprop"
    assert float(build_compiled("multiscale_attention").optimizer.epsilon) == pytest.approx(1e-7)
    model = build_compiled("danq", compile={"optimizer": "sgd"})
    assert type(model.optimizer).__name__ == "SGD"
    assert {"accuracy", "AUC"} == {m["config"]["name"] if isinstance(m, dict) else m for m in model.get_compile_config()["metrics"]}  # fmt: skip


def test_a_loss_on_logits_gets_a_linear_output():
    loss = {"class_name": "BinaryCrossentropy", "config": {"from_logits": True}}
    model = build_compiled("danq", compile={"loss": loss})
    assert model.get_layer("output").activation is keras.activations.linear
    assert build_compiled("danq").get_layer("output").activation is keras.activations.sigmoid


# --- lists per layer


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ({"builder": "conv_stack", "conv_width": [1, 2], "conv_filters": [1, 2, 3]},
         "models.net has 2 values in conv_width:, where num_conv_layers is 3; give 3, or one for all"),
        ({"builder": "conv_stack", "num_conv_layers": 1, "conv_width": [1, 2]},
         "models.net has 2 values in conv_width:, where num_conv_layers is 1; give 1, or one for all"),
        ({"builder": "interpretable", "num_conv_layers": 3},
         "models.net has 2 values in conv_filters: by default, where num_conv_layers is 3; give 3, or one for all"),
        ({"builder": "conv_stack", "max_pool_size": [2, 2]}, "models.net has a list in max_pool_size:, which goes with pool_after: each"),
        ({"builder": "conv_stack", "conv_width": []}, "models.net.conv_width: is empty; give at least one"),
        ({"builder": "conv_stack", "conv_width": [3, 0]}, "models.net.conv_width[1]: 0 should be greater than or equal to 1"),
        ({"builder": "conv_stack", "dropout_rate_conv": 1}, "models.net.dropout_rate_conv: 1 should be less than 1"),
        ({"builder": "pysster", "dense_num": 0, "neuron_num": 4}, "models.net has neuron_num:, which goes with dense_num above 0"),
        ({"builder": "pysster", "rnn_units": 4}, "models.net has rnn_units:, which goes with rnn_type: LSTM or GRU"),
        ({"builder": "pysster", "conv_num": 0, "both_strands": "max"}, "models.net has both_strands:, which goes with conv_num above 0"),
        ({"builder": "pysster", "seed": 4}, "models.net has seed:, which is seeds: of an experiment; remove it"),
        ({"builder": "residual_dilated", "dilation_rate": [1, 2, 3], "dilated_width": [3, 3]},
         "models.net has 3 values in dilation_rate:, where num_dilated_layers is 2; give 2"),
    ],
)  # fmt: skip
def test_parameters_that_do_not_go_together(section, expected):
    with pytest.raises(UserError) as caught:
        read_parameters(section, "models.net")
    assert str(caught.value).startswith(expected)


# --- a builder of the user's own

GOOD = """
from keras import layers
from motifloom.models.layers import AttentionPooling

def build(inputs, width, filters=4):
    x = layers.Conv1D(filters, width, activation="relu", name="scan")(inputs)
    return AttentionPooling(name="look")(x)
"""
OWN_HEAD = """
import keras

def build(inputs, n_targets, task):
    x = keras.layers.GlobalMaxPooling1D()(keras.layers.Conv1D(3, 5)(inputs))
    return keras.layers.Dense(n_targets, activation="sigmoid" if task == "binary" else "softmax", name="head")(x)
"""


@pytest.fixture
def own(tmp_path):
    """Return a function that writes a builder and builds with it."""

    def own(text, **parameters):
        (tmp_path / "mine.py").write_text(text)
        section = {"builder": str(tmp_path / "mine.py"), **parameters}
        try:
            return build_model({"model": section}, **SIZES, where="models.net")
        except UserError as error:
            return str(error).replace(f"{tmp_path}/", "")

    return own


def test_a_builder_of_ones_own(own, tmp_path):
    model = own(GOOD, width=7, filters=2)
    assert shapes(model)["scan"] == (34, 2) and shapes(model)["output"] == (1,)
    model.save(tmp_path / "model.keras")
    assert (
        keras.saving.load_model(tmp_path / "model.keras", safe_mode=True).count_params()
        == model.count_params()
    )
    assert [layer.name for layer in own(OWN_HEAD).layers][-1] == "head"
    assert not (tmp_path / "__pycache__").exists()


BAD = [
    ("import keras\n", {}, "models.net.builder: mine.py: has no function build; write def build(inputs, ...)"),
    (GOOD, {}, "models.net.width: missing; build of mine.py needs it"),
    (GOOD, {"width": 7, "filter": 2}, "models.net.filter: build of mine.py has no parameter 'filter'; did you mean 'filters'?"),
    (OWN_HEAD, {"task": "x"}, "models.net.task: build of mine.py has no parameter 'task'"),
    (GOOD, {"width": 70}, "models.net.builder: mine.py, line 6: ValueError: "),
    ("def build(inputs:\n", {}, "models.net.builder: mine.py, line 1: SyntaxError: "),
    ("x = 1\ny = x / 0\n", {}, "models.net.builder: mine.py, line 2: ZeroDivisionError: division by zero"),
    ("def build(inputs):\n    raise SystemExit(3)\n", {}, "models.net.builder: mine.py, line 2: SystemExit: 3"),
    ("def build():\n    pass\n", {}, "models.net.builder: mine.py: build takes no input; write def build(inputs, ...)"),
    ("def build(inputs):\n    return 3\n", {}, "models.net.builder: mine.py: build gives int, not a Keras tensor"),
    ("def build(inputs):\n    return inputs\n", {}, "models.net.builder: mine.py: build gives [40, 4] values per example; end with Flatten"),
    ("import keras\n@keras.saving.register_keras_serializable('me')\nclass Odd(keras.layers.Layer):\n"
     "    def call(self, x):\n        return x\n"
     "def build(inputs):\n    return keras.layers.Flatten()(Odd()(inputs))\n", {},
     "models.net.builder: mine.py: Odd cannot be loaded again; use layers and functions of Keras"),
    ("import keras\ndef build(inputs):\n    x = keras.layers.Lambda(lambda x: x + 1)(inputs)\n"
     "    return keras.layers.Flatten()(x)\n", {}, "models.net.builder: mine.py: Lambda cannot be loaded again"),
    ("import keras\ndef double(x):\n    return 2 * x\ndef build(inputs):\n"
     "    return keras.layers.Flatten()(keras.layers.Activation(double)(inputs))\n", {},
     "models.net.builder: mine.py: double cannot be loaded again"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "parameters", "expected"), BAD)
def test_what_is_wrong_with_ones_own_builder_is_one_line(own, text, parameters, expected):
    found = own(text, **parameters)
    assert isinstance(found, str) and found.startswith(expected) and "\n" not in found


def test_a_missing_file_of_ones_own():
    found = message("absent.py")
    assert found == "models.net.builder: absent.py: there is no such file"


def test_a_built_network_is_plain_data():
    section = {"builder": "conv_stack", **TINY["conv_stack"]}
    spec = json.loads(json.dumps(read_spec({"model": section}, "models.net")))
    assert build_model(spec, **SIZES).count_params() == build("conv_stack").count_params()
