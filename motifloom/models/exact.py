"""Exact AUROC and AUPRC of the validation part, in every epoch.

Keras' AUC sums up counts at 200 thresholds; these are scikit-learn's, over all scores, and leave out what
has no target.
"""

import keras
import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from motifloom.errors import UserError
from motifloom.models.callbacks import EXACT, each_callback
from motifloom.models.predict import predict


def wants_exact(spec, training):
    """Tell whether a training measures them: its option `exact_metrics` says so, or a callback watches one.

    Parameters
    ----------
    spec : dict
        See :func:`motifloom.models.spec.read_spec`.
    training : dict
        The training block.
    """
    if training.get("exact_metrics"):
        return True
    monitors = [(given or {}).get("monitor") for _, _, given in each_callback(spec["callbacks"])]
    return any(str(monitor).lower() in EXACT for monitor in monitors)


def check_task(task):
    """Raise a UserError for a task that has no classes."""
    if task == "regression":
        raise UserError(
            "training.exact_metrics: AUROC and AUPRC are of classes, and the task is regression; "
            "set it to false and watch val_loss"
        )


class ExactMetrics(keras.callbacks.Callback):
    """Put val_auroc and val_auprc into the logs of every epoch.

    It must stand before the callbacks that read them.

    Parameters
    ----------
    tokens : array or h5py.Dataset, uint8 (N, L)
    rows : int array (n,)
        The validation examples, ascending.
    targets : float32 (n, T)
        Of these rows. NaN is a missing target.
    task : {"binary", "multilabel", "multiclass"}
    alphabet : motifloom.data.encode.Alphabet, optional
        Only for `reverse_complement`.
    reverse_complement : bool
        Average the scores of both strands.
    batch_size : int

    Raises
    ------
    UserError
        For a regression, or without validation examples.
    """

    def __init__(
        self, tokens, rows, targets, task, *, alphabet=None, reverse_complement=False, batch_size=512
    ):
        super().__init__()
        check_task(task)
        if not len(rows):
            raise UserError(
                "training.exact_metrics: there are no validation examples to measure val_auroc and val_auprc "
                "on; give the split a validation part, or set it to false and watch loss"
            )
        self.tokens, self.rows, self.targets, self.task = _Rows(tokens, rows), rows, targets, task
        self.options = {"alphabet": alphabet, "reverse_complement": reverse_complement}
        self.batch_size = min(batch_size, len(rows))

    def on_epoch_end(self, epoch, logs=None):
        """Measure the network as it is now."""
        scores = predict(self.model, self.tokens, task=self.task, batch=self.batch_size, **self.options)
        logs.update(zip(EXACT, exact_metrics(self.targets, scores), strict=True))


class _Rows:
    """Some rows of an array in memory or in HDF5, read by slices."""

    def __init__(self, array, rows):
        self.array, self.rows, self.shape = array, np.asarray(rows), (len(rows), array.shape[1])

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, part):
        rows = self.rows[part]
        return self.array[rows[0] : rows[-1] + 1][rows - rows[0]]


def exact_metrics(targets, scores):
    """Return AUROC and AUPRC (average precision), each the mean over the targets where it is defined.

    Parameters
    ----------
    targets : float (N, T)
        0 or 1; NaN where missing. Of several classes, each against the others.
    scores : float (N, T)

    Returns
    -------
    auroc, auprc : float
        NaN where no target has both classes, or a score is no number.
    """
    values = []
    for target, score in zip(np.transpose(targets), np.transpose(scores), strict=True):
        known = np.isfinite(target)
        positive = target[known] > 0.5
        if positive.any() and not positive.all() and np.isfinite(score[known]).all():
            values.append(
                [metric(positive, score[known]) for metric in (roc_auc_score, average_precision_score)]
            )
    return tuple(np.mean(values, axis=0)) if values else (np.nan, np.nan)
