"""Training one network on one split of a dataset, and writing what it became and how."""

import datetime
import json
import logging
import platform
import shutil
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

import motifloom
from motifloom.errors import UserError
from motifloom.io import atomic_path, write_json, write_table
from motifloom.models import device
from motifloom.models.callbacks import Progress, make_callbacks
from motifloom.models.feed import MEMORY, feed
from motifloom.models.filters import export_filters
from motifloom.models.names import first_line
from motifloom.models.settings import fit_arguments
from motifloom.models.spec import build_model, read_spec
from motifloom.randomness import generator

logger = logging.getLogger(__name__)


@dataclass
class Training:
    """What a training was: one row per epoch, and which epoch's weights were kept.

    `history` has epoch (from 1), loss and metrics, those of the validation part with `val_`, and
    learning_rate; `monitor` is the column that chose epoch `best_epoch`, in which it was `best_value`.
    """

    history: pd.DataFrame
    monitor: str
    best_epoch: int
    best_value: float


def train(
    spec,
    dataset,
    parts,
    *,
    model,
    history,
    provenance,
    filters,
    seed=0,
    training=None,
    where=None,
    accelerator="auto",
    notes=None,
):
    """Train the network of a spec on a dataset, and write it.

    Parameters
    ----------
    spec : dict, str or Path
        See :func:`motifloom.models.spec.read_spec`.
    dataset : motifloom.data.store.Dataset
    parts : sequence of str (N,)
        Part of each example, in the dataset's order; those in neither train nor validation are not used.
    model, history, provenance, filters : path
        Files to write: the network with its best weights (.keras), the log of the epochs (TSV), what made
        it (JSON), and its scanning layers (.npz). Callbacks write into the folder `callbacks` beside the
        first, which is emptied before.
    seed : int
        Seed of weights, order, dropout and label shuffling. On one machine the same seed and threads give
        the same files, byte by byte but for what provenance has under `run`.
    training : dict, optional
        reverse_complement (train on both strands of every training example), epochs and batch_size
        (instead of the spec's), threads, shuffle_labels (a control: targets are permuted within train and
        within validation).
    where : str, optional
        What to call the spec in messages.
    accelerator : {"auto", "gpu", "cpu"}
        See :func:`motifloom.models.device.configure`.
    notes : dict, optional
        More to note in the provenance, such as names.

    Returns
    -------
    Training

    Raises
    ------
    UserError
        If the spec does not fit, the training part is empty, or the loss diverges.
    """
    began, training = time.time(), dict(training or {})
    device.configure(training.get("threads"), accelerator)
    where = where or ("spec" if isinstance(spec, dict) else str(spec))
    spec = read_spec(spec, where)
    network = _network(spec, dataset, seed, where)
    examples = select_examples(dataset, parts, seed if training.get("shuffle_labels") else None)
    done = fit(
        network,
        spec,
        dataset.tokens,
        examples,
        task=dataset.task,
        alphabet=dataset.alphabet,
        options=training,
        seed=seed,
        folder=Path(model).parent / "callbacks",
        where=where,
    )
    save_model(network, model)
    export_filters(network, filters, dataset.alphabet.name)
    write_table(done.history, history)
    facts = {"seed": seed, "spec": spec, "training": training, **(notes or {})}
    write_json(facts | _outcome(dataset, examples, network, done, began), provenance)
    return done


def _network(spec, dataset, seed, where):
    """Return the network of a spec for a dataset, before training."""
    sizes = {"length": dataset.length, "alphabet_size": dataset.alphabet.size, "task": dataset.task}
    network = build_model(spec, **sizes, n_targets=len(dataset.target_names), seed=seed, where=where)
    logger.info("device: %s; %d weights", device.describe()["name"], network.count_params())
    return network


def _outcome(dataset, examples, network, done, began):
    """Return what the provenance says of a training that is over."""
    start = datetime.datetime.fromtimestamp(began).isoformat(timespec="seconds")
    return {
        "sources": dataset.sources,
        "examples": {part: len(rows) for part, (rows, _) in examples.items()},
        "weights": network.count_params(),
        "best": {"epoch": done.best_epoch, "monitor": done.monitor, "value": done.best_value},
        "epochs": len(done.history),
        "device": device.describe(),
        "versions": versions(),
        "run": {"began": start, "seconds": round(time.time() - began, 1)},  # differs from run to run
    }


def select_examples(dataset, parts, shuffle_seed=None):
    """Return {part: (rows, targets)} of train and validation.

    Parameters
    ----------
    dataset : motifloom.data.store.Dataset
    parts : sequence of str (N,)
    shuffle_seed : int or None
        Permute the targets within each part.

    Raises
    ------
    UserError
        If no example is in train.
    """
    parts, examples = np.asarray(parts), {}
    if len(parts) != len(dataset):
        raise ValueError(f"{len(parts)} parts for {len(dataset)} examples")
    for part in ("train", "validation"):
        rows = np.flatnonzero(parts == part)
        targets = np.asarray(dataset.targets[rows], np.float32)
        if shuffle_seed is not None:
            targets = generator(shuffle_seed, "shuffle_labels", part).permutation(targets)
        examples[part] = (rows, targets)
    if not len(examples["train"][0]):
        raise UserError("split: no example is in the part train; change datasets.<name>.split")
    return examples


def fit(
    model,
    spec,
    tokens,
    examples,
    *,
    task,
    alphabet,
    options=None,
    seed=0,
    folder=None,
    where="spec",
    memory=MEMORY,
):
    """Train a network; it ends with its best weights.

    Parameters
    ----------
    model : keras.Model
        From :func:`motifloom.models.spec.build_model`.
    spec : dict
        Its `training_params` and `callbacks` are used.
    tokens : array or h5py.Dataset, uint8 (N, L)
    examples : dict of str to (rows int (n,), targets float32 (n, T))
        Parts train and validation. Without validation examples, the loss on the training part decides.
    task : str
    alphabet : motifloom.data.encode.Alphabet
    options : dict, optional
        epochs and batch_size, instead of the spec's; reverse_complement: an epoch shows each training
        example once on each strand, validation examples on theirs alone.
    seed : int
    folder : path or None
        Where callbacks write; emptied first. None: the spec's callbacks may not write.
    where : str
        What to call the spec in messages.
    memory : int
        See :func:`motifloom.models.feed.feed`.

    Returns
    -------
    Training

    Raises
    ------
    UserError
        If the loss becomes NaN or infinite, or a callback cannot work.
    """
    options = options or {}
    chosen = {key: options[key] for key in ("epochs", "batch_size") if options.get(key)}
    settings = {**fit_arguments(spec, task, model.output_shape[1], where), **chosen}
    batch, weights = settings.pop("batch_size"), settings.pop("class_weight")
    data = feed(
        tokens,
        *examples["train"],
        batch_size=batch,
        seed=seed if settings.pop("shuffle", True) else None,
        class_weight=weights,
        complement=alphabet if options.get("reverse_complement") else None,
        memory=memory,
    )
    held = _held_out(tokens, *examples["validation"], settings.get("validation_batch_size") or batch, memory)
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
    callbacks, best = make_callbacks(spec["callbacks"], model, folder, held is not None, where)
    progress = Progress(settings["epochs"])
    logger.info("training on %d examples, validating on %d", *(len(rows) for rows, _ in examples.values()))
    device.seed_everything(seed, "order")
    try:
        model.fit(**data, **settings, validation_data=held, callbacks=[progress, *callbacks, best])
    except ValueError as error:  # a callback that cannot work with these logs or this optimizer
        raise UserError(f"{where}: training: {first_line(error)}") from error
    if progress.diverged:
        raise UserError(_diverged(progress, where))
    value = float(best.best) if best.best is not None else float("nan")
    logger.info("best weights: epoch %d, %s %.4g", best.best_epoch + 1, best.monitor, value)
    return Training(_history(progress.rows), best.monitor, best.best_epoch + 1, value)


def _held_out(tokens, rows, targets, batch_size, memory):
    """Return the validation data of Keras' fit, or None where there are none."""
    if not len(rows):
        logger.warning("no validation examples: the loss on the training part chooses the best weights")
        return None
    data = feed(tokens, rows, targets, batch_size=batch_size, memory=memory)
    return (data["x"], data["y"]) if "y" in data else data["x"]


def _diverged(progress, where):
    rate = progress.rows[-1]["learning_rate"]
    return (
        f"{where}: the loss became NaN or infinite in epoch {progress.diverged}; lower "
        f"compile.optimizer.config.learning_rate (now {rate:g}), or add clipnorm: 1.0 beside it"
    )


def _history(rows):
    """Return the table of epochs: training columns, the same of validation, learning rate."""
    names = [name for name in rows[0] if name not in ("epoch", "learning_rate")]
    names = list(dict.fromkeys([*names, *(name for row in rows for name in row)]))
    plain = [n for n in names if not n.startswith("val_") and n not in ("loss", "epoch", "learning_rate")]
    validation = [f"val_{name}" for name in ["loss", *plain] if f"val_{name}" in names]
    return pd.DataFrame(rows)[["epoch", "loss", *plain, *validation, "learning_rate"]]


def save_model(model, path):
    """Write a network as a .keras file whose bytes depend on nothing but the network.

    Keras notes the time of saving, and numbers shared objects by their place in memory; here times are those
    at which zip begins to count, and numbers count up.
    """
    with atomic_path(path) as temporary:
        model.save(temporary)
        with zipfile.ZipFile(temporary) as archive:
            content = {name: archive.read(name) for name in sorted(archive.namelist())}
        metadata = json.loads(content["metadata.json"]) | {"date_saved": "1980-01-01@00:00:00"}
        content["metadata.json"] = json.dumps(metadata).encode()
        config = _renumber(json.loads(content["config.json"]), {})
        content["config.json"] = json.dumps(config).encode()
        with zipfile.ZipFile(temporary, "w") as archive:
            for name, data in content.items():
                archive.writestr(zipfile.ZipInfo(name), data)


def _renumber(item, numbers):
    """Return a config with its shared objects numbered in the order in which they appear."""
    if isinstance(item, list):
        return [_renumber(value, numbers) for value in item]
    if not isinstance(item, dict):
        return item
    return {
        key: numbers.setdefault(value, len(numbers))
        if key == "shared_object_id"
        else _renumber(value, numbers)
        for key, value in item.items()
    }


def versions():
    """Return the versions of what a training depends on."""
    return {
        "python": platform.python_version(),
        "motifloom": motifloom.__version__,
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
        "numpy": np.__version__,
    }
