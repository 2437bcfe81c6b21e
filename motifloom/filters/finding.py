"""Motifs and sites of any method: which functions make them, and what they take beside the sequences."""

import numpy as np

from motifloom.filters import methods
from motifloom.filters.classes import class_members
from motifloom.filters.significance import annotator, control_fdr, read_significance
from motifloom.filters.sites import by_classes, by_cutoffs
from motifloom.filters.summaries import read_summary


def find_motifs(method, bank, dataset, *, special=None, rows=None, threads=None, **options):
    """Return the motif set of a method.

    Parameters
    ----------
    method : str
        One of :data:`motifloom.config.methods.METHODS`.
    bank : FilterBank
    dataset : motifloom.data.store.Dataset
        Only tokens, targets, task and classes are used, and by methods with sites only.
    special : path or None
        `significant`: the tests of windows (significance.h5); `class_max`: the summary of all sequences
        (activations.h5).
    rows : int array or None
        Sequences to scan; default all.
    threads : int or None
        Default: all CPUs. No result depends on it.
    **options
        Of the method: percentile, include_all_positive (`top`); q_value, over (`significant`); most_sites
        (`class_max`).
    """
    if method == "top":
        return methods.top_motifs(bank, dataset.tokens, rows=rows, threads=threads, **options)
    if method == "significant":
        thresholds, _, cutoffs = control_fdr(*read_significance(special), **options)
        least = thresholds["threshold"].to_numpy()
        return methods.cutoff_motifs(
            method, bank, dataset.tokens, cutoffs, least, options, rows=rows, threads=threads
        )
    if method == "class_max":
        names, members = _members(dataset, rows)
        summary = read_summary(special)
        return methods.class_max_motifs(bank, dataset.tokens, summary, members, names, rows=rows, **options)
    return {"softmax": methods.softmax_motifs, "positive": methods.positive_motifs}[method](bank)


def _members(dataset, rows):
    """Return the names of classes and which sequences are in them, bool (N, C); in none but `rows`."""
    rows = np.arange(len(dataset.tokens)) if rows is None else rows
    names, chosen = class_members(dataset.targets[:][rows], dataset.task, dataset.classes)
    members = np.zeros((len(dataset.tokens), len(names)), bool)
    members[rows] = chosen
    return names, members


def site_finder(motifs, dataset, special=None, *, rows=None, threads=None):
    """Return the functions that find a motif set's sites again and annotate them, for `write_sites`.

    Parameters
    ----------
    motifs : MotifSet
        Of a method with sites.
    dataset, special, rows, threads
        As its :func:`find_motifs` was given.

    Returns
    -------
    find, annotate : callable, callable or None
        See :func:`motifloom.filters.sites.write_sites`.
    """
    if motifs.method == "class_max":
        _, members = _members(dataset, rows)
        return by_classes(read_summary(special), members, rows, motifs.parameters["most_sites"]), None
    find = by_cutoffs(dataset.tokens, motifs.cutoffs, threads)
    if motifs.method != "significant":
        return find, None
    tests, steps = read_significance(special)
    look_up = annotator(control_fdr(tests, steps, **motifs.parameters)[1])

    def annotate(filters, hits):
        return look_up(np.array(filters, object)[hits.filter], hits.known, hits.score)

    return find, annotate
