"""What all builders have in common."""

import json

import keras
import numpy as np
import pytest
from built import SIZES, TASKS, TINY, build, message, of, shapes

from motifloom.models.layers import DoubleStrandedConv1D
from motifloom.models.spec import build_model, check_spec, read_spec
from motifloom.parameters import CATALOGUE


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


@pytest.mark.parametrize(
    ("settings", "same"),
    [
        ({"conv_width": 6}, True),
        ({"conv_width": 5, "conv_stride": 5}, True),
        ({"conv_width": 7, "padding": "same"}, True),
        ({"conv_width": 7, "conv_stride": 4}, False),  # no window ends where the sequence does
        ({"conv_width": 6, "padding": "same"}, False),  # more zeros on one side
        ({"conv_width": 5, "conv_stride": 2, "padding": "same"}, False),
    ],
    ids=str,
)
def test_both_predictions_are_the_same_where_windows_lie_alike(settings, same):
    model = build("conv_stack", both_strands="none", num_conv_layers=1, **settings)
    tokens = np.random.default_rng(2).integers(0, 4, (6, 40), dtype=np.uint8)
    there, back = (np.asarray(model(t)) for t in (tokens, 3 - tokens[:, ::-1]))
    assert np.allclose(there, back, atol=1e-6) == same


def test_a_built_network_is_plain_data():
    section = {"builder": "conv_stack", **TINY["conv_stack"]}
    spec = json.loads(json.dumps(read_spec({"model": section}, "models.net")))
    assert build_model(spec, **SIZES).count_params() == build("conv_stack").count_params()
