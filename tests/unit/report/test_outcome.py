"""What a finished run prints."""

import pandas as pd

from motifloom.io import write_table, write_text
from motifloom.report.outcome import outcome_lines


def test_pages_and_found_motifs_are_named(tmp_path):
    columns = ["seed", "motif", "motif_name", "sites", "filter", "method", "q_value", "found"]
    rows = [
        (1, "MA0080.6", "Spi1", 20, None, None, None, False),
        (1, "MA0139.1", "CTCF", 300, "scan_004", "top", 4e-25, True),
    ]
    # "gone" was in an earlier config.
    for name in ("first", "gone"):
        write_table(pd.DataFrame(rows, columns=columns), tmp_path / name / "recovery.tsv")
    names = pd.DataFrame({"experiment": ["second", "second", "first", "d.gc"]})
    write_table(names, tmp_path / "comparison.tsv")
    for page in ("index.html", "first/report.html", "gone/report.html", "second/report.html"):
        write_text("", tmp_path / page)
    lines = outcome_lines(tmp_path)
    assert lines[1] == "Planted motifs found by first:"
    assert "Spi1" in lines[2] and "no filter resembles it" in lines[2]
    assert "CTCF" in lines[3] and "scan_004 (top, seed 1)" in lines[3]
    assert lines[4].strip() == "1 of 2 planted motifs found at q < 0.01"
    pages = ["index.html", "second/report.html", "first/report.html"]
    assert lines[5:] == ["", "Open in a browser:", *(f"  {tmp_path}/{page}" for page in pages)]
