import h5py
import numpy as np
import pytest

from motifloom.data.encode import DNA, PROTEIN
from motifloom.errors import UserError
from motifloom.models import feed as module
from motifloom.models.augment import Augmentation
from motifloom.models.feed import Feed

BOTH = Augmentation("both")


@pytest.fixture
def data(monkeypatch):
    """41 sequences, of which 23 are used; an example's target is its row. Runs of 4 rows, 2 mixed."""
    monkeypatch.setattr(module, "RUN", 4 * 9)
    monkeypatch.setattr(module, "MIXED", 2)
    monkeypatch.setattr(module, "BLOCK", 10 * 9)
    rng = np.random.default_rng(0)
    tokens = rng.integers(0, 5, (41, 9), dtype=np.uint8)
    rows = np.sort(rng.permutation(41)[:23])
    return tokens, rows, rows[:, None].astype(np.float32)


def batches(feed):
    """Return the batches of the current epoch as arrays."""
    return [tuple(part.numpy() for part in batch) for batch in feed.batches]


def order(feed, epoch=0):
    feed.on_epoch_begin(epoch)
    return np.concatenate([y[:, 0] for _, y, *_ in batches(feed)])


def check(found, tokens, rows, copies):
    """Every row must be there once per strand, with its own target."""
    pairs = sorted(
        (x.tobytes(), float(y[0])) for block, labels in found for x, y in zip(block, labels, strict=True)
    )
    expected = [(tokens[row].tobytes(), float(row)) for row in rows]
    if copies == 2:
        expected += [(DNA.reverse_complement(tokens[row]).tobytes(), float(row)) for row in rows]
    assert pairs == sorted(expected)


@pytest.mark.parametrize("stream", [False, True], ids=["memory", "stream"])
@pytest.mark.parametrize("copies", [1, 2], ids=["one strand", "both strands"])
@pytest.mark.parametrize("source", ["array", "file"])
def test_an_epoch_shows_every_example_once_per_strand(data, stream, copies, source, tmp_path):
    tokens, rows, targets = data
    with h5py.File(tmp_path / "d.h5", "w") as file:
        stored = tokens if source == "array" else file.create_dataset("tokens", data=tokens)
        augmentation = BOTH if copies == 2 else Augmentation()
        options = {"seed": 1, "augmentation": augmentation, "alphabet": DNA, "stream": stream}
        feed = Feed(stored, rows, targets, batch_size=5, **options)
        found = batches(feed)
        check(found, tokens, rows, copies)
        assert [len(x) for x, *_ in found[:-1]] == [5] * (len(found) - 1)
        assert len(found) == feed.steps == len(feed.batches) == -(-copies * 23 // 5)
        assert found[0][0].dtype == np.uint8
        # What is held and what is read again: only a file that is not streamed is copied.
        assert isinstance(feed.tokens, h5py.Dataset) == (source == "file" and stream)
    np.testing.assert_array_equal(tokens, np.random.default_rng(0).integers(0, 5, (41, 9), np.uint8))


@pytest.mark.parametrize("stream", [False, True])
def test_epochs_differ_and_are_the_same_in_another_process(data, stream):
    first = Feed(*data, batch_size=5, seed=1, stream=stream)
    orders = [order(first, epoch) for epoch in (0, 1, 2)]
    assert len({tuple(found) for found in orders}) == 3
    assert tuple(orders[0]) != tuple(sorted(orders[0]))
    again = Feed(*data, batch_size=5, seed=1, stream=stream)
    np.testing.assert_array_equal(order(again, 2), orders[2])  # epochs 0 and 1 need not be seen
    other = Feed(*data, batch_size=5, seed=2, stream=stream)
    assert (order(other, 2) != orders[2]).any()


def test_a_streamed_block_mixes_runs_of_neighbours(data):
    rows = data[1]
    feed = Feed(*data, batch_size=5, seed=1, stream=True)
    blocks = [np.searchsorted(rows, y[:, 0]) for _, y in feed.blocks(0)]
    assert sorted(map(len, blocks)) == [7, 8, 8]
    runs = [sorted(set(block // 4)) for block in blocks]
    assert all(len(pair) == 2 for pair in runs)
    assert sorted(run for pair in runs for run in pair) == [0, 1, 2, 3, 4, 5]
    assert any(pair[1] != pair[0] + 1 for pair in runs)


@pytest.mark.parametrize("stream", [False, True])
def test_without_a_seed_the_order_stays(data, stream):
    tokens, rows, targets = data
    feed = Feed(tokens, rows, targets, batch_size=5, stream=stream)
    for _ in range(2):
        np.testing.assert_array_equal(np.concatenate([x for x, _ in batches(feed)]), tokens[rows])
    assert feed.steps == 5


@pytest.mark.parametrize("stream", [False, True])
def test_augmentation_does_not_need_another_order(data, stream):
    tokens, rows, targets = data
    options = {
        "augmentation": Augmentation(mutation=0.3),
        "alphabet": DNA,
        "stream": stream,
        "shuffle": False,
    }
    seen = []
    for seed in (1, 2):
        found = batches(Feed(tokens, rows, targets, batch_size=5, seed=seed, **options))
        np.testing.assert_array_equal(np.concatenate([y for _, y in found]), targets)
        seen.append(np.concatenate([x for x, _ in found]))
    assert (seen[0] != seen[1]).any()


def test_fewer_steps_show_another_part_of_the_examples_in_every_epoch(data):
    feed = Feed(*data, batch_size=5, seed=1, steps=2)
    first, second = order(feed, 0), order(feed, 1)
    assert len(feed.batches) == 2 and len(first) == len(second) == 10
    assert set(first) != set(second)
    assert Feed(*data, batch_size=5, steps=100).steps == 5


@pytest.mark.parametrize("stream", [False, True])
def test_weights_are_those_of_the_example(data, stream):
    tokens, rows, targets = data
    options = {"seed": 1, "augmentation": BOTH, "alphabet": DNA, "stream": stream}
    feed = Feed(tokens, rows, targets, weights=(rows / 2).astype(np.float32), batch_size=5, **options)
    for _, y, w in batches(feed):
        np.testing.assert_array_equal(y[:, 0] / 2, w)


def augmented(data, stream, epoch=0, **options):
    """Return {example: its sequences} of an epoch."""
    augmentation = Augmentation(**options)
    feed = Feed(*data, batch_size=5, seed=1, augmentation=augmentation, alphabet=DNA, stream=stream)
    found = {}
    for tokens, targets in feed.blocks(epoch):
        for row, name in zip(tokens, targets[:, 0].astype(int), strict=True):
            found.setdefault(name, []).append(row.tobytes())
    return {name: sorted(sequences) for name, sequences in found.items()}


@pytest.mark.parametrize(
    "options", [{"shift": 2}, {"mutation": 0.3}, {"reverse_complement": "random"}], ids=str
)
def test_augmentation_is_new_in_every_epoch_and_the_same_when_streamed(data, options):
    plain, epochs = augmented(data, False), [augmented(data, False, e, **options) for e in (0, 1)]
    assert plain != epochs[0] != epochs[1] != plain
    assert augmented(data, True, 1, **options) == epochs[1]
    assert plain.keys() == epochs[0].keys()
    both = augmented(data, False, **{**options, "reverse_complement": "both"})
    assert all(len(sequences) == 2 for sequences in both.values())


def test_an_alphabet_without_complement_is_refused_at_once(data):
    with pytest.raises(UserError, match="protein: it has no complement"):
        Feed(*data, batch_size=5, augmentation=BOTH, alphabet=PROTEIN)
