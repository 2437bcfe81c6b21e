"""Experiments: which model is trained on which dataset, and how often."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from motifloom.config.blocks import Block, Distinct, Name, Seed
from motifloom.config.training import Training

Fold = Annotated[int, Field(ge=0, le=99)]


class Experiment(Block):
    """A model trained on a dataset, once per seed and fold, or an ensemble of other experiments."""

    dataset: Name = Field(description="Key of datasets.")
    model: Name | None = Field(None, description="Key of models.")
    ensemble: Distinct[Name] | None = Field(
        None,
        description="Instead of model: experiments on the same dataset, whose predictions are averaged.",
        min_length=1,
    )
    also: Distinct[Name] = Field([], description="Datasets that are held out; predicted and evaluated, too.")
    seeds: list[Seed] = Field([1], description="One replicate each.", min_length=1)
    fold: Fold = Field(0, description="Test fold of a dataset split by folds.")
    folds: Literal["all"] | list[Fold] | None = Field(
        None, description="Instead of fold: all or [0, 1, ..]; a run each, and their predictions together."
    )
    dropout_samples: Annotated[int, Field(ge=2, le=100_000)] = Field(
        64, description="Predictions with random dropout behind uncertainty.tsv.gz, made when asked for."
    )
    training: Training = Field(default_factory=Training, description="Training options.")

    @model_validator(mode="after")
    def _one_kind(self):
        if (self.model is None) == (self.ensemble is None):
            raise ValueError("takes exactly one of model and ensemble")
        if self.ensemble:
            for key in ("seeds", "fold", "folds", "dropout_samples"):
                if getattr(self, key) != type(self).model_fields[key].default:
                    raise ValueError(f"has {key}:, which goes with model: and not with ensemble:")
            if self.training != Training():
                raise ValueError("has training:, which goes with model: and not with ensemble:")
        listed = self.folds if isinstance(self.folds, list) else [None]
        if not listed or len(set(listed)) < len(listed):
            raise ValueError("has folds: with no fold or one twice; write all, or each number once")
        if self.folds is not None and self.fold:
            raise ValueError("has fold: beside folds:; remove one")
        return self
