"""From the files of the user to one table of examples, and the ledger of what did not become one."""

import logging

import numpy as np
import pandas as pd

from motifloom.data.encode import get_alphabet
from motifloom.data.inputs import block_rows, composition, list_inputs
from motifloom.data.ledger import Ledger, fill_rows
from motifloom.data.negatives import make_negatives
from motifloom.data.sources import read_source
from motifloom.data.store import target_names
from motifloom.data.targets import check_classes, constant_targets
from motifloom.data.windows import place_sequences, place_windows
from motifloom.errors import UserError, suggest
from motifloom.files import fail
from motifloom.genome.intervals import check_chromosomes

log = logging.getLogger(__name__)

COLUMNS = ["id", "chrom", "start", "end", "strand", "name", "source", "record", "parent", "gc"]
LONGEST_WINDOW = 100_000_000  # as for window.length


def prepare_regions(dataset, genomes, seed):
    """Turn the sources of a dataset into its examples.

    Steps, in this order: read; leave out chromosomes that the genome lacks or the config excludes; place
    windows and apply `window.edge`; apply `unknown.max_fraction`; resolve duplicates; make negatives.

    Parameters
    ----------
    dataset : motifloom.config.data.Dataset
    genomes : dict of str to motifloom.genome.fasta.Genome
        Every genome that the dataset or a source names, by the path in the config.
    seed : int
        The config's seed; only the choice of negatives depends on it.

    Returns
    -------
    regions : DataFrame
        One row per example: `COLUMNS` (0-based half-open windows; gc is the GC fraction of the known bases,
        4 decimals), part and weight where a source has one (examples of others weigh 1), and `target.<name>`
        (float32; NaN where a source of a held-out dataset has none). Chromosome by chromosome in
        the order of the genome, then file by file; within that in the order of sources and lines.
    ledger : DataFrame
        See :mod:`motifloom.data.ledger`. Every example of a file that is not in `regions` has one row with
        the action dropped or merged here; so has every negative that could not be made (without a line).

    Raises
    ------
    UserError
        For whatever is wrong in a file, windows of unequal length, a source without any remaining example,
        or a class without examples.
    """
    ledger = Ledger()
    inputs = list_inputs(dataset)
    given = [item for item in inputs if not item.config.negatives]
    frames = [read_source(item, dataset) for item in given]
    counts = {item.name: len(frame) for item, frame in zip(given, frames, strict=True)}
    _check_chromosome_names(frames, genomes, dataset.chromosomes)
    everything = pd.concat([frame[["genome", "chrom", "raw_start", "raw_end"]] for frame in frames])
    frames = [_windows(frame, dataset, genomes, ledger) for frame in frames]
    frame = pd.concat([part for part in frames if len(part)] or frames, ignore_index=True)
    _check_remaining(given, frame, counts, ledger)
    _check_lengths(frame, given)
    frame["id"] = frame["source"] + ":" + frame["record"].astype(str)
    if "bin" in frame:
        frame["id"] += "." + frame["bin"].astype(str)
    frame["parent"] = ""
    _measure(frame, genomes, get_alphabet(dataset.alphabet))
    frame = _drop_unknown(frame, dataset.unknown.max_fraction, ledger)
    frame = _resolve_duplicates(frame, dataset, ledger)
    _check_remaining(given, frame, counts, ledger)
    frame = _add_negatives(frame, everything, inputs, dataset, genomes, seed, ledger)
    regions, lost = _finish(frame, inputs, dataset, genomes), ledger.table()
    for (source, action), count in lost.groupby(["source", "action"], sort=False).size().items():
        log.info("%s: %d %s", source, count, action)
    return regions, lost


def _check_chromosome_names(frames, genomes, chromosomes):
    """Raise a UserError where a name in chromosomes.include or .exclude is in no genome and in no file."""
    known = {chrom for frame in frames for chrom in frame["chrom"].unique()}
    known.update(chrom for genome in genomes.values() for chrom in genome.sizes)
    for key in ("include", "exclude"):
        for name in getattr(chromosomes, key):
            if name not in known:
                hint = suggest(name, known) or f"; there are {', '.join(sorted(known)[:5])}, ..."
                raise UserError(f"chromosomes.{key}: there is no chromosome {name!r}{hint}")


def _windows(frame, dataset, genomes, ledger):
    """Choose the chromosomes and place the windows of one source."""
    if (frame["size"] >= 0).all():
        return place_sequences(
            _choose_chromosomes(frame, dataset.chromosomes, ledger), dataset.window, ledger
        )
    file, path = frame["file"].iloc[0], frame["genome"].iloc[0]
    if dataset.alphabet == "protein":
        raise UserError(f"{file}: intervals on a genome cannot give proteins; use alphabet: dna or rna")
    if not path:
        raise UserError(f"{file}: has coordinates, which need a genome; add genome: to the dataset")
    sizes = genomes[path].sizes
    known = check_chromosomes(frame, sizes, file, path)
    lost = frame[~known]
    ledger.add(lost, "dropped", ("chromosome " + lost["chrom"] + f" is not in {path}").to_numpy())
    frame = _choose_chromosomes(frame[known], dataset.chromosomes, ledger)
    if not dataset.stranded:
        frame = frame.assign(strand=".")
    return place_windows(frame, sizes, dataset.window, ledger)


def _choose_chromosomes(frame, chromosomes, ledger):
    located = (frame["chrom"] != "").to_numpy()
    out = located & frame["chrom"].isin(chromosomes.exclude).to_numpy()
    if chromosomes.include:
        out |= located & ~frame["chrom"].isin(chromosomes.include).to_numpy()
    ledger.add(frame[out], "dropped", "chromosome left out by the config's chromosomes")
    return frame[~out]


def _check_remaining(given, frame, counts, ledger):
    """Raise a UserError where no example of a source is left, be it merged into one of another source."""
    table = ledger.table()
    left = {*frame["source"].unique(), *table.loc[table["action"] == "merged", "source"]}
    for item in given:
        if item.name not in left:
            last = table.query("source == @item.name and action == 'dropped'").iloc[-1]
            raise UserError(
                f"{item.config.file}: {item.key}: none of its {counts[item.name]} examples is left; "
                f"the last, {last['record']} (line {last['line']}), was dropped: {last['reason']}"
            )


def _check_lengths(frame, given):
    """Raise a UserError where the windows differ in length, or are longer than window.length may be."""
    if frame["width"].nunique() == 1:
        file, record, width = frame[["file", "record", "width"]].iloc[0]
        if width > LONGEST_WINDOW:
            fail(file, record, f"an example of {width:,} letters; set window: {{length: ..}}")
        return
    for item in given:
        width = frame.loc[frame["source"] == item.name, "width"].value_counts()
        if len(width) > 1:
            found = ", ".join(f"{length} ({count})" for length, count in width.head(4).items())
            more = ", ..." if len(width) > 4 else ""
            raise UserError(
                f"{item.config.file}: {item.key}: examples of {len(width)} lengths, {width.index.min()} to "
                f"{width.index.max()}: {found}{more}; set window: {{length: ..}}"
            )
    lengths = ", ".join(
        f"{name} {width}" for name, width in frame.groupby("source", sort=False)["width"].first().items()
    )
    raise UserError(f"sources: examples of different lengths ({lengths}); set window: {{length: ..}}")


def _measure(frame, genomes, alphabet):
    """Fill in gc and unknown of the windows on genomes, a chromosome at a time."""
    for name in ("gc", "unknown"):
        frame[name] = frame.get(name, np.nan)
    gc, unknown = frame["gc"].to_numpy(copy=True), frame["unknown"].to_numpy(copy=True)
    start, width = frame["start"].to_numpy(), int(frame["width"].iloc[0])
    on_genome, at_once = np.flatnonzero(frame["size"] < 0), block_rows(width)
    groups = frame.iloc[on_genome].groupby(["genome", "chrom"], sort=False).indices
    for (path, chrom), members in groups.items():
        rows = on_genome[members]
        for begin in range(0, len(rows), at_once):
            block = rows[begin : begin + at_once]
            windows = genomes[path].fetch_windows(chrom, start[block], width)
            gc[block], unknown[block] = composition(windows, alphabet)
    frame["gc"], frame["unknown"] = gc, unknown


def _drop_unknown(frame, limit, ledger):
    lost = (frame["unknown"] > limit).to_numpy()
    shares = 100 * frame["unknown"].to_numpy()[lost]
    text = f"{{:.4g}} % of the window's letters are unknown; unknown.max_fraction allows {100 * limit:g} %"
    ledger.add(frame[lost], "dropped", fill_rows(text, shares))
    return frame[~lost]


def _resolve_duplicates(frame, dataset, ledger):
    """Apply the policy to examples of the same window.

    Examples are the same where genome, chromosome, start, end and reading direction agree (minus against
    any other), and for ready sequences the sequence. Where their targets agree, or the task is regression,
    the first stays; where they contradict each other none stays, unless multilabel targets are merged. An
    example without targets (of a held-out set) says nothing of them, and yields to one that has some.
    """
    if dataset.duplicates == "keep":
        return frame
    frame = frame.reset_index(drop=True)
    ready = (frame["size"] >= 0).to_numpy()
    keys = frame[["chrom", "start", "end"]].assign(
        minus=frame["strand"] == "-",
        genome=frame["genome"].where(~ready, ""),
        digest=frame["digest"].where(ready, "") if ready.any() else "",
    )
    group = keys.groupby(list(keys.columns), sort=False).ngroup()
    names = [name for name in frame if name.startswith("target.")]
    known = frame[names].notna().any(axis=1)
    # Twins with targets first, so that the first of a group is the one that may stay.
    twin = known[group.duplicated(keep=False)].sort_values(ascending=False, kind="stable").index
    group, known = group[twin], known[twin]
    targets = frame.loc[twin, names].groupby(group)
    lowest, highest = targets.transform("min"), targets.transform("max")
    differ, first = (lowest < highest).any(axis=1), ~group.duplicated()
    ids = frame.loc[twin, "id"]
    other = (
        ids.groupby(group).transform("first").mask(first, ids.where(known).groupby(group).transform("last"))
    )
    if dataset.duplicates == "merge":
        action, lost, news = "merged", ~first, known.map({True: ", which has the labels of both", False: ""})
        frame.loc[twin, names] = highest
    else:
        action, news = "dropped", (differ & known).map({True: " with another target", False: ""})
        lost = ~first if dataset.task == "regression" else ~first | differ
    rows = twin[lost].sort_values()
    ledger.add(frame.loc[rows], action, ("same window as " + other + news)[rows].to_numpy())
    return frame.drop(index=rows)


def _add_negatives(frame, everything, inputs, dataset, genomes, seed, ledger):
    """Append the examples of every source of negatives."""
    names = [f"target.{name}" for name in target_names(dataset.task, dataset.classes)]
    given = frame
    for position, item in enumerate(inputs):
        if not item.config.negatives:
            continue
        targets = _negative_targets(item, dataset)
        parents = given[given["source"].isin([earlier.name for earlier in inputs[:position]])]
        if dataset.task == "multiclass":
            parents = parents[(parents[names] != targets).any(axis=1)]
        elif dataset.task != "regression":
            parents = parents[(parents[names] != 0).any(axis=1)]
        if not len(parents):
            raise UserError(f"{item.key}: there is no example above it to make negatives for")
        windows = frame[["genome", "chrom", "start", "end"]]
        taken = everything.rename(columns={"raw_start": "start", "raw_end": "end"})
        taken = pd.concat([taken, windows])
        taken = taken[taken["genome"] == item.genome]
        genome = genomes.get(item.genome)
        made = make_negatives(item, parents, taken, genome, dataset.unknown.max_fraction, seed, ledger)
        if not len(made):
            raise UserError(
                f"{item.key}: not one of its negatives could be made; see the reasons in the ledger"
            )
        made[names] = targets
        frame = pd.concat([frame, made], ignore_index=True)
    return frame


def _negative_targets(item, dataset):
    return constant_targets(item.config.target, dataset.task, dataset.classes, item.key)


def _finish(frame, inputs, dataset, genomes):
    """Check the classes, and return the columns of the table in order."""
    names = [f"target.{name}" for name in target_names(dataset.task, dataset.classes)]
    if not dataset.held_out:
        check_classes(frame[names].to_numpy(), dataset.task, dataset.classes)
    frame = frame.iloc[_order(frame, inputs, genomes)].reset_index(drop=True)
    frame["gc"] = frame["gc"].round(4)
    own = [name for name in ("part", "weight") if name in frame]
    frame = frame.fillna({name: {"part": "", "weight": 1.0}[name] for name in own})
    for name, count in frame["source"].value_counts(sort=False).items():
        log.info("%s: %d examples", name, count)
    return frame[[*COLUMNS, *own, *names]].astype(dict.fromkeys(names, np.float32))


def _order(frame, inputs, genomes):
    """Return the order of the rows in which every chromosome and every file is read once.

    Chromosomes come first, in the order of the genome, then the files of sequences in the order of the
    config; within them the order is that of the sources. A shuffled sequence stands where its parent does.
    """
    numbers = {item.name: number for number, item in enumerate(inputs)}
    source = frame["source"].map(numbers).to_numpy()
    origin = np.arange(len(frame))
    homeless = ((frame["chrom"] == "") & (frame["parent"] != "")).to_numpy()
    origin[homeless] = pd.Index(frame["id"]).get_indexer(frame["parent"][homeless])
    ready = (frame["size"] >= 0).to_numpy()[origin]
    places = [(path, chrom) for path, genome in genomes.items() for chrom in genome.sizes]
    rank = {place: number for number, place in enumerate(places)}
    pairs = zip(frame["genome"].to_numpy()[origin], frame["chrom"].to_numpy()[origin], strict=True)
    chrom = np.array([rank.get(pair, 0) for pair in pairs])
    chrom[ready] = len(rank) + source[origin][ready]
    return np.lexsort((source, chrom))
