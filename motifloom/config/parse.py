"""The whole config, and what is said about mistakes in it."""

from pydantic import Field, ValidationError

from motifloom.config.blocks import Block, Name, Seed
from motifloom.config.data import Dataset, Simulation
from motifloom.config.evaluation import Evaluation
from motifloom.config.experiments import Experiment
from motifloom.config.interpretation import Interpretation
from motifloom.config.models import Model
from motifloom.config.sweeps import Sweep
from motifloom.config.tracking import Tracking
from motifloom.errors import UserError
from motifloom.validation import explain


class Config(Block):
    """The whole config."""

    seed: Seed = Field(1, description="Every random draw derives from it.")
    simulations: dict[Name, Simulation] = Field({}, description="Simulated genomes.")
    datasets: dict[Name, Dataset] = Field(description="Datasets by name.", min_length=1)
    models: dict[Name, Model] = Field(description="Models by name.", min_length=1)
    experiments: dict[Name, Experiment] = Field(description="Experiments by name.", min_length=1)
    sweeps: dict[Name, Sweep] = Field({}, description="Sweeps over hyper-parameters by name.")
    evaluation: Evaluation = Field(default_factory=Evaluation, description="How predictions are judged.")
    interpretation: Interpretation = Field(
        default_factory=Interpretation, description="What is read out of a trained network."
    )
    tracking: Tracking = Field(
        default_factory=Tracking, description="Where runs are logged beside the workflow's own tables."
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
        raise UserError("\n".join(f"{where}: {line}" for line in explain(error, Config))) from None
