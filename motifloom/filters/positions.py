"""Where in their examples a filter's sites lie: are they closer to the centre than chance puts them?"""

import numpy as np
import pandas as pd
from scipy.stats import binom

from motifloom.filters.scan import hit_blocks, score_cutoffs

WITHIN = 10


def central_enrichment(motifs, bank, tokens, rows=None, *, within=WITHIN, threads=None):
    """Count the sites of each filter near the centre of the window.

    A site is central when its middle is at most `within` bp from the middle of the example. Without a
    preference a site stands at any start of a window inside the example with the same probability; the
    p-value is P(X >= central sites), X binomial. Sites of one example overlap, so it is a guide, not an
    exact test.

    Parameters
    ----------
    motifs : MotifSet
        Made by a method with thresholds on the activation.
    bank : FilterBank
        Its filters.
    tokens : array or h5py dataset, uint8 (N, L)
    rows : int array or None
        Which examples: those centred on something, such as the summits of peaks.
    within : float
        Half the width of the centre, in bp.
    threads : int or None
        Default: all CPUs. The result does not depend on it.

    Returns
    -------
    DataFrame
        filter, sites (in these examples), central_sites, expected_fraction, central_enrichment (observed
        over expected fraction; missing without sites), central_p_value.
    """
    length, before = tokens.shape[1], 0
    columns = {"filter": bank.filters, "sites": [], "central_sites": [], "expected_fraction": []}
    for layer in bank.layers:
        count = len(layer.filters)
        cutoffs = score_cutoffs(layer, motifs.thresholds[before : before + count])
        sites, central = np.zeros(count, np.int64), np.zeros(count, np.int64)
        for hits in hit_blocks(layer, tokens, cutoffs, rows, threads=threads):
            sites += np.bincount(hits.filter, minlength=count)
            near = _is_central(hits.start, layer.span, length, within)
            central += np.bincount(hits.filter[near], minlength=count)
        expected = _is_central(layer.starts(length), layer.span, length, within).mean()
        columns["sites"] += sites.tolist()
        columns["central_sites"] += central.tolist()
        columns["expected_fraction"] += [expected] * count
        before += count
    # Without filters there is nothing to tell the types of columns from.
    types = {"filter": str, "sites": int, "central_sites": int, "expected_fraction": float}
    table = pd.DataFrame(columns).astype(types)
    some = table["sites"].where(table["sites"] > 0)
    table["central_enrichment"] = table["central_sites"] / some / table["expected_fraction"]
    tail = binom.sf(table["central_sites"] - 1, table["sites"], table["expected_fraction"])
    table["central_p_value"] = np.where(some.notna(), tail, np.nan)
    return table


def _is_central(starts, span, length, within):
    return np.abs(starts + span / 2 - length / 2) <= within
