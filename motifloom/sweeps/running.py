"""One trial: the training of an ordinary experiment, and its metric on the validation part."""

import json
import logging
import shutil
from functools import partial
from pathlib import Path

import numpy as np

from motifloom.config.parse import parse_config
from motifloom.data.parts import parts_for
from motifloom.errors import UserError
from motifloom.evaluation.metrics import evaluate_predictions
from motifloom.evaluation.predictions import predictions_table
from motifloom.io import read_json, write_text
from motifloom.measures import EXACT
from motifloom.models.predict import load_model, predict
from motifloom.models.resume import code_fingerprint, fingerprint
from motifloom.models.stopping import StopWhen
from motifloom.models.training import train, versions
from motifloom.randomness import derive_seed
from motifloom.runs import expand_runs
from motifloom.specs import model_files, spec_name, spec_of
from motifloom.sweeps.edit import derive_config
from motifloom.sweeps.pruning import hopeless
from motifloom.sweeps.trials import record

logger = logging.getLogger(__name__)


def run_trial(
    number,
    parameters,
    *,
    name,
    sweep,
    config,
    dataset,
    split,
    locate,
    seed,
    earlier,
    scratch,
    start_from=(),
):
    """Train with the parameters of a trial, and measure.

    Parameters
    ----------
    number : int
        Of the trial, from 0.
    parameters : dict of str to object
    name : str
        Of the sweep.
    sweep : motifloom.config.sweeps.Sweep
    config : dict
        From :func:`motifloom.sweeps.edit.trained_config`.
    dataset : motifloom.data.store.Dataset
    split : DataFrame
        The table of split.tsv.gz.
    locate : callable
        Turns a path of the config into one that can be opened.
    seed : int
        Of the config. Every trial starts from the same weights and order, those of the experiment
        `{experiment}-{name}` that the best one becomes.
    earlier : sequence of dict
        Records of the trials that pruning compares with.
    scratch : path
        Folder of the training. A trial that was killed goes on from what it left there: the results of the
        seeds that were over, and the checkpoint of the one that was not. Removed at the end.
    start_from : sequence of path
        The network whose weights to start from, for each seed; none: start anew.

    Returns
    -------
    dict
        See :func:`motifloom.sweeps.trials.record`. What a user could have written wrongly (a network that
        cannot be built, a loss that diverges) makes a failed trial with that message.
    """
    logger.info("trial %d: %s", number, ", ".join(f"{key} {value}" for key, value in parameters.items()))
    try:
        config = parse_config(derive_config(config, name, sweep, parameters, locate), "trial")
        run = expand_runs(config)[f"{sweep.experiment}-{name}"]
        files = model_files(config, run.model, locate)
        task = {
            "spec": spec_of(config, run.model, locate) or files[0],
            "dataset": dataset,
            "parts": parts_for(split, run.fold),
            "training": run.training | _watching(sweep, dataset.task),
            "where": spec_name(config, run.model),
        }
        both_strands = config.evaluation.reverse_complement
        found = []
        for n, start in zip(run.seeds, start_from or [None] * len(run.seeds), strict=True):
            task |= {"start_from": start, "seed": derive_seed(seed, "train", run.name, n)}
            folder = Path(scratch) / f"seed{n}"
            work = partial(_measure, sweep, task, earlier, folder, both_strands)
            found.append(_once(work, folder, _digest(sweep, config, task, [*files, start], earlier)))
    except UserError as error:
        logger.info("failed: %s", error)
        shutil.rmtree(scratch, ignore_errors=True)
        return record(number, parameters, state="failed", message=str(error).splitlines()[0])
    shutil.rmtree(scratch)
    if found[0]["stopped"]:
        logger.info("given up after epoch %d", len(found[0]["epochs"]))
        return record(number, parameters, state="pruned", epochs=found[0]["epochs"])
    value = float(np.mean([result["value"] for result in found]))
    logger.info("%s: %.4g", sweep.metric.name, value)
    first = {key: found[0][key] for key in ("epochs", "best_epoch")}
    return record(number, parameters, value=value, **first)


def _watching(sweep, task):
    """Return the training option without which the epochs would not tell what is asked of them."""
    watched = sweep.pruning or sweep.metric.in_history
    exact = sweep.metric.column in [f"val_{name}" for name in EXACT] and task != "regression"
    return {"exact_metrics": True} if watched and exact else {}


def _once(work, folder, digest):
    """Return what work in a folder gives, from beside the folder where an earlier start of it left it."""
    kept = folder.with_suffix(".json")
    known = read_json(kept) if kept.is_file() else {}
    if known.get("digest") != digest:
        known = {"digest": digest, "result": work()}
        write_text(json.dumps(known), kept)  # with NaN, which it gives back
        shutil.rmtree(folder)
    return known["result"]


def _digest(sweep, config, task, files, earlier):
    """Return the fingerprint of all that the result of a training depends on."""
    facts = {
        "sweep": sweep.model_dump(),
        "config": config.model_dump(),
        "seed": task["seed"],
        "earlier": earlier,
        "versions": versions(),
        "code": code_fingerprint(),
    }
    dataset = task["dataset"]
    arrays = [dataset.tokens, dataset.targets, np.asarray(task["parts"], "S")]
    arrays += [] if dataset.weights is None else [dataset.weights]
    return fingerprint(facts, arrays + [np.fromfile(path, np.uint8) for path in files if path])


def _measure(sweep, task, earlier, folder, both_strands):
    """Train once in a folder; return value, epochs, best_epoch and whether it was stopped."""
    paths = {"model": "model.keras", "history": "history.tsv", "filters": "filters.npz"}
    paths |= {"provenance": "provenance.json"}
    paths = {key: folder / path for key, path in paths.items()}
    folder.mkdir(parents=True, exist_ok=True)
    sign, column = sweep.metric.sign, sweep.metric.column
    stop = StopWhen(column, lambda values: hopeless(values, earlier, sweep.pruning, sign))
    done = train(**task, **paths, callbacks=[stop] if sweep.pruning else [])
    history = done.history
    shown = column if column in history else "val_loss" if "val_loss" in history else "loss"
    result = {"epochs": history[shown].tolist(), "best_epoch": done.best_epoch, "stopped": stop.stopped}
    if sweep.metric.in_history:
        if column not in history:
            known = ", ".join(history)
            raise UserError(f"metric {column} is no column of history.tsv; it has {known}")
        result["value"] = float(history.loc[history["epoch"] == done.best_epoch, column].iloc[0])
    elif not stop.stopped:
        network = load_model(paths["model"])
        result["value"] = _metric(sweep.metric.name, network, task["dataset"], task["parts"], both_strands)
    return result


def _metric(name, network, dataset, parts, both_strands):
    """Return a metric of the validation part, as the evaluation has it.

    Of several targets that of all together, such as the share of right classes; where there is none, their
    mean.
    """
    held = np.asarray(parts) == "validation"
    tokens = np.concatenate([tokens[held[rows]] for rows, tokens in dataset.blocks()])
    if not len(tokens):
        raise UserError(f"metric {name} needs validation examples; give the split such a part, or use loss")
    scores = np.full((len(held), len(dataset.target_names)), np.nan, np.float32)
    options = {"task": dataset.task, "alphabet": dataset.alphabet, "reverse_complement": both_strands}
    scores[held] = predict(network, tokens, **options)
    table = predictions_table(dataset, np.where(held, "validation", ""), scores)
    metrics = evaluate_predictions(table, dataset.task, dataset.classes, bootstrap=0, seed=0)
    values = metrics[metrics["metric"] == name].set_index("target")["value"]
    return float(values["all" if "all" in values else "macro"])
