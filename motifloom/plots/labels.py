"""How baselines and metrics are called and numbers written, in figures and on pages."""

import re
from decimal import ROUND_HALF_UP, Decimal

from motifloom.measures import EXACT

# By kind of run, in the order in which they are shown.
BASELINES = {
    "kmer": "k-mer baseline",
    "additive": "additive baseline",
    "gc": "GC baseline",
    "label_shuffle": "shuffled labels",
}

METRIC_LABELS = {
    "auroc": "AUROC",
    "auprc": "AUPRC",
    "accuracy": "Accuracy",
    "f1": "F1",
    "mcc": "MCC",
    "precision": "Precision",
    "recall": "Recall",
    "log_loss": "Log loss",
    "specificity": "Specificity",
    "npv": "NPV",
    "aunpvsc": "AUNPVSC",
    "brier": "Brier score",
    "ece": "Calibration error",
    "pearson": "Pearson r",
    "spearman": "Spearman ρ",
    "r2": "R²",
    "mse": "MSE",
    "mae": "MAE",
    "mape": "Relative error",
    "explained_variance": "Explained variance",
}

# Keras' own area under the curve, by the names that it gives it.
_ESTIMATE = re.compile(r"auc(_\d+)?", re.IGNORECASE)
_TRAINING = {"mse": "MSE", "mae": "MAE", "lr": "learning rate"}


def decimals(value, digits=3):
    """Write a number with so many decimals, as one would round by hand what a table holds of it.

    The six digits of the tables come first, so that a figure of the unrounded value and a page of the table's
    agree; then half is rounded up.
    """
    text = Decimal(f"{value:.6g}").quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return f"{text:f}"


def training_label(name, columns):
    """Return how a column of the training's log reads: `val_` stays in front, as "val ".

    `columns` are all of the log. Exact areas are measured on the validation part only: one with a column for
    the training part is a metric that somebody has called so.
    """
    part = "val " if name.startswith("val_") else ""
    name = name.removeprefix("val_")
    if _ESTIMATE.fullmatch(name):
        return f"{part}{name.upper().replace('_', ' ')} (estimate)"
    if name in EXACT and name not in columns:
        return f"{part}{name.upper()} (exact)"
    return part + _TRAINING.get(name, name.replace("_", " "))
