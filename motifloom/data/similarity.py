"""Which examples are the same: shared bases of a genome, equal sequences, similar sequences."""

import math

import numpy as np
import pandas as pd

from motifloom.data.encode import DNA
from motifloom.randomness import generator

BLOCK_ROWS = 4096
SCREEN_K = 16
VERIFY_K = 8
HASHES = 48
JACCARD = 0.2
MIN_KMERS = 20
NEIGHBOURS = 4
UNKNOWN = np.uint32(0xFFFFFFFF)  # stands for a k-mer with an unknown letter


def iterate_blocks(tokens, rows=BLOCK_ROWS):
    """Yield (first row, block) of an array or HDF5 dataset (N, L), `rows` rows at a time."""
    for first in range(0, tokens.shape[0], rows):
        yield first, np.asarray(tokens[first : first + rows])


def hash_sequences(tokens, alphabet=DNA):
    """Hash every sequence and its reverse complement.

    The hash is a sum of random odd 64-bit weights times the tokens, modulo 2^64, so two different sequences
    agree with a probability of about 2^-62.

    Parameters
    ----------
    tokens : array or HDF5 dataset, uint8 (N, L)
    alphabet : motifloom.data.encode.Alphabet

    Returns
    -------
    forward, reverse : ndarray, uint64 (N,)
        Two sequences are equal where `forward` is, and one is the reverse complement of the other where the
        `forward` of one is the `reverse` of the other. Without a complement `reverse` is `forward`.
    """
    size, length = tokens.shape
    weights = generator(0, "hash_sequences").integers(0, 2**64, length, dtype=np.uint64) | np.uint64(1)
    forward, reverse = np.empty(size, np.uint64), np.empty(size, np.uint64)
    for first, block in iterate_blocks(tokens):
        rows = slice(first, first + len(block))
        forward[rows] = block.astype(np.uint64) @ weights
        if alphabet.complement is not None:
            reverse[rows] = alphabet.complement_table[block].astype(np.uint64) @ weights[::-1]
    return forward, (forward.copy() if alphabet.complement is None else reverse)


def place_on_axis(regions, genomes=None):
    """Put all intervals on one axis on which the chromosomes of all genomes follow each other.

    Parameters
    ----------
    regions : DataFrame
        Columns chrom ("" without coordinates), start, end (0-based half-open) and source.
    genomes : dict of str to str, optional
        The genome of each source. Default: all sources have the same genome.

    Returns
    -------
    rows : ndarray, int64 (n,)
        The rows of `regions` that have coordinates.
    start, end : ndarray, int64 (n,)
        Their places on the axis: two overlap there if and only if they do in the genome.
    """
    rows = np.flatnonzero((regions["chrom"].fillna("") != "").to_numpy())
    located = regions.iloc[rows]
    chromosome = located["chrom"].astype(str)
    if genomes is not None:
        chromosome = located["source"].map(genomes).astype(str) + "\t" + chromosome
    start, end = (located[name].to_numpy(np.int64) for name in ("start", "end"))
    if len(rows):
        span = end.max() - start.min()
        shift = pd.factorize(chromosome)[0].astype(np.int64) * span - start.min()
        start, end = start + shift, end + shift
    return rows, start, end


def overlap_clusters(regions, genomes=None):
    """Number the clusters of overlapping intervals.

    Parameters
    ----------
    regions, genomes
        As in :func:`place_on_axis`.

    Returns
    -------
    ndarray, int64 (N,)
        Equal for examples that are joined by a chain of overlaps of at least one base; an example without
        coordinates is a cluster of its own.
    """
    rows, start, end = place_on_axis(regions, genomes)
    order = np.argsort(start, kind="stable")
    reach = np.maximum.accumulate(end[order])
    begins = np.ones(len(rows), bool)
    begins[1:] = start[order][1:] >= reach[:-1]
    clusters = np.arange(len(regions)) + len(regions)
    clusters[rows[order]] = np.cumsum(begins)
    return clusters


def near_duplicate_pairs(tokens, alphabet=DNA, jaccard=JACCARD):
    """Find pairs of similar sequences, on either strand, in time linear in their number.

    Two sequences are near duplicates where J = |A & B| / |A | B| >= `jaccard` for their sets A, B of
    8-mers, a k-mer and its reverse complement counting as one. At an identity i throughout,
    J = i^8 / (2 - i^8) on average, so the default of 0.2 stands for i = 0.87; sequences that share only a
    part reach it with a common stretch of a third of their length. Sets forgive repeats: a simple repeat
    adds few k-mers, and sequences with fewer than 20 different 8-mers are left out.

    Candidates come from min-hashing (Broder 1997): each of 48 hash functions gives a sequence the smallest
    hash of its 16-mers, and sequences that agree in one of them (48 bands of one row) are compared. Where
    more than 5 agree, each is compared with the next 4 in a random order only, which keeps the time linear
    but makes the pairs a sample where very many sequences resemble each other. Of pairs of random sequences
    of 200 bp it finds at least 99 % at 95 % identity and 80 % at 90 %. For other alphabets the k-mers have
    the length at which there are about as many of them.

    Parameters
    ----------
    tokens : array or HDF5 dataset, uint8 (N, L)
        Read in blocks; kept in memory are 192 bytes a sequence and the tokens of the candidates.
    alphabet : motifloom.data.encode.Alphabet
    jaccard : float
        Smallest Jaccard index of a near duplicate.

    Returns
    -------
    ndarray, int64 (M, 2)
        Pairs of rows, the smaller first, in order, each once; equal sequences included.
    """
    scale = math.log(4) / math.log(alphabet.size)
    screen_k, verify_k = math.floor(SCREEN_K * scale + 1e-9), round(VERIFY_K * scale)
    if tokens.shape[1] < max(screen_k, verify_k + MIN_KMERS - 1):
        return np.empty((0, 2), np.int64)
    pairs = _candidate_pairs(_min_hashes(tokens, alphabet, screen_k))
    if not len(pairs):
        return pairs
    rows, compact = np.unique(pairs, return_inverse=True)
    sequences = _select_rows(tokens, rows)
    compact = compact.reshape(-1, 2)
    keep = np.concatenate(
        [
            _jaccard(sequences[block[:, 0]], sequences[block[:, 1]], alphabet, verify_k) >= jaccard
            for _, block in iterate_blocks(compact)
        ]
    )
    return pairs[keep]


def _select_rows(tokens, rows):
    """Read some rows (sorted) of an HDF5 dataset or array by blocks; picking rows from HDF5 is slow."""
    bounds = np.searchsorted(rows, np.arange(0, tokens.shape[0] + BLOCK_ROWS, BLOCK_ROWS))
    return np.concatenate(
        [
            block[rows[low:high] - first]
            for (first, block), low, high in zip(iterate_blocks(tokens), bounds, bounds[1:], strict=False)
        ]
    )


def _kmers(tokens, k, alphabet):
    """Return the canonical k-mers as numbers, uint32 (B, L - k + 1); UNKNOWN where a letter is unknown."""
    kmers = _join(tokens.astype(np.uint32), k, alphabet.size, leading=True)
    if alphabet.complement is not None:
        complement = alphabet.complement_table[tokens].astype(np.uint32)
        kmers = np.minimum(kmers, _join(complement, k, alphabet.size, leading=False))
    unknown = tokens == alphabet.unknown
    if unknown.any():
        before = np.pad(np.cumsum(unknown, axis=1, dtype=np.int32), ((0, 0), (1, 0)))
        kmers[before[:, k:] > before[:, :-k]] = UNKNOWN
    return kmers


def _join(digits, k, base, leading):
    """Read each stretch of k digits as a number, its first digit the leading or the last one, by halves."""
    if k == 1:
        return digits
    half = k // 2
    left = _join(digits, half, base, leading)
    right = left if k == 2 * half else _join(digits, k - half, base, leading)
    size = digits.shape[1] - k + 1
    left, right = left[:, :size], right[:, half : half + size]
    return left * base ** (k - half) + right if leading else left + right * base**half


def _scramble(numbers):
    """Map numbers to random-looking ones, one to one (the finaliser of MurmurHash3, 32 bits)."""
    numbers = (numbers ^ (numbers >> 16)) * np.uint32(0x85EBCA6B)
    numbers = (numbers ^ (numbers >> 13)) * np.uint32(0xC2B2AE35)
    return numbers ^ (numbers >> 16)


def _min_hashes(tokens, alphabet, k):
    """Return, per hash function and sequence, the smallest hash of its k-mers, uint32 (HASHES, N).

    A hash function is the scrambled k-mer with some bits flipped. Where no k-mer is known it is UNKNOWN.
    """
    masks = generator(0, "min_hashes").integers(0, 2**32, HASHES, dtype=np.uint32)
    smallest = np.empty((HASHES, tokens.shape[0]), np.uint32)
    for first, block in iterate_blocks(tokens, 512):
        kmers = _kmers(block, k, alphabet)
        hashes = _scramble(kmers)
        unknown = np.where(kmers == UNKNOWN, UNKNOWN, np.uint32(0))
        for number, mask in enumerate(masks):
            smallest[number, first : first + len(block)] = ((hashes ^ mask) | unknown).min(axis=1)
    return smallest


def _candidate_pairs(smallest):
    """Return the pairs of sequences (M, 2) that agree in a hash and stand within NEIGHBOURS of each other."""
    found = []
    size = smallest.shape[1]
    for number, values in enumerate(smallest):
        shuffled = generator(0, "candidates", number).permutation(size)
        shuffled = shuffled[values[shuffled] != UNKNOWN]
        order = shuffled[np.argsort(values[shuffled], kind="stable")]
        ordered = values[order]
        for step in range(1, NEIGHBOURS + 1):
            same = np.flatnonzero(ordered[step:] == ordered[:-step])
            a, b = order[same], order[same + step]
            found.append(np.minimum(a, b) * size + np.maximum(a, b))
    pairs = np.unique(np.concatenate(found))
    return np.stack(np.divmod(pairs, size), axis=1)


def _jaccard(a, b, alphabet, k):
    """Return the Jaccard index of the k-mer sets of two blocks of sequences, float (B,); 0 for poor sets."""
    sets = [_kmers(tokens, k, alphabet) for tokens in (a, b)]
    sizes = [_count_distinct(kmers) for kmers in sets]
    union = _count_distinct(np.concatenate(sets, axis=1))
    rich = np.minimum(*sizes) >= MIN_KMERS
    return np.where(rich, (sizes[0] + sizes[1] - union) / np.maximum(union, 1), 0.0)


def _count_distinct(kmers):
    """Count the different known k-mers of each row."""
    kmers = np.sort(kmers, axis=1)
    return (kmers[:, 0] != UNKNOWN) + ((kmers[:, 1:] != kmers[:, :-1]) & (kmers[:, 1:] != UNKNOWN)).sum(
        axis=1
    )
