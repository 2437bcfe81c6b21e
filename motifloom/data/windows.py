"""Windows of fixed length on intervals and on ready sequences."""

import numpy as np

from motifloom.data.inputs import window_offset
from motifloom.data.ledger import fill_rows
from motifloom.files import fail

MOST_BINS = 10_000_000  # of an interval; a chromosome has fewer


def place_windows(frame, sizes, window, ledger):
    """Place windows on intervals of a genome.

    The midpoint of [start, end) is the position (start + end) // 2, and the window starts length // 2 before
    it. A summit or a start (the 5' end: the last base of an interval on the minus strand) is a base, and
    stands at offset length // 2 of the window as it is read on its strand. Without a length a window is its
    interval. With bins it is cut into as many as fit, `step` apart from its start, and a window is a bin with
    its flanks.

    Parameters
    ----------
    frame : DataFrame
        Intervals as :func:`motifloom.data.sources.read_source` gives them.
    sizes : dict of str to int
        Lengths of the chromosomes.
    window : motifloom.config.data.Window
    ledger : Ledger

    Returns
    -------
    DataFrame
        The rows that are left, with start, end and width; with bins also bin, their number in the interval
        from 1, and raw_start and raw_end are the bin's.
    """
    size = frame["chrom"].map(sizes).to_numpy(np.int64)
    outside = frame["raw_start"].to_numpy() >= size
    reasons = fill_rows("it starts beyond the end of its chromosome ({} bp)", size[outside])
    ledger.add(frame[outside], "dropped", reasons)
    frame, size = frame[~outside], size[~outside]
    if window.bin:
        frame = _cut_bins(frame, window, ledger)
        size = frame["chrom"].map(sizes).to_numpy(np.int64)
    left, length = _left_ends(frame, window, ledger)
    leaves = (left < 0) | (left + length > size)
    too_long = leaves & (length > size) & (window.edge == "shift")
    lost = leaves if window.edge == "drop" else too_long
    reasons = fill_rows("window {}-{} leaves its chromosome ({} bp)", left, left + length, size, rows=leaves)
    ledger.add(frame[lost], "dropped", reasons[lost])
    changed = leaves & ~lost
    ledger.add(frame[changed], {"shift": "shifted"}.get(window.edge, "padded"), reasons[changed])
    if window.edge == "shift":
        left = np.clip(left, 0, np.maximum(size - length, 0))
    return frame.assign(start=left, end=left + length, width=length)[~lost]


def _cut_bins(frame, window, ledger):
    """Return a row per bin of the intervals, with the place of the bin in raw_start and raw_end.

    What makes no bin goes to the ledger; what becomes of a bin is entered by its own place from here on.
    """
    width = (frame["raw_end"] - frame["raw_start"]).to_numpy(np.int64)
    count = np.maximum((width - window.bin) // window.step + 1, 0)
    if len(count) and count.max() > MOST_BINS:
        most = frame.iloc[int(count.argmax())]
        what = f"the interval of {width.max():,} bp makes {count.max():,} bins"
        fail(most["file"], most["record"], f"{what}; correct it, or set a longer window.step")
    rest = width - (count - 1) * window.step - window.bin
    short, rest = count == 0, np.where(count, rest, 0)
    text = f"interval of {{}} bp holds no bin of {window.bin}"
    ledger.add(frame[short], "dropped", fill_rows(text, width[short]))
    text = f"its last {{}} bp make no bin of {window.bin}"
    ledger.add(frame[rest > 0], "clipped", fill_rows(text, rest[rest > 0]))
    number = np.concatenate([np.arange(n) for n in count]) if len(count) else count
    frame = frame.iloc[np.repeat(np.arange(len(frame)), count)]
    start = frame["raw_start"] + number * window.step
    return frame.assign(bin=number + 1, raw_start=start, raw_end=start + window.bin)


def _left_ends(frame, window, ledger):
    """Return where the windows start, and their lengths, int64 (n,) each."""
    start, end, summit = (frame[name].to_numpy(np.int64) for name in ("raw_start", "raw_end", "summit"))
    if window.length is None:
        return start, end - start
    length = np.full(len(frame), window.length, np.int64)
    if window.bin:
        return start - window.flank, length
    left = (start + end) // 2 - length // 2
    if window.centre == "midpoint":
        return left, length
    minus = (frame["strand"] == "-").to_numpy()
    base = summit if window.centre == "summit" else np.where(minus, end - 1, start)
    absent = base < 0
    reason = "no summit in the file; the window is centred on the midpoint"
    if absent.all():
        ledger.add(frame[:1], "shifted", f"{reason} (so for all {len(frame)} rows of the file)")
    else:
        ledger.add(frame[absent], "shifted", reason)
    before = np.where(minus, (length - 1) // 2, length // 2)
    return np.where(absent, left, base - before), length


def place_sequences(frame, window, ledger):
    """Place windows on ready sequences: cut around the midpoint, or padded evenly.

    Parameters, returns: as :func:`place_windows`. A sequence shorter than the window is padded with
    window.edge pad, otherwise dropped.
    """
    size = frame["size"].to_numpy(np.int64)
    length = np.full(len(frame), window.length) if window.length else size
    long, short = size > length, size < length
    ledger.add(frame[long], "clipped", fill_rows("cut from {} to {}", size[long], length[long]))
    text = (
        "padded from {} to {}" if window.edge == "pad" else "sequence of {} is shorter than window.length {}"
    )
    action = "padded" if window.edge == "pad" else "dropped"
    ledger.add(frame[short], action, fill_rows(text, size[short], length[short]))
    # The offset counts along the sequence, which on the minus strand runs from the interval's end.
    offset = window_offset(size, length)
    minus = (frame["strand"] == "-").to_numpy()
    start = np.where(minus, frame["raw_end"] - offset - length, frame["raw_start"] + offset)
    located = (frame["chrom"] != "").to_numpy()
    start, end = np.where(located, start, -1), np.where(located, start + length, -1)
    frame = frame.assign(start=start, end=end, width=length)
    return frame if window.edge == "pad" else frame[~short]
