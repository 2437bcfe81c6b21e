"""Tracking: where runs are logged beside the workflow's own tables."""

from typing import Annotated, Literal

from pydantic import Field

from motifloom.config.blocks import Block


class WandB(Block):
    """Runs in the form of Weights & Biases."""

    project: Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^/\\#?%:]+$")] = Field(
        "motifloom", description="Project that runs belong to."
    )
    entity: str | None = Field(None, description="User or team; none: the key's own.")
    mode: Literal["offline", "online"] = Field(
        "offline",
        description="offline: only files, for `wandb sync`; online: sent, by the key in WANDB_API_KEY.",
    )


class Tracking(Block):
    """Where runs are logged beside the workflow's own tables."""

    tensorboard: bool = Field(False, description="Write the run of every network for TensorBoard.")
    wandb: WandB | None = Field(
        None, description="Write the run of every network for Weights & Biases; none: do not."
    )
