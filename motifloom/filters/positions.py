"""Where in their examples a filter's sites lie: are they closer to the centre than chance puts them?"""

import numpy as np
import pandas as pd

from motifloom.filters.summaries import layer_slices

WITHIN = 10


def central_enrichment(bank, blocks, length, *, within=WITHIN):
    """Count the sites of each filter near the centre of the example.

    A site is central when its middle is at most `within` bp from the middle of the example. Without a
    preference a site stands at any start of a window inside the example with the same probability; the
    p-value is P(X >= central sites), X binomial. Sites of one example overlap, so it is a guide, not an
    exact test.

    Parameters
    ----------
    bank : FilterBank
        The filters.
    blocks : iterable of (filter, offset)
        Sites in any number of blocks: str (n,) names of their filters, and int (n,) first positions in
        their examples. Only examples that are centred on something, such as the summits of peaks, make
        sense here.
    length : int
        Letters of an example.
    within : float
        Half the width of the centre, in bp.

    Returns
    -------
    DataFrame
        filter, sites (in these examples), central_sites, expected_fraction, central_enrichment (observed
        over expected fraction; missing without sites), central_p_value.
    """
    spans = np.array([layer.span for layer in bank.layers for _ in layer.filters], np.int64)
    sites, central = np.zeros(len(bank), np.int64), np.zeros(len(bank), np.int64)
    index = pd.Index(bank.filters)
    for name, offset in blocks:
        number = index.get_indexer(name)
        near = _is_central(np.asarray(offset), spans[number], length, within)
        sites += np.bincount(number, minlength=len(bank))
        central += np.bincount(number[near], minlength=len(bank))
    expected = np.full(len(bank), np.nan)
    for layer, columns in layer_slices(bank):
        starts = layer.starts(length)
        if len(starts):
            expected[columns] = _is_central(starts, layer.span, length, within).mean()
    from scipy.stats import binom

    table = pd.DataFrame(
        {
            "filter": np.array(bank.filters, dtype=str),
            "sites": sites,
            "central_sites": central,
            "expected_fraction": expected,
        }
    ).astype({"filter": str})
    some = table["sites"].where(table["sites"] > 0)
    table["central_enrichment"] = table["central_sites"] / some / table["expected_fraction"]
    tail = binom.sf(table["central_sites"] - 1, table["sites"], table["expected_fraction"])
    table["central_p_value"] = np.where(some.notna(), tail, np.nan)
    return table


def _is_central(starts, span, length, within):
    return np.abs(starts + span / 2 - length / 2) <= within


def site_places(path, ids, rows=500_000):
    """Yield (filter, offset) of the sites of some examples, reading `rows` lines at a time.

    path : a {method}.sites.bed.gz; ids : names of the examples.
    """
    chosen = frozenset(ids)
    kinds = {"filter": str, "id": str, "offset": np.int64}
    for block in pd.read_csv(path, sep="\t", usecols=list(kinds), dtype=kinds, chunksize=rows, quoting=3):
        block = block[block["id"].isin(chosen)]
        yield block["filter"].to_numpy(str), block["offset"].to_numpy()
