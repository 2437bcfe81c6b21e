"""Specs of networks, networks in .keras, datasets in HDF5, filters in NumPy archives."""

# ruff: noqa: E501  (messages as they are)

import gzip
import io
import json
import pickle

import h5py
import numpy as np
from damaged.makers import archive, changed, filters, folder, hdf5, nothing, packed, zipped

SPEC = '{"model": {"layers": []}}'
FORMAT = "Specs, .keras, HDF5, NumPy"


class Touch:
    """Unpickled, it makes a file."""

    def __reduce__(self):
        return open, ("ran", "w")


def whole_dataset(path):
    import pandas as pd

    from motifloom.data.store import write_dataset

    regions = pd.DataFrame({"id": ["a", "b"], "chrom": "chr1", "start": [0, 9], "end": [4, 13]})
    regions["target.positive"] = np.float32([0, 1])
    write_dataset(path, regions, [np.zeros((2, 4), np.uint8)], alphabet="dna", task="binary")


def cut_dataset(share):
    def write(path):
        whole_dataset(path)
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])

    return write


def edited_dataset(edit):
    def write(path):
        whole_dataset(path)
        with h5py.File(path, "a") as file:
            edit(file)

    return write


def without(*names):
    def edit(file):
        for name in names:
            del (file if name in file else file.attrs)[name]

    return edited_dataset(edit)


def retold(name, value):
    return edited_dataset(lambda file: file.attrs.__setitem__(name, value))


def one_column(file):
    del file["tokens"]
    file["tokens"] = np.zeros(2, np.uint8)


def network(layer):
    """Return the bytes of a .keras file of a network with one layer."""
    inputs = {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [None, 4]}}
    content = {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "s", "layers": [inputs, layer]},
        "registered_name": None,
    }
    weights = io.BytesIO()
    with h5py.File(weights, "w"):
        pass
    return zipped(
        config_json=json.dumps(content),
        metadata_json=json.dumps({"keras_version": "3.8.0"}),
        **{"model_weights_h5": weights.getvalue()},
    ).replace(b"model.weights.h5", b"model.weights.h5")


LAMBDA = {
    "module": "keras.layers",
    "class_name": "Lambda",
    "config": {
        "name": "l",
        "function": {
            "class_name": "__lambda__",
            "config": {"code": "4wEAAAA=", "defaults": None, "closure": None},
        },
    },
}
FUNCTION = {
    "module": "keras.layers",
    "class_name": "Lambda",
    "config": {"name": "l", "function": {"module": "os", "class_name": "function", "config": "system"}},
}
FOREIGN = {"module": "subprocess", "class_name": "Popen", "config": {"args": ["touch", "ran"]}}

NO_KERAS = ": not a model that can be loaded (it is no .keras file, or one that was cut off)"
HOLDS_CODE = ": not a model that can be loaded (it holds code, which is not run)"

FILES = {
    ("spec", "spec.json"): [
        ("a spec", SPEC, ["layers"]),
        ("no file", nothing, ": there is no such file"),
        ("a folder", folder, ": this is a folder; name a file"),
        ("no bytes", "", ": the file is empty"),
        ("a list", "[]", ": is no spec; write a mapping with the section model"),
        ("JSON cut off", SPEC[:-2], ", line 2: not valid JSON: Expecting ',' delimiter"),
        (
            "UTF-16",
            SPEC.encode("utf-16"),
            ", line 1: this is text in UTF-16; save it as UTF-8; a spec is JSON or YAML",
        ),
    ],
    ("spec", "spec.yaml"): [
        (
            "a tag that would run a command",
            "model: !!python/object/apply:os.system [touch ran]\n",
            ", line 1: not valid YAML: could not determine a constructor for the tag 'tag:yaml.org,2002:python/object/apply:os.system'",
        ),
    ],
    ("network", "net.keras"): [
        ("no file", nothing, ": there is no such file"),
        ("a folder", folder, ": there is no such file"),
        ("no bytes", "", NO_KERAS),
        ("text", "not a network\n", NO_KERAS),
        ("gzip", packed("x"), NO_KERAS),
        ("cut off", network(LAMBDA)[:-30], NO_KERAS),
        ("a zip archive of something else", zipped(a_txt="x"), ": not a model that can be loaded (..."),
        ("a pickle", pickle.dumps(Touch()), NO_KERAS),
        (
            "a zip archive of pickles",
            zipped(config_json=pickle.dumps(Touch())),
            ": not a model that can be loaded (...",
        ),
        ("a Lambda layer with code", network(LAMBDA), HOLDS_CODE),
        ("a Lambda layer of a function of os", network(FUNCTION), ": not a model that can be loaded (..."),
        ("a class that starts a process", network(FOREIGN), ": not a model that can be loaded (..."),
    ],
    ("dataset", "dataset.h5"): [
        ("a dataset", whole_dataset, [2, 2, 2]),
        ("no file", nothing, ": there is no such file"),
        ("a folder", folder, ": there is no such file"),
        ("no bytes", "", ": not a dataset, or damaged; remove it and run again"),
        ("text", "not a dataset\n", ": not a dataset, or damaged; remove it and run again"),
        ("cut off at a half", cut_dataset(0.5), ": not a dataset, or damaged; remove it and run again"),
        ("cut off at its end", cut_dataset(0.98), ": not a dataset, or damaged; remove it and run again"),
        (
            "HDF5 of something else",
            hdf5(x=np.zeros(3)),
            ": not a dataset of this version; remove it and run again",
        ),
        (
            "another version",
            hdf5(format="motifloom dataset 0"),
            ": not a dataset of this version; remove it and run again",
        ),
        (
            "no attributes but the version",
            hdf5(format="motifloom dataset 1"),
            ": not a dataset, or damaged; remove it and run again",
        ),
        (
            "an unknown alphabet",
            retold("alphabet", "klingon"),
            ": not a dataset, or damaged; remove it and run again",
        ),
        (
            "classes that are no JSON",
            retold("classes", "[x"),
            ": not a dataset, or damaged; remove it and run again",
        ),
        ("no tokens", without("tokens"), ": not a dataset, or damaged; remove it and run again"),
        ("no targets", without("targets"), ": not a dataset, or damaged; remove it and run again"),
        ("no regions", without("regions"), ": not a dataset, or damaged; remove it and run again"),
        (
            "tokens in one row",
            edited_dataset(one_column),
            ": not a dataset, or damaged; remove it and run again",
        ),
    ],
    ("filters", "filters.npz"): [
        ("filters", filters(), ["conv_000", "conv_001"]),
        ("no file", nothing, ": there is no such file"),
        (
            "a folder",
            folder,
            ": not a filter archive written by the training, or damaged; remove it and run again",
        ),
        (
            "no bytes",
            "",
            ": not a filter archive written by the training, or damaged; remove it and run again",
        ),
        (
            "text",
            "not filters\n",
            ": not a filter archive written by the training, or damaged; remove it and run again",
        ),
        (
            "cut off",
            filters()[:-30],
            ": not a filter archive written by the training, or damaged; remove it and run again",
        ),
        (
            "a wrong byte",
            changed(filters(), 200, 7),
            ": not a filter archive written by the training, or damaged; remove it and run again",
        ),
        (
            "an archive of something else",
            archive(x=np.zeros(3)),
            ": not a filter archive written by the training, or damaged; remove it and run again",
        ),
        (
            "one array",
            gzip.decompress(
                gzip.compress(
                    b"\x93NUMPY\x01\0\x46\0"
                    + b"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }".ljust(69)
                    + b"\n\0\0\0\0"
                )
            ),
            ": not a filter archive written by the training, or damaged; remove it and run again",
        ),
        (
            "a pickle",
            pickle.dumps(Touch()),
            ": not a filter archive written by the training, or damaged; remove it and run again",
        ),
        (
            "an array of objects",
            archive(alphabet=np.array([Touch()], object), layers=np.array(["x"])),
            ": not a filter archive written by the training, or damaged; remove it and run again",
        ),
        (
            "an unknown alphabet",
            filters(alphabet="klingon"),
            ": not a filter archive written by the training, or damaged; remove it and run again",
        ),
        (
            "a kernel of two axes",
            filters(np.zeros((3, 4), np.float32)),
            ": not a filter archive written by the training, or damaged; remove it and run again",
        ),
        (
            "a kernel of other letters",
            filters(np.zeros((3, 5, 2), np.float32)),
            ": layer conv: 5 letters, not 4 of dna",
        ),
        (
            "an activation that filters cannot have",
            filters(activation="softmax"),
            ": activation 'softmax' of a scanning layer: use one of relu, leaky_relu, elu, selu, gelu, tanh, sigmoid, exponential, softplus, swish, silu, linear, mish, celu, relu6, hard_tanh, hard_sigmoid, hard_silu, hard_swish, softsign, log_sigmoid, squareplus, sparse_plus, sparse_sigmoid, hard_shrink, soft_shrink, tanh_shrink",
        ),
        (
            "an activation that is none",
            filters(activation=["relu"]),
            ": not a filter archive written by the training, or damaged; remove it and run again",
        ),
        (
            "a description that is a list",
            archive(
                **{
                    "alphabet": np.array("dna"),
                    "layers": np.array(["c"]),
                    "c/kernel": np.zeros((3, 4, 2)),
                    "c/meta": np.array("[1]"),
                }
            ),
            ": not a filter archive written by the training, or damaged; remove it and run again",
        ),
    ],
}
