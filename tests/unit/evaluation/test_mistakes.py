from types import SimpleNamespace

import numpy as np
import pandas as pd

from motifloom.data.encode import DNA
from motifloom.evaluation.mistakes import list_mistakes, locate_mistakes


def table(targets, scores, names, part="test"):
    targets, scores = (np.reshape(values, (len(targets), -1)) for values in (targets, scores))
    return pd.DataFrame(
        {"id": [f"p:{i}" for i in range(len(targets))], "part": part}
        | {f"target.{name}": targets[:, i] for i, name in enumerate(names)}
        | {f"score.{name}": scores[:, i] for i, name in enumerate(names)}
    )


def listed(frame):
    return list(frame[["target", "kind", "rank", "id"]].itertuples(index=False, name=None))


SIX = table([0, 0, 1, 1, 0, 1.0], [0.9, 0.7, 0.1, 0.4, 0.2, 0.8], ["bound"])


def test_the_most_confident_come_first():
    found = list_mistakes(SIX, "binary", ["free", "bound"])
    assert listed(found) == [
        ("all", "false_positive", 1, "p:0"),
        ("all", "false_positive", 2, "p:1"),
        ("all", "false_negative", 1, "p:2"),
        ("all", "false_negative", 2, "p:3"),
    ]
    assert found["score"].tolist() == [0.9, 0.7, 0.1, 0.4] and found["truth"].tolist() == [0, 0, 1, 1]


def test_the_threshold_and_the_number_are_kept():
    assert listed(list_mistakes(SIX, "binary", ["free", "bound"], [0.3], most=1)) == [
        ("all", "false_positive", 1, "p:0"),
        ("all", "false_negative", 1, "p:2"),
    ]
    kinds = list_mistakes(SIX, "binary", ["free", "bound"], [0.05])["kind"].value_counts()
    assert kinds.to_dict() == {"false_positive": 3}


def test_only_the_part_counts_and_equals_are_in_order_of_id():
    both = pd.concat([SIX.assign(part="train"), table([0, 0, 0.0], [0.6, 0.8, 0.6], ["bound"])])
    found = list_mistakes(both, "binary", ["free", "bound"])
    assert found["id"].tolist() == ["p:1", "p:0", "p:2"]


def test_labels_have_their_own_and_unknown_ones_none():
    targets = np.array([[0, 1], [np.nan, 1], [1, 0.0]])
    scores = np.array([[0.9, 0.2], [0.8, 0.9], [0.9, 0.1]])
    found = list_mistakes(table(targets, scores, ["a", "b"]), "multilabel", ["a", "b"], [0.5, 0.5])
    assert listed(found) == [("a", "false_positive", 1, "p:0"), ("b", "false_negative", 1, "p:0")]


def test_a_wrong_class_is_a_mistake_of_both():
    scores = np.array([[0.4, 0.35, 0.25], [0.2, 0.7, 0.1]])
    found = list_mistakes(table(np.eye(3)[[1, 1]], scores, list("abc")), "multiclass", list("abc"))
    assert listed(found) == [("a", "false_positive", 1, "p:0"), ("b", "false_negative", 1, "p:0")]


def test_values_by_their_distance():
    predictions = table([1, 2, 3, 4.0], [1, 5, 1, 4.5], ["x"])
    found = list_mistakes(predictions, "regression", ["x"], most=2)
    assert listed(found) == [("x", "overestimate", 1, "p:1"), ("x", "underestimate", 2, "p:2")]


def test_no_mistakes_are_an_empty_table():
    right = SIX.assign(**{"score.bound": SIX["target.bound"]})
    found = list_mistakes(right, "binary", ["free", "bound"])
    assert len(found) == 0 and list(found) == ["target", "kind", "rank", "id", "truth", "score"]
    assert "sequence" in locate_mistakes(found, dataset())


def dataset():
    tokens = np.stack([DNA.encode(text) for text in ("ACGT", "GGNN", "TTTT")])
    regions = pd.DataFrame(
        {
            "id": ["p:2", "p:0", "p:1"], "chrom": ["chr1", "chr2", ""], "start": [5, 7, -1],
            "end": [9, 11, -1], "strand": ["+", "-", "."], "name": ["x", "y", "z"], "gc": 0.5,
        }
    )  # fmt: skip
    return SimpleNamespace(tokens=tokens, regions=regions, alphabet=DNA)


def test_mistakes_are_found_on_the_genome():
    mistakes = pd.DataFrame({"id": ["p:1", "p:2", "p:1"], "rank": [1, 2, 1]})
    found = locate_mistakes(mistakes, dataset())
    assert found.to_dict("list") == {
        "id": ["p:1", "p:2", "p:1"], "rank": [1, 2, 1], "chrom": ["", "chr1", ""], "start": [-1, 5, -1],
        "end": [-1, 9, -1], "strand": [".", "+", "."], "name": ["z", "x", "z"],
        "sequence": ["TTTT", "ACGT", "TTTT"],
    }  # fmt: skip
