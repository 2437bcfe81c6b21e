"""Check that every network of a config builds and fits its dataset, before any job starts.

Building needs Keras, which takes seconds to import, so it happens in a process of its own and only for
specs that were not found good before.
"""

import hashlib
import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path

from motifloom.data.encode import get_alphabet
from motifloom.data.sources import first_length
from motifloom.errors import UserError
from motifloom.interpreter import environment_of_checks
from motifloom.io import plain, write_json

OF_CONFIG = ("models.", "experiments.", "evaluation.")  # how messages begin that are not about a file


def check_specs(config, where, locate=str, cache=None):
    """Raise a UserError for a spec that is no valid network or does not fit its dataset.

    Parameters
    ----------
    config : motifloom.config.parse.Config
    where : str
        Name of the config file, for messages about its keys; empty: they begin with the key.
    locate : callable
        Turns a path of the config into one that can be opened.
    cache : path, optional
        Folder that remembers specs found good.
    """
    trained = {name: experiment for name, experiment in config.experiments.items() if experiment.model}
    networks = {name: e for name, e in trained.items() if not config.models[e.model].baseline}
    names = dict.fromkeys(experiment.dataset for experiment in networks.values())
    lengths = {name: _length(config.datasets[name], locate) for name in names}
    known = [name for name, experiment in networks.items() if lengths[experiment.dataset]]
    checks = [_check_of(config, name, lengths[networks[name].dataset], locate) for name in known]
    marks = [Path(cache or ".") / f"{_digest(check)}.json" for check in checks]
    new = [(c, m) for c, m in zip(checks, marks, strict=True) if cache is None or not m.exists()]
    if not new:
        return
    messages = _run([check for check, _ in new])
    prefix = f"{where}: " if where else ""
    lines = [prefix * message.startswith(OF_CONFIG) + message for message in messages if message]
    if lines:
        raise UserError("\n".join(dict.fromkeys(lines)))
    for check, mark in new if cache else []:
        write_json(check, mark)


def _check_of(config, key, length, locate):
    """Return the check of an experiment's network: its content and the shapes it must fit."""
    experiment = config.experiments[key]
    name, dataset = experiment.model, config.datasets[experiment.dataset]
    files = model_files(config, name, locate)
    return {
        "spec": spec_of(config, name, locate) or files[0],
        "text": [Path(path).read_text(errors="replace") for path in files if Path(path).is_file()],
        "where": spec_name(config, name),
        "length": length,
        "alphabet_size": get_alphabet(dataset.alphabet).size,
        "task": dataset.task,
        "n_targets": 1 if dataset.task == "binary" else len(dataset.classes),
        "classes": dataset.classes,
        "training": experiment.training.model_dump(),
        "training_path": f"experiments.{key}.training",
        "embedded": config.evaluation.embedding.layers if experiment.folds is None else [],
    }


def spec_name(config, model):
    """Return what messages call the spec of a model: its file, or its key in the config."""
    spec = config.models[model].spec
    if spec is None:
        return f"models.{model}"
    return spec if isinstance(spec, str) else f"models.{model}.spec"


def spec_of(config, model, locate=str):
    """Return the spec of a model, as :func:`motifloom.models.spec.read_spec` takes it.

    Parameters
    ----------
    config : motifloom.config.parse.Config
    model : str
        Key of `models`.
    locate : callable
        Turns a path of the config into one that can be opened.

    Returns
    -------
    dict or None
        None for a baseline, and where the spec is a file, which :func:`model_files` names.
    """
    return config.models[model].as_spec(locate)


def model_files(config, model, locate=str):
    """Return the files that a model is made of: its spec, or the Python file that builds it."""
    file = config.models[model].file
    return [locate(file)] if file else []


def _length(dataset, locate):
    """Return the length of a dataset's windows; None where a simulation that is still to run tells it."""
    if dataset.window.length:
        return dataset.window.length
    for source in dataset.sources:
        path = locate(source.file) if source.file else None
        if path and Path(path).is_file():
            source = source.model_copy(update={source.kind: path})
            return first_length(source, get_alphabet(dataset.alphabet))
    return None


def _digest(check):
    code = [path.read_text() for path in sorted((Path(__file__).parent / "models").rglob("*.py"))]
    # What the check depends on beside the networks' own package.
    for name in ("parameters", "validation", "config/blocks"):
        code.append((Path(__file__).parent / f"{name}.py").read_text())
    versions = [importlib.metadata.version("keras"), *code]
    return hashlib.sha256(json.dumps(plain([check, versions]), sort_keys=True).encode()).hexdigest()[:24]


def _run(checks):
    """Build the networks in a process of their own; return a message or None for each."""
    process = subprocess.run(
        [sys.executable, "-m", "motifloom.models.check"],
        input=json.dumps(checks),
        capture_output=True,
        text=True,
        cwd=Path.cwd(),
        env=environment_of_checks(),
    )
    if process.returncode == 0 and process.stdout:
        return json.loads(process.stdout)
    names = ", ".join(dict.fromkeys(check["where"] for check in checks))
    last = (process.stderr.strip().splitlines() or [f"exit status {process.returncode}"])[-1]
    if process.returncode == 0:
        last = "a builder has ended it before it was over"
    raise UserError(f"the check of the models ({names}) could not run: {last}")
