"""How a network is trained, beyond what its spec says."""

from pydantic import Field

from motifloom.config.blocks import Block, Positive


class Training(Block):
    """What a training does beyond its spec."""

    reverse_complement: bool = Field(False, description="Train on both strands of every training example.")
    epochs: Positive | None = Field(None, description="Instead of the spec's epochs.")
    batch_size: Positive | None = Field(None, description="Instead of the spec's batch_size.")
    threads: Positive = Field(
        2,
        description="Threads of the training; part of the result, so it is set here and not by the machine.",
    )
    shuffle_labels: bool = Field(
        False, description="Control: permute the targets of train and of validation."
    )
