# Extra sets, and runs whose predictions are those of others put together.
from motifloom.checks import ancestors, check_set
from motifloom.data.encode import get_alphabet
from motifloom.runs import folds_of

SET = f"{SEED}/sets/{{set}}"
SET_PREDICTIONS = f"{SET}/predictions.tsv.gz"
SET_METRICS = f"{SET}/metrics.tsv"
SET_AUDIT = "results/datasets/{set}/audit.{dataset}.tsv"
START_AUDIT = "results/{experiment}/start_audit.tsv"
TRACK = f"{SET}/tracks/{{target}}"
ATTENTION = f"{SEED}/attention/{{set}}"
KNOWN_SITES = [locate(path) for path in [CONFIG.interpretation.attention.sites] if path]
KNOWN_FILES = [simulated_folder(path) or path for path in KNOWN_SITES]

NETWORK_RUNS = [name for name, run in RUNS.items() if run.is_network]
COMBINED = [name for name, run in RUNS.items() if run.members]
LABELLED_SETS = [name for name, data in CONFIG.datasets.items() if data.held_out and data.labelled]


def labelled_sets(wildcards):
    """The extra sets of a run that have targets, in the order of the config."""
    return [name for name in extra_sets(CONFIG, wildcards.experiment) if name in LABELLED_SETS]


def of_set(path):
    """Return an input function that fills a dataset's path for the wildcard set."""
    return lambda wildcards: path.format(dataset=wildcards.set)


def of_fitting_set(path, *only):
    """As of_set, for a run that reads the set: one that does not hold what the run takes stops with a line."""

    def fill(wildcards):
        check_set(CONFIG, run_of(wildcards).dataset, wildcards.set, only)
        return path.format(dataset=wildcards.set)

    return fill


def genomes_of(name):
    """Return the genome of each source of a dataset."""
    return {item.name: item.genome for item in list_inputs(CONFIG.datasets[name])}


def set_fold(wildcards):
    """The fold by which examples of a set have their parts: the run's own, on its own dataset."""
    run = run_of(wildcards)
    return run.fold if wildcards.set == run.dataset else 0


def tested_parts(wildcards):
    """The parts of a dataset that no network is trained on: of several tested folds each trains another."""
    runs = [run for run in RUNS.values() if run.dataset == wildcards.dataset and not run.members]
    folds = {run.fold for run in runs}
    return ["test", *(f"fold{fold}" for fold in folds if len(folds) == 1)]


def starts_of(name):
    """What the networks of a run start from, directly or not, that was not trained on its own dataset.

    Experiments, and files, of which nobody knows what they were trained on.
    """
    stem = name.split(".")[0]
    networks = CONFIG.experiments[stem].ensemble or [stem]
    found = [start for network in networks for start in ancestors(CONFIG, CONFIG.experiments[network])]
    return [
        start
        for start in dict.fromkeys(found)
        if start not in RUNS or RUNS[start].dataset != RUNS[name].dataset
    ]


def audited_starts(name):
    """Those of a run whose examples are known, and of as many letters as its own: DNA and RNA are compared."""
    sizes = {key: get_alphabet(dataset.alphabet).size for key, dataset in CONFIG.datasets.items()}
    known = [start for start in starts_of(name) if start in RUNS]
    return [start for start in known if sizes[RUNS[start].dataset] == sizes[RUNS[name].dataset]]


STARTED = [name for name in dict.fromkeys(PAGED + FOLD_RUNS) if starts_of(name)]


def of_starts(path):
    """Return an input function that fills a dataset's path for all that a run starts from and is audited."""
    return lambda wildcards: [
        path.format(dataset=RUNS[start].dataset) for start in audited_starts(wildcards.experiment)
    ]


def tested_folds(wildcards):
    """Return the folds whose test parts the predictions of a run are judged on."""
    run = run_of(wildcards)
    name = run.members[0] if run.kind == "ensemble" else run.name
    return folds_of(CONFIG, name) if name in CONFIG.experiments else [run.fold]


def track_index(wildcards):
    """Return the index of the one genome that the examples of a set lie on."""
    paths = genome_paths(CONFIG.datasets[wildcards.set])
    if len(paths) != 1:
        raise ValueError(f"datasets.{wildcards.set} has {len(paths)} genomes; a track is of one")
    return GENOME.format(genome=GENOME_NAMES[paths[0]])


def members_of(wildcards):
    """Return [name of a member, seed] for all that the predictions of a run are made of."""
    return [[name, seed] for name in run_of(wildcards).members for seed in RUNS[name].seeds]


def member_files(path):
    """Return an input function that fills a path for every member of a run and each of its seeds."""
    return lambda wildcards: [
        path.format(experiment=name, seed=seed, set=getattr(wildcards, "set", ""))
        for name, seed in members_of(wildcards)
    ]


def dropout_samples(wildcards):
    """Return how often dropout is drawn for a run: what its experiment says, with which its name begins."""
    return CONFIG.experiments[wildcards.experiment.split(".")[0]].dropout_samples


def compared(path, wildcards, names=None):
    """Fill a path for every run that is compared on a dataset, or some; of an extra set it is under sets/."""
    if block(wildcards).held_out:
        path = path.replace(SEED, f"{SEED}/sets/{wildcards.dataset}", 1)
    return each(path, runs_on(wildcards) if names is None else names)


def averaged_on(wildcards):
    """The runs on a dataset whose extra sets have a mean; an extra set has none itself."""
    return [] if block(wildcards).held_out else [name for name in runs_on(wildcards) if name in AVERAGED]


def extra_files(experiment, seeds):
    """Return what is made of the extra sets and the start of an experiment without being asked for by name."""
    paths = [START_AUDIT.format(experiment=experiment)] if experiment in STARTED else []
    trained = [RUNS[name].dataset for name in (experiment, *audited_starts(experiment))]
    for name in extra_sets(CONFIG, experiment):
        files = [SET_PREDICTIONS, *([SET_METRICS] if CONFIG.datasets[name].labelled else [])]
        paths += [path.format(experiment=experiment, seed=seed, set=name) for seed in seeds for path in files]
        paths += [SET_AUDIT.format(set=name, dataset=dataset) for dataset in dict.fromkeys(trained)]
    return paths
