"""What the rules of a run ask for, beside what its jobs took."""

import re

import pandas as pd
from runner import snakemake

# A job's block in a dry run; rule, log and resources of it.
BLOCK = re.compile(
    r"^(?:local)?rule (\w+):\n(?:    .*\n)*?    log: (\S+).*\n(?:    .*\n)*?    resources: .*?\bmem_mb=(\d+)",
    re.M,
)
SNAKEMAKE = 330  # MB of the two that a job on SLURM is started by, of which every rule's request holds a part
PEAK = re.compile(r" ended; it took (\d+) MB of memory at the peak$")


def memory(folder, config, *arguments):
    """Return a table of the jobs of a finished run: rule, log, requested_mb, needed_mb (on SLURM)."""
    process = snakemake(folder, config, "-n", "--forceall", *arguments)
    rows = []
    for rule, log, requested in BLOCK.findall(process.stdout + process.stderr):
        last = (folder / log).read_text().splitlines()[-1]
        rows.append((rule, log, int(requested), int(PEAK.search(last)[1]) + SNAKEMAKE))
    return pd.DataFrame(rows, columns=["rule", "log", "requested_mb", "needed_mb"])


def unfit(table):
    """Return the rows of jobs that asked for less than they needed, or for more than four times that."""
    ratio = table["requested_mb"] / table["needed_mb"]
    return table[(ratio < 1) | (ratio > 4)].to_dict("records")
