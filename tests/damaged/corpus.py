"""The corpus: every damaged or odd file that is tried, and what must come of it."""

import re
from dataclasses import dataclass
from typing import Any

from damaged import configs, fasta, intervals, models, motifs, tables


@dataclass(frozen=True)
class Case:
    """A file, which of the readers reads it, and what must come.

    outcome: the message for the user where it is text (from behind the file's name on where it begins with
    a colon or a comma; its beginning only where it ends in ...), else what the reader returns.
    """

    format: str
    damage: str
    reader: str
    name: str
    content: Any
    outcome: Any

    @property
    def id(self):
        words = f"{self.reader} {self.damage}".lower()
        return re.sub(r"[^a-z0-9]+", "-", words).strip("-")

    @property
    def message(self):
        """The message, or None for a file that is read."""
        if not isinstance(self.outcome, str):
            return None
        return f"{self.name}{self.outcome}" if self.outcome[0] in ":," else self.outcome

    def write(self, folder):
        """Make the file in a folder; return its path."""
        path = folder / self.name
        if callable(self.content):
            self.content(path)
        else:
            path.write_bytes(self.content if isinstance(self.content, bytes) else self.content.encode())
        return path


CASES = [
    Case(module.FORMAT, damage, reader, (*name, default)[0], content, outcome)
    for module in (intervals, fasta, tables, motifs, configs, models)
    for (reader, default), entries in module.FILES.items()
    for damage, content, outcome, *name in entries
]
