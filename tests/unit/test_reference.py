"""The generated files are those of the models, and the shipped configs are valid."""

from pathlib import Path

import pytest
import yaml

from motifloom.config.parse import parse_config
from motifloom.reference import reference, rows, schema

ROOT = Path(__file__).parents[2]
CONFIGS = [ROOT / "config/config.yaml", *sorted((ROOT / "config/examples").glob("*.yaml"))]


def test_schema_and_reference_are_up_to_date():
    assert (ROOT / "config/schema.json").read_text() == schema()
    assert (ROOT / "docs/config.md").read_text() == reference()


def test_every_key_has_a_meaning_and_a_type():
    for key, kind, _, text in rows():
        assert kind and text.endswith("."), key


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_shipped_configs_are_valid(path):
    assert parse_config(yaml.safe_load(path.read_text()), path.name).experiments
