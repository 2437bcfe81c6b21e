"""Training on tokens against Keras' fit on one-hot arrays in memory: throughput and memory."""

import os
import time
from pathlib import Path

from benchmarks.measure import compare, peak_mb, run_fresh

LENGTH, EPOCHS = 300, 2
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


def run(folder, *, examples=20_000, models="SM", repeats=2):
    """Return the table of this benchmark.

    Parameters
    ----------
    folder : Path
        For the data.
    examples : int
        Number of sequences of 300 bases.
    models : iterable of str
        Keys of `MODELS`.
    repeats : int
    """
    data = {"path": str(Path(folder) / "tokens.h5")}
    run_fresh("benchmarks.training:make_data", {**data, "examples": examples})
    rows = []
    for model in models:
        arguments = {**data, "model": model}
        contenders = {
            "Motifloom, tokens": ("benchmarks.training:motifloom_fit", arguments),
            "Motifloom, tokens streamed": ("benchmarks.training:motifloom_fit", {**arguments, "memory": 0}),
            "Keras fit, float32": ("benchmarks.training:keras_fit", arguments),
        }
        for row in compare(contenders, repeats, model=model):
            for kind in ("cpu", "wall"):
                row[f"examples_per_{kind}_s"] = round(examples * EPOCHS / row[f"{kind}_s"])
            rows.append(row)
    return [("training", rows)]


def make_data(path, examples):
    """Write random tokens (N, 300) and targets (N, 1)."""
    import h5py
    import numpy as np

    yield
    rng = np.random.default_rng(1)
    with h5py.File(path, "w") as file:
        file["tokens"] = rng.integers(0, 4, (examples, LENGTH), np.uint8)
        file["targets"] = rng.integers(0, 2, (examples, 1)).astype(np.float32)
    yield


def motifloom_fit(path, model, memory=2**30):
    """motifloom.models.training.fit on tokens on disk, which it holds in memory, or streams (memory=0)."""
    import h5py
    import numpy as np

    from motifloom.data.encode import DNA
    from motifloom.models import device
    from motifloom.models.feed import feed
    from motifloom.models.spec import build_model, read_spec
    from motifloom.models.training import fit

    device.configure(os.cpu_count())  # as many as Keras uses by itself
    spec = read_spec(spec_of(model))
    network = build_model(spec, length=LENGTH, alphabet_size=4, task="binary", n_targets=1)
    file = h5py.File(path, "r")
    targets = file["targets"][:]

    def train(count, epochs):
        rows = np.arange(count)
        examples = {"train": (rows, targets[:count]), "validation": (rows[:0], targets[:0])}
        options = {"task": "binary", "alphabet": DNA, "options": {"epochs": epochs}, "memory": memory}
        fit(network, spec, file["tokens"], examples, **options)

    train(min(2048, len(targets)), 1)
    before, seconds = peak_mb(), clock_epochs(network)
    yield
    train(len(targets), 1 + EPOCHS)
    yield
    given = feed(file["tokens"], np.arange(len(targets)), targets, batch_size=1, memory=memory)
    held = given["x"].nbytes if "y" in given else 0
    yield {"added_mb": peak_mb() - before, "input_mb": held / 1e6, **seconds()}


def keras_fit(path, model):
    """Keras' own fit, in its own way but for the data: one-hot float32 arrays."""
    import h5py
    import keras
    import numpy as np

    spec = spec_of(model)
    layers = [
        getattr(keras.layers, layer["class_name"])(**layer["config"]) for layer in spec["model"]["layers"]
    ]
    network = keras.Sequential([keras.Input((LENGTH, 4)), *layers])
    network.compile(**spec["compile"])
    with h5py.File(path, "r") as file:
        tokens, targets = file["tokens"][:], file["targets"][:]
    held = []

    def train(count, epochs):
        if not held or len(held[0]) != count:
            held[:] = [np.eye(4, dtype=np.float32)[tokens[:count]]]
        network.fit(held[0], targets[:count], epochs=epochs, verbose=0, **spec["training_params"])

    train(min(2048, len(targets)), 1)
    before, seconds = peak_mb(), clock_epochs(network)
    yield
    train(len(targets), 1 + EPOCHS)
    yield
    yield {"added_mb": peak_mb() - before, "input_mb": held[0].nbytes / 1e6, **seconds()}


def clock_epochs(network):
    """Make a network's next fit note the time after every epoch.

    Returns
    -------
    function
        Gives, after that fit, a dict of cpu_s and wall_s of all epochs but the first, which warms up.
    """
    import keras

    times, fit = [], network.fit

    def note(epoch, logs):
        times.append((time.process_time(), time.perf_counter()))

    def timed_fit(*arguments, callbacks=(), **options):
        callbacks = [*callbacks, keras.callbacks.LambdaCallback(on_epoch_end=note)]
        return fit(*arguments, callbacks=callbacks, **options)

    network.fit = timed_fit
    return lambda: {name: times[-1][i] - times[0][i] for i, name in enumerate(("cpu_s", "wall_s"))}


def spec_of(model):
    """Return the spec of a model in `MODELS`."""
    return {
        "model": {"layers": MODELS[model]["layers"]},
        "compile": {"optimizer": "adam", "loss": "binary_crossentropy"},
        "training_params": {"batch_size": MODELS[model]["batch_size"]},
    }
