"""Callbacks of a training: those of the spec, kept to the output folder, and our own."""

import importlib.util
import inspect
import logging
import math
from pathlib import Path, PurePosixPath

import keras
import numpy as np

from motifloom import measures
from motifloom.errors import UserError
from motifloom.models.compilation import log_names
from motifloom.models.names import arguments_of, check_settings, find, first_line, nearest
from motifloom.models.values import check_values

logger = logging.getLogger(__name__)

# The setting that says where a callback writes.
FILES = {
    "CSVLogger": "filename",
    "ModelCheckpoint": "filepath",
    "TensorBoard": "log_dir",
    "OrbaxCheckpoint": "directory",
}
LONGEST = 200  # bytes of a file's name; Keras and we add to it
# What motifloom.models.exact adds to the logs; watching one switches it on.
EXACT = tuple(f"val_{name}" for name in measures.EXACT)


def each_callback(section):
    """Yield (name, path within the section, settings) of each callback; a list under a name is several."""
    for name, given in section.items():
        several = given if isinstance(given, list) else [given]
        for number, settings in enumerate(several):
            yield name, f"{name}[{number}]" if isinstance(given, list) else name, settings


def make_callbacks(section, model, folder, validated, where="spec", task=None, always=True):
    """Return the callbacks of a spec, and the one that keeps the best weights.

    Parameters
    ----------
    section : dict
        Section `callbacks`: name of a Keras callback to its settings, or to a list of settings, one for
        each callback of that kind.
    model : keras.Model
        Compiled, with its schedule if it has one; its losses and metrics are what can be monitored, and
        val_auroc and val_auprc (see :mod:`motifloom.models.exact`).
    folder : path or None
        Folder that callbacks write into, whatever path they are given; None only checks.
    validated : bool
        Whether there are validation data. Without, `val_loss` means `loss`, and so on.
    where : str
        What to call the spec in messages.
    task : str, optional
        A regression has no val_auroc and val_auprc.
    always : bool
        Whether every epoch is validated: see :func:`validates_always`.

    Returns
    -------
    callbacks : list of keras.callbacks.Callback
        With an optimizer that averages weights (use_ema), first the one that lets the averaged weights be
        validated and kept: see :class:`Averages`.
    best : Best
        Restores the best weights at the end and knows their epoch. "Best" is what the first EarlyStopping
        of the spec says (monitor, mode, min_delta), else the least loss on the validation part. It never
        stops.

    Raises
    ------
    UserError
        If Keras has no such callback, it does not take its settings, monitors what is not in the logs,
        would write outside `folder`, resume a training, change a rate that follows a schedule, or holds
        program code.
    """
    inner = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    callbacks, best = [Averages()] if inner.use_ema else [], None
    watched = {"model": model, "validated": validated, "exact": task != "regression"}
    for name in section:
        find(name, "callback", f"{where}: callbacks.{name}")  # of those that are left out, too
    for name, place, given in each_callback(section):
        path = f"{where}: callbacks.{place}"
        cls = find(name, "callback", path)
        if not isinstance(given, dict | None):
            raise UserError(f"{path}: must hold the callback's settings by name, not {given!r}")
        settings = dict(given or {})
        check_settings(cls, settings, path)
        check_values(settings, arguments_of(cls)[0], path)
        _check_possible(name, settings, inner, path)
        if name in FILES:
            settings[FILES[name]] = _inside(folder, settings, cls, FILES[name], path)
        if name == "ModelCheckpoint":
            _check_pattern(settings, model, validated, always, f"{path}.filepath")
        if "monitor" in inspect.signature(cls.__init__).parameters:
            monitor = settings.get("monitor", "val_loss")
            settings["monitor"] = _monitor(monitor, path=f"{path}.monitor", **watched)
            if settings["monitor"] in EXACT and settings.get("mode", "auto") == "auto":
                settings["mode"] = "max"  # of a metric that is not its own, Keras cannot tell
        if name == "EarlyStopping":
            keys = ("monitor", "mode", "min_delta", "start_from_epoch")
            best = best or {key: settings[key] for key in keys if key in settings}
            settings["restore_best_weights"] = False
        try:
            callbacks.append(cls(**settings))
        except Exception as error:  # Keras raises all kinds
            raise UserError(f"{path}: {first_line(error)}") from error
    best = best or {"monitor": "val_loss" if validated else "loss", "mode": "min"}
    forever = 2**31
    return callbacks, Best(**best, patience=forever, restore_best_weights=True)


class Best(keras.callbacks.EarlyStopping):
    """Keep the best weights; an epoch whose value is no number is none that was measured."""

    def get_monitor_value(self, logs):
        """Return the value of an epoch, or None."""
        value = super().get_monitor_value(logs)
        return None if value is None or math.isnan(value) else value


def validates_always(settings):
    """Tell whether settings of a training (see :func:`check_measured`) let every epoch be validated."""
    epochs, every = settings["epochs"], settings.get("validation_freq", 1)
    return len({e for e in every if e <= epochs}) == epochs if isinstance(every, list) else every == 1


def check_measured(best, settings, where):
    """Raise a UserError where no epoch of a training would tell which weights are the best.

    Parameters
    ----------
    best : Best
        From :func:`make_callbacks`.
    settings : dict
        epochs, and perhaps validation_freq, from :func:`motifloom.models.settings.fit_arguments`.
    where : str
        What to call the spec in messages.
    """
    epochs, every = settings["epochs"], settings.get("validation_freq", 1)
    last = epochs
    if best.monitor.startswith("val_") and best.monitor not in EXACT:
        validated = every if isinstance(every, list) else [epochs // every * every]
        last = max((epoch for epoch in validated if 0 < epoch <= epochs), default=0)
    if not last:
        raise UserError(
            f"{where}: training_params.validation_freq: {every} is no epoch of {epochs}, so that "
            f"{best.monitor} is never measured; lower it"
        )
    if last <= best.start_from_epoch:
        raise UserError(
            f"{where}: callbacks.EarlyStopping.start_from_epoch: {best.start_from_epoch} leaves none of "
            f"{epochs} epochs in which {best.monitor} is measured; lower it, or raise epochs"
        )


def _check_possible(name, settings, optimizer, path):
    """Raise a UserError for a callback that a training here cannot have."""
    if name == "RemoteMonitor":
        raise UserError(f"{path}: sends data over the network; use CSVLogger")
    if name == "BackupAndRestore":
        raise UserError(f"{path}: remove it; a training that was killed goes on where it was by itself")
    if name == "TensorBoard" and importlib.util.find_spec("tensorboard") is None:
        raise UserError(f"{path}: needs the package tensorboard; install it, or use CSVLogger")
    if name == "SwapEMAWeights":
        asked = "with use_ema" if optimizer.use_ema else "with use_ema: true in the optimizer's config"
        raise UserError(f"{path}: remove it; {asked} the averaged weights are validated and kept anyway")
    if name == "ReduceLROnPlateau" and not isinstance(optimizer._learning_rate, keras.Variable):
        raise UserError(
            f"{path}: cannot lower a learning rate that follows a schedule; leave it out by callbacks: "
            "{ReduceLROnPlateau: false}, or remove the schedule (training.schedule, training.warmup_epochs, "
            "or the optimizer's own)"
        )
    if name == "ReduceLROnPlateau" and np.float32(settings.get("min_lr", 0)) >= float(
        optimizer.learning_rate
    ):
        raise UserError(
            f"{path}.min_lr: {settings['min_lr']} is not below the learning rate, "
            f"{float(optimizer.learning_rate):.6g}, which would never be lowered; lower it"
        )


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
    if any(len(part.encode()) > LONGEST or not part.isprintable() for part in relative.parts):
        raise UserError(
            f"{path}.{key}: {value!r} cannot be the name of a file; write up to {LONGEST} printable letters"
        )
    target = Path(folder or ".") / relative
    if folder is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
    return str(target)


def _check_pattern(settings, model, validated, always, path):
    """Raise a UserError where the name of a checkpoint has {fields} that are not in the logs at its time."""
    pattern, after_batches = settings["filepath"], settings.get("save_freq", "epoch") != "epoch"
    trained = dict.fromkeys(log_names(model), 0.0)
    held = {f"val_{name}": 0.0 for name in trained} if validated else {}
    ended = {"learning_rate": 0.0, **dict.fromkeys(EXACT if validated else (), 0.0)}
    fields = {"epoch": 1, **trained, **({"batch": 1} if after_batches else ended | (held if always else {}))}
    try:
        pattern.format(**fields)
    except KeyError as error:
        name = error.args[0]
        if name == "batch":
            reason = "goes with a save_freq of batches; write {epoch}"
        elif after_batches and name in ended | held:
            reason = "is not known yet after a batch; write save_freq: epoch, or {epoch} and {batch}"
        elif name in held:
            reason = "is not measured in every epoch (training_params.validation_freq); write {epoch}"
        else:
            reason = f"is not in the logs{nearest(name, fields)}"
        raise UserError(f"{path}: {{{name}}} {reason}") from None
    except (ValueError, IndexError, AttributeError, TypeError) as error:
        raise UserError(
            f"{path}: {pattern!r} is no pattern ({error}); write a name such as {{epoch}}.keras"
        ) from None


def _monitor(monitor, model, validated, exact, path):
    """Return the name in the logs that `monitor` stands for."""
    names = log_names(model)
    if exact and str(monitor).lower() in EXACT:
        if not validated and monitor.lower().removeprefix("val_") not in map(str.lower, names):
            raise UserError(f"{path}: {monitor} needs validation examples, and there are none; write loss")
        names = [*names, *(name.removeprefix("val_") for name in EXACT)] if validated else names
    known = {name.lower(): name for name in [*names, *(f"val_{n}" for n in names), "learning_rate"]}
    if str(monitor).lower() not in known:
        offered = [*known.values(), *(EXACT if exact and validated else ())]
        raise UserError(f"{path}: {monitor!r} is not in the logs{nearest(monitor, offered)}")
    name = known[str(monitor).lower()]
    return name if validated else name.removeprefix("val_")


class Averages(keras.callbacks.Callback):
    """Let an optimizer's averaged weights be the network's between the steps of one epoch and the next.

    Keras' optimizers with use_ema keep a moving average of the weights and put it into the network after the
    last epoch; every epoch is still validated with the weights as they were trained, and restoring the
    best epoch would undo the averaging. Here the averages are put in when an epoch's training is over, so
    that validation and all callbacks at its end see them, and the trained weights are put back, bit by
    bit, before the next epoch.

    Attributes
    ----------
    trained : list of array or None
        The trained weights while the averages are in the network.
    """

    def __init__(self):
        super().__init__()
        self.trained = None

    def _pairs(self):
        optimizer = getattr(self.model.optimizer, "inner_optimizer", self.model.optimizer)
        averages = optimizer._model_variables_moving_average
        return zip(optimizer._trainable_variables, averages, strict=True)

    def on_epoch_begin(self, epoch, logs=None):
        """Put the trained weights back."""
        if self.trained is not None:
            for (variable, _), value in zip(self._pairs(), self.trained, strict=True):
                variable.assign(value)
            self.trained = None

    def on_test_begin(self, logs=None):
        """Put the averages in, unless they are."""
        if self.trained is None:
            self.trained = [variable.numpy() for variable, _ in self._pairs()]
            for variable, average in self._pairs():
                variable.assign(average)

    def on_epoch_end(self, epoch, logs=None):
        """Put the averages in, if there was no validation."""
        self.on_test_begin()


class Progress(keras.callbacks.Callback):
    """Keep and log the numbers of every epoch, and stop when the loss is no number any more.

    Attributes
    ----------
    rows : list of dict
        epoch (from 1), the logs, and the learning rate of the epoch's last step, which goes into the logs.
    diverged : int or None
        Epoch in which the loss became NaN or infinite.
    """

    def __init__(self, epochs, log=True):
        super().__init__()
        self.epochs, self.log, self.rows, self.diverged = epochs, log, [], None

    def on_epoch_end(self, epoch, logs=None):
        """Note an epoch (from 0)."""
        logs = {} if logs is None else logs
        logs["learning_rate"] = _rate(self.model.optimizer)
        row = {key: float(np.mean(value)) for key, value in logs.items()}  # some metrics have one per class
        self.rows.append({"epoch": epoch + 1, **row})
        names = sorted(row.keys() - {"learning_rate"}, key=_order)
        shown = ", ".join(f"{name} {row[name]:.4g}" for name in names)
        if self.log:
            logger.info("epoch %d/%d: %s", epoch + 1, self.epochs, shown)
        if not math.isfinite(row.get("loss", 0.0)):
            self.diverged = epoch + 1
            self.model.stop_training = True


def _rate(optimizer):
    """Return the learning rate of the last step."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    rate = inner._learning_rate
    if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
        rate = rate(max(int(keras.ops.convert_to_numpy(inner._iterations)) - 1, 0))
    return float(keras.ops.convert_to_numpy(rate))


def _order(name):
    """Sort key of log names: training before validation, the loss first."""
    return name.startswith("val_"), name.removeprefix("val_") != "loss", name
