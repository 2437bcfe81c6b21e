"""Which windows activate a filter more than chance would: tests, false discovery rates, thresholds.

A p-value falls with the score and depends on nothing else but the number of known letters. So windows are
never listed: a scan counts them in narrow bins of the score, the tests are those of the bins, and what
comes out is the least score of a significant window.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import h5py
import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from motifloom.errors import UserError
from motifloom.filters.activations import least_score
from motifloom.filters.methods import letter_frequencies
from motifloom.filters.null import (
    BackgroundNull,
    PermutationNull,
    ShuffleNull,
    feasible_levels,
    rounding_error,
)
from motifloom.filters.scan import available_cpus, read_blocks, score_histogram
from motifloom.io import atomic_hdf5
from motifloom.randomness import generator

BINS = 2**14
# Bytes of the bins of the filters that are scanned together.
HISTOGRAM_BYTES = 2**25
# Grids of the exact nulls, each as fine as is needed; a decision that leaves a larger part of the
# significant windows open is taken again on the next.
LEVELS = (1024, 4096, 16384)
OPEN = 0.01

TEST_COLUMNS = {
    "filter": str,
    "layer": str,
    "width": np.int64,
    "null": str,
    "universe": str,
    "windows": np.int64,
    "tested": np.int64,
    "untested": np.int64,
    "complete": np.int64,
    "levels": np.int64,
    "smallest_p_value": float,
}
STEP_COLUMNS = {
    "known": np.int16,
    "score": np.float32,
    "activation": np.float32,
    "p_value_low": float,
    "p_value": float,
    "windows": np.int64,
}
FOUND_COLUMNS = {
    "kept": np.int64,
    "threshold": float,
    "score": float,
    "p_value": float,
    "p_value_low": float,
    "q_value": float,
    "undecided": np.int64,
}
THRESHOLD_COLUMNS = ["filter", "layer", "null", "universe", "windows", "tested", *FOUND_COLUMNS]
THRESHOLD_COLUMNS.insert(-1, "smallest_p_value")


class _Filter(NamedTuple):
    """One filter's weights, and its windows in bins of the score.

    kernel: float64 (W, A); bias: float; low, high: no window of the universe can score less or more, and
    where low > high there is none; given: the score that p-values are conditional on, None where they are
    not; counts: int (K, bins), windows by number of known letters and bin; known: int (K,); edges: float32
    (bins,).
    """

    name: str
    kernel: np.ndarray
    bias: float
    low: float
    high: float
    given: float | None
    counts: np.ndarray
    known: np.ndarray
    edges: np.ndarray


def test_windows(
    bank,
    tokens,
    *,
    rows=None,
    null="shuffle",
    universe="positive",
    conditional=True,
    q_value=0.05,
    permutations=1000,
    background=None,
    seed=0,
    threads=None,
    levels=LEVELS,
):
    """Test all windows of all filters of a bank.

    Every filter is tested for itself, so that tests of parts of a bank are parts of the tests of the bank.

    Parameters
    ----------
    bank : FilterBank
        The filters.
    tokens : array or h5py dataset, uint8 (N, L)
        Sequences; read by blocks.
    rows : int array or None
        Which sequences; default all.
    null : str
        What chance is: `shuffle` (the cells of the kernel in random order, exactly), `permutation` (the same
        by Monte Carlo), `background` (random letters through the kernel as it is; windows with an unknown
        letter are not tested).
    universe : str
        Windows tested: `positive` (with a positive activation) or `all`.
    conditional : bool
        With `positive`: p-values given that the activation is positive, P(S >= s) / P(S >= s0), s0 the
        least positive score. False: P(S >= s), too small for windows that were chosen for a high score;
        Cnnamon's definition.
    q_value : float
        The largest false discovery rate that will be asked for.
    permutations : int
        Of `permutation`.
    background : float (A,) or None
        Of `background`; default the frequencies in the sequences scanned. For windows on both strands the
        mean with that of the complements.
    seed : int
        Of `permutation`; the draws depend on it and the filter's name only.
    threads : int or None
        Default: all CPUs. The result does not depend on it.
    levels : sequence of int
        Grids of the exact nulls, in turn; see :class:`motifloom.filters.null.ShuffleNull`.

    Returns
    -------
    tests : DataFrame
        One row per filter: filter, layer, width (W), null, universe, windows (with a known letter), tested,
        untested (in the universe, but without a null), complete (tested, all letters known), levels (of the
        grid that was fine enough; 0 for permutations), smallest_p_value (that a window of this filter may
        have; missing where none is ever positive).
    steps : DataFrame
        One row per filter, known and bin of the score with windows whose p-value may be `q_value` or less,
        ordered by filter, known, score: filter (categorical), known (letters), score (least of the bin),
        activation (of that score), p_value_low and p_value (bounds on the p-values of all windows of the
        bin), windows.
    """
    threads = threads or available_cpus()
    if null == "background" and background is None:
        background = letter_frequencies(tokens, bank.alphabet, rows)
    # There are many steps: their columns grow in place, no part of them is ever held twice.
    tests, lengths, steps = [], [], {name: bytearray() for name in STEP_COLUMNS}
    for layer in bank.layers:
        windows = _windows_by_known(layer, tokens, rows)
        make = partial(_make_null, null, layer, background, permutations, seed)
        examine = partial(_test_filter, make, [0] if null == "permutation" else levels, q_value)
        for part in _bin_windows(bank, layer, tokens, windows, rows, universe, conditional, threads):
            with ThreadPoolExecutor(threads) as pool:
                for one, (numbers, bins) in zip(part, pool.map(examine, part), strict=True):
                    fixed = {"layer": layer.name, "width": layer.width, "null": null, "universe": universe}
                    tests.append({"filter": one.name, "windows": windows[1:].sum(), **fixed, **numbers})
                    bins["activation"] = layer.activate(bins["score"])
                    for name in STEP_COLUMNS:
                        steps[name] += bins[name].tobytes()
                    lengths.append(len(bins["score"]))
    tests = pd.DataFrame(tests, columns=list(TEST_COLUMNS)).astype(TEST_COLUMNS)
    filters = pd.Categorical.from_codes(np.repeat(np.arange(len(lengths)), lengths), _texts(bank.filters))
    columns = {name: np.frombuffer(steps[name], kind) for name, kind in STEP_COLUMNS.items()}
    return tests, pd.DataFrame({"filter": filters, **columns}, copy=False)


# Its name is no reason for pytest to run it.
test_windows.__test__ = False


def _texts(values):
    """Return an index of texts, of which there may be none."""
    return pd.Index(values, dtype=str)


def _windows_by_known(layer, tokens, rows):
    """Count windows, both strands where both are read, by number of known letters: int64 (W + 1,)."""
    starts = layer.starts(tokens.shape[1])
    counts = np.zeros(layer.width + 1, np.int64)
    for _, block in read_blocks(tokens, rows):
        known = block < layer.alphabet.size
        whole = known.all(axis=1)
        counts[-1] += whole.sum() * len(starts)
        known = known[~whole]
        letters = np.zeros((len(known), len(starts)), np.int32)
        for w in range(layer.width):
            letters += known[:, starts + w * layer.dilation]
        counts += np.bincount(letters.ravel(), minlength=len(counts))
    return counts * (2 if layer.both_strands else 1)


def _bin_windows(bank, layer, tokens, windows, rows, universe, conditional, threads):
    """Yield lists of :class:`_Filter`, in the order of the layer, as many at a time as memory allows."""
    kernels = np.moveaxis(layer.kernel.astype(np.float64) * layer.scale, 2, 0)
    bias = layer.bias.astype(np.float64) * layer.scale
    slack = np.array([rounding_error(kernel, b) for kernel, b in zip(kernels, bias, strict=True)])
    # Unknown letters add 0.
    low = bias + np.minimum(kernels.min(axis=2), 0).sum(axis=1) - slack
    high = bias + np.maximum(kernels.max(axis=2), 0).sum(axis=1) + slack
    given = None
    if universe == "positive":
        least = float(least_score(layer.activation, layer.activation_args, 0.0))
        low, given = np.maximum(low, least), least if conditional and least > -np.inf else None
    fires = low <= high
    # A count and an edge, 4 bytes each.
    size = max(1, HISTOGRAM_BYTES // (4 * BINS * (1 + np.count_nonzero(windows[1:]))))
    for first in range(0, len(low), size):
        chosen = np.arange(first, min(len(low), first + size))
        scanned = chosen[fires[chosen]]
        binned = {}
        if len(scanned) and windows[1:].any():
            part = bank.subset([layer.filters[f] for f in scanned]).layers[0]
            found = score_histogram(part, tokens, low[scanned], high[scanned], BINS, rows, threads=threads)
            binned = {f: (found.counts[i], found.known, found.edges[i]) for i, f in enumerate(scanned)}
        nothing = np.zeros((0, BINS), np.uint32), np.zeros(0, np.int64), np.zeros(BINS, np.float32)
        yield [
            _Filter(layer.filters[f], kernels[f], bias[f], low[f], high[f], given, *binned.get(f, nothing))
            for f in chosen
        ]


def _make_null(null, layer, background, permutations, seed, one, levels):
    """Return the null distribution of the scores of one filter."""
    slack = rounding_error(one.kernel, one.bias)
    if null == "permutation":
        rng = generator(seed, "permutation null", one.name)
        return PermutationNull(one.kernel, permutations, rng, slack=slack)
    if null == "background":
        frequencies = np.asarray(background, np.float64)
        if layer.both_strands:
            frequencies = (frequencies + frequencies[layer.alphabet.complement_table[: len(frequencies)]]) / 2
        return BackgroundNull(one.kernel, frequencies, levels, slack=slack)
    least = min(one.known[one.counts.any(axis=1)], default=len(one.kernel))
    floor = (one.low if one.given is None else one.given) - one.bias
    return ShuffleNull(one.kernel, levels, least_known=int(least), slack=slack, floor=floor)


def _test_filter(make, ladder, q_value, one):
    """Return the numbers of a row of `tests`, and the steps of a filter as a dict of arrays."""
    width = len(one.kernel)
    for levels in dict.fromkeys(feasible_levels(asked, width) for asked in ladder):
        null = make(one, levels)
        bins = _test_bins(null, one)
        tested = np.where(np.isfinite(bins["p_value"]), bins["windows"], 0)
        listed = bins["p_value_low"] <= q_value
        steps = {name: column[listed] for name, column in bins.items()}
        kept, possible = (
            steps["windows"][adjust(steps[bound], steps["windows"], tested.sum()) <= q_value].sum()
            for bound in ("p_value", "p_value_low")
        )
        if possible - kept <= OPEN * possible:
            break
    smallest = np.nan
    if one.low <= one.high:
        smallest = null.smallest(width)
        if one.given is not None:
            least = null.bracket(one.given - one.bias, width)[0]
            smallest = min(1.0, smallest / least) if least > 0 else np.nan
    numbers = {
        "tested": tested.sum(),
        "untested": bins["windows"].sum() - tested.sum(),
        "complete": tested[bins["known"] == width].sum(),
        "levels": levels,
        "smallest_p_value": smallest,
    }
    return numbers, steps


def _test_bins(null, one):
    """Return the p-values of all bins with windows, ordered by known and score, as a dict of arrays."""
    parts = [(np.zeros(0),) * 5]
    edges = np.append(one.edges.astype(np.float64), max(one.high, one.edges[-1]))
    for known, counts in zip(one.known.tolist(), one.counts, strict=True):
        filled = np.flatnonzero(counts)
        if not len(filled):
            continue
        # All windows of a bin score at least its lower and less than its upper edge.
        low = null.bracket(edges[filled + 1] - one.bias, known)[0]
        high = null.bracket(edges[filled] - one.bias, known)[1]
        if one.given is not None:
            least, most = null.bracket(one.given - one.bias, known)
            # At most 1; and `least` is 0 where the background lacks a letter of the window.
            low, high = low / most, high / np.maximum(least, high)
        parts.append((np.full(len(filled), known), edges[filled], low, high, counts[filled]))
    names = "known", "score", "p_value_low", "p_value", "windows"
    columns = zip(names, map(np.concatenate, zip(*parts, strict=True)), strict=True)
    return {name: column.astype(STEP_COLUMNS[name]) for name, column in columns}


def adjust(p_values, counts, tested):
    """Return the q-values of Benjamini and Hochberg (1995) where many tests share a p-value.

    Parameters
    ----------
    p_values : float (n,)
        The smallest p-values; others, up to `tested`, are larger than all of them.
    counts : int (n,)
        Number of tests that have each.
    tested : int
        Number of all tests.

    Returns
    -------
    float64 (n,)
        Exact where no p-value that is not given has a q-value as small.
    """
    p_values, ranks = np.asarray(p_values, np.float64), np.asarray(counts, np.int64)
    order = np.argsort(p_values, kind="stable")
    # In place: there may be millions.
    adjusted, ranks = p_values[order], ranks[order]
    adjusted *= tested
    adjusted /= np.cumsum(ranks, out=ranks)
    np.minimum.accumulate(adjusted[::-1], out=adjusted[::-1])
    q_values = np.empty(len(order))
    q_values[order] = np.minimum(adjusted, 1.0, out=adjusted)
    return q_values


def control_fdr(tests, steps, q_value=0.05, over="filter"):
    """Choose the significant windows by their false discovery rate.

    Decisions are on the upper bounds of the p-values, so that no error of a bound makes a window
    significant that is not.

    Parameters
    ----------
    tests, steps : DataFrame
        See :func:`test_windows`; of all filters together where `over` is `all_filters`.
    q_value : float
        Largest q-value of a significant window, at most that of the tests.
    over : str
        Benjamini-Hochberg over the windows of each `filter`, or of `all_filters` at once.

    Returns
    -------
    thresholds : DataFrame
        One row per filter: filter, layer, null, universe, windows, tested, kept (significant windows),
        threshold (least activation of one), score (least score of one with all letters known), p_value and
        p_value_low (largest p-value of one, bounds), q_value (largest of one), smallest_p_value, undecided
        (further windows that would be significant if all p-values were their lower bounds). Missing where
        nothing is significant.
    steps : DataFrame
        The steps with a column q_value; exact up to `q_value`.
    cutoffs : dict of str to float32 (W + 1,)
        By filter, the least score of a significant window by its number of known letters; inf where none is.
    """
    columns = {name: steps[name].to_numpy() for name in STEP_COLUMNS}
    by_filter, tested = _by_filter(steps, tests["filter"]), tests["tested"].to_numpy()
    q_values, possible = np.ones(len(steps)), np.zeros(len(steps), bool)
    groups = zip(by_filter, tested, strict=True) if over == "filter" else [(slice(None), tested.sum())]
    for rows, number in groups:
        windows = columns["windows"][rows]
        q_values[rows] = adjust(columns["p_value"][rows], windows, number)
        possible[rows] = adjust(columns["p_value_low"][rows], windows, number) <= q_value
    columns["q_value"] = q_values
    found, cutoffs = [], {}
    for name, width, rows in zip(tests["filter"], tests["width"], by_filter, strict=True):
        kept = {column: values[rows][q_values[rows] <= q_value] for column, values in columns.items()}
        least = cutoffs[name] = np.full(width + 1, np.inf, np.float32)
        np.minimum.at(least, kept["known"], kept["score"])
        undecided = columns["windows"][rows][possible[rows]].sum() - kept["windows"].sum()
        found.append({**_threshold(kept, least), "undecided": undecided})
    found = pd.DataFrame(found, tests.index, list(FOUND_COLUMNS)).astype(FOUND_COLUMNS)
    thresholds = pd.concat([tests, found], axis=1)[THRESHOLD_COLUMNS]
    return thresholds, steps.assign(q_value=q_values), cutoffs


def _threshold(kept, cutoffs):
    """Return what the steps of a filter that are kept, columns as arrays, amount to."""
    if not len(kept["score"]):
        return {"kept": 0}
    # The last of the largest.
    at = len(kept["p_value"]) - 1 - kept["p_value"][::-1].argmax()
    return {
        "kept": kept["windows"].sum(),
        "threshold": kept["activation"].min(),
        "score": cutoffs[-1] if cutoffs[-1] < np.inf else np.nan,
        "p_value": kept["p_value"][at],
        "p_value_low": kept["p_value_low"][at],
        "q_value": kept["q_value"].max(),
    }


def _by_filter(steps, names):
    """Return the rows of each filter among the steps, in the order of names: slices, or int arrays."""
    filters = steps["filter"].astype("category").cat
    numbers = _texts(names).get_indexer(filters.categories).astype(np.int32)[filters.codes]
    order = None if (numbers[1:] >= numbers[:-1]).all() else np.argsort(numbers, kind="stable")
    ends = np.searchsorted(numbers, np.arange(len(names) + 1), sorter=order)
    rows = [slice(first, last) for first, last in pairwise(ends.tolist())]
    return rows if order is None else [order[one] for one in rows]


def annotate(steps, filter, known, score):
    """Look up the p- and q-values of windows.

    Parameters
    ----------
    steps : DataFrame
        With q-values, see :func:`control_fdr`.
    filter : str or array of str (n,)
        Filters of the windows.
    known : int (n,)
        Numbers of known letters.
    score : float32 (n,)
        Scores, bias included.

    Returns
    -------
    p_value, q_value : float64 (n,)
        Of the bin in which the window lies; NaN where it lies below all steps.
    """
    return annotator(steps)(filter, known, score)


def annotator(steps):
    """Return :func:`annotate` for these steps, as a function of the windows; for many calls."""
    known, score, p_value, q_value = (
        steps[name].to_numpy() for name in ("known", "score", "p_value", "q_value")
    )
    groups, names = {}, steps["filter"].unique()
    for name, rows in zip(names, _by_filter(steps, names), strict=True):
        letters = known[rows]
        for number in np.unique(letters):
            found = [array[rows][letters == number] for array in (score, p_value, q_value)]
            order = np.argsort(found[0], kind="stable")
            groups[name, number] = [array[order] for array in found]

    def look_up(filter, known, score):
        windows = pd.DataFrame({"filter": filter, "known": known, "score": score})
        p, q = np.full((2, len(windows)), np.nan)
        for key, where in windows.groupby(["filter", "known"], sort=False, observed=True).indices.items():
            if key in groups:
                edges, *values = groups[key]
                place = np.searchsorted(edges, windows["score"].to_numpy()[where], side="right") - 1
                p[where[place >= 0]], q[where[place >= 0]] = (array[place[place >= 0]] for array in values)
        return p, q

    return look_up


def survival(tests, steps, filter, points=300):
    """Return which part of a filter's windows reach a score, by chance and in truth, for a figure.

    Parameters
    ----------
    tests, steps : DataFrame
        See :func:`test_windows`.
    filter : str
        Its name.
    points : int
        At most as many scores, evenly over the steps.

    Returns
    -------
    DataFrame
        score, null (upper bound on the probability), observed (fraction of the tested windows); windows
        with all letters known only. Starts where p-values become small enough to be steps.
    """
    test = tests.set_index("filter").loc[filter]
    steps = steps[(steps["filter"] == filter) & (steps["known"] == test["width"])]
    above = steps["windows"].to_numpy()[::-1].cumsum()[::-1]
    frame = pd.DataFrame(
        {"score": steps["score"], "null": steps["p_value"], "observed": above / max(1, test["complete"])}
    )
    chosen = np.unique(np.linspace(0, max(0, len(frame) - 1), points).round().astype(int))
    return frame.iloc[chosen[: len(frame)]].reset_index(drop=True)


def write_significance(path, tests, steps):
    """Write tests and steps to an HDF5 file, the same bytes every time."""
    with atomic_hdf5(path) as file:
        for name, frame in {"tests": tests, "steps": steps}.items():
            group = file.create_group(name)
            group.attrs["columns"] = list(frame.columns)
            packing = {"compression": "gzip", "compression_opts": 4, "shuffle": True} if len(frame) else {}
            for column in frame:
                values = frame[column]
                if values.dtype.kind not in "iuf":
                    values = values if values.dtype == "category" else values.astype("category")
                    texts = np.char.encode(np.asarray(values.cat.categories, dtype=str), "utf-8")
                    group.create_dataset(f"{column} values", data=texts, track_times=False)
                    values = values.cat.codes.astype(np.int32)
                group.create_dataset(column, data=values.to_numpy(), track_times=False, **packing)


def read_significance(*paths):
    """Read tests and steps written by :func:`write_significance`; those of several files one after another.

    Raises
    ------
    UserError
        A file is not such a file.
    """
    files = [_read_one(path) for path in paths]
    tests, steps = (_join_columns([file[name] for file in files]) for name in ("tests", "steps"))
    return tests.astype({name: str for name in tests if tests[name].dtype == "category"}), steps


def _read_one(path):
    """Return the columns of the tests and the steps of a file, dicts; of texts their categories and codes."""
    try:
        with h5py.File(path, "r") as file:
            return {name: _read_columns(file[name]) for name in ("tests", "steps")}
    except (OSError, KeyError) as error:
        raise UserError(f"{path}: not a file of significance tests ({error})") from error


def _read_columns(group):
    columns = {name: group[name][()] for name in group.attrs["columns"]}
    for name in columns:
        if f"{name} values" in group:
            texts = [text.decode() for text in group[f"{name} values"][()]]
            columns[name] = pd.Categorical.from_codes(columns[name], _texts(texts))
    return columns


def _join_columns(parts):
    """Return a data frame from the columns of several, dicts, which are emptied: there is much of it."""
    columns = {}
    for name in list(parts[0]):
        arrays = [part.pop(name) for part in parts]
        join = union_categoricals if isinstance(arrays[0], pd.Categorical) else np.concatenate
        columns[name] = join(arrays)
    return pd.DataFrame(columns, copy=False)
