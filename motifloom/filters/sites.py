"""The windows behind the motifs as a genome track: where they lie, on which strand, how active."""

import logging
import os

import numpy as np
import pandas as pd
import pysam

from motifloom.filters.methods import best_windows, stack_cutoffs, window_letters
from motifloom.filters.scan import hit_blocks, read_rows
from motifloom.filters.site_table import COLUMNS
from motifloom.filters.summaries import layer_slices
from motifloom.io import atomic_path

# tabix's own index ends at this position; beyond, the CSI format serves.
TBI_END = 2**29
SITES_AT_ONCE = 2**17
LOG = logging.getLogger(__name__)


def by_cutoffs(tokens, cutoffs, threads=None):
    """Return the function that finds sites again by scanning; see :func:`write_sites`.

    cutoffs : dict of str to float32 (W + 1,), least score of a site by filter and number of known letters.
    """

    def find(layer, columns, rows):
        return hit_blocks(layer, tokens, stack_cutoffs(layer, cutoffs), rows, threads=threads)

    return find


def by_classes(summary, members, rows, most_sites):
    """Return the function that finds the sites of `class_max` again; see :func:`write_sites`.

    summary, members, rows, most_sites : as given to :func:`motifloom.filters.methods.class_max_motifs`.
    """

    def find(layer, columns, here):
        hits, _, _ = best_windows(layer, columns, summary, members, rows, most_sites)
        chosen = np.isin(hits.row, here)
        yield type(hits)(*(array[chosen] for array in hits))

    return find


def genomic_windows(start, end, strand, offset, span, reading=1):
    """Return where windows lie in the genome.

    Parameters
    ----------
    start, end : int array (n,)
        The example's interval, 0-based half-open.
    strand : str array (n,)
        The strand the example was read from; only - turns it round.
    offset : int array (n,)
        First letter of the window in the example as it was read.
    span : int
        Letters that a window covers.
    reading : int array (n,) or int
        1 where the filter reads the example as it is, -1 where it reads its reverse complement.

    Returns
    -------
    start, end : int64 (n,)
        0-based half-open; on a minus-strand example they run backwards from its end.
    strand : str array (n,)
        - or +: the strand of the genome that the filter reads.
    """
    minus = np.asarray(strand) == "-"
    first = np.where(minus, np.asarray(end) - offset - span, np.asarray(start) + offset)
    return first, first + span, np.where(minus != (np.asarray(reading) < 0), "-", "+")


def target_labels(targets, task, classes):
    """Return what each example is, as text (N,): its class, its labels or its values.

    Several are joined by commas; "." stands for no label.
    """
    targets = np.asarray(targets)
    if task == "regression":
        return np.array([",".join(f"{value:.6g}" for value in row) for row in targets], object)
    if task == "binary":
        return np.asarray(classes, object)[(targets[:, 0] > 0.5).astype(int)]
    names = np.asarray(classes, object)
    return np.array([",".join(names[row > 0.5]) or "." for row in targets], object)


def write_sites(bank, dataset, parts, path, find, *, expected=0, annotate=None):
    """Find the sites behind a motif set again and write them, sorted, as a bgzip BED file.

    Memory does not grow with the number of sites: examples are scanned in the order of the genome, and
    sites are written as soon as no later example can lie before them.

    Parameters
    ----------
    bank : FilterBank
        The filters.
    dataset : motifloom.data.store.Dataset
        Only tokens, targets, regions, task and classes are used.
    parts : str array (N,)
        The part of each example; "" leaves it out.
    path : path
        Result. Columns chrom, start, end, filter, score (activation), strand, id, offset (of the window
        in the example as it was read), part, targets, sequence (as the filter reads it), p_value, q_value
        ("." without a test). An example without coordinates stands under its id
        in place of a chromosome, at its offset. With any coordinates a tabix index (.tbi, or .csi where a
        chromosome is too long for it) is written beside.
    find : callable
        (layer, slice of its filters, int array of rows) -> iterable of Hits; of :func:`by_cutoffs` or
        :func:`by_classes`.
    expected : int
        About how many sites there will be; memory is kept even by it.
    annotate : callable, optional
        (names of the layer's filters, Hits) -> p-values, q-values, float (n,).

    Returns
    -------
    int
        Number of sites written.
    """
    examples = _examples(dataset, parts)
    located = bool(len(examples)) and bool(examples["located"].any())
    with atomic_path(path) as temporary:
        with pysam.BGZFile(str(temporary), "wb") as file:
            file.write(("#" + "\t".join(COLUMNS) + "\n").encode())
            written = 0
            for sites in _sorted_sites(bank, dataset.tokens, examples, find, expected, annotate):
                written += len(sites)
                file.write(_lines(sites, examples, bank.filters))
        if located:
            _index(temporary, path, int(examples["end"].max()))
    LOG.info("%d sites of %d filters", written, len(bank))
    return written


def _examples(dataset, parts):
    """Return the examples to scan in the order of the genome, those without coordinates last."""
    frame = dataset.regions[["id", "chrom", "start", "end", "strand"]].reset_index(drop=True)
    frame["row"] = np.arange(len(frame))
    frame["part"] = np.asarray(parts, object)
    frame["targets"] = target_labels(dataset.targets[:], dataset.task, dataset.classes)
    frame = frame[frame["part"] != ""]
    frame["located"] = frame["chrom"] != ""
    frame["chrom"] = frame["chrom"].where(frame["located"], frame["id"])
    frame.loc[~frame["located"], ["start", "end"]] = 0, dataset.tokens.shape[1]
    frame.loc[~frame["located"], "strand"] = "+"
    names = np.where(frame["located"], frame["chrom"], "")
    order = np.lexsort((frame["row"], frame["start"], names, ~frame["located"]))
    frame = frame.iloc[order].reset_index(drop=True)
    frame["group"] = (frame["chrom"] != frame["chrom"].shift()).cumsum()
    return frame


def _sorted_sites(bank, tokens, examples, find, expected, annotate):
    """Yield frames of sites in file order."""
    if not len(bank):
        return
    waiting = []
    step = max(1, SITES_AT_ONCE * len(examples) // max(SITES_AT_ONCE, int(expected)))
    for first in range(0, len(examples), step):
        last = min(len(examples), first + step)
        waiting += _found(bank, tokens, examples, slice(first, last), find, annotate)
        sites = pd.concat(waiting, ignore_index=True)
        if last < len(examples):
            following = examples.iloc[last]
            ready = sites["group"].to_numpy() < following["group"]
            ready |= sites["start"].to_numpy() < following["start"]
            waiting = [sites[~ready]]
            sites = sites[ready]
        yield sites.sort_values(["group", "start", "end", "filter", "example"], kind="stable")


def _found(bank, tokens, examples, part, find, annotate):
    """Return frames of the sites in some examples, by layer and block."""
    here = examples.iloc[part]
    place = pd.Series(np.arange(part.start, part.stop), here["row"])
    frames = []
    for layer, columns in layer_slices(bank):
        for hits in find(layer, columns, here["row"].to_numpy()):
            example = place.loc[hits.row].to_numpy()
            of = examples.iloc[example]
            start, end, strand = genomic_windows(
                of["start"], of["end"], of["strand"], hits.start, layer.span, hits.strand
            )
            p, q = annotate(layer.filters, hits) if annotate else (np.nan, np.nan)
            frame = pd.DataFrame(
                {
                    "example": example,
                    "group": of["group"].to_numpy(),
                    "start": np.maximum(start, 0),
                    "end": end,
                    "strand": strand,
                    "filter": hits.filter + columns.start,
                    "offset": hits.start,
                    "score": hits.activation,
                    "sequence": _sequences(layer, tokens, hits),
                    "p": p,
                    "q": q,
                }
            )
            frames.append(frame)
    return frames


def _sequences(layer, tokens, hits):
    """Return the letters of windows as the filter reads them, str (n,)."""
    rows, at = np.unique(hits.row, return_inverse=True)
    letters = window_letters(layer, read_rows(tokens, rows), at, hits.start, hits.strand)
    text = layer.alphabet.decode(letters.ravel())
    return np.array([text[i : i + layer.width] for i in range(0, len(text), layer.width)], dtype=object)


def _lines(sites, examples, names):
    """Return the sites as bytes of BED lines."""
    of = examples.iloc[sites["example"]]
    columns = (
        of["chrom"],
        sites["start"],
        sites["end"],
        np.array(names, object)[sites["filter"]],
        sites["score"],
        sites["strand"],
        of["id"],
        sites["offset"],
        of["part"],
        of["targets"],
        sites["sequence"],
        _written(sites["p"]),
        _written(sites["q"]),
    )
    line = "%s\t%d\t%d\t%s\t%.6g\t%s\t%s\t%d\t%s\t%s\t%s\t%s\t%s\n"
    return "".join(map(line.__mod__, zip(*(column.tolist() for column in columns), strict=True))).encode()


def _written(p):
    return p.map("{:.4g}".format).where(p.notna(), ".")


def _index(temporary, path, end):
    """Index the finished file under its temporary name, then put the index in place."""
    suffix = ".csi" if end >= TBI_END else ".tbi"
    for old in (".csi", ".tbi"):
        if os.path.exists(f"{path}{old}"):
            os.unlink(f"{path}{old}")
    made = f"{temporary}{suffix}"
    try:
        pysam.tabix_index(str(temporary), preset="bed", force=True, csi=suffix == ".csi", index=made)
        os.replace(made, f"{path}{suffix}")
    finally:
        if os.path.exists(made):
            os.unlink(made)
