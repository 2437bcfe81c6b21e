"""Keras models: building, training, prediction. TensorFlow lives here."""

import contextlib
import os
import sys

# Before TensorFlow is first imported: its start-up notes are no news to the user of a workflow.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")


@contextlib.contextmanager
def _silence():
    """Drop what is written to standard error meanwhile, by compiled libraries too."""
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "w") as nothing:
        os.dup2(nothing.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


# Some of the notes heed no setting.
with _silence():
    import keras  # noqa: F401
    import tensorflow  # noqa: F401
