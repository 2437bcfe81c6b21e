import numpy as np
import pandas as pd
import pytest

from motifloom.config.data import Dataset, Window
from motifloom.data.ledger import Ledger
from motifloom.data.windows import place_sequences, place_windows


def intervals(*rows, strand="+", summit=-1):
    frame = pd.DataFrame(rows, columns=["chrom", "raw_start", "raw_end"])
    return frame.assign(
        strand=strand, summit=summit, source="s", file="f", record=range(1, len(rows) + 1), name=""
    )


def place(frame, **window):
    ledger = Ledger()
    frame = place_windows(frame, {"chr1": 100, "chr2": 8}, Window(**window), ledger)
    table = ledger.table()
    return frame[["start", "end"]].to_numpy().tolist(), table[
        ["line", "record", "action"]
    ].to_numpy().tolist()


@pytest.mark.parametrize("strand", ["+", "-", "."])
@pytest.mark.parametrize(
    ("interval", "length", "window"),
    [
        ((40, 50), 4, (43, 47)),
        ((40, 50), 5, (43, 48)),
        ((40, 51), 4, (43, 47)),
        ((40, 51), 5, (43, 48)),
        ((40, 50), 10, (40, 50)),
        ((41, 50), 9, (41, 50)),
        ((40, 41), 1, (40, 41)),
        ((40, 50), 20, (35, 55)),
        ((40, 51), None, (40, 51)),
    ],
)
def test_windows_around_the_midpoint(strand, interval, length, window):
    assert place(intervals(("chr1", *interval), strand=strand), length=length) == ([[*window]], [])


@pytest.mark.parametrize("length", [1, 4, 5])
def test_a_start_or_summit_stands_at_the_same_offset_on_both_strands(length):
    for strand, base in (("+", 40), (".", 40), ("-", 49)):
        [[start, end]], _ = place(intervals(("chr1", 40, 50), strand=strand), length=length, centre="start")
        assert (end - 1 - base if strand == "-" else base - start) == length // 2
        frame = intervals(("chr1", 40, 50), strand=strand, summit=44)
        [[start, end]], _ = place(frame, length=length, centre="summit")
        assert (end - 1 - 44 if strand == "-" else 44 - start) == length // 2 and end - start == length


def test_an_interval_without_summit_is_centred_and_entered():
    windows, ledger = place(intervals(("chr1", 40, 50)), length=4, centre="summit")
    assert windows == [[43, 47]] and ledger == [[1, "chr1:40-50", "shifted"]]


EDGES = intervals(("chr1", 0, 4), ("chr1", 50, 54), ("chr1", 96, 100), ("chr1", 98, 140), ("chr2", 2, 4))


def test_edge_drop():
    windows, ledger = place(EDGES, length=10)
    assert windows == [[47, 57]]
    assert ledger == [
        [1, "chr1:0-4", "dropped"],
        [3, "chr1:96-100", "dropped"],
        [4, "chr1:98-140", "dropped"],
        [5, "chr2:2-4", "dropped"],
    ]


def test_edge_shift():
    windows, ledger = place(EDGES, length=10, edge="shift")
    assert windows == [[0, 10], [47, 57], [90, 100], [90, 100]]
    assert sorted(ledger) == [
        [1, "chr1:0-4", "shifted"],
        [3, "chr1:96-100", "shifted"],
        [4, "chr1:98-140", "shifted"],
        [5, "chr2:2-4", "dropped"],
    ]


def test_edge_pad():
    windows, ledger = place(EDGES, length=10, edge="pad")
    assert windows == [[-3, 7], [47, 57], [93, 103], [114, 124], [-2, 8]]
    assert [(line, action) for line, _, action in ledger] == [(n, "padded") for n in (1, 3, 4, 5)]


@pytest.mark.parametrize("edge", ["drop", "shift", "pad"])
def test_an_interval_beyond_its_chromosome_is_dropped(edge):
    frame = intervals(("chr1", 100, 110), ("chr1", 40, 50))
    windows, ledger = place(frame, length=10, edge=edge)
    assert windows == [[40, 50]] and ledger == [[1, "chr1:100-110", "dropped"]]


def sequences(*sizes, strand="+"):
    frame = intervals(*(("chr1", 1000, 1000 + size) for size in sizes), strand=strand)
    return frame.assign(size=np.array(sizes))


@pytest.mark.parametrize("length", [4, 5, 9, 10, 12, 13])
@pytest.mark.parametrize("size", [9, 10])
@pytest.mark.parametrize("strand", ["+", "-"])
def test_coordinates_follow_the_bases_of_a_cut_sequence(size, length, strand):
    positions = list(range(1000, 1000 + size))[:: -1 if strand == "-" else 1]
    offset = size // 2 - length // 2
    first = positions[0] + (-offset if strand == "-" else offset)
    last = first + (1 - length if strand == "-" else length - 1)
    frame = place_sequences(sequences(size, strand=strand), Window(length=length, edge="pad"), Ledger())
    assert frame[["start", "end"]].to_numpy().tolist() == [[min(first, last), max(first, last) + 1]]


@pytest.mark.parametrize(
    ("edge", "left", "short"),
    [("drop", [1, 2], "dropped"), ("shift", [1, 2], "dropped"), ("pad", [1, 2, 3], "padded")],
)
def test_sequences_of_other_lengths_are_entered(edge, left, short):
    ledger = Ledger()
    frame = place_sequences(sequences(12, 10, 7), Window(length=10, edge=edge), ledger)
    assert frame["record"].tolist() == left
    assert ledger.table()[["line", "action"]].to_numpy().tolist() == [[1, "clipped"], [3, short]]


def test_sequences_without_coordinates_get_none():
    frame = sequences(12).assign(chrom="", raw_start=-1, raw_end=-1)
    frame = place_sequences(frame, Window(length=10), Ledger())
    assert frame[["start", "end"]].to_numpy().tolist() == [[-1, -1]]


# --- bins ------------------------------------------------------------------------------------------


def bins(frame, **window):
    ledger = Ledger()
    frame = place_windows(frame, {"chr1": 100, "chr2": 8}, Window(**window), ledger)
    return frame[["bin", "start", "end", "width"]].to_numpy().tolist(), ledger.table()


def test_an_interval_is_cut_into_bins_that_fit():
    found, ledger = bins(intervals(("chr1", 10, 33)), bin=10)
    assert found == [[1, 10, 20, 10], [2, 20, 30, 10]]
    assert ledger[["action", "reason"]].values.tolist() == [["clipped", "its last 3 bp make no bin of 10"]]


def test_bins_may_overlap_and_stand_apart():
    found, ledger = bins(intervals(("chr1", 10, 30)), bin=10, step=5)
    assert [row[1] for row in found] == [10, 15, 20] and ledger.empty
    found, ledger = bins(intervals(("chr1", 10, 45)), bin=10, step=12)
    assert [row[1] for row in found] == [10, 22, 34]
    assert ledger["reason"].tolist() == ["its last 1 bp make no bin of 10"]


def test_flanks_widen_the_window_and_move_no_bin():
    found, _ = bins(intervals(("chr1", 20, 40), strand="-"), bin=10, flank=3)
    assert found == [[1, 17, 33, 16], [2, 27, 43, 16]]


def test_an_interval_without_a_bin_is_dropped_and_the_others_stay():
    found, ledger = bins(intervals(("chr1", 0, 9), ("chr1", 50, 60)), bin=10)
    assert found == [[1, 50, 60, 10]]
    assert ledger[["line", "action", "reason"]].values.tolist() == [
        [1, "dropped", "interval of 9 bp holds no bin of 10"]
    ]


def test_windows_of_bins_at_the_ends_of_a_chromosome():
    whole = intervals(("chr1", 0, 100))
    found, ledger = bins(whole, bin=20, flank=5)
    assert [row[1:3] for row in found] == [[15, 45], [35, 65], [55, 85]]
    ends = ["chr1:0-20", "chr1:80-100"]
    assert ledger[["record", "action"]].to_numpy().tolist() == [[place, "dropped"] for place in ends]
    found, ledger = bins(whole, bin=20, flank=5, edge="pad")
    assert [row[1] for row in found] == [-5, 15, 35, 55, 75]
    assert ledger[["record", "action"]].to_numpy().tolist() == [[place, "padded"] for place in ends]


def test_no_interval_left_gives_no_bin():
    found, ledger = bins(intervals(("chr2", 9, 20)), bin=5)
    assert found == [] and len(ledger) == 1


@pytest.mark.parametrize(
    ("window", "message"),
    [
        ({"step": 5}, "has step:, which goes with bin:"),
        ({"flank": 5, "length": 20}, "has flank:, which goes with bin:"),
        ({"bin": 10, "flank": 5, "length": 10}, r"a window is bin \+ 2 \* flank = 20; remove length"),
        ({"bin": 10, "edge": "shift"}, "edge: shift"),
        ({"bin": 10, "centre": "summit"}, "centre:"),
    ],
)
def test_keys_that_bins_do_not_go_with(window, message):
    with pytest.raises(ValueError, match=message):
        Window(**window)


@pytest.mark.parametrize("source", [{"fasta": "a.fa"}, {"table": "a.tsv", "sequence": "s"}])
def test_bins_are_of_intervals_alone(source):
    dataset = {"task": "binary", "genome": "g.fa", "window": {"bin": 10}}
    intervals = {"intervals": "p.bed", "target": 1}
    negatives = {"negatives": "dinucleotide_shuffled"}
    assert Dataset(sources=[intervals, negatives], **dataset).window.bin == 10
    for sources in ([source | {"target": 0}], [intervals, negatives, source | {"target": 0}]):
        message = (
            rf"window.bin:, which cuts intervals, but sources\[{len(sources) - 1}\] is of ready sequences"
        )
        with pytest.raises(ValueError, match=message):
            Dataset(sources=sources, **dataset)


def test_a_block_of_bins_is_read_again_as_it_was_written():
    window = Window(bin=10, flank=5)
    assert (window.length, window.step) == (20, 10)
    assert Window.model_validate(window.model_dump()) == window
