"""Motifs of the first layer of model M from the windows that activate its filters most."""

from benchmarks.measure import add_ratios, compare

FILTERS, WIDTH, LENGTH, PERCENTILE = 128, 19, 300, 90.0


def run(folder, *, examples=5000, slice_of=50, repeats=2):
    """Return the table of this benchmark.

    Parameters
    ----------
    folder : Path
        Not used.
    examples : int
        Number of sequences of 300 bases.
    slice_of : int
        The loop over windows runs on this many sequences; its seconds are scaled up, as each sequence costs
        the same.
    repeats : int
    """
    sizes = {"motifloom": examples, "numpy_at_once": examples, "numpy_loop": min(slice_of, examples)}
    contenders = {LABELS[f]: (f"benchmarks.filters:{f}", {"examples": n}) for f, n in sizes.items()}
    rows = compare(contenders, repeats)
    for row in rows:
        for kind in ("cpu_s", "wall_s"):
            row[kind] *= examples / row["sequences"]
    return [("top motifs", add_ratios(rows))]


LABELS = {
    "motifloom": "Motifloom, top_motifs",
    "numpy_at_once": "NumPy, all activations in memory",
    "numpy_loop": "NumPy, loop over windows, scaled up",
}


def motifloom(examples):
    """top_motifs on 2 threads."""
    from motifloom.data.encode import DNA
    from motifloom.filters.bank import FilterBank, ScanLayer
    from motifloom.filters.methods import top_motifs

    tokens, kernel = make_data(examples)
    bank = FilterBank([ScanLayer("conv", kernel, kernel[0, 0] * 0, DNA, "relu")])
    top_motifs(bank, tokens[:10], percentile=PERCENTILE, threads=2)
    yield
    motifs = top_motifs(bank, tokens, percentile=PERCENTILE, threads=2)
    yield
    yield describe(examples, int(motifs.n_sites.sum()))


def numpy_at_once(examples):
    """One matrix product for the activations of all windows, which stay in memory."""
    import numpy as np

    tokens, kernel = make_data(examples)
    yield
    one_hot = np.eye(4, dtype=np.float32)
    activations = np.empty((FILTERS, examples, LENGTH - WIDTH + 1), np.float32)
    for i, sequence in enumerate(tokens):
        windows = np.lib.stride_tricks.sliding_window_view(sequence, WIDTH)
        activations[:, i] = (one_hot[windows].reshape(len(windows), -1) @ kernel.reshape(-1, FILTERS)).T
    windows = np.lib.stride_tricks.sliding_window_view(tokens, WIDTH, axis=1)
    motifs, sites = [], 0
    for values in activations:
        found = windows[values >= np.percentile(values[values > 0], PERCENTILE)]
        motifs.append([np.bincount(column, minlength=4) / len(found) for column in found.T])
        sites += len(found)
    yield
    yield describe(examples, sites)


def numpy_loop(examples):
    """One product per window."""
    import numpy as np

    tokens, kernel = make_data(examples)
    yield
    one_hot = np.eye(4, dtype=np.float32)[tokens]
    places = [(i, start) for i in range(examples) for start in range(LENGTH - WIDTH + 1)]
    activations = np.array([np.einsum("wa,waf", one_hot[i, s : s + WIDTH], kernel) for i, s in places])
    motifs, sites = [], 0
    for f in range(FILTERS):
        values = activations[:, f]
        threshold = np.percentile(values[values > 0], PERCENTILE)
        counts = np.zeros((WIDTH, 4))
        for place in np.flatnonzero(values >= threshold):
            i, start = places[place]
            counts += one_hot[i, start : start + WIDTH]
            sites += 1
        motifs.append(counts / counts[0].sum())
    yield
    yield describe(examples, sites)


def make_data(examples):
    """Return random tokens uint8 (N, 300) and a kernel float32 (19, 4, 128) as layers begin with."""
    import numpy as np

    rng = np.random.default_rng(1)
    tokens = rng.integers(0, 4, (examples, LENGTH), np.uint8)
    return tokens, rng.normal(0, 0.1, (WIDTH, 4, FILTERS)).astype(np.float32)


def describe(examples, sites):
    """Return the facts of a contender; sites per sequence show that all find the same."""
    return {"sequences": examples, "sites_per_sequence": round(sites / examples, 1)}
