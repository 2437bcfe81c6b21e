"""Small inputs that several tests use."""

import yaml

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
