"""A run that nothing disturbs, to compare others with."""

import pytest
import yaml
from runner import TINY, snakemake


@pytest.fixture(scope="session")
def config():
    """One experiment of the tiny config, over two folds and without controls: few jobs, of every kind."""
    config = yaml.safe_load(TINY)
    del config["datasets"]["factor"], config["models"]["written"], config["experiments"]["second"]
    config["evaluation"]["baselines"] = ["kmer"]
    config["interpretation"] |= {"filters": {"methods": ["top", "significant"]}, "analyses": ["importance"]}
    return config


@pytest.fixture(scope="session")
def undisturbed(config, tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    snakemake(folder, config)
    return folder
