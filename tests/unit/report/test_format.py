import numpy as np
import pandas as pd
import pytest

from motifloom.report import format as written


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.98765, "0.988"), (0, "0.000"), (-0.5, "−0.500"), (12.3456, "12.346"), (1234567.0, "1.23e6"),
        (0.00614, "0.00614"), (2.5e-7, "2.5e-7"), (np.nan, "–"), (None, "–"), (pd.NA, "–"),
    ],
)  # fmt: skip
def test_numbers(value, text):
    assert written.number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(3.2e-12, "3e-12"), (0.00099, "1e-3"), (0.0421, "0.042"), (1.0, "1"), (0.0, "< 1e-300"), (np.nan, "–")],
)
def test_p_values(value, text):
    assert written.p_value(value) == text


def test_metrics_have_three_decimals_unless_the_data_set_their_scale():
    assert written.metric_value(0.0061, "pearson") == "0.006"
    assert written.metric_value(0.0061, "mse") == "0.0061"
    row = {"metric": "mcc", "ci_low": -0.0213, "ci_high": 0.04}
    assert written.metric_interval(row) == "−0.021 – 0.040"
    assert written.metric_interval({**row, "ci_high": np.nan}) == ""


def test_counts_differences_and_labels():
    assert written.count(1234567) == "1,234,567"
    assert written.count(np.nan) == "–"
    assert (written.difference(0.0314), written.difference(-0.02)) == ("+0.031", "−0.020")
    assert (written.metric_label("auroc"), written.metric_label("own")) == ("AUROC", "own")
    assert [written.target_label(name) for name in ("all", "macro", "CTCF")] == ["", "macro average", "CTCF"]
