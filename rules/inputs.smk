# What rules take as input and params where it depends on the config: one section per file of rules.


# datasets


def genome_paths(dataset):
    """Return the genomes that the sources of a dataset use, in order, each once."""
    paths = [source.genome or dataset.genome for source in dataset.sources if needs_genome(source)]
    return list(dict.fromkeys(path for path in paths if path))


def needs_genome(source):
    shuffled = source.negatives == "dinucleotide_shuffled"
    return not (source.fasta or shuffled or (source.table and source.sequence))


GENOME_NAMES = name_files(path for dataset in CONFIG.datasets.values() for path in genome_paths(dataset))


GENOME_FILES = {name: path for path, name in GENOME_NAMES.items()}


def planted_motifs(wildcards):
    return locate(CONFIG.simulations[wildcards.simulation].motifs)


def indexed_genome(wildcards):
    return GENOME_FILES[wildcards.genome]


def block(wildcards):
    return CONFIG.datasets[wildcards.dataset]


def source_files(wildcards):
    """Return every file that the sources of a dataset name."""
    sources = block(wildcards).sources
    files = [path for source in sources for path in (source.file, source.labels, *source.exclude) if path]
    return list(dict.fromkeys(simulated_folder(path) or path for path in files))


def simulated_folder(path):
    """Return the folder of peaks that a path into a simulation lies in, which is what is made."""
    folder = Path(path).parent
    return str(folder) if simulation_of(path) and folder.name == "peaks" else None


def genome_inputs(wildcards):
    return genome_paths(block(wildcards))


def genome_indexes(wildcards):
    return [GENOME.format(genome=GENOME_NAMES[path]) for path in genome_paths(block(wildcards))]


def split_file(wildcards):
    return block(wildcards).split.path or []


def dataset_params(wildcards):
    """The part of a dataset's block that its examples depend on: of the split, only what sources go with."""
    content, by = block(wildcards).model_dump(exclude={"split"}), block(wildcards).split.by
    return content | ({"split": {"by": by}} if by in ("column", "held_out") else {})


def source_genomes(wildcards):
    """Return the genome of each source of a dataset that has several, else nothing."""
    several = len(genome_paths(block(wildcards))) > 1
    return {item.name: item.genome for item in list_inputs(block(wildcards))} if several else {}


# training


def spec_file(wildcards):
    return model_files(CONFIG, run_of(wildcards).model, locate)


def inline_spec(wildcards):
    return spec_of(CONFIG, run_of(wildcards).model, locate)


def start_file(wildcards):
    """The network whose weights a training starts with: a file, or what another experiment became."""
    name = run_of(wildcards).training["start_from"]
    if name not in RUNS:
        return [name] if name else []
    seeds = RUNS[name].seeds
    seed = wildcards.seed if int(wildcards.seed) in seeds else seeds[0]
    return [MODEL.format(experiment=name, seed=seed)]


def train_notes(wildcards):
    """What the provenance of a training says of it by name."""
    run = run_of(wildcards)
    return {"dataset": run.dataset, "model": run.model, "fold": run.fold}


def range_test_file(wildcards):
    """The range test that a schedule takes its rates from; a control takes its experiment's."""
    schedule = run_of(wildcards).training["schedule"] or {}
    name = wildcards.experiment.removesuffix(".label_shuffle")
    path = f"{SEED}/range_test.json".format(experiment=name, seed=wildcards.seed)
    return [path] if schedule.get("from_range_test") else []


# evaluation


CUSTOM_METRICS = [locate(path) for path in CONFIG.evaluation.metrics]
EMBEDDED = CONFIG.evaluation.embedding.layers

# Runs with several extra sets to take the mean of.
AVERAGED = [
    name for name in RUNS if sum(CONFIG.datasets[other].labelled for other in extra_sets(CONFIG, name)) > 1
]


def task_of(wildcards):
    return CONFIG.datasets[run_of(wildcards).dataset].task


def classes_of(wildcards):
    return CONFIG.datasets[run_of(wildcards).dataset].classes


def baseline_predictions(wildcards):
    names = baseline_names(CONFIG, wildcards.experiment)
    return {RUNS[name].kind: PREDICTIONS.format(experiment=name, seed=RUNS[name].seeds[0]) for name in names}


def runs_with(*tasks):
    """Return a regular expression of the runs whose dataset has one of the tasks."""
    return either(name for name, run in RUNS.items() if CONFIG.datasets[run.dataset].task in tasks)


def figure(name):
    """An evaluation figure, shown in Snakemake's own report too."""
    return report(
        f"{SEED}/evaluation/{name}.svg",
        caption=f"../report/{name}.rst",
        category="Performance",
        labels={"experiment": "{experiment}", "seed": "{seed}", "figure": name},
    )


def runs_on(wildcards):
    """The runs that are compared on a dataset, in order."""
    return compared_runs(CONFIG, RUNS, wildcards.dataset)


def compared_curves():
    """Return the pictures of the curves of all runs on a dataset with classes, where there are runs."""
    names = [name for name, data in CONFIG.datasets.items() if data.task != "regression"]
    names = [name for name in names if compared_runs(CONFIG, RUNS, name)]
    return [path.format(dataset=name) for name in names for path in CURVES]


# filters


INTERPRETATION = CONFIG.interpretation
METHODS = INTERPRETATION.filters.methods
SITE_METHODS = INTERPRETATION.filters.site_methods
DATABASE = [locate(path) for path in [INTERPRETATION.match.database] if path]

# Motifs whose sites odds ratios and sensitivities look at, and motifs that are compared with each other.
SITE_MOTIFS = [MOTIFS.replace("{method}", method) for method in [INTERPRETATION.filters.sites_of] if method]
COMPARED_MOTIFS = MOTIFS.replace("{method}", INTERPRETATION.filters.compared)


def method_options(wildcards):
    """The keys that a method depends on: those that read the weights alone have none."""
    method, tests = CATALOGUE[wildcards.method], INTERPRETATION.significance
    scanning = {"parts", "strands"} if method.sites else set()
    options = INTERPRETATION.filters.model_dump(include=scanning | set(method.options))
    decision = {"q_value": tests.q_value, "over": tests.correct_over}
    return options | (decision if wildcards.method == "significant" else {})


def test_options():
    """What the tests of windows depend on."""
    options = INTERPRETATION.significance.model_dump(exclude={"correct_over"})
    return options | {"null": options.pop("null_model")}


def method_inputs(wildcards):
    """What a method reads beside the filters and the sequences."""
    files = {"significant": SIGNIFICANCE, "class_max": ACTIVATIONS}
    return [files[wildcards.method]] if wildcards.method in files else []


def shares(path):
    """Return the paths of all shares of a scattered job; --set-scatter filters=N says how many."""
    doubled = path.replace("{", "{{").replace("}", "}}")
    return gather.filters(doubled.replace("{{scatteritem}}", "{scatteritem}"))


def filter_figure(name, suffix="svg"):
    """A picture of all filters of a run, or a table of them, shown in Snakemake's own report too."""
    return report(
        f"{SEED}/filters/{name}.{suffix}",
        caption=f"../report/{name.removeprefix('{method}.')}.rst",
        category="Filters",
        labels={"experiment": "{experiment}", "seed": "{seed}", "method": name},
    )


def importance_groups(wildcards):
    """The table of redundant groups, where groups are perturbed."""
    return [GROUPS] if INTERPRETATION.importance.groups else []


# What each analysis makes of every seed that the page shows.
ANALYSES = {
    "importance": [
        "importance.tsv",
        "importance.groups.tsv",
        "importance.iterations.tsv.gz",
        "importance.svg",
        "importance.boxes.svg",
        "importance.violins.svg",
    ],
    "redundancy": ["redundancy.tsv", "redundancy.svg", "redundancy.clustermap.svg"],
    "clustering": [
        "clusters.tsv",
        "cluster_scores.tsv",
        "agreement.tsv",
        "clusters.nwk",
        "motif_clusters.nwk",
        "sequences.tsv.gz",
        "sequences.drawn.tsv",
        "clusters.svg",
        "motif_clusters.svg",
        "clusters.heatmap.svg",
        "cluster_scores.svg",
        "agreement.svg",
        "sequences.svg",
    ],
    "enrichment": ["enrichment.tsv", "enrichment.svg"],
    "classes": [
        "class_activation.tsv",
        "kernel_score.tsv",
        "maxima.tsv",
        "profile.tsv.gz",
        "class_activation.svg",
        "maxima.svg",
        "profile.svg",
    ],
    "sensitivity": ["sensitivity.tsv", "sensitivity.svg", "sensitivity"],
    "stability": [],  # of all seeds together
}


def analysed(names=INTERPRETATION.analyses):
    """Paths of a seed that the named analyses make."""
    return [f"{SEED}/filters/{file}" for name in names for file in ANALYSES[name]]


# tracking


# Every network but controls: those of experiments, and of the folds of one.
TRACKED = [name for name in NETWORKS + FOLD_RUNS if RUNS[name].is_network]


def tracked():
    """Return what runs are logged in beside the tables."""
    tracking = CONFIG.tracking
    chosen = {TENSORBOARD: tracking.tensorboard, WANDB: tracking.wandb}
    return [file for path in chosen if chosen[path] for file in each(path, TRACKED)]


# pages


def simulation_truth(wildcards):
    """Return the planted sites of the simulation that an experiment's genome comes from, if it does."""
    names = map(simulation_of, genome_paths(CONFIG.datasets[run_of(wildcards).dataset]))
    return [f"{SIMULATION}/truth.tsv".format(simulation=name) for name in names if name]


def shown(wildcards):
    """Everything that the page of an experiment shows."""
    name = wildcards.experiment
    regression = CONFIG.datasets[RUNS[name].dataset].task == "regression"
    figures = ["scatter"] if regression else ["roc", "precision_recall", "confusion", "scores", "calibration"]
    paths = [METRICS, THRESHOLD, MISTAKES, *(f"{SEED}/evaluation/{figure}.svg" for figure in figures)]
    paths += [SETS_AVERAGE] if name in AVERAGED else []
    data = [REGIONS, LEDGER, DATASET, SPLIT, UNUSED, AUDIT, COUNTS, GC_CONTENT]
    data = [path.format(dataset=RUNS[name].dataset) for path in data]
    found = each_seed(paths, name) + extra_files(name, RUNS[name].seeds) + data
    return found if RUNS[name].members else found + shown_of_network(name)


def shown_of_network(name):
    """What the page of an experiment shows of its networks."""
    paths = [f"{SEED}/curves.svg", f"{SEED}/provenance.json", SUMMARY, MATCHES]
    paths += [
        f"{EMBEDDING}.{kind}".replace("{layer}", layer) for layer in EMBEDDED for kind in ("svg", "tsv")
    ]
    paths += [path.replace("{method}", method) for path in (MOTIFS, LOGOS) for method in METHODS]
    paths += [SITES.replace("{method}", method) for method in SITE_METHODS]
    paths += [THRESHOLDS, f"{SEED}/filters/significance.svg"] if "significant" in METHODS else []
    paths += [POSITIONS] if SITE_METHODS else []
    paths += [ALIGNED.replace("{method}", INTERPRETATION.filters.compared), *analysed()]
    stability = (
        [STABILITY.format(experiment=name), STABILITY_FIGURE.format(experiment=name)]
        if "stability" in INTERPRETATION.analyses
        else []
    )
    return each_seed(paths, name) + stability


def linked(wildcards):
    """What the page of an experiment links to beside what it shows."""
    kinds = (".meme", ".jaspar", ".logos")
    of_network = [f"{SEED}/history.tsv", MODEL, FILTERS]
    of_network += [f"{SEED}/filters/{method}{kind}" for method in METHODS for kind in kinds]
    paths = [PREDICTIONS, *([] if run_of(wildcards).members else of_network)]
    return each_seed(paths, wildcards.experiment)


def recovery(wildcards):
    """The table of planted motifs that were found, where motifs were planted and a network was trained."""
    return [RECOVERY] if simulation_truth(wildcards) and not run_of(wildcards).members else []


def shown_config(wildcards):
    """The part of the config that a page shows: that of a run on one fold is its experiment's."""
    run, experiment = run_of(wildcards), CONFIG.experiments[wildcards.experiment.split(".")[0]]
    model = {} if experiment.ensemble else {"model": CONFIG.models[run.model].model_dump()}
    return {
        "dataset": CONFIG.datasets[run.dataset].model_dump(),
        **model,
        "experiment": experiment.model_dump(),
        "evaluation": CONFIG.evaluation.model_dump(),
        "interpretation": CONFIG.interpretation.model_dump(),
    }


def each_seed(paths, name):
    return [path.format(experiment=name, seed=seed) for seed in RUNS[name].seeds for path in paths]
