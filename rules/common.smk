# What all files of rules share: the checked config, paths, and what a job asks for.
import hashlib
import os
import re
from pathlib import Path

import yaml

from motifloom.checks import check_config
from motifloom.config.data import simulation_of
from motifloom.config.parse import as_plain, check_file, parse_config
from motifloom.contents import digest
from motifloom.data.inputs import list_inputs
from motifloom.dependencies import modules_used
from motifloom.errors import UserError
from motifloom.config.methods import METHODS as CATALOGUE
from motifloom.interpreter import import_from, make_shell_safe
from motifloom.io import check_disk, choose_temporary, write_text
from motifloom.runs import baseline_names, compared_runs, expand_runs, extra_sets, name_files
from motifloom.config.training import range_test_options, train_options
from motifloom.specs import check_specs, model_files, spec_name, spec_of

ROOT = Path(workflow.basedir)

make_shell_safe()
import_from(ROOT)
choose_temporary()

# What messages call the config.
CONFIG_FILE = " and ".join(map(str, workflow.configfiles)) + " and --config" * bool(
    workflow.config_settings.config
)
ENVIRONMENT = "../envs/environment.yaml"
CACHE = ".snakemake/motifloom"


def locate(path):
    """Return the path of a file that Motifloom ships: in the working directory, or beside the Snakefile."""
    return str(path) if os.path.exists(path) or not (ROOT / path).exists() else str(ROOT / path)


def exists(path):
    return os.path.isfile(locate(path)) or simulation_of(path) in CONFIG.simulations


try:
    if workflow.is_main_process:
        check_disk(".", ".snakemake", "results", "results/logs")
    for path in workflow.configfiles if workflow.is_main_process else []:
        check_file(path)
    config = as_plain(config)
    CONFIG = parse_config(config, CONFIG_FILE)
    check_config(CONFIG, CONFIG_FILE, exists)
    RUNS = expand_runs(CONFIG)
    if workflow.is_main_process:
        check_specs(CONFIG, CONFIG_FILE, locate, cache=CACHE)
except UserError as error:
    raise SystemExit("\n".join(f"Error: {line}" for line in str(error).splitlines()))


def either(names):
    """Return a regular expression of names; of none it matches nothing."""
    return "|".join(map(re.escape, names)) or "(?!)"


wildcard_constraints:
    simulation=either(CONFIG.simulations),
    dataset=either(CONFIG.datasets),
    experiment=either(RUNS),
    seed=r"\d+",
    method=r"[a-z_]+",
    part=r"train|validation|test",


SIMULATION = "results/simulations/{simulation}"
GENOME = "results/genomes/{genome}"
DATASET = "results/datasets/{dataset}/dataset.h5"
REGIONS = "results/datasets/{dataset}/regions.tsv.gz"
LEDGER = "results/datasets/{dataset}/dropped.tsv"
SPLIT = "results/datasets/{dataset}/split.tsv.gz"
UNUSED = "results/datasets/{dataset}/unused.tsv"
AUDIT = "results/datasets/{dataset}/audit.tsv"
COUNTS = "results/datasets/{dataset}/counts.svg"
GC_CONTENT = "results/datasets/{dataset}/gc_content.svg"
SEED = "results/{experiment}/seed{seed}"
MODEL = f"{SEED}/model.keras"
FILTERS = f"{SEED}/filters.npz"
PREDICTIONS = f"{SEED}/predictions.tsv.gz"
METRICS = f"{SEED}/metrics.tsv"
THRESHOLD = f"{SEED}/threshold.tsv"
MISTAKES = f"{SEED}/mistakes.tsv"
SETS_AVERAGE = f"{SEED}/sets/average.tsv"
EMBEDDING = f"{SEED}/embeddings/{{layer}}"
MOTIFS = f"{SEED}/filters/{{method}}.h5"
ALIGNED = f"{SEED}/filters/{{method}}.matches"
LOGOS = f"{SEED}/filters/{{method}}.logos.svg"
SITES = f"{SEED}/filters/{{method}}.sites.bed.gz"
ACTIVATIONS = f"{SEED}/filters/activations.h5"
SIGNIFICANCE = f"{SEED}/filters/significance.h5"
THRESHOLDS = f"{SEED}/filters/thresholds.tsv"
TESTS = f"{SEED}/filters/significance/{{scatteritem}}.h5"
PERTURBATIONS = f"{SEED}/filters/importance/{{scatteritem}}"
GROUPS = f"{SEED}/filters/redundancy_groups.tsv"
CLUSTERS = f"{SEED}/filters/clusters.tsv"
POSITIONS = f"{SEED}/filters/positions.tsv"
SUMMARY = f"{SEED}/filters/summary.tsv"
MATCHES = f"{SEED}/filters/matches.tsv"
TENSORBOARD = f"{SEED}/tracking/tensorboard"
WANDB = f"{SEED}/tracking/wandb"
REPORT = "results/{experiment}/report.html"
STABILITY = "results/{experiment}/stability.tsv"
STABILITY_FIGURE = "results/{experiment}/stability.svg"
RECOVERY = "results/{experiment}/recovery.tsv"
DIFFERENCES = "results/datasets/{dataset}/differences.tsv"
DATASET_COMPARISON = "results/datasets/{dataset}/comparison.tsv"
MEANS = "results/datasets/{dataset}/means.tsv"
CURVES = [f"results/datasets/{{dataset}}/{name}.svg" for name in ("roc", "precision_recall")]
INDEX = "results/index.html"
COMPARISON = "results/comparison.tsv"

TEMPLATES = sorted(path.relative_to(ROOT) for path in (ROOT / "motifloom/report/templates").iterdir())

EXPERIMENTS = list(CONFIG.experiments)
# Experiments that are one network, or one per seed: what filters are of.
NETWORKS = [name for name in EXPERIMENTS if RUNS[name].kind == "cnn"]
# Experiments that have a page: those, and what several networks say together.
PAGED = [name for name in EXPERIMENTS if RUNS[name].kind in ("cnn", "pooled", "ensemble")]
# Runs on one fold, which their experiment puts together.
FOLD_RUNS = [member for name in EXPERIMENTS for member in RUNS[name].members if RUNS[name].kind != "ensemble"]
REGRESSIONS = [name for name, run in RUNS.items() if run.is_regression]


def each(path, names):
    """Fill a path for every seed of the named runs."""
    return list(
        dict.fromkeys(
            path.format(experiment=name, dataset=RUNS[name].dataset, seed=seed)
            for name in names
            for seed in RUNS[name].seeds
        )
    )


def every(path):
    """Fill a path for all experiments that can have it: networks only, where it tells of a network."""
    names = {METRICS: EXPERIMENTS, PREDICTIONS: EXPERIMENTS, REPORT: PAGED}
    return each(path, names.get(path, NETWORKS))


def every_dataset(path):
    return [path.format(dataset=name) for name in CONFIG.datasets]


def run_of(wildcards):
    return RUNS[wildcards.experiment]


def of_run(path):
    """Return an input function that fills a dataset's path for the wildcard experiment."""
    return lambda wildcards: path.format(dataset=run_of(wildcards).dataset)


def gpus(wildcards):
    """Ask for the GPUs that a training is to use."""
    training = run_of(wildcards).training
    return 0 if training["accelerator"] == "cpu" else training["gpus"]


def one_gpu(wildcards):
    """Ask for the GPU that a network is computed on after its training."""
    return min(1, gpus(wildcards))


def device_of(wildcards):
    """What a network is computed on after its training."""
    training = run_of(wildcards).training
    return {key: training[key] for key in ("threads", "accelerator")}


def asked_of_networks():
    """What the training of each network asks for, by run."""
    keys = ("accelerator", "threads", "gpus")
    return {
        name: {"seeds": list(run.seeds)} | {key: run.training[key] for key in keys}
        for name, run in RUNS.items()
        if run.is_network
    }


def library(script):
    """Return a digest of the library files that a script uses: as a parameter, an edit of them reruns their users.

    As inputs they would stand among a job's own on the terminal, and count as its data.
    """
    digest = hashlib.sha256()
    for path in modules_used(ROOT / f"scripts/{script}.py", ROOT):
        digest.update(Path(path).read_bytes())
    return digest.hexdigest()[:12]


def is_made(path):
    """Tell whether rules make a file; all others are the user's, or shipped."""
    return Path(path).parts[:1] == ("results",)


def given(files):
    """Return an input function of files, or of what one names: when the user wrote his is all the same.

    What is in them is a parameter, by `contents`.
    """

    def mark(path):
        return path if is_made(path) else ancient(path)

    def paths(wildcards):
        found = files(wildcards) if callable(files) else files
        return mark(found) if isinstance(found, str) else [mark(path) for path in found]

    return paths


def contents(*given_files):
    """Return a parameter: what is in the files of the user, of those that `given` takes, when a run is planned.

    A file that is replaced by an older one, or changes while a job reads it, then reruns what reads it, and one
    that was only touched does not.
    """

    def digests(wildcards):
        named = [files(wildcards) if callable(files) else files for files in given_files]
        paths = [path for found in named for path in ([found] if isinstance(found, str) else found)]
        return [digest(path, CACHE) for path in paths if not is_made(path)]

    return digests


def hold_config():
    """Write down the config of this run; return the path."""
    text = yaml.safe_dump(config, sort_keys=False)  # not JSON, whose keys are all text
    path = Path(CACHE).absolute() / f"config.{hashlib.sha256(text.encode()).hexdigest()[:16]}.yaml"
    write_text(text, path)
    return path


def keep_locks_of_others(persistence):
    """Let the end of this run remove its own locks: Snakemake removes those of all that run in the folder."""

    def delete():
        for path in persistence._lockfile.values():
            Path(path).unlink(missing_ok=True)
        persistence._lockfile.clear()

    persistence._delete_locks = delete


def megabytes(base, factor=0):
    """Ask for `base` MB plus `factor` times the input, and for more on every further attempt."""
    return lambda wildcards, input, attempt: int((base + factor * input.size_mb) * 1.5 ** (attempt - 1))


def minutes(base):
    """Ask for `base` minutes, doubled on every further attempt."""
    return lambda wildcards, attempt: base * 2 ** (attempt - 1)
