import copy

import numpy as np
import pandas as pd
import pytest

from motifloom.data.encode import DNA
from motifloom.data.store import Dataset, write_dataset

SPEC = {
    "model": {
        "layers": [
            {
                "class_name": "Conv1D",
                "config": {"name": "scan", "filters": 4, "kernel_size": 5, "activation": "relu"},
            },
            {"class_name": "GlobalMaxPooling1D", "config": {}},
            {"class_name": "Dense", "config": {"units": 1, "activation": "sigmoid"}},
        ]
    },
    "compile": {
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 0.05}},
        "loss": "binary_crossentropy",
        "metrics": ["accuracy"],
    },
    "training_params": {"epochs": 3, "batch_size": 16},
    "callbacks": {},
}


@pytest.fixture
def spec():
    """A fresh small binary spec, to be changed at will."""
    return copy.deepcopy(SPEC)


@pytest.fixture
def sizes():
    """What a binary dataset of 30 bp asks of a network."""
    return {"length": 30, "alphabet_size": 4, "task": "binary", "n_targets": 1}


@pytest.fixture
def examples():
    """160 sequences of 30 bp; those with GATTACA are positive."""
    rng = np.random.default_rng(3)
    tokens = rng.integers(0, 4, (160, 30), dtype=np.uint8)
    targets = np.zeros((160, 1), np.float32)
    targets[::2] = 1
    for row in range(0, 160, 2):
        at = rng.integers(0, 23)
        tokens[row, at : at + 7] = DNA.encode("GATTACA")
    rows = np.arange(160)
    return tokens, {"train": (rows[:120], targets[:120]), "validation": (rows[120:], targets[120:])}


@pytest.fixture
def dataset(tmp_path, examples):
    """The examples as a dataset on disk, from a file with a checksum."""
    tokens, parts = examples
    targets = np.concatenate([parts["train"][1], parts["validation"][1]])
    frame = pd.DataFrame({"id": [f"s:{i}" for i in range(160)], "chrom": "", "target.bound": targets[:, 0]})
    kind = {"alphabet": DNA, "task": "binary", "classes": ["unbound", "bound"]}
    write_dataset(tmp_path / "d.h5", frame, [tokens], **kind, sources={"a.bed": "00ff"})
    with Dataset(tmp_path / "d.h5") as opened:
        yield opened
