import contextlib
import gzip

import pysam
import pytest

from motifloom.errors import UserError
from motifloom.genome.files import compression, open_binary

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
