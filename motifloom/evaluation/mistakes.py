"""The most confident mistakes: what a model is sure of and wrong about, with where it lies."""

import numpy as np
import pandas as pd

from motifloom.evaluation.metrics import read_columns, rows_of

COLUMNS = ["target", "kind", "rank", "id", "truth", "score"]
PLACE = ["chrom", "start", "end", "strand", "name"]


def list_mistakes(predictions, task, classes, thresholds=0.5, *, most=20, part="test"):
    """Return the most confident mistakes of every target.

    Parameters
    ----------
    predictions : pandas.DataFrame
        id, part, target.<name>..., score.<name>...
    task : str
        binary, multiclass, multilabel or regression.
    classes : list of str
    thresholds : float or float (T,)
        A class is called at this probability or more; multiclass calls the largest.
    most : int
        Of each target and kind; for regression of each target.
    part : str

    Returns
    -------
    pandas.DataFrame
        target ("all" for binary, else the class, label or value), kind, rank (from 1), id, truth, score. Of
        a class: false_positive by falling and false_negative by rising score; of a value: overestimate and
        underestimate together, by falling distance from the truth. Equals are in the order of their ids.
    """
    names = list(classes[1:] if task == "binary" else classes)
    rows = rows_of(predictions, part)
    targets, scores = (read_columns(rows, kind, names) for kind in ("target", "score"))
    if task == "multiclass":
        called = np.eye(len(names), dtype=bool)[scores.argmax(axis=1)]
    else:
        called = scores >= np.asarray(thresholds) if task != "regression" else scores > targets
    frames = []
    for j, name in enumerate(names):
        truth, score, over = targets[:, j], scores[:, j], called[:, j]
        frame = pd.DataFrame({"id": rows["id"], "truth": truth, "score": score})
        frame = frame.assign(target="all" if task == "binary" else name)[np.isfinite(truth * score)]
        over = over[frame.index]
        if task == "regression":
            frame["kind"] = np.where(over, "overestimate", "underestimate")
            wrong = frame[frame["score"] != frame["truth"]]
            distance = (wrong["score"] - wrong["truth"]).abs()
            frames.append(_worst(wrong, -distance, most))
            continue
        positive = (frame["truth"] > 0.5).to_numpy()
        for kind, wrong, sign in (
            ("false_positive", over & ~positive, -1),
            ("false_negative", ~over & positive, 1),
        ):
            found = frame[wrong].assign(kind=kind)
            frames.append(_worst(found, sign * found["score"], most))
    return pd.concat(frames, ignore_index=True)[COLUMNS]


def _worst(frame, key, most):
    """Return the rows with the smallest keys; those of equal keys stay in order."""
    found = frame.loc[key.sort_values(kind="stable").index[:most]]
    return found.assign(rank=np.arange(1, len(found) + 1))


def locate_mistakes(mistakes, dataset):
    """Add where each example lies and its sequence.

    Parameters
    ----------
    mistakes : pandas.DataFrame
        With a column id.
    dataset : motifloom.data.store.Dataset
        Holds all of the ids.

    Returns
    -------
    pandas.DataFrame
        `mistakes` with chrom, start, end, strand, name (as in regions.tsv.gz) and sequence (as the model
        reads it).
    """
    regions = dataset.regions
    at = pd.Index(regions["id"]).get_indexer(mistakes["id"])
    rows = np.unique(at)
    sequences = {
        row: dataset.alphabet.decode(tokens) for row, tokens in zip(rows, dataset.tokens[rows], strict=True)
    }
    found = regions.iloc[at][PLACE].reset_index(drop=True)
    return pd.concat([mistakes.reset_index(drop=True), found], axis=1).assign(
        sequence=[sequences[row] for row in at]
    )
