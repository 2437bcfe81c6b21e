"""The usual loops for what filters look for and are worth, to compare with.

They compute what Cnnamon 0.2.2 computes, in the way in which it does: all windows cut out as one-hot arrays,
one product per kernel and shuffle, one small product per mutant and one whole prediction per shuffled filter.
"""

import numpy as np


def cut_windows(tokens, width):
    """Return all windows, float32 (n, W, 4), of tokens (N, L), and their places, list of (row, start)."""
    one_hot = np.eye(5, 4, dtype=np.float32)[tokens]
    places = [(row, start) for row in range(len(tokens)) for start in range(tokens.shape[1] - width + 1)]
    windows = np.empty((len(places), width, 4), np.float32)
    for i, (row, start) in enumerate(places):
        windows[i] = one_hot[row, start : start + width]
    return windows, places


def top_motifs(tokens, kernel, bias, percentile):
    """Return the motif (W, 4) of each filter and its number of sites; these are cut out and stacked."""
    width, _, count = kernel.shape
    one_hot = np.eye(5, 4, dtype=np.float32)[tokens]
    activations = np.empty((len(tokens), tokens.shape[1] - width + 1, count), np.float32)
    flat = kernel.reshape(-1, count)
    for row in range(len(tokens)):
        seen = np.lib.stride_tricks.sliding_window_view(one_hot[row], width, axis=0).swapaxes(1, 2)
        activations[row] = seen.reshape(len(seen), -1) @ flat + bias
    motifs, sites = [], []
    for f in range(count):
        values = activations[:, :, f]
        rows, starts = np.where(values >= np.percentile(values[values > 0], percentile))
        stack = np.stack([one_hot[row, s : s + width] for row, s in zip(rows, starts, strict=True)])
        motifs.append(stack.sum(axis=0) / len(stack))
        sites.append(len(stack))
    return motifs, sites


def significant_windows(windows, kernel, bias, permutations, q_value, rng):
    """Return, for each filter, which windows are significant, bool (n,): shuffled kernels score all again."""
    found = []
    for f in range(kernel.shape[2]):
        weights = kernel[:, :, f]
        scores = np.einsum("nwa,wa->n", windows, weights) + bias[f]
        tested = np.flatnonzero(scores > 0)
        seen, reached = windows[tested], np.zeros(len(tested))
        for _ in range(permutations):
            shuffled = rng.permutation(weights.ravel()).reshape(weights.shape)
            reached += np.einsum("nwa,wa->n", seen, shuffled) + bias[f] >= scores[tested]
        significant = np.zeros(len(windows), bool)
        significant[tested] = adjusted((reached + 1) / (permutations + 1)) <= q_value
        found.append(significant)
    return found


def adjusted(p_values):
    """Return the q-values of Benjamini and Hochberg (1995)."""
    order = np.argsort(p_values)[::-1]
    ranked = p_values[order] * len(order) / np.arange(len(order), 0, -1)
    q_values = np.empty(len(order))
    q_values[order] = np.minimum(np.minimum.accumulate(ranked), 1)
    return q_values


def sensitivity(sites, weights, bias):
    """Return a row for every site (n, W, 4), position and letter, each from the mutant's own product."""
    scores = np.einsum("nwa,wa->n", sites, weights) + bias
    epsilon = np.percentile(scores, 1)
    rows = []
    for number, (site, score) in enumerate(zip(sites, scores, strict=True)):
        own = site.argmax(axis=1)
        for position in range(len(weights)):
            for base in range(4):
                if base == own[position]:
                    change = 0.0
                else:
                    mutant = site.copy()
                    mutant[position] = 0
                    mutant[position, base] = 1
                    after = max(0, np.einsum("wa,wa->", mutant, weights) + bias)
                    change = np.log2((after + epsilon) / (score + epsilon))
                rows.append({"site": number, "position": position, "base": base, "response": change})
    return rows


def redundancy(kernel):
    """Return the similarities (F, F) of filters, and those with reverse complements, pair by pair."""
    filters = np.moveaxis(kernel, 2, 0)
    forward, reverse = np.empty((2, len(filters), len(filters)))
    for a, first in enumerate(filters):
        for b, second in enumerate(filters):
            if b >= a:
                forward[a, b] = forward[b, a] = best_shift(first, second)
            reverse[a, b] = best_shift(first, second[::-1, ::-1])
    return forward, reverse


def best_shift(first, second):
    """Return the largest correlation of two kernels over all shifts, each less for a small overlap."""
    width, best = len(first), -1.0
    energy = (first**2).sum() * (second**2).sum()
    for shift in range(1 - width, width):
        one = first[max(shift, 0) : width + min(shift, 0)]
        two = second[max(-shift, 0) : width + min(-shift, 0)]
        x, y = one.ravel() - one.mean(), two.ravel() - two.mean()
        overlap = np.sqrt((one**2).sum() * (two**2).sum() / energy)
        best = max(best, (x * y).sum() / np.sqrt((x**2).sum() * (y**2).sum()) * overlap)
    return best


def importance(model, weights, inputs, targets, filters, shuffles, rng):
    """Return the losses (filters, shuffles): shuffle a filter, set all weights, evaluate the whole model.

    `model` takes one-hot inputs; its first weights are the kernel.
    """
    losses = np.empty((filters, shuffles))
    for f in range(filters):
        for i in range(shuffles):
            changed = [array.copy() for array in weights]
            cells = changed[0][:, :, f]
            changed[0][:, :, f] = rng.permutation(cells.ravel()).reshape(cells.shape)
            model.set_weights(changed)
            losses[f, i] = model.evaluate(inputs, targets, batch_size=32, verbose=0)
    return losses
