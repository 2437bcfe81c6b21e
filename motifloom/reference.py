"""Generate config/schema.json (editors complete keys with it) and docs/config.md from the config's models.

Run as `python -m motifloom.reference`; a test fails when the files differ from the models.
"""

import json
from pathlib import Path

from pydantic_core import PydanticUndefined

from motifloom.config.parse import Config
from motifloom.io import write_text

HEAD = """# Config reference

Generated from `motifloom/config/`; the demo's `config/config.yaml` shows every block in use. `<name>`
stands for a name of your choice (letters, digits, `_` and `-`). Paths are relative to the folder that the
workflow runs in; files shipped with Motifloom, such as `config/models/shallow.json`, are also found beside
the Snakefile. Which rules an edit of a key reruns: [reruns.md](reruns.md).

| key | type | default | meaning |
|---|---|---|---|
"""


def schema():
    """Return the JSON Schema of the config as text."""
    return json.dumps(Config.model_json_schema(), indent=2) + "\n"


def reference():
    """Return docs/config.md as text: one row per key."""
    return HEAD + "".join(
        f"| `{key}` | {kind} | {default} | {text} |\n" for key, kind, default, text in rows()
    )


def rows(block=Config, path=""):
    """Yield (key path, type, default, description) for every key that holds no further keys."""
    for name, field in block.model_fields.items():
        key = f"{path}.{name}".lstrip(".")
        blocks = _blocks(field.annotation)
        if len(blocks) == 1 and not _is_union(field.annotation):
            mark = ".<name>" if _is(field.annotation, dict) else "[]" if _is(field.annotation, list) else ""
            yield from rows(blocks[0], key + mark)
        else:
            yield (
                key,
                _type_text(field.annotation),
                _default_text(field),
                field.description.replace("|", "\\|"),
            )


def _blocks(annotation):
    arguments = getattr(annotation, "__args__", (annotation,))
    return [a for a in arguments if hasattr(a, "model_fields")]


def _is(annotation, kind):
    return getattr(annotation, "__origin__", None) is kind


def _is_union(annotation):
    return hasattr(annotation, "__args__") and not _is(annotation, dict) and not _is(annotation, list)


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
    origin, arguments = getattr(annotation, "__origin__", None), getattr(annotation, "__args__", ())
    if hasattr(annotation, "__metadata__"):
        return _type_text(origin)
    if origin in (list, dict):
        return ("list of " if origin is list else "mapping to ") + _type_text(arguments[-1])
    if str(annotation).startswith("typing.Literal"):
        return ", ".join(f"`{value}`" for value in arguments)
    parts = [_type_text(a) for a in arguments if a is not type(None)]
    return " or ".join(parts) if parts else "any"


def main():
    """Write both files below the folder that holds the package."""
    root = Path(__file__).parent.parent
    write_text(schema(), root / "config/schema.json")
    write_text(reference(), root / "docs/config.md")


if __name__ == "__main__":
    main()
