import gzip

import numpy as np
import pytest

from motifloom.config.data import Dataset
from motifloom.genome.fasta import Genome


class Workshop:
    """Files in a temporary folder, and datasets made from them."""

    def __init__(self, folder):
        self.folder, self.genomes = folder, {}

    def write(self, name, content):
        path = self.folder / name
        content = content if isinstance(content, bytes) else content.encode()
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        return str(path)

    def fasta(self, name, sequences):
        return self.write(name, "".join(f">{key}\n{value}\n" for key, value in sequences.items()))

    def genome(self, sequences, name="genome.fa"):
        path = self.fasta(name, sequences)
        self.genomes[path] = Genome(path, self.folder / f"{name}.index")
        return path

    def dataset(self, sources, task="binary", **keys):
        return Dataset.model_validate({"task": task, "sources": sources, **keys})


@pytest.fixture
def workshop(tmp_path):
    workshop = Workshop(tmp_path)
    yield workshop
    for genome in workshop.genomes.values():
        genome.close()


@pytest.fixture
def random_sequence():
    """Return a function that gives a random sequence (str) of a length, with a GC fraction."""
    rng = np.random.default_rng(7)

    def random_sequence(length, gc=0.5):
        weights = [(1 - gc) / 2, gc / 2, gc / 2, (1 - gc) / 2]
        return "".join(rng.choice(list("ACGT"), length, p=weights))

    return random_sequence
