import pytest
from pydantic import ValidationError
from samples import BASE, message

from motifloom.checks import check_config
from motifloom.config.evaluation import Evaluation
from motifloom.config.parse import parse_config


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


@pytest.mark.parametrize(
    "options",
    [
        {"metrics": ["a.py", "b.py"]},
        {"mistakes": 1},
        {"embedding": {"layers": ["last", "conv1"]}},
        {"embedding": {"examples": 10}},
        {"embedding": {"perplexity": 2.0}},
        {"embedding": {"part": "train"}},
    ],
)
def test_what_makes_sense_arrives(options):
    default, found = Evaluation().model_dump(), Evaluation(**options).model_dump()
    for key, value in options.items():
        expected = default[key] | value if isinstance(value, dict) else value
        assert found.pop(key) == expected != default.pop(key)
    assert found == default


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def f(:\n", "cannot be run: SyntaxError: invalid syntax"),
        ("def auprc(target, score):\n    return 1\n", "auprc: Motifloom has a metric of that name"),
        ("def f(score, target):\n    return 1\n", "f: takes (score, target); write (target, score) or"),
        ("x = 1\n", "defines no function; write def name(target, score): ..."),
    ],
)
def test_a_bad_file_of_metrics_stops_the_run_before_any_job(tmp_path, text, expected):
    path = tmp_path / "mine.py"
    path.write_text(text)
    found = message(BASE | {"evaluation": {"metrics": [str(path)]}})
    assert found.startswith(f"my.yaml: evaluation.metrics: {path}: {expected}") and "\n" not in found


def test_a_good_file_of_metrics_is_not_run_by_the_check(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("def f(target, score):\n    return 1\nraise SystemExit\n")
    config = parse_config(BASE | {"evaluation": {"metrics": [str(path)]}}, "my.yaml")
    check_config(config, "my.yaml", exists=lambda path: True)
    assert config.evaluation.metrics == [str(path)]
