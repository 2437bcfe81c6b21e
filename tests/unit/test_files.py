import contextlib
import gzip

import pysam
import pytest

from motifloom.errors import UserError
from motifloom.files import compression, open_binary, parse_json, parse_yaml, read_text

TEXT = b"".join(b"chr1\t%d\t%d\n" % (i * i, i * i + 7) for i in range(60))


def read(path):
    with open_binary(path) as stream:
        return stream.read()


@pytest.fixture
def files(tmp_path):
    """The same text plain, as gzip of one and of two members, and as bgzip."""
    (tmp_path / "plain").write_bytes(TEXT)
    (tmp_path / "gzip").write_bytes(gzip.compress(TEXT, mtime=0))
    (tmp_path / "members").write_bytes(gzip.compress(TEXT[:100]) + gzip.compress(TEXT[100:]))
    pysam.tabix_compress(str(tmp_path / "plain"), str(tmp_path / "bgzip"), force=True)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "kind"), [("plain", None), ("gzip", "gzip"), ("members", "gzip"), ("bgzip", "bgzip")]
)
def test_known_by_content(files, name, kind):
    assert compression(files / name) == kind
    assert read(files / name) == TEXT


@pytest.mark.parametrize("content", [b"", b"\x1f", b"\x1f\x8b"])
def test_short_files(tmp_path, content):
    (tmp_path / "short").write_bytes(content)
    assert compression(tmp_path / "short") == ("gzip" if len(content) == 2 else None)


@pytest.mark.parametrize("name", ["gzip", "bgzip"])
def test_any_cut_is_noticed(files, name):
    content = (files / name).read_bytes()
    for size in range(2, len(content)):
        (files / "cut").write_bytes(content[:size])
        with pytest.raises(UserError, match="truncated"):
            read(files / "cut")


@pytest.mark.parametrize("name", ["gzip", "bgzip"])
def test_any_wrong_byte_is_noticed_or_harmless(files, name):
    content = (files / name).read_bytes()
    noticed = 0
    for i in range(2, len(content)):
        wrong = bytearray(content)
        wrong[i] ^= 0xFF
        (files / "wrong").write_bytes(wrong)
        try:
            assert read(files / "wrong") == TEXT  # the time in the header, for example
        except UserError:
            noticed += 1
    assert noticed > len(content) - 80


def test_errors_of_the_caller_are_not_ours(files):
    with pytest.raises(OSError, match="disk full"), open_binary(files / "gzip"):
        raise OSError("disk full")


def test_cannot_be_opened(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        read(tmp_path / "absent")
    with pytest.raises(UserError, match="folder"):
        read(tmp_path)
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises(UserError, match="cannot be read"), contextlib.suppress(FileNotFoundError):
        read(loop)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_text_comes_in_plain_lines(tmp_path, end):
    (tmp_path / "text").write_bytes(b"\xef\xbb\xbf" + end.join([b"a", b"", "é".encode()]))
    assert read_text(tmp_path / "text", "") == "a\n\né\n".encode()


@pytest.mark.parametrize("block", [1, 2, 3, 7])
def test_text_is_checked_across_blocks(tmp_path, monkeypatch, block):
    monkeypatch.setattr("motifloom.files.BLOCK", block)
    (tmp_path / "text").write_bytes("aé\nbü\nc\n".encode())
    assert read_text(tmp_path / "text", "") == "aé\nbü\nc\n".encode()
    assert read_text(tmp_path / "text", "", 2) == "aé\nbü\n".encode()
    for wrong in (b"\xc3", b"\xff", b"\0", b"\xc3\0"):
        (tmp_path / "wrong").write_bytes("aé\nb".encode() + wrong)
        with pytest.raises(UserError, match=r"wrong, line 2: this is not a text file \(UTF-8\); say"):
            read_text(tmp_path / "wrong", "say")


@pytest.mark.parametrize("block", [3, 100])
def test_a_line_may_be_too_long(tmp_path, monkeypatch, block):
    monkeypatch.setattr("motifloom.files.BLOCK", block)
    monkeypatch.setattr("motifloom.files.LONGEST_LINE", 9)
    (tmp_path / "text").write_bytes(b"a\n" + b"b" * 9 + b"\n")
    assert len(read_text(tmp_path / "text", "")) == 12
    (tmp_path / "text").write_bytes(b"a\n" + b"b" * 10)
    with pytest.raises(UserError, match=r"text, line 2: the line is longer than 9 bytes; say"):
        read_text(tmp_path / "text", "say")


def test_a_key_stands_once():
    assert parse_yaml("a: &x {b: 1, c: 2}\nd: {<<: *x, b: 3}", "f")["d"] == {"b": 3, "c": 2}
    assert parse_json('{"a": {"b": 1}, "c": {"b": 2}}', "f") == {"a": {"b": 1}, "c": {"b": 2}}
    with pytest.raises(UserError, match="f, line 3: not valid YAML: the key b stands in line 2"):
        parse_yaml("a:\n  b: 1\n  b: 1\n", "f")
    with pytest.raises(UserError, match="f: not valid JSON: the key b stands twice in one mapping; keep one"):
        parse_json('{"a": {"b": 1, "b": 1}}', "f")


@pytest.mark.parametrize("parse", [parse_yaml, parse_json])
def test_brackets_without_end(parse):
    with pytest.raises(UserError, match="f: brackets in brackets without end"):
        parse("[" * 5000, "f")
