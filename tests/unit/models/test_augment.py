import numpy as np
import pytest

from motifloom.data.encode import DNA, PROTEIN
from motifloom.models.augment import NOTHING, Augmentation, augment

N = 4000


def changed(tokens, alphabet=DNA, *, seed=1, epoch=0, examples=None, copies=None, **options):
    """Return augmented examples, numbered from 0."""
    examples = np.arange(len(tokens)) if examples is None else examples
    copies = np.zeros(len(tokens), int) if copies is None else copies
    keys = {"seed": seed, "epoch": epoch, "examples": examples, "copies": copies}
    return augment(tokens.copy(), Augmentation(**options), alphabet, **keys)


@pytest.fixture
def tokens():
    return np.random.default_rng(0).integers(0, 4, (N, 20), dtype=np.uint8)


def test_options():
    assert Augmentation.of({}) == Augmentation.of({"augmentation": None}) == NOTHING
    assert Augmentation.of({"reverse_complement": True}) == Augmentation("both")
    section = {"shift": 3, "mutation": 0.0, "reverse_complement": False}
    assert Augmentation.of({"augmentation": section}) == Augmentation(shift=3)
    section["reverse_complement"] = "random"
    options = {"reverse_complement": True, "augmentation": section}
    assert Augmentation.of(options) == Augmentation("random", 3)
    assert (Augmentation("both").copies, Augmentation("random").copies, NOTHING.copies) == (2, 1, 1)


@pytest.mark.parametrize("wrong", [{"reverse_complement": "yes"}, {"shift": -1}, {"mutation": 1.5}])
def test_options_that_are_wrong(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Augmentation(**wrong)


def test_nothing_asked_for_is_nothing_done(tokens):
    assert augment(tokens, NOTHING, DNA, seed=1, epoch=0, examples=None, copies=None) is tokens


def test_shifts_are_uniform_and_filled_with_unknown():
    tokens = np.tile(np.array([0, 1, 2, 3, 0, 1], np.uint8), (N, 1))
    rows, counts = np.unique(changed(tokens, shift=2), axis=0, return_counts=True)
    assert ["".join("ACGTN"[t] for t in row) for row in rows] == [
        "ACGTAC",
        "CGTACN",
        "GTACNN",
        "NACGTA",
        "NNACGT",
    ]
    assert counts == pytest.approx([N / 5] * 5, rel=0.15)


def test_a_shift_longer_than_the_sequence_is_no_error():
    found = changed(np.zeros((N, 2), np.uint8), shift=5)
    assert set(map(tuple, found)) == {(0, 0), (0, 4), (4, 0), (4, 4)}


@pytest.mark.parametrize("alphabet", [DNA, PROTEIN], ids=lambda alphabet: alphabet.name)
def test_mutations_have_their_rate_and_every_other_letter_is_as_likely(alphabet):
    size = alphabet.size
    tokens = np.full((N, 50), 2, np.uint8)
    tokens[:, ::5] = alphabet.unknown
    found = changed(tokens, alphabet, mutation=0.1)
    assert (found[:, ::5] == alphabet.unknown).all()
    counts = np.bincount(found[tokens == 2], minlength=size)
    assert len(counts) == size
    expected = np.full(size, 0.1 / (size - 1))
    expected[2] = 0.9
    np.testing.assert_allclose(counts / (N * 40), expected, rtol=0.12)
    # Each base for itself: the number in a sequence is binomial.
    per_row = (found != tokens).sum(axis=1)
    assert per_row.var() == pytest.approx(40 * 0.1 * 0.9, rel=0.1)
    assert (changed(tokens, alphabet, mutation=1.0)[tokens == 2] != 2).all()


def test_strands(tokens):
    turned = DNA.reverse_complement(tokens)
    copies = np.arange(N) % 2
    both = changed(tokens, copies=copies, reverse_complement="both")
    np.testing.assert_array_equal(both, np.where(copies[:, None], turned, tokens))
    random = changed(tokens, reverse_complement="random")
    forward, reverse = (random == tokens).all(axis=1), (random == turned).all(axis=1)
    assert (forward | reverse).all()
    assert forward.mean() == pytest.approx(0.5, abs=0.03)


def test_draws_depend_on_seed_epoch_example_and_copy_alone(tokens):
    options = {"shift": 3, "mutation": 0.1, "reverse_complement": "random"}
    plain = changed(tokens, **options)
    np.testing.assert_array_equal(changed(tokens, **options), plain)
    order = np.random.default_rng(1).permutation(N)[:100]
    np.testing.assert_array_equal(changed(tokens[order], examples=order, **options), plain[order])
    copies = {"copies": np.ones(N, int)}
    for other in ({"seed": 2}, {"epoch": 1}, {"examples": np.arange(N) + 1}, copies):
        assert (changed(tokens, **options, **other) != plain).any(axis=1).mean() > 0.8


def test_draws_for_one_purpose_tell_nothing_of_another(tokens):
    """Strand and shift of an example, and of its neighbours, are not correlated."""
    same = np.zeros((N, 20), np.uint8)
    random = changed(same, reverse_complement="random")
    strand = (random != same).any(axis=1)
    shift = (changed(same, shift=1) == 4).any(axis=1)
    for a, b in [(strand, shift), (strand[1:], strand[:-1]), (shift[1:], shift[:-1])]:
        assert abs(np.corrcoef(a, b)[0, 1]) < 0.06
