"""Models: networks by spec or by builder, and baselines."""

from typing import Annotated, Any, ClassVar, Literal, Union

from pydantic import AfterValidator, ConfigDict, Discriminator, Field, Tag, create_model, model_validator

from motifloom.config.blocks import Block
from motifloom.parameters import CATALOGUE, is_file, unknown, unused

MODEL_KINDS = ("spec", "builder", "baseline")


class Chosen(Block):
    """Exactly one of spec, builder and baseline; `spec`, `baseline` and `k` are None where they are not.

    `file` is the file that the model is read from, or None.
    """

    file: ClassVar[str | None] = None

    @model_validator(mode="before")
    @classmethod
    def _one_kind(cls, values):
        given = [kind for kind in MODEL_KINDS if isinstance(values, dict) and values.get(kind) is not None]
        if isinstance(values, dict) and len(given) != 1:
            raise ValueError(
                f"has {' and '.join(given) or 'no kind'}; takes exactly one of spec, builder and baseline"
            )
        return values

    def as_spec(self, locate=str):
        """Return the spec of a network, or None where a file holds it.

        `locate` turns a path of the config into one that can be opened.
        """


class Spec(Chosen):
    """A network as a spec of Keras layers."""

    baseline: ClassVar[None] = None
    k: ClassVar[None] = None

    spec: str | dict[str, Any] = Field(
        description="Keras spec: JSON or YAML file (model, compile, training_params, callbacks), or inline.",
    )

    @property
    def file(self):
        """The JSON or YAML file, or None."""
        return self.spec if isinstance(self.spec, str) else None

    def as_spec(self, locate=str):
        """Return an inline spec."""
        return self.spec if isinstance(self.spec, dict) else None

    @model_validator(mode="after")
    def _files_are_known(self):
        model = self.spec.get("model") if isinstance(self.spec, dict) else None
        if isinstance(model, dict) and is_file(model.get("builder")):
            raise ValueError(
                "has a Python file inside spec:; write builder: and its parameters instead of spec:"
            )
        return self


class Baseline(Chosen):
    """A regression that networks are compared with."""

    spec: ClassVar[None] = None

    baseline: Literal["gc", "kmer", "additive"] = Field(
        description="Logistic regression (ridge for values) on GC, k-mers, or letters by position instead."
    )
    k: Annotated[int, Field(ge=1, le=8)] | None = Field(
        None, description="Length of the k-mers of baseline kmer; none: 6."
    )

    @model_validator(mode="after")
    def _k_of_kmer(self):
        if self.k is not None and self.baseline != "kmer":
            raise ValueError("has k:, which goes with baseline: kmer")
        return self


class Built(Chosen):
    """A network that a builder makes of the parameters beside it."""

    spec: ClassVar[None] = None
    baseline: ClassVar[None] = None
    k: ClassVar[None] = None

    compile: dict[str, Any] = Field(
        {}, description="As in a spec: optimizer, loss, metrics; instead of what goes with the builder."
    )
    training_params: dict[str, Any] = Field(
        {}, description="As in a spec: epochs, batch_size and others; instead of what goes with the builder."
    )
    callbacks: dict[str, Any] = Field(
        {}, description="As in a spec, beside what goes with the builder; {Name: false} leaves one out."
    )

    @model_validator(mode="after")
    def _all_used(self):
        complaint = unused(self, {name: getattr(self, name) for name in SECTIONS})
        if complaint:
            raise ValueError(complaint)
        return self

    def as_spec(self, locate=str):
        """Return what was written; the rest is filled in where the spec is read."""
        given = self.model_dump(exclude_unset=True)
        sections = {name: given.pop(name, {}) for name in SECTIONS}
        builder = locate(self.builder) if is_file(self.builder) else self.builder
        return {"model": {**given, "builder": builder}, **sections}


SECTIONS = tuple(Built.model_fields)


def _known(builder):
    if not is_file(builder):
        raise ValueError(unknown(builder))
    return builder


class OwnBuilder(Built):
    """A Python file with a function build(inputs, **parameters); keys beside it are its parameters."""

    model_config = ConfigDict(extra="allow")

    builder: Annotated[str, AfterValidator(_known)] = Field(
        description=f"Who builds the network: {', '.join(CATALOGUE)}, or a Python file (docs/models.md).",
        json_schema_extra={"pattern": r"\.py$"},
    )

    @property
    def file(self):
        """The Python file."""
        return self.builder


BUILT = {
    name: create_model(cls.__name__, __base__=(cls, Built), __doc__=cls.__doc__, __module__=__name__)
    for name, cls in CATALOGUE.items()
}


def _kind(value):
    """Tell which of the models a value is, by what it names."""
    get = value.get if isinstance(value, dict) else lambda key: getattr(value, key, None)
    if not isinstance(value, dict | Block):
        return "spec"
    builder = get("builder")
    if builder is not None:
        return builder if isinstance(builder, str) and builder in BUILT else "own"
    return "baseline" if get("baseline") is not None else "spec"


_KINDS = {"spec": Spec, "own": OwnBuilder, **BUILT, "baseline": Baseline}
Model = Annotated[
    Union[tuple(Annotated[cls, Tag(name)] for name, cls in _KINDS.items())],  # noqa: UP007
    Discriminator(_kind),
]
