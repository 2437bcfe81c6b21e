"""Checkpoints of a training: killed at any moment and started again, it goes on to the same result."""

import hashlib
import json
import logging
import time
import zipfile
from pathlib import Path

import keras
import numpy as np

from motifloom.dependencies import modules_used
from motifloom.io import atomic_path, plain

logger = logging.getLogger(__name__)

NAME = "checkpoint.npz"
# The share of a training's time that writing checkpoints may take. Where an epoch is short beside that, not
# each is followed by one; a kill then costs at most 1 / SHARE times the writing of one.
SHARE = 0.02
# Settings of callbacks that they change themselves when they start: they stay as a new callback sets them.
SETTINGS = {"params", "min_delta", "append", "append_header"}
# Callbacks whose state is in files or threads of their own, which a checkpoint cannot hold.
UNKNOWN_STATE = ("OrbaxCheckpoint",)


def fingerprint(facts, arrays=()):
    """Return a SHA-256, in hexadecimal, of facts (as JSON) and of arrays or HDF5 datasets (N, ...)."""
    digest = hashlib.sha256(json.dumps(plain(facts), sort_keys=True, default=str).encode())
    for array in arrays:
        digest.update(f"{array.shape} {array.dtype}".encode())
        rows = max(1, 2**22 // max(1, array.nbytes // max(1, len(array))))
        for start in range(0, len(array), rows):
            digest.update(np.ascontiguousarray(array[start : start + rows]))
    return digest.hexdigest()


def code_fingerprint():
    """Return a SHA-256 of the library's modules that a training uses."""
    library = Path(__file__).parents[1]
    roots = [library / "models/training.py", library / "data/encode.py"]  # the second comes with the dataset
    used = {path for root in roots for path in (str(root), *modules_used(root, library.parent))}
    return fingerprint([Path(path).read_text() for path in sorted(used)])


class Checkpoints(keras.callbacks.Callback):
    """Write what a training is to go on from, after each epoch, or each few where epochs are short.

    To be the last callback: then those before it have started, or ended an epoch, already.

    Parameters
    ----------
    folder : path
        Where the checkpoint is written, as one file, whole or not at all.
    digest : str
        Fingerprint of all that the training depends on. A checkpoint with another one is not used.
    callbacks : list of keras.callbacks.Callback
        Those that keep state: every attribute that is plain data (text, numbers, lists, dicts, arrays) is
        state.
    files : path or None
        Folder that the callbacks write into. Its content is part of the checkpoint.

    Attributes
    ----------
    epochs : int
        How many epochs are over already, from :meth:`restore_files`.
    """

    def __init__(self, folder, digest, callbacks, files=None):
        super().__init__()
        self.path, self.digest = Path(folder) / NAME, digest
        self.callbacks, self.files = callbacks, files
        self.epochs, self._state, self._arrays = 0, None, {}
        self._written = self._cost = 0.0

    def restore_files(self):
        """Read the checkpoint, and put back the files of the callbacks as they were then.

        Returns
        -------
        int or None
            After how many epochs the training goes on; None to let it end at once, as it had just stopped.
        """
        if not self.path.is_file():
            return 0
        try:
            with np.load(self.path, allow_pickle=False) as content:
                # NumPy's files do not know bfloat16 by name.
                arrays = {name: v.view("bfloat16") if v.dtype == "V2" else v for name, v in content.items()}
            state = json.loads(arrays.pop("state").tobytes())
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
            logger.warning("%s: cannot be read; the training starts anew", self.path)
            return 0
        if state["digest"] != self.digest:
            logger.info("%s: of a training on other data or settings; this one starts anew", self.path)
            return 0
        for key in [key for key in arrays if key.startswith("file/")]:
            path = Path(self.files) / key.removeprefix("file/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(arrays.pop(key).tobytes())
        for callback in self.callbacks:
            if isinstance(callback, keras.callbacks.CSVLogger):
                callback.append = True
        self._state, self._arrays, self.epochs = state, arrays, state["epochs"]
        logger.info("going on after epoch %d, of an earlier start of this training", self.epochs)
        return None if state["stopped"] else self.epochs

    def on_train_begin(self, logs=None):
        """Put back weights, optimizer and callbacks as they were; the others have just been reset."""
        self._written = time.monotonic()
        if self._state is None:
            return
        with self.model.distribute_strategy.scope():
            self.model.optimizer.build(self.model.trainable_variables)
        for i, variable in enumerate(_variables(self.model)):
            variable.assign(self._arrays[f"variable/{i}"])
        for i, (callback, state) in enumerate(zip(self.callbacks, self._state["callbacks"], strict=True)):
            vars(callback).update(state["plain"])
            for name, number in state["arrays"].items():
                values = [self._arrays[f"callback/{i}/{name}/{j}"][()] for j in range(number or 1)]
                setattr(callback, name, values if number else values[0])
        self._state, self._arrays = None, {}

    def on_epoch_end(self, epoch, logs=None):
        """Write a checkpoint, unless the last one is too recent for what it cost."""
        start = time.monotonic()
        if (start - self._written) * SHARE < self._cost:
            return
        self._write(epoch + 1)
        self._written = time.monotonic()
        self._cost = self._written - start

    def _write(self, epochs):
        states, arrays = [], {f"variable/{i}": _array(v) for i, v in enumerate(_variables(self.model))}
        for i, callback in enumerate(self.callbacks):
            kept = {name: value for name, value in vars(callback).items() if name not in SETTINGS}
            plain = {name: value for name, value in kept.items() if _is_plain(value)}
            lists = {name: value for name, value in kept.items() if name not in plain and _is_arrays(value)}
            for name, value in lists.items():
                items = value if isinstance(value, list) else [value]
                arrays |= {f"callback/{i}/{name}/{j}": np.asarray(item) for j, item in enumerate(items)}
            # How many arrays: 0 for one that is in no list.
            numbers = {name: len(v) if isinstance(v, list) else 0 for name, v in lists.items()}
            states.append({"plain": plain, "arrays": numbers})
            for writer in (getattr(callback, "_writers", None) or {}).values():
                writer.flush()  # TensorBoard's
        for path in sorted(Path(self.files).rglob("*")) if self.files is not None else []:
            if path.is_file():
                content = np.frombuffer(path.read_bytes(), np.uint8)
                arrays[f"file/{path.relative_to(self.files).as_posix()}"] = content
        stopped = bool(self.model.stop_training)
        state = {"digest": self.digest, "epochs": epochs, "stopped": stopped, "callbacks": states}
        arrays["state"] = np.frombuffer(json.dumps(state).encode(), np.uint8)
        with atomic_path(self.path) as temporary:
            np.savez(temporary, **arrays)


def checkpointed(callbacks):
    """Return whether a checkpoint can hold the state of all callbacks; log the first that it cannot."""
    for callback in callbacks:
        if type(callback).__name__ in UNKNOWN_STATE:
            name = type(callback).__name__
            logger.warning("%s keeps state of its own: killed, this training would start anew", name)
            return False
    return True


def _variables(model):
    """Return all that changes in a training: weights, states of random layers, and the optimizer's."""
    return [*model.variables, *model.optimizer.variables]


def _array(variable):
    return keras.ops.convert_to_numpy(variable.value)


def _is_plain(value):
    """Tell whether JSON gives a value back as it was."""
    if isinstance(value, list):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(item) for key, item in value.items())
    return value is None or isinstance(value, bool | int | float | str)


def _is_arrays(value):
    """Tell whether a value is an array, or a list of arrays."""
    items = value if isinstance(value, list) else [value]
    return all(isinstance(item, np.ndarray | np.generic) for item in items)
