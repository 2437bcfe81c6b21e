"""From the parameters of a trial to the config of an ordinary experiment."""

import copy
import json
import re

from motifloom.errors import UserError
from motifloom.files import read_plain
from motifloom.parameters import is_file

# What a trial takes over from its experiment; the rest tells what is made of a network afterwards.
TRAINED = ("dataset", "model", "fold", "training")


def trained_config(config, sweep):
    """Return the part of a config that the trials of a sweep depend on.

    Parameters
    ----------
    config : dict
        As the user wrote it.
    sweep : motifloom.config.sweeps.Sweep

    Returns
    -------
    dict
        A config of its own, with one dataset, one model and one experiment.
    """
    experiment = config["experiments"][sweep.experiment]
    kept = {key: experiment[key] for key in TRAINED if key in experiment}
    kept["seeds"] = (experiment.get("seeds") or [1])[: sweep.seeds]
    part = {
        "datasets": {experiment["dataset"]: config["datasets"][experiment["dataset"]]},
        "models": {experiment["model"]: config["models"][experiment["model"]]},
        "experiments": {sweep.experiment: kept},
    }
    if (config.get("evaluation") or {}).get("reverse_complement"):
        part["evaluation"] = {"reverse_complement": True}
    return part


def derive_config(config, name, sweep, parameters, locate=str):
    """Add to a config the experiment that a trial is, `{experiment}-{name}`, with the model `{model}-{name}`.

    Parameters
    ----------
    config : dict
        As the user wrote it.
    name : str
        Of the sweep.
    sweep, parameters, locate
        As for :func:`derive_blocks`.

    Returns
    -------
    dict
        A changed copy.
    """
    config = copy.deepcopy(config)
    model, experiment = derive_blocks(config, sweep, parameters, locate)
    experiment["model"] = f"{experiment['model']}-{name}"
    config["models"][experiment["model"]] = model
    config["experiments"][f"{sweep.experiment}-{name}"] = experiment
    return config


def derive_blocks(config, sweep, parameters, locate=str):
    """Return the model and the experiment of a sweep, changed as a trial changes them.

    Parameters
    ----------
    config : dict
        As the user wrote it.
    sweep : motifloom.config.sweeps.Sweep
    parameters : dict of str to object
        From key path, model.<key> or training.<key>, to value.
    locate : callable
        Turns a path of the config into one that can be opened.

    Returns
    -------
    model, experiment : dict
        Copies; the experiment still names its own model. Where a parameter is inside of a spec that is a
        file, the file's content stands in the model.

    Raises
    ------
    UserError
        If a key path leads through something that has no such keys.
    """
    experiment = copy.deepcopy(config["experiments"][sweep.experiment])
    model = copy.deepcopy(config["models"][experiment["model"]])
    if any(key.startswith("model.spec.") for key in parameters) and isinstance(model.get("spec"), str):
        model["spec"] = read_plain(locate(model["spec"]), "a spec is JSON or YAML", model["spec"])
    blocks = {"model": model, "training": experiment.get("training") or {}}
    for key, value in parameters.items():
        _put(blocks, key, copy.deepcopy(value))
    if blocks["training"]:
        experiment["training"] = blocks["training"]
    return model, experiment


def swept_files(config, sweep):
    """Return the files that the networks of a sweep are made of, as the config names them.

    Parameters
    ----------
    config : dict
        As the user wrote it.
    sweep : motifloom.config.sweeps.Sweep

    Returns
    -------
    list of str
        Specs and Python files of builders: the experiment's own, and those among the values of parameters.
    """
    model = config["models"][config["experiments"][sweep.experiment]["model"]]
    named = {key: [model.get(key)] for key in ("spec", "builder")}
    for key in named:
        if parameter := sweep.parameters.get(f"model.{key}"):
            named[key] += [parameter.value, *(parameter.values or [])]
    files = [spec for spec in named["spec"] if isinstance(spec, str)] + list(
        filter(is_file, named["builder"])
    )
    return list(dict.fromkeys(files))


def key_steps(key):
    """Return the steps of a key path: "a.b[2].c" is ["a", "b", 2, "c"]."""
    return [int(number) if number else name for name, number in re.findall(r"(\w+)|\[(\d+)\]", key)]


def _put(blocks, key, value):
    """Set the value at a key path, with mappings on the way where there is nothing yet."""
    *parents, last = key_steps(key)
    item, path = blocks, ""
    for n, step in enumerate([*parents, last]):
        if isinstance(item, list) and isinstance(step, int) and step >= len(item):
            raise UserError(f"{key}: {path} has {len(item)} entries, numbered from 0; there is no [{step}]")
        if not isinstance(item, list if isinstance(step, int) else dict):
            kind = "list" if isinstance(step, int) else "mapping"
            raise UserError(f"{key}: {path} is {json.dumps(item)}, no {kind}; write it out to change a part")
        if n == len(parents):
            item[step] = value
            return
        if isinstance(step, str) and item.get(step) is None:
            item[step] = {}
        path = f"{path}[{step}]" if isinstance(step, int) else f"{path}.{step}".lstrip(".")
        item = item[step]
