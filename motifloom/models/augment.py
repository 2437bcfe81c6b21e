"""Training examples that are others in every epoch: strand, shift and mutations, drawn for each example."""

from dataclasses import dataclass

import numpy as np

from motifloom.errors import UserError
from motifloom.randomness import derive_seed

STRANDS = ("both", "random")
CHUNK = 1 << 16  # bases mutated at a time: their draws stay in the processor's cache
# Which draw of an example is for what.
STRAND, SHIFT, BASES = range(3)


@dataclass(frozen=True)
class Augmentation:
    """What is changed in training examples, new in every epoch; by default nothing.

    Parameters
    ----------
    reverse_complement : {None, "both", "random"}
        "both": an epoch holds each example once on each strand; "random": once, on either, at random.
    shift : int
        Each example is moved by -shift to shift bases, each as likely; what it moves away from is unknown.
    mutation : float
        Probability of each base to become another letter, each of which is as likely. What is unknown stays.
    """

    reverse_complement: str | None = None
    shift: int = 0
    mutation: float = 0.0

    def __post_init__(self):
        if self.reverse_complement not in (None, *STRANDS):
            raise ValueError(f"reverse_complement: {self.reverse_complement!r} is none of {STRANDS}")
        if self.shift < 0 or not 0 <= self.mutation <= 1:
            raise ValueError(f"shift {self.shift} or mutation {self.mutation} is out of range")

    @classmethod
    def of(cls, options):
        """Return what training options ask for: their `augmentation`, and reverse_complement as "both"."""
        section = {key: value for key, value in (options.get("augmentation") or {}).items() if value}
        if options.get("reverse_complement"):
            section.setdefault("reverse_complement", "both")
        return cls(**section)

    @property
    def copies(self):
        """How often an epoch holds each example."""
        return 2 if self.reverse_complement == "both" else 1


NOTHING = Augmentation()


def check_shift(augmentation, length, path="training"):
    """Raise a UserError where examples of a length could be moved out of their windows as a whole."""
    if augmentation.shift >= length:
        raise UserError(
            f"{path}.augmentation.shift: {augmentation.shift} is not below the length of the windows, "
            f"{length}; lower it"
        )


def augment(tokens, augmentation, alphabet, *, seed, epoch, examples, copies):
    """Return examples as an epoch shows them.

    What is drawn for an example depends on the seed, the epoch, the example and its copy alone: neither on
    the order of examples nor on those beside it, so that streamed or resumed trainings see the same.

    Parameters
    ----------
    tokens : uint8 (n, L)
        Changed in place where possible.
    augmentation : Augmentation
    alphabet : motifloom.data.encode.Alphabet
    seed, epoch : int
    examples : int (n,)
        Number of each example in its dataset.
    copies : int (n,)
        0, or 1 for the second copy of an example in an epoch, which is its reverse complement.

    Returns
    -------
    uint8 (n, L)
    """
    if augmentation == NOTHING:
        return tokens
    keys = _mix(np.uint64(derive_seed(seed, "augmentation", epoch)) + 2 * examples.astype(np.uint64))
    keys = keys + copies.astype(np.uint64)
    turned = copies == 1
    if augmentation.reverse_complement == "random":
        turned = _draw(keys, STRAND) >> np.uint64(63) == 1
    if turned.any():
        tokens[turned] = alphabet.reverse_complement(tokens[turned])
    if augmentation.shift:
        tokens = _shift(tokens, augmentation.shift, keys, alphabet.unknown)
    if augmentation.mutation:
        rows = max(1, CHUNK // tokens.shape[1])
        for start in range(0, len(tokens), rows):
            part = slice(start, start + rows)
            _mutate(tokens[part], augmentation.mutation, keys[part], alphabet.size)
    return tokens


def _shift(tokens, most, keys, unknown):
    """Return tokens (n, L), each row moved by -most to most positions."""
    n, length = tokens.shape
    padded = np.full((n, length + 2 * most), unknown, np.uint8)
    padded[:, most : most + length] = tokens
    starts = _below(_draw(keys, SHIFT), 2 * most + 1)
    return np.lib.stride_tricks.sliding_window_view(padded, length, axis=1)[np.arange(n), starts]


def _mutate(tokens, rate, keys, size):
    """Change tokens (n, L) in place: one draw a base, its upper half for whether, its lower for which."""
    draws = _draw(keys[:, None], BASES + np.arange(tokens.shape[1]))
    hit = (draws >> np.uint64(32) < np.uint64(round(rate * 2**32))) & (tokens < size)
    steps = 1 + _below(draws[hit] << np.uint64(32), size - 1)
    tokens[hit] = (tokens[hit] + steps) % size


def _draw(keys, number):
    """Return draw `number` of each key, uint64 of their joint shape: SplitMix64 (Steele et al. 2014)."""
    golden = 0x9E3779B97F4A7C15
    steps = (np.atleast_1d(number).astype(np.uint64) + np.uint64(1)) * np.uint64(golden)
    return _mix(keys + steps)


def _mix(z):
    """Return 64-bit numbers whose bits all depend on all bits of those given."""
    z = z ^ (z >> np.uint64(30))
    z *= np.uint64(0xBF58476D1CE4E5B9)
    z ^= z >> np.uint64(27)
    z *= np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return z


def _below(draws, n):
    """Return whole numbers from 0 to n - 1, int64, from the upper halves of draws."""
    return ((draws >> np.uint64(32)) * np.uint64(n) >> np.uint64(32)).astype(np.int64)
