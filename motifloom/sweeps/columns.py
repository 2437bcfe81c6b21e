"""The columns that history.tsv will have.

Keras names them and takes seconds to import, so they are found in a process of their own,

    python -m motifloom.sweeps.columns < networks.json

and only for networks that were not asked about before.
"""

import contextlib
import hashlib
import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path

from motifloom.errors import UserError
from motifloom.interpreter import environment_of_checks
from motifloom.io import plain, read_json, write_json
from motifloom.measures import EXACT


def history_columns(networks, cache=None):
    """Return the columns of loss and metrics that trainings will log.

    Parameters
    ----------
    networks : list of dict
        `spec` (its content), `training` (the block), `classes` and `task` of each.
    cache : path, optional
        Folder that remembers them.

    Returns
    -------
    list of (list of str, or None)
        With and without ``val_``, of parts that have examples; None for what is no valid spec.
    """
    marks = [Path(cache or ".") / f"{_digest(network)}.json" for network in networks]
    known = {mark: read_json(mark) for mark in marks if cache and mark.exists()}
    new = {mark: network for mark, network in zip(marks, networks, strict=True) if mark not in known}
    for mark, columns in zip(new, _run(list(new.values())) if new else [], strict=True):
        known[mark] = columns
        if cache:
            write_json(columns, mark)
    return [known[mark] for mark in marks]


def _digest(network):
    root = Path(__file__).parents[1]
    code = [path.read_text() for path in sorted([*(root / "models").rglob("*.py"), Path(__file__)])]
    facts = ["columns", plain(network), importlib.metadata.version("keras"), *code]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:24]


def _run(networks):
    process = subprocess.run(
        [sys.executable, "-m", "motifloom.sweeps.columns"],
        input=json.dumps(plain(networks)),
        capture_output=True,
        text=True,
        env=environment_of_checks(),
    )
    if process.returncode:
        last = (process.stderr.strip().splitlines() or [f"exit status {process.returncode}"])[-1]
        raise UserError(f"the columns of history.tsv could not be found: {last}")
    return json.loads(process.stdout)


def _columns(network):
    from motifloom.models.compilation import compile_arguments
    from motifloom.models.settings import merge_options
    from motifloom.models.spec import read_spec

    try:
        spec = merge_options(read_spec(network["spec"]), network["training"], network["classes"])
        arguments = compile_arguments(spec["compile"], network["task"], "compile")
    except UserError:
        return None
    metrics = [*(arguments.get("metrics") or []), *(arguments.get("weighted_metrics") or [])]
    names = ["loss", *(getattr(metric, "name", metric) for metric in metrics)]
    exact = [] if network["task"] == "regression" else [f"val_{name}" for name in EXACT]
    return list(dict.fromkeys([*names, *(f"val_{name}" for name in names), *exact]))


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):
        result = [_columns(network) for network in json.load(sys.stdin)]
    json.dump(result, sys.stdout)
