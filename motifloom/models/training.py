"""Training one network on one split of a dataset, and writing what it became and how."""

import datetime
import hashlib
import json
import logging
import platform
import re
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
from motifloom.models.augment import Augmentation, check_shift
from motifloom.models.callbacks import Averages, Progress, check_measured, make_callbacks, validates_always
from motifloom.models.compilation import left_out
from motifloom.models.exact import ExactMetrics, check_classes, wants_exact
from motifloom.models.feed import Feed
from motifloom.models.filters import export_filters
from motifloom.models.names import first_line
from motifloom.models.resume import Checkpoints, checkpointed, code_fingerprint, fingerprint
from motifloom.models.schedules import install_schedule
from motifloom.models.settings import blamed_on, class_weights, fit_arguments, merge_options
from motifloom.models.spec import build_model, read_spec
from motifloom.models.transfer import freeze, take_weights
from motifloom.parameters import is_file
from motifloom.randomness import generator

logger = logging.getLogger(__name__)

LARGE = 1000.0  # targets or weights of examples, beyond which a loss that diverges is laid to them
MEMORY = 1024  # MB of tokens (training and validation examples) above which they are streamed


@dataclass
class Training:
    """What a training was: one row per epoch, and which epoch's weights were kept.

    `history` has epoch (from 1), loss and metrics, those of the validation part with `val_`, and
    learning_rate; `monitor` is the column that chose epoch `best_epoch`, in which it was `best_value`.
    `resumed_after` is the epoch after which a killed training went on, or 0.
    """

    history: pd.DataFrame
    monitor: str
    best_epoch: int
    best_value: float
    resumed_after: int = 0


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
    path="training",
    notes=None,
    start_from=None,
    callbacks=(),
):
    """Train the network of a spec on a dataset, and write it.

    Killed at any moment and called again in the same way, it goes on after the last checkpoint, which is
    kept in the folder `resume` beside the model, and writes the same files.

    Parameters
    ----------
    spec : dict, str or Path
        See :func:`motifloom.models.spec.read_spec`.
    dataset : motifloom.data.store.Dataset
        Its `weights`, where it has them, weigh the examples in the loss.
    parts : sequence of str (N,)
        Part of each example, in the dataset's order; those in neither train nor validation are not used.
    model, history, provenance, filters : path
        Files to write: the network with its best weights (.keras), the log of the epochs (TSV), what made
        it (JSON), and its scanning layers (.npz). Callbacks write into the folder `callbacks` beside the
        first, which is emptied before.
    seed : int
        Seed of weights, order, augmentation, dropout and label shuffling. On one machine the same seed and
        threads give the same files, byte by byte but for what provenance has under `run`.
    training : dict, optional
        Training options: those of :func:`fit`; threads, accelerator, precision, gpus and xla (see
        :mod:`motifloom.models.device`); what :func:`motifloom.models.settings.merge_options` puts into the
        spec; shuffle_labels (a control: targets are permuted within train and within validation); freeze
        and replace_head (see :mod:`motifloom.models.transfer`).
    where : str, optional
        What to call the spec in messages.
    path : str
        What to call the training options in messages.
    notes : dict, optional
        More to note in the provenance, such as names.
    start_from : path, optional
        A network (.keras) whose weights to start from.
    callbacks : iterable of keras.callbacks.Callback
        See :func:`fit`.

    Returns
    -------
    Training

    Raises
    ------
    UserError
        If the spec does not fit, the training part is empty, no layer takes a weight of `start_from` or
        has a name in `freeze`, or the loss diverges.
    """
    began, training = time.time(), dict(training or {})
    where = where or ("spec" if isinstance(spec, dict) else str(spec))
    spec = read_spec(spec, where)
    options = {"seed": seed, "training": training, "where": where, "path": path}
    network, merged, origin = prepared_network(spec, dataset, start_from=start_from, **options)
    examples = select_examples(dataset, parts, seed if training.get("shuffle_labels") else None)
    if not len(examples["validation"][0]):
        logger.warning("no validation examples: the loss on the training part chooses the best weights")
    folder = Path(model).parent
    done = fit(
        network,
        merged,
        dataset.tokens,
        examples,
        task=dataset.task,
        alphabet=dataset.alphabet,
        options=training,
        weights=getattr(dataset, "weights", None),
        seed=seed,
        folder=folder / "callbacks",
        resume=folder / "resume",
        where=where,
        path=path,
        callbacks=callbacks,
    )
    logger.info("best weights: epoch %d, %s %.4g", done.best_epoch, done.monitor, done.best_value)
    device.use_float32(network)
    save_model(network, model)
    export_filters(network, filters, dataset.alphabet.name)
    write_table(done.history, history)
    facts = {"seed": seed, "spec": spec, "training": training, **origin, **(notes or {})}
    facts |= {"in_effect": _in_effect(network, merged, dataset, done)}
    write_json(facts | _outcome(dataset, examples, network, done, began), provenance)
    shutil.rmtree(folder / "resume", ignore_errors=True)
    return done


def prepared_network(spec, dataset, *, seed, training, where, path="training", start_from=None):
    """Return the network of a spec for a dataset as its training begins.

    Parameters
    ----------
    spec : dict
        From :func:`motifloom.models.spec.read_spec`.
    dataset, seed, training, where, path, start_from
        As in :func:`train`.

    Returns
    -------
    network : keras.Model
    merged : dict
        The spec with the options.
    origin : dict
        What the provenance says of where the network comes from: `builder`, the user's own file and its
        SHA-256; `taken` and `frozen`, layers that start with other weights, and that stay.
    """
    precision = training.get("precision") or "float32"
    gpus = training.get("gpus") or 1
    device.configure(training.get("threads"), training.get("accelerator") or "auto", precision, gpus)
    sizes = {"length": dataset.length, "alphabet_size": dataset.alphabet.size, "task": dataset.task}
    sizes["n_targets"] = len(dataset.target_names)
    with blamed_on(training, where, path):
        merged = merge_options(spec, training, dataset.classes, where)
        with device.spread(gpus, where=path):
            network = build_model(merged, **sizes, seed=seed, where=where)
    logger.info("device: %s; %d weights", device.describe()["name"], network.count_params())
    origin, builder = {}, spec["model"].get("builder")
    if is_file(builder):
        digest = hashlib.sha256(Path(builder).read_bytes()).hexdigest()
        origin["builder"] = {"file": builder, "sha256": digest}
    if start_from:
        head = bool(training.get("replace_head"))
        origin["taken"] = take_weights(network, start_from, replace_head=head, where=path)
    if training.get("freeze"):
        anew = {layer.name for layer in network.layers} - set(origin["taken"]) if start_from else ()
        origin["frozen"] = freeze(network, training["freeze"], path, anew)
    device.prepare(network, training.get("xla", "auto"), path)
    return network, merged, origin


def _in_effect(network, merged, dataset, done):
    """Return how a network was trained, wherever that was said: in the spec, in the options or nowhere."""
    settings = fit_arguments(merged, dataset.task, len(dataset.target_names))
    optimizer = getattr(network.optimizer, "inner_optimizer", network.optimizer)
    return {
        "optimizer": type(optimizer).__name__,
        "learning_rate": float(f"{done.history['learning_rate'].iloc[0]:.6g}"),
        "loss": getattr(network.loss, "name", network.loss),
        "batch_size": settings["batch_size"],
        "epochs": settings["epochs"],
    }


def _outcome(dataset, examples, network, done, began):
    """Return what the provenance says of a training that is over."""
    start = datetime.datetime.fromtimestamp(began).isoformat(timespec="seconds")
    run = {"began": start, "seconds": round(time.time() - began, 1)}  # differs from run to run
    if done.resumed_after:
        run["resumed_after"] = done.resumed_after
    return {
        "sources": dataset.sources,
        "examples": {part: len(rows) for part, (rows, _) in examples.items()},
        "weights": network.count_params(),
        "best": {"epoch": done.best_epoch, "monitor": done.monitor, "value": done.best_value},
        "epochs": len(done.history),
        "device": device.describe(),
        "versions": versions(),
        "run": run,
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
        If no example is in train, or all those of a part, or of a class in train, weigh 0.
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
    if getattr(dataset, "weights", None) is not None:
        _check_weights(dataset, parts)
    return examples


def _check_weights(dataset, parts):
    """Raise a UserError where all examples of a part, or of a class in train, weigh 0.

    Of a target of several labels that is only logged: the others are learnt.
    """
    groups, weights = {f"the part {p}": parts == p for p in ("train", "validation")}, dataset.weights
    if dataset.task != "regression":
        targets, names = np.asarray(dataset.targets) > 0.5, dataset.target_names
        if dataset.task == "binary":
            targets, names = np.hstack([~targets, targets]), dataset.classes
        for name, members in zip(names, targets.T, strict=True):
            groups[f"{name} in the part train"] = members & (parts == "train")
    for number, (what, members) in enumerate(groups.items()):
        if members.any() and not weights[members].any():
            text = f"weight: every example of {what} weighs 0"
            if number > 1 and dataset.task == "multilabel":
                logger.warning("%s", text)
            else:
                raise UserError(f"{text}; give some of them more in datasets.<name>.sources[].weight")


def fit(
    model,
    spec,
    tokens,
    examples,
    *,
    task,
    alphabet,
    options=None,
    weights=None,
    seed=0,
    folder=None,
    resume=None,
    where="spec",
    path="training",
    callbacks=(),
    log_epochs=True,
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
        epochs and batch_size, instead of the spec's; reverse_complement and augmentation
        (see :meth:`motifloom.models.augment.Augmentation.of`), for training examples only; schedule and
        warmup_epochs (see :func:`motifloom.models.schedules.install_schedule`); exact_metrics; memory: MB
        (2^20 bytes) of tokens above which they are read from `tokens` in every epoch instead of once.
    weights : float32 (N,), optional
        Weight of each example in the loss, of training (times that of its class) and of validation.
    seed : int
    folder : path or None
        Where callbacks write; emptied first. None: the spec's callbacks may not write.
    resume : path or None
        Folder for checkpoints. One that is there already, of the same training, is gone on from.
    where, path : str
        What to call the spec and the options in messages.
    callbacks : iterable of keras.callbacks.Callback
        More of them. What they keep as plain attributes is restored where a training goes on.
    log_epochs : bool
        Whether the numbers of epochs mean something, and are logged.

    Returns
    -------
    Training

    Raises
    ------
    UserError
        If the loss becomes NaN or infinite, a callback cannot work, or what the best weights are chosen by
        has a value in no epoch.
    """
    options = options or {}
    check_shift(Augmentation.of(options), tokens.shape[1], path)
    chosen = {key: options[key] for key in ("epochs", "batch_size") if options.get(key)}
    settings = {**fit_arguments(spec, task, model.output_shape[1], where), **chosen}
    feed, held = _feeds(tokens, examples, settings, options, weights, alphabet, task, seed)
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
    _check_accumulation(model.optimizer, feed.steps * settings["epochs"], options, where, path)
    always = validates_always(settings)
    own, best = make_callbacks(spec["callbacks"], model, folder, held is not None, where, task, always)
    check_measured(best, settings, where)
    wanted = wants_exact(spec, options)
    check_classes(examples["validation"][1], task, wanted, path)
    progress = Progress(settings["epochs"], log_epochs)
    install_schedule(
        model,
        options.get("schedule"),
        warmup_epochs=options.get("warmup_epochs") or 0,
        steps_per_epoch=feed.steps,
        epochs=settings["epochs"],
        where=path,
    )
    # In this order: what puts averages in before those that measure, and those before those that read it.
    first = [callback for callback in own if isinstance(callback, Averages)]
    first += [ExactMetrics(tokens, *examples["validation"], task)] if wanted else []
    callbacks = [progress, *own, *callbacks, best]
    keeper = None
    if resume is not None and checkpointed(callbacks):
        facts = {"spec": spec, "options": options, "seed": seed}
        digest = _digest(model, tokens, examples, weights, callbacks, facts)
        keeper = Checkpoints(resume, digest, callbacks, folder)
        settings["initial_epoch"] = _first_epoch(keeper, settings)
    logger.info("training on %d examples, validating on %d", *(len(rows) for rows, _ in examples.values()))
    device.seed_everything(seed, "order")
    last = [callback for callback in callbacks if callback not in first] + [keeper] * (keeper is not None)
    _run(model, feed, held, settings, [feed, *first, *last], where)
    if progress.diverged:
        raise UserError(_diverged(progress, examples["train"], weights, options, model, where, path))
    return _ended(progress, best, keeper, where)


def _run(model, feed, held, settings, callbacks, where):
    """Call Keras' `fit`; what it cannot do with a spec is the spec's."""
    try:
        model.fit(
            feed.batches,
            shuffle=False,  # by Keras
            **settings,
            validation_data=held and held.batches,
            callbacks=callbacks,
        )
    except ValueError as error:  # a callback that cannot work with these logs or this optimizer
        raise UserError(f"{where}: training: {first_line(error)}") from error
    except tf.errors.OperatorNotAllowedInGraphError as error:  # a layer that works outside a training alone
        layer = re.search(r"when calling (\w+)\.call", str(error))
        raise UserError(
            f"{where}: model: {layer[1] if layer else 'a layer'} cannot be part of a training step with the "
            "input that it has here; leave it out, or give it input of the shape that it is for"
        ) from error


def _check_accumulation(optimizer, steps, options, where, path):
    """Raise a UserError where a training of so many steps ends before gradients are used once."""
    every = getattr(optimizer, "inner_optimizer", optimizer).gradient_accumulation_steps
    if every and every > steps:
        place = f"{path}.optimizer" if options.get("optimizer") else f"{where}: compile.optimizer"
        raise UserError(
            f"{place}.config.gradient_accumulation_steps: {every} is more than the {steps} steps of the "
            "whole training, so that no weight would change; lower it, or raise epochs"
        )


def _first_epoch(keeper, settings):
    """Return the epoch (from 0) to begin with: that after the checkpoint, or the last where all was over."""
    done = keeper.restore_files()
    return settings["epochs"] if done is None else done


def _ended(progress, best, keeper, where):
    """Return what a training was, from the callbacks that watched it."""
    if best.best is None:
        raise UserError(
            f"{where}: {best.monitor}, which chooses the best weights, was a number in no epoch; "
            "let callbacks.EarlyStopping monitor another"
        )
    resumed, value = keeper.epochs if keeper else 0, float(best.best)
    return Training(_history(progress.rows), best.monitor, best.best_epoch + 1, value, resumed)


def _feeds(tokens, examples, settings, options, weights, alphabet, task, seed):
    """Return the feeds of training and of validation (None without examples), taken out of `settings`."""
    (rows, targets), (held_rows, held_targets) = examples["train"], examples["validation"]
    batch = settings.pop("batch_size")
    held_batch = settings.pop("validation_batch_size", None) or batch
    steps, held_steps = settings.pop("steps_per_epoch", None), settings.pop("validation_steps", None)
    memory = MEMORY if options.get("memory") is None else options["memory"]
    stream = (len(rows) + len(held_rows)) * tokens.shape[1] > memory * 2**20
    if stream:
        logger.info("the tokens of all examples are more than %d MB: they are read in every epoch", memory)
    feed = Feed(
        tokens,
        rows,
        targets,
        batch_size=batch,
        weights=_weights(rows, targets, settings.pop("class_weight"), weights, task),
        seed=seed,
        shuffle=settings.pop("shuffle", True),
        augmentation=Augmentation.of(options),
        alphabet=alphabet,
        stream=stream,
        steps=steps,
    )
    if not len(held_rows):
        return feed, None
    held_weights = None if weights is None else np.asarray(weights, np.float32)[held_rows]
    held = Feed(
        tokens,
        held_rows,
        held_targets,
        batch_size=held_batch,
        weights=held_weights,
        stream=stream,
        steps=held_steps,
    )
    return feed, held


def _weights(rows, targets, mode, weights, task):
    """Return float32 (n,): the weight of each training example times that of its class; None if all are 1."""
    table = class_weights(mode, targets, task)
    if table is None and weights is None:
        return None
    total = np.ones(len(rows), np.float32) if weights is None else np.asarray(weights, np.float32)[rows]
    if table is None:
        return total
    classes = targets[:, 0].astype(int) if targets.shape[1] == 1 else targets.argmax(axis=1)
    return total * np.asarray(table, np.float32)[classes]


def _digest(model, tokens, examples, weights, callbacks, facts):
    """Return the fingerprint of all that the course of a training depends on."""
    facts = {
        **facts,
        "callbacks": [type(callback).__name__ for callback in callbacks],
        "network": _renumber(json.loads(model.to_json()), {}),
        "device": device.describe(),
        "versions": versions(),
        "code": code_fingerprint(),
    }
    arrays = [array for part in examples.values() for array in part]
    arrays += [tokens, *([] if weights is None else [np.asarray(weights)]), *model.get_weights()]
    return fingerprint(facts, arrays)


def _diverged(progress, examples, weights, options, model, where, path):
    """Say when a loss became no number, and what the numbers show to be the reason."""
    advice = rescaling(*examples, weights)
    if not advice:
        key = _rate_key(options, path)
        key += ".config.learning_rate" if key.endswith("optimizer") else ""
        advice = f"lower {key} (now {progress.rows[-1]['learning_rate']:g})"
        advice += "" if _is_clipped(model.optimizer) else ", or add clipnorm: 1.0 to the optimizer's config"
    return f"{where}: the loss became NaN or infinite in epoch {progress.diverged}; {advice}"


def rescaling(rows, targets, weights):
    """Return what to do about targets, or weights of examples, too large for a loss; or None."""
    weights = None if weights is None else np.asarray(weights)[rows]
    for what, values in (("targets", targets), ("weights of examples", weights)):
        largest = 0 if values is None else np.nanmax(np.abs(values))
        if largest > LARGE:
            return f"{what} are as large as {largest:.3g}: rescale them in the data, to about 1"
    return None


def _is_clipped(optimizer):
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    return any(getattr(inner, name) for name in ("clipnorm", "clipvalue", "global_clipnorm"))


def _rate_key(options, path):
    """Return the key path of the learning rate of a training."""
    if (options.get("schedule") or {}).get("kind") in ("cyclic", "one_cycle"):
        return f"{path}.schedule.lr_max"
    if options.get("learning_rate") or isinstance(options.get("optimizer"), str):
        return f"{path}.learning_rate"
    return f"{path}.optimizer" if options.get("optimizer") else "compile.optimizer"


def _history(rows):
    """Return the table of epochs: training columns, the same of validation, learning rate."""
    names = [name for name in rows[0] if name not in ("epoch", "learning_rate")]
    names = list(dict.fromkeys([*names, *(name for row in rows for name in row)]))
    plain = [n for n in names if not n.startswith("val_") and n not in ("loss", "epoch", "learning_rate")]
    validation = [f"val_{name}" for name in ["loss", *plain] if f"val_{name}" in names]
    validation += [name for name in names if name.startswith("val_") and name not in validation]
    return pd.DataFrame(rows)[["epoch", "loss", *plain, *validation, "learning_rate"]]


def save_model(model, path):
    """Write a network as a .keras file whose bytes depend on nothing but the network.

    Its loss is written with all its settings, so that what is measured later is what was trained with.
    Keras notes the time of saving, and numbers shared objects by their place in memory; here times are those
    at which zip begins to count, and numbers count up.
    """
    with atomic_path(path) as temporary:
        model.save(temporary)
        with zipfile.ZipFile(temporary) as archive:
            content = {name: archive.read(name) for name in sorted(archive.namelist())}
        metadata = json.loads(content["metadata.json"]) | {"date_saved": "1980-01-01@00:00:00"}
        content["metadata.json"] = json.dumps(metadata).encode()
        config = json.loads(content["config.json"])
        if isinstance(getattr(model, "loss", None), keras.losses.Loss):
            config["compile_config"]["loss"]["config"] |= left_out(model.loss)
        config = _renumber(config, {})
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
