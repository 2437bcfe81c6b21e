"""Ending a training that is not worth going on with."""

import keras


class StopWhen(keras.callbacks.Callback):
    """End a training as soon as the values of its epochs say so.

    Parameters
    ----------
    column : str
        Name in the logs.
    decide : callable
        list of float, one per epoch -> bool.

    Attributes
    ----------
    values : list of float
    stopped : bool
        Whether it ended the training.
    """

    def __init__(self, column, decide):
        super().__init__()
        self.column, self.decide = column, decide
        self.values, self.stopped = [], False

    def on_epoch_end(self, epoch, logs=None):
        """Note an epoch and decide."""
        if self.column not in logs:
            raise ValueError(f"metric {self.column} is not in the logs, which have {', '.join(logs)}")
        self.values.append(float(logs[self.column]))
        if self.decide(self.values):
            self.stopped = self.model.stop_training = True
