"""Opening the files of the user: plain, gzip or bgzip, with one clear line for a file that cannot be read."""

import codecs
import contextlib
import gzip
import io
import json
import os
import re
import stat
import zlib
from itertools import islice

import yaml

from motifloom.errors import UserError

# The empty block that ends every bgzip file; without it the file was cut off at a block boundary, which
# is valid gzip and would be read as a shorter file without complaint.
BGZIP_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
BOM = codecs.BOM_UTF8
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
BLOCK = 1 << 22  # bytes of text read at a time
TOO_DEEP = "brackets in brackets without end; is the file what it should be?"
LONGEST_LINE = 1 << 27  # of a table; nobody writes one, so the file is something else
MOST_VALUES = 100_000  # in a YAML or JSON file, anchors written out
DEEPEST = 50
LONGEST_TEXT, LONGEST_WORD = 4000, 255  # of a path and of a name in it: no disk takes longer ones
MOST_BITS = 1024  # of a whole number; Python does not write out much longer ones
UNWRITABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


def fail(path, line, message):
    """Raise the error for one line of a file."""
    raise UserError(f"{path}, line {line}: {message}")


def compression(path):
    """Return how the file `path` is compressed, by its first bytes: None, "gzip" or "bgzip".

    Raises
    ------
    UserError
        If the file cannot be opened, or is a bgzip file without its last block.
    """
    with _open(path) as stream:
        head = stream.read(18)
        if head[:2] != b"\x1f\x8b":
            return None
        if head[3:4] != b"\x04" or head[12:14] != b"BC":
            return "gzip"
        stream.seek(-min(len(BGZIP_END), stream.seek(0, os.SEEK_END)), os.SEEK_END)
        if stream.read() != BGZIP_END:
            raise UserError(f"{path}: the bgzip file is truncated (no end mark); copy or make it again")
    return "bgzip"


@contextlib.contextmanager
def open_binary(path):
    """Open `path` for reading bytes, unpacked where it is gzip or bgzip whatever its name.

    Raises
    ------
    UserError
        If the file cannot be opened, or proves to be truncated or damaged while it is read.
    """
    packed = compression(path)
    with _open(path) as stream:
        if not packed:
            yield stream
            return
        try:
            with gzip.open(stream) as unpacked:
                yield unpacked
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise UserError(
                f"{path}: the gzip file is truncated or damaged; copy or make it again ({error})"
            ) from None


def read_text(path, what, lines=None):
    """Return the content of a text file, every line ending in one newline.

    Line ends of Windows and of old Macs become newlines, and a byte order mark is left out. What is no text
    is noticed at once, so a small file that unpacks to a large one of zeros costs nothing.

    Parameters
    ----------
    path : str or Path
        The file, plain, gzip or bgzip.
    what : str
        What the file ought to be, for messages.
    lines : int, optional
        Return its first lines only, and read little more.

    Returns
    -------
    bytes
        UTF-8.

    Raises
    ------
    UserError
        If the file cannot be read, is empty or no text in UTF-8, or has a line without end or with a
        carriage return inside; the message names the line.
    """
    decoder, text, line, length = codecs.getincrementaldecoder("utf-8")(), io.BytesIO(), 1, 0
    with open_binary(path) as stream:
        block = True
        while block and (lines is None or line <= lines):
            block = stream.read(BLOCK)
            wrong = block.find(b"\0")
            begun = len(decoder.getstate()[0])
            try:
                decoder.decode(block[:wrong] if wrong >= 0 else block, final=not block)
            except UnicodeDecodeError as error:
                wrong = max(error.start - begun, 0)
            if wrong >= 0:
                utf16 = line == 1 and block[:2] in UTF16
                kind = "text in UTF-16; save it as UTF-8" if utf16 else "not a text file (UTF-8)"
                fail(path, line + block.count(b"\n", 0, wrong), f"this is {kind}; {what}")
            text.write(block)
            line += block.count(b"\n")
            last = block.rfind(b"\n")
            length = len(block) - last - 1 if last >= 0 else length + len(block)
            if length > LONGEST_LINE:
                fail(path, line, f"the line is longer than {LONGEST_LINE:,} bytes; {what}")
    content = text.getvalue().removeprefix(BOM)
    if lines is not None:
        content = b"".join(islice(io.BytesIO(content), lines))
    if not content or content.isspace():
        raise UserError(f"{path}: the file is empty")
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n")
        content = content if b"\n" in content else content.replace(b"\r", b"\n")
        if (at := content.find(b"\r")) >= 0:
            inside = "a carriage return inside the line; let every line end in a newline"
            fail(path, content.count(b"\n", 0, at) + 1, inside)
    return content if content.endswith(b"\n") else content + b"\n"


def read_plain(path, what, where=None):
    """Return the content of a JSON file (by its suffix) or YAML file; `where` is its name in messages.

    Raises
    ------
    UserError
        As :func:`read_text` and :func:`parse_yaml` do.
    """
    parse = parse_json if str(path).lower().endswith(".json") else parse_yaml
    return parse(read_text(path, what).decode(), where or path)


class _Loader(yaml.SafeLoader):
    """Reads YAML without running anything, and refuses a key that stands twice."""

    def compose_mapping_node(self, anchor):
        node, seen = super().compose_mapping_node(anchor), {}
        for key, _ in node.value:
            first = seen.setdefault((key.tag, str(key.value)), key)
            if first is not key:
                problem = f"the key {key.value} stands in line {first.start_mark.line + 1} already; keep one"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
        return node


def parse_yaml(text, where):
    """Return the content of YAML.

    Parameters
    ----------
    text : str
    where : str or Path
        Name of the file, for messages.

    Raises
    ------
    UserError
        For what is no YAML, would run something, or has a key twice in one mapping; names the line.
    """
    try:
        content = yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        place = f"{where}, line {mark.line + 1}" if mark else where
        raise UserError(f"{place}: not valid YAML: {problem}") from None
    except RecursionError:
        raise UserError(f"{where}: {TOO_DEEP}") from None
    except ValueError as error:  # a date such as 2020-13-45
        raise UserError(f"{where}: not valid YAML: {str(error).split(':')[0]}") from None
    check_plain(content, where)
    return content


def parse_json(text, where):
    """Return the content of JSON; raise errors as :func:`parse_yaml` does."""
    try:
        content = json.loads(text, object_pairs_hook=_each_once)
    except json.JSONDecodeError as error:
        raise UserError(f"{where}, line {error.lineno}: not valid JSON: {error.msg}") from None
    except RecursionError:
        raise UserError(f"{where}: {TOO_DEEP}") from None
    except ValueError as error:
        raise UserError(f"{where}: not valid JSON: {error}") from None
    check_plain(content, where)
    return content


def check_plain(content, where):
    """Raise a UserError for what nobody writes by hand, and every later reader would have to think of.

    Parameters
    ----------
    content : dict or list
        Of YAML or JSON: with endless anchors, numbers of thousands of digits, control characters in text,
        names that are too long for a disk.
    where : str or Path
        Name of the file, for messages.
    """
    waiting, count = [((), content)], 0
    while waiting:
        path, item = waiting.pop()
        parts = list(item.items() if isinstance(item, dict) else enumerate(item)) if _is_block(item) else []
        count += len(parts)
        wrong = _wrong(item)
        if count > MOST_VALUES:
            wrong = f"is among more than {MOST_VALUES:,} values; does an anchor (&) repeat itself?"
        elif len(path) > DEEPEST:
            wrong = f"goes on for more than {DEEPEST} levels; does an anchor (&) repeat itself?"
        if wrong:
            place = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path[:8])
            raise UserError(f"{where}: {place.removeprefix('.') or 'the content'}: {wrong}")
        waiting += [((*path, key), value) for key, value in parts]
        waiting += [(path, key) for key, _ in parts]


def _is_block(item):
    return isinstance(item, dict | list | tuple | set)


def _wrong(item):
    if isinstance(item, int) and item.bit_length() > MOST_BITS:
        return "has a number of too many digits"
    if not isinstance(item, str):
        return None
    if UNWRITABLE.search(item):
        return f"{item[:60]!r} holds a line break or another control character; write it on one line"
    words = item.encode().split(b"/")
    if len(item) > LONGEST_TEXT or max(map(len, words)) > LONGEST_WORD:
        return f"{item[:60]!r}... has {len(item):,} letters, more than a name may have; shorten it"
    return None


def _each_once(pairs):
    content = dict(pairs)
    if len(content) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice} stands twice in one mapping; keep one")
    return content


def _open(path):
    try:
        mode = os.stat(path).st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise UserError(f"{path}: this is a pipe or a device; write its content to a file")
        return open(path, "rb")
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file") from None
    except IsADirectoryError:
        raise UserError(f"{path}: this is a folder; name a file") from None
    except OSError as error:
        raise UserError(f"{path}: the file cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise UserError(f"{str(path)!r}: this is no name of a file ({error})") from None
