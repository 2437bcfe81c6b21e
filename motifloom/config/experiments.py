"""Experiments: which model is trained on which dataset, and how often."""

from typing import Annotated

from pydantic import Field

from motifloom.config.blocks import Block, Name, Seed
from motifloom.config.training import Training


class Experiment(Block):
    """A model trained on a dataset, once per seed."""

    dataset: Name = Field(description="Key of datasets.")
    model: Name = Field(description="Key of models.")
    seeds: list[Seed] = Field([1], description="One replicate each.", min_length=1)
    fold: Annotated[int, Field(ge=0, le=99)] = Field(0, description="Test fold of a dataset split by folds.")
    training: Training = Field(default_factory=Training, description="Training options.")
