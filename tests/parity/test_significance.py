"""Significant windows with Cnnamon's definition: positive windows, p-values without condition, q of 0.05.

Cnnamon shuffles each kernel 1,000 times and scans with each shuffle. Of a window, m shuffles score more, and
its p-value is (m + 1) / 1001; since a shuffle moves the cells that a window picks, m is binomial for every
window by itself, with our exact p-value as its probability. Its windows without a single known letter (score
= bias) are beaten by no shuffle: where the bias is positive it keeps them, here they are no windows.
"""

import numpy as np
import pytest
from scipy.stats import binom

from motifloom.filters.scan import hit_blocks
from motifloom.filters.significance import adjust, annotate, control_fdr, test_windows
from motifloom.randomness import generator

SHUFFLES = 1000
Q_VALUE = 0.05
LARGEST_P = 0.1


@pytest.fixture(scope="session")
def tested(bank, tokens):
    """Tests, and steps of all windows with an exact p-value of up to 0.1; larger ones are never kept."""
    return test_windows(bank, tokens, conditional=False, q_value=LARGEST_P, levels=(16384,))


@pytest.fixture(scope="session")
def kept(reference, model):
    """What Cnnamon keeps, by number of the filter: (chrom,start,end; offset; p, q of each window)."""
    path = reference / f"{model}_sig_q05_n1000.npz"
    if not path.exists():
        return {}
    archive, windows = np.load(path), {}
    for name in archive.files:
        if name.startswith("info__filter"):
            fields = np.array([line.split(",") for line in archive[name]])
            examples = np.array([",".join(line) for line in fields[:, :3]])
            offsets = fields[:, 4].astype(int) - fields[:, 1].astype(int)
            windows[int(name.removeprefix("info__filter"))] = (
                examples,
                offsets,
                *fields[:, 6:].astype(float).T,
            )
    return windows


@pytest.fixture(scope="session")
def places(reference):
    """Row of every example by its name."""
    lines = (reference / "sub500_info.txt").read_text().split()
    return {name: row for row, name in enumerate(lines)}


def positive_windows(layer, tokens):
    """Known letters, score and (row, start) of all windows with a positive activation, by filter."""
    cutoffs = np.full((layer.width + 1, len(layer.filters)), np.nextafter(np.float32(0), np.float32(1)))
    cutoffs[0] = np.inf
    blocks = list(hit_blocks(layer, tokens, cutoffs))
    columns = {
        name: np.concatenate([getattr(hits, name) for hits in blocks])
        for name in ("filter", "row", "start", "known", "score")
    }
    for f in range(len(layer.filters)):
        chosen = columns["filter"] == f
        yield f, {name: column[chosen] for name, column in columns.items()}


def unknown_windows(layer, tokens):
    """How many windows have no known letter at all."""
    known = (tokens < layer.alphabet.size).astype(int)
    total = np.cumsum(np.pad(known, ((0, 0), (1, 0))), axis=1)
    return int((total[:, layer.width :] == total[:, : -layer.width]).sum())


def theirs_and_ours(layer, tokens, tested, kept, places, f, windows):
    """Return m of every positive window (NaN where Cnnamon does not keep it), and the exact p-values."""
    examples, offsets, p_values, _ = kept[f]
    found = {(places[name], start): p for name, start, p in zip(examples, offsets, p_values, strict=True)}
    at = zip(windows["row"].tolist(), windows["start"].tolist(), strict=True)
    beaten = np.rint(np.array([found.get(place, np.nan) for place in at]) * (SHUFFLES + 1)) - 1
    exact, _ = annotate(
        tested[1].assign(q_value=np.nan), layer.filters[f], windows["known"], windows["score"]
    )
    # Larger than the p-values that were asked for.
    return beaten, np.where(np.isnan(exact), LARGEST_P, exact)


def test_its_p_values_are_ours_up_to_the_noise_of_its_shuffles(bank, tokens, tested, kept, places):
    # For every window kept there m, and for every other one that m is larger than for any kept, is what a
    # binomial with our p-value gives at least once in ten million (5.2 standard errors).
    layer = bank.layers[0]
    for f, windows in positive_windows(layer, tokens):
        if f not in kept:
            continue
        beaten, exact = theirs_and_ours(layer, tokens, tested, kept, places, f, windows)
        here = np.isfinite(beaten)
        extra = unknown_windows(layer, tokens) if layer.bias[f] > 0 else 0
        assert here.sum() + extra == len(kept[f][0])
        assert (binom.cdf(beaten[here], SHUFFLES, exact[here]) > 1e-7).all()
        assert (binom.sf(beaten[here] - 1, SHUFFLES, exact[here]) > 1e-7).all()
        most = np.nanmax(beaten)
        assert (binom.sf(most, SHUFFLES, exact[~here]) > 1e-7).all()
        # How many windows have m = 0, 1, ...: within 5 standard errors of what our p-values predict.
        for m in range(int(most) + 1):
            expected = binom.pmf(m, SHUFFLES, exact).sum()
            assert abs((beaten == m).sum() - expected) < 5 * np.sqrt(expected)


def test_it_keeps_as_many_windows_as_its_shuffles_may_give(bank, tokens, tested, kept):
    # Draw m of every window 200 times from our p-values, and take Benjamini and Hochberg's decision each
    # time: of every filter (most of them keep nothing) Cnnamon's number lies within those of the draws.
    layer = bank.layers[0]
    tests, steps = tested
    for f, name in enumerate(layer.filters):
        mine = steps[steps["filter"] == name]
        exact = np.repeat(mine["p_value"].to_numpy(), mine["windows"])
        extra = unknown_windows(layer, tokens) if layer.bias[f] > 0 else 0
        rng, numbers = generator(0, name), []
        for _ in range(200):
            counts = np.bincount(rng.binomial(SHUFFLES, exact))
            counts[0] += extra
            levels = np.flatnonzero(counts)
            q_values = adjust((levels + 1) / (SHUFFLES + 1), counts[levels], tests["tested"][f] + extra)
            numbers.append(counts[levels][q_values <= Q_VALUE].sum())
        theirs = len(kept[f][0]) if f in kept else 0
        assert min(numbers) <= theirs <= max(numbers), name


def test_exact_p_values_keep_more_than_noisy_ones(bank, tokens, tested, kept, model):
    # p-values of 1 / 1001 and up cannot be small enough where the significant windows are few.
    thresholds, _, _ = control_fdr(*tested, Q_VALUE)
    assert (thresholds["kept"] > 0).sum() >= (1 if model == "m1" else 11) > len(kept)
