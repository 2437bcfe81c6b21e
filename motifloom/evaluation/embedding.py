"""Where examples lie by what a layer makes of them: principal components, and a map of neighbours.

The map is t-SNE (van der Maaten and Hinton 2008), which scikit-learn has. UMAP draws similar maps, but its
package is one dependency more, compiles for half a minute in every process, and with several threads gives
another map every time.
"""

import logging

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

logger = logging.getLogger(__name__)

# Components that neighbours are looked for in; the rest is mostly noise.
_COMPONENTS = 50
_FEWEST = 5


def pool_positions(activations):
    """Return one row per example: the maximum of every channel over its positions.

    Parameters
    ----------
    activations : float (N, C), or (N, positions..., C)

    Returns
    -------
    float64 (N, C)
    """
    values = np.asarray(activations, np.float64)
    values = values.reshape(len(values), -1, values.shape[-1] if values.ndim > 1 else 1)
    return values.max(axis=1)


def embed(values, *, seed, perplexity=30.0):
    """Return two principal components and two coordinates of a map of neighbours for every example.

    Parameters
    ----------
    values : float (N, C)
        Not rescaled: units of a layer that vary more count more, as they do for the next layer.
    seed : int
    perplexity : float
        Neighbours that t-SNE keeps close, at most a third of the other examples.

    Returns
    -------
    pandas.DataFrame
        pc_1, pc_2, pc_1_explained, pc_2_explained (fraction of the variance, the same in every row), tsne_1,
        tsne_2. Without variance the components are 0; without it or with fewer than five examples there is
        no map (NaN). One thread computes it, so that it is the same on any number of cores.
    """
    n, seed = len(values), seed % 2**32
    components, explained, neighbours = np.zeros((n, 2)), np.zeros(2), np.full((n, 2), np.nan)
    varied = n > 1 and np.ptp(values, axis=0).any()
    with threadpool_limits(1):
        if varied:
            count = min(_COMPONENTS, n, values.shape[1])
            model = PCA(count, random_state=seed).fit(values)
            scores = model.transform(values)
            components[:, : min(count, 2)] = scores[:, :2]
            explained[: min(count, 2)] = model.explained_variance_ratio_[:2]
        if varied and n >= _FEWEST:
            nearest = min(perplexity, (n - 1) / 3)
            neighbours = TSNE(perplexity=nearest, init=_start(components), random_state=seed).fit_transform(
                scores
            )
        else:
            logger.warning("%d examples%s: no map of neighbours", n, "" if varied else " without variance")
    return pd.DataFrame(
        {
            "pc_1": components[:, 0],
            "pc_2": components[:, 1],
            "pc_1_explained": explained[0],
            "pc_2_explained": explained[1],
            "tsne_1": neighbours[:, 0],
            "tsne_2": neighbours[:, 1],
        }
    )


def _start(components):
    """Return where t-SNE starts: the components, small (Kobak and Berens 2019)."""
    return (components / components[:, 0].std() * 1e-4).astype(np.float32)
