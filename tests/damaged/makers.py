"""Bytes of files that are damaged, or odd but valid, made from small valid ones."""

import gzip
import io
import json
import os
import struct
import zipfile
import zlib

import h5py
import numpy as np

BED = "chr1\t10\t20\ta\t0\t+\nchr1\t30\t45\tb\t0\t-\n"
PEAKS = "chr1\t10\t20\tp\t5\t.\t1.5\t2\t-1\t4\nchr2\t30\t40\tq\t5\t.\t1.5\t2\t-1\t-1\n"
GFF = "##gff-version 3\nchr1\tsrc\tgene\t11\t20\t.\t+\t.\tID=g1;Name=x\n"
FASTA = ">a one\nACGTN\n>b\nggcc\n"
TABLE = "id\tvalue\nx\t1\ny\t2\n"
MEME = (
    "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF m1 one\nletter-probability matrix: alength= 4 w= 2 nsites= 5\n"
)
ROWS = "0.5 0.5 0 0\n0 0 1 0\n"
JASPAR = ">MA1 one\nA [ 1 0 ]\nC [ 1 0 ]\nG [ 0 4 ]\nT [ 0 0 ]\n"
BOM = b"\xef\xbb\xbf"


def packed(text, *more):
    """Return texts as gzip of one member each, without a time stamp."""
    return b"".join(gzip.compress(part.encode(), mtime=0) for part in (text, *more))


def bgzip(*texts, end=True):
    """Return texts as bgzip of one block each, with or without the empty last block."""
    blocks = [text.encode() for text in texts] + [b""] * end
    return b"".join(map(_block, blocks))


def _block(content):
    compressor = zlib.compressobj(6, zlib.DEFLATED, -15)
    body = compressor.compress(content) + compressor.flush()
    head = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0" + struct.pack("<H", len(body) + 25)
    return head + body + struct.pack("<II", zlib.crc32(content), len(content))


def changed(content, at, value):
    """Return bytes with one of them changed."""
    content = bytearray(content)
    content[at] = value
    return bytes(content)


def folder(path):
    path.mkdir()


def pipe(path):
    os.mkfifo(path)


def device(path):
    path.symlink_to("/dev/zero")


def dangling(path):
    path.symlink_to("nowhere")


def circle(path):
    path.symlink_to(path.name)


def nothing(path):
    """Make no file."""


def hdf5(**content):
    """Return a function that writes a file of datasets and, where a value is a str, of attributes."""

    def write(path):
        with h5py.File(path, "w") as file:
            for name, value in content.items():
                if isinstance(value, str):
                    file.attrs[name] = value
                else:
                    file[name] = value

    return write


def archive(**arrays):
    """Return the bytes of an .npz archive."""
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def filters(kernel=None, alphabet="dna", **meta):
    """Return the bytes of the filters of a network with one convolution."""
    kernel = np.zeros((3, 4, 2), np.float32) if kernel is None else kernel
    content = {"alphabet": np.array(alphabet), "layers": np.array(["conv"])}
    return archive(**content, **{"conv/kernel": kernel, "conv/meta": np.array(json.dumps(meta))})


def zipped(**members):
    """Return the bytes of a zip archive of texts or bytes; _ in a name stands for a dot."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for name, content in members.items():
            file.writestr(zipfile.ZipInfo(name.replace("_", ".")), content)
    return stream.getvalue()
