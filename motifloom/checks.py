"""What can be wrong with a config although every key is valid: names, files and sizes that do not fit.

Runs before the DAG is built and in every job, so it reads no more of a file of data than its first record.
"""

import os
from pathlib import Path

from motifloom.config.data import example_negatives, simulation_of
from motifloom.config.interpretation import CLASS_METRICS, VALUE_METRICS
from motifloom.config.training import Training
from motifloom.data.encode import get_alphabet
from motifloom.data.sources import first_length
from motifloom.errors import UserError, suggest
from motifloom.evaluation.custom import find_metrics
from motifloom.runs import folds_of

RESERVED = ("benchmarks", "datasets", "genomes", "logs", "simulations", "sweeps")
MAX_KMERS = 4**10  # features that a k-mer baseline may have; motifloom.evaluation.baselines is slow to import


def check_config(config, where, exists=None):
    """Raise a UserError that lists what does not fit together, one line per mistake.

    Parameters
    ----------
    config : motifloom.config.parse.Config
    where : str
        Name of the config file, for messages.
    exists : callable, optional
        Tells whether a path is there; default: files on disk and outputs of the config's own simulations.
    """
    exists = exists or (lambda path: os.path.isfile(path) or simulation_of(path) in config.simulations)
    lines = [*_references(config), *_missing_files(config, exists), *_custom_metrics(config)]
    if lines:
        raise UserError("\n".join(f"{where}: {line}" for line in dict.fromkeys(lines)))


def check_set(config, trained, other, only=None):
    """Raise a UserError where one dataset does not hold what a network of another takes and gives.

    Parameters
    ----------
    config : motifloom.config.parse.Config
    trained, other : str
        The dataset that the network is of, and the one that it is to read.
    only : tuple of str, optional
        Compare only these of task, classes, alphabet and window.length.
    """
    lines = list(_mismatches(config, trained, other, only))
    if lines:
        raise UserError("\n".join(lines))


def _references(config):
    for name, experiment in config.experiments.items():
        if name.lower() in RESERVED:
            yield f"experiments.{name}: results/{name} has another use; choose another name"
        for key, known in (("dataset", config.datasets), ("model", config.models)):
            value = getattr(experiment, key)
            if value is not None and value not in known:
                yield f"experiments.{name}.{key}: no {value!r} under {key}s{_nearest(value, known)}"
        dataset = config.datasets.get(experiment.dataset)
        if dataset is None:
            continue
        if dataset.held_out:
            yield (
                f"experiments.{name}.dataset: {experiment.dataset} is held out, so nothing can be trained on "
                f"it; name it in also: [{experiment.dataset}], and a dataset with another split here"
            )
            continue
        yield from _folds(name, experiment, dataset)
        yield from _extra_sets(config, name, experiment)
        yield from _ensemble(config, name, experiment)
        if len(set(experiment.seeds)) != len(experiment.seeds):
            yield f"experiments.{name}.seeds: has a seed twice; give each once"
        yield from _training(config, name, experiment, dataset)
        if experiment.model in config.models:
            yield from _baselines(config, experiment)
            yield from _ignored(config, name, experiment)
    for name, dataset in config.datasets.items():
        yield from _targets(name, dataset)
    yield from _importance_metrics(config)
    called = [dataset for dataset in config.datasets.values() if dataset.task in ("binary", "multilabel")]
    if config.evaluation.threshold != 0.5 and not called:
        yield "evaluation.threshold: goes with task binary or multilabel; remove it"
    proteins = [name for name, dataset in config.datasets.items() if dataset.alphabet == "protein"]
    if proteins and config.interpretation.filters.strands == "both":
        yield (
            f"interpretation.filters.strands: datasets.{proteins[0]} is of protein, which has one strand; "
            "write forward"
        )


def _training(config, name, experiment, dataset):
    """Check what a training is told against its dataset and the other experiments."""
    key, training = f"experiments.{name}.training", experiment.training
    augmented = training.augmentation and training.augmentation.reverse_complement
    if dataset.alphabet == "protein" and (training.reverse_complement or augmented):
        where = "reverse_complement" if training.reverse_complement else "augmentation.reverse_complement"
        yield f"{key}.{where}: proteins have none; set it to false"
    if dataset.task == "regression" and training.exact_metrics:
        yield f"{key}.exact_metrics: AUROC and AUPRC are of classes, which a regression has not; remove it"
    if training.class_weight not in (None, "none") and dataset.task in ("regression", "multilabel"):
        yield f"{key}.class_weight: a {dataset.task} task has no classes to weigh; remove it"
    other = config.experiments.get(training.start_from)
    if other is None:
        return
    if training.start_from == name:
        yield f"{key}.start_from: is the experiment itself; name another, or a .keras file"
    elif other.ensemble or other.folds is not None:
        yield f"{key}.start_from: {training.start_from} is several networks; name one that is a single one"
    elif other.model in config.models and config.models[other.model].baseline:
        yield f"{key}.start_from: {training.start_from} is a baseline, which has no layers; name a network"
    elif training.start_from in ancestors(config, other):
        yield f"{key}.start_from: {training.start_from} starts from {name} in turn; break the circle"
    else:
        yield from _unseen_fold(config, key, experiment, dataset)


def _unseen_fold(config, key, experiment, dataset):
    """Check that no network that a training starts from has seen its test part."""
    if dataset.split.by != "folds":
        return
    for other in filter(config.experiments.get, ancestors(config, experiment)):
        start = config.experiments[other]
        same = experiment.folds is None and start.folds is None and experiment.fold == start.fold
        if start.dataset == experiment.dataset and not same:
            yield (
                f"{key}.start_from: {other} was trained on examples that other folds of {experiment.dataset} "
                "are tested on; give both the same fold:"
            )


def ancestors(config, experiment):
    """Return what an experiment starts from, directly or not, as far as there is no circle.

    Parameters
    ----------
    config : motifloom.config.parse.Config
    experiment : motifloom.config.experiments.Experiment

    Returns
    -------
    list of str
        Names of experiments; a last one may be a file.
    """
    found = []
    while experiment and experiment.training.start_from not in (None, *found):
        found.append(experiment.training.start_from)
        experiment = config.experiments.get(found[-1])
    return found


def _folds(name, experiment, dataset):
    """Check the folds of an experiment against those of its dataset."""
    key = "fold" if experiment.folds is None else "folds"
    asked = experiment.folds if isinstance(experiment.folds, list) else [experiment.fold]
    if dataset.split.by != "folds":
        if experiment.fold or experiment.folds is not None:
            yield (
                f"experiments.{name}.{key}: dataset {experiment.dataset} has no folds; "
                f"set datasets.{experiment.dataset}.split.by: folds, or remove {key}"
            )
        return
    for fold in asked:
        if fold >= dataset.split.folds:
            yield (
                f"experiments.{name}.{key}: {fold} is not below "
                f"datasets.{experiment.dataset}.split.folds, {dataset.split.folds}"
            )


def _extra_sets(config, name, experiment):
    """Check that the extra sets of an experiment hold what its network takes and gives."""
    for extra in experiment.also:
        key = f"experiments.{name}.also"
        if extra not in config.datasets:
            yield f"{key}: no {extra!r} under datasets{_nearest(extra, config.datasets)}"
            continue
        dataset = config.datasets[extra]
        if not dataset.held_out:
            yield (
                f"{key}: dataset {extra} is divided by {dataset.split.by}; an extra set is held out: "
                f"write datasets.{extra}.split: {{by: held_out}}"
            )
        for mismatch in _mismatches(config, experiment.dataset, extra):
            yield f"{key}: {mismatch}"


def _mismatches(config, trained, other, only=None):
    """Tell what keeps a network of one dataset from reading another."""
    own, extra = config.datasets[trained], config.datasets[other]
    for what, ours, theirs in (
        ("task", own.task, extra.task),
        ("classes", ", ".join(own.classes), ", ".join(extra.classes)),
        ("alphabet", own.alphabet, extra.alphabet),
        ("window.length", _length(own), _length(extra)),
    ):
        if ours != theirs and None not in (ours, theirs) and what in (only or (what,)):
            yield (
                f"datasets.{other}.{what} is {theirs}, but the network of dataset {trained} takes {ours}; "
                "make them equal"
            )


def _length(dataset):
    """Return the length of a dataset's windows; None where no file that is there tells it."""
    if dataset.window.length:
        return dataset.window.length
    for source in dataset.sources:
        if source.file and Path(source.file).is_file():
            return first_length(source, get_alphabet(dataset.alphabet))
    return None


def _ensemble(config, name, experiment):
    """Check that the members of an ensemble are experiments on its own dataset."""
    for member in experiment.ensemble or []:
        key, other = f"experiments.{name}.ensemble", config.experiments.get(member)
        if other is None:
            yield f"{key}: no {member!r} under experiments{_nearest(member, config.experiments)}"
        elif other.ensemble:
            yield f"{key}: {member} is an ensemble itself; name its members instead"
        elif other.dataset != experiment.dataset:
            yield (
                f"{key}: {member} is on dataset {other.dataset}, not on {experiment.dataset}; an ensemble is "
                "of experiments on one dataset"
            )
    members = [m for m in experiment.ensemble or [] if m in config.experiments]
    alike = [m for m in members if config.experiments[m].dataset == experiment.dataset]
    folds = {tuple(sorted(folds_of(config, member))) for member in alike}
    if len(folds) > 1:
        yield (
            f"experiments.{name}.ensemble: its members have different test folds, so that one has trained on "
            "what another is tested on; give them the same fold"
        )


def _importance_metrics(config):
    tasks = {dataset.task for dataset in config.datasets.values()}
    known = set(VALUE_METRICS if "regression" in tasks else ()) | set(
        CLASS_METRICS if tasks - {"regression"} else ()
    )
    for metric in config.interpretation.importance.metrics:
        if metric not in known:
            yield (
                f"interpretation.importance.metrics: {metric} goes with no task of this config; "
                f"use {', '.join(sorted(known))}"
            )


def _baselines(config, experiment):
    """Check the baselines of an experiment, and its evaluation, against what its dataset holds."""
    model, dataset = config.models[experiment.model], config.datasets[experiment.dataset]
    evaluation, protein = config.evaluation, dataset.alphabet == "protein"
    where = f"datasets.{experiment.dataset}"
    if protein and model.baseline == "gc":
        yield f"models.{experiment.model}.baseline: protein has no GC content ({where}); use baseline: kmer"
    if protein and not model.baseline and "gc" in evaluation.baselines:
        others = ", ".join(kind for kind in evaluation.baselines if kind != "gc")
        yield (
            f"evaluation.baselines: protein has no GC content ({where}); set evaluation.baselines: [{others}]"
        )
    if protein and evaluation.reverse_complement:
        yield f"evaluation.reverse_complement: proteins have none ({where}); set it to false"
    if (model.baseline or "kmer") != "kmer" or not (model.baseline or "kmer" in evaluation.baselines):
        return
    key, k = (
        (f"models.{experiment.model}.k", model.k or 6)
        if model.baseline
        else ("evaluation.kmer", evaluation.kmer)
    )
    size, length = get_alphabet(dataset.alphabet).size, dataset.window.length
    largest = max(n for n in range(1, 9) if size**n <= MAX_KMERS and n <= (length or n))
    if k > largest:
        reason = f"windows of {length}" if largest == length else dataset.alphabet
        yield f"{key}: {k} is too large for {where} ({reason}); the largest k that fits is {largest}"


def _ignored(config, name, experiment):
    """Tell of options of a training where the model is a baseline, which has neither options nor chance."""
    if not config.models[experiment.model].baseline:
        return
    for key, field in Training.model_fields.items():
        if getattr(experiment.training, key) != field.default:
            yield f"experiments.{name}.training: has {key}:, which goes with a model that has a spec"
    if experiment.dropout_samples != type(experiment).model_fields["dropout_samples"].default:
        yield f"experiments.{name}: has dropout_samples:, which goes with a model that has a spec"
    if len(experiment.seeds) > 1:
        yield f"experiments.{name}.seeds: several seeds go with a model that has a spec; give one"


def _targets(name, dataset):
    """Check constant targets against the task; columns are checked when they are read."""
    for number, source in enumerate(dataset.sources):
        path = f"datasets.{name}.sources[{number}].target"
        values = source.target if isinstance(source.target, list) else [source.target]
        if isinstance(source.target, list) and dataset.task != "multilabel":
            yield f"{path}: is a list, which goes with task: multilabel; give one value"
            continue
        unlabelled = dataset.held_out and not source.negatives
        if dataset.task == "multiclass" and source.target is None and not unlabelled:
            yield f"{path}: missing; task multiclass takes the name of a class ({', '.join(dataset.classes)})"
        for value in values:
            if isinstance(value, str):
                if dataset.task == "regression":
                    yield f"{path}: {value!r} is a name; task regression takes a number or {{column: n}}"
                elif value not in dataset.classes:
                    yield (
                        f"{path}: {value!r} is not one of datasets.{name}.classes "
                        f"({', '.join(dataset.classes)}){_nearest(value, dataset.classes)}"
                    )
            elif dataset.task == "binary" and isinstance(value, int | float) and value not in (0, 1):
                yield f"{path}: {value} is not 0 or 1, which task binary takes"
            elif isinstance(value, int | float) and (
                dataset.task == "multiclass" or (dataset.task == "multilabel" and value)
            ):
                yield (
                    f"{path}: {value} is a number; task {dataset.task} takes the name of a class "
                    f"({', '.join(dataset.classes)})"
                )
    one_class = dataset.task == "regression" or dataset.held_out
    if not one_class and not any(_varies(source) for source in dataset.sources):
        values = {str(source.target) for source in dataset.sources if source.target is not None}
        if len(values) + any(s.target is None for s in dataset.sources) < 2:
            yield (
                f"datasets.{name}.sources: all examples have target {values.pop()}; "
                f"add a source of another class, for example {example_negatives(dataset.task)}"
            )


def _varies(source):
    return isinstance(source.target, list) or hasattr(source.target, "model_fields")


def _missing_files(config, exists):
    for path, key in _files(config):
        if path.startswith("~"):
            yield f"{key}: {path} starts with ~, which is not expanded; write the whole path"
        elif set(path) & set("{}<>\n"):
            yield f"{key}: {path!r} has one of {{ }} < > in it, which Snakemake reads as patterns; rename it"
        elif not exists(path):
            if key.endswith(".start_from") and (near := suggest(path, config.experiments)):
                yield f"{key}: {path} is neither an experiment nor a file{near}"
                continue
            yield f"{key}: file {path} {_why_missing(path)}"
        elif os.path.isfile(path) and not os.access(path, os.R_OK):
            yield f"{key}: file {path} may not be read by you; change its permissions"
        elif Path(path).parts[:3] == ("results", *key.split(".")[:2]):
            yield f"{key}: {path} is made of this dataset itself; name a file that is there before it"


def _why_missing(path):
    folders = map(str, reversed(Path(path).parents))
    closed = next((f for f in folders if os.path.isdir(f) and not os.access(f, os.X_OK)), None)
    if closed:
        return f"is in the folder {closed}, which you may not enter; change its permissions"
    if os.path.isdir(path):
        return "is a folder; name a file in it"
    if os.path.exists(path):
        return "is a pipe or a device; write its content to a file"
    if os.path.islink(path):
        return "is a link to nothing"
    return "does not exist; paths are relative to the folder the workflow runs in"


def _custom_metrics(config):
    """Read the files of the user's metrics, which Snakemake's own process is not to run."""
    try:
        find_metrics(path for path in config.evaluation.metrics if Path(path).is_file())
    except UserError as error:
        yield f"evaluation.metrics: {error}"


def _files(config):
    """Yield every (path, key path) that the config names."""
    for name, simulation in config.simulations.items():
        yield simulation.motifs, f"simulations.{name}.motifs"
    for name, dataset in config.datasets.items():
        key = f"datasets.{name}"
        if dataset.genome:
            yield dataset.genome, f"{key}.genome"
        if dataset.split.path:
            yield dataset.split.path, f"{key}.split.path"
        for number, source in enumerate(dataset.sources):
            for kind in ("intervals", "fasta", "table", "labels", "genome"):
                if getattr(source, kind):
                    yield getattr(source, kind), f"{key}.sources[{number}].{kind}"
            for index, path in enumerate(source.exclude):
                yield path, f"{key}.sources[{number}].exclude[{index}]"
    for name, model in config.models.items():
        if model.file:
            yield model.file, f"models.{name}.{'spec' if model.spec else 'builder'}"
    for name, experiment in config.experiments.items():
        start = experiment.training.start_from
        if start and start not in config.experiments:
            yield start, f"experiments.{name}.training.start_from"
    for index, path in enumerate(config.evaluation.metrics):
        yield path, f"evaluation.metrics[{index}]"
    if config.interpretation.match.database:
        yield config.interpretation.match.database, "interpretation.match.database"
    if config.interpretation.attention.sites:
        yield config.interpretation.attention.sites, "interpretation.attention.sites"


def _nearest(value, known):
    return suggest(value, known) or (f"; known: {', '.join(known)}" if known else "")
