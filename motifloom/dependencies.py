"""Which modules of the library a script uses, so that an edit reruns its users and nothing else."""

import ast
from functools import cache
from pathlib import Path


def modules_used(script, root):
    """Return the library files that a script imports, directly or through one another.

    Parameters
    ----------
    script : path
        A Python file that imports from `motifloom`.
    root : path
        The folder that holds the package `motifloom`.

    Returns
    -------
    list of str
        Sorted paths below `root`. Package files (`__init__.py`) hold no code and are left out.
    """
    pending, found = list(_imports(Path(script), Path(root))), set()
    while pending:
        module = pending.pop()
        if module not in found:
            found.add(module)
            pending += _imports(module, Path(root))
    return sorted(str(module) for module in found)


@cache
def _imports(path, root):
    names = []
    for node in _statements(ast.parse(path.read_text(), str(path)).body):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    files = {root / (name.replace(".", "/") + ".py") for name in names if name.split(".")[0] == "motifloom"}
    return tuple(sorted(file for file in files if file.is_file()))


def _statements(nodes):
    """Yield statements and those inside them, but no expressions, which are most of a file."""
    for node in nodes:
        yield node
        for field in ("body", "orelse", "handlers", "finalbody", "cases"):
            yield from _statements(getattr(node, field, ()))
