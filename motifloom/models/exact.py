"""Exact AUROC and AUPRC of the validation part, in every epoch.

Keras' AUC sums up counts at 200 thresholds; these are scikit-learn's, over all scores, and leave out what
has no target.
"""

import logging

import keras
import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from motifloom.errors import UserError
from motifloom.models.callbacks import EXACT, each_callback
from motifloom.models.predict import predict

logger = logging.getLogger(__name__)

BATCH = 512  # examples predicted at a time


def wants_exact(spec, training):
    """Tell whether a training measures them: its option `exact_metrics` says so, or a callback watches one,
    or a checkpoint is to have one in its name.

    Parameters
    ----------
    spec : dict
        See :func:`motifloom.models.spec.read_spec`.
    training : dict
        The training block.
    """
    if training.get("exact_metrics"):
        return True
    given = [settings or {} for _, _, settings in each_callback(spec["callbacks"])]
    named = any(f"{{{name}" in str(settings.get("filepath")) for settings in given for name in EXACT)
    return named or any(str(settings.get("monitor")).lower() in EXACT for settings in given)


def check_task(task, path="training"):
    """Raise a UserError for a task that has no classes; `path` is that of the training options."""
    if task == "regression":
        raise UserError(
            f"{path}.exact_metrics: AUROC and AUPRC are of classes, and the task is regression; "
            "set it to false and watch val_loss"
        )


def check_classes(targets, task, wanted, path="training"):
    """Raise a UserError where the validation part has no AUROC, and it is `wanted`; else warn of it.

    Parameters
    ----------
    targets : float32 (n, T)
        Of the validation part.
    task : str
    wanted : bool
        Whether val_auroc or val_auprc is asked for or watched.
    path : str
        What to call the training options in messages.
    """
    if wanted:
        check_task(task, path)
    if wanted and not len(targets):
        raise UserError(
            f"{path}.exact_metrics: there are no validation examples to measure val_auroc and val_auprc on; "
            "give the split a validation part, or set it to false and watch loss"
        )
    if task == "regression" or not len(targets):
        return
    measured = sum(_has_both(target > 0.5) for target in map(_known, targets.T))
    if wanted and not measured:
        raise UserError(
            f"{path}.exact_metrics: the validation part has one class only, so that val_auroc and val_auprc "
            "have no value; give it examples of both, or set exact_metrics to false and watch val_loss"
        )
    if not measured:
        logger.warning("the validation part has examples of one class only")
    elif wanted and measured < targets.shape[1]:
        n = targets.shape[1]
        logger.warning("val_auroc and val_auprc leave out %d of %d targets: one class only", n - measured, n)


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
    """

    def __init__(self, tokens, rows, targets, task):
        super().__init__()
        self.tokens, self.rows, self.targets, self.task = _Rows(tokens, rows), rows, targets, task

    def on_epoch_end(self, epoch, logs=None):
        """Measure the network as it is now."""
        batch = min(BATCH, len(self.rows))
        scores = predict(self.model, self.tokens, task=self.task, alphabet=None, batch=batch)
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
        positive, score = _known(target) > 0.5, score[np.isfinite(target)]
        if _has_both(positive) and np.isfinite(score).all():
            values.append([metric(positive, score) for metric in (roc_auc_score, average_precision_score)])
    return tuple(np.mean(values, axis=0)) if values else (np.nan, np.nan)


def _known(target):
    return target[np.isfinite(target)]


def _has_both(positive):
    return positive.any() and not positive.all()
