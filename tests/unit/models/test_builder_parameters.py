# ruff: noqa: E501  (tables of changes, which are single lines)
"""Every parameter of a builder changes the network as it says."""

import keras
import pytest
from built import build, of, shapes

from motifloom.models.layers import AttentionPooling, DoubleStrandedConv1D
from motifloom.parameters import CATALOGUE, read_parameters


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


def recurrent_weights(model):
    """(largest norm, axis, initializers of kernel and bias) of the recurrent layers."""
    layers = [getattr(layer, "forward_layer", layer) for layer in model.layers]
    layers = [layer for layer in layers if type(layer) in (keras.layers.LSTM, keras.layers.GRU)]
    norms = [getattr(layer, "kernel_constraint", None) for layer in layers]
    return [(n and n.max_value, n and n.axis, *initial(x)) for n, x in zip(norms, layers, strict=True)]


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
    ({"num_conv_layers": 0, "conv_filters": ..., "conv_width": ..., "max_pool_size": ...},
     lambda m: [type(layer).__name__ for layer in m.layers[2:]], ["Flatten", "Dense", "Dropout", "Dense"]),
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
    ({"rnn_type": "LSTM"}, recurrent_weights, [(3.0, 0, "RandomUniform", "Zeros")]),
    ({"rnn_type": "GRU", "rnn_bidirectional": False, "kernel_constraint": 1.5, "kernel_initializer": "he_normal"},
     recurrent_weights, [(1.5, 0, "HeNormal", "Zeros")]),
    ({"rnn_type": "GRU", "kernel_constraint": 0}, recurrent_weights, [(None, None, "RandomUniform", "Zeros")]),
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
    ({"num_dense_layers": 1, "dense_filters": 6, "dropout_rate_dense": 0},
     lambda m: [d.units for d in of(m, keras.layers.Dense)], [6, 1]),
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
    ({"num_dense_layers": 1}, lambda m: [d.units for d in of(m, keras.layers.Dense)], [64, 1]),
    ({"dense_filters": [6, 5], "dropout_rate_dense": 0.4},
     lambda m: [d.units for d in of(m, keras.layers.Dense)], [6, 5, 1]),
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
