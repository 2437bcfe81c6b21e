import pytest
from pydantic import ValidationError

from motifloom.config.evaluation import Evaluation


@pytest.mark.parametrize("threshold", [0.5, 0.01, "f1", "mcc", "youden"])
def test_thresholds_that_can_be_given(threshold):
    assert Evaluation(threshold=threshold).threshold == threshold


@pytest.mark.parametrize("threshold", [0, 1, -0.5, "auroc", "0.5", True, None])
def test_thresholds_that_cannot(threshold):
    with pytest.raises(ValidationError, match="threshold"):
        Evaluation(threshold=threshold)


@pytest.mark.parametrize(
    "options",
    [
        {"metrics": ["a.py", "a.py"]},
        {"mistakes": 0},
        {"embedding": {"layers": ["last", "last"]}},
        {"embedding": {"examples": 5}},
        {"embedding": {"perplexity": 1.0}},
        {"embedding": {"part": "fold1"}},
    ],
)
def test_what_makes_no_sense_is_refused(options):
    with pytest.raises(ValidationError):
        Evaluation(**options)
