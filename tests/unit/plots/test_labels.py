import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from motifloom.evaluation.metrics import evaluate_predictions
from motifloom.io import read_table, write_table
from motifloom.measures import EXACT
from motifloom.models import callbacks
from motifloom.plots.comparison import compare_roc
from motifloom.plots.evaluation import roc
from motifloom.plots.labels import decimals, training_label
from motifloom.report.format import metric_value, number


def test_exact_areas_are_called_alike_where_they_are_measured():
    assert tuple(f"val_{name}" for name in EXACT) == callbacks.EXACT


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        # Of these the nearest numbers in base two are, in turn, just above and just below the half.
        (0.8725, 3, "0.873"), (0.8825, 3, "0.883"), (0.8724999999999999, 3, "0.873"), (0.87249, 3, "0.872"),
        (-0.0125, 3, "-0.013"), (0, 3, "0.000"), (12.345, 2, "12.35"), (999.9996, 3, "1000.000"),
    ],
)  # fmt: skip
def test_half_of_what_the_table_holds_is_rounded_up(value, digits, text):
    assert decimals(value, digits) == text
    assert number(value, digits) == text.replace("-", "−")


def test_a_table_and_its_figures_have_the_same_digits(tmp_path):
    """347 of 400 pairs are in order: 0.8675, which one of two ways to compute it misses by a hair."""
    labels = np.isin(range(40), [*range(17), 30, 38, 39]).astype(float)
    scores = np.linspace(0.99, 0.01, 40)
    assert f"{roc_auc_score(labels, scores):.3f}" == "0.867"
    table = pd.DataFrame({"id": [f"e{i:02d}" for i in range(40)], "part": "test"})
    table = table.assign(**{"target.yes": labels, "score.yes": scores})
    metrics = evaluate_predictions(table, "binary", ["no", "yes"], bootstrap=0, confidence=0.95, seed=1)
    write_table(metrics, tmp_path / "metrics.tsv")
    metrics = read_table(tmp_path / "metrics.tsv")
    value = metrics.loc[metrics["metric"] == "auroc", "value"].item()
    assert metric_value(value, "auroc") == "0.868"
    figure = roc(table, "binary", ["no", "yes"])
    assert figure.legends[0].get_texts()[0].get_text() == "model: AUROC 0.868"
    means = pd.DataFrame({"experiment": ["a"], "metric": "auroc", "value": roc_auc_score(labels, scores)})
    means = means.assign(ci_low=0.8565, ci_high=0.8825, seeds=1)
    figure = compare_roc({"a": ("cnn", [table])}, "binary", ["no", "yes"], means)
    assert figure.legends[0].get_texts()[0].get_text() == "a: AUROC 0.868 [0.857, 0.883]"


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("loss", "loss"), ("val_AUC", "val AUC (estimate)"), ("auc_1", "AUC 1 (estimate)"),
        ("val_auroc", "val AUROC (exact)"), ("val_auprc", "val auprc"), ("mse", "MSE"),
        ("learning_rate", "learning rate"),
    ],
)  # fmt: skip
def test_columns_of_the_log_in_words(name, label):
    assert training_label(name, ["loss", "auprc", "val_auprc", "val_auroc"]) == label
