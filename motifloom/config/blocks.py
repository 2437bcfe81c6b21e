"""The types that all blocks of the config share."""

from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator

from motifloom.validation import read_numbers

LONGEST_NAME = 60  # letters of a name in the config
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=LONGEST_NAME)]
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
    """A block of the config: no unknown keys, no silent conversion of types but of text such as 1e-3."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    @field_validator("*", mode="wrap")
    @classmethod
    def _numbers_in_text(cls, value, validate):
        """Read text as numbers where it can be nothing else."""
        try:
            return validate(value)
        except ValidationError as error:
            numbers = read_numbers(value)
            if numbers == value:
                raise
            try:
                return validate(numbers)
            except ValidationError:
                raise error from None
