"""Draws depend on the seed and the keys, and on nothing else."""

from motifloom.randomness import derive_seed, generator


def test_seeds_are_fixed_numbers():
    assert derive_seed(1, "split", "reb1") == 1993771180421159686
    assert derive_seed(1, "a", "b") != derive_seed(1, "ab") != derive_seed(2, "ab")
    assert 0 <= derive_seed(0) < 2**63


def test_a_generator_repeats():
    first, second = generator(7, "x", 3), generator(7, "x", 3)
    assert first.integers(1 << 40, size=5).tolist() == second.integers(1 << 40, size=5).tolist()
