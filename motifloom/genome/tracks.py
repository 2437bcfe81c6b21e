"""Values along a genome, written as BigWig and as BED with a tabix index."""

import numpy as np
import pyBigWig
import pysam

from motifloom.errors import UserError
from motifloom.io import atomic_path, in_memory, read_table

TBI_END = 2**29  # where tabix's own index ends; beyond, the CSI format serves
ROWS = 2**16


def average_overlaps(start, end, value):
    """Return the mean of intervals where they overlap, as intervals that do not.

    Parameters
    ----------
    start, end : int array (n,)
        0-based half-open, on one chromosome.
    value : float array (n,)

    Returns
    -------
    start, end : int64 (m,)
        Ascending; neighbours of equal value are not joined, and what no interval covers is left out.
    value : float64 (m,)
    """
    edges, place = np.unique(np.concatenate([start, end]), return_inverse=True)
    opens, closes = place[: len(start)], place[len(start) :]
    # One interval after the other: a running sum would leave rounding errors behind where one ends.
    total, count = np.zeros(len(edges)), np.zeros(len(edges), np.int64)
    span = closes - opens
    covered = np.repeat(opens - np.append(0, np.cumsum(span)[:-1]), span) + np.arange(span.sum())
    np.add.at(total, covered, np.repeat(np.asarray(value, np.float64), span))
    np.add.at(count, covered, 1)
    inside = count[:-1] > 0
    return edges[:-1][inside], edges[1:][inside], total[:-1][inside] / count[:-1][inside]


def write_bigwig(path, sizes, frame):
    """Write the values of intervals as BigWig: their mean where they overlap.

    Parameters
    ----------
    path : path
    sizes : dict of str to int
        Lengths of the chromosomes, which are written in this order.
    frame : pandas.DataFrame
        chrom, start, end (0-based half-open; what is beyond the chromosome is cut off), value.

    Raises
    ------
    UserError
        If no interval is on a chromosome of `sizes`.
    """
    _check_places(frame, sizes)
    with in_memory(path) as temporary:
        track = pyBigWig.open(str(temporary), "w")
        track.addHeader(list(sizes.items()))
        for chrom, rows in _by_chromosome(frame, sizes):
            end = np.minimum(rows["end"].to_numpy(np.int64), sizes[chrom])
            start = np.clip(rows["start"].to_numpy(np.int64), 0, end)
            seen = start < end
            values = average_overlaps(start[seen], end[seen], rows["value"].to_numpy()[seen])
            for first in range(0, len(values[0]), ROWS):
                starts, ends, means = (array[first : first + ROWS] for array in values)
                track.addEntries(
                    [chrom] * len(starts), starts.tolist(), ends=ends.tolist(), values=means.tolist()
                )
        track.close()


def write_bed(path, sizes, frame):
    """Write intervals with their values as a sorted bgzip BED with a tabix index beside it.

    Parameters
    ----------
    path : path
        Ends in .bed.gz; the index is `path`.csi, whatever the lengths of the chromosomes.
    sizes : dict of str to int
        Lengths of the chromosomes, which are written in this order.
    frame : pandas.DataFrame
        chrom, start, end (cut off at the chromosome's ends), id, strand, value. Columns of the file: chrom,
        start, end, id, score (1000 times a value in [0, 1], else 0), strand, value.
    """
    _check_places(frame, sizes)
    with atomic_path(path) as temporary, atomic_path(f"{path}.csi") as index:
        with pysam.BGZFile(str(temporary), "w") as stream:
            stream.write(b"#chrom\tstart\tend\tid\tscore\tstrand\tvalue\n")
            for chrom, rows in _by_chromosome(frame, sizes):
                rows = rows.assign(start=rows["start"].clip(0), end=rows["end"].clip(upper=sizes[chrom]))
                rows = rows[rows["start"] < rows["end"]].sort_values(["start", "end"], kind="stable")
                value = rows["value"].to_numpy(np.float64)
                score = np.where((value >= 0) & (value <= 1), np.rint(1000 * np.nan_to_num(value)), 0)
                table = rows.assign(score=score.astype(int), value=[f"{v:.9g}" for v in value])
                columns = ["chrom", "start", "end", "id", "score", "strand", "value"]
                stream.write(table[columns].to_csv(sep="\t", index=False, header=False).encode())
        pysam.tabix_index(
            str(temporary), preset="bed", force=True, csi=True, index=str(index), keep_original=True
        )


def _check_places(frame, sizes):
    if not frame["chrom"].isin(list(sizes)).any():
        raise UserError(
            "tracks: no example has a place on a chromosome of the genome; predictions of sequences without "
            "coordinates are in predictions.tsv.gz"
        )


def _by_chromosome(frame, sizes):
    groups = dict(tuple(frame.groupby("chrom", sort=False)))
    return [(chrom, groups[chrom]) for chrom in sizes if chrom in groups]


def read_bins(path, column, flank=0):
    """Return the bins behind a table of predictions as :func:`write_bed` takes them.

    Parameters
    ----------
    path : path
        A table with id, chrom, start, end, strand and `column`.
    column : str
        The column that holds the values.
    flank : int
        Bases on either side of a bin that its window has beside it.

    Raises
    ------
    UserError
        If there is no such column.
    """
    table = read_table(path, dtype={"chrom": str, "strand": str})
    if column not in table:
        known = ", ".join(name.removeprefix("score.") for name in table if name.startswith("score."))
        raise UserError(f"{path}: no target {column.removeprefix('score.')}; its targets are {known}")
    table = table.rename(columns={column: "value"})
    return table.assign(start=table["start"] + flank, end=table["end"] - flank)
