"""How the baselines are called, in figures and on pages."""

# By kind of run, in the order in which they are shown.
BASELINES = {
    "kmer": "k-mer baseline",
    "additive": "additive baseline",
    "gc": "GC baseline",
    "label_shuffle": "shuffled labels",
}
