"""Compile what scanning, tests and matching need, once, at installation: python -m motifloom.filters.warm"""

from dataclasses import replace

import numpy as np

from motifloom.data.encode import DNA
from motifloom.filters import match, scan
from motifloom.filters.bank import FilterBank, ScanLayer
from motifloom.filters.methods import top_motifs
from motifloom.filters.sensitivity import sensitivity_table
from motifloom.filters.significance import test_windows


def warm():
    """Run every compiled function on a little data, about a minute; later processes load them from disk."""
    kernel = np.random.default_rng(0).normal(size=(5, 4, 2)).astype(np.float32)
    layer = ScanLayer("warm", kernel, np.zeros(2, np.float32), DNA)
    tokens = np.zeros((2, 30), np.uint8)
    bank = FilterBank([layer])
    motifs = top_motifs(bank, tokens)
    list(scan.hit_blocks(layer, tokens, scan.score_cutoffs(layer, motifs.thresholds)))
    scan.summarise_sequences(layer, tokens)
    scan.summarise_sequences(replace(layer, activation="exponential"), tokens)
    scan.position_profile(layer, tokens, np.ones((2, 1)))
    for null in ("shuffle", "background"):
        test_windows(bank, tokens, null=null, universe="all")
    sensitivity_table(bank, tokens, motifs.cutoffs)
    match.warm()


if __name__ == "__main__":
    warm()
