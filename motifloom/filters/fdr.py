"""False discovery rates."""

import numpy as np


def benjamini_hochberg(p):
    """Return the q-values of p-values of any shape (Benjamini and Hochberg 1995); NaN does not count."""
    p = np.asarray(p, np.float64)
    q = np.full(p.shape, np.nan)
    known = ~np.isnan(p)
    found = p[known]
    order = np.argsort(-found, kind="stable")
    steps = found[order] * len(found) / np.arange(len(found), 0, -1)
    ranked = np.empty(len(found))
    ranked[order] = np.minimum(1.0, np.minimum.accumulate(steps))
    q[known] = ranked
    return q
