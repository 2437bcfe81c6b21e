"""The table and the text that tell what a network is made of."""

import pandas as pd
import pytest

from motifloom.models.builders.build import build_network
from motifloom.models.spec import build_model
from motifloom.models.summary import as_text, summarise
from motifloom.plots.network import network

SIZES = {"length": 40, "alphabet_size": 4, "task": "binary", "n_targets": 1}


def table(builder, **parameters):
    section = {"builder": builder, **parameters}
    model, _ = build_network(section, **SIZES, activation="sigmoid", path="models.net")
    return summarise(model).set_index("layer"), model


@pytest.fixture
def stack():
    settings = {"conv_filters": 3, "conv_width": [5, 4], "max_pool_size": [4, 2], "conv_stride": [1, 2]}
    return table("conv_stack", **settings, pool_after="each", dense_filters=6, dropout_rate_conv=0)


def test_shapes_weights_and_receptive_fields_by_hand(stack):
    rows, model = stack
    # 40 - 5 + 1 = 36; pooled by 4 to 9; (9 - 4) // 2 + 1 = 3; pooled by 2 to 2
    expected = {
        "one_hot": ("40 x 4", 0, 1, 1),
        "conv1": ("36 x 3", 5 * 4 * 3 + 3, 5, 1),
        "pool": ("9 x 3", 0, 8, 4),
        "conv2": ("3 x 3", 4 * 3 * 3 + 3, 8 + 3 * 4, 8),
        "pool_1": ("2 x 3", 0, 20 + 8, 16),
        "flatten": ("6", 0, None, None),
        "dense": ("6", 6 * 6 + 6, None, None),
        "dropout": ("6", 0, None, None),
        "output": ("1", 7, None, None),
    }
    assert list(rows.index) == list(expected)
    for name, (shape, weights, width, step) in expected.items():
        row = rows.loc[name]
        assert (row["output_shape"], row["weights"]) == (shape, weights)
        assert pd.isna(row["receptive_field_bp"]) if width is None else row["receptive_field_bp"] == width
        assert pd.isna(row["stride_bp"]) if step is None else row["stride_bp"] == step
    assert rows["weights"].sum() == model.count_params()


def test_settings_are_told(stack):
    rows, _ = stack
    assert rows.loc["conv1", "settings"] == "filters 3, width 5, relu"
    assert rows.loc["conv2", "settings"] == "filters 3, width 4, stride 2, relu"
    assert rows.loc["pool", "settings"] == "width 4, padding same"
    assert rows.loc["output", "settings"] == "units 1, sigmoid"
    recurrent, _ = table("danq", conv_filters=2, conv_width=5, max_pool_size=4, rnn_units=3, dense_filters=2)
    assert recurrent.loc["bidirectional_lstm", "settings"] == "LSTM in both directions, units 3"
    both, _ = table("conv_stack", both_strands="mean", conv_filters=2, conv_width=5)
    assert both.loc["conv1", "settings"] == "filters 2, width 5, strands mean, relu"


def test_branches_and_shortcuts_have_their_inputs():
    rows, _ = table(
        "multiscale_attention", conv_width=[3, 5], conv_filters=2, batch_norm=False, num_branches=2
    )
    assert rows.loc["conv_5", "inputs"] == "one_hot"
    assert rows.loc["concatenate", "inputs"] == "attention_3,attention_5"
    rows, _ = table("residual_dilated", conv_filters=2, num_dilated_layers=1)
    assert rows.loc["add", "inputs"] == "conv1,dilated1"
    rows, model = table("double_stranded", merge="none", conv_filters=2, conv_width=5, dense_filters=3)
    assert rows.loc["dropout", "inputs"] == "forward_strand,reverse_strand"
    assert rows["weights"].sum() == model.count_params()


def test_a_spec_of_layers_is_told_too(spec):
    rows = summarise(build_model(spec, **SIZES)).set_index("layer")
    assert rows.loc["scan", "output_shape"] == "36 x 4" and rows.loc["scan", "receptive_field_bp"] == 5


def test_the_text_has_every_layer_and_the_sum(stack):
    rows, model = stack
    text = as_text(rows.reset_index(), "net")
    lines = text.splitlines()
    assert lines[0] == "net" and text.endswith(f"\n{model.count_params():,} weights in 9 layers\n")
    assert [line.split()[0] for line in lines[4:13]] == list(rows.index)
    assert " ".join(lines[7].split()) == "conv2 Conv1D filters 3, width 4, stride 2, relu 3 x 3 39 20 8"


def test_the_picture_has_a_box_per_layer_and_a_line_per_input():
    rows, _ = table("multiscale_attention", conv_width=[3, 5], conv_filters=2, num_branches=2)
    figure = network(rows.reset_index(), "net")
    (axis,) = figure.axes
    texts = [text.get_text() for text in axis.texts]
    for name, kind in rows["class"].items():
        assert sum(text.startswith(f"{name}: {kind}") for text in texts) == 1
    assert len(axis.patches) == 2 * len(rows)
    assert len(axis.lines) == sum(len(text.split(",")) for text in rows["inputs"] if text)
    boxes = {
        text.get_text().split(":")[0]: text.get_position() for text in axis.texts if ":" in text.get_text()
    }
    assert boxes["conv_3"][1] == boxes["conv_5"][1] and boxes["conv_3"][0] < boxes["conv_5"][0]
    assert boxes["attention_5"][0] == boxes["conv_5"][0]
    # Text stays inside its box.
    renderer = figure.canvas.get_renderer()
    right = max(patch.get_x() + patch.get_width() for patch in axis.patches)
    ends = [text.get_window_extent(renderer).x1 / figure.dpi for text in axis.texts]
    assert max(ends) <= right


def test_a_shortcut_runs_beside_the_boxes():
    rows, _ = table("residual_dilated", conv_filters=2, num_dilated_layers=1)
    (axis,) = network(rows.reset_index(), "net").axes
    right = max(patch.get_x() + patch.get_width() for patch in axis.patches)
    assert sum(max(line.get_xdata()) > right for line in axis.lines) == 1


def test_the_stride_of_a_convolution_is_told_even_where_it_is_its_width():
    rows, _ = table("conv_stack", conv_filters=2, conv_width=5, conv_stride=5, max_pool_size=2)
    assert rows.loc["conv1", "settings"] == "filters 2, width 5, stride 5, relu"
    assert rows.loc["pool", "settings"] == "width 2, padding same"


def test_operations_of_ones_own_builder_have_rows_too(tmp_path):
    (tmp_path / "mine.py").write_text(
        "import keras\ndef build(inputs):\n"
        "    x = keras.ops.relu(keras.layers.Conv1D(2, 5, name='scan')(inputs))\n"
        "    return keras.layers.GlobalMaxPooling1D()(x)\n"
    )
    rows, _ = table(str(tmp_path / "mine.py"))
    (row,) = rows[rows["class"] == "Relu"][["inputs", "output_shape", "weights"]].values.tolist()
    assert row == ["scan", "36 x 2", 0]
