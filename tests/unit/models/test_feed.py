import h5py
import numpy as np
import pytest

from motifloom.data.encode import DNA
from motifloom.models import feed as module
from motifloom.models.feed import feed


@pytest.fixture
def data(monkeypatch):
    """41 sequences, of which 23 are used; the target of an example is its row. Runs of 4 rows, 2 mixed."""
    monkeypatch.setattr(module, "RUN", 4)
    monkeypatch.setattr(module, "MIXED", 2)
    rng = np.random.default_rng(0)
    tokens = rng.integers(0, 5, (41, 9), dtype=np.uint8)
    rows = np.sort(rng.permutation(41)[:23])
    return tokens, rows, rows[:, None].astype(np.float32)


def batches(arguments, size):
    """Return the batches of one epoch, with their targets."""
    if "y" in arguments:
        n = len(arguments["x"])
        return [(arguments["x"][i : i + size], arguments["y"][i : i + size]) for i in range(0, n, size)]
    return [tuple(part.numpy() for part in batch) for batch in arguments["x"]]


def check(found, tokens, rows, copies):
    """Every row must be there once per strand, with its own target."""
    pairs = sorted(
        (x.tobytes(), float(y[0])) for block, labels in found for x, y in zip(block, labels, strict=True)
    )
    expected = [(tokens[row].tobytes(), float(row)) for row in rows]
    if copies == 2:
        expected += [(DNA.reverse_complement(tokens[row]).tobytes(), float(row)) for row in rows]
    assert pairs == sorted(expected)


@pytest.mark.parametrize("memory", [2**30, 0], ids=["memory", "stream"])
@pytest.mark.parametrize("complement", [None, DNA], ids=["one strand", "both strands"])
@pytest.mark.parametrize("source", ["array", "file"])
def test_an_epoch_shows_every_example_once_per_strand(data, memory, complement, source, tmp_path):
    tokens, rows, targets = data
    with h5py.File(tmp_path / "d.h5", "w") as file:
        stored = tokens if source == "array" else file.create_dataset("tokens", data=tokens)
        arguments = feed(stored, rows, targets, batch_size=5, seed=1, complement=complement, memory=memory)
        copies = 1 if complement is None else 2
        found = batches(arguments, 5)
        check(found, tokens, rows, copies)
        assert [len(x) for x, *_ in found[:-1]] == [5] * (len(found) - 1)
        assert found[0][0].dtype == np.uint8


def test_streamed_epochs_differ_and_repeat_with_the_seed(data):
    def epochs():
        stream = feed(*data, batch_size=5, seed=1, memory=0)["x"]
        return [np.concatenate([y.numpy()[:, 0] for _, y in stream]) for _ in range(2)]

    first, second = epochs(), epochs()
    assert (first[0] != first[1]).any()
    np.testing.assert_array_equal(first, second)


def test_without_a_seed_the_order_stays(data):
    tokens, rows, targets = data
    stream = feed(tokens, rows, targets, batch_size=5, memory=0)["x"]
    np.testing.assert_array_equal(np.concatenate([x for x, _ in stream]), tokens[rows])
    assert len(stream) == 5
    assert feed(tokens, rows, targets, batch_size=5)["shuffle"] is False


@pytest.mark.parametrize("memory", [2**30, 0])
def test_class_weights_are_those_of_the_class(memory):
    tokens, rows = np.zeros((3, 9), np.uint8), np.arange(3)
    for targets, classes in [(np.array([[0], [1], [1]]), [0, 1, 1]), (np.eye(3)[[2, 0, 1]], [2, 0, 1])]:
        table = np.array([1.0, 5.0, 7.0])
        arguments = feed(
            tokens,
            rows,
            targets.astype(np.float32),
            batch_size=3,
            class_weight=table,
            complement=DNA,
            memory=memory,
        )
        if memory:
            weights = arguments["sample_weight"]
        else:
            weights = np.concatenate([w for _, _, w in arguments["x"]])
        np.testing.assert_array_equal(weights, np.tile(table[classes], 2))
