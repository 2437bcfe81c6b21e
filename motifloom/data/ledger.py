"""The ledger: what was lost or changed between the user's files and the dataset, one row each."""

import numpy as np
import pandas as pd

COLUMNS = ["source", "file", "line", "record", "action", "reason"]
ACTIONS = ("dropped", "clipped", "shifted", "padded", "merged")


class Ledger:
    """Collects rows; `table` gives them in the order in which they were added."""

    def __init__(self):
        self._parts = []

    def add(self, rows, action, reason):
        """Enter every row of a frame.

        Parameters
        ----------
        rows : DataFrame
            Columns source, file, record (line or record number), chrom, raw_start, raw_end (the interval as
            it is in the file, or a bin of it; -1 without coordinates) and name.
        action : str
            One of `ACTIONS`.
        reason : str or sequence of str
            Why, for all rows or row by row.
        """
        if not len(rows):
            return
        located = (rows["raw_start"] >= 0).to_numpy()
        interval = rows["chrom"] + ":" + rows["raw_start"].astype(str) + "-" + rows["raw_end"].astype(str)
        part = {
            "source": rows["source"].to_numpy(),
            "file": rows["file"].to_numpy(),
            "line": rows["record"].astype("Int64").array,
            "record": np.where(located, interval, rows["name"]),
            "action": action,
            "reason": reason if isinstance(reason, str) else np.asarray(reason, object),
        }
        self._parts.append(pd.DataFrame(part, columns=COLUMNS))

    def table(self):
        """Return the ledger as a frame with the columns `COLUMNS`."""
        if not self._parts:
            return pd.DataFrame(columns=COLUMNS)
        return pd.concat(self._parts, ignore_index=True)


def fill_rows(template, *columns, rows=None):
    """Return texts, object (n,): the template filled in row by row with the columns (n,).

    Where `rows` (bool) is given the others are empty.
    """
    count = len(columns[0])
    texts = np.full(count, "", object)
    for row in range(count) if rows is None else np.flatnonzero(rows):
        texts[row] = template.format(*(column[row] for column in columns))
    return texts
