"""What TensorFlow computes on: threads, accelerator, and the same result in every run."""

import contextlib
import logging

import keras
import tensorflow as tf

from motifloom.errors import UserError
from motifloom.gpus import claim, names_of
from motifloom.randomness import derive_seed

logger = logging.getLogger(__name__)


def configure(threads=None, accelerator="auto", precision="float32", gpus=1):
    """Choose threads and device, before anything is computed, and make computations repeatable.

    Parameters
    ----------
    threads : int or None
        Threads of one operation. Operations themselves run one after the other: the order in which
        parallel ones would end is not fixed, and small networks gain nothing from it.
    accelerator : {"auto", "gpu", "cpu"}
        "auto" uses a GPU where there is one; "gpu" demands it; "cpu" leaves it alone.
    precision : {"float32", "mixed_float16", "mixed_bfloat16"}
        What networks built from now on compute in; their weights are float32 in any case.
    gpus : int
        How many GPUs to use; of more than these, those that are free (:func:`motifloom.gpus.claim`).

    Raises
    ------
    UserError
        If a GPU is demanded and TensorFlow sees none.
    """
    found = tf.config.list_physical_devices("GPU")
    if accelerator == "gpu" and not found:
        raise UserError(
            "accelerator: gpu was asked for, but TensorFlow sees none; "
            "install its GPU build (envs/environment-gpu.yaml), or write auto"
        )
    if accelerator == "auto":
        logger.info(
            "accelerator: auto found %s", f"{len(found)} GPU(s)" if found else "no GPU; the CPU is used"
        )
    try:
        if threads:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(1)
        if accelerator == "cpu":
            tf.config.set_visible_devices([], "GPU")
        else:
            if len(found) > gpus:
                found = [found[place] for place in claim(names_of(len(found)), gpus)]
                tf.config.set_visible_devices(found, "GPU")
            for gpu in found:  # or TensorFlow takes all memory of every GPU at once
                tf.config.experimental.set_memory_growth(gpu, True)
    except RuntimeError:
        logger.debug("TensorFlow has started already; its threads and devices stay as they are")
    keras.config.set_dtype_policy(precision)
    tf.config.experimental.enable_op_determinism()
    # What is compiled once for each kind of input is no reason to warn of compiling often.
    tf.get_logger().setLevel("ERROR")


def spread(gpus=1, kind="GPU", where="training"):
    """Return a context in which to build a network that is trained on several GPUs at once.

    Each computes an equal share of every batch, and all keep the same weights (TensorFlow's
    MirroredStrategy, the one way in which Keras spreads a training on TensorFlow). The loss of a batch is the
    mean over the GPUs of theirs: in a last batch that cannot be shared equally, examples count a little
    differently. Keras cannot run several steps in one call then, which
    :func:`motifloom.models.settings.merge_options` sees to.

    Parameters
    ----------
    gpus : int
        1 is a context that does nothing.
    kind : str
        TensorFlow's kind of device; tests have no GPU.
    where : str
        What to call the training options in messages.

    Raises
    ------
    UserError
        If there are not so many.
    """
    if gpus == 1:
        return contextlib.nullcontext()
    found = tf.config.list_logical_devices(kind)
    if len(found) < gpus:
        raise UserError(
            f"{where}.gpus: {gpus} were asked for, but TensorFlow sees {len(found)}; lower it, or ask for "
            "more where the job runs"
        )
    return tf.distribute.MirroredStrategy([device.name for device in found[:gpus]]).scope()


def prepare(model, xla="auto", where="training"):
    """Make a network, built and compiled, compute as the training options say.

    The output layer computes in float32 whatever the others do, so that loss and metrics lose nothing.

    Parameters
    ----------
    model : keras.Model
        Not trained or asked for predictions yet.
    xla : {"auto", True, False}
        Whether the training step is compiled by XLA; "auto": on one GPU, if all layers can be. Keras itself
        never does where results are to be the same in every run (it holds that against XLA), though
        TensorFlow asks XLA for that too.
    where : str
        What to call the training options in messages.

    Raises
    ------
    UserError
        If XLA is demanded for a layer that it cannot compile.
    """
    for layer in map(model.get_layer, _output_layers(model)):
        layer.dtype_policy = "float32"
    layers = model._flatten_layers(include_self=False, recursive=True)
    cannot = [layer.name for layer in layers if not layer.supports_jit]
    if xla is True and cannot:
        raise UserError(f"{where}.xla: layer {cannot[0]} cannot be compiled by XLA; write auto or false")
    alone = model.distribute_strategy.num_replicas_in_sync == 1
    model._jit_compile = not cannot and (
        xla is True or (xla == "auto" and alone and describe()["kind"] == "gpu")
    )


def _output_layers(model):
    names = model.get_config()["output_layers"]
    return names[:1] if isinstance(names[0], str) else [name for name, *_ in names]


def use_float32(model):
    """Let a trained network compute in float32 from now on, which its weights are in any precision.

    What is saved, predicted and explained is then the same on every machine, and needs no GPU.
    """
    for layer in model._flatten_layers(include_self=False, recursive=True):
        layer.dtype_policy = "float32"
    model.predict_function = model.test_function = None  # were built for the other precision


def seed_everything(seed, *keys):
    """Seed Python's, NumPy's and Keras' global generators from `seed` and `keys`."""
    keras.utils.set_random_seed(derive_seed(seed, *keys) % 2**32)


def describe():
    """Return what computations run on.

    Returns
    -------
    dict
        kind ("gpu" or "cpu"), name (of the first GPU, else "cpu"), threads (0: as many as TensorFlow likes).
    """
    gpus = tf.config.get_visible_devices("GPU")
    details = tf.config.experimental.get_device_details(gpus[0]) if gpus else {}
    return {
        "kind": "gpu" if gpus else "cpu",
        "name": details.get("device_name", "gpu") if gpus else "cpu",
        "threads": tf.config.threading.get_intra_op_parallelism_threads(),
    }
