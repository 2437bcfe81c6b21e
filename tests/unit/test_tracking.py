"""Finished runs for TensorBoard and for Weights & Biases."""

import copy
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from motifloom.config.tracking import Tracking
from motifloom.errors import UserError
from motifloom.extras import require
from motifloom.tracking import EVENTS, TrackedRun, draw_pictures, write_tensorboard, write_wandb

ROOT = Path(__file__).parents[2]
NAN = float("nan")
HISTORY = pd.DataFrame(
    {
        "epoch": [1, 2, 3],
        "loss": [0.7, 0.5, 0.4],
        "auc": [0.5, 0.75, 0.875],
        "val_loss": [0.75, 0.5, NAN],
        "learning_rate": [0.125, 0.25, 0.25],
    }
)
METRICS = pd.DataFrame(
    [
        ["validation", "all", "auroc", 0.75],
        ["test", "all", "auroc", 0.5],
        ["test", "all", "mcc", NAN],
    ],
    columns=["part", "target", "metric", "value"],
)
PROVENANCE = {
    "seed": 99,
    "dataset": "reb1",
    "model": "shallow",
    "fold": 2,
    "spec": {"model": {"layers": [{"class_name": "Conv1D", "config": {"filters": 8, "padding": None}}]}},
    "training": {
        "epochs": 3,
        "reverse_complement": True,
        "schedule": {"kind": "cosine"},
        "freeze": ["a", "b"],
    },
    "best": {"epoch": 2, "monitor": "val_loss", "value": 0.5},
    "run": {"began": "2026-01-02T03:04:05", "seconds": 30.0},
}


@pytest.fixture
def predictions():
    rng = np.random.default_rng(1)
    scores = rng.random(90)
    frame = {"id": [f"s{n}" for n in range(90)], "part": ["train", "validation", "test"] * 30}
    return pd.DataFrame(frame | {"target.bound": (scores > 0.4) * 1.0, "score.bound": scores})


@pytest.fixture
def run(predictions):
    pictures = draw_pictures(HISTORY, 2, predictions, "binary", ["no", "bound"])
    return TrackedRun("ctcf", 3, HISTORY, METRICS, copy.deepcopy(PROVENANCE), pictures)


def events(folder):
    """Read a folder as TensorBoard does."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    accumulator = EventAccumulator(str(folder), size_guidance={"images": 0, "scalars": 0, "tensors": 0})
    return accumulator.Reload()


def test_the_config_is_flat(run):
    run.provenance["training"] = {"b": [1, 2], "c": [{"d": None}, {"d": "x"}], "e": [], "f": False}
    found = {key: value for key, value in run.settings.items() if key.startswith("training")}
    assert found == {"training.b": "[1, 2]", "training.c[1].d": "x", "training.f": False}


def test_the_runs_of_all_folds_are_one_group(run):
    assert (run.group, run.name) == ("ctcf", "ctcf seed 3")
    run.experiment = "ctcf.fold2"
    assert (run.group, run.name) == ("ctcf", "ctcf.fold2 seed 3")


def test_metrics_are_named_by_part_and_target(run):
    assert run.results == {"validation/auroc": 0.75, "test/auroc": 0.5}
    rows = [
        ("test", target, "auroc", value) for target, value in {"A": 0.6, "macro": 0.7, "all": 0.8}.items()
    ]
    run.metrics = pd.DataFrame(rows, columns=list(METRICS))
    assert run.results == {"test/auroc/A": 0.6, "test/auroc": 0.8}


@pytest.mark.parametrize(
    ("task", "names"),
    [
        ("binary", ["curves", "roc", "precision_recall", "calibration"]),
        ("regression", ["curves", "scatter"]),
    ],
)
def test_pictures_go_with_the_task(predictions, task, names):
    classes = ["no", "bound"] if task == "binary" else ["bound"]
    pictures = draw_pictures(HISTORY, 2, predictions, task, classes)
    assert list(pictures) == names and all(png.startswith(b"\x89PNG") for png in pictures.values())
    assert pictures == draw_pictures(HISTORY, 2, predictions, task, classes)


def test_tensorboard_reads_curves_metrics_pictures_and_config(run, tmp_path):
    write_tensorboard(run, tmp_path / "tb")
    assert [path.name for path in (tmp_path / "tb").iterdir()] == [EVENTS]
    found = events(tmp_path / "tb")
    curve = [(event.step, event.value) for event in found.Scalars("loss/train")]
    assert curve == [(1, pytest.approx(0.7)), (2, 0.5), (3, pytest.approx(0.4))]
    assert [event.step for event in found.Scalars("loss/validation")] == [1, 2]  # the third is no number
    assert [event.value for event in found.Scalars("auc/train")] == [0.5, 0.75, 0.875]
    assert [event.value for event in found.Scalars("learning_rate")] == [0.125, 0.25, 0.25]
    assert [(event.step, event.value) for event in found.Scalars("test/auroc")] == [(2, 0.5)]
    times = [event.wall_time for event in found.Scalars("loss/train")]
    assert np.diff(times).tolist() == [10, 10]
    assert set(found.Tags()["images"]) == {f"pictures/{name}" for name in run.pictures}
    image = found.Images("pictures/roc")[0]
    assert image.encoded_image_string == run.pictures["roc"] and image.width > 300
    text = found.Tensors("config")[0].tensor_proto.string_val[0].decode()
    assert json.loads(text) == PROVENANCE


def test_tensorboard_reads_the_hyper_parameters(run, tmp_path):
    from tensorboard.plugins.hparams import metadata

    write_tensorboard(run, tmp_path / "tb")
    content = events(tmp_path / "tb").SummaryMetadata(metadata.SESSION_START_INFO_TAG).plugin_data.content
    start = metadata.parse_session_start_info_plugin_data(content)
    assert start.hparams["spec.model.layers[0].config.filters"].number_value == 8
    assert start.hparams["training.reverse_complement"].bool_value is True
    assert start.hparams["training.schedule.kind"].string_value == "cosine"
    assert start.hparams["experiment"].string_value == "ctcf" and start.hparams["seed"].number_value == 3
    names = [start.hparams[key].string_value for key in ("dataset", "model")]
    assert names == ["reb1", "shallow"] and start.hparams["fold"].number_value == 2


def test_a_run_written_again_is_the_same_file(run, tmp_path):
    write_tensorboard(run, tmp_path / "tb")
    before = (tmp_path / "tb" / EVENTS).read_bytes()
    write_tensorboard(run, tmp_path / "tb")
    assert (tmp_path / "tb" / EVENTS).read_bytes() == before and len(list(tmp_path.iterdir())) == 1


class Listener(threading.Thread):
    """A proxy that only counts who calls."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket, self.calls = socket.create_server(("127.0.0.1", 0)), 0
        self.address = f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    def run(self):
        while True:
            try:
                self.socket.accept()[0].close()
            except OSError:
                return
            self.calls += 1


WRITE = """
import pickle, sys
from motifloom.tracking import write_wandb
write_wandb(pickle.load(sys.stdin.buffer), sys.argv[1], project="motifs", entity="lab")
"""


@pytest.fixture
def offline(run, tmp_path):
    """The folder of a run that was written offline in a process whose network is a listener; its home."""
    pytest.importorskip("wandb")
    import pickle

    listener = Listener()
    listener.start()
    home = tmp_path / "home"
    home.mkdir()
    kept = {key: value for key, value in os.environ.items() if not key.startswith("WANDB")}
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), listener.address)
    done = subprocess.run(
        [sys.executable, "-c", WRITE, str(tmp_path / "wandb")],
        input=pickle.dumps(run),
        capture_output=True,
        cwd=ROOT,
        env=kept | proxies | {"HOME": str(home), "PYTHONPATH": str(ROOT), "NO_PROXY": ""},
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    listener.socket.close()
    return tmp_path / "wandb", home, listener, done


def records(path):
    """Read the file of a run: a log in the format of LevelDB, blocks of 32 KB that hold parts of messages."""
    from wandb.proto import wandb_internal_pb2

    content, at, parts = path.read_bytes(), 7, b""
    while at + 7 <= len(content):
        if 32768 - at % 32768 < 7:
            at += 32768 - at % 32768
            continue
        length, kind = int.from_bytes(content[at + 4 : at + 6], "little"), content[at + 6]
        parts += content[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # whole, or the last part
            yield wandb_internal_pb2.Record.FromString(parts)
            parts = b""


def test_wandb_offline_has_all_that_is_told_and_calls_nobody(offline, run):
    folder, home, listener, done = offline
    assert listener.calls == 0 and not list(home.rglob("*wandb*")) and done.stdout == b""
    (kept,) = folder.iterdir()
    assert kept.name.startswith("offline-run-") and kept.name.endswith(f"-ctcf-seed3-{run.digest}")
    (file,) = kept.glob("*.wandb")
    found = list(records(file))
    started = next(record.run for record in found if record.WhichOneof("record_type") == "run")
    assert (started.project, started.entity) == ("motifs", "lab")
    assert (started.run_group, started.display_name) == ("ctcf", "ctcf seed 3")
    config = {item.key: json.loads(item.value_json) for item in started.config.update}
    assert config["spec.model.layers[0].config.filters"] == 8 and config["training.freeze"] == '["a", "b"]'
    rows = [
        {item.key or ".".join(item.nested_key): json.loads(item.value_json) for item in record.history.item}
        for record in found
        if record.WhichOneof("record_type") == "history"
    ]
    assert [row["_step"] for row in rows] == [1, 2, 3]
    assert [row["loss"] for row in rows] == [0.7, 0.5, 0.4]
    assert [row.get("val_loss") for row in rows] == [0.75, 0.5, None]
    assert {key for key in rows[-1] if key.endswith(".path")} == {f"pictures/{n}.path" for n in run.pictures}
    summary = {}
    for record in found:
        if record.WhichOneof("record_type") == "summary":
            updates = record.summary.update
            summary |= {i.key or ".".join(i.nested_key): json.loads(i.value_json) for i in updates}
    assert (summary["test/auroc"], summary["best_epoch"]) == (0.5, 2)
    pictures = {path.read_bytes() for path in kept.rglob("*.png")}
    assert len(pictures) == len(run.pictures)
    # Nothing of the machine, and no logs of wandb's own.
    assert {path.name for path in kept.iterdir()} == {file.name, "files"}
    told = b"".join(path.read_bytes() for path in kept.rglob("*") if path.is_file())
    assert str(ROOT).encode() not in told and str(home).encode() not in told and started.host == "-"


def test_online_needs_the_users_key(run, tmp_path, monkeypatch):
    pytest.importorskip("wandb")
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    with pytest.raises(
        UserError, match=r"tracking\.wandb\.mode: online needs your key in the variable WANDB_API_KEY"
    ):
        write_wandb(run, tmp_path / "wandb", project="motifs", mode="online")
    assert list(tmp_path.iterdir()) == []


def test_a_package_that_is_not_there_is_named_with_its_extra():
    with pytest.raises(UserError) as caught:
        require("no_such_package", "sweeps", "sweeps.width")
    assert str(caught.value) == (
        "sweeps.width: the package no_such_package is not installed; run pip install 'motifloom[sweeps]'"
    )
    require("io", "x", "y")


def test_the_block_is_off_and_offline_unless_it_says_so():
    assert Tracking() == Tracking(tensorboard=False, wandb=None)
    block = Tracking.model_validate({"wandb": {}}).wandb
    assert block.model_dump() == {"project": "motifloom", "entity": None, "mode": "offline"}
    for wrong in ({"mode": "disabled"}, {"project": "a/b"}, {"api_key": "x"}):
        with pytest.raises(ValueError):
            Tracking.model_validate({"wandb": wrong})
