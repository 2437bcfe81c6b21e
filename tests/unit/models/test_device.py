import logging
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from motifloom.data.encode import DNA
from motifloom.errors import UserError
from motifloom.models import device
from motifloom.models.spec import build_model
from motifloom.models.training import fit

BATCHES = {"class_name": "BatchNormalization", "config": {}}


@pytest.fixture(autouse=True)
def _full_precision_afterwards():
    yield
    keras.config.set_dtype_policy("float32")


def trained(spec, sizes, examples, precision="float32", **options):
    device.configure(precision=precision)
    model = build_model(spec, **sizes, seed=1)
    device.prepare(model, **options)
    tokens, parts = examples
    done = fit(model, spec, tokens, parts, task="binary", alphabet=DNA, seed=1)
    return model, done


def test_a_gpu_that_is_not_there_is_told_at_once(monkeypatch):
    monkeypatch.setattr(device.tf.config, "list_physical_devices", lambda kind: [])
    with pytest.raises(UserError, match="gpu was asked for, but TensorFlow sees none; install its GPU build"):
        device.configure(accelerator="gpu")


def test_what_was_found_is_logged(monkeypatch, caplog):
    monkeypatch.setattr(device.tf.config, "list_physical_devices", lambda kind: [])
    logging.getLogger("motifloom").propagate = True
    with caplog.at_level(logging.INFO, "motifloom.models.device"):
        device.configure()
    assert "auto found no GPU; the CPU is used" in caplog.text


@pytest.mark.parametrize(
    ("precision", "type_"),
    [("mixed_float16", "float16"), ("mixed_bfloat16", "bfloat16"), ("float32", "float32")],
)
def test_layers_compute_in_the_precision_and_the_output_in_full(spec, sizes, examples, precision, type_):
    spec["model"]["layers"].insert(1, BATCHES)
    spec["training_params"]["epochs"] = 8
    model, done = trained(spec, sizes, examples, precision)
    *inner, output = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    assert {layer.compute_dtype for layer in inner} == {type_}
    assert {str(weight.dtype) for weight in model.weights if "seed" not in weight.path} == {"float32"}
    assert (output.compute_dtype, output(np.zeros((1, 4))).dtype.name) == ("float32", "float32")
    scaled = isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    assert scaled == (precision == "mixed_float16")
    assert done.history["val_loss"].iloc[-1] < done.history["val_loss"].iloc[0]


def test_the_loss_is_scaled_so_that_small_gradients_last(spec, sizes, examples):
    model, _ = trained(spec, sizes, examples, "mixed_float16")
    assert float(model.optimizer.dynamic_scale) >= 2**10
    assert int(model.optimizer.inner_optimizer.iterations) == 24


def test_a_trained_network_goes_on_in_full_precision(spec, sizes, examples, tmp_path):
    spec["model"]["layers"].insert(1, BATCHES)
    model, _ = trained(spec, sizes, examples, "mixed_bfloat16")
    mixed = model.predict_on_batch(examples[0])
    device.use_float32(model)
    scores = model.predict_on_batch(examples[0])
    assert 0 < np.abs(scores - mixed).max() < 0.02
    model.save(tmp_path / "m.keras")
    device.configure()
    plain = build_model(spec, **sizes)
    plain.set_weights(model.get_weights())
    again = keras.models.load_model(tmp_path / "m.keras")
    for other in (plain, again):
        assert {layer.compute_dtype for layer in other.layers} == {"float32"}
        np.testing.assert_allclose(other.predict_on_batch(examples[0]), scores, rtol=1e-5)


def test_xla_compiles_the_training_step(spec, sizes, examples):
    spec["training_params"] = {"epochs": 1, "batch_size": 40}
    plain, _ = trained(spec, sizes, examples, xla=False)
    compiled, done = trained(spec, sizes, examples, xla=True)
    again, same = trained(spec, sizes, examples, xla=True)
    assert (plain.jit_compile, compiled.jit_compile) == (False, True)
    for one, other, third in zip(*(m.get_weights() for m in (plain, compiled, again)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-2, atol=1e-3)
        np.testing.assert_array_equal(other, third)
    assert done.history.equals(same.history)


@pytest.mark.parametrize(("kind", "expected"), [("cpu", False), ("gpu", True)])
def test_xla_auto_is_for_gpus(spec, sizes, monkeypatch, kind, expected):
    model = build_model(spec, **sizes)
    monkeypatch.setattr(device, "describe", lambda: {"kind": kind})
    device.prepare(model, "auto")
    assert model.jit_compile is expected


def test_xla_for_a_layer_that_it_cannot_compile(spec, sizes, monkeypatch):
    model = build_model(spec, **sizes)
    model.get_layer("scan").supports_jit = False
    monkeypatch.setattr(device, "describe", lambda: {"kind": "gpu"})
    with pytest.raises(
        UserError, match=r"training\.xla: layer scan cannot be compiled by XLA; write auto or"
    ):
        device.prepare(model, True)
    device.prepare(model, "auto")
    assert model.jit_compile is False


# --- several devices -------------------------------------------------------------------------------

# Logical devices can only be made before TensorFlow starts, so in a process of its own.
SPREAD = """
import sys
import numpy as np, tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from conftest import SPEC
from motifloom.data.encode import DNA
from motifloom.models import device
from motifloom.models.settings import merge_options
from motifloom.models.spec import build_model
from motifloom.models.training import fit
device.configure(1)
tokens = np.random.default_rng(0).integers(0, 4, (90, 30)).astype(np.uint8)
targets = (tokens[:, :1] > 1).astype(np.float32)
examples = {"train": (np.arange(64), targets[:64]), "validation": (np.arange(64, 90), targets[64:])}
sgd = {"class_name": "SGD", "config": {"use_ema": True, "clipnorm": 1.0}}
cycle = {"kind": "cyclic", "lr_max": 0.1, "momentum_base": 0.8, "momentum_max": 0.9}
weights, losses = [], []
for gpus in (1, 2):
    options = {"gpus": gpus, "optimizer": sgd, "schedule": cycle, "class_weight": "balanced", "epochs": 2}
    spec = merge_options(SPEC, options)
    with device.spread(gpus, "CPU"):
        model = build_model(spec, length=30, alphabet_size=4, task="binary", n_targets=1, seed=1)
    assert model.distribute_strategy.num_replicas_in_sync == gpus
    device.prepare(model)
    done = fit(model, spec, tokens, examples, task="binary", alphabet=DNA, options=options, seed=1)
    weights.append(model.get_weights())
    losses.append(done.history.drop(columns="epoch").to_numpy())
np.testing.assert_allclose(*losses, rtol=1e-4)
for one, other in zip(*weights):
    np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)
print("the same")
"""


def test_two_devices_train_what_one_does():
    here = Path(__file__)
    process = subprocess.run(
        [sys.executable, "-c", SPREAD],
        env={"PYTHONPATH": f"{here.parents[3]}:{here.parent}", "PATH": ""},
        capture_output=True,
        text=True,
    )
    assert process.stdout.strip() == "the same", process.stderr[-2000:]


def test_more_gpus_than_there_are():
    with pytest.raises(UserError, match=r"training\.gpus: 3 were asked for, but TensorFlow sees 0; lower it"):
        device.spread(3)
    with device.spread(1):
        pass
