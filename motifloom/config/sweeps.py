"""Sweeps: the trainings of one experiment over a space of hyper-parameters."""

import math
import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from motifloom.config.blocks import Block, Name, Positive, read_numbers
from motifloom.measures import EXACT

# What is best of metrics and of columns of history.tsv, by their names in lower case and without underscores.
LEAST = r".*(loss|error|crossentropy|hinge|divergence)|r?mse|mae|mape|msle|brier|ece|bce|ce|kld|poisson"
LEAST += r"|huber|logcosh|false(positives|negatives)"
MOST = r".*(accuracy|auc)|acc|auroc|auprc|aunpvsc|f1|f1score|fbetascore|mcc|precision|recall|sensitivity"
MOST += r"|specificity|npv|(precision|recall|sensitivity|specificity)at.*|true(positives|negatives)|.*iou"
MOST += r"|pearson|spearman|r2|r2score|(pearson|concordance)correlation|explainedvariance"
# What a job is given before it knows its parameters.
FIXED = tuple(f"training.{key}" for key in ("threads", "accelerator", "gpus", "start_from", "shuffle_labels"))
MOST_TRIALS = 100_000  # each is a job of its own
MOST_EXPONENT = 700  # of e, that a number can hold
MOST_STEPS = 10**12  # from 0, that numbers tell apart
_RANGES = ("int_uniform", "uniform", "q_uniform", "log_uniform", "log_uniform_values")
_RANGES += ("q_log_uniform", "q_log_uniform_values")


Number = Annotated[int | float, BeforeValidator(read_numbers)]
Value = Annotated[Any, BeforeValidator(read_numbers)]


class Metric(Block):
    """What a trial is measured by."""

    name: Annotated[str, Field(min_length=1)] = Field(
        "val_loss",
        description="A metric of the validation part (auroc, mcc, pearson, ...; several targets: that of "
        "all together, or else their mean), or loss or a column val_... of history.tsv, in the epoch of the "
        "weights that are kept.",
    )
    goal: Literal["minimize", "maximize"] | None = Field(
        None,
        description="What is best; none: minimize for losses and errors, maximize for scores; needed where "
        "the name does not tell.",
    )

    @property
    def direction(self):
        """minimize or maximize; None where neither goal nor name tells."""
        name = re.sub(r"_\d+$", "", self.name.removeprefix("val_")).lower().replace("_", "")
        known = {"minimize": LEAST, "maximize": MOST}
        return self.goal or next((goal for goal in known if re.fullmatch(known[goal], name)), None)

    @property
    def sign(self):
        """1 where more is better, -1 where less is."""
        return -1 if self.direction == "minimize" else 1

    @property
    def in_history(self):
        """Whether it is a column of history.tsv."""
        return self.name == "loss" or self.name.startswith("val_")

    @property
    def column(self):
        """The column of history.tsv that tells it after every epoch; None where there is none."""
        return self.name if self.in_history else f"val_{self.name}" if self.name in EXACT else None


class Parameter(Block):
    """The values of one hyper-parameter."""

    value: Value = Field(None, description="One value, the same in all trials.")
    values: list[Value] | None = Field(None, description="The values to choose from.", min_length=1)
    probabilities: list[Annotated[Number, Field(ge=0)]] | None = Field(
        None, description="How often each of values is drawn by method random; none: all alike."
    )
    min: Number | None = Field(None, description="Least value (log_uniform: its natural logarithm).")
    max: Number | None = Field(None, description="Greatest value (log_uniform: its natural logarithm).")
    mu: Number | None = Field(None, description="Mean of a normal (log_normal: of the logarithm); none: 0.")
    sigma: Annotated[Number, Field(gt=0)] | None = Field(
        None, description="Standard deviation of a normal (log_normal: of the logarithm); none: 1."
    )
    q: Annotated[Number, Field(ge=1e-9)] | None = Field(
        None, description="Step: values are rounded to multiples of it; a whole q gives whole numbers."
    )
    distribution: (
        Literal[
            "constant",
            "categorical",
            "categorical_w_probabilities",
            "int_uniform",
            "uniform",
            "q_uniform",
            "log_uniform",
            "log_uniform_values",
            "q_log_uniform",
            "q_log_uniform_values",
            "normal",
            "q_normal",
            "log_normal",
            "q_log_normal",
        ]
        | None
    ) = Field(
        None,
        description="none: constant for value, categorical for values, uniform for min and max "
        "(int_uniform where both are whole), normal for mu and sigma.",
    )

    @model_validator(mode="after")
    def _consistent(self):
        kind, given = self.kind, self.model_fields_set - {"distribution"}
        need, may = {
            "constant": ({"value"}, set()),
            "categorical": ({"values"}, {"probabilities"}),
        }.get(self.family, ({"min", "max"}, {"q"}) if kind in _RANGES else (set(), {"mu", "sigma", "q"}))
        if not given:
            raise ValueError("is empty; give value, values, or min and max")
        for key in sorted(need - given):
            raise ValueError(f"is {kind}, which needs {key}:")
        for key in sorted(given - need - may):
            raise ValueError(f"has {key}:, which does not go with {kind}")
        if self.probabilities and len(self.probabilities) != len(self.values):
            raise ValueError(f"has {len(self.probabilities)} probabilities for {len(self.values)} values")
        if self.probabilities and not sum(self.probabilities) > 0:
            raise ValueError("has probabilities that are all 0")
        if kind == "categorical_w_probabilities" and not self.probabilities:
            raise ValueError("is categorical_w_probabilities, which needs probabilities:")
        if kind.startswith("q_") and self.q is None:
            raise ValueError(f"is {kind}, which needs q:, the step")
        if kind == "int_uniform" and self.q is not None:
            raise ValueError("has q:, which goes with distribution: q_uniform")
        if kind in _RANGES:
            self._check_range()
        return self

    def _check_range(self):
        if self.kind == "int_uniform" and not (float(self.min).is_integer() and float(self.max).is_integer()):
            raise ValueError("is int_uniform, which takes whole numbers as min and max")
        if not self.min < self.max:
            raise ValueError(f"has min: {self.min}, which is not below max: {self.max}")
        if self.family == "log" and self.kind.endswith("_values") and not self.min > 0:
            raise ValueError(f"is {self.kind}, which needs a min above 0")
        if self._exponents and max(-self.min, self.max) > MOST_EXPONENT:
            raise ValueError(f"is {self.kind}, whose min and max are logarithms within {MOST_EXPONENT} of 0")
        if self.q and max(map(abs, self.bounds)) > self.q * MOST_STEPS:
            raise ValueError(f"has q: {self.q}, which is too small a step beside min and max")
        if self.q and self.multiples[1] < self.multiples[0]:
            raise ValueError(f"has no multiple of q: {self.q} between min and max")

    @property
    def kind(self):
        """The name of the distribution."""
        if self.distribution:
            return self.distribution
        given = self.model_fields_set
        if "value" in given:
            return "constant"
        if "values" in given:
            return "categorical"
        if given & {"mu", "sigma"}:
            return "normal"
        whole = isinstance(self.min, int) and isinstance(self.max, int) and self.q is None
        return "int_uniform" if whole else "uniform"

    @property
    def family(self):
        """constant, categorical, int, uniform, log, normal or log_normal."""
        kind = self.kind.removeprefix("q_")
        families = {"categorical_w_probabilities": "categorical", "int_uniform": "int"}
        families |= {"log_uniform": "log", "log_uniform_values": "log"}
        return families.get(kind, kind)

    @property
    def _exponents(self):
        return self.kind.removeprefix("q_") == "log_uniform"

    @property
    def bounds(self):
        """Least and greatest value of a range, before rounding."""
        return (math.exp(self.min), math.exp(self.max)) if self._exponents else (self.min, self.max)

    @property
    def multiples(self):
        """The first and the last multiple of q in a range, as numbers of steps."""
        first, last = (end / self.q for end in self.bounds)
        slack = 1e-9 + 1e-15 * max(abs(first), abs(last))  # what division loses
        return math.ceil(first - slack), math.floor(last + slack)

    @property
    def is_one_value(self):
        """Whether all trials have the same."""
        values = [self.value] if self.family == "constant" else self.values
        return values is not None and all(value == values[0] for value in values)

    @property
    def size(self):
        """How many values there are of a parameter that has steps."""
        if self.family in ("constant", "categorical"):
            return len(self.values or [None])
        first, last = (int(self.min), int(self.max)) if self.family == "int" else self.multiples
        return last - first + 1


class Pruning(Block):
    """When a trial is given up before its end."""

    rule: Literal["median", "hyperband"] = Field(
        "median",
        description="median: at every epoch, unless among the better half of the earlier trials; hyperband: "
        "only at the epochs min_epochs x eta^k, unless among their best 1/eta.",
    )
    min_epochs: Positive = Field(3, description="No trial is given up before.")
    min_trials: Positive = Field(4, description="So many earlier trials must have come to that epoch.")
    eta: Annotated[Number, Field(gt=1)] | None = Field(None, description="Of hyperband; none: 3.")

    @model_validator(mode="after")
    def _consistent(self):
        if self.eta is not None and self.rule != "hyperband":
            raise ValueError("has eta:, which goes with rule: hyperband")
        return self


class Sweep(Block):
    """Trials of one experiment with changed hyper-parameters."""

    experiment: Name = Field(description="Key of experiments: what every trial changes.")
    spec: str | dict[str, Any] | None = Field(
        None,
        description="Sweep as W&B writes it (method, metric, parameters, early_terminate, run_cap): YAML "
        "file, or inline; instead of method, metric, parameters and pruning.",
    )
    method: Literal["grid", "random", "bayes"] = Field(
        "random",
        description="All combinations; independent draws; or draws that follow what earlier trials found.",
    )
    metric: Metric = Field(default_factory=Metric, description="What a trial is measured by.")
    parameters: dict[str, Parameter] = Field(
        {},
        description="Key path below the experiment's own blocks, model.<key> or training.<key>, to values.",
    )
    trials: Annotated[int, Field(ge=1, le=MOST_TRIALS)] | None = Field(
        None, description="How many; none: all combinations of a grid."
    )
    n_workers: Positive | None = Field(
        None,
        description="So many trials run side by side; none: 2 with method bayes or pruning, else no limit.",
    )
    startup: Positive | None = Field(
        None, description="Of bayes: trials drawn at random before it follows any; none: 5."
    )
    pruning: Pruning | None = Field(None, description="When a trial is given up before its end; none: never.")
    seeds: Positive = Field(
        1, description="So many of the experiment's seeds are trained in each trial; their mean counts."
    )

    @model_validator(mode="after")
    def _consistent(self):
        doubled = self.model_fields_set & {"method", "metric", "parameters", "pruning"}
        if self.spec is not None:
            for key in sorted(doubled):
                raise ValueError(f"has spec: and {key}:; say it in one of them")
            return self  # checked when the spec is in its place
        if not self.parameters:
            raise ValueError("has no parameters; name at least one, such as training.batch_size")
        if self.method != "grid" and self.trials is None:
            raise ValueError(f"has method: {self.method}, which needs trials:, a number")
        if self.startup is not None and self.method != "bayes":
            raise ValueError("has startup:, which goes with method: bayes")
        if self.pruning and self.metric.column is None:
            raise ValueError(
                f"has pruning:, which needs a metric that every epoch tells: {', '.join(EXACT)}, "
                f"val_loss or another column of history.tsv, not {self.metric.name}"
            )
        if self.pruning and self.seeds > 1:
            raise ValueError("has pruning:, which goes with seeds: 1")
        self._check_parameters()
        if self.n_trials > 1 and all(parameter.is_one_value for parameter in self.parameters.values()):
            raise ValueError(
                f"has one value of each parameter for {self.n_trials} trials; give one two values"
            )
        if self.n_trials > MOST_TRIALS:
            raise ValueError(
                f"has a grid of {self.n_trials} combinations, more than {MOST_TRIALS} trials; give fewer "
                "values, a larger q:, or trials:, a number"
            )
        return self

    def _check_parameters(self):
        for key, parameter in self.parameters.items():
            family, drawn = parameter.family, self.method != "grid"
            if not re.fullmatch(r"(model|training)(\.\w+|\[\d+\])+", key):
                raise ValueError(
                    f"has the parameter {key}; write model.<key> or training.<key>, "
                    "nested as in model.spec.model.layers[0].config.filters"
                )
            if key in FIXED:
                raise ValueError(f"has the parameter {key}, which must be the same in all trials")
            if re.match(r"training\.range_test\b", key):
                raise ValueError(f"has the parameter {key}, which no training depends on; remove it")
            if key == "training.schedule.from_range_test":
                raise ValueError(f"has the parameter {key}, but trials have no range test; write the rates")
            for other in self.parameters:
                if other.startswith((f"{key}.", f"{key}[")):
                    raise ValueError(f"has the parameters {key} and {other}, a part of it; remove one")
            if parameter.probabilities and self.method != "random":
                raise ValueError(f"has probabilities of {key}, which go with method: random")
            if not drawn and family not in ("constant", "categorical", "int") and parameter.q is None:
                raise ValueError(
                    f"has a grid over {key}, a {parameter.kind} without steps; give values: or q:"
                )
            if not drawn and family in ("normal", "log_normal"):
                raise ValueError(f"has a grid over {key}, a {parameter.kind} without ends; give values:")

    @property
    def grid_size(self):
        """The number of combinations of all steps, of a grid."""
        return math.prod(parameter.size for parameter in self.parameters.values())

    @property
    def n_trials(self):
        """How many trials there are."""
        return self.trials or self.grid_size

    @property
    def learns(self):
        """Whether a trial depends on what earlier ones found."""
        return self.method == "bayes" or self.pruning is not None

    @property
    def workers(self):
        """How many trials run side by side; None: as many as there is room for."""
        return self.n_workers or (2 if self.learns else None)
