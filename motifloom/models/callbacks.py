"""Callbacks of a training: those of the spec, kept to the output folder, and our own."""

import importlib.util
import inspect
import logging
import math
from pathlib import Path, PurePosixPath

import keras
import numpy as np

from motifloom.errors import UserError
from motifloom.models.compilation import log_names
from motifloom.models.names import check_settings, find, first_line, nearest

logger = logging.getLogger(__name__)

# The setting that says where a callback writes.
FILES = {
    "CSVLogger": "filename",
    "ModelCheckpoint": "filepath",
    "TensorBoard": "log_dir",
    "OrbaxCheckpoint": "directory",
}


def make_callbacks(section, model, folder, validated, where="spec"):
    """Return the callbacks of a spec, and the one that keeps the best weights.

    Parameters
    ----------
    section : dict
        Section `callbacks`: name of a Keras callback to its settings.
    model : keras.Model
        Compiled; its losses and metrics are what can be monitored.
    folder : path or None
        Folder that callbacks write into, whatever path they are given; None only checks.
    validated : bool
        Whether there are validation data. Without, `val_loss` means `loss`, and so on.
    where : str
        What to call the spec in messages.

    Returns
    -------
    callbacks : list of keras.callbacks.Callback
    best : keras.callbacks.EarlyStopping
        Restores the best weights at the end and knows their epoch. "Best" is what an EarlyStopping of the
        spec says (monitor, mode, min_delta), else the least loss on the validation part. It never stops.

    Raises
    ------
    UserError
        If Keras has no such callback, it does not take its settings, monitors what is not in the logs,
        would write outside `folder`, resume a training, or holds program code.
    """
    callbacks, best = [], {"monitor": "val_loss", "mode": "min"}
    best["monitor"] = _monitor("val_loss", model, validated, where)
    for name, given in section.items():
        path = f"{where}: callbacks.{name}"
        cls = find(name, "callback", path)
        if not isinstance(given, dict | None):
            raise UserError(f"{path}: must hold the callback's settings by name, not {given!r}")
        settings = dict(given or {})
        check_settings(cls, settings, path)
        if name == "RemoteMonitor":
            raise UserError(f"{path}: sends data over the network; use CSVLogger")
        if name == "BackupAndRestore":
            raise UserError(f"{path}: a training always starts anew and cannot be resumed; remove it")
        if name == "TensorBoard" and importlib.util.find_spec("tensorboard") is None:
            raise UserError(f"{path}: needs the package tensorboard; install it, or use CSVLogger")
        if name in FILES:
            settings[FILES[name]] = _inside(folder, settings, cls, FILES[name], path)
        if "monitor" in inspect.signature(cls.__init__).parameters:
            monitor = settings.get("monitor", "val_loss")
            settings["monitor"] = _monitor(monitor, model, validated, f"{path}.monitor")
        if name == "EarlyStopping":
            keys = ("monitor", "mode", "min_delta", "start_from_epoch")
            best = {key: settings[key] for key in keys if key in settings}
            settings["restore_best_weights"] = False
        try:
            callbacks.append(cls(**settings))
        except Exception as error:  # Keras raises all kinds
            raise UserError(f"{path}: {first_line(error)}") from error
    forever = 2**31
    return callbacks, keras.callbacks.EarlyStopping(**best, patience=forever, restore_best_weights=True)


def _inside(folder, settings, cls, key, path):
    """Return the path that a callback is to write to, inside `folder`."""
    default = inspect.signature(cls.__init__).parameters[key].default
    value = str(settings.get(key, default))
    relative = PurePosixPath(value.replace("\\", "/"))
    if relative.is_absolute() or ".." in relative.parts or not relative.parts:
        raise UserError(
            f"{path}.{key}: {value!r} leaves the experiment's folder; "
            f"write a name such as {relative.name or 'log'}"
        )
    target = Path(folder or ".") / relative
    if folder is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
    return str(target)


def _monitor(monitor, model, validated, path):
    """Return the name in the logs that `monitor` stands for."""
    names = log_names(model)
    known = {name.lower(): name for name in [*names, *(f"val_{n}" for n in names), "learning_rate"]}
    if str(monitor).lower() not in known:
        raise UserError(f"{path}: {monitor!r} is not in the logs{nearest(monitor, known.values())}")
    name = known[str(monitor).lower()]
    return name if validated else name.removeprefix("val_")


class Progress(keras.callbacks.Callback):
    """Keep and log the numbers of every epoch, and stop when the loss is no number any more.

    Attributes
    ----------
    rows : list of dict
        epoch (from 1), the logs, and the learning rate of the epoch.
    diverged : int or None
        Epoch in which the loss became NaN or infinite.
    """

    def __init__(self, epochs):
        super().__init__()
        self.epochs, self.rows, self.diverged = epochs, [], None

    def on_epoch_end(self, epoch, logs=None):
        """Note an epoch (from 0)."""
        # Some metrics have a number per class; their mean is kept.
        logs = {key: float(np.mean(value)) for key, value in (logs or {}).items() if key != "learning_rate"}
        rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        self.rows.append({"epoch": epoch + 1, **logs, "learning_rate": rate})
        shown = ", ".join(f"{key} {logs[key]:.4g}" for key in sorted(logs, key=_order))
        logger.info("epoch %d/%d: %s", epoch + 1, self.epochs, shown)
        if not math.isfinite(logs.get("loss", 0.0)):
            self.diverged = epoch + 1
            self.model.stop_training = True


def _order(name):
    """Sort key of log names: training before validation, the loss first."""
    return name.startswith("val_"), name.removeprefix("val_") != "loss", name
