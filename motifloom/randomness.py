"""One way to draw random numbers, so that no result depends on time, process or job order."""

import hashlib

import numpy as np


def derive_seed(seed, *keys):
    """Return a 63-bit seed that depends only on `seed` and `keys`.

    Parameters
    ----------
    seed : int
        The seed of the config.
    *keys : str or int
        What the draw is for: rule, dataset, experiment, filter, ...

    Returns
    -------
    int
        The first 63 bits of SHA-256 of the joined keys; Python's `hash` would differ between processes.
    """
    text = "\x1f".join(str(key) for key in (seed, *keys))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator(seed, *keys):
    """Return a NumPy generator seeded by :func:`derive_seed`."""
    return np.random.default_rng(derive_seed(seed, *keys))
