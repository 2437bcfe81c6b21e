"""Negatives: windows of the genome like the positives, or their sequences shuffled."""

import numpy as np
import pandas as pd

from motifloom.data.inputs import block_rows, composition
from motifloom.errors import UserError
from motifloom.genome.intervals import check_chromosomes, read_intervals
from motifloom.randomness import generator

ROUNDS = 20
CANDIDATES = 10  # per negative still to be found
DENSITY = 0.7  # of the chromosome, at most, under the candidates of a round
STEPS = 5  # bins of GC within the tolerance


def make_negatives(item, parents, taken, genome, max_unknown, seed, ledger):
    """Make the negatives of one source.

    Parent i (from 0) gets floor((i + 1) * ratio) - floor(i * ratio) negatives, on its own chromosome, so
    that a split by chromosomes keeps them together.

    Parameters
    ----------
    item : motifloom.data.inputs.Input
        A source with `negatives`: gc_matched, random or dinucleotide_shuffled.
    parents : DataFrame
        The examples to make negatives for: id, chrom, start, end, width, gc, unknown, raw_start, raw_end,
        name, and part where the dataset has it.
    taken : DataFrame
        chrom, start, end of everything that negatives must not overlap, beside `exclude` of the source.
    genome : motifloom.genome.fasta.Genome or None
        Not needed for shuffled sequences.
    max_unknown : float
        Largest fraction of unknown bases in a window.
    seed : int
        The config's seed.
    ledger : motifloom.data.ledger.Ledger
        Gets a row per negative that could not be made.

    Returns
    -------
    DataFrame
        Columns of regions (without targets), parents in their order, with gc, unknown and width. Shuffled
        sequences have no coordinates, and the composition of their parents.
    """
    source = item.config
    edges = np.floor(np.arange(len(parents) + 1) * source.ratio + 1e-9).astype(np.int64)
    wanted = parents.iloc[np.repeat(np.arange(len(parents)), np.diff(edges))].reset_index(drop=True)
    if source.negatives == "dinucleotide_shuffled":
        made = wanted.assign(chrom="", start=-1, end=-1)
    else:
        made = _genomic(item, wanted, taken, genome, max_unknown, seed, ledger)
    made = made.assign(parent=made["id"], source=item.name, file="", name="", strand=".", genome=item.genome)
    made = made.assign(record=np.arange(1, len(made) + 1), raw_start=-1, raw_end=-1, size=-1)
    made["id"] = item.name + ":" + made["record"].astype(str)
    return made.assign(weight=1.0) if "weight" in made else made


def _genomic(item, wanted, taken, genome, max_unknown, seed, ledger):
    """Return `wanted` with the windows found; what has none goes to the ledger."""
    source = item.config
    tolerance = source.gc_tolerance if source.negatives == "gc_matched" else None
    located = ((wanted["genome"] == item.genome) & wanted["chrom"].isin(list(genome.sizes))).to_numpy()
    if not located.any():
        raise UserError(
            f"{item.key}: {source.negatives} negatives need examples with coordinates on {item.genome}; "
            "use negatives: dinucleotide_shuffled"
        )
    taken = pd.concat([taken, *(_excluded(path, source, genome, item) for path in source.exclude)])
    start = np.full(len(wanted), -1, np.int64)
    gc, unknown = np.full(len(wanted), np.nan), np.full(len(wanted), np.nan)
    width = int(wanted["width"].iloc[0])
    for chrom, rows in wanted[located].groupby("chrom", sort=False).groups.items():
        rows = np.asarray(rows)
        blocked = taken.loc[(taken["chrom"] == chrom).to_numpy(), ["start", "end"]].to_numpy(np.int64)
        rng = generator(seed, "negatives", item.name, chrom)
        search = _Search(genome, chrom, width, blocked, max_unknown)
        like = wanted["gc"].to_numpy()[rows] if tolerance is not None else np.zeros(len(rows))
        start[rows], gc[rows], unknown[rows] = search.match(like, tolerance, rng)
    failed = start < 0
    rows = wanted[failed].assign(source=item.name, file="", record=pd.NA)
    ledger.add(rows, "dropped", _reasons(rows, tolerance, width, genome))
    return wanted.assign(start=start, end=start + width, gc=gc, unknown=unknown)[~failed]


def _reasons(rows, tolerance, width, genome):
    near = "" if tolerance is None else f" within gc_tolerance {tolerance:g} of its GC {{gc:.2f}}"
    text = f"no negative for it: no free window of {width} bp{near} on {{chrom}}"
    return [
        text.format(gc=gc, chrom=chrom)
        if chrom in genome.sizes
        else "no negative for it: it has no coordinates"
        for gc, chrom in zip(rows["gc"], rows["chrom"], strict=True)
    ]


def _excluded(path, source, genome, item):
    frame = read_intervals(path, chromosome_names=source.chromosome_names)
    check_chromosomes(frame, genome.sizes, path, item.genome)
    return frame[["chrom", "start", "end"]]


class _Search:
    """Free windows of one chromosome, drawn at random; a window found is no longer free."""

    def __init__(self, genome, chrom, width, blocked, max_unknown):
        self.genome, self.chrom, self.width, self.max_unknown = genome, chrom, width, max_unknown
        self.size = genome.sizes[chrom]
        self.blocked = merge_intervals(blocked)

    def match(self, gc, tolerance, rng):
        """Find a window for each GC fraction (n,), or for each of n whatever their GC without a tolerance.

        Returns starts, int64 (n,), -1 where none was found, and their GC and unknown fractions.
        """
        start = np.full(len(gc), -1, np.int64)
        found_gc, found_unknown = np.full(len(gc), np.nan), np.full(len(gc), np.nan)
        for _ in range(ROUNDS):
            pending = rng.permutation(np.flatnonzero(start < 0))
            if not len(pending):
                break
            candidates, c_gc, c_unknown = self._candidates(len(pending), rng)
            if tolerance is None:
                chosen = np.full(len(pending), -1)
                chosen[: len(candidates)] = np.arange(len(candidates))[: len(pending)]
            else:
                chosen = pair_by_gc(gc[pending], c_gc, tolerance)
            rows, chosen = pending[chosen >= 0], chosen[chosen >= 0]
            start[rows], found_gc[rows], found_unknown[rows] = (
                candidates[chosen],
                c_gc[chosen],
                c_unknown[chosen],
            )
            used = np.column_stack([candidates[chosen], candidates[chosen] + self.width])
            self.blocked = merge_intervals(np.vstack([self.blocked, used]))
        return start, found_gc, found_unknown

    def _candidates(self, count, rng):
        """Return free windows that do not overlap each other, in random order, with GC and unknown."""
        room = int(DENSITY * self.size / self.width)
        count = max(min(max(CANDIDATES * count, 1000), room), int(self.size >= self.width))
        # Sorted draws from what is left of the chromosome, spread by one width each, cannot overlap.
        slack = max(self.size - count * self.width, 0)
        starts = np.sort(rng.integers(0, slack + 1, count)) + self.width * np.arange(count)
        following = np.searchsorted(self.blocked[:, 1], starts, side="right")
        next_start = np.append(self.blocked[:, 0], self.size)[following]
        starts = rng.permutation(starts[next_start >= starts + self.width])
        gc, unknown = np.empty(len(starts)), np.empty(len(starts))
        at_once = block_rows(self.width)
        for begin in range(0, len(starts), at_once):
            part = slice(begin, begin + at_once)
            windows = self.genome.fetch_windows(self.chrom, starts[part], self.width)
            gc[part], unknown[part] = composition(windows, self.genome.alphabet)
        good = unknown <= self.max_unknown
        return starts[good], gc[good], unknown[good]


def merge_intervals(intervals):
    """Return the union of intervals, int64 (n, 2), as sorted disjoint intervals, int64 (m, 2)."""
    if not len(intervals):
        return intervals
    intervals = intervals[np.argsort(intervals[:, 0], kind="stable")]
    reach = np.maximum.accumulate(intervals[:, 1])
    begins = np.flatnonzero(np.append(True, intervals[1:, 0] > reach[:-1])[: len(intervals)])
    return np.column_stack([intervals[begins, 0], reach[np.append(begins[1:], len(intervals)) - 1]])


def pair_by_gc(wanted, offered, tolerance):
    """Pair each wanted GC fraction with an offered one, none offered twice.

    Both are put into bins of a fifth of the tolerance; pairs form within a bin first, then between bins one
    apart, and so on to four apart, so that two of a pair differ by less than the tolerance.

    Parameters
    ----------
    wanted : ndarray, float (n,)
        NaN is paired with nothing.
    offered : ndarray, float (m,)
        In random order: of one bin the first are taken first.
    tolerance : float
        At least 1e-4 is used.

    Returns
    -------
    ndarray, int64 (n,)
        Index into `offered`, -1 where none is near enough.
    """
    width = max(tolerance, 1e-4) / STEPS
    bins = np.floor(np.nan_to_num(wanted, nan=-1e3) / width).astype(np.int64)
    stock = np.argsort(np.floor(np.nan_to_num(offered, nan=-2e3) / width), kind="stable")
    stock_bins = np.floor(np.nan_to_num(offered, nan=-2e3) / width).astype(np.int64)[stock]
    chosen = np.full(len(wanted), -1, np.int64)
    for step in range(STEPS):
        for shift in (step, -step)[: 1 + bool(step)]:
            rows = np.flatnonzero(chosen < 0)
            rows = rows[np.argsort(bins[rows], kind="stable")]
            aim = bins[rows] + shift
            rank = np.arange(len(rows)) - np.searchsorted(aim, aim)
            place = np.searchsorted(stock_bins, aim) + rank
            met = place < np.searchsorted(stock_bins, aim, side="right")
            chosen[rows[met]] = stock[place[met]]
            stock, stock_bins = np.delete(stock, place[met]), np.delete(stock_bins, place[met])
    return chosen
