"""Baselines of one dataset on the examples of another."""

from types import SimpleNamespace

import numpy as np

from motifloom.evaluation.baselines import fit_baseline


def fit_and_score(kind, dataset, parts, other, *, k, seed):
    """Fit a baseline on one dataset and score the examples of another.

    Parameters
    ----------
    kind, parts, k, seed
        As for :func:`motifloom.evaluation.baselines.fit_baseline`.
    dataset, other : motifloom.data.store.Dataset
        Of one task, alphabet and length. The tokens of both are held in memory.

    Returns
    -------
    float32 (examples of other, T)
    """
    joined = SimpleNamespace(
        tokens=np.concatenate([dataset.tokens[:], other.tokens[:]]),
        targets=np.concatenate([dataset.targets, other.targets]),
        alphabet=dataset.alphabet,
        task=dataset.task,
        classes=dataset.classes,
    )
    parts = np.append(np.asarray(parts, object), ["extra"] * len(other))
    scores, _ = fit_baseline(kind, joined, parts, k=k, seed=seed)
    return scores[len(dataset) :]
