"""The activations of one layer for every example of a dataset, written block by block."""

import gzip

import h5py
import numpy as np
import pandas as pd

from motifloom.io import atomic_hdf5, atomic_path
from motifloom.models.outputs import output_blocks, output_tensor, receptive_field

FORMAT = "motifloom activations 1"
CHUNK = 1 << 18  # numbers in a chunk of the file


def write_activations(model, dataset, layer, path, *, batch=512):
    """Write what a layer gives for every example; one block is in memory at a time.

    Parameters
    ----------
    model : keras.Model
    dataset : motifloom.data.store.Dataset
    layer : str
        Name of the layer.
    path : str or Path
        ``.h5``: `activations` float32 (N, positions, channels), or (N, units) without positions; `id`;
        attributes layer, receptive_field_bp, stride_bp and offset_bp (of position 0, from the start of the
        example as it is read; negative where it begins in padding), where stride 0 says that every unit sees
        the whole example. Otherwise a gzip TSV: id, then a column per position and channel,
        ``p<position>.c<channel>``, or ``c<unit>``.
    batch : int
        Examples per step.

    Raises
    ------
    UserError
        If there is no such layer; the message names all.
    """
    field, shape = receptive_field(model, layer), output_tensor(model, layer).shape[1:]
    ids = dataset.regions["id"]
    blocks = output_blocks(model, dataset.tokens, layer, batch=batch)
    attributes = {
        "format": FORMAT,
        "layer": layer,
        "receptive_field_bp": field.width,
        "stride_bp": field.stride,
        "offset_bp": field.offset,
    }
    if str(path).endswith(".h5"):
        _write_hdf5(path, blocks, ids, shape, attributes)
    else:
        with atomic_path(path) as temporary:
            _write_tsv(temporary, blocks, ids, shape)


def _write_hdf5(path, blocks, ids, shape, attributes):
    with atomic_hdf5(path) as file:
        file.attrs.update(attributes)
        text = [name.encode() for name in ids]
        file["id"] = np.array(text, h5py.string_dtype("utf-8", max(map(len, text))))
        chunk = (min(len(ids), max(1, CHUNK // int(np.prod(shape)))), *shape)
        data = file.create_dataset("activations", (len(ids), *shape), np.float32, chunks=chunk)
        for rows, values in blocks:
            data[rows] = values


def _write_tsv(path, blocks, ids, shape):
    names = [f"c{channel}" for channel in range(shape[-1])]
    for axis in reversed(shape[:-1]):
        names = [f"p{position}.{name}" for position in range(axis) for name in names]
    with open(path, "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", filename="", mtime=0) as stream:
        stream.write(("\t".join(["id", *names]) + "\n").encode())
        for rows, values in blocks:
            frame = pd.DataFrame(values.reshape(len(values), -1), index=ids.iloc[rows])
            stream.write(
                frame.to_csv(sep="\t", header=False, float_format="%.6g", lineterminator="\n").encode()
            )
