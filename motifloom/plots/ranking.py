"""ROC and precision-recall curves, and what all pictures of predictions share."""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve

from motifloom.plots.labels import BASELINES, decimals
from motifloom.plots.style import CLASS_COLOURS, GREY

# Colour and line of the baselines; others than these take the last colour.
BASELINE_STYLES = {
    "kmer": ("#3F3F3F", "-"),
    "additive": ("#6B6B6B", (0, (5, 1, 1, 1))),
    "gc": ("#8E8E8E", (0, (4, 2))),
    "label_shuffle": ("#B5B5B5", (0, (1, 1.5))),
}
CHANCE = {"color": "#BBBBBB", "linewidth": 0.8, "linestyle": (0, (4, 3)), "zorder": 0}
_NOT_FINITE = "a score is not a finite number"
_GRID = np.linspace(0, 1, 401)


def roc(predictions, task, classes, *, baselines=None, part="test"):
    """Draw ROC curves: of the model and its baselines, or of every class and their mean.

    Parameters
    ----------
    predictions : pandas.DataFrame
    task : str
        binary, multiclass (one class against the rest) or multilabel.
    classes : list of str
    baselines : dict of str to pandas.DataFrame, or None
        Predictions of the same examples to draw in grey; kinds of baselines are spelt out.
    part : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axis = _curves(predictions, task, classes, baselines, part, roc_points, roc_auc_score, "AUROC")
    axis.plot([0, 1], [0, 1], **CHANCE, label="chance: AUROC 0.500")
    axis.set(xlabel="False positive rate", ylabel="True positive rate (recall)")
    _legend(figure, axis)
    return figure


def precision_recall(predictions, task, classes, *, baselines=None, part="test"):
    """Draw precision-recall curves beside the prevalence, which is what chance reaches.

    Parameters and result as for :func:`roc`; the area is the average precision.
    """
    area = average_precision_score
    figure, axis = _curves(predictions, task, classes, baselines, part, precision_points, area, "AUPRC")
    drawn = drawable(target_pairs(predictions, task, classes, part))
    if drawn:
        prevalence = np.mean([labels.mean() for labels, _ in drawn.values()])
        axis.axhline(
            prevalence,
            **CHANCE,
            label=f"{'' if task == 'binary' else 'mean '}prevalence: {decimals(prevalence)}",
        )
    axis.set(xlabel="Recall", ylabel="Precision")
    _legend(figure, axis)
    return figure


def target_pairs(predictions, task, classes, part):
    """Return labels and scores of every target in a part: dict of name to (float (n,), float (n,)).

    As for the metrics, examples without the target are left out, and scores that are no finite numbers are
    not: nothing is drawn of a target that has one (:func:`finite_pairs`), and :func:`heading` says so.
    """
    rows = predictions[predictions["part"] == part]
    names = list(classes[1:] if task == "binary" else classes)
    targets, scores = (
        rows[[f"{kind}.{name}" for name in names]].to_numpy(float).T for kind in ("target", "score")
    )
    known = np.isfinite(targets)
    if task == "multiclass":
        known &= known.all(axis=0)
    return {name: (targets[i, known[i]], scores[i, known[i]]) for i, name in enumerate(names)}


def finite_pairs(pairs):
    """Return the pairs with all examples, or none where one of their scores is no finite number."""
    return {
        name: pair if np.isfinite(pair[1]).all() else (pair[0][:0], pair[1][:0])
        for name, pair in pairs.items()
    }


def drawable(pairs):
    """Return the pairs that hold both classes, and finite scores."""
    pairs = finite_pairs(pairs)
    return {name: pair for name, pair in pairs.items() if 0 < pair[0].sum() < len(pair[0])}


def roc_points(labels, scores):
    """Return the true positive rate at every false positive rate of the grid, from the origin."""
    false, true, _ = roc_curve(labels, scores)
    return np.append(0, _GRID), np.append(0, np.interp(_GRID, false, true))


def precision_points(labels, scores):
    """Return the precision at every recall of the grid: steps, as the average precision counts them."""
    precision, recall, _ = precision_recall_curve(labels, scores)
    return _GRID, precision[::-1][np.searchsorted(recall[::-1], _GRID - 1e-12)]


def _curves(predictions, task, classes, baselines, part, curve, area, name):
    """Draw the curves, and for several targets the strip of their areas; returns the figure and the axis."""
    pairs = target_pairs(predictions, task, classes, part)
    drawn = drawable(pairs)
    binary = task == "binary"
    lines = 0.2 * (2 + len(baselines or {}))
    size = (4.0, 4.0 + lines) if binary else (7.2, max(4.0, 0.9 + 0.19 * len(classes)) + lines / 2)
    figure, axes = plt.subplots(
        1, 1 if binary else 2, figsize=size, squeeze=False, width_ratios=[4.0] if binary else [4.0, 3.2]
    )
    axis = axes[0, 0]
    axis.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal", anchor="N")
    axis.set_title(heading(pairs, task, part), loc="left")
    if not drawn:
        axis.text(0.5, 0.5, why_empty(pairs), ha="center", va="center", color=GREY)
        for empty in axes[0, 1:]:
            empty.set_axis_off()
        return figure, axis
    colours = dict(zip(drawn, CLASS_COLOURS, strict=False))
    if len(drawn) > len(CLASS_COLOURS):
        colours = dict.fromkeys(drawn, CLASS_COLOURS[5])
    label, colour = ("model", CLASS_COLOURS[0]) if binary else ("mean", "black")
    _mean_line(axis, drawn, curve, area, f"{label}: {name}", color=colour, linewidth=2, zorder=4)
    others = {}
    for key in sorted(baselines or {}, key=[*BASELINES, *(baselines or {})].index):
        found = drawable(target_pairs(baselines[key], task, classes, part))
        label = BASELINES.get(key, key)
        colour, line = BASELINE_STYLES.get(key, ("#B5B5B5", "-."))
        if found:
            others[key] = colour, found
            _mean_line(
                axis, found, curve, area, f"{label}: {name}", color=colour, linestyle=line, linewidth=1.2
            )
    if not binary:
        for target, pair in drawn.items():
            axis.plot(*curve(*pair), color=colours[target], linewidth=0.9, alpha=0.75)
        _area_strip(axes[0, 1], drawn, others, area, name, colours)
    return figure, axis


def _mean_line(axis, pairs, curve, area, label, **style):
    """Draw the mean curve over targets, with the mean area in its label."""
    x, y = np.mean([curve(*pair) for pair in pairs.values()], axis=0)
    value = np.mean([area(*pair) for pair in pairs.values()])
    axis.plot(x, y, label=f"{label} {decimals(value)}", **style)


def _legend(figure, axis):
    handles, labels = axis.get_legend_handles_labels()
    columns = 1 if len(figure.axes) == 1 else 2
    figure.legend(handles, labels, loc="outside lower left", ncols=columns, labelspacing=0.35)


def _area_strip(axis, pairs, others, area, name, colours):
    """Draw the area of every target as a dot on a row of its own, in order, with baselines as ticks."""
    areas = {target: area(*pair) for target, pair in pairs.items()}
    order = sorted(areas, key=areas.get, reverse=True)
    for row, target in enumerate(order):
        axis.plot([0, 1], [row, row], color="#E4E4E4", linewidth=0.6, zorder=0)
        for colour, found in others.values():
            if target in found:
                axis.plot(area(*found[target]), row, "|", color=colour, markersize=8, markeredgewidth=1.6)
        if name == "AUPRC":
            axis.plot(pairs[target][0].mean(), row, "x", color="#BBBBBB", markersize=4)
        axis.plot(areas[target], row, "o", color=colours[target], markersize=5, clip_on=False)
        axis.text(1.03, row, decimals(areas[target]), va="center", fontsize=7.5)
    axis.set_yticks(range(len(order)), order, fontsize=8)
    axis.set_ylim(len(order) - 0.4, -0.6)
    axis.set_xlim((0.4 if name == "AUROC" and min(areas.values()) > 0.45 else 0), 1.0)
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    ticks = ["grey ticks: baselines"] * bool(others) + ["crosses: prevalence"] * (name == "AUPRC")
    axis.set_xlabel(name + (f"\n({'; '.join(ticks)})" if ticks else ""))


def heading(pairs, task, part):
    """Return the title of a picture: the part, its examples and positives, and what is left out."""
    n = max(len(labels) for labels, _ in pairs.values())
    positives = f" ({int(sum(y.sum() for y, _ in pairs.values())):,} positive)" if task == "binary" else ""
    return f"{part}: n = {n:,}{positives}{left_out(pairs)}"


def left_out(pairs):
    """Say in a line of its own which targets are not drawn for their scores; empty where all are."""
    bad = _not_finite(pairs)
    if not bad:
        return ""
    names = ", ".join(bad) if len(bad) <= 3 else f"{len(bad)} of {len(pairs)} targets"
    return f"\n{f'without {names}: ' if len(pairs) > 1 else ''}{_NOT_FINITE}"


def why_empty(pairs):
    """Say why no curve of any of the pairs can be drawn."""
    return _NOT_FINITE if _not_finite(pairs) else "one class only"


def _not_finite(pairs):
    return [name for name, (_, scores) in pairs.items() if not np.isfinite(scores).all()]
