"""Read a file by several readers within limits, and print what came of each and how much memory all took.

    python tests/damaged/measure.py FILE READER ...

The last line is the largest resident memory beyond that of the program itself, in MB.
"""

import resource
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from damaged import readers  # noqa: E402

from motifloom.data.encode import DNA  # noqa: E402
from motifloom.errors import UserError  # noqa: E402
from motifloom.genome.fasta import Genome, read_fasta  # noqa: E402
from motifloom.genome.intervals import read_intervals  # noqa: E402


def peak():
    """Return the largest resident memory so far in MB; what getrusage says includes the parent's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


COUNTS = {
    "fasta": lambda path: sum(len(tokens) for _, _, tokens in read_fasta(path, DNA)),
    "genome": lambda path: sum(Genome(path, path.with_name("index")).sizes.values()),
    "intervals": lambda path: len(read_intervals(path)),
    "table": lambda path: len(readers.table(path)) - 1,
    "motifs": lambda path: len(readers.motifs(path)),
    "config": readers.check_file,
}

if __name__ == "__main__":
    path, *chosen = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
    resource.setrlimit(resource.RLIMIT_CPU, (120, 120))
    before = peak()
    for reader in chosen:
        try:
            print(COUNTS[reader](Path(path)))
        except UserError as error:
            print(error)
    print(round(peak() - before))
