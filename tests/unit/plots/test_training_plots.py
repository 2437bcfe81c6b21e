import numpy as np
import pandas as pd
import pytest

from motifloom.plots.training import curves


def history(epochs=5, **columns):
    x = np.arange(1, epochs + 1)
    table = {"epoch": x, "loss": 1 / x, "auc": 1 - 0.3 / x, "val_loss": 1.1 / x, "val_auc": 1 - 0.4 / x}
    return pd.DataFrame(table | columns)


def visible(figure):
    figure.canvas.draw()
    return [axis for axis in figure.axes if axis.axison]


def test_a_panel_per_metric_with_training_and_validation():
    table = history()
    figure = curves(table, 3)
    axes = visible(figure)
    assert [axis.get_title() for axis in axes] == ["loss", "AUC (estimate)"]
    training, validation, best, line = axes[0].lines
    np.testing.assert_array_equal(training.get_xydata(), table[["epoch", "loss"]])
    np.testing.assert_array_equal(validation.get_xydata(), table[["epoch", "val_loss"]])
    np.testing.assert_array_equal(best.get_xydata(), [[3, 1.1 / 3]])
    assert list(line.get_xdata()) == [3, 3]
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["training", "validation", "best epoch (3)"]


def test_exact_areas_are_told_from_those_that_keras_estimates():
    def titles(table):
        return [axis.get_title() for axis in visible(curves(table, 3))]

    exact = history(val_auroc=np.linspace(0.5, 0.9, 5), val_auprc=0.5)
    assert titles(exact) == ["loss", "AUC (estimate)", "AUROC (exact)", "AUPRC (exact)"]
    # Exact areas are of the validation part only: this one somebody has called so.
    assert titles(history(auroc=0.6, val_auroc=0.6)) == ["loss", "AUC (estimate)", "auroc"]


def test_learning_rate_is_shown_where_it_changes():
    fixed = curves(history(learning_rate=0.001), 3)
    falling = curves(history(learning_rate=[1e-3, 1e-3, 1e-4, 1e-4, 1e-5]), 3)
    assert len(visible(fixed)) == 2
    assert visible(falling)[2].get_title() == "learning rate" and visible(falling)[2].get_yscale() == "log"


def test_without_validation_and_without_a_best_epoch():
    figure = curves(history()[["epoch", "loss"]])
    assert len(visible(figure)) == 1 and len(figure.axes[0].lines) == 1
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["training"]


def test_a_single_epoch_is_a_dot():
    assert curves(history(1), 1).axes[0].lines[0].get_marker() == "o"


def test_seeds_are_lines_of_their_own():
    table = pd.concat([history(4).assign(seed=1), history(6).assign(seed=2)])
    figure = curves(table, {1: 2, 2: 5})
    assert [len(line.get_xdata()) for line in figure.axes[0].lines if len(line.get_xdata()) > 2] == [
        4,
        4,
        6,
        6,
    ]
    assert figure.legends[0].get_texts()[-1].get_text() == "best epoch (2, 5)"
    assert "seed" not in [axis.get_title() for axis in figure.axes]


@pytest.mark.parametrize("n", [3, 5, 8, 9])
def test_the_lowest_panel_of_every_column_names_the_epoch(n):
    metrics = {f"metric{i}": np.arange(3.0) for i in range(n - 1)}
    figure = curves(pd.DataFrame({"epoch": [1, 2, 3], "loss": [3.0, 2, 1]} | metrics), 2)
    assert len(visible(figure)) == n
    assert sum(axis.get_xlabel() == "Epoch" for axis in visible(figure)) == min(n, 4)
