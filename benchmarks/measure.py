"""Measure contenders, each time in a fresh process: CPU and wall seconds, peak memory.

A contender is a generator function named "module:function": what runs up to its first `yield` (imports,
opening, warming up) is not timed, what runs from there to the second is, and the third yields a dict of
facts, which may replace what was measured. Run as a module, this file is that fresh process.

This file imports the standard library alone: a child starts with its parent's peak memory in `ru_maxrss`.
"""

import importlib
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
MEASURED = ("cpu_s", "wall_s", "peak_mb", "added_mb")


def peak_mb():
    """Return the peak resident memory of this process in MB (10^6 bytes)."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def run_here(name, arguments):
    """Run a contender in this process.

    Returns
    -------
    dict
        cpu_s (user and system, all threads), wall_s, peak_mb, added_mb (how far the timed part raised the
        peak), and the contender's facts.
    """
    module, function = name.split(":")
    steps = getattr(importlib.import_module(module), function)(**arguments)
    next(steps)
    before, cpu, wall = peak_mb(), time.process_time(), time.perf_counter()
    next(steps)
    seconds = {"cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - wall}
    memory = {"peak_mb": peak_mb(), "added_mb": peak_mb() - before}
    return {**seconds, **memory, **next(steps, {})}


def run_fresh(name, arguments):
    """Run a contender in a fresh process; see :func:`run_here`."""
    command = [sys.executable, "-m", "benchmarks.measure", name, json.dumps(arguments)]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if process.returncode:
        raise RuntimeError(f"{name} {arguments} failed:\n{process.stderr[-3000:]}")
    return json.loads(process.stdout.splitlines()[-1])


def compare(contenders, repeats=1, **columns):
    """Run contenders in turn, several times, and keep the least of each measure.

    What else runs on a machine can only add to a measure, so the least is the nearest to the truth, and
    taking turns lets a slow minute hit all of them.

    Parameters
    ----------
    contenders : dict of str to (str, dict)
        Label to the contender's name and arguments. The first is what the others are compared with.
    repeats : int
        Runs of each.
    **columns
        Columns to begin each row with.

    Returns
    -------
    list of dict
        One row per contender; cpu_ratio and wall_ratio are its seconds over those of the first.

    Raises
    ------
    RuntimeError
        If a contender fails, or their facts `result` differ: they did not do the same work.
    """
    runs = {label: [] for label in contenders}
    for _ in range(repeats):
        for label, (name, arguments) in contenders.items():
            runs[label].append(run_fresh(name, arguments))
    results = {run.pop("result", None) for repeated in runs.values() for run in repeated}
    if len(results) > 1:
        raise RuntimeError(f"{columns}: the contenders' results differ: {results}")
    rows = []
    for label, repeated in runs.items():
        row = {**columns, "contender": label, **repeated[0]}
        row |= {key: min(run[key] for run in repeated) for key in MEASURED}
        rows.append(row)
    return add_ratios(rows)


def add_ratios(rows):
    """Add to each row its seconds over those of the first row."""
    for row in rows:
        for kind in ("cpu", "wall"):
            row[f"{kind}_ratio"] = row[f"{kind}_s"] / rows[0][f"{kind}_s"]
    return rows


if __name__ == "__main__":
    print(json.dumps(run_here(sys.argv[1], json.loads(sys.argv[2]))))
