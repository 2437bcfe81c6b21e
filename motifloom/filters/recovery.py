"""Which planted motifs a model found: the simulation's truth against the filters' best matches."""

import logging

import numpy as np
import pandas as pd

from motifloom.errors import UserError

LOG = logging.getLogger(__name__)

BEST = ["filter", "method", "q_value"]


def recovered_motifs(truth, matches, database=None, *, regions=None, q_value=0.01):
    """Find, for every seed and planted motif, the filter that resembles it most.

    A match counts for a planted motif when the matched database motif has the same identifier; failing
    that the same identifier without its version (``MA0139.1`` and ``MA0139.2``), or the same name.

    Parameters
    ----------
    truth : pandas.DataFrame
        One row per planted site: chrom, start, end (0-based half-open), motif, motif_name.
    matches : dict of int to pandas.DataFrame
        Tomtom matches by seed: method, filter, motif_id, motif_name, p_value, q_value; may be empty.
    database : dict, optional
        The searched motifs: identifier -> motif with attribute `name`. A planted motif that is not among
        them can not be found, which is logged. Without it the matched motifs decide which rule holds.
    regions : pandas.DataFrame, optional
        The dataset's windows (chrom, start, end). With it only sites that lie whole in a window are
        counted, and motifs without such a site are left out: no model could have learnt them.
    q_value : float
        A motif is found when its best match has a q-value below this.

    Returns
    -------
    pandas.DataFrame
        One row per seed and planted motif, by seed, then identifier: seed, motif, motif_name, sites (number
        of planted sites), filter, method and q_value (of the best match; missing without any), found (bool).

    Raises
    ------
    UserError
        A column of `truth` is missing.
    """
    missing = {"motif", "motif_name"} - set(truth.columns)
    if missing:
        raise UserError(f"truth table: column {min(missing)!r} is missing; give the simulation's truth.tsv")
    if regions is not None:
        truth = truth[_inside(truth, regions)]
    sites = truth.groupby(["motif", "motif_name"], sort=True).size().reset_index(name="sites")
    planted = sites.to_dict("records")
    known = _identifiers(matches.values()) if database is None else _database_identifiers(database)
    accepted = [_same_motif(motif["motif"], motif["motif_name"], known) for motif in planted]
    for motif, identifiers in zip(planted, accepted, strict=True):
        if database is not None and not identifiers:
            LOG.warning(
                "planted motif %(motif_name)s (%(motif)s) is not in the motif database: it can not be found",
                motif,
            )
    rows = []
    for seed in sorted(matches):
        ordered = matches[seed].sort_values(["q_value", "p_value", "filter", "method"], kind="stable")
        for motif, identifiers in zip(planted, accepted, strict=True):
            best = ordered.loc[ordered["motif_id"].isin(identifiers), BEST].head(1).to_dict("records")
            rows.append({"seed": seed, **motif, **(best[0] if best else {})})
    table = pd.DataFrame(rows, columns=["seed", *sites.columns, *BEST])
    table["q_value"] = table["q_value"].astype(float)
    return table.assign(found=table["q_value"] < q_value)


def _same_motif(motif, name, known):
    """List the known identifiers that mean the planted motif; the strictest rule with a hit decides."""
    rules = (
        lambda identifier, _: identifier == motif,
        lambda identifier, _: _unversioned(identifier) == _unversioned(motif),
        # Some databases give one name only, which then starts with the factor's: CTCF.H13CORE.0.P.B
        lambda identifier, other: (other or identifier.split(".")[0]).casefold() == name.casefold(),
    )
    hits = ([pair[0] for pair in known.items() if rule(*pair)] for rule in rules)
    return next(filter(None, hits), [])


def _unversioned(identifier):
    stem, dot, version = identifier.rpartition(".")
    return stem if dot and version.isdigit() else identifier


def _identifiers(tables):
    matches = pd.concat(tables)
    names = matches["motif_name"].astype(object).fillna("").astype(str)
    return dict(zip(matches["motif_id"].astype(str), names, strict=True))


def _database_identifiers(database):
    return {str(identifier): str(motif.name) for identifier, motif in database.items()}


def _inside(truth, regions):
    """Mark sites that lie whole within at least one region (bool array, one per site).

    Among the regions that start at or before a site, one contains it exactly when their largest end
    reaches the site's end, so a running maximum over sorted starts answers every site at once.
    """
    inside = np.zeros(len(truth), dtype=bool)
    by_chrom = dict(list(regions.groupby("chrom")))
    for chrom, rows in truth.reset_index(drop=True).groupby("chrom"):
        if chrom in by_chrom:
            windows = by_chrom[chrom].sort_values("start")
            reach = np.maximum.accumulate(windows["end"].to_numpy())
            last = np.searchsorted(windows["start"].to_numpy(), rows["start"].to_numpy(), side="right") - 1
            inside[rows.index] = (last >= 0) & (reach[np.maximum(last, 0)] >= rows["end"].to_numpy())
    return inside
