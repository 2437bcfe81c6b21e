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
- **Not Motifloom's.** Snakemake reads the config before Motifloom does, and ends with a line of its own where
  that is no YAML. A config that says `__use_yte__: true` is a template, whose expressions Snakemake does run;
  do not run a config of a stranger that says so.

"""
TABLE = "| Read as | What it is | What comes of it |\n| --- | --- | --- |\n"
MEMORY = """## Memory

The most that reading takes beyond the program itself, measured in a process of its own; a test holds it below
this bound. A file of 1 GB of zeros packed into 1 MB is noticed at its first zero.

| What the file holds | Read as | Bound |
| --- | --- | --- |
"""


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
    return "".join([*parts, MEMORY, *rows])


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
