"""Models: networks and baselines."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from motifloom.config.blocks import Block


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
