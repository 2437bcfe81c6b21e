"""How predictions are judged."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from motifloom.config.blocks import Block, Distinct, Part, Positive


class Embedding(Block):
    """Maps of examples by what a layer makes of them."""

    layers: Distinct[str] = Field(
        [],
        description="Layers that every experiment gets a map of; last is the one before the output. Of other "
        "layers it is made when asked for by name.",
    )
    part: Part = Field("test", description="Part whose examples are shown.")
    examples: Annotated[int, Field(ge=10, le=100_000)] = Field(
        2000, description="A larger part is sampled down to this, by groups."
    )
    perplexity: Annotated[float, Field(ge=2, le=1000)] = Field(
        30.0, description="Neighbours that t-SNE keeps close; lowered where there are few examples."
    )


class Evaluation(Block):
    """How predictions are judged."""

    baselines: Distinct[Literal["gc", "kmer", "additive", "label_shuffle"]] = Field(
        ["gc", "kmer", "label_shuffle"],
        description="Run beside every experiment; additive: a linear model on the letters by position.",
    )
    kmer: Annotated[int, Field(ge=1, le=8)] = Field(6, description="k of the kmer baseline.")
    bootstrap: Annotated[int, Field(ge=100, le=1_000_000)] = Field(
        1000, description="Resamples behind each interval."
    )
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = Field(0.95, description="Level of the intervals.")
    reverse_complement: bool = Field(False, description="Average predictions over both strands.")
    threshold: Annotated[float, Field(gt=0, lt=1)] | Literal["f1", "mcc", "youden"] = Field(
        0.5,
        description="Probability from which on a class is called, or f1, mcc or youden: the one that makes "
        "it largest on the validation part. Multi-class calls the largest probability.",
    )
    metrics: Distinct[str] = Field(
        [], description="Python files with metrics of your own: def name(target, score): return a number."
    )
    mistakes: Positive = Field(20, description="Most confident mistakes listed of each target and kind.")
    embedding: Embedding = Field(Embedding(), description="Maps of examples by layers.")

    @model_validator(mode="after")
    def _consistent(self):
        if self.kmer != type(self).model_fields["kmer"].default and "kmer" not in self.baselines:
            raise ValueError("has kmer:, which goes with baselines: [kmer]")
        return self
