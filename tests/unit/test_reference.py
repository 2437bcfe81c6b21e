"""The generated files are those of the models, and the shipped configs are valid."""

from pathlib import Path

import pytest
import yaml

from motifloom.config.parse import parse_config
from motifloom.parameters import CATALOGUE
from motifloom.reference import reference, rows, schema, sections

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


def test_builders_and_optional_blocks_have_sections_of_their_own():
    found = {title: {row[0]: row for row in table} for title, _, table in sections()}
    for name, builder in CATALOGUE.items():
        assert set(found[f"`builder: {name}`"]) == set(builder.model_fields) - {"builder"}
    kind, default = found["`builder: pysster`"]["kernel_num"][1:3]
    assert (kind, default) == ("integer or list of integer", "`30`")
    keys = {row[0] for row in rows()}
    assert {f"models.<name>.{key}" for key in ("spec", "baseline", "k", "builder", "compile")} <= keys
    assert not any(key.endswith("kernel_num") for key in keys)
    for table in found.values():
        assert all(row[1] and row[3].endswith(".") for row in table.values())
