"""The whole config, and what is said about mistakes in it."""

import re

from pydantic import Field, ValidationError

from motifloom.config.blocks import Block, Name, Seed
from motifloom.config.data import Dataset, Simulation
from motifloom.config.evaluation import Evaluation
from motifloom.config.experiments import Experiment
from motifloom.config.interpretation import Interpretation
from motifloom.config.models import Model
from motifloom.errors import UserError, suggest


class Config(Block):
    """The whole config."""

    seed: Seed = Field(1, description="Every random draw derives from it.")
    simulations: dict[Name, Simulation] = Field({}, description="Simulated genomes.")
    datasets: dict[Name, Dataset] = Field(description="Datasets by name.", min_length=1)
    models: dict[Name, Model] = Field(description="Models by name.", min_length=1)
    experiments: dict[Name, Experiment] = Field(description="Experiments by name.", min_length=1)
    evaluation: Evaluation = Field(default_factory=Evaluation, description="How predictions are judged.")
    interpretation: Interpretation = Field(
        default_factory=Interpretation, description="What is read out of a trained network."
    )


def parse_config(content, where):
    """Check a config and fill in its defaults.

    Parameters
    ----------
    content : dict
        The config as read from YAML.
    where : str
        Name of its file, for messages.

    Returns
    -------
    Config

    Raises
    ------
    UserError
        One line per mistake: file, key path, what is wrong, what to write instead.
    """
    if not content:
        raise UserError(f"{where}: the config is empty; it needs datasets, models and experiments")
    if not isinstance(content, dict):
        raise UserError(
            f"{where}: the config is a {type(content).__name__}, not a mapping; "
            "it needs the keys datasets, models and experiments"
        )
    try:
        return Config.model_validate(content)
    except ValidationError as error:
        lines = dict.fromkeys(_message(item) for item in error.errors())
        raise UserError("\n".join(f"{where}: {line}" for line in lines)) from None


def _message(item):
    # A value that fits no branch of a union gives one error per branch, with a type's name in the location.
    branch = next((n for n, part in enumerate(item["loc"]) if _is_type_name(part)), None)
    steps = [step for step in item["loc"][:branch] if step != "[key]"]
    path = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in steps).lstrip(".")
    kind, context = item["type"], item.get("ctx", {})
    if branch is not None:
        return f"{path}: takes something else: {_field(item['loc'][:branch]).description}"
    if kind == "extra_forbidden":
        return f"{path}: unknown key{_suggestion(item['loc'])}"
    if kind == "missing":
        return f"{path}: missing; add it"
    if kind == "string_pattern_mismatch":
        return f"{path}: {item['input']!r} is no valid name; use letters, digits, _ and - only"
    if kind == "literal_error":
        known = re.findall(r"'([^']*)'", context["expected"])
        return f"{path}: {item['input']!r} is not one of {context['expected']}{suggest(item['input'], known)}"
    if kind == "too_short":
        return f"{path}: is empty; give at least one"
    if kind == "list_type" and isinstance(item["input"], str | int | float):
        return f"{path}: {item['input']!r} is no list; write [{item['input']}]"
    if kind == "value_error":
        return f"{path or 'the config'} {context['error']}"
    text = item["msg"].replace("Input should be", "should be")
    return f"{path}: {item['input']!r} {text}" if not isinstance(item["input"], dict) else f"{path}: {text}"


def _is_type_name(part):
    names = ("int", "float", "str", "Column", "Columns")
    return isinstance(part, str) and (
        part in names or part.startswith(("list[", "dict[", "literal[", "constrained-"))
    )


def _suggestion(location):
    """Name the nearest key of the block in which the unknown one stands, or all its keys."""
    keys = list(getattr(_block(location[:-1]), "model_fields", {}))
    return suggest(location[-1], keys) or f"; known keys: {', '.join(keys)}"


def _block(location):
    """Return the model that stands at a key path."""
    block = Config
    for part in location:
        fields = getattr(block, "model_fields", {})
        block = fields[part].annotation if part in fields else block
        inner = [a for a in getattr(block, "__args__", ()) if hasattr(a, "model_fields")]
        block = inner[0] if inner else block
    return block


def _field(location):
    return _block(location[:-1]).model_fields[location[-1]]
