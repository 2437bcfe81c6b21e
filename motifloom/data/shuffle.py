"""Shuffled sequences that keep what a trivial model could use: the counts of all neighbouring pairs."""

import numpy as np

from motifloom.data.encode import DNA


def dinucleotide_shuffle(tokens, rng, unknown=DNA.unknown):
    """Return a random sequence with exactly the same counts of pairs of neighbouring letters.

    The sequence is a walk over letters that uses each pair as an edge; a shuffle is another walk over the
    same edges (Altschul and Erickson 1985, Mol. Biol. Evol. 2:526). Such walks correspond to the trees of
    last edges that lead every letter to the final one, so a tree is drawn uniformly (by loop-erased random
    walks: Wilson 1996, STOC) and the other edges of each letter are put into random order. Every sequence
    with these counts is equally likely.

    Parameters
    ----------
    tokens : ndarray, uint8 (L,)
        A sequence over any alphabet.
    rng : numpy.random.Generator
    unknown : int
        The alphabet's token of an unknown letter. Unknown letters stay where they are, and the stretches
        between them are shuffled one by one, so pairs with an unknown letter keep their counts too.

    Returns
    -------
    ndarray, uint8 (L,)
        The first and last letter (of every stretch between unknown letters) are those of `tokens`.
    """
    tokens = np.asarray(tokens)
    known = np.flatnonzero(tokens != unknown)
    if len(known) < len(tokens):
        shuffled = tokens.copy()
        for run in np.split(known, np.flatnonzero(np.diff(known) > 1) + 1):
            shuffled[run] = _shuffle_run(tokens[run], rng)
        return shuffled
    return _shuffle_run(tokens, rng)


def _shuffle_run(tokens, rng):
    """Shuffle a sequence without unknown letters."""
    if len(tokens) < 4:  # its ends are fixed, and with them the letter in between
        return tokens.copy()
    followers = _random_followers(tokens, rng)
    end = int(tokens[-1])
    for letter, position in _last_edges(followers, end, rng).items():
        edges = followers[letter]
        edges[position], edges[-1] = edges[-1], edges[position]
    ways = {letter: iter(edges) for letter, edges in followers.items()}
    letter = int(tokens[0])
    walk = [letter]
    for _ in range(len(tokens) - 1):
        letter = next(ways[letter])
        walk.append(letter)
    return np.array(walk, tokens.dtype)


def _random_followers(tokens, rng):
    """Return, per letter, the list of letters that follow it, in random order."""
    order = rng.permutation(len(tokens) - 1)
    order = order[np.argsort(tokens[order], kind="stable")]
    letters, first = np.unique(tokens[order], return_index=True)
    lists = np.split(tokens[order + 1], first[1:])
    return {
        letter: list(edges)
        for letter, edges in zip(letters.tolist(), map(np.ndarray.tolist, lists), strict=True)
    }


def _last_edges(followers, end, rng):
    """Draw the tree: per letter but `end`, the place in its list of the edge that the walk uses last."""
    chosen, in_tree = {}, {end}
    for start in followers:
        letter = start
        while letter not in in_tree:
            edges = followers[letter]
            chosen[letter] = int(rng.random() * len(edges))
            letter = edges[chosen[letter]]
        letter = start
        while letter not in in_tree:
            in_tree.add(letter)
            letter = followers[letter][chosen[letter]]
    return chosen
