"""What can be wrong with the sweeps of a config, found before any job starts."""

import re

from motifloom.config.parse import parse_config
from motifloom.errors import UserError, suggest
from motifloom.evaluation.statistics import CLASS_METRICS, VALUE_METRICS
from motifloom.specs import check_specs
from motifloom.sweeps.edit import derive_config, trained_config
from motifloom.sweeps.space import corners_of, grid_size

LONGEST = 60  # letters of a name in the config


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
            lines += _values(content, name, sweep, where, locate, cache)
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
    if sweep.seeds > len(experiment.seeds):
        yield f"{path}.seeds: {sweep.seeds} is more than experiments.{sweep.experiment}.seeds has"
    for derived, known in (
        (f"{sweep.experiment}-{name}", config.experiments),
        (f"{experiment.model}-{name}", config.models),
    ):
        if derived in known or len(derived) > LONGEST:
            reason = "is there already" if derived in known else "is too long"
            yield f"{path}: the name {derived}, which the best trial gets, {reason}; rename the sweep"
    if sweep.method == "grid" and (sweep.trials or 0) > (size := grid_size(sweep.parameters)):
        yield f"{path}.trials: {sweep.trials} is more than the {size} combinations of the grid; leave it out"
    metrics = VALUE_METRICS if config.datasets[experiment.dataset].task == "regression" else CLASS_METRICS
    if not sweep.metric.in_history and sweep.metric.name not in metrics:
        yield (
            f"{path}.metric.name: {sweep.metric.name!r} is no metric of "
            f"{config.datasets[experiment.dataset].task}{suggest(sweep.metric.name, metrics)}; "
            f"known: {', '.join(metrics)}, or a column of history.tsv such as val_loss"
        )


def _values(content, name, sweep, where, locate, cache):
    """Return what is wrong with single values of the parameters of a sweep."""
    corners = {key: corners_of(parameter) for key, parameter in sweep.parameters.items()}
    rounds = range(max(map(len, corners.values())))
    together = [{key: values[n % len(values)] for key, values in corners.items()} for n in rounds]
    check = _Checker(content, name, sweep, where, locate, cache)
    bad = check.messages(together)
    if not any(bad):
        return []
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
    return lines


class _Checker:
    """Checks points of a sweep's space."""

    def __init__(self, content, name, sweep, where, locate, cache):
        self.content = {"seed": content.get("seed", 1)} | trained_config(content, sweep)
        self.name, self.sweep, self.where, self.locate, self.cache = name, sweep, where, locate, cache

    def messages(self, points):
        """Return for each point a message, or None where all is well."""
        found, merged = {}, self.content
        for number, point in enumerate(points):
            name = f"{self.name}-{number}"
            try:
                parse_config(derive_config(self.content, name, self.sweep, point, self.locate), "")
                merged = derive_config(merged, name, self.sweep, point, self.locate)
            except UserError as error:
                found[number] = _plain(str(error).splitlines()[0], name)
        derived = {k: v for k, v in merged["experiments"].items() if k not in self.content["experiments"]}
        if derived:
            self._build({**merged, "experiments": derived}, found)
        return [found.get(number) for number in range(len(points))]

    def _build(self, content, found):
        """Build the networks of all experiments of a config; put what is wrong by number into `found`."""
        try:
            check_specs(parse_config(content, ""), self.where, self.locate, self.cache)
        except UserError as error:
            for line in str(error).splitlines():
                at = re.match(rf"models\.\S+?-{re.escape(self.name)}-(\d+)\b", line)
                if not at:
                    raise
                found.setdefault(int(at[1]), _plain(line, f"{self.name}-{at[1]}"))


def _plain(line, name):
    """Return a message about a derived model or experiment as one about the original."""
    return re.sub(rf"-{re.escape(name)}\b", "", line.removeprefix(": "))
