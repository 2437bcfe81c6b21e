"""How a network is trained, beyond what its spec says."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from motifloom.config.blocks import Block, Positive
from motifloom.parameters import OUTSIDE_RANGE_TEST, RANGE_TEST, LearningRate
from motifloom.validation import read_numbers

Epochs = Annotated[int, Field(ge=0, le=1_000_000)]
Keras = Annotated[str | dict[str, Any], BeforeValidator(read_numbers)]
# Weights of classes: how they follow from their frequencies, or a table.
ClassWeight = Annotated[
    Annotated[Literal["none", "reciprocal", "proportional", "balanced"], Tag("mode")]
    | Annotated[dict[int | str, Annotated[float, Field(ge=0)]], Tag("table")],
    Discriminator(lambda value: "table" if isinstance(value, dict) else "mode"),
]
# Which keys go with which kinds of schedule, beside the kind.
SCHEDULE_KEYS = {
    "constant": (),
    "exponential": ("decay_per_epoch",),
    "cosine": ("lr_final",),
    "cyclic": (
        "lr_init",
        "lr_max",
        "from_range_test",
        "scale",
        "cycles",
        "tail_epochs",
        "momentum_base",
        "momentum_max",
    ),
    "one_cycle": (
        "lr_init",
        "lr_max",
        "lr_final",
        "from_range_test",
        "peak",
        "momentum_base",
        "momentum_max",
    ),
}


class Schedule(Block):
    """How the learning rate changes from step to step."""

    kind: Literal["constant", "exponential", "cosine", "cyclic", "one_cycle"] = Field(
        description="The course: a factor per epoch, along a cosine, in triangles, or up and down once."
    )
    decay_per_epoch: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="exponential: factor of the rate per epoch, in equal factors per step; none: 0.95."
    )
    lr_init: LearningRate | None = Field(
        None, description="cyclic, one_cycle: rate at the beginning; none: lr_max / 20."
    )
    lr_max: LearningRate | None = Field(None, description="cyclic, one_cycle: the highest rate.")
    lr_final: Annotated[float, Field(ge=0, le=1e6)] | None = Field(
        None, description="cosine, one_cycle: rate at the end; none: 0 (cosine), lr_init / 10000 (one_cycle)."
    )
    from_range_test: bool = Field(
        False, description="cyclic, one_cycle: lr_max and lr_init as the learning-rate range test suggests."
    )
    scale: Literal["triangular", "triangular2"] | None = Field(
        None, description="cyclic: same height in every cycle, or half of the last; none: triangular2."
    )
    cycles: Annotated[float, Field(gt=0, le=10_000)] | None = Field(
        None, description="cyclic: number of cycles; none: 1."
    )
    tail_epochs: Epochs | None = Field(
        None, description="cyclic: last epochs, in which the rate falls from lr_init to a tenth; none: 0."
    )
    peak: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        None, description="one_cycle: share of the steps before the highest rate; none: 0.3."
    )
    momentum_base: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        None, description="cyclic, one_cycle: momentum (SGD) or beta_1 (Adam) at the highest rate."
    )
    momentum_max: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        None, description="cyclic, one_cycle: momentum (SGD) or beta_1 (Adam) at the lowest rate."
    )

    @model_validator(mode="after")
    def _nothing_ignored(self):
        for key, field in type(self).model_fields.items():
            if key != "kind" and getattr(self, key) != field.default and key not in SCHEDULE_KEYS[self.kind]:
                kinds = " or ".join(kind for kind, keys in SCHEDULE_KEYS.items() if key in keys)
                raise ValueError(f"has {key}:, which goes with kind: {kinds}")
        if self.kind in ("cyclic", "one_cycle"):
            if self.from_range_test == (self.lr_max is not None):
                raise ValueError(f"of kind {self.kind} takes exactly one of lr_max and from_range_test: true")
            if self.from_range_test and self.lr_init is not None:
                raise ValueError("has lr_init:, which from_range_test: true sets; remove one")
        if None not in (self.lr_init, self.lr_max) and self.lr_init >= self.lr_max:
            raise ValueError(f"has lr_init: {self.lr_init:g}, which must be below lr_max: {self.lr_max:g}")
        if (self.momentum_base is None) != (self.momentum_max is None):
            raise ValueError("takes momentum_base and momentum_max together, or neither")
        if self.momentum_max is not None and self.momentum_base >= self.momentum_max:
            raise ValueError("has a momentum_base that is not below momentum_max")
        return self


class RangeTest(Block):
    """The learning-rate range test, made when its files are asked for."""

    min: LearningRate = Field(RANGE_TEST["min"], description="The first learning rate.")
    max: LearningRate = Field(
        RANGE_TEST["max"], description="The last learning rate, unless the loss diverges before."
    )
    epochs: Positive | None = Field(
        RANGE_TEST["epochs"],
        description="Epochs over which the rate rises; none: the fewest that have 100 steps.",
    )
    smoothing: Annotated[float, Field(ge=0, lt=1)] = Field(
        RANGE_TEST["smoothing"], description="Weight of the past in the smoothed loss; 0 does not smooth."
    )

    @model_validator(mode="after")
    def _rising(self):
        if self.min >= self.max:
            raise ValueError(f"has min: {self.min:g}, which must be below max: {self.max:g}")
        return self


class Augmentation(Block):
    """How training examples are changed, anew in every epoch."""

    reverse_complement: Literal[False, "both", "random"] = Field(
        False, description="both: an epoch has each example once on each strand; random: once, on either."
    )
    shift: Annotated[int, Field(ge=0, le=1_000_000)] = Field(
        0, description="Move each example by up to so many bases either way; what comes in is unknown."
    )
    mutation: Annotated[float, Field(ge=0, le=1)] = Field(
        0.0, description="Probability of each base to become another one."
    )


class Training(Block):
    """What a training does beyond its spec."""

    reverse_complement: bool = Field(False, description="Train on both strands of every training example.")
    epochs: Positive | None = Field(None, description="Instead of the spec's epochs.")
    batch_size: Positive | None = Field(None, description="Instead of the spec's batch_size.")
    threads: Positive = Field(
        2,
        description="Threads of the training; part of the result, so it is set here and not by the machine.",
    )
    shuffle_labels: bool = Field(
        False, description="Control: permute the targets of train and of validation."
    )
    accelerator: Literal["auto", "cpu", "gpu"] = Field(
        "auto", description="gpu fails at once where there is none; auto takes one if there is one."
    )
    gpus: Annotated[int, Field(ge=1, le=64)] = Field(
        1, description="GPUs that share every batch; more than one demands them."
    )
    precision: Literal["float32", "mixed_float16", "mixed_bfloat16"] = Field(
        "float32", description="What layers compute in; weights, outputs and the loss are float32."
    )
    xla: Literal["auto", True, False] = Field(
        "auto", description="Compile the training step by XLA; auto: on a GPU."
    )
    optimizer: Keras | None = Field(
        None, description="Instead of the spec's: a Keras optimizer's name, or {class_name, config}."
    )
    learning_rate: LearningRate | None = Field(None, description="Instead of the optimizer's own.")
    loss: Keras | None = Field(
        None, description="Instead of the spec's: a Keras loss' name, or {class_name, config}."
    )
    class_weight: ClassWeight | None = Field(
        None,
        description="Instead of the spec's: none, reciprocal (balanced is the same), proportional, or "
        "{class: weight} with names or numbers.",
    )
    schedule: Schedule | None = Field(None, description="Learning-rate schedule; none: a constant rate.")
    warmup_epochs: Epochs = Field(
        0, description="First epochs, in which the rate rises from 0 to where the schedule begins."
    )
    exact_metrics: bool = Field(
        False, description="Add val_auroc and val_auprc over all scores; watching one switches it on, too."
    )
    augmentation: Augmentation | None = Field(None, description="Training examples that change per epoch.")
    memory: Positive | None = Field(
        None, description="MB of tokens above which they are read from disk in every epoch; none: 1024."
    )
    start_from: Annotated[str, Field(min_length=1)] | None = Field(
        None, description="Start with the weights of a .keras file or of another experiment."
    )
    freeze: list[str] = Field([], description="Layers that keep their weights: names or patterns (conv*).")
    replace_head: bool = Field(False, description="start_from: let the last layers start anew.")
    range_test: RangeTest = Field(RangeTest(), description="The learning-rate range test.")

    # Keys that users look for here, and where they are.
    ELSEWHERE: ClassVar = dict.fromkeys(
        ("callbacks", "early_stopping", "EarlyStopping"),
        "callbacks go with the model: in its spec, or as models.<name>.callbacks beside builder:",
    ) | {"metrics": "metrics go with the model: compile.metrics in its spec, or beside builder:"}

    @model_validator(mode="after")
    def _nothing_ignored(self):
        augmented = self.augmentation.reverse_complement if self.augmentation else False
        if self.reverse_complement and augmented:
            raise ValueError("has reverse_complement: true, which is augmentation.reverse_complement: both")
        if self.replace_head and not self.start_from:
            raise ValueError("has replace_head: true, which goes with start_from:")
        if self.gpus > 1:
            _can_be_spread(self)
        _one_learning_rate(self)
        taken = self.warmup_epochs + ((self.schedule and self.schedule.tail_epochs) or 0)
        if self.epochs and taken >= self.epochs:
            raise ValueError(
                f"has warm-up and tail of {taken} of {self.epochs} epochs; leave at least one between them"
            )
        return self


def _can_be_spread(training):
    """Raise a ValueError where options do not go with several GPUs."""
    if training.accelerator == "cpu":
        raise ValueError("has gpus: beside accelerator: cpu; remove one")
    if training.xla is True:
        raise ValueError("has xla: true, which goes with gpus: 1")
    if training.batch_size and training.batch_size < training.gpus:
        raise ValueError(f"has batch_size: {training.batch_size}, which is fewer than gpus: {training.gpus}")


def _one_learning_rate(training):
    """Raise a ValueError where the learning rate is given in two places."""
    optimizer, schedule = training.optimizer, training.schedule
    settings = (optimizer.get("config") or {}) if isinstance(optimizer, dict) else {}
    inside = isinstance(settings, dict) and "learning_rate" in settings
    if training.learning_rate is not None and inside:
        raise ValueError("has learning_rate: beside optimizer.config.learning_rate; remove one")
    if schedule and schedule.kind in ("cyclic", "one_cycle") and (training.learning_rate or inside):
        raise ValueError(f"has a learning_rate, which schedule.kind: {schedule.kind} does not use; remove it")


def train_options(training):
    """Return the part of a training block (as a dict) that the training itself depends on."""
    return {key: value for key, value in training.items() if key != "range_test"}


def range_test_options(training):
    """Return the part of a training block (as a dict) that its learning-rate range test depends on."""
    return {key: value for key, value in training.items() if key not in OUTSIDE_RANGE_TEST}
