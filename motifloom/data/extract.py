"""From the table of examples to the dataset: the tokens of every example, block by block."""

import hashlib
import logging

import numpy as np
import pandas as pd

from motifloom.data.encode import get_alphabet
from motifloom.data.inputs import block_rows, fit_windows, has_sequences, list_inputs, sequence_blocks
from motifloom.data.shuffle import dinucleotide_shuffle
from motifloom.data.store import write_dataset
from motifloom.errors import UserError
from motifloom.randomness import generator

log = logging.getLogger(__name__)


def extract(regions, dataset, genomes, seed, path):
    """Write the dataset of a table of examples.

    Parameters
    ----------
    regions : DataFrame
        As :func:`motifloom.data.regions.prepare_regions` gives it.
    dataset : motifloom.config.data.Dataset
    genomes : dict of str to motifloom.genome.fasta.Genome
        Every genome that the dataset or a source names, by the path in the config.
    seed : int
        The config's seed; shuffled sequences depend on it and on their id.
    path : str or Path
        The HDF5 file.

    Raises
    ------
    UserError
        If a file lacks a record that `regions` names.
    """
    blocks = token_blocks(regions, dataset, genomes, seed)
    files = {file: file for source in dataset.sources for file in _named(source) if file}
    files |= {name: genome.path for name, genome in genomes.items()}
    sources = {name: file_digest(file) for name, file in files.items()}
    choices = {"alphabet": dataset.alphabet, "task": dataset.task, "classes": dataset.classes}
    choices["missing"] = dataset.held_out
    write_dataset(path, regions, blocks, sources=sources, **choices)
    log.info("%d examples written", len(regions))


def token_blocks(regions, dataset, genomes, seed):
    """Read the tokens of examples in their order.

    A window on a genome is read on its strand; a ready sequence is cut or padded around its midpoint; a
    shuffled sequence is made from its parent's. Rows of one chromosome that stand together cost one reading
    of it, and rows of a file in its order one reading of the file.

    Yields
    ------
    ndarray, uint8 (at most :func:`motifloom.data.inputs.block_rows` of L, L)
    """
    alphabet = get_alphabet(dataset.alphabet)
    inputs = {item.name: item for item in list_inputs(dataset)}
    ready = {name for name, item in inputs.items() if item.config.file and has_sequences(item.config)}
    kinds = {name: item.config.negatives for name, item in inputs.items()}
    shuffled = (
        regions["source"].isin([name for name in kinds if kinds[name] == "dinucleotide_shuffled"]).to_numpy()
    )
    frame = _origins(regions, shuffled)
    frame["ready"] = frame["source"].isin(ready)
    frame["place"] = np.where(frame["ready"], frame["source"], frame["chrom"])
    frame["genome"] = frame["source"].map({name: item.genome for name, item in inputs.items()})
    length = dataset.window.length or _common_length(frame)
    at = 0
    for begin, end in _runs(frame):
        run = frame.iloc[begin:end]
        if run["ready"].iloc[0]:
            source = inputs[run["source"].iloc[0]].config
            blocks = _sequence_blocks(run["record"].to_numpy(), source, length, alphabet)
        else:
            blocks = _genome_blocks(run, genomes[run["genome"].iloc[0]], length, alphabet)
        for tokens in blocks:
            part = slice(at, at + len(tokens))
            yield _shuffle_rows(tokens, shuffled[part], regions["id"].iloc[part], seed, alphabet)
            at += len(tokens)


def _named(source):
    return source.file, source.labels, *source.exclude


def file_digest(path):
    """Return the SHA-256 of a file in hexadecimal, reading it in blocks."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _origins(regions, shuffled):
    """Return where the tokens of each row come from: its own place, or its parent's where it is shuffled."""
    place = regions[["source", "record", "chrom", "start", "end", "strand"]]
    place = place.assign(chrom=place["chrom"].astype(object).where(place["chrom"].notna(), ""))
    if not shuffled.any():
        return place
    rows = np.arange(len(regions))
    rows[shuffled] = pd.Index(regions["id"]).get_indexer(regions["parent"][shuffled])
    return place.iloc[rows].reset_index(drop=True)


def _common_length(frame):
    located = frame[frame["chrom"] != ""]
    return int(located["end"].iloc[0] - located["start"].iloc[0]) if len(located) else None


def _runs(frame):
    """Return (begin, end) of the stretches of rows that one reading of a chromosome or a file serves."""
    cut = np.zeros(len(frame) - 1, bool)
    for name in ("ready", "genome", "place"):
        cut |= np.diff(pd.factorize(frame[name])[0]) != 0
    # A file of sequences is read forwards only.
    cut |= (np.diff(frame["record"].to_numpy()) < 0) & frame["ready"].to_numpy()[1:]
    cuts = np.flatnonzero(cut) + 1
    return list(zip(np.append(0, cuts), np.append(cuts, len(frame)), strict=True))


def _genome_blocks(run, genome, length, alphabet):
    """Yield the windows of rows on one chromosome."""
    chrom, starts = run["chrom"].iloc[0], run["start"].to_numpy()
    minus = (run["strand"] == "-").to_numpy()
    at_once = block_rows(length)
    for begin in range(0, len(run), at_once):
        part = slice(begin, begin + at_once)
        tokens = genome.fetch_windows(chrom, starts[part], length)
        if minus[part].any():
            tokens[minus[part]] = alphabet.reverse_complement(tokens[minus[part]])
        yield tokens


def _sequence_blocks(records, source, length, alphabet):
    """Yield the sequences with these record numbers (n,), which do not decrease."""
    done = 0
    for numbers, _, sequences in sequence_blocks(source, alphabet):
        wanted = records[done : np.searchsorted(records, numbers[-1], side="right")]
        if not len(wanted):
            continue
        rows = np.searchsorted(numbers, wanted)
        if (numbers[rows] != wanted).any():
            break
        yield fit_windows([sequences[row] for row in rows], length or len(sequences[0]), alphabet.unknown)
        done += len(wanted)
        if done == len(records):
            return
    raise UserError(f"{source.file}: it has no record {records[done]} any more; prepare the dataset again")


def _shuffle_rows(tokens, rows, ids, seed, alphabet):
    """Shuffle some rows (bool) of a block, each with a generator of its own."""
    for row in np.flatnonzero(rows):
        rng = generator(seed, "extract", ids.iloc[row])
        tokens[row] = dinucleotide_shuffle(tokens[row], rng, alphabet.unknown)
    return tokens
