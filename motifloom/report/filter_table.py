"""The table of filters: a row per filter and method, its panel, and every logo drawn once."""

import hashlib
import re

import numpy as np
from markupsafe import Markup

from motifloom.plots.logos import logo_svg
from motifloom.report.format import is_missing, number, p_value

BEST = ["best_match_id", "best_match_name", "best_match_q_value"]
# Rows beyond this many make a page slow to open; further seeds then stay in their files.
MOST_ROWS = 1000
# Matches listed in a panel; all are in the table of matches.
MOST_MATCHES = 10


class LogoStore:
    """Draws each logo once as an SVG symbol, which rows and panels then refer to."""

    def __init__(self):
        self._symbols = {}

    def add(self, motif, letters="ACGT"):
        """Return {"id", "width"} of the symbol of a motif, drawn if it is new; None for None.

        Parameters
        ----------
        motif : pandas.DataFrame, array or None
            Probabilities (W, A); a data frame's columns are the letters.
        letters : str
            Letters of an array's columns.
        """
        if motif is None:
            return None
        letters = "".join(motif.columns) if hasattr(motif, "columns") else letters
        values = np.round(np.asarray(motif, dtype=np.float64), 4)
        name = "logo-" + hashlib.sha256(letters.encode() + values.tobytes()).hexdigest()[:10]
        if name not in self._symbols:
            self._symbols[name] = _symbol(logo_svg(values, letters), name)
        return {"id": name, "width": len(values)}

    def symbols(self):
        """Return all symbols as markup."""
        return Markup("".join(self._symbols.values()))


def _symbol(text, name):
    box, inner = re.fullmatch(r'<svg[^>]*? viewBox="([^"]+)"[^>]*>(.*)</svg>', text, re.DOTALL).groups()
    return f'<symbol id="{name}" viewBox="{box}" preserveAspectRatio="none">{inner}</symbol>'


def filters_section(report, store):
    """Return the Filters section, None for a model without scanning layers.

    Parameters
    ----------
    report : motifloom.report.page.ExperimentReport
    store : LogoStore
        Collects the logos.

    Returns
    -------
    dict or None
        rows (best match first, within seed and method), methods, seeds shown, seeds left out.
    """
    rows, shown, left_out = [], [], []
    for run in report.runs:
        if run.summary is None or not len(run.summary):
            continue
        if shown and len(rows) + len(run.summary) > MOST_ROWS:
            left_out.append(run)
            continue
        shown.append(run)
        rows += _run_rows(run, report.database, store)
    if not rows:
        return None
    return {
        "rows": rows,
        "methods": list(dict.fromkeys(name for run in shown for name in run.summary["method"])),
        "shown": shown,
        "left_out": left_out,
        "matched": any(row["matches"] for row in rows),
        "widest": max((row["logo"]["width"] for row in rows if row["logo"]), default=0),
        "has_logos": any(row["logo"] for row in rows),
    }


def _run_rows(run, database, store):
    grouped = {}
    if run.matches is not None and len(run.matches):
        grouped = dict(list(run.matches.sort_values(["rank"], kind="stable").groupby(["method", "filter"])))
    summary = run.summary.reindex(columns=list(dict.fromkeys([*run.summary, *BEST])))
    summary = summary.sort_values(["best_match_q_value", "filter"], kind="stable", na_position="last")
    most_sites = summary["n_sites"].max()
    rows = []
    for row in summary.to_dict("records"):
        method, name = row["method"], row["filter"]
        # A filter that never fires has no motif: its probabilities are the background.
        logo = None if row["n_sites"] == 0 else store.add(run.motifs.get(method, {}).get(name))
        matches = grouped.get((method, name))
        found = [] if matches is None else matches.head(MOST_MATCHES).to_dict("records")
        drawn = [_match(match, logo, database, store) for match in found]
        has_best = not is_missing(row["best_match_id"])
        rows.append(
            {
                "id": f"seed{run.seed}-{method}-{name}",
                "seed": run.seed,
                "method": method,
                "filter": name,
                "layer": row["layer"],
                "logo": logo,
                "sites": row["n_sites"],
                "share": _share(row["n_sites"], most_sites),
                "threshold": row["threshold"],
                "information": row["information_content"],
                "consensus": "" if is_missing(row["consensus"]) else row["consensus"],
                "best": {
                    "id": row["best_match_id"],
                    "name": _name(row["best_match_name"], row["best_match_id"]),
                }
                if has_best
                else None,
                "q": row["best_match_q_value"] if has_best else float("nan"),
                "aligned": _best(drawn, row["best_match_id"]) if has_best else None,
                "matches": drawn,
                "n_matches": 0 if matches is None else len(matches),
                "text": _search_text(row, drawn if has_best else []),
                "links": _links(run, method, name),
            }
        )
    return rows


def _match(match, logo, database, store):
    """Put a match into texts, with its logo on the filter's strand and the shift between the two."""
    motif = database.get(match["motif_id"])
    drawn = None
    if motif is not None and logo:
        # Only DNA is matched on both strands, and its letters in reverse are the complements.
        turned = motif.probabilities[::-1, ::-1] if match["strand"] == "-" else motif.probabilities
        drawn = store.add(turned, motif.alphabet)
    return {
        "rank": match["rank"],
        "id": match["motif_id"],
        "name": _name(match["motif_name"], match["motif_id"]),
        "p": p_value(match["p_value"]),
        "q": p_value(match["q_value"]),
        "strand": match["strand"],
        "overlap": number(match["overlap"], 0),
        "logo": drawn and {**drawn, "shift": int(match["offset"])},
    }


def _name(name, identifier):
    return identifier if is_missing(name) else name


def _best(matches, identifier):
    return next((match for match in matches if match["id"] == identifier), None)


def _share(sites, most):
    return None if is_missing(sites) else round(100 * sites / max(most, 1), 1)


def _search_text(row, matches):
    words = [row["filter"], row["consensus"], row["best_match_id"], row["best_match_name"]]
    words += [word for match in matches for word in (match["name"], match["id"])]
    return " ".join(dict.fromkeys(str(word).lower() for word in words if not is_missing(word)))


def _links(run, method, name):
    """Return [(label, relative path)] of the files that a filter's row is drawn from."""
    known = {
        "logo (SVG)": f"filters/{method}.logos/{name}.svg",
        "motifs (MEME)": f"filters/{method}.meme",
        "sites (BED)": f"filters/{method}.sites.bed.gz",
        "matches (TSV)": "filters/matches.tsv",
        "counts (HDF5)": f"filters/{method}.h5",
    }
    return [(label, run.links[key]) for label, key in known.items() if key in run.links]
