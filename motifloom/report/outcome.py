"""What a finished run has to say on the terminal: python -m motifloom.report.outcome [results]"""

import sys
from pathlib import Path

from motifloom.filters.recovery import recovery_lines
from motifloom.io import read_table


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
            lines += [f"  {line}" for line in recovery_lines(read_table(path))]
    pages = [results / "index.html", *(results / name / "report.html" for name in experiments)]
    lines += ["", "Open in a browser:", *(f"  {page}" for page in pages if page.exists())]
    return lines


if __name__ == "__main__":
    print("\n".join(outcome_lines(*sys.argv[1:2] or ["results"])))
