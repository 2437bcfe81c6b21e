"""What is said about a value that does not fit its type: one line per mistake, from pydantic's report."""

import re
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import Tag

from motifloom.errors import suggest

LONGEST_SHOWN = 120
_EXPONENT = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+")


def read_numbers(item):
    """Turn text such as 1e-3, which YAML 1.1 does not read as a number, into numbers, however deep."""
    if isinstance(item, dict):
        return {key: read_numbers(value) for key, value in item.items()}
    if isinstance(item, list | tuple):
        return [read_numbers(value) for value in item]
    return float(item) if isinstance(item, str) and _EXPONENT.fullmatch(item) else item


class Place(NamedTuple):
    """Where a value stands: key path, type there, field of it, and whether the type is one of several."""

    path: str
    kind: Any
    field: Any
    either: bool


def explain(error, block, root=""):
    """Return one line per mistake: key path, what is wrong, what to write instead.

    Parameters
    ----------
    error : pydantic.ValidationError
    block : type
        The pydantic model whose validation failed.
    root : str
        Key path of the value that was validated.

    Returns
    -------
    list of str
    """
    return list(dict.fromkeys(_line(item, block, root) for item in error.errors()))


def branches(annotation):
    """Return {tag: type} of a union in which something in the value tells the type; else {}."""
    tags = {}
    for member in get_args(annotation) if get_origin(annotation) in (Union, UnionType) else ():
        names = [item.tag for item in getattr(member, "__metadata__", ()) if isinstance(item, Tag)]
        tags |= dict.fromkeys(names, member)
    return tags


def plain(annotation):
    """Return a type without what is said about its values, and without None."""
    while True:
        if hasattr(annotation, "__metadata__"):
            annotation = annotation.__origin__
            continue
        members = [a for a in get_args(annotation) if a is not NoneType]
        if get_origin(annotation) in (Union, UnionType) and len(members) == 1:
            annotation = members[0]
            continue
        return annotation


def _find(location, block):
    """Follow a location of pydantic's, in which names of types are mixed with keys, to its place."""
    path, kind, field = "", block, None
    for part in location:
        kind = plain(kind)
        tags = branches(kind) or _literals(kind, field)
        if tags:
            kind = tags.get(part, Any)
        elif get_origin(kind) in (Union, UnionType):
            return Place(path, kind, field, True)
        elif part != "[key]":
            path += f"[{part}]" if isinstance(part, int) else f".{part}".removeprefix("" if path else ".")
            if hasattr(kind, "model_fields"):
                field = kind.model_fields.get(part)
                kind = field.annotation if field else Any
            else:
                kind = (get_args(kind) or (Any,))[-1]
    return Place(path, plain(kind), field, False)


def _literals(kind, field):
    """Return {value: type} of a union whose types are told apart by the value of one key."""
    key = getattr(field, "discriminator", None)
    members = get_args(kind) if isinstance(key, str) else ()
    return {
        value: member
        for member in members
        if hasattr(plain(member), "model_fields")
        for value in _values(plain(member).model_fields[key].annotation)
    }


def _values(annotation):
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def _shown(value, write=repr):
    """Return a value as a message shows it: not longer than a line."""
    text = write(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


def _line(item, block, root):
    place, kind, context = _find(item["loc"], block), item["type"], item.get("ctx", {})
    path, value = ".".join(filter(None, [root, place.path])), item["input"]
    if place.either:
        return f"{path}: takes something else: {place.field.description}"
    if kind == "extra_forbidden":
        kind, key = _find(item["loc"][:-1], block).kind, item["loc"][-1]
        if key in getattr(kind, "ELSEWHERE", {}):
            return f"{path}: {kind.ELSEWHERE[key]}"
        known = list(getattr(kind, "model_fields", {}))
        return f"{path}: unknown key{suggest(key, known) or '; known keys: ' + ', '.join(known)}"
    if kind == "missing":
        return f"{path}: missing; add it"
    if kind == "string_pattern_mismatch":
        return f"{path}: {_shown(value)} is no valid name; use letters, digits, _ and - only"
    if kind in ("literal_error", "union_tag_invalid"):
        expected = context.get("expected") or context["expected_tags"]
        value = value if kind == "literal_error" else context["tag"]
        hint = suggest(value, re.findall(QUOTED, expected))
        return f"{path}: {_shown(value)} is not one of {expected}{hint}"
    if kind == "union_tag_not_found":
        return f"{path}.{context['discriminator'].strip(chr(39))}: missing; add it"
    if kind == "string_type" and isinstance(value, bool | int | float | NoneType):
        return f"{path}: {value} is no text; write it in quotes"
    if kind == "too_short":
        return f"{path}: is empty; give at least one"
    if kind == "list_type" and isinstance(value, str | int | float):
        return f"{path}: {_shown(value)} is no list; write [{_shown(value, str)}]"
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return f"{path}: {_shown(value)} is no mapping; write keys and values under it"
    if kind == "value_error":
        return f"{path or 'the config'} {context['error']}"
    text = item["msg"].replace("Input should be", "should be")
    return f"{path}: {_shown(value)} {text}" if not isinstance(value, dict) else f"{path}: {text}"


QUOTED = r"'([^']*)'"
