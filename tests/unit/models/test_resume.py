import json
import logging
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from motifloom.data.encode import DNA
from motifloom.data.store import Dataset, write_dataset
from motifloom.models import resume as module
from motifloom.models.resume import NAME, Checkpoints, fingerprint
from motifloom.models.spec import build_model
from motifloom.models.training import fit, train

ROOT = Path(__file__).parents[3]
FILES = ("model.keras", "history.tsv", "filters.npz")


class Killed(Exception):
    """What a kill is here where no process of its own is needed."""


class Kill(keras.callbacks.Callback):
    """End a training at once, in the middle of an epoch, or after one; it keeps no plain data, or state."""

    def __init__(self, epoch=-1, after=False):
        super().__init__()
        self.moment = (epoch, after)

    def on_train_begin(self, logs=None):
        if self.moment == ("at once", False):
            raise Killed

    def on_train_batch_end(self, batch, logs=None):
        if self.moment == (self.now, False):
            raise Killed

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch
        if self.moment == (epoch - 1, True):
            raise Killed


@pytest.fixture(autouse=True)
def every_epoch(monkeypatch):
    """Write a checkpoint after each epoch, however short."""
    monkeypatch.setattr(module, "SHARE", float("inf"))


@pytest.fixture
def rich(spec):
    """A spec in which everything keeps state: random layers, normalisation, momenta, callbacks with files."""
    spec["model"]["layers"][1:1] = [
        {"class_name": "BatchNormalization", "config": {"momentum": 0.8}},
        {"class_name": "Dropout", "config": {"rate": 0.3}},
    ]
    spec["compile"]["optimizer"]["config"] |= {"use_ema": True, "ema_momentum": 0.9}
    spec["training_params"]["epochs"] = 8
    spec["callbacks"] = {
        "EarlyStopping": {"monitor": "val_loss", "patience": 3, "min_delta": 0.02},
        "ReduceLROnPlateau": {"patience": 1, "min_delta": 0.1, "factor": 0.5, "cooldown": 1},
        "CSVLogger": {"filename": "log.csv"},
        "ModelCheckpoint": {"filepath": "best.weights.h5", "save_best_only": True, "save_weights_only": True},
        "TerminateOnNaN": {},
    }
    return spec


def run(spec, sizes, examples, folder, kill=None, *, seed=1, **options):
    """Train and return (weights, history, files of callbacks, epoch after which it went on)."""
    tokens, parts = examples
    model = build_model(spec, **sizes, seed=seed)
    places = {"folder": folder / "callbacks", "resume": folder / "resume"}
    arguments = {"task": "binary", "alphabet": DNA, "seed": seed, **places}
    done = fit(model, spec, tokens, parts, options=options, callbacks=[kill or Kill()], **arguments)
    files = {path.name: path.read_bytes() for path in (folder / "callbacks").glob("*.csv")}
    return model.get_weights(), done.history, files, done.resumed_after, done.best_epoch


STREAMED = {
    "memory": 0,
    "augmentation": {"shift": 2, "mutation": 0.05, "reverse_complement": "random"},
}


@pytest.mark.parametrize(
    ("options", "after"),
    [({}, False), (STREAMED, True)],
    ids=["within an epoch", "after an epoch, streamed and augmented"],
)
def test_a_training_goes_on_as_if_nothing_had_been(rich, sizes, examples, tmp_path, options, after):
    weights, history, files, resumed, best = run(rich, sizes, examples, tmp_path / "whole", **options)
    assert resumed == 0
    folder, last = tmp_path / "killed", len(history)
    for epoch in (0, last - 1):
        with pytest.raises(Killed):
            run(rich, sizes, examples, folder, Kill(epoch, after and epoch < last - 1), **options)
    again = run(rich, sizes, examples, folder, **options)
    for one, other in zip(weights, again[0], strict=True):
        np.testing.assert_array_equal(one, other)
    pd.testing.assert_frame_equal(history, again[1], check_exact=True)
    assert again[2] == files and len(files["log.csv"].splitlines()) == last + 1
    assert again[3:] == (last - 1, best)
    same = [(tmp_path / name / "callbacks/best.weights.h5").stat().st_size for name in ("whole", "killed")]
    assert same[0] == same[1]
    assert history["learning_rate"].nunique() > 1  # ReduceLROnPlateau has worked


@pytest.mark.parametrize("schedule", [{"kind": "cyclic", "lr_max": 0.1}, {"kind": "exponential"}], ids=str)
def test_schedules_go_on_too(spec, sizes, examples, tmp_path, schedule):
    options = {"schedule": schedule, "exact_metrics": True, "reverse_complement": True, "epochs": 4}
    weights, history, *_ = run(spec, sizes, examples, tmp_path / "whole", **options)
    with pytest.raises(Killed):
        run(spec, sizes, examples, tmp_path / "killed", Kill(2), **options)
    again = run(spec, sizes, examples, tmp_path / "killed", **options)
    assert again[3] == 2
    np.testing.assert_array_equal(
        np.concatenate([*map(np.ravel, weights)]), np.concatenate([*map(np.ravel, again[0])])
    )
    pd.testing.assert_frame_equal(history, again[1], check_exact=True)


def test_random_recurrent_layers_and_momenta_go_on_too(spec, sizes, examples, tmp_path):
    settings = {"units": 2, "dropout": 0.2, "recurrent_dropout": 0.3, "return_sequences": True}
    spec["model"]["layers"].insert(1, {"class_name": "LSTM", "config": settings})
    averaged = {"momentum": 0.9, "use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 3}
    spec["compile"]["optimizer"] = {"class_name": "SGD", "config": {"learning_rate": 0.1, **averaged}}
    spec["training_params"] = {"epochs": 3, "batch_size": 30, "shuffle": False}
    options = {"augmentation": {"mutation": 0.1}}
    weights, history, *_ = run(spec, sizes, examples, tmp_path / "whole", **options)
    with pytest.raises(Killed):
        run(spec, sizes, examples, tmp_path / "killed", Kill(1), **options)
    again = run(spec, sizes, examples, tmp_path / "killed", **options)
    assert again[3] == 1
    for one, other in zip(weights, again[0], strict=True):
        np.testing.assert_array_equal(one, other)
    pd.testing.assert_frame_equal(history, again[1], check_exact=True)


def test_weights_of_16_bits_go_on_too(spec, sizes, examples, tmp_path):
    spec["model"]["layers"][0]["config"]["dtype"] = "bfloat16"
    weights, *_ = run(spec, sizes, examples, tmp_path / "whole", epochs=2)
    with pytest.raises(Killed):
        run(spec, sizes, examples, tmp_path / "killed", Kill(1), epochs=2)
    again = run(spec, sizes, examples, tmp_path / "killed", epochs=2)
    assert again[3] == 1 and str(again[0][0].dtype) == "bfloat16"
    for one, other in zip(weights, again[0], strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_training_that_had_stopped_trains_no_further(rich, sizes, examples, tmp_path):
    rich["callbacks"]["EarlyStopping"] |= {"patience": 1, "min_delta": 0.5}
    first = run(rich, sizes, examples, tmp_path)
    assert len(first[1]) < 8
    again = run(rich, sizes, examples, tmp_path)  # its checkpoint is still there
    assert again[3] == len(first[1])
    pd.testing.assert_frame_equal(first[1], again[1], check_exact=True)
    for one, other in zip(first[0], again[0], strict=True):
        np.testing.assert_array_equal(one, other)


def test_another_training_starts_anew_and_says_so(spec, sizes, examples, tmp_path, caplog):
    caplog.set_level(logging.INFO, "motifloom")
    tokens, parts = examples
    other = tokens.copy()
    other[0, 0] = 4
    rows, targets = parts["train"]
    fewer = (tokens, {**parts, "train": (rows[1:], targets[1:])})
    changed = json.loads(json.dumps(spec))
    changed["model"]["layers"][0]["config"]["activation"] = "elu"
    cases = [
        ((spec, sizes, examples), {"seed": 2}),
        ((spec, sizes, examples), {"augmentation": {"shift": 1}}),
        ((spec, sizes, (other, parts)), {}),
        ((spec, sizes, fewer), {}),
        ((changed, sizes, examples), {}),
    ]
    with pytest.raises(Killed):
        run(spec, sizes, examples, tmp_path, Kill(1))
    for arguments, options in cases:
        caplog.clear()
        with pytest.raises(Killed):
            run(*arguments, tmp_path, Kill("at once"), **options)
        assert "of a training on other data or settings; this one starts anew" in caplog.text
        assert "going on" not in caplog.text
    assert run(spec, sizes, examples, tmp_path)[3] == 1  # none has touched it


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 cut off"])
def test_a_damaged_checkpoint_is_left_alone(spec, sizes, examples, tmp_path, caplog, content):
    (tmp_path / "resume").mkdir()
    (tmp_path / "resume" / NAME).write_bytes(content)
    assert run(spec, sizes, examples, tmp_path, epochs=1)[3] == 0
    assert "cannot be read; the training starts anew" in caplog.text


def test_checkpoints_are_as_rare_as_their_cost_asks_for(monkeypatch, tmp_path):
    # Epochs end at 10, 21, 30, 40, 51; a checkpoint, after the first and the fourth, takes one second.
    clock = iter([0.0, 10.0, 11.0, 21.0, 30.0, 40.0, 41.0, 51.0])
    monkeypatch.setattr(module, "SHARE", 0.05)
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))
    keeper, written = Checkpoints(tmp_path, "", []), []
    monkeypatch.setattr(keeper, "_write", written.append)
    keeper.on_train_begin()
    for epoch in range(5):
        keeper.on_epoch_end(epoch)
    # The first ended at 11 and took 1, which is 5 % of 20: the next is at 31 or later.
    assert written == [1, 4]


def test_callbacks_whose_state_is_out_of_reach(caplog):
    class OrbaxCheckpoint(keras.callbacks.Callback):
        """Keras' own needs a package."""

    assert module.checkpointed([keras.callbacks.TerminateOnNaN()])
    assert not module.checkpointed([OrbaxCheckpoint()])
    assert "OrbaxCheckpoint keeps state of its own: killed, this training would start anew" in caplog.text


def test_an_edit_of_what_a_training_uses_starts_it_anew(monkeypatch):
    monkeypatch.setattr(module, "fingerprint", lambda facts, arrays=(): facts)
    texts = module.code_fingerprint()
    used = ["randomness", "data/encode", "parameters", "models/training", "models/builders/danq"]
    for name in used:
        assert (ROOT / f"motifloom/{name}.py").read_text() in texts, name
    for name in ("models/perturb", "data/extract", "config/parse"):
        assert (ROOT / f"motifloom/{name}.py").read_text() not in texts, name


def test_fingerprints_depend_on_content_shape_and_type():
    array = np.arange(12, dtype=np.float32).reshape(3, 4)
    prints = {
        fingerprint(facts, arrays)
        for facts, arrays in [
            ({}, []),
            ({"a": 1}, []),
            ({}, [array]),
            ({}, [array.reshape(4, 3)]),
            ({}, [array.view(np.int32)]),
            ({}, [array[:2], array[2:]]),
            ({}, [array[:, ::-1]]),
        ]
    }
    assert len(prints) == 7
    assert fingerprint({"a": 1, "b": 2}, [array]) == fingerprint({"b": 2, "a": 1}, [np.asfortranarray(array)])


# --- processes really killed -----------------------------------------------------------------------

SCRIPT = """
import json, os, signal, sys
import keras, numpy as np
from motifloom.data.store import Dataset
from motifloom.models import resume
from motifloom.models.training import train

folder, moment, spec = sys.argv[1], sys.argv[2], json.load(open(sys.argv[3]))
resume.SHARE = float("inf")
kill = lambda: os.kill(os.getpid(), signal.SIGKILL)

class AtBatch(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if moment == "batch" and self.model.optimizer.iterations >= 20:
            kill()

def cut_off(path, **arrays):
    if json.loads(arrays["state"].tobytes())["epochs"] == 5:
        open(path, "wb").write(b"PK half a file")
        kill()
    save(path, **arrays)

save = np.savez
if moment == "checkpoint":
    np.savez = cut_off
names = {"model": "model.keras", "history": "history.tsv", "filters": "filters.npz", "provenance": "p.json"}
parts = ["train"] * 120 + ["validation"] * 40
with Dataset(sys.argv[4]) as dataset:
    files = {key: os.path.join(folder, name) for key, name in names.items()}
    train(spec, dataset, parts, **files, seed=7, training={"threads": 1}, callbacks=[AtBatch()])
"""


def test_a_process_killed_at_several_moments_ends_with_the_same_bytes(rich, examples, tmp_path):
    tokens, parts = examples
    targets = np.concatenate([parts["train"][1], parts["validation"][1]])
    frame = pd.DataFrame({"id": [f"s:{i}" for i in range(160)], "chrom": "", "target.bound": targets[:, 0]})
    classes = ["unbound", "bound"]
    write_dataset(tmp_path / "d.h5", frame, [tokens], alphabet=DNA, task="binary", classes=classes)
    rich["training_params"]["epochs"] = 7
    (tmp_path / "spec.json").write_text(json.dumps(rich))
    (tmp_path / "job.py").write_text(SCRIPT)
    # Its own copy: an edit of the library, meanwhile, would start the training anew.
    shutil.copytree(ROOT / "motifloom", tmp_path / "motifloom", ignore=shutil.ignore_patterns("__pycache__"))

    def start(folder, moment):
        command = [sys.executable, "job.py", folder, moment, "spec.json", "d.h5"]
        environment = {"PYTHONPATH": ".", "PATH": "", "TF_CPP_MIN_LOG_LEVEL": "3"}
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)

    assert start("whole", "never").returncode == 0
    for moment in ("batch", "checkpoint"):
        assert start("killed", moment).returncode == -signal.SIGKILL
        assert not (tmp_path / "killed/model.keras").exists()
    finished = start("killed", "never")
    assert finished.returncode == 0, finished.stderr
    for name in (*FILES, "callbacks/log.csv"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "killed" / name).read_bytes(), name
    facts, again = (json.loads((tmp_path / name / "p.json").read_text()) for name in ("whole", "killed"))
    assert again.pop("run")["resumed_after"] == 4
    assert "resumed_after" not in facts.pop("run")
    assert facts == again
    assert not list((tmp_path / "killed").rglob("*checkpoint*"))


def test_what_was_trained_leaves_no_checkpoint(spec, examples, tmp_path):
    tokens, parts = examples
    targets = np.concatenate([parts["train"][1], parts["validation"][1]])
    frame = pd.DataFrame({"id": [f"s:{i}" for i in range(160)], "chrom": "", "target.b": targets[:, 0]})
    write_dataset(tmp_path / "d.h5", frame, [tokens], alphabet=DNA, task="binary", classes=["a", "b"])
    names = {"model": "model.keras", "history": "h.tsv", "filters": "f.npz", "provenance": "p.json"}
    files = {key: tmp_path / "run" / name for key, name in names.items()}
    seen = []

    class Look(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            seen.append((tmp_path / "run/resume" / NAME).exists())

    with Dataset(tmp_path / "d.h5") as dataset:
        train(spec, dataset, ["train"] * 120 + ["validation"] * 40, **files, callbacks=[Look()])
    assert seen == [False, True, True]
    assert not (tmp_path / "run/resume").exists()
