"""Which motifs several seeds of an experiment found: the Stability section."""

from motifloom.report.sections import anchor

# Rows of the section; the table has all.
MOST_SETS = 300


def stability_section(report, store, filters):
    """Return the Stability section; None for one seed, or where seeds were not compared.

    Parameters
    ----------
    report : motifloom.report.page.ExperimentReport
    store : motifloom.report.symbols.SymbolStore
        Takes up the logos.
    filters : dict or None
        The Filters section, which the motifs' filters link to.

    Returns
    -------
    dict or None
        seeds (number), tally (list of (seeds, motifs found by so many)), rows (motifs, found by most seeds
        first), left_out (number).
    """
    table = report.stability
    count = len({run.seed for run in report.runs})
    if table is None or not len(table) or count < 2:
        return None
    motifs = {run.seed: run.motifs for run in report.runs}
    methods = filters["methods"] if filters else []
    known = {row["id"] for row in filters["rows"]} if filters else set()
    rows = []
    for number, members in table.groupby("motif", sort=True):
        records = members.to_dict("records")
        medoid = next((row for row in records if row["medoid"]), records[0])
        others = [row["similarity"] for row in records if row is not medoid]
        found = (motifs.get(medoid["seed"], {}).get(method, {}).get(medoid["filter"]) for method in methods)
        rows.append(
            {
                "number": number,
                "seeds": len({row["seed"] for row in records}),
                "motif": next((motif for motif in found if motif is not None), None),
                "medoid": medoid,
                "members": [(row["seed"], row["filter"], _anchor(row, methods, known)) for row in records],
                "similarity": sum(others) / len(others) if others else float("nan"),
            }
        )
    rows.sort(key=lambda row: (-row["seeds"], -len(row["members"]), row["number"]))
    tally = [(n, sum(row["seeds"] == n for row in rows)) for n in range(count, 0, -1)]
    shown = rows[:MOST_SETS]
    for row in shown:
        row["logo"] = store.add(row.pop("motif"))
    return {"seeds": count, "tally": tally, "rows": shown, "left_out": len(rows) - len(shown)}


def _anchor(row, methods, known):
    """Return the identifier of the first of a filter's rows that is on the page, or None."""
    found = (anchor(row["seed"], method, row["filter"]) for method in methods)
    return next((name for name in found if name in known), None)
