"""A simulated genome with binding sites at known places: data whose answer is known."""

import logging
import re
from pathlib import Path

import numpy as np
import pandas as pd
from pysam import BGZFile

from motifloom.data.encode import DNA
from motifloom.errors import UserError
from motifloom.io import atomic_path, write_table, write_text
from motifloom.randomness import generator

CONTROL = "control"
ORDER = 3
# How much more often a letter follows another than by chance, A C G T in both directions; like vertebrate
# genomes: few CpG, many CpA and TpG in their place. Each pair has the factor of its reverse complement.
NEIGHBOURS = np.array(
    [[1.12, 0.86, 1.14, 0.88], [1.2, 1.2, 0.22, 1.14], [1.02, 1.0, 1.2, 0.86], [0.74, 1.02, 1.2, 1.12]]
)
RUN_OF_FOUR = {"A": 1.45, "C": 1.1, "G": 1.1, "T": 1.45}
GC_RANGE = (0.38, 0.58)
GC_LEVELS = 11
ISOCHORE = 25_000  # mean length in bp
MASKED_SHARE = 0.35
MASKED_LENGTH = 300  # mean length in bp
N_RUNS = 3
SPACING = 30  # smallest distance of two peaks in bp
WIDTHS = (0.8, 1.2)  # of the mean peak width
SUMMITS = (0.4, 0.6)  # where in the peak the summit is
EXPONENTS = (0.9, 1.6)
FASTA_LINE = 60

TRUTH = ["chrom", "start", "end", "strand", "motif", "motif_name", "sequence", "score", "peak"]
NARROWPEAK = ["chrom", "start", "end", "name", "score", "strand", "signal", "p_value", "q_value", "summit"]

log = logging.getLogger(__name__)


def simulate(
    motifs,
    folder,
    *,
    seed,
    name="",
    chromosomes=5,
    chromosome_length=300_000,
    sites_per_motif=300,
    peak_width=200,
):
    """Write a simulated genome, peaks around planted sites, and where the sites are.

    Parameters
    ----------
    motifs : dict of str to (str, ndarray)
        By id: the motif's name and its probabilities, float (W, 4), columns A C G T, rows summing to 1.
    folder : str or Path
        Gets ``genome.fa.gz`` (bgzip), ``peaks/{motif name}.narrowPeak`` with the summit at the centre of the
        site, ``peaks/control.narrowPeak`` with nothing planted, and ``truth.tsv`` with one row per site.
    seed : int
        The seed of the config.
    name : str
        Of the simulation; draws derive from (seed, "simulate", name).
    chromosomes, chromosome_length : int
        Number of chromosomes and their mean length in bp.
    sites_per_motif, peak_width : int
        As in :func:`plant_sites`.

    Returns
    -------
    DataFrame
        The truth: chrom, start, end (0-based half-open), strand, motif (id), motif_name, sequence (on the
        strand of the site), score (log2 odds against the base composition of the genome), peak (name).

    Raises
    ------
    UserError
        If a motif's name is no file name or occurs twice, or the sites do not fit into the genome.
    """
    folder = Path(folder)
    rng = generator(seed, "simulate", name)
    genome = simulate_genome(chromosomes, chromosome_length, rng)
    peaks, truth = plant_sites(genome, motifs, rng, sites_per_motif=sites_per_motif, peak_width=peak_width)
    write_genome(genome, folder / "genome.fa.gz")
    for motif, rows in peaks.groupby("motif_name", sort=False):
        text = rows[NARROWPEAK].to_csv(sep="\t", index=False, header=False, lineterminator="\n")
        write_text(text, folder / "peaks" / f"{motif}.narrowPeak")
    write_table(truth, folder / "truth.tsv", float_format="%.4f")
    log.info("%d sites of %d motifs in %d chromosomes", len(truth), len(motifs), len(genome))
    return truth


def simulate_genome(chromosomes, length, rng):
    """Simulate chromosomes with the composition of a vertebrate genome.

    A Markov chain of order 3: few CpG, runs of A and T; the GC content changes along a chromosome between
    38 % and 58 % (isochores of 25 kb on average); about a third is soft-masked (lower case, without
    meaning); and each chromosome has three runs of N, one of them at its start.

    Parameters
    ----------
    chromosomes, length : int
        Number of chromosomes and their mean length in bp; the first is the longest.
    rng : numpy.random.Generator

    Returns
    -------
    dict of str to ndarray
        Letters as ASCII codes, uint8 (length,), by name: chr1, chr2, ...
    """
    levels = np.linspace(*GC_RANGE, GC_LEVELS)
    tables = np.stack([_transitions(level) for level in levels])
    scale = np.linspace(1.2, 0.8, chromosomes) if chromosomes > 1 else np.ones(1)
    genome = {}
    for number, size in enumerate(np.rint(length * scale).astype(int), start=1):
        tokens = _walk(tables, _isochores(size, rng), rng)
        letters = np.frombuffer(DNA.letters.encode(), np.uint8)[tokens]
        letters[_stretches(size, MASKED_SHARE, MASKED_LENGTH, rng)] += ord("a") - ord("A")
        longest = max(size // 100, 1)
        starts = np.append(0, rng.integers(size // 10, size - longest, N_RUNS - 1))
        for start, run in zip(starts, rng.integers(longest // 5 + 1, longest + 1, N_RUNS), strict=True):
            letters[start : start + run] = ord("N")
        genome[f"chr{number}"] = letters
    return genome


def _transitions(gc):
    """Return P(letter | three letters before it), float (64, 4), of a chain with GC content `gc`.

    The probability of a sequence is proportional to the product of the weights of its steps, which are the
    same on both strands; so both strands have the same composition, which a chain with rows of our own
    choice would not have.
    """
    contexts = np.arange(4**ORDER)
    following = (contexts[:, None] * 4 + np.arange(4)) % 4**ORDER
    factors = NEIGHBOURS[contexts % 4].copy()
    for letter, factor in RUN_OF_FOUR.items():
        token = DNA.letters.index(letter)
        factors[token * (4**ORDER - 1) // 3, token] *= factor  # the context AAA for A
    low, high = 0.05, 0.95
    for _ in range(30):  # the factors change the composition, so look for the base weights that give it
        share = (low + high) / 2
        weights = factors * np.array([1 - share, share, share, 1 - share])
        future = np.ones(len(contexts))  # the weight of all that can follow a context
        for _ in range(100):
            future = (weights * future[following]).sum(axis=1)
            future /= future.sum()
        table = weights * future[following]
        table /= table.sum(axis=1, keepdims=True)
        low, high = (share, high) if _composition(table, following)[[1, 2]].sum() < gc else (low, share)
    return table


def _composition(table, following):
    """Return the frequencies of the letters, float (4,), in a long sequence of the chain."""
    share = np.full(len(table), 1 / len(table))
    for _ in range(100):
        share = np.bincount(following.ravel(), (share[:, None] * table).ravel())
    return share @ table


def _isochores(size, rng):
    """Return the GC level of every position, intp (size,): a random walk from isochore to isochore."""
    mean = min(ISOCHORE, size / 8)
    lengths = np.maximum(rng.exponential(mean, int(3 * size / mean) + 10), mean / 10).astype(int) + 1
    levels = rng.integers(0, GC_LEVELS, len(lengths))
    return np.repeat(levels, lengths)[:size]


def _walk(tables, levels, rng):
    """Run the chain along a chromosome in many lanes at once; return tokens, uint8 (len(levels),).

    The lanes are stretches of the chromosome that start from a context of their own, which 50 steps bring
    to the composition of their place; the chain is broken where one lane meets the next.
    """
    size, burn_in = len(levels), 50
    lanes = max(1, int(np.sqrt(size)))
    steps = -(-size // lanes)
    places = np.minimum(np.arange(lanes) * steps + np.arange(-burn_in, steps)[:, None], size - 1)
    levels = levels[np.maximum(places, 0)]
    thresholds = np.cumsum(tables, axis=2)[:, :, :3]
    draws = rng.random(levels.shape)
    context = rng.integers(0, 4**ORDER, lanes)
    tokens = np.empty(levels.shape, np.uint8)
    for step, (level, draw) in enumerate(zip(levels, draws, strict=True)):
        letter = (draw[:, None] > thresholds[level, context]).sum(axis=1)
        tokens[step] = letter
        context = (context * 4 + letter) % 4**ORDER
    return tokens[burn_in:].T.ravel()[:size]


def _stretches(size, share, mean, rng):
    """Return a mask, bool (size,), of random stretches that cover about `share` of a chromosome."""
    count = max(1, int(-np.log(1 - share) * size / mean))
    starts = rng.integers(0, size, count)
    ends = np.minimum(starts + rng.exponential(mean, count).astype(int) + 1, size)
    depth = np.bincount(starts, minlength=size + 1) - np.bincount(ends, minlength=size + 1)
    return np.cumsum(depth[:-1]) > 0


def plant_sites(genome, motifs, rng, *, sites_per_motif=300, peak_width=200):
    """Write sites of motifs into a genome, each in a peak of its own.

    A site is sampled column by column from the matrix to the power of its strength, which is between 0.9
    (weak) and 1.6 (close to the consensus) and evenly spread on a logarithmic scale; the signal of its peak
    grows with it. Sites are on either strand. Peaks are at random places, at least 30 bp apart, and contain
    no N.

    Parameters
    ----------
    genome : dict of str to ndarray
        As of :func:`simulate_genome`; the sites are written into it, in the case of the letters before.
    motifs : dict of str to (str, ndarray)
        As of :func:`simulate`.
    rng : numpy.random.Generator
    sites_per_motif : int
        Sites of each motif, and peaks without a site (control).
    peak_width : int
        Mean width of a peak in bp; widths are within 20 % of it.

    Returns
    -------
    peaks : DataFrame
        The columns of a narrowPeak file and motif_name, sorted by motif and place; summit is the centre of
        the site, from the start of the peak.
    truth : DataFrame
        As of :func:`simulate`, sorted by place.
    """
    _check_motifs(motifs, peak_width)
    kinds = np.repeat(np.arange(len(motifs) + 1), sites_per_motif)
    peaks = _place_peaks(genome, len(kinds), peak_width, rng)
    names = [name for name, _ in motifs.values()] + [CONTROL]
    peaks["motif_name"] = np.array(names, object)[kinds]
    strength = rng.random(len(kinds))
    signal = 5 + 45 * np.where(kinds < len(motifs), strength, rng.random(len(kinds)))
    peaks["signal"] = np.round(signal * rng.lognormal(0, 0.1, len(kinds)), 3)
    peaks["score"] = np.minimum(peaks["signal"] * 20, 1000).astype(int)
    peaks = peaks.assign(strand=".", p_value=-1, q_value=-1)
    counts = np.zeros(4)
    for letters in genome.values():
        counts += np.bincount(DNA.encode(letters.tobytes()), minlength=5)[:4]
    background = counts / counts.sum()
    truth = []
    for number, (motif, (name, probabilities)) in enumerate(motifs.items()):
        rows = np.flatnonzero(kinds == number)
        sites = _sample_sites(probabilities, strength[rows], background, rng)
        centres = (peaks["start"] + peaks["summit"]).to_numpy()[rows]
        sites = _write_sites(genome, peaks["chrom"].to_numpy()[rows], centres, sites)
        truth.append(sites.assign(motif=motif, motif_name=name, row=rows))
    truth = pd.concat(truth, ignore_index=True)
    order = np.lexsort((peaks["start"], peaks["chrom"].map(list(genome).index), kinds))
    peaks = peaks.iloc[order].reset_index(drop=True)
    number = peaks.groupby("motif_name", sort=False).cumcount() + 1
    peaks["name"] = peaks["motif_name"] + "_" + number.astype(str)
    truth["peak"] = pd.Series(peaks["name"].to_numpy(), index=order).loc[truth["row"]].to_numpy()
    places = np.lexsort((truth["start"], truth["chrom"].map(list(genome).index)))
    return peaks[[*NARROWPEAK, "motif_name"]], truth.iloc[places][TRUTH].reset_index(drop=True)


def _check_motifs(motifs, peak_width):
    names = [name for name, _ in motifs.values()] + [CONTROL]
    for motif, (name, probabilities) in motifs.items():
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._:()+-]*", name) or names.count(name) > 1:
            raise UserError(
                f"motif {motif}: {name!r} cannot name its file of peaks: names must differ from each other "
                f"and from {CONTROL!r} and consist of letters, digits and ._:()+-"
            )
        if len(probabilities) > peak_width // 2:
            raise UserError(
                f"motif {motif}: it is {len(probabilities)} bp wide, too wide for peaks of {peak_width} bp; "
                "set a larger peak_width"
            )


def _place_peaks(genome, count, width, rng):
    """Choose places for peaks: cells of a grid that hold no N, one peak somewhere in each."""
    low, high = (round(width * factor) for factor in WIDTHS)
    cell = high + SPACING
    cells = []
    for chrom, letters in genome.items():
        usable = len(letters) // cell - 1  # the last cell is left free
        known = (letters[: usable * cell].reshape(usable, cell) != ord("N")).all(axis=1)
        cells.append(pd.DataFrame({"chrom": chrom, "start": np.flatnonzero(known) * cell}))
    cells = pd.concat(cells, ignore_index=True)
    if len(cells) < count:
        raise UserError(
            f"{count} peaks do not fit into the genome, which has room for {len(cells)}; plant fewer "
            "motifs or sites_per_motif, or simulate longer or more chromosomes"
        )
    peaks = cells.iloc[rng.permutation(len(cells))[:count]].reset_index(drop=True)
    widths = rng.integers(low, high + 1, count)
    peaks["start"] += rng.integers(0, high - widths + 1)
    peaks["end"] = peaks["start"] + widths
    peaks["summit"] = (widths * rng.uniform(*SUMMITS, count)).astype(int)
    return peaks


def _sample_sites(probabilities, strength, background, rng):
    """Sample sites; return a frame of their strand, tokens (as read on it) and score."""
    low, high = np.log(EXPONENTS)
    exponents = np.exp(low + (high - low) * strength)
    tempered = np.asarray(probabilities, float)[None] ** exponents[:, None, None]
    thresholds = np.cumsum(tempered, axis=2)
    draws = rng.random(tempered.shape[:2]) * thresholds[:, :, -1]
    tokens = (draws[:, :, None] >= thresholds[:, :, :3]).sum(axis=2).astype(np.uint8)
    columns = np.arange(len(probabilities))
    score = np.log2(np.asarray(probabilities)[columns, tokens] / background[tokens]).sum(axis=1)
    strand = np.where(rng.random(len(strength)) < 0.5, "+", "-")
    return pd.DataFrame({"strand": strand, "tokens": list(tokens), "score": score})


def _write_sites(genome, chroms, centres, sites):
    """Write sites around their centres into the genome; return them with their coordinates."""
    rows = []
    for chrom, centre, strand, tokens, score in zip(chroms, centres, *sites.T.to_numpy(), strict=True):
        start = centre - len(tokens) // 2
        place = genome[chrom][start : start + len(tokens)]
        written = tokens if strand == "+" else DNA.reverse_complement(tokens)
        place[:] = np.frombuffer(DNA.decode(written).encode(), np.uint8) | (place & 0x20)  # 0x20: lower case
        rows.append((chrom, start, start + len(tokens), strand, DNA.decode(tokens), score))
    return pd.DataFrame(rows, columns=["chrom", "start", "end", "strand", "sequence", "score"])


def write_genome(genome, path):
    """Write a genome, dict of name to ASCII letters, as bgzip FASTA with lines of 60 letters."""
    with atomic_path(path) as temporary, BGZFile(str(temporary), "wb") as file:
        for name, letters in genome.items():
            full = len(letters) // FASTA_LINE * FASTA_LINE
            lines = np.full((full // FASTA_LINE, FASTA_LINE + 1), ord("\n"), np.uint8)
            lines[:, :FASTA_LINE] = letters[:full].reshape(-1, FASTA_LINE)
            rest = letters[full:].tobytes()
            file.write(f">{name}\n".encode() + lines.tobytes() + (rest + b"\n" if rest else b""))
