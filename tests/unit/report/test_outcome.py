"""What a finished run prints."""

import pandas as pd

from motifloom.io import write_table
from motifloom.report.outcome import outcome_lines


def test_pages_and_found_motifs_are_named(tmp_path):
    columns = ["motif", "motif_name", "sites", "filter", "method", "q_value", "found"]
    rows = [("MA0139.1", "CTCF", 300, "scan_004", "top", 4e-25, True)]
    write_table(pd.DataFrame(rows, columns=columns), tmp_path / "first/recovery.tsv")
    for page in ("index.html", "first/report.html"):
        (tmp_path / page).write_text("")
    lines = outcome_lines(tmp_path)
    assert lines[1] == "Planted motifs found by first:"
    assert "CTCF" in lines[2] and "scan_004" in lines[2]
    assert lines[3].strip() == "1 of 1 planted motifs found at q < 0.01"
    assert lines[-2:] == [f"  {tmp_path}/index.html", f"  {tmp_path}/first/report.html"]
