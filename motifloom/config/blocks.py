"""The types that all blocks of the config share."""

import re
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=60)]
Part = Literal["train", "validation", "test"]
# Upper bounds only keep slips of the finger (10^12 resamples) from running for ever.
Positive = Annotated[int, Field(ge=1, le=100_000_000)]
Share = Annotated[float, Field(ge=1e-6, le=1e6)]
Seed = Annotated[int, Field(ge=0, lt=2**63)]
Fraction = Annotated[float, Field(ge=0, le=1)]


def _each_once(values):
    twice = next((value for number, value in enumerate(values) if value in values[:number]), None)
    if twice is not None:
        raise ValueError(f"has {twice} twice; give each once")
    return values


T = TypeVar("T")
Distinct = Annotated[list[T], AfterValidator(_each_once)]


class Block(BaseModel):
    """A block of the config: no unknown keys, no silent conversion of types."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


_EXPONENT = re.compile(r"^[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$")


def read_numbers(item):
    """Turn text such as 1e-3 into a number, which YAML 1.1 reads as text."""
    if isinstance(item, dict):
        return {key: read_numbers(value) for key, value in item.items()}
    if isinstance(item, list):
        return [read_numbers(value) for value in item]
    return float(item) if isinstance(item, str) and _EXPONENT.match(item) else item
