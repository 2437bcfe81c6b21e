"""Opening the files of the user: plain, gzip or bgzip, with one clear line for a file that cannot be read."""

import contextlib
import gzip
import os
import zlib

from motifloom.errors import UserError

# The empty block that ends every bgzip file; without it the file was cut off at a block boundary, which
# is valid gzip and would be read as a shorter file without complaint.
BGZIP_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")


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


def _open(path):
    try:
        return open(path, "rb")
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file") from None
    except IsADirectoryError:
        raise UserError(f"{path}: this is a folder; name a file") from None
    except OSError as error:
        raise UserError(f"{path}: the file cannot be read ({error.strerror})") from None
