"""Finished runs in the forms of TensorBoard and of Weights & Biases, made from the workflow's own tables."""

import datetime
import hashlib
import io
import json
import os
import shutil
import struct
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from motifloom.errors import UserError
from motifloom.extras import require
from motifloom.io import atomic_folder, flatten, read_json, read_table
from motifloom.plots import evaluation
from motifloom.plots.style import plt
from motifloom.plots.training import curves

EVENTS = "events.out.tfevents.1.motifloom"


@dataclass
class TrackedRun:
    """What is told of a run.

    `history` (one row per epoch, as in history.tsv), `metrics` (as in metrics.tsv), `provenance` (as in
    provenance.json) and `pictures`, PNG by name.
    """

    experiment: str
    seed: int
    history: pd.DataFrame
    metrics: pd.DataFrame
    provenance: dict
    pictures: dict

    @property
    def name(self):
        """What the run is called."""
        return f"{self.experiment} seed {self.seed}"

    @property
    def group(self):
        """The experiment that the run is of, also where it is on one fold of several."""
        return self.experiment.split(".fold")[0]

    @property
    def began(self):
        """Time stamp of the beginning of the training, in seconds."""
        return datetime.datetime.fromisoformat(self.provenance["run"]["began"]).timestamp()

    @property
    def settings(self):
        """The config of the run as its provenance has it, flat: key path to number, truth value or text."""
        kept = {"experiment": self.experiment, "seed": self.seed}
        keys = ("dataset", "model", "fold", "spec", "training", "examples", "weights", "versions", "device")
        flat = flatten(kept | {key: self.provenance[key] for key in keys if key in self.provenance})
        return {key: json.dumps(value) if isinstance(value, list) else value for key, value in flat.items()}

    @property
    def results(self):
        """The metrics of all parts: test/auroc, of one of several targets test/auroc/CTCF."""
        rows = self.metrics.dropna(subset=["value"])
        overall = ("macro", "all")  # in this order in the table: where there are both, the second is meant
        return {
            f"{row.part}/{row.metric}" + ("" if row.target in overall else f"/{row.target}"): row.value
            for row in rows.itertuples()
        }

    @property
    def digest(self):
        """Text that differs between two runs, also of the same config."""
        content = json.dumps([self.provenance, self.results], sort_keys=True, default=str)
        return hashlib.sha256(content.encode()).hexdigest()[:10]


def draw_pictures(history, best_epoch, predictions, task, classes):
    """Return the curves of a training and pictures of its predictions, as PNG by name."""
    figures = {"curves": curves(history, best_epoch)}
    if task == "regression":
        figures["scatter"] = evaluation.scatter(predictions, classes)
    else:
        figures["roc"] = evaluation.roc(predictions, task, classes)
        figures["precision_recall"] = evaluation.precision_recall(predictions, task, classes)
        figures["calibration"] = evaluation.calibration(predictions, task, classes)
    return {name: _png(figure) for name, figure in figures.items()}


def _png(figure):
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
    plt.close(figure)
    return buffer.getvalue()


def write_tensorboard(run, folder):
    """Write a run for TensorBoard, which shows it with `tensorboard --logdir results`.

    Curves of training and validation by epoch, the metrics of all parts at the best epoch, pictures, and
    the config as hyper-parameters and as text. The same run gives the same bytes.

    Parameters
    ----------
    run : TrackedRun
    folder : path
        Made anew, with one file of events.

    Raises
    ------
    UserError
        If the package tensorboard is not installed.
    """
    require("tensorboard", "tensorboard", "tracking.tensorboard")
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.record_writer import RecordWriter

    length = run.provenance["run"]["seconds"] / max(len(run.history), 1)
    best = run.provenance["best"]["epoch"]

    def event(step, values):
        return Event(wall_time=run.began + step * length, step=step, summary=Summary(value=values))

    events = [Event(wall_time=run.began, file_version="brain.Event:2")]
    events.append(event(0, _hyperparameters(run) + [_text("config", run.provenance)]))
    for row in run.history.to_dict("records"):
        values = {_tag(name): value for name, value in row.items() if name != "epoch" and value == value}
        scalars = [Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]
        events.append(event(int(row["epoch"]), scalars))
    final = [Summary.Value(tag=tag, simple_value=value) for tag, value in sorted(run.results.items())]
    events.append(event(best, final + [_image(name, png) for name, png in run.pictures.items()]))
    with atomic_folder(folder) as temporary, open(temporary / EVENTS, "wb") as stream:
        writer = RecordWriter(stream)
        for item in events:
            writer.write(item.SerializeToString(deterministic=True))


def _tag(column):
    """Return the tag of a column, so that training and validation stand side by side."""
    if column == "learning_rate":
        return column
    part = "validation" if column.startswith("val_") else "train"
    return f"{column.removeprefix('val_')}/{part}"


def _image(name, png):
    from tensorboard.compat.proto.summary_pb2 import Summary

    width, height = struct.unpack(">II", png[16:24])
    image = Summary.Image(width=width, height=height, colorspace=4, encoded_image_string=png)
    return Summary.Value(tag=f"pictures/{name}", image=image)


def _text(name, content):
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
    from tensorboard.compat.proto.types_pb2 import DT_STRING
    from tensorboard.plugins.text.metadata import create_summary_metadata

    block = "\n".join(f"    {line}" for line in json.dumps(content, indent=2, sort_keys=True).splitlines())
    shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)])
    tensor = TensorProto(dtype=DT_STRING, tensor_shape=shape, string_val=[block.encode()])
    return Summary.Value(tag=name, metadata=create_summary_metadata(name, ""), tensor=tensor)


def _hyperparameters(run):
    from tensorboard.plugins.hparams.summary_v2 import hparams_pb

    summary = hparams_pb(run.settings, trial_id=f"{run.experiment}.seed{run.seed}", start_time_secs=run.began)
    return list(summary.value)


def write_wandb(run, folder, *, project, entity=None, mode="offline"):
    """Write a run for Weights & Biases.

    Offline nothing but files is written, and no connection is made; `wandb sync` sends the folder in it
    later. Online it is sent at once, with the user's key. Neither the machine nor the user's folders or code
    are described, and nothing is reported to the makers of the package.

    Parameters
    ----------
    run : TrackedRun
        Its group becomes the group.
    folder : path
        Made anew, with one folder of the run.
    project, entity : str
    mode : {"offline", "online"}

    Raises
    ------
    UserError
        If the package wandb is not installed; online, if there is no key, or the server refuses.
    """
    key = "tracking.wandb"
    if mode == "online" and not os.environ.get("WANDB_API_KEY"):
        raise UserError(f"{key}.mode: online needs your key in the variable WANDB_API_KEY; or write offline")
    with tempfile.TemporaryDirectory() as scratch, atomic_folder(folder) as temporary:
        # Before the import, which reads them.
        own = dict.fromkeys(("WANDB_CACHE_DIR", "WANDB_CONFIG_DIR", "WANDB_DATA_DIR"), scratch)
        os.environ.update(own | {"WANDB_ERROR_REPORTING": "false"})
        require("wandb", "wandb", key)
        import wandb

        quiet = {"disable_code": True, "disable_git": True, "silent": True, "symlink": False, "host": "-"}
        quiet |= {"x_disable_meta": True, "x_disable_stats": True, "x_disable_machine_info": True}
        try:
            with wandb.init(
                project=project,
                entity=entity,
                mode=mode,
                dir=scratch,
                id=f"{run.experiment}-seed{run.seed}-{run.digest}",
                name=run.name,
                group=run.group,
                config=run.settings,
                settings=wandb.Settings(console="off", x_save_requirements=False, **quiet),
            ) as tracked:
                _log(wandb, tracked, run)
        except wandb.Error as error:
            raise UserError(f"{key}: {str(error).splitlines()[0]}") from error
        for path in (Path(scratch) / "wandb").glob("*run-*"):
            for own in ("logs", "tmp"):
                shutil.rmtree(path / own, ignore_errors=True)
            shutil.move(path, temporary / path.name)


def _log(wandb, tracked, run):
    from PIL import Image

    pictures = {name: Image.open(io.BytesIO(png)) for name, png in run.pictures.items()}
    images = {f"pictures/{name}": wandb.Image(picture) for name, picture in pictures.items()}
    rows = run.history.to_dict("records")
    for row in rows:
        values = {key: value for key, value in row.items() if value == value}
        tracked.log(values | (images if row is rows[-1] else {}), step=int(row["epoch"]))
    tracked.summary.update(run.results | {"best_epoch": run.provenance["best"]["epoch"]})


def read_run(experiment, seed, files, task, classes):
    """Return a run from its files.

    Parameters
    ----------
    experiment : str
    seed : int
    files : mapping of str to path
        history, metrics, provenance and predictions of the run.
    task : str
    classes : list of str

    Returns
    -------
    TrackedRun
    """
    history, metrics = read_table(files["history"]), read_table(files["metrics"])
    provenance = read_json(files["provenance"])
    predictions = read_table(files["predictions"])
    pictures = draw_pictures(history, provenance["best"]["epoch"], predictions, task, classes)
    return TrackedRun(experiment, int(seed), history, metrics, provenance, pictures)
