"""Models, how they are trained, and how their predictions are judged."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from motifloom.config.blocks import Block, Distinct, Name, Positive, Seed


class Model(Block):
    """A network (spec) or a baseline."""

    spec: str | dict[str, Any] | None = Field(
        None,
        description="Keras spec: JSON or YAML file (model, compile, training_params, callbacks), or inline.",
    )
    baseline: Literal["gc", "kmer"] | None = Field(
        None, description="Logistic regression (ridge for values) instead."
    )
    k: Annotated[int, Field(ge=1, le=8)] | None = Field(
        None, description="Length of the k-mers of baseline kmer; none: 6."
    )

    @model_validator(mode="after")
    def _one_kind(self):
        if (self.spec is None) == (self.baseline is None):
            raise ValueError("takes exactly one of spec and baseline")
        if self.k is not None and self.baseline != "kmer":
            raise ValueError("has k:, which goes with baseline: kmer")
        return self


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


class Experiment(Block):
    """A model trained on a dataset, once per seed."""

    dataset: Name = Field(description="Key of datasets.")
    model: Name = Field(description="Key of models.")
    seeds: list[Seed] = Field([1], description="One replicate each.", min_length=1)
    fold: Annotated[int, Field(ge=0, le=99)] = Field(0, description="Test fold of a dataset split by folds.")
    training: Training = Field(default_factory=Training, description="Training options.")


class Evaluation(Block):
    """How predictions are judged."""

    baselines: Distinct[Literal["gc", "kmer", "label_shuffle"]] = Field(
        ["gc", "kmer", "label_shuffle"], description="Run beside every experiment."
    )
    kmer: Annotated[int, Field(ge=1, le=8)] = Field(6, description="k of the kmer baseline.")
    bootstrap: Annotated[int, Field(ge=100, le=1_000_000)] = Field(
        1000, description="Resamples behind each interval."
    )
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = Field(0.95, description="Level of the intervals.")
    reverse_complement: bool = Field(False, description="Average predictions over both strands.")

    @model_validator(mode="after")
    def _consistent(self):
        if self.kmer != type(self).model_fields["kmer"].default and "kmer" not in self.baselines:
            raise ValueError("has kmer:, which goes with baselines: [kmer]")
        return self
