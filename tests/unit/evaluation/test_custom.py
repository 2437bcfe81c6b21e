import numpy as np
import pandas as pd
import pytest

from motifloom.errors import UserError
from motifloom.evaluation.custom import custom_statistic, find_metrics, load_metrics
from motifloom.evaluation.intervals import resample_weights
from motifloom.evaluation.metrics import evaluate_predictions
from motifloom.evaluation.statistics import CLASS_METRICS
from motifloom.randomness import generator

BRIER = """
from math import sqrt  # an imported function is no metric

def squared(target, score):
    return ((target - score) ** 2).mean()

def weighted(target, score, weight):
    return (weight * (target - score) ** 2).sum() / weight.sum()

def _helper(target):
    return 1
"""


F = "def f(target, score):\n    return 1.0\n"


@pytest.fixture
def write(tmp_path):
    def write(text, name="mine.py"):
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)

    return write


def predictions(n=40, names=("bound",), seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {"id": [f"p:{i:03d}" for i in range(n)], "part": "test"}
        | {f"target.{name}": rng.integers(0, 2, n) * 1.0 for name in names}
        | {f"score.{name}": rng.random(n) for name in names}
    )


def test_functions_of_the_file_are_metrics(write, tmp_path):
    found = load_metrics([write(BRIER)])
    assert [(metric.name, metric.weighted) for metric in found] == [("squared", False), ("weighted", True)]
    assert [path.name for path in tmp_path.iterdir()] == ["mine.py"]


def test_metrics_are_the_functions_written_out_in_the_file(write, caplog):
    text = """
from functools import lru_cache, partial, wraps

class Kind:
    def method(self, target, score): ...

def _top(target, score, n):
    return n

def logged(function):
    return wraps(function)(lambda *arguments: function(*arguments) + 1)
"""
    with pytest.raises(UserError, match=r"logged: takes \(function\)"):
        load_metrics([write(text)])
    text = (
        text.replace("logged", "_logged")
        + """
top_10 = partial(_top, n=10)

@_logged
def top(target, score, n=10, *, weight=None, m=1):
    return n
"""
    )
    with caplog.at_level("INFO"):
        (found,) = load_metrics([write(text)])
    assert (found.name, found.weighted, found.function(None, None)) == ("top", True, 11)
    assert caplog.messages == [f"{found.path}: metrics top"]


def test_files_are_read_without_being_run(write):
    path = write("raise ValueError\n" + F + "def g(target, score, weight): ...\n")
    assert find_metrics([path]) == {path: {"f": False, "g": True}}


def test_a_metric_that_changes_its_arrays_changes_no_other(write):
    text = """
def a(target, score, weight):
    score[:], target[:], weight[:] = 0, 1, 5
    return 1.0

def b(target, score, weight):
    return (weight * (score + 100 * target)).sum()
"""
    targets, scores = np.array([[0.0], [1.0]]), np.array([[0.25], [0.5]])
    statistic = custom_statistic(targets, scores, np.ones((2, 1), bool), load_metrics([write(text)]))
    assert statistic(np.ones((2, 1)))[0, :, 0].tolist() == [1.0, 100.75]


def test_values_and_intervals_agree_with_our_own(write):
    """With weights or with examples repeated, a Brier score of the user is ours, to the interval's ends."""
    found = evaluate_predictions(
        predictions(), "binary", ["free", "bound"], bootstrap=60, seed=1, custom=load_metrics([write(BRIER)])
    ).set_index("metric")
    ours = found.loc["brier", ["value", "ci_low", "ci_high"]].to_numpy(float)
    for name in ("squared", "weighted"):
        np.testing.assert_allclose(found.loc[name, ["value", "ci_low", "ci_high"]].to_numpy(float), ours)
    assert found.index.tolist() == [*CLASS_METRICS, "squared", "weighted"]
    assert found["prevalence"].nunique() == 1


def test_resamples_are_passed_as_they_are_drawn(write):
    metrics = load_metrics([write(BRIER)])
    y, p = np.array([0, 1, 1.0]), np.array([0.2, 0.9, 0.4])
    statistic = custom_statistic(y[:, None], p[:, None], np.ones((3, 1), bool), metrics)
    for weights in resample_weights(np.arange(3), 20, generator(1, "x")):
        expected = [np.mean(np.repeat((y - p) ** 2, w.astype(int))) for w in weights.T]
        np.testing.assert_allclose(statistic(weights)[0], [expected, expected])


@pytest.mark.parametrize(
    ("task", "targets"),
    [
        ("multilabel", ["a", "b", "macro", "weighted"]),
        ("multiclass", ["a", "b", "macro", "weighted"]),
        ("regression", ["a", "b", "macro"]),
    ],
)
def test_targets_are_averaged_as_ours_are(write, task, targets):
    table = predictions(names=("a", "b"))
    if task == "multiclass":
        table["target.b"], table["score.b"] = 1 - table["target.a"], 1 - table["score.a"]
    if task == "multilabel":
        table.loc[:9, "target.b"] = np.nan
    metrics = load_metrics([write(BRIER)])
    found = evaluate_predictions(table, task, ["a", "b"], bootstrap=30, seed=1, custom=metrics)
    ours, theirs = (
        found[(found["metric"] == name) & found["target"].isin(targets)].drop(columns=["metric", "reason"])
        for name in ("mse" if task == "regression" else "brier", "squared")
    )
    assert theirs["target"].tolist() == targets
    pd.testing.assert_frame_equal(ours.reset_index(drop=True), theirs.reset_index(drop=True))


def test_what_is_not_a_number_is_not_defined(write):
    metrics = load_metrics([write("def nothing(target, score):\n    return float('nan')\n")])
    found = evaluate_predictions(
        predictions(), "binary", ["free", "bound"], bootstrap=10, seed=1, custom=metrics
    ).set_index("metric")
    assert np.isnan(found.loc["nothing", "value"])
    assert found.loc["nothing", "reason"] == "the metric itself gives none"


def test_a_failure_in_a_resample_leaves_it_out(write):
    text = "def picky(target, score):\n    assert 0 < target.sum() < len(target)\n    return 1.0\n"
    y, p = np.array([[0], [1.0]]), np.array([[0.1], [0.9]])
    statistic = custom_statistic(y, p, np.ones((2, 1), bool), load_metrics([write(text)]))
    found = statistic(np.array([[1, 2, 0], [1, 0, 2.0]]))[0, 0]
    np.testing.assert_array_equal(found, [1, np.nan, np.nan])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n", r"mine.py: defines no function; write def name\(target, score\)"),
        ("def f(:\n", r"mine.py: cannot be run: SyntaxError: "),
        ("import no_such_module\n" + F, "mine.py: cannot be run: ModuleNotFoundError: No module named"),
        ("def f(a):\n    pass\n", r"mine.py: f: takes \(a\); write \(target, score\) or"),
        ("def f(a, b, c):\n    pass\n", r"mine.py: f: takes \(a, b, c\); write"),
        ("def auroc(target, score):\n    pass\n", "mine.py: auroc: Motifloom has a metric of that name"),
        (
            "def f(score, target):\n    pass\n",
            r"mine.py: f: takes \(score, target\); write \(target, score\)",
        ),
        ("def f(y, p):\n    pass\n", r"mine.py: f: takes \(y, p\); write \(target, score\) or"),
        ("def f(target, score, *, n):\n    pass\n", r"mine.py: f: takes \(target, score, \*, n\); write"),
        ("def f(target, score, /):\n    pass\n", r"mine.py: f: takes \(target, score, /\); write"),
        ("def f(*values):\n    pass\n", r"mine.py: f: takes \(\*values\); write"),
        ("f = lambda target, score: 1\n", "mine.py: defines no function"),
        ("import sys\nsys.exit('no')\n" + F, "mine.py: cannot be run: SystemExit: no"),
        ("raise KeyboardInterrupt\n" + F, "mine.py: cannot be run: KeyboardInterrupt$"),
        ("1 / 0\n" + F, "mine.py: cannot be run: ZeroDivisionError: division by zero"),
        (F + "del f\n", "mine.py: cannot be run: AttributeError: "),
        ("\0", "mine.py: cannot be run: "),
    ],
)
def test_a_bad_file_is_one_clear_line(write, text, message):
    with pytest.raises(UserError, match=message) as caught:
        load_metrics([write(text)])
    assert len(str(caught.value).splitlines()) == 1


def test_names_are_there_once_over_all_files(write):
    paths = [write("def f(target, score):\n    return 1\n", name) for name in ("a.py", "b.py")]
    with pytest.raises(UserError, match=r"b.py: f: .*a.py has a metric of that name"):
        load_metrics(paths)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UserError, match="there is no such file"):
        load_metrics([tmp_path / "none.py"])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return 1 / 0", "mine.py: f: ZeroDivisionError: division by zero"),
        ("return score", "mine.py: f: TypeError: returned ndarray, not one number"),
        ("return None", "mine.py: f: TypeError: returned NoneType, not one number"),
        ("raise ValueError('one\\ntwo')", "mine.py: f: ValueError: one$"),
        ("raise SystemExit", "mine.py: f: SystemExit$"),
        ("raise KeyboardInterrupt('stop')", "mine.py: f: KeyboardInterrupt: stop$"),
        ("raise GeneratorExit", "mine.py: f: GeneratorExit$"),
    ],
)
def test_a_failing_metric_is_one_clear_line(write, body, message):
    metrics = load_metrics([write(f"def f(target, score):\n    {body}\n")])
    with pytest.raises(UserError, match=message):
        evaluate_predictions(predictions(), "binary", ["free", "bound"], bootstrap=5, seed=1, custom=metrics)


def test_an_interrupt_of_the_user_passes(write):
    """It arrives inside of whatever runs, here of a call."""
    body = "import signal\n    signal.raise_signal(signal.SIGINT)\n    return 1"
    metrics = load_metrics([write(f"def f(target, score):\n    {body}\n")])
    with pytest.raises(KeyboardInterrupt):
        evaluate_predictions(predictions(), "binary", ["free", "bound"], bootstrap=5, seed=1, custom=metrics)
    with pytest.raises(KeyboardInterrupt):
        load_metrics([write("import signal\nsignal.raise_signal(signal.SIGINT)\n" + F)])
