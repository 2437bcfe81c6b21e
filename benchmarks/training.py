"""Training on tokens against Keras' fit on one-hot arrays in memory: throughput and memory."""

import math
import os
import time
from pathlib import Path

from benchmarks.measure import compare, peak_mb, run_fresh

LENGTH, EPOCHS = 300, 2
# Of what is larger: how many times the examples, their length, and the share of an epoch that is timed. All
# data are made, and held or streamed; a part of an epoch shows what each example costs and where memory ends.
LARGER = {25: (300, 0.25), 50: (500, 0.1)}
HEAD = [{"class_name": "Dense", "config": {"units": 1, "activation": "sigmoid"}}]
# S is the documented example of Cnnamon; M is of the size that is usual for one factor.
MODELS = {
    "S": {
        "batch_size": 64,
        "layers": [
            {"class_name": "Conv1D", "config": {"filters": 12, "kernel_size": 20, "padding": "same"}},
            {"class_name": "LeakyReLU", "config": {}},
            {"class_name": "MaxPooling1D", "config": {"pool_size": 2}},
            {"class_name": "Dropout", "config": {"rate": 0.2}},
            {"class_name": "Flatten", "config": {}},
            {"class_name": "Dense", "config": {"units": 32, "activation": "relu"}},
            *HEAD,
        ],
    },
    "M": {
        "batch_size": 128,
        "layers": [
            {"class_name": "Conv1D", "config": {"filters": 128, "kernel_size": 19, "activation": "relu"}},
            {"class_name": "MaxPooling1D", "config": {"pool_size": 4}},
            {"class_name": "Conv1D", "config": {"filters": 64, "kernel_size": 11, "activation": "relu"}},
            {"class_name": "GlobalMaxPooling1D", "config": {}},
            {"class_name": "Dense", "config": {"units": 32, "activation": "relu"}},
            *HEAD,
        ],
    },
}


def run(folder, *, examples=20_000, models="SM", repeats=2, larger=LARGER):
    """Return the tables of this benchmark.

    Parameters
    ----------
    folder : Path
        For the data.
    examples : int
        Number of sequences of 300 bases.
    models : str
        Keys of `MODELS`.
    repeats : int
    larger : dict of int to (int, float)
        Times `examples`: length of the sequences and share of an epoch, for the first model, once.
    """
    sizes = [("training", examples, LENGTH, 1, models, repeats)]
    for times, (length, share) in larger.items():
        title = f"training, {times * examples:,} sequences of {length} bp"
        sizes.append((title, times * examples, length, share, models[:1], 1))
    tables = []
    for title, count, length, share, chosen, repeated in sizes:
        path = str(Path(folder) / f"{count}x{length}.h5")
        run_fresh("benchmarks.training:make_data", {"path": path, "examples": count, "length": length})
        keras = length == LENGTH  # whose arrays of the longer ones are 8 GB
        rows = [row for model in chosen for row in _compare(path, repeated, count, share, keras, model)]
        tables.append((title, rows))
        Path(path).unlink()
    return tables


def _compare(path, repeats, examples, share, keras, model):
    """Return a row for each contender: two whole epochs after one to warm up, or a share of the first."""
    batch, whole = MODELS[model]["batch_size"], share == 1
    steps = math.ceil(share * examples / batch)
    arguments = {"path": path, "model": model, "steps": None if whole else steps}
    seen = EPOCHS * examples if whole else steps * batch
    contenders = {
        "Motifloom, tokens": ("benchmarks.training:motifloom_fit", {**arguments, "memory": 2**20}),
        "Motifloom, tokens streamed": ("benchmarks.training:motifloom_fit", {**arguments, "memory": 0}),
    }
    if keras:
        contenders["Keras fit, float32"] = ("benchmarks.training:keras_fit", arguments)
    rows = compare(contenders, repeats, model=model)
    for row in rows:
        for kind in ("cpu", "wall"):
            row[f"examples_per_{kind}_s"] = round(seen / row[f"{kind}_s"])
    return rows


def make_data(path, examples, length):
    """Write random tokens (N, length), in chunks as a dataset has them, and targets (N, 1)."""
    import h5py
    import numpy as np

    yield
    rng = np.random.default_rng(1)
    with h5py.File(path, "w") as file:
        rows = min(examples, 2**20 // length)
        tokens = file.create_dataset("tokens", (examples, length), np.uint8, chunks=(rows, length))
        for start in range(0, examples, rows):
            tokens[start : start + rows] = rng.integers(0, 4, (min(rows, examples - start), length), np.uint8)
        file["targets"] = rng.integers(0, 2, (examples, 1)).astype(np.float32)
    yield


def motifloom_fit(path, model, memory, steps=None):
    """motifloom.models.training.fit on tokens on disk, which it holds in memory, or streams (memory=0)."""
    import h5py
    import numpy as np

    from motifloom.data.encode import DNA
    from motifloom.models import device
    from motifloom.models.spec import build_model, read_spec
    from motifloom.models.training import fit

    device.configure(os.cpu_count())  # as many as Keras uses by itself
    spec = read_spec(spec_of(model))
    file = h5py.File(path, "r")
    tokens, targets = file["tokens"], file["targets"][:]
    network = build_model(spec, length=tokens.shape[1], alphabet_size=4, task="binary", n_targets=1)

    def train(count, epochs):
        rows = np.arange(count)
        examples = {"train": (rows, targets[:count]), "validation": (rows[:0], targets[:0])}
        options = {"epochs": epochs, "memory": memory}
        fit(network, spec, tokens, examples, task="binary", alphabet=DNA, options=options)

    train(min(2048, len(targets)), 1)
    spec["training_params"]["steps_per_epoch"] = steps
    before, seconds = peak_mb(), clock_epochs(network)
    yield
    train(len(targets), 1 if steps else 1 + EPOCHS)
    yield
    held = tokens.size if memory else 0
    yield {"added_mb": peak_mb() - before, "input_mb": held / 1e6, **seconds()}


def keras_fit(path, model, steps=None):
    """Keras' own fit, in its own way but for the data: one-hot float32 arrays."""
    import h5py
    import keras
    import numpy as np

    spec = spec_of(model)
    layers = [
        getattr(keras.layers, layer["class_name"])(**layer["config"]) for layer in spec["model"]["layers"]
    ]
    with h5py.File(path, "r") as file:
        tokens, targets = file["tokens"][:], file["targets"][:]
    network = keras.Sequential([keras.Input((tokens.shape[1], 4)), *layers])
    network.compile(**spec["compile"])
    held = []

    def train(count, **options):
        held[:] = [np.eye(4, dtype=np.float32)[tokens[:count]]]
        network.fit(held[0], targets[:count], verbose=0, **spec["training_params"], **options)

    train(min(2048, len(targets)))
    before, seconds = peak_mb(), clock_epochs(network)
    yield
    train(len(targets), epochs=1 if steps else 1 + EPOCHS, steps_per_epoch=steps)
    yield
    yield {"added_mb": peak_mb() - before, "input_mb": held[0].nbytes / 1e6, **seconds()}


def clock_epochs(network):
    """Make a network's next fit note the time before and after every epoch.

    Returns
    -------
    function
        Gives, after that fit, a dict of cpu_s and wall_s of all epochs but the first, which warms up, or of
        the first if it is the only one.
    """
    import keras

    times, fit = [], network.fit

    def note(epoch, logs):
        times.append((time.process_time(), time.perf_counter()))

    def timed_fit(*arguments, callbacks=(), **options):
        begin, end = ({"on_epoch_begin": note}, {"on_epoch_end": note})
        around = [keras.callbacks.LambdaCallback(**moment) for moment in (begin, end)]
        return fit(*arguments, callbacks=[around[0], *callbacks, around[1]], **options)

    def seconds():
        first = times[0] if len(times) == 2 else times[1]
        return {name: times[-1][i] - first[i] for i, name in enumerate(("cpu_s", "wall_s"))}

    network.fit = timed_fit
    return seconds


def spec_of(model):
    """Return the spec of a model in `MODELS`."""
    return {
        "model": {"layers": MODELS[model]["layers"]},
        "compile": {"optimizer": "adam", "loss": "binary_crossentropy"},
        "training_params": {"batch_size": MODELS[model]["batch_size"]},
    }
