"""What TensorFlow computes on: threads, accelerator, and the same result in every run."""

import logging

import keras
import tensorflow as tf

from motifloom.errors import UserError
from motifloom.randomness import derive_seed

logger = logging.getLogger(__name__)


def configure(threads=None, accelerator="auto"):
    """Choose threads and device, before anything is computed, and make computations repeatable.

    Parameters
    ----------
    threads : int or None
        Threads of one operation. Operations themselves run one after the other: the order in which
        parallel ones would end is not fixed, and small networks gain nothing from it.
    accelerator : {"auto", "gpu", "cpu"}
        "auto" uses a GPU where there is one; "gpu" demands it; "cpu" leaves it alone.

    Raises
    ------
    UserError
        If a GPU is demanded and TensorFlow sees none.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if accelerator == "gpu" and not gpus:
        raise UserError(
            "accelerator: gpu was asked for, but TensorFlow sees none; "
            "install its GPU build (envs/environment-gpu.yaml), or write auto"
        )
    try:
        if threads:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(1)
        if accelerator == "cpu":
            tf.config.set_visible_devices([], "GPU")
        else:
            for gpu in gpus:  # or TensorFlow takes all memory of every GPU at once
                tf.config.experimental.set_memory_growth(gpu, True)
    except RuntimeError:
        logger.debug("TensorFlow has started already; its threads and devices stay as they are")
    tf.config.experimental.enable_op_determinism()
    # What is compiled once for each kind of input is no reason to warn of compiling often.
    tf.get_logger().setLevel("ERROR")


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
