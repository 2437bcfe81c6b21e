"""Cnnamon's real outputs on its models m1 and m1t: what its users would see again with its definitions."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from motifloom.data.encode import DNA
from motifloom.filters.bank import FilterBank, ScanLayer

BESIDE = Path(__file__).parents[2] / "../shared/reference/cnnamon"
FOLDER = Path(os.environ.get("MOTIFLOOM_REFERENCE", BESIDE))


@pytest.fixture(scope="session")
def reference():
    """The folder of Cnnamon's outputs."""
    if not FOLDER.is_dir():
        pytest.skip("no outputs of Cnnamon here; name their folder by MOTIFLOOM_REFERENCE")
    return FOLDER


@pytest.fixture(scope="session")
def tokens(reference):
    """uint8 (500, 300)."""
    return np.load(reference / "sub500_tokens.npy")


@pytest.fixture(scope="session")
def labels(reference):
    """float32 (500, 1): 0 or 1."""
    return np.load(reference / "sub500_labels.npy")


@pytest.fixture(scope="session", params=["m1", "m1t"])
def model(request):
    """The name of a model, the prefix of its files."""
    return request.param


@pytest.fixture(scope="session")
def bank(reference, model):
    """The filters of a model: 12 of 20 positions, padding same, linear."""
    kernel = np.load(reference / f"{model}_conv1_kernel.npy")
    bias = np.load(reference / f"{model}_conv1_bias.npy")
    config = json.loads((reference / f"{model}_config.json").read_text())
    padding = config["config"]["layers"][1]["config"]["padding"]
    return FilterBank([ScanLayer("filter", kernel, bias, DNA, padding=padding)])
