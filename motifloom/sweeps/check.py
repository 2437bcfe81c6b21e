"""What can be wrong with the sweeps of a config, found before any job starts."""

import re

from motifloom.config.blocks import LONGEST_NAME
from motifloom.config.parse import parse_config
from motifloom.errors import UserError, suggest
from motifloom.evaluation.statistics import CLASS_METRICS, VALUE_METRICS
from motifloom.files import read_plain
from motifloom.parameters import SPOKEN_FOR
from motifloom.specs import check_specs, model_files, spec_of
from motifloom.sweeps.columns import history_columns
from motifloom.sweeps.edit import derive_blocks, key_steps, trained_config
from motifloom.sweeps.space import corners_of

RATE = "compile.optimizer.config.learning_rate"
LOGGED = ("loss", "val_loss")  # whatever the network
# Keys of a training block that stand instead of what a spec says, and of what.
INSTEAD = {
    "optimizer": "compile.optimizer",
    "learning_rate": RATE,
    "loss": "compile.loss",
    **{key: f"training_params.{key}" for key in ("epochs", "batch_size", "class_weight")},
}


def check_sweeps(content, sweeps, where, locate=str, cache=None):
    """Raise a UserError that lists what is wrong with sweeps, one line per mistake.

    Every listed value, and both ends of every range, must make a valid config and a network that can be
    built: with the parameters of the experiment itself, or together with the same corner of the others.

    Parameters
    ----------
    content : dict
        The config as the user wrote it.
    sweeps : dict of str to motifloom.config.sweeps.Sweep
        From :func:`motifloom.sweeps.spec.complete_sweeps`.
    where, locate, cache
        As for :func:`motifloom.specs.check_specs`.
    """
    config = parse_config(content, where)
    lines = [line for name, sweep in sweeps.items() for line in _references(config, name, sweep)]
    for name, sweep in sweeps.items():
        if not lines:
            lines += _values(content, name, sweep, locate, cache)
    if lines:
        raise UserError("\n".join(f"{where}: {line}" for line in dict.fromkeys(lines)))


def _references(config, name, sweep):
    """Yield what does not fit the rest of the config."""
    path, experiment = f"sweeps.{name}", config.experiments.get(sweep.experiment)
    if experiment is None:
        known = ", ".join(config.experiments)
        hint = suggest(sweep.experiment, config.experiments) or f"; known: {known}"
        yield f"{path}.experiment: no {sweep.experiment!r} under experiments{hint}"
        return
    model = config.models.get(experiment.model)
    if model is None or model.baseline:
        yield f"{path}.experiment: {sweep.experiment} trains no network, which a sweep needs"
        return
    if experiment.folds is not None:
        yield f"{path}.experiment: {sweep.experiment} has folds:; sweep one with fold: instead"
    if (experiment.training.model_dump().get("schedule") or {}).get("from_range_test"):
        yield f"{path}.experiment: {sweep.experiment} has from_range_test: true; write or sweep the rates"
    yield from _without_effect(path, sweep, model, experiment.training)
    if sweep.seeds > len(experiment.seeds):
        yield f"{path}.seeds: {sweep.seeds} is more than experiments.{sweep.experiment}.seeds has"
    for derived, known in (
        (f"{sweep.experiment}-{name}", config.experiments),
        (f"{experiment.model}-{name}", config.models),
    ):
        # As in a config, where names that differ in case only would share a folder on some systems.
        taken = derived.lower() in map(str.lower, known)
        if taken or len(derived) > LONGEST_NAME:
            reason = "is there already" if taken else "is too long"
            yield f"{path}: the name {derived}, which the best trial gets, {reason}; rename the sweep"
    if sweep.method == "grid" and (sweep.trials or 0) > (size := sweep.grid_size):
        yield f"{path}.trials: {sweep.trials} is more than the {size} combinations of the grid; leave it out"
    if sweep.metric.direction is None and sweep.metric.in_history:
        yield f"{path}.metric.goal: {sweep.metric.name} does not tell what is best; add minimize or maximize"
    metrics = VALUE_METRICS if config.datasets[experiment.dataset].task == "regression" else CLASS_METRICS
    if not sweep.metric.in_history and sweep.metric.name not in metrics:
        yield (
            f"{path}.metric.name: {sweep.metric.name!r} is no metric of "
            f"{config.datasets[experiment.dataset].task}{suggest(sweep.metric.name, metrics)}; "
            f"known: {', '.join(metrics)}, or a column of history.tsv such as val_loss"
        )


def _without_effect(path, sweep, model, training):
    """Yield the parameters of a model that the training block, or another parameter, stands instead of."""
    block = f"experiments.{sweep.experiment}.training"
    given = {key: f"{block}.{key}" for key in INSTEAD if getattr(training, key) is not None}
    if training.schedule and training.schedule.kind in ("cyclic", "one_cycle"):
        given.setdefault("learning_rate", f"{block}.schedule")
    for key in sweep.parameters:
        root, name, *_ = key_steps(key)
        if root == "training" and name in INSTEAD:
            given[name] = f"{path}.parameters.{key}"
    for key in sweep.parameters:
        place = key.removeprefix("model.").removeprefix("spec.")
        if place in SPOKEN_FOR and not model.file and model.spec is None:  # a parameter of a builder
            place = INSTEAD.get(place, place)
        for name, source in given.items():
            if f"{place}.".startswith(f"{INSTEAD[name]}."):
                yield f"{path}.parameters.{key}: {source} stands instead of it; remove one of the two"


def _values(content, name, sweep, locate, cache):
    """Return what is wrong with single values of the parameters of a sweep."""
    corners = {key: corners_of(parameter) for key, parameter in sweep.parameters.items()}
    rounds = range(max(map(len, corners.values())))
    together = [{key: values[n % len(values)] for key, values in corners.items()} for n in rounds]
    check = _Checker(content, sweep, locate, cache)
    bad = check.messages(together)
    good = [point for point, message in zip(together, bad, strict=True) if not message]
    single = [
        {key: value}
        for key, values in corners.items()
        for value in values
        if not any(point[key] == value and type(point[key]) is type(value) for point in good)
    ]
    lines = []
    for point, message in zip(single, check.messages(single), strict=True):
        if message:
            key, value = next(iter(point.items()))
            lines.append(f"sweeps.{name}.parameters.{key}: with {value!r}: {message}")
    return lines or check.metric(f"sweeps.{name}.metric.name", good)


class _Checker:
    """Checks points of a sweep's space."""

    def __init__(self, content, sweep, locate, cache):
        self.content = {"seed": content.get("seed", 1)} | trained_config(content, sweep)
        self.sweep, self.locate, self.cache = sweep, locate, cache

    def messages(self, points):
        """Return for each point a message, or None where all is well."""
        found, derived, files = {}, {}, {}
        for number, point in enumerate(points):
            try:
                model, experiment = derive_blocks(self.content, self.sweep, point, self.locate)
                if isinstance(spec := model.get("spec"), str):
                    # Called by its point, so that what is said of it is said of the point.
                    model["spec"] = f"models.p{number}.spec"
                    files[model["spec"]] = spec
                derived[f"p{number}"] = model, experiment | {"model": f"p{number}"}
                parsed = parse_config(self._of(derived, f"p{number}"), "").experiments[f"p{number}"]
                if parsed.training.schedule and parsed.training.schedule.from_range_test:
                    raise UserError("trials have no range test; remove from_range_test, and write the rates")
            except UserError as error:
                found[number] = str(error).splitlines()[0].removeprefix(": ")
                derived.pop(f"p{number}", None)
        if derived and not self._build(derived, files, found):
            for name in [name for name in derived if int(name[1:]) not in found]:
                self._build({name: derived[name]}, files, found)
        return [self._plain(found[n], n, files) if n in found else None for n in range(len(points))]

    def metric(self, path, points):
        """Return what is wrong with the metric where it is a column of history.tsv that good points lack."""
        column = self.sweep.metric.column
        if not self.sweep.metric.in_history or column in LOGGED:
            return []
        known = history_columns([self._network(point) for point in points], self.cache)
        lacking = [n for n, columns in enumerate(known) if columns is not None and column not in columns]
        if not lacking:
            return []
        given = ", ".join(f"{key} {value!r}" for key, value in points[lacking[0]].items())
        which = f" with {given}" if len(lacking) < len(points) else ""
        there = ", ".join(known[lacking[0]])
        return [f"{path}: history.tsv has no column {column}{which}; it has {there}"]

    def _network(self, point):
        """Return what :func:`motifloom.sweeps.columns.history_columns` asks of a point."""
        model, experiment = derive_blocks(self.content, self.sweep, point, self.locate)
        config = parse_config(self._of({"p": (model, experiment | {"model": "p"})}, "p"), "")
        spec = spec_of(config, "p", self.locate)
        if spec is None:
            spec = read_plain(*model_files(config, "p", self.locate), "a spec is JSON or YAML")
        training, dataset = config.experiments["p"].training, config.datasets[config.experiments["p"].dataset]
        facts = {"training": training.model_dump(), "classes": dataset.classes, "task": dataset.task}
        return {"spec": spec, **facts}

    def _of(self, derived, *names):
        """Return the config of some of the derived experiments alone."""
        models, experiments = ({name: derived[name][i] for name in names} for i in (0, 1))
        return {**self.content, "models": models, "experiments": experiments}

    def _build(self, derived, files, found):
        """Build the networks of derived experiments at once; put what is wrong by number into `found`.

        Return whether all that is said names its point; of one alone it need not.
        """
        config = parse_config(self._of(derived, *derived), "")
        try:
            check_specs(config, "", lambda path: self.locate(files.get(path, path)), self.cache)
        except UserError as error:
            lines = str(error).splitlines()
            named = [re.match(r"(?:models|experiments)\.(p\d+)\b", line) for line in lines]
            points = [at[1] if at else next(iter(derived)) if len(derived) == 1 else None for at in named]
            for point, line in zip(points, lines, strict=True):
                if point:
                    found.setdefault(int(point[1:]), line)
            return None not in points
        return True

    def _plain(self, line, number, files):
        """Return a message about a derived model or experiment as one about the original."""
        name = f"p{number}"
        if file := files.get(f"models.{name}.spec"):
            line = line.replace(f"models.{name}.spec: ", f"{file}: ")
        line = re.sub(rf"\bexperiments\.{name}\b", f"experiments.{self.sweep.experiment}", line)
        model = self.content["experiments"][self.sweep.experiment]["model"]
        return re.sub(rf"\bmodels\.{name}\b", f"models.{model}", line)
