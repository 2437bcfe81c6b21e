"""The windows behind the motifs as a genome track: where they lie, on which strand, how active."""

import logging
import os

import numpy as np
import pandas as pd
import pysam

from motifloom.filters.scan import hit_blocks, score_cutoffs
from motifloom.io import atomic_path

COLUMNS = ["chrom", "start", "end", "filter", "score", "strand", "id", "offset", "part", "targets"]
# tabix's own index ends at this position; beyond, the CSI format serves.
TBI_END = 2**29
SITES_AT_ONCE = 2**17
LOG = logging.getLogger(__name__)


def genomic_windows(start, end, strand, offset, span):
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

    Returns
    -------
    start, end : int64 (n,)
        0-based half-open; on a minus-strand example they run backwards from its end.
    strand : str array (n,)
        - or +.
    """
    minus = np.asarray(strand) == "-"
    first = np.where(minus, np.asarray(end) - offset - span, np.asarray(start) + offset)
    return first, first + span, np.where(minus, "-", "+")


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


def write_sites(motifs, bank, dataset, parts, path, *, threads=None):
    """Scan again with a motif set's thresholds and write its sites, sorted, as a bgzip BED file.

    Memory does not grow with the number of sites: examples are scanned in the order of the genome, and
    sites are written as soon as no later example can lie before them.

    Parameters
    ----------
    motifs : MotifSet
        Made by a method with sites and thresholds on the activation.
    bank : FilterBank
        Its filters.
    dataset : motifloom.data.store.Dataset
        Only tokens, targets, regions, task and classes are used.
    parts : str array (N,)
        The part of each example; "" leaves it out.
    path : path
        Result. Columns chrom, start, end, filter, score (activation), strand, id, offset (of the window
        in the example as it was read), part, targets. An example without coordinates stands under its id
        in place of a chromosome, at its offset. With any coordinates a tabix index (.tbi, or .csi where a
        chromosome is too long for it) is written beside.
    threads : int or None
        Default: all CPUs. The result does not depend on it.

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
            for sites in _sorted_sites(motifs, bank, dataset.tokens, examples, threads):
                written += len(sites)
                file.write(_lines(sites, examples, motifs.filters))
        if located:
            _index(temporary, path, int(examples["end"].max()))
    LOG.info("%d sites of %d filters", written, len(motifs))
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


def _sorted_sites(motifs, bank, tokens, examples, threads):
    """Yield frames of sites (example, group, start, end, strand, filter, offset, score) in file order."""
    if not len(bank):
        return
    waiting = []
    step = max(1, SITES_AT_ONCE * len(examples) // max(SITES_AT_ONCE, int(motifs.n_sites.sum())))
    for first in range(0, len(examples), step):
        last = min(len(examples), first + step)
        waiting += _found(motifs, bank, tokens, examples, slice(first, last), threads)
        sites = pd.concat(waiting, ignore_index=True)
        if last < len(examples):
            following = examples.iloc[last]
            ready = sites["group"].to_numpy() < following["group"]
            ready |= sites["start"].to_numpy() < following["start"]
            waiting = [sites[~ready]]
            sites = sites[ready]
        yield sites.sort_values(["group", "start", "end", "filter", "example"], kind="stable")


def _found(motifs, bank, tokens, examples, part, threads):
    """Return frames of the sites in some examples, by layer and block."""
    here = examples.iloc[part]
    place = pd.Series(np.arange(part.start, part.stop), here["row"])
    frames, before = [], 0
    for layer in bank.layers:
        thresholds = motifs.thresholds[before : before + len(layer.filters)]
        cutoffs = score_cutoffs(layer, thresholds)
        for hits in hit_blocks(layer, tokens, cutoffs, here["row"].to_numpy(), threads=threads):
            example = place.loc[hits.row].to_numpy()
            of = examples.iloc[example]
            start, end, strand = genomic_windows(of["start"], of["end"], of["strand"], hits.start, layer.span)
            frame = pd.DataFrame(
                {
                    "example": example,
                    "group": of["group"].to_numpy(),
                    "start": np.maximum(start, 0),
                    "end": end,
                    "strand": strand,
                    "filter": hits.filter + before,
                    "offset": hits.start,
                    "score": hits.activation,
                }
            )
            frames.append(frame)
        before += len(layer.filters)
    return frames


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
    )
    line = "%s\t%d\t%d\t%s\t%.6g\t%s\t%s\t%d\t%s\t%s\n"
    return "".join(map(line.__mod__, zip(*(column.tolist() for column in columns), strict=True))).encode()


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
