"""What a finished run has to say on the terminal: python -m motifloom.report.outcome [results]"""

import sys
from pathlib import Path

from motifloom.io import read_table
from motifloom.report.format import is_missing, p_value


def outcome_lines(results):
    """Return where the pages are and which planted motifs each experiment found, as lines of text.

    Parameters
    ----------
    results : path
        The folder `results` of a finished run.

    Returns
    -------
    list of str
    """
    results, lines = Path(results), []
    # The table of the last run: folders of experiments that are no longer in the config may lie beside it.
    experiments = read_table(results / "comparison.tsv")["experiment"].unique()
    for name in experiments:
        path = results / name / "recovery.tsv"
        if path.exists():
            lines += ["", f"Planted motifs found by {name}:"]
            lines += [f"  {line}" for line in recovery_lines(read_table(path, dtype={"motif": str}))]
    pages = [results / "index.html", *(results / name / "report.html" for name in experiments)]
    lines += ["", "Open in a browser:", *(f"  {page}" for page in pages if page.exists())]
    return lines


def recovery_lines(table, q_value=0.01):
    """Put the table of :func:`recovered_motifs`, best seed of each motif, into lines for the terminal.

    Returns
    -------
    list of str
        One line per planted motif, a summary last; empty for an empty table.
    """
    if not len(table):
        return []
    best = table.sort_values(["q_value", "seed"], kind="stable").drop_duplicates("motif").sort_values("motif")
    labels = [f"{row.motif_name} ({row.motif})" for row in best.itertuples()]
    width = max(map(len, labels))
    lines = []
    for label, row in zip(labels, best.itertuples(), strict=True):
        where = f"{row.filter} ({row.method}, seed {row.seed}), q = {p_value(row.q_value)}"
        if row.found:
            verdict = f"found by {where}"
        elif is_missing(row.filter):
            verdict = "not found; no filter resembles it"
        else:
            verdict = f"not found; closest is {where}"
        lines.append(f"{label:<{width}}  {row.sites:>6,} sites  {verdict}")
    return [*lines, f"{int(best['found'].sum())} of {len(best)} planted motifs found at q < {q_value:g}"]


if __name__ == "__main__":
    print("\n".join(outcome_lines(*sys.argv[1:2] or ["results"])))
