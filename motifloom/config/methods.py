"""The methods that read a motif off a filter: what each depends on. Light, for the config and the rules."""

from typing import NamedTuple


class Method(NamedTuple):
    """What the workflow must know of a method.

    options: keys of `interpretation.filters` that its motifs depend on; sites: whether its motifs are made
    of windows of the sequences; cutoffs: whether a threshold decides which windows, so that they can be
    found again by scanning.
    """

    options: tuple = ()
    sites: bool = False
    cutoffs: bool = False


METHODS = {
    "top": Method(("percentile", "include_all_positive"), sites=True, cutoffs=True),
    "significant": Method((), sites=True, cutoffs=True),
    "class_max": Method(("most_sites",), sites=True),
    "softmax": Method(),
    "positive": Method(),
}
WITH_SITES = [name for name, method in METHODS.items() if method.sites]
WITH_CUTOFFS = [name for name, method in METHODS.items() if method.cutoffs]
