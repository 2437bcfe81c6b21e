"""One trial: the training of an ordinary experiment, and its metric on the validation part."""

import logging
import shutil
from pathlib import Path

import numpy as np

from motifloom.config.parse import parse_config
from motifloom.data.parts import parts_for
from motifloom.errors import UserError
from motifloom.evaluation.metrics import evaluate_predictions
from motifloom.evaluation.predictions import predictions_table
from motifloom.models.predict import load_model, predict
from motifloom.models.stopping import StopWhen
from motifloom.models.training import train
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
    start_from=None,
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
        Folder of the training. A trial that was killed goes on from what it left there; removed at the end.
    start_from : path, optional
        A network whose weights to start from.

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
        task = {
            "spec": spec_of(config, run.model, locate) or model_files(config, run.model, locate)[0],
            "dataset": dataset,
            "parts": parts_for(split, run.fold),
            "training": run.training | _watching(sweep),
            "where": spec_name(config, run.model),
            "start_from": start_from,
        }
        both_strands = config.evaluation.reverse_complement
        found = [
            _measure(
                sweep, task, derive_seed(seed, "train", run.name, n), earlier, Path(scratch), both_strands
            )
            for n in run.seeds
        ]
    except UserError as error:
        logger.info("failed: %s", error)
        shutil.rmtree(scratch, ignore_errors=True)
        return record(number, parameters, state="failed", message=str(error).splitlines()[0])
    if found[0]["stopped"]:
        logger.info("given up after epoch %d", len(found[0]["epochs"]))
        return record(number, parameters, state="pruned", epochs=found[0]["epochs"])
    value = float(np.mean([result["value"] for result in found]))
    logger.info("%s: %.4g", sweep.metric.name, value)
    first = {key: found[0][key] for key in ("epochs", "best_epoch")}
    return record(number, parameters, value=value, **first)


def _watching(sweep):
    """Return the training option without which the epochs would not tell what pruning looks at."""
    return {"exact_metrics": True} if sweep.pruning and not sweep.metric.in_history else {}


def _measure(sweep, task, seed, earlier, scratch, both_strands):
    """Train once; return value, epochs, best_epoch and whether it was stopped."""
    paths = {"model": "model.keras", "history": "history.tsv", "filters": "filters.npz"}
    paths |= {"provenance": "provenance.json"}
    paths = {key: scratch / path for key, path in paths.items()}
    scratch.mkdir(parents=True, exist_ok=True)
    sign, column = sweep.metric.sign, sweep.metric.column
    stop = StopWhen(column, lambda values: hopeless(values, earlier, sweep.pruning, sign))
    done = train(**task, **paths, seed=seed, callbacks=[stop] if sweep.pruning else [])
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
    shutil.rmtree(scratch)
    return result


def _metric(name, network, dataset, parts, both_strands):
    """Return a metric of the validation part, as the evaluation has it: the mean over several targets."""
    held = np.asarray(parts) == "validation"
    tokens = np.concatenate([tokens[held[rows]] for rows, tokens in dataset.blocks()])
    if not len(tokens):
        raise UserError(f"metric {name} needs validation examples; give the split such a part, or use loss")
    scores = np.full((len(held), len(dataset.target_names)), np.nan, np.float32)
    options = {"task": dataset.task, "alphabet": dataset.alphabet, "reverse_complement": both_strands}
    scores[held] = predict(network, tokens, **options)
    table = predictions_table(dataset, np.where(held, "validation", ""), scores)
    metrics = evaluate_predictions(table, dataset.task, dataset.classes, bootstrap=0, seed=0)
    target = "all" if dataset.task == "binary" else "macro"
    rows = metrics[(metrics["metric"] == name) & (metrics["target"] == target)]
    return float(rows["value"].iloc[0])
