"""The learning-rate range test: the loss against the rate."""

import matplotlib.pyplot as plt
import numpy as np

from motifloom.plots.style import CLASS_COLOURS, GREY


def range_test(table, suggestion):
    """Draw the loss against the learning rate, with the rates that are suggested.

    Parameters
    ----------
    table : pandas.DataFrame
        learning_rate, loss and smoothed_loss, step by step.
    suggestion : dict
        learning_rate_max and learning_rate_init.

    Returns
    -------
    matplotlib.figure.Figure
        The axis of the loss ends a little above the first smoothed loss: beyond, it only diverges.
    """
    figure, axis = plt.subplots(figsize=(5.2, 3.4))
    rate, smoothed = table["learning_rate"], table["smoothed_loss"]
    axis.plot(rate, table["loss"], color=GREY, linewidth=0.6, alpha=0.6, label="loss of a batch")
    axis.plot(rate, smoothed, color=CLASS_COLOURS[0], linewidth=1.8, label="smoothed")
    lines = {"lr_init": ("learning_rate_init", ":"), "lr_max": ("learning_rate_max", "--")}
    for name, (key, style) in lines.items():
        value = suggestion[key]
        label = f"{name} {value:.2g}"
        axis.axvline(value, color=CLASS_COLOURS[1], linewidth=1.2, linestyle=style, label=label)
    low, first = np.min(smoothed), smoothed.iloc[0]
    span = max(first - low, 0.05 * abs(first), 1e-9)
    axis.set_ylim(low - 0.3 * span, max(first, low) + 0.7 * span)
    axis.set_xscale("log")
    axis.set_xlabel("Learning rate")
    axis.set_ylabel("Loss")
    figure.legend(loc="outside upper center", ncols=2)
    return figure
