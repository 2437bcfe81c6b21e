"""How predictions are judged."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from motifloom.config.blocks import Block, Distinct


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
