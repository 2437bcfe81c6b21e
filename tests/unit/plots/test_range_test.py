import numpy as np
import pandas as pd

from motifloom.plots.range_test import range_test


def test_the_curve_and_the_suggested_rates():
    rates = np.geomspace(1e-6, 1, 50)
    smoothed = np.concatenate([np.linspace(0.7, 0.4, 40), np.linspace(0.4, 9, 10)])
    table = pd.DataFrame({"learning_rate": rates, "loss": smoothed + 0.01, "smoothed_loss": smoothed})
    figure = range_test(table, {"learning_rate_max": 0.01, "learning_rate_init": 0.0005})
    (axis,) = figure.axes
    raw, line, low, high = axis.lines
    np.testing.assert_array_equal(raw.get_xydata(), table[["learning_rate", "loss"]])
    np.testing.assert_array_equal(line.get_xydata(), table[["learning_rate", "smoothed_loss"]])
    assert list(low.get_xdata()) == [0.0005, 0.0005]
    assert list(high.get_xdata()) == [0.01, 0.01]
    assert axis.get_xscale() == "log"
    bottom, top = axis.get_ylim()
    assert bottom < 0.4
    assert 0.7 < top < 1  # what diverges does not flatten the rest
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == ["loss of a batch", "smoothed", "lr_init 0.0005", "lr_max 0.01"]
    figure.canvas.draw()


def test_a_flat_curve_can_be_drawn():
    table = pd.DataFrame({"learning_rate": [1e-3, 1e-2], "loss": [0.0, 0.0], "smoothed_loss": [0.0, 0.0]})
    bottom, top = range_test(table, {"learning_rate_max": 1, "learning_rate_init": 0.1}).axes[0].get_ylim()
    assert bottom < 0 < top
