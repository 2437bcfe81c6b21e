"""Make the synthetic task of the tutorial on multi-scale attention as files.

    python tests/real/planted.py FOLDER [--examples 10000] [--length 200] [--seed 42]

Sequences are uniformly random. The first half of them, the positives, hold one of four motifs at a uniformly
random place; of the others 30 % hold a run of one letter instead. A motif may also stand elsewhere by chance,
CAAT in about half of all sequences of 200 letters; sites.bed lists what was planted.
"""

import argparse
import gzip
from pathlib import Path

import numpy as np

LETTERS = np.array(list("ACGT"))
MOTIFS = {"positive": ["TATAAA", "CAAT", "GGGCGG", "TTGACA"], "negative": [7 * letter for letter in "ACGT"]}
PLANTED = {"positive": 1.0, "negative": 0.3}  # probability that a sequence holds one


def make(kind, number, length, rng):
    """Return sequences of a class and what was planted in them.

    Parameters
    ----------
    kind : {"positive", "negative"}
    number, length : int
        Of sequences, and of letters in each.
    rng : numpy.random.Generator

    Returns
    -------
    dict of str to str
        Names, pos1, pos2, ... or neg1, neg2, ..., and sequences.
    list of (str, int, int, str)
        Name, start, end (0-based, half-open) and motif of every site.
    """
    sequences, sites = {}, []
    for count in range(1, number + 1):
        name, sequence = f"{kind[:3]}{count}", "".join(rng.choice(LETTERS, length))
        if rng.random() < PLANTED[kind]:
            motif = MOTIFS[kind][rng.integers(len(MOTIFS[kind]))]
            start = int(rng.integers(length - len(motif) + 1))
            end = start + len(motif)
            sequence = sequence[:start] + motif + sequence[end:]
            sites.append((name, start, end, motif))
        sequences[name] = sequence
    return sequences, sites


def write(folder, *, examples=10_000, length=200, seed=42):
    """Write positive.fa.gz, negative.fa.gz and sites.bed into a folder, which is made if need be."""
    folder, rng, lines = Path(folder), np.random.default_rng(seed), []
    folder.mkdir(parents=True, exist_ok=True)
    for kind, number in (("positive", examples // 2), ("negative", examples - examples // 2)):
        sequences, sites = make(kind, number, length, rng)
        text = "".join(f">{name}\n{sequence}\n" for name, sequence in sequences.items())
        (folder / f"{kind}.fa.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
        lines += ["\t".join(map(str, site)) for site in sites]
    (folder / "sites.bed").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Make the synthetic task of the tutorial as files.")
    parser.add_argument("folder", type=Path)
    for option, default in (("examples", 10_000), ("length", 200), ("seed", 42)):
        parser.add_argument(f"--{option}", type=int, default=default)
    arguments = parser.parse_args()
    write(arguments.folder, examples=arguments.examples, length=arguments.length, seed=arguments.seed)
