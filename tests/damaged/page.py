"""The page of the faults that were tried, made from the corpus.

    python tests/damaged/page.py

writes docs/faults.md; a test compares.
"""

import sys
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).parents[2]
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from damaged.corpus import CASES  # noqa: E402
from damaged.test_resources import CASES as LARGE  # noqa: E402

PAGE = ROOT / "docs" / "faults.md"
LONGEST = 200
HEAD = """# Damaged, odd and hostile files

What was tried, and what comes of it: {count} files, each a test (`tests/damaged`), from which this page is
made. A file that cannot be read ends the run in one line that names the file, the line or the key, what is
wrong and, where that is not plain, what to write instead; the status is not 0, and nothing is written. A file
that is odd but valid is read, and the table says as what. `...` stands for what is left out here.

Beside them, every reader is given valid files with random bytes and pieces taken out, put in and doubled, and
arbitrary bytes and texts: the one thing that may come of it is such a line.

- **Nothing in a file is run.** Configs and specs are read as plain YAML or JSON: a tag that would make an
  object is refused. No pickle is read. Networks are loaded in Keras' safe mode, which refuses code in Lambda
  layers and classes that are not Keras' or Motifloom's. What stands in a file never reaches a shell.
- **Nothing leaves `results/`.** Names of experiments, datasets, models, simulations, sweeps, sources and
  classes are letters, digits, `_` and `-`, and begin with a letter or digit; no key says where to write.
- **Names are text on pages.** What comes from a file is escaped in HTML and SVG.
- **Not Motifloom's.** Snakemake reads the config before Motifloom does: where that is missing, no text in
  UTF-8 or no YAML, the run ends as Snakemake ends it, without a line number or with a traceback. (The rows on
  configs below are what Motifloom's own reader says, which also reads specs.) A config that says
  `__use_yte__: true` is a template, whose expressions Snakemake does run; do not run a config of a
  stranger that says so.

"""
TABLE = "| Read as | What it is | What comes of it |\n| --- | --- | --- |\n"
MEMORY = """## Memory

The most that reading takes beyond the program itself, measured in a process of its own; a test holds it below
this bound. A file of 1 GB of zeros packed into 1 MB is noticed at its first zero.

| What the file holds | Read as | Bound |
| --- | --- | --- |
"""

MACHINE = """
## Faults of the machine

What stops on the way leaves nothing under a final name that is not whole: every file is written beside its
place, onto the disk, and then renamed. The same line, started again, ends with the same bytes. Tests are in
`tests/faults` (with `MOTIFLOOM_FAULTS=1`; those of disks need the right to mount), `tests/workflow`,
`tests/unit` and `tests/cluster`.

| Fault | What happens | What to do |
| --- | --- | --- |
"""
# Fault, what happens, what to do.
FAULTS = [
    (
        "the disk is full, or becomes so while any of the formats is written",
        "`results/datasets/d/dataset.h5: the disk is full; make room and run again`, of the job that "
        "wrote, also where there is no room for its log; where Snakemake's own notes find no room, `No "
        "space left on device`",
        "make room, start again",
    ),
    (
        "the disk is full before the run",
        "it does not start: `/data/run: the disk is full; make room and run again`",
        "the same",
    ),
    (
        "a quota is used up",
        "the same with `your quota of the disk is used up`; not tried",
        "the same",
    ),
    (
        "`results/` or the working folder is read-only",
        "the run does not start: `/data/run/results: the disk is read-only; choose another folder, or let "
        "this one be written to`",
        "what the line says",
    ),
    (
        "`results` is a file, or a link to nothing",
        "the run does not start: `/data/run/results: this is no folder, or a link to none; remove it`",
        "what the line says",
    ),
    (
        "two runs at once in one folder that make the same files, by one config or by two",
        "the second ends before its first job: `LockException`, `Directory cannot be locked`; the first "
        "goes on",
        "wait for the first; `--unlock` only when none runs",
    ),
    (
        "two runs at once in one folder that share no file",
        "both end well, and a third that makes files of either is refused; `snakemake doctor` may be asked "
        "meanwhile",
        "nothing",
    ),
    (
        "the run is killed at any moment",
        "what has its name is whole, and the next run makes the rest (`tests/faults/test_kills.py`)",
        "`snakemake --unlock`, start again",
    ),
    (
        "a training is killed",
        "it goes on after its last checkpoint, to the same bytes (`tests/unit/models/test_resume.py`)",
        "start again",
    ),
    (
        "a node dies, a job is out of memory or time",
        "it is tried again, with more (`tests/cluster`; [cluster.md](cluster.md))",
        "nothing",
    ),
    (
        "the temporary folder (`TMPDIR`) is full, or not there",
        "another is taken: `/tmp`, `/var/tmp`, the working folder",
        "nothing",
    ),
    (
        "the home folder is read-only, or `HOME` is not set",
        "compiled code and fonts are kept in the temporary folder; but Snakemake itself does not start "
        "without a cache: `Read-only file system: '/home/me/.cache'`",
        "`export XDG_CACHE_HOME=` a folder that takes files",
    ),
    (
        "the config is edited while a run goes on",
        "the run ends by the config that it began with, also in jobs on other machines, which are handed a "
        "copy of it (`tests/cluster`)",
        "start again for the new one",
    ),
    (
        "a file of yours changes while a run goes on, or is replaced by an older one",
        "what read it is made again by the next run, since what is in the file counts, not its time "
        "(`tests/workflow/test_reruns.py`)",
        "start again",
    ),
    (
        "a job is ended by SIGKILL, as by a machine without memory left",
        "the terminal says `died with <Signals.SIGKILL: 9>`; the job's log says no more than `begun`, and "
        "nothing half-made has a final name",
        "fewer jobs at a time: `--cores`, or `--resources mem_mb=` what the machine has",
    ),
    (
        "a result is edited or cut off by hand",
        "what is no longer a whole file ends in a line that says so; but rows that are missing from a whole "
        "table are not missed, and what follows is made of the rest",
        "delete it instead",
    ),
    (
        "a file that another machine wrote is seen late (network disks)",
        "Snakemake waits for it, 60 seconds with `profiles/slurm` and 5 otherwise, then "
        "`MissingOutputException`; what comes after that is made again by the next run "
        "(`tests/faults/test_late.py`)",
        "raise `latency-wait`",
    ),
]


def page():
    """Return the text of the page."""
    parts = [HEAD.format(count=len(CASES))]
    for name, cases in groupby(CASES, key=lambda case: case.format):
        rows = "".join(f"| {case.reader} | {cell(case.damage)} | {outcome(case)} |\n" for case in cases)
        parts.append(
            f"## {name}\n\n| Read as | What it is | What comes of it |\n| --- | --- | --- |\n{rows}\n"
        )
    rows = [
        f"| {name} | {', '.join(readers)} | {bound} MB |\n" for name, (_, readers, bound) in LARGE.items()
    ]
    faults = [f"| {' | '.join(map(cell, row))} |\n" for row in FAULTS]
    return "".join([*parts, MEMORY, *rows, MACHINE, *faults])


def outcome(case):
    if case.message:
        return code(case.message.splitlines()[0])
    values = case.outcome.items() if isinstance(case.outcome, dict) else case.outcome
    return f"read: {code('; '.join(map(str, values)))}"


def code(text):
    text = text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
    return f"`` {cell(text)} ``" if "`" in text else f"`{cell(text)}`"


def cell(text):
    return text.replace("|", "\\|").replace("\n", " ").replace("\t", " ")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
