"""Keras models: building, training, prediction. TensorFlow lives here."""

import os

from motifloom.job import captured

# Before TensorFlow is first imported: its start-up notes are no news to the user of a workflow.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

# Some of the notes heed no setting.
with open(os.devnull, "w") as nothing, captured(nothing):
    import keras  # noqa: F401
    import tensorflow  # noqa: F401
