"""How good predictions are, in pictures: every function takes a predictions table and returns a figure.

A predictions table has id, part, target.<name>... and score.<name>...; examples whose target is missing are
left out. `classes` are [negative, positive] for binary, else the names of classes, labels or values.
"""

import math

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm

from motifloom.measures import CALIBRATION_BINS
from motifloom.plots.labels import decimals
from motifloom.plots.ranking import (
    CHANCE,
    finite_pairs,
    heading,
    left_out,
    precision_recall,
    roc,
    target_pairs,
)
from motifloom.plots.style import CLASS_COLOURS, GREY

__all__ = ["calibration", "confusion", "precision_recall", "roc", "scatter", "score_distributions"]

_PLAIN_SCATTER = 1500


def _grid(n, width, height, stack=1, **options):
    """Return a figure and n columns of `stack` axes each, (n, stack), at most six beside one another."""
    columns = n if n <= 4 else min(n, 6)
    rows = math.ceil(n / columns)
    size = (width * columns, height * rows + 0.3)
    figure, axes = plt.subplots(stack * rows, columns, figsize=size, squeeze=False, **options)
    axes = axes.reshape(rows, stack, columns).swapaxes(1, 2).reshape(-1, stack)
    for axis in axes[n:].flat:
        axis.set_axis_off()
    return figure, axes[:n]


def confusion(predictions, task, classes, *, part="test", thresholds=None):
    """Draw confusion matrices, every row divided by its sum, with the counts.

    Parameters
    ----------
    predictions : pandas.DataFrame
    task : str
        binary and multilabel (a matrix per label) call a class by its threshold, multiclass the largest.
    classes : list of str
    part : str
    thresholds : float (T,) or None
        A class is called at this probability or more; None: 0.5.

    Returns
    -------
    matplotlib.figure.Figure
    """
    pairs = target_pairs(predictions, task, classes, part)
    shown = finite_pairs(pairs)
    if task == "multiclass":
        n = min(len(labels) for labels, _ in shown.values())  # all, or none where one class has none
        truth = np.argmax([labels[:n] for labels, _ in shown.values()], axis=0)
        called = np.argmax([scores[:n] for _, scores in shown.values()], axis=0)
        matrices = {None: (_counts(truth, called, len(classes)), list(classes))}
    else:
        names = classes if task == "binary" else ["no", "yes"]
        thresholds = [0.5] * len(pairs) if thresholds is None else thresholds
        matrices = {
            name: (_counts(labels > 0.5, scores >= threshold, 2), names)
            for (name, (labels, scores)), threshold in zip(shown.items(), thresholds, strict=True)
        }
    if task == "multilabel":
        figure, axes = _grid(len(matrices), 1.45, 1.45)
        figure.suptitle(heading(pairs, task, part), fontsize=10, x=0.02, ha="left")
        figure.supxlabel("Predicted", fontsize=9)
        figure.supylabel("True", fontsize=9)
    else:
        side = 1.3 + max(1.3, 0.5 * len(classes))
        figure, axes = plt.subplots(figsize=(side + 1.3, side), squeeze=False)
        axes[0, 0].set_title(heading(pairs, task, part), loc="left")
        axes[0, 0].set(xlabel="Predicted", ylabel="True")
    for (axis,), (name, (matrix, names)) in zip(axes, matrices.items(), strict=True):
        image = _matrix(axis, matrix, names, small=task == "multilabel")
        if task == "multilabel":
            axis.set_title(name, fontsize=8.5)
    if task != "multilabel":
        figure.colorbar(image, ax=axes, label="Fraction of true class", shrink=0.8, ticks=[0, 0.5, 1])
    return figure


def _counts(truth, called, n):
    return np.bincount(truth * n + called, minlength=n * n).reshape(n, n)


def _matrix(axis, matrix, names, small):
    totals = matrix.sum(axis=1, keepdims=True)
    fractions = matrix / np.maximum(totals, 1)
    image = axis.imshow(fractions, cmap="Blues", vmin=0, vmax=1)
    size = 6.5 if small else 8.5 if len(names) <= 8 else 6
    for (row, column), count in np.ndenumerate(matrix):
        fraction = fractions[row, column]
        text = f"{fraction:.2f}\n{count:,}" if totals[row, 0] else "–"
        axis.text(
            column,
            row,
            text,
            ha="center",
            va="center",
            fontsize=size,
            color="white" if fraction > 0.55 else "black",
        )
    turned = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if max(map(len, names)) > 5 else {}
    axis.set_xticks(range(len(names)), names, fontsize=7 if small else 8.5, **turned)
    axis.set_yticks(range(len(names)), names, fontsize=7 if small else 8.5)
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    return image


def score_distributions(predictions, task, classes, *, part="test"):
    """Draw histograms of the scores of the examples with and without each class.

    Parameters
    ----------
    predictions : pandas.DataFrame
    task : str
        binary, multiclass or multilabel.
    classes : list of str
    part : str

    Returns
    -------
    matplotlib.figure.Figure
        A panel per class (one for binary); each histogram sums to 1. The square-root scale shows the few
        in the middle beside the many at the ends.
    """
    pairs = target_pairs(predictions, task, classes, part)
    many = len(pairs) > 1
    figure, axes = _grid(len(pairs), 1.6 if many else 4.4, 1.7 if many else 2.9, sharex=True, sharey=True)
    edges = np.linspace(0, 1, 11 if many else 26)
    for (axis,), (name, (labels, scores)) in zip(axes, finite_pairs(pairs).items(), strict=True):
        axis.set(xlim=(0, 1), ylim=(0, 1), xticks=[0, 0.5, 1])
        axis.set_yscale("function", functions=(np.sqrt, np.square))
        axis.set_yticks([0, 0.1, 0.5, 1])
        names = ["other", name] if many else classes
        for label, colour, text in zip((0, 1), (GREY, CLASS_COLOURS[0]), names, strict=True):
            found = scores[(labels > 0.5) == label]
            heights = np.histogram(found, edges)[0] / max(len(found), 1)
            axis.stairs(heights, edges, fill=True, color=colour, alpha=0.3)
            axis.stairs(heights, edges, color=colour, linewidth=1.3, label=f"{text} (n = {len(found):,})")
        if many:
            axis.set_title(f"{name} (n = {int(labels.sum()):,})", fontsize=8.5)
    if many:
        handles = [plt.Rectangle((0, 0), 1, 1, color=c, alpha=0.5) for c in (CLASS_COLOURS[0], GREY)]
        figure.legend(handles, ["class in the title", "all others"], loc="outside upper right", ncols=2)
    else:
        axes[0, 0].legend(loc="upper center")
    positive = "the class" if many else classes[1]
    figure.supxlabel(f"Predicted probability of {positive}", fontsize=9)
    figure.supylabel("Fraction (√ scale)", fontsize=9)
    figure.suptitle(heading(pairs, task, part), fontsize=10, x=0.02, ha="left")
    return figure


def calibration(predictions, task, classes, *, part="test"):
    """Draw reliability diagrams: observed against predicted probability in ten bins, with the counts.

    Parameters
    ----------
    predictions : pandas.DataFrame
    task : str
        binary, multiclass or multilabel.
    classes : list of str
    part : str

    Returns
    -------
    matplotlib.figure.Figure
        A panel per class with the number of examples per bin (logarithmic) below; bars are 95 % intervals
        of the fraction (Wilson 1927), and bins of fewer than ten examples are pale.
    """
    pairs = target_pairs(predictions, task, classes, part)
    many = len(pairs) > 1
    figure, axes = _grid(
        len(pairs),
        *((1.6, 2.3) if many else (3.9, 4.4)),
        stack=2,
        sharex=True,
        sharey="row",
        height_ratios=[3, 1] * math.ceil(len(pairs) / (6 if len(pairs) > 4 else 4)),
    )
    for (upper, lower), (name, pair) in zip(axes, finite_pairs(pairs).items(), strict=True):
        _reliability(upper, lower, *pair)
        if many:
            upper.set_title(name, fontsize=8.5)
        if upper.get_subplotspec().is_first_col():
            upper.set_ylabel("Observed fraction" if not many else "Observed")
            lower.set_ylabel("n")
    figure.supxlabel(f"Predicted probability of {'the class' if many else classes[1]}", fontsize=9)
    figure.suptitle(heading(pairs, task, part), fontsize=10, x=0.02, ha="left")
    return figure


def _reliability(upper, lower, labels, scores):
    place = np.clip((scores * CALIBRATION_BINS).astype(int), 0, CALIBRATION_BINS - 1)
    n = np.bincount(place, minlength=CALIBRATION_BINS)
    filled = n > 0
    predicted, observed = (
        np.bincount(place, values, minlength=CALIBRATION_BINS)[filled] / n[filled]
        for values in (scores, labels)
    )
    low, high = _wilson(observed, n[filled])
    upper.plot([0, 1], [0, 1], **CHANCE)
    for few, alpha in ((True, 0.25), (False, 1)):
        shown = (n[filled] < 10) == few
        upper.vlines(
            predicted[shown], low[shown], high[shown], color=CLASS_COLOURS[0], alpha=alpha, linewidth=1.1
        )
        upper.plot(predicted[shown], observed[shown], "o", color=CLASS_COLOURS[0], alpha=alpha, markersize=4)
    upper.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    lower.set(ylim=(0.7, max(2 * len(scores), 2)), yscale="log")
    lower.stairs(n, np.linspace(0, 1, CALIBRATION_BINS + 1), fill=True, color="#B4BDC5")


def _wilson(fraction, n, z=1.959963984540054):
    centre = (fraction + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(fraction * (1 - fraction) / n + z * z / (4 * n * n))
    return centre - half, centre + half


def scatter(predictions, classes, *, part="test"):
    """Draw predicted against observed values, as a density where there are many.

    Parameters
    ----------
    predictions : pandas.DataFrame
    classes : list of str
        Names of the values.
    part : str

    Returns
    -------
    matplotlib.figure.Figure
        A panel per value with n, Pearson correlation and R2.
    """
    pairs = target_pairs(predictions, "regression", classes, part)
    figure, axes = _grid(len(pairs), 4.0, 3.4)
    for (axis,), (name, (observed, predicted)) in zip(axes, finite_pairs(pairs).items(), strict=True):
        ends = _limits(observed, predicted)
        axis.plot(ends, ends, color="#777777", linewidth=0.8, linestyle=(0, (4, 3)), zorder=3)
        if len(observed) > _PLAIN_SCATTER:
            n = np.histogram2d(predicted, observed, bins=70, range=[ends, ends])[0]
            image = axis.imshow(
                np.where(n > 0, n, np.nan), origin="lower", extent=(*ends, *ends), norm=LogNorm()
            )
            figure.colorbar(image, ax=axis, label="Examples", shrink=0.75)
        else:
            axis.plot(
                observed, predicted, "o", color=CLASS_COLOURS[0], markersize=3, alpha=0.45, markeredgewidth=0
            )
        axis.set(xlim=ends, ylim=ends, aspect="equal", xlabel=f"Observed {name}", ylabel=f"Predicted {name}")
        one = {name: pairs[name]}
        title = f"{part}: n = {len(pairs[name][0]):,}{_agreement(observed, predicted)}{left_out(one)}"
        axis.set_title(title, loc="left")
    return figure


def _limits(*values):
    values = np.concatenate(values)
    low, high = (values.min(), values.max()) if len(values) else (0, 1)
    pad = 0.04 * (high - low) or 0.5
    return low - pad, high + pad


def _agreement(observed, predicted):
    """Return Pearson correlation and R2 in words; empty where one of the two is constant."""
    if len(observed) < 2 or not np.ptp(observed) or not np.ptp(predicted):
        return ""
    pearson = np.corrcoef(observed, predicted)[0, 1]
    r2 = 1 - ((predicted - observed) ** 2).sum() / ((observed - observed.mean()) ** 2).sum()
    return f", r = {decimals(pearson)}, R² = {decimals(r2)}"
