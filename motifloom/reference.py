"""Generate config/schema.json (editors complete keys with it) and docs/config.md from the config's models.

Run as `python -m motifloom.reference`; a test fails when the files differ from the models.
"""

import json
from pathlib import Path
from types import NoneType, UnionType
from typing import Literal, Union, get_args, get_origin

from pydantic_core import PydanticUndefined

from motifloom.config.parse import Config
from motifloom.io import write_text
from motifloom.parameters import CATALOGUE
from motifloom.validation import branches, plain

HEAD = """# Config reference

Generated from `motifloom/config/`; the demo's `config/config.yaml` shows every block in use. `<name>`
stands for a name of your choice (letters, digits, `_` and `-`). Paths are relative to the folder that the
workflow runs in; files shipped with Motifloom, such as `config/models/shallow.json`, are also found beside
the Snakefile. Which rules an edit of a key reruns: [reruns.md](reruns.md). What builders take stands below
the table, as does what is in blocks that may be left out.

| key | type | default | meaning |
|---|---|---|---|
"""


def schema():
    """Return the JSON Schema of the config as text."""
    return json.dumps(Config.model_json_schema(), indent=2) + "\n"


def reference():
    """Return docs/config.md as text: a row per key, then those of builders and of optional blocks."""
    parts = [HEAD, *map(_row, rows())]
    for title, text, table in sections():
        parts += [f"\n## {title}\n\n{text}\n\n| key | type | default | meaning |\n|---|---|---|---|\n"]
        parts += map(_row, table)
    return "".join(parts)


def _row(row):
    key, kind, default, text = row
    return f"| `{key}` | {kind} | {default} | {text} |\n"


def rows(block=Config, path=""):
    """Yield (key path, type, default, description) for every key that holds no further keys.

    Of blocks of which a value is one, such as models, each key is there once; what builders take is in
    :func:`sections`.
    """
    for key, field, blocks in _keys(block, path):
        if blocks and not _is_either(field.annotation):
            every = (row for inner in blocks for row in rows(inner, key))
            yield from {row[0]: row for row in every}.values()
        else:
            yield _entry(key, field)


def sections():
    """Yield (title, text, rows) of the builders and of every block of several keys that may be left out."""
    for name, builder in CATALOGUE.items():
        goes_with = json.dumps(builder().sections())
        text = f"{builder.__doc__}\n\nGoes with it, unless the model says otherwise: `{goes_with}`"
        fields = {key: field for key, field in builder.model_fields.items() if key != "builder"}
        yield f"`builder: {name}`", text, [_entry(key, field) for key, field in fields.items()]
    yield from _optional(Config, "")


def _optional(block, path):
    for key, field, blocks in _keys(block, path):
        for inner in blocks:
            if _is_either(field.annotation) and len(inner.model_fields) > 1:
                yield f"`{key}`", inner.__doc__, list(rows(inner))
            elif not _is_either(field.annotation):
                yield from _optional(inner, key)


def _keys(block, path):
    """Yield (key path, field, blocks that its value may be) of a block; not those of builders of our own."""
    for name, field in block.model_fields.items():
        mark, inner = _inside(field.annotation)
        tagged = {tag: kind for tag, kind in branches(inner).items() if tag not in CATALOGUE}
        blocks = [plain(kind) for kind in tagged.values()] or _blocks(inner)
        blocks = [kind for kind in blocks if hasattr(kind, "model_fields")]
        yield f"{path}.{name}".lstrip(".") + (mark if blocks else ""), field, blocks


def _inside(annotation):
    """Return how a key path goes on into a mapping or a list, and the type of what is in there."""
    origin = get_origin(annotation)
    if origin in (list, dict):
        return "[]" if origin is list else ".<name>", plain(get_args(annotation)[-1])
    return "", annotation


def _blocks(annotation):
    members = map(plain, get_args(annotation) or (annotation,))
    return [kind for kind in members if hasattr(kind, "model_fields")]


def _is_either(annotation):
    """Tell whether a value need not be a block: it is a union, with None at least."""
    return get_origin(annotation) in (Union, UnionType)


def _entry(key, field):
    text = field.description.replace("|", "\\|")
    return key, _type_text(field.annotation), _default_text(field), text


def _default_text(field):
    if field.default is PydanticUndefined:
        return (
            "" if field.default_factory is None else f"`{json.dumps(field.default_factory().model_dump())}`"
        )
    return f"`{json.dumps(field.default)}`"


def _type_text(annotation):
    text = {str: "text", int: "integer", float: "number", bool: "true or false"}.get(annotation)
    if text:
        return text
    if hasattr(annotation, "model_fields"):
        return "{" + ", ".join(f"{name}: .." for name in annotation.model_fields) + "}"
    origin, arguments = get_origin(annotation), get_args(annotation)
    if hasattr(annotation, "__metadata__"):
        return _type_text(annotation.__origin__)
    if origin in (list, dict):
        return ("list of " if origin is list else "mapping to ") + _type_text(arguments[-1])
    if origin is Literal:
        return ", ".join(f"`{json.dumps(a) if isinstance(a, bool) else a}`" for a in arguments)
    parts = [_type_text(a) for a in arguments if a is not NoneType]
    return " or ".join(parts) if parts else "any"


def main():
    """Write both files below the folder that holds the package."""
    root = Path(__file__).parent.parent
    write_text(schema(), root / "config/schema.json")
    write_text(reference(), root / "docs/config.md")


if __name__ == "__main__":
    main()
