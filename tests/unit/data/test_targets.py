import numpy as np
import pytest

from motifloom.data.targets import check_classes, constant_targets, join_columns, parse_targets
from motifloom.errors import UserError

BINARY = ["negative", "positive"]
LABELS = ["CTCF", "SPI1", "REST"]


def parse(values, task, classes):
    return parse_targets(values, task, classes, lambda row: f"peaks.bed, line {row + 1}").tolist()


def test_binary_takes_0_1_and_class_names():
    assert parse(["0", "1", "1.0", " positive ", "negative"], "binary", BINARY) == [[0], [1], [1], [1], [0]]


def test_multiclass_takes_names_indices_and_one_hot_labels():
    rows = parse(["REST", "0", "0|1|0"], "multiclass", LABELS)
    assert rows == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]


def test_class_names_that_are_numbers_come_before_indices():
    assert parse(["0", "1"], "multiclass", ["1", "0"]) == [[0, 1], [1, 0]]


def test_multilabel_takes_flags_and_names():
    rows = parse(["0|1|1", "0|0|0", "REST", "REST,CTCF", "SPI1|REST"], "multilabel", LABELS)
    assert rows == [[0, 1, 1], [0, 0, 0], [0, 0, 1], [1, 0, 1], [0, 1, 1]]


def test_regression_takes_one_number_per_target():
    assert parse(["0.5", "-1e3"], "regression", ["value"]) == [[0.5], [-1000]]
    assert parse(["1|2.5"], "regression", ["a", "b"]) == [[1, 2.5]]


@pytest.mark.parametrize(
    ("value", "task", "classes", "words"),
    [
        ("2", "binary", BINARY, ["'2'", "negative, positive"]),
        ("postive", "binary", BINARY, ["'postive'", "did you mean 'positive'?"]),
        ("0|1", "binary", BINARY, ["'0|1'"]),
        ("SPI", "multiclass", LABELS, ["'SPI'", "CTCF, SPI1, REST", "did you mean 'SPI1'?"]),
        ("3", "multiclass", LABELS, ["'3'", "0 to 2"]),
        ("1.5", "multiclass", LABELS, ["'1.5'"]),
        ("1|1|0", "multiclass", LABELS, ["names 2 classes"]),
        ("0|0|0", "multiclass", LABELS, ["names 0 classes"]),
        ("0|1", "multilabel", LABELS, ["'0|1' has 2 values for 3 classes"]),
        ("0|2|0", "multilabel", LABELS, ["not 0 or 1"]),
        ("CTCF,NRSF", "multilabel", LABELS, ["'NRSF'"]),
        ("high", "regression", ["value"], ["'high'", "finite number"]),
        ("nan", "regression", ["value"], ["finite number"]),
        ("inf", "regression", ["value"], ["finite number"]),
        ("1", "regression", ["a", "b"], ["1 values for 2 targets"]),
        ("", "regression", ["value"], ["empty"]),
        (" ", "binary", BINARY, ["empty"]),
        ("", "multilabel", LABELS, ["empty"]),
        (None, "binary", BINARY, ["empty"]),
        (float("nan"), "multiclass", LABELS, ["empty"]),
    ],
)
def test_a_wrong_target_is_named_with_its_first_line(value, task, classes, words):
    good = {"binary": "1", "multiclass": "0", "multilabel": "0|1|0"}.get(task, "|".join("0" * len(classes)))
    with pytest.raises(UserError) as error:
        parse([good, good, value, value], task, classes)
    message = str(error.value)
    assert message.startswith("peaks.bed, line 3: ") and "\n" not in message
    assert all(word in message for word in words), message


def test_constants_of_a_source():
    assert constant_targets(1, "binary", BINARY, "s").tolist() == [1]
    assert constant_targets("negative", "binary", BINARY, "s").tolist() == [0]
    assert constant_targets(None, "binary", BINARY, "s").tolist() == [0]
    assert constant_targets("SPI1", "multiclass", LABELS, "s").tolist() == [0, 1, 0]
    assert constant_targets(["CTCF", "REST"], "multilabel", LABELS, "s").tolist() == [1, 0, 1]
    assert constant_targets(0, "multilabel", LABELS, "s").tolist() == [0, 0, 0]
    assert constant_targets(None, "multilabel", LABELS, "s").tolist() == [0, 0, 0]
    assert constant_targets(2.5, "regression", ["value"], "s").tolist() == [2.5]
    with pytest.raises(UserError, match=r"^sources\[1\]\.target: target 'CTFC' .*did you mean 'CTCF'"):
        constant_targets("CTFC", "multiclass", LABELS, "sources[1]")


@pytest.mark.parametrize(("value", "words"), [(None, "is missing"), (0, "is 0"), (1, "is 1")])
def test_a_multiclass_source_needs_the_name_of_a_class(value, words):
    expected = rf"^s\.target: {words}; give the name of a class \(CTCF, SPI1, REST\)"
    with pytest.raises(UserError, match=expected):
        constant_targets(value, "multiclass", LABELS, "s")


@pytest.mark.parametrize(
    ("rows", "task", "example"),
    [
        ([[1]], "binary", "{negatives: gc_matched, target: 0}"),
        ([[1, 0, 0]], "multiclass", "{negatives: gc_matched, target: <name of a class>}"),
        ([[1, 1, 1]], "multilabel", "{negatives: gc_matched}"),
    ],
)
def test_the_hint_shows_negatives_of_the_task(rows, task, example):
    with pytest.raises(UserError) as error:
        check_classes(np.array(rows, np.float32), task, BINARY if task == "binary" else LABELS)
    assert str(error.value).endswith(example)


def test_columns_are_taken_by_name_or_in_order():
    import pandas as pd

    a, b = pd.Series(["1", "0"]), pd.Series(["0", "0"])
    assert join_columns([a, b], ["x", "y"], "multilabel", ["y", "x"], "f").tolist() == ["0|1", "0|0"]
    assert join_columns([a, b], [4, 5], "multilabel", ["y", "x"], "f").tolist() == ["1|0", "0|0"]
    with pytest.raises(UserError, match=r"^f: 2 columns for 3 targets \(a, b, c\)"):
        join_columns([a, b], [4, 5], "multilabel", ["a", "b", "c"], "f")


@pytest.mark.parametrize(
    ("rows", "task", "classes", "words"),
    [
        ([[1], [1]], "binary", BINARY, "every example is of class positive"),
        ([[0], [0]], "binary", BINARY, "every example is of class negative"),
        ([[1, 0, 0], [0, 1, 0]], "multiclass", LABELS, "no example of REST"),
        ([[1, 0, 0], [1, 0, 0]], "multiclass", LABELS, "every example is of class CTCF"),
        ([[1, 0, 1], [0, 0, 1]], "multilabel", LABELS, "no example of SPI1"),
        ([[1, 0, 1], [0, 1, 1]], "multilabel", LABELS, "every example has the label REST"),
        ([[0.5], [0.5]], "regression", ["value"], "the value 0.5 for value"),
    ],
)
def test_a_class_without_examples_is_an_error(rows, task, classes, words):
    with pytest.raises(UserError, match=words):
        check_classes(np.array(rows, np.float32), task, classes)


def test_complete_classes_pass():
    check_classes(np.array([[0], [1]], np.float32), "binary", BINARY)
    check_classes(np.eye(3, dtype=np.float32), "multiclass", LABELS)
    check_classes(np.eye(3, dtype=np.float32), "multilabel", LABELS)
    check_classes(np.array([[0.1], [0.2]], np.float32), "regression", ["value"])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("values", "classes"),
    [(["1", "1e300"], ["value"]), (["1|2", "1|-3.5e38"], ["a", "b"]), ([1.0, 1e39], ["value"])],
)
def test_a_target_that_single_precision_cannot_hold_is_told_with_its_line(values, classes):
    with pytest.raises(UserError) as caught:
        parse_targets(values, "regression", classes, lambda row: f"a.bed, line {row + 4}")
    assert str(caught.value) == (
        f"a.bed, line 5: target {values[1]!r} is beyond what single precision holds (3.4e+38); "
        "rescale the values"
    )
    largest = parse_targets(["1", "-3.4e38"], "regression", ["value"], str)
    assert largest.dtype == np.float32 and largest[1, 0] == np.float32(-3.4e38)
