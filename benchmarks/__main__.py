"""Run benchmarks and print their tables: python -m benchmarks [extraction] [training] [filters] [demo]"""

import argparse
import tempfile
from pathlib import Path

from benchmarks import demo, extraction, filters, training
from benchmarks.tables import format_table, write_tables

BENCHMARKS = {"extraction": extraction, "training": training, "filters": filters, "demo": demo}
QUICK = {
    "extraction": {"windows": 5000, "chromosome": 1_000_000, "repeats": 1},
    "training": {"examples": 4000, "repeats": 1},
    "filters": {"examples": 500, "slice_of": 10, "repeats": 1},
    "demo": {},
}


def main(arguments=None):
    """Run the chosen benchmarks, each in a temporary folder."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Speed and memory, as ratios.")
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(BENCHMARKS)}; default all")
    parser.add_argument("--quick", action="store_true", help="less data and one repeat, to see that all runs")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the tables there too, as TSV")
    parser.add_argument(
        "--run", type=Path, metavar="FOLDER", help="run the demo in this folder, or read it there"
    )
    given = parser.parse_args(arguments)
    if unknown := sorted(set(given.names) - set(BENCHMARKS)):
        parser.error(f"there is no benchmark {unknown[0]}; choose from {', '.join(BENCHMARKS)}")
    tables = []
    for name in given.names or BENCHMARKS:
        sizes = QUICK[name] if given.quick else {}
        with tempfile.TemporaryDirectory() as folder:
            place = given.run if name == "demo" and given.run else Path(folder)
            for title, rows in BENCHMARKS[name].run(place, **sizes):
                print(f"{title}\n{format_table(rows)}\n", flush=True)
                tables.append((title, rows))
    if given.output:
        write_tables(tables, given.output)


if __name__ == "__main__":
    main()
