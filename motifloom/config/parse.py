"""The whole config, and what is said about mistakes in it."""

import json
from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field, ValidationError

from motifloom.config.blocks import Block, Name, Seed
from motifloom.config.data import Dataset, Simulation
from motifloom.config.evaluation import Evaluation
from motifloom.config.experiments import Experiment
from motifloom.config.interpretation import Interpretation
from motifloom.config.models import Model
from motifloom.config.sweeps import Sweep
from motifloom.config.tracking import Tracking
from motifloom.errors import UserError
from motifloom.files import check_plain, parse_json, parse_yaml, read_text
from motifloom.validation import explain


def _apart(blocks):
    """Refuse names that some disks take for one."""
    known = {}
    for name in blocks:
        if (other := known.setdefault(name.lower(), name)) != name:
            raise ValueError(f"has {other} and {name}, which are one folder on some disks; rename one")
    return blocks


T = TypeVar("T")
Named = Annotated[dict[Name, T], AfterValidator(_apart)]


class Config(Block):
    """The whole config."""

    seed: Seed = Field(1, description="Every random draw derives from it.")
    simulations: Named[Simulation] = Field({}, description="Simulated genomes.")
    datasets: Named[Dataset] = Field(description="Datasets by name.", min_length=1)
    models: Named[Model] = Field(description="Models by name.", min_length=1)
    experiments: Named[Experiment] = Field(description="Experiments by name.", min_length=1)
    sweeps: Named[Sweep] = Field({}, description="Sweeps over hyper-parameters by name.")
    evaluation: Evaluation = Field(default_factory=Evaluation, description="How predictions are judged.")
    interpretation: Interpretation = Field(
        default_factory=Interpretation, description="What is read out of a trained network."
    )
    tracking: Tracking = Field(
        default_factory=Tracking, description="Where runs are logged beside the workflow's own tables."
    )


def as_plain(content):
    """Return content with plain dicts: those that Snakemake makes of JSON cannot be written as YAML."""
    if isinstance(content, dict):
        return {key: as_plain(value) for key, value in content.items()}
    return [as_plain(value) for value in content] if isinstance(content, list) else content


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
    check_plain(content, where)
    try:
        return Config.model_validate(content)
    except ValidationError as error:
        raise UserError("\n".join(f"{where}: {line}" for line in explain(error, Config))) from None


def check_file(path):
    """Raise a UserError where a file of the config, YAML or JSON, has a key twice or would run something.

    Snakemake, which has read it already, takes the last of two keys without a word.
    """
    text = read_text(path, "a config is YAML or JSON").decode()
    try:
        json.loads(text)
        is_json = True
    except (ValueError, RecursionError):
        is_json = str(path).endswith(".json")
    (parse_json if is_json else parse_yaml)(text, path)
