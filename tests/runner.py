"""Running Snakemake as a user does: a process, a config file, a working folder."""

import contextlib
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]

TINY = """
seed: 1
simulations:
  tiny:
    motifs: config/motifs/known.meme
    planted: [CTCF, SPI1]
    chromosomes: 4
    chromosome_length: 40000
    sites_per_motif: 80
datasets:
  bound:
    task: binary
    genome: results/simulations/tiny/genome.fa.gz
    sources:
      - {intervals: results/simulations/tiny/peaks/CTCF.narrowPeak, target: 1}
      - {negatives: gc_matched, ratio: 1.0, target: 0}
    window: {length: 120, centre: summit}
    split: {by: random, ratios: {train: 0.6, validation: 0.2, test: 0.2}}
  factor:
    task: multilabel
    genome: results/simulations/tiny/genome.fa.gz
    sources:
      - {intervals: results/simulations/tiny/peaks/CTCF.narrowPeak, target: CTCF}
      - {intervals: results/simulations/tiny/peaks/SPI1.narrowPeak, target: SPI1}
    window: {length: 100, centre: summit}
    split: {by: folds, folds: 3}
models:
  small:
    spec:
      model:
        layers:
          - {class_name: Conv1D, config: {filters: 4, kernel_size: 11, activation: relu, name: scanner}}
          - {class_name: GlobalMaxPooling1D, config: {}}
          - {class_name: Dense, config: {units: auto, activation: auto}}
      compile:
        optimizer: {class_name: Adam, config: {learning_rate: 0.02}}
        metrics: [AUC]
      training_params: {epochs: 10, batch_size: 16}
  written: {spec: spec.yaml}
experiments:
  first: {dataset: bound, model: small}
  second: {dataset: factor, model: written, training: {threads: 1}}
evaluation: {bootstrap: 100, kmer: 3}
interpretation:
  match: {database: config/motifs/known.meme}
"""

SPEC = """
model:
  layers:
    - {class_name: Conv1D, config: {filters: 6, kernel_size: 9, activation: relu, name: scanner}}
    - {class_name: GlobalMaxPooling1D, config: {}}
    - {class_name: Dense, config: {units: auto, activation: auto}}
compile:
  optimizer: {class_name: Adam, config: {learning_rate: 0.02}}
training_params: {epochs: 10, batch_size: 16}
"""


# Dry runs are forked from a process that has imported what every start of Snakemake does: most of their time.
_PLANS = multiprocessing.get_context("forkserver")
_PLANS.set_forkserver_preload(["snakemake.cli", "motifloom.checks", "motifloom.models.check"])


def snakemake(folder, config, *arguments, check=True):
    """Run Snakemake in a folder with a config (a dict); return the finished process.

    The config is written to config.yaml; for a dry run, of which several may look at a folder, elsewhere.
    """
    with tempfile.TemporaryDirectory() as elsewhere:
        command = _command(folder, config, elsewhere if "-n" in arguments else folder, arguments)
        if "-n" in arguments and "--snakefile" not in arguments:
            process = _plan(folder, command, Path(elsewhere))
        else:
            process = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=os.environ)
    assert not check or process.returncode == 0, process.stderr[-3000:]
    return process


def _plan(folder, command, elsewhere):
    """Run Snakemake as a command would, in a fork."""
    paths = elsewhere / "stdout", elsewhere / "stderr"
    child = _PLANS.Process(target=_main, args=(command[3:], str(folder), dict(os.environ), *map(str, paths)))
    child.start()
    child.join()
    return subprocess.CompletedProcess(command, child.exitcode, *(path.read_text() for path in paths))


def _main(arguments, folder, environment, *outputs):
    os.chdir(folder)
    os.environ.update(environment)
    for number, path in enumerate(outputs, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    sys.argv = ["snakemake", *arguments]
    from snakemake.cli import main

    main(arguments)


def kill(folder, config, *arguments, when, after=0.0):
    """Run Snakemake, kill it and its jobs once `when` holds of what it printed, and free the folder.

    `after` are seconds to wait before the kill. Returns whether there was still something to kill.
    """
    log = Path(folder) / "killed.log"
    with log.open("w") as stream:
        command = _command(folder, config, folder, arguments)
        process = subprocess.Popen(command, cwd=folder, stdout=stream, stderr=stream, start_new_session=True)
    try:
        while process.poll() is None and not when(log.read_text()):
            time.sleep(0.05)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(after)
        assert not process.poll(), log.read_text()[-3000:]
    finally:
        alive = process.poll() is None
        if alive:
            os.killpg(process.pid, signal.SIGKILL)  # its own group, which its jobs belong to
            process.wait()
    snakemake(folder, config, "--unlock")
    return alive


def _command(folder, config, place, arguments):
    path = Path(place) / "config.yaml"
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
    command += ["--configfile", str(path), "--directory", str(folder), "--cores", "2"]
    return [*command, "--rerun-incomplete", *arguments]


def planned(process):
    """Return the rules (and how often) that a dry run would run."""
    table = re.search(r"\njob +count\n-+ +-+\n(.*?)\ntotal", process.stdout + process.stderr, re.S)
    counts = dict(line.split() for line in table[1].splitlines()) if table else {}
    return {rule: int(count) for rule, count in counts.items() if rule != "all"}
