"""Compile all that scanning and matching need, once, at installation: python -m motifloom.filters.warm"""

import numpy as np

from motifloom.data.encode import DNA
from motifloom.filters import match
from motifloom.filters.bank import FilterBank, ScanLayer
from motifloom.filters.methods import top_motifs
from motifloom.filters.scan import activation_blocks, hit_blocks, score_cutoffs, sequence_maxima


def warm():
    """Run every compiled function on a little data, about a minute; later processes load them from disk."""
    layer = ScanLayer("warm", np.ones((5, 4, 2), np.float32), np.zeros(2, np.float32), DNA)
    tokens = np.zeros((2, 30), np.uint8)
    motifs = top_motifs(FilterBank([layer]), tokens)
    list(hit_blocks(layer, tokens, score_cutoffs(layer, motifs.thresholds)))
    list(activation_blocks(layer, tokens))
    sequence_maxima(layer, tokens)
    match.warm()


if __name__ == "__main__":
    warm()
