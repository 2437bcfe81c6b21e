"""Small inputs that several tests use."""

import copy

import pytest
import yaml

from motifloom.checks import check_config
from motifloom.config.parse import parse_config
from motifloom.errors import UserError

BASE = yaml.safe_load("""
datasets:
  reb1:
    task: binary
    genome: genome.fa
    sources:
      - {intervals: peaks.bed, target: 1}
      - {negatives: gc_matched, ratio: 2, target: 0}
    window: {length: 200}
    split: {by: chromosome, validation: [chrIV], test: [chrX]}
models:
  shallow: {spec: shallow.json}
experiments:
  first: {dataset: reb1, model: shallow}
""")


def edited(path, value):
    """Return BASE with the key at a dotted path set to a value (or removed, for None)."""
    config = copy.deepcopy(BASE)
    *parents, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    block = config
    for step in parents:
        block = block[step]
    if value is None:
        del block[last]
    else:
        block[last] = value
    return config


def message(config):
    """Return what is said of a config in which something is wrong."""
    with pytest.raises(UserError) as caught:
        check_config(parse_config(config, "my.yaml"), "my.yaml", exists=lambda path: path != "absent.bed")
    return str(caught.value)


# A dataset of proteins.
PROTEIN = yaml.safe_load("""
datasets:
  p:
    task: binary
    alphabet: protein
    sources: [{fasta: a.fa, target: 1}, {fasta: b.fa, target: 0}]
models: {net: {spec: net.json}}
experiments: {e: {dataset: p, model: net}}
""")
