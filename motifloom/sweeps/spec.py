"""Sweeps as W&B writes them, turned into ours."""

from motifloom.config.parse import parse_config
from motifloom.errors import UserError, suggest
from motifloom.files import read_plain

# What W&B's agents need to know, and a workflow does not.
AGENTS = ("command", "description", "entity", "name", "program", "project")
KEYS = ("method", "metric", "parameters", "early_terminate", "run_cap")


def complete_sweeps(content, where, locate=str):
    """Return the sweeps of a config, with those in W&B's form turned into ours.

    Parameters
    ----------
    content : dict
        The config as the user wrote it, found good by :func:`motifloom.config.parse.parse_config`.
    where : str
        Name of its file, for messages.
    locate : callable
        Turns a path of the config into one that can be opened.

    Returns
    -------
    dict of str to motifloom.config.sweeps.Sweep
        Without `spec`.

    Raises
    ------
    UserError
        If a file cannot be read, or a sweep in it is not valid.
    """
    found = {}
    for name, sweep in (content.get("sweeps") or {}).items():
        spec = sweep.get("spec")
        file = spec if isinstance(spec, str) else where
        if spec is not None:
            rest = {key: value for key, value in sweep.items() if key != "spec"}
            at = file if isinstance(spec, str) else f"{where}: sweeps.{name}.spec"
            spec = read_plain(locate(spec), "a sweep is YAML", spec) if isinstance(spec, str) else spec
            sweep = _merge(from_wandb(spec, at), rest, f"{file}: sweeps.{name}")
        found[name] = parse_config({**content, "sweeps": {name: sweep}}, file).sweeps[name]
    return found


def from_wandb(content, where):
    """Return the keys of our own form that a sweep of W&B's stands for.

    Parameters
    ----------
    content : dict
        method, metric, parameters (also nested), early_terminate, run_cap; what only W&B's agents need,
        such as program, is left out.
    where : str
        Name of its file, or the key path of it, for messages.

    Returns
    -------
    dict
        Without a goal W&B minimises the metric, whatever it is.

    Raises
    ------
    UserError
        If a key says what is not done here.
    """
    if not isinstance(content, dict):
        raise UserError(f"{where}: is no sweep; write a mapping with method, metric and parameters")
    for key in content:
        if key not in KEYS + AGENTS:
            hint = suggest(key, KEYS) or f"; known keys: {', '.join(KEYS)}"
            raise UserError(f"{where}: {key}: is no key of a sweep{hint}")
    sweep = {key: content[key] for key in ("method", "metric") if key in content}
    if isinstance(sweep.get("metric"), dict):
        sweep["metric"] = sweep["metric"] | {"goal": sweep["metric"].get("goal") or "minimize"}
    if "parameters" in content:
        sweep["parameters"] = _flat(content["parameters"], where)
    if content.get("run_cap") is not None:
        sweep["trials"] = content["run_cap"]
    if content.get("early_terminate"):
        sweep["pruning"] = _pruning(content["early_terminate"], where)
    return sweep


def _merge(sweep, rest, where):
    """Put what stands beside `spec` to what it says."""
    for key in rest:
        if key in sweep and key != "trials":  # a number beside the file goes before its run_cap
            raise UserError(f"{where}: {key}: is in the spec too; say it in one of them")
    return {**sweep, **rest}


def _flat(parameters, where, path=""):
    """Return nested parameters by key path."""
    if not isinstance(parameters, dict):
        raise UserError(f"{where}: parameters{path and '.'}{path}: must be a mapping, not {parameters!r}")
    found = {}
    for key, content in parameters.items():
        if isinstance(content, dict) and set(content) == {"parameters"}:
            found |= _flat(content["parameters"], where, f"{path}{key}.")
        else:
            found[f"{path}{key}"] = content
    return found


def _pruning(content, where):
    """Return the pruning that W&B's hyperband is."""
    path = f"{where}: early_terminate"
    known = {"type", "min_iter", "max_iter", "s", "eta"}
    if not isinstance(content, dict):
        raise UserError(f"{path}: must be a mapping, not {content!r}")
    for key in content:
        if key not in known:
            raise UserError(f"{path}.{key}: is not supported; known keys: {', '.join(sorted(known))}")
    if content.get("type") != "hyperband":
        raise UserError(f"{path}.type: {content.get('type')!r} is not known; write hyperband")
    eta = content.get("eta", 3)
    if type(eta) not in (int, float) or not 1 < eta <= 1000:
        raise UserError(f"{path}.eta: {eta!r} is no number above 1, up to 1000")
    for key, most in (("min_iter", 1_000_000), ("max_iter", 1_000_000), ("s", 100)):
        if key in content and not (type(content[key]) is int and 1 <= content[key] <= most):
            raise UserError(f"{path}.{key}: {content[key]!r} is no whole number from 1 to {most}")
    if "min_iter" in content:
        if extra := {"max_iter", "s"} & set(content):
            raise UserError(f"{path}: has min_iter: and {min(extra)}:; give one of them")
        first = content["min_iter"]
    elif {"max_iter", "s"} <= set(content):
        first = max(int(content["max_iter"] / eta ** content["s"]), 1)
    else:
        raise UserError(f"{path}: needs min_iter:, or max_iter: and s:")
    return {"rule": "hyperband", "min_epochs": first, "eta": eta}
