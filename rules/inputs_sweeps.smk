# Sweeps: which trials there are, and what each waits for.
from motifloom.extras import require
from motifloom.specs import model_files
from motifloom.sweeps.check import check_sweeps
from motifloom.sweeps.edit import trained_config
from motifloom.sweeps.spec import complete_sweeps
from motifloom.sweeps.suggest import known_to, n_trials

SWEEP = "results/sweeps/{sweep}"
TRIAL = f"{SWEEP}/trials/{{trial}}.json"
SWEEP_TABLES = ["trials.tsv", "importance.tsv", "best.yaml"]
SWEEP_FIGURES = ["importance.svg", "parallel_coordinates.svg", "history.svg"]

try:
    SWEEPS = complete_sweeps(config, CONFIG_FILE, locate)
    if SWEEPS and workflow.is_main_process:
        require("optuna", "sweeps", "sweeps")
        check_sweeps(config, SWEEPS, CONFIG_FILE, locate, cache=".snakemake/motifloom")
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


def swept_run(wildcards):
    return RUNS[sweep_of(wildcards).experiment]


def of_swept(path):
    """Return an input function that fills a dataset's path for the experiment of the wildcard sweep."""
    return lambda wildcards: path.format(dataset=swept_run(wildcards).dataset)


def swept_spec(wildcards):
    """Return the file that a model is in, if it is."""
    return model_files(CONFIG, swept_run(wildcards).model, locate)


def swept_start(wildcards):
    """Return the network whose weights trials start from, if they do: a file, or of another experiment."""
    run = swept_run(wildcards)
    start = run.training["start_from"]
    if start not in RUNS:
        return [start] if start else []
    seeds = RUNS[start].seeds
    return [MODEL.format(experiment=start, seed=run.seeds[0] if run.seeds[0] in seeds else seeds[0])]


def all_trials(wildcards):
    numbers = range(n_trials(sweep_of(wildcards)))
    return [TRIAL.format(sweep=wildcards.sweep, trial=number) for number in numbers]


def earlier_trials(wildcards):
    """Return the trials that one waits for; where it does not read them, their age does not matter."""
    sweep = sweep_of(wildcards)
    paths = [
        TRIAL.format(sweep=wildcards.sweep, trial=number) for number in known_to(sweep, int(wildcards.trial))
    ]
    return paths if sweep.learns else [ancient(path) for path in paths]


def trial_params(wildcards):
    """What a trial depends on: not how many follow it, nor how many run beside it where it asks none."""
    sweep = sweep_of(wildcards)
    content = sweep.model_dump(mode="json", exclude_unset=True, exclude={"n_workers", "seeds"})
    workers = {"n_workers": sweep.workers} if sweep.learns else {}
    return content | workers | {"trials": int(wildcards.trial) + 1}


def sweep_params(wildcards):
    """What the tables and pictures of a sweep depend on, beside its trials."""
    return sweep_of(wildcards).model_dump(mode="json", exclude_unset=True)


def sweep_file(name):
    """A table or picture of a sweep, shown in Snakemake's own report too."""
    return report(f"{SWEEP}/{name}", category="Sweeps", labels={"sweep": "{sweep}", "file": name})
