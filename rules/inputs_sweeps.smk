# Sweeps: which trials there are, and what each waits for.
from math import lcm
from types import SimpleNamespace

from motifloom.extras import require
from motifloom.sweeps.check import check_sweeps
from motifloom.sweeps.edit import swept_files, trained_config
from motifloom.sweeps.spec import complete_sweeps
from motifloom.sweeps.suggest import known_to

SWEEP = "results/sweeps/{sweep}"
TRIAL = f"{SWEEP}/trials/{{trial}}.json"
SWEEP_TABLES = ["trials.tsv", "importance.tsv", "best.yaml"]
SWEEP_FIGURES = ["importance.svg", "parallel_coordinates.svg", "history.svg"]

try:
    SWEEPS = complete_sweeps(config, CONFIG_FILE, locate)
    if SWEEPS and workflow.is_main_process:
        require("optuna", "sweeps", "sweeps")
        check_sweeps(config, SWEEPS, CONFIG_FILE, locate, cache=CACHE)
except UserError as error:
    raise SystemExit("\n".join(f"Error: {line}" for line in str(error).splitlines()))


wildcard_constraints:
    sweep=either(SWEEPS),
    trial=r"0|[1-9]\d*",


def every_sweep():
    """Return all that the sweeps of the config make."""
    return [
        f"{SWEEP}/{name}".format(sweep=sweep) for sweep in SWEEPS for name in SWEEP_TABLES + SWEEP_FIGURES
    ]


def sweep_of(wildcards):
    return SWEEPS[wildcards.sweep]


def of_swept(function):
    """Return a function of a sweep that asks one of an experiment about the sweep's own."""
    return lambda wildcards: function(SimpleNamespace(experiment=sweep_of(wildcards).experiment))


def swept_paths(wildcards):
    """Return where each file is that the networks of a sweep are made of: {path in the config: path}."""
    return {path: locate(path) for path in swept_files(config, sweep_of(wildcards))}


def swept_spec(wildcards):
    return list(swept_paths(wildcards).values())


def swept_start(wildcards):
    """Return the networks whose weights trials start from, if they do: of each seed that of its training."""
    sweep = sweep_of(wildcards)
    seeds = RUNS[sweep.experiment].seeds[: sweep.seeds]
    runs = [SimpleNamespace(experiment=sweep.experiment, seed=str(seed)) for seed in seeds]
    return [path for run in runs for path in start_file(run)]


def trials_of(wildcards, numbers):
    return [TRIAL.format(sweep=wildcards.sweep, trial=number) for number in numbers]


def all_trials(wildcards):
    return trials_of(wildcards, range(sweep_of(wildcards).n_trials))


def earlier_trials(wildcards):
    """Return the trials that one learns from, which it waits for."""
    return trials_of(wildcards, known_to(sweep_of(wildcards), int(wildcards.trial)))


# Trials that learn nothing from each other wait for no files: an order among them, even by ancient(), would run
# some of them again, or not, with others. Each takes a share of the places that there are instead.
LIMITED = [sweep.n_workers for sweep in SWEEPS.values() if sweep.n_workers and not sweep.learns]
PLACES = lcm(*LIMITED)
if LIMITED:
    workflow.register_resource("trials", PLACES)


def share_of_places(wildcards):
    sweep = sweep_of(wildcards)
    return PLACES // sweep.n_workers if sweep.n_workers and not sweep.learns else 0


def trial_params(wildcards):
    """What a trial depends on: not how many follow it, and, where it learns nothing from others, neither how
    many run beside it nor what is best."""
    sweep = sweep_of(wildcards)
    content = sweep.model_dump(mode="json", exclude_unset=True, exclude={"n_workers", "seeds"})
    if sweep.learns:
        content["n_workers"] = sweep.workers
    else:
        content.get("metric", {}).pop("goal", None)
    return content | {"trials": int(wildcards.trial) + 1}


def sweep_params(wildcards):
    """What the tables and pictures of a sweep depend on, beside its trials."""
    unread = {"n_workers", "startup", "seeds", "pruning"}
    return sweep_of(wildcards).model_dump(mode="json", exclude_unset=True, exclude=unread)


def best_params(wildcards):
    """The config that the best trial is put into: all but the sweeps."""
    return {key: value for key, value in config.items() if key != "sweeps"}


def sweep_file(name):
    """A table or picture of a sweep, shown in Snakemake's own report too."""
    return report(f"{SWEEP}/{name}", category="Sweeps", labels={"sweep": "{sweep}", "file": name})
