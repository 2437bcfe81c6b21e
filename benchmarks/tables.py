"""Tables of a benchmark: aligned text for the terminal, TSV for a file."""

import csv


def format_table(rows):
    """Return rows (list of dict with the same keys) as aligned text."""
    names = list(rows[0])
    cells = [[name.replace("_", " ") for name in names]]
    cells += [[_format(row[name]) for name in names] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    left = [isinstance(rows[0][name], str) for name in names]
    lines = []
    for line in cells:
        padded = zip(line, widths, left, strict=True)
        lines.append("  ".join(f"{t:<{w}}" if text else f"{t:>{w}}" for t, w, text in padded).rstrip())
    return "\n".join(lines)


def write_tables(tables, path):
    """Write tables (list of (title, rows)) as one TSV; a column that a table lacks is empty there."""
    names = list(dict.fromkeys(name for _, rows in tables for row in rows for name in row))
    rows = [{"benchmark": title, **row} for title, rows in tables for row in rows]
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, ["benchmark", *names], delimiter="\t", lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()})


def _format(value):
    """Three significant digits, and no exponent."""
    if not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) else str(value)
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f"{value:.{digits}f}"
