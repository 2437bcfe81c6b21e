"""What filters look for and are worth, against the usual loops; how cost grows with sequences and filters.

A loop is measured on a part of the work, and its seconds are multiplied (column `times`) by the law of its
cost: linear in sequences, or their sites, in shuffles and in filters; for redundancy in pairs of filters.
Data and imports are ready before the clock starts. The memory that loops over windows add grows with the
sequences and is multiplied, too; that of the others is as measured.
"""

from pathlib import Path

from benchmarks.measure import add_ratios, compare, peak_mb

LENGTH, PERCENTILE, PERMUTATIONS, Q_VALUE, SHUFFLES = 300, 90.0, 1000, 0.05, 10
# First layers of the models of the benchmark `training`: width and number of filters.
LAYERS = {"S": (20, 12), "M": (19, 128)}
# Importance is measured on so many sequences, whatever the number of the others.
JUDGED = 1000
# What is measured of the loops: permutations, filters compared, filters and shuffles judged.
SOME = {"permutations": 20, "compared": 24, "judged": 4, "shuffles": 2}
# A quick loop is measured on so many times more sequences than the others.
PARTS = {"top_loop": 20}
# The loops' CPU seconds over ours that are aimed at.
AIMS = {"significance": 100, "top motifs": 10, "sensitivity": 1000, "redundancy": 100, "importance": 10}
CONTENDERS = {
    "significance": {
        "Motifloom, exact": "significance",
        "1,000 shuffles of each kernel": "significance_loop",
    },
    "top motifs": {"Motifloom": "top", "stacked windows": "top_loop"},
    "sensitivity": {
        "Motifloom, given the sites": "sensitivity",
        "Motifloom, from the sequences": "sensitivity_scan",
        "one product per mutant": "sensitivity_loop",
    },
    "redundancy": {"Motifloom": "redundancy", "loop over pairs and shifts": "redundancy_loop"},
    "importance": {"Motifloom": "importance", "Keras evaluate per shuffle": "importance_loop"},
}
# In proportion to the examples of the comparison, which are 5,000.
GROWTH = {"sequences": (2, 6, 20), "filters": (30, 100, 300)}


def run(folder, *, examples=5000, slice_of=50, repeats=2, growth=None):
    """Return the tables of this benchmark.

    Parameters
    ----------
    folder : Path
        For the data.
    examples : int
        Number of sequences of 300 bases.
    slice_of : int
        The loops over windows run on this many sequences.
    repeats : int
        Runs of each contender of the comparison.
    growth : dict or None
        Sizes of the table of growth, in place of :data:`GROWTH`.
    """
    rows = []
    for model in LAYERS:
        for analysis, functions in CONTENDERS.items():
            contenders = {}
            for label, function in functions.items():
                part = slice_of * PARTS.get(function, 1) if function.endswith("_loop") else examples
                sizes = {"model": model, "examples": min(part, examples), "whole": examples}
                contenders[label] = (f"benchmarks.filters:{function}", sizes)
            found = [_scale(row) for row in compare(contenders, repeats, model=model, analysis=analysis)]
            aims = [""] * (len(found) - 1) + [f"{AIMS[analysis]:,}"]
            rows += [{**row, "aim": aim} for row, aim in zip(add_ratios(found), aims, strict=True)]
    return [("filters", rows), ("filters, growth", _grow(folder, examples, growth or GROWTH))]


def _scale(row):
    """Return the row of the whole work from that of a part of it."""
    times, memory_times, added = row["times"], row.pop("memory_times"), row.pop("added_mb")
    row["peak_mb"] += added * (memory_times - 1)
    return {**row, **{kind: row[kind] * times for kind in ("cpu_s", "wall_s")}, "times": round(times)}


def _grow(folder, examples, sizes):
    """Return rows of three analyses at several numbers of sequences, and at several of filters."""
    numbers = [examples * times for times in sizes["sequences"]]
    most = sizes["filters"][-1]
    shapes = [*((n, most) for n in numbers), *((numbers[1], count) for count in sizes["filters"][:-1])]
    rows = []
    for analysis in ("significance", "top motifs", "summaries"):
        for count, filters in sorted(shapes):
            arguments = {"analysis": analysis, "examples": count, "filters": filters, "folder": str(folder)}
            (row,) = compare({"": ("benchmarks.filters:growing", arguments)})
            names = ("cpu_s", "wall_s", "peak_mb")
            microseconds = row["cpu_s"] / (count * filters) * 1e6
            rows.append(
                {
                    "analysis": analysis,
                    "sequences": count,
                    "filters": filters,
                    **{name: row[name] for name in names},
                    "cpu_us_per_sequence_and_filter": microseconds,
                }
            )
    return rows


def significance(model, examples, whole):
    """Exact p-values, thresholds and the motifs of the significant windows."""
    bank, tokens = make_bank(model, examples)
    find_significant(bank, tokens[:50])
    yield
    find_significant(bank, tokens)
    yield
    yield facts()


def significance_loop(model, examples, whole):
    """Shuffle each kernel and score all windows again."""
    import numpy as np

    from benchmarks import naive

    bank, tokens = make_bank(model, examples)
    before, (layer,) = peak_mb(), bank.layers
    windows, _ = naive.cut_windows(tokens, layer.width)
    count, rng = SOME["permutations"], np.random.default_rng(1)
    yield
    naive.significant_windows(windows, layer.kernel, layer.bias, count, Q_VALUE, rng)
    yield
    growth = whole / examples
    yield facts(growth * PERMUTATIONS / count, growth, added_mb=peak_mb() - before)


def top(model, examples, whole):
    """Motifs of the top windows."""
    from motifloom.filters.methods import top_motifs

    bank, tokens = make_bank(model, examples)
    top_motifs(bank, tokens[:50], percentile=PERCENTILE, threads=2)
    yield
    top_motifs(bank, tokens, percentile=PERCENTILE, threads=2)
    yield
    yield facts()


def top_loop(model, examples, whole):
    """Cut out the top windows and stack them."""
    from benchmarks import naive

    bank, tokens = make_bank(model, examples)
    (layer,) = bank.layers
    yield
    naive.top_motifs(tokens, layer.kernel, layer.bias, PERCENTILE)
    yield
    yield facts(whole / examples, whole / examples)


def sensitivity(model, examples, whole):
    """All quantiles from the scores and letters of the sites."""
    from motifloom.filters.sensitivity import site_responses

    bank, tokens = make_bank(model, examples)
    (layer,), sites = bank.layers, read_sites(bank, tokens)
    site_responses(layer, 0, *(array[:50] for array in sites[0]))
    yield
    for f, found in enumerate(sites):
        site_responses(layer, f, *found)
    yield
    yield facts()


def sensitivity_scan(model, examples, whole):
    """The same with the scans that find the sites, and the table."""
    from motifloom.filters.sensitivity import sensitivity_table

    bank, tokens = make_bank(model, examples)
    cutoffs = find_cutoffs(bank, tokens)
    sensitivity_table(bank, tokens[:50], cutoffs, threads=2)
    yield
    sensitivity_table(bank, tokens, cutoffs, threads=2)
    yield
    yield facts()


def sensitivity_loop(model, examples, whole):
    """Make every mutant and score it."""
    import numpy as np

    from benchmarks import naive

    bank, tokens = make_bank(model, examples)
    (layer,), one_hot = bank.layers, np.eye(4, dtype=np.float32)
    sites = [one_hot[letters] for _, letters in read_sites(bank, tokens)]
    yield
    # All rows stay in memory until the end, as they do there.
    rows = [naive.sensitivity(site, layer.kernel[:, :, f], layer.bias[f]) for f, site in enumerate(sites)]
    yield
    del rows
    yield facts(whole / examples, whole / examples)


def redundancy(model, examples, whole):
    """All pairs at a shift in one product."""
    from motifloom.filters.redundancy import kernel_similarity

    bank, _ = make_bank(model, 1)
    kernel_similarity(bank)
    yield
    kernel_similarity(bank, centred=False)
    yield
    yield facts()


def redundancy_loop(model, examples, whole):
    """One pair and shift at a time."""
    from benchmarks import naive

    bank, _ = make_bank(model, 1)
    kernel = bank.layers[0].kernel.astype(float)
    count = min(SOME["compared"], len(bank))
    yield
    naive.redundancy(kernel[:, :, :count])
    yield
    yield facts((len(bank) / count) ** 2)


def importance(model, examples, whole):
    """Run only what a shuffled filter changes, for all filters."""
    from motifloom.models.perturb import Perturbation

    network, tokens, targets = make_network(model, min(whole, JUDGED))
    perturbation = Perturbation(network, tokens, targets, task="binary")
    units = [[name] for name in perturbation.filters]
    shuffles = SOME["shuffles"]

    def losses(units):
        outcomes = perturbation.shuffle(units, iterations=shuffles, seed=1)
        return [float(outcome.loss.mean()) for outcome in outcomes]

    losses(units[:1])
    yield
    losses(units)
    yield
    yield facts(SHUFFLES / shuffles)


def importance_loop(model, examples, whole):
    """Evaluate the whole network, 32 sequences at a time, for a few filters."""
    import keras
    import numpy as np

    from benchmarks import naive, training

    network, tokens, targets = make_network(model, min(whole, JUDGED))
    spec = training.spec_of(model)
    layers = [
        getattr(keras.layers, layer["class_name"])(**layer["config"]) for layer in spec["model"]["layers"]
    ]
    plain = keras.Sequential([keras.Input((LENGTH, 4)), *layers])
    plain.compile(**spec["compile"])
    weights, inputs = network.get_weights(), np.eye(4, dtype=np.float32)[tokens]
    judged, shuffles, rng = SOME["judged"], SOME["shuffles"], np.random.default_rng(1)
    naive.importance(plain, weights, inputs, targets, 1, 1, rng)
    yield
    naive.importance(plain, weights, inputs, targets, judged, shuffles, rng)
    yield
    yield facts(LAYERS[model][1] / judged * SHUFFLES / shuffles)


def growing(analysis, examples, filters, folder):
    """One analysis of sequences and filters of any number."""
    from motifloom.filters.methods import top_motifs
    from motifloom.filters.summaries import write_summary

    bank, tokens = make_bank("M", examples, filters)
    work = {
        "significance": lambda tokens: find_significant(bank, tokens),
        "top motifs": lambda tokens: top_motifs(bank, tokens, percentile=PERCENTILE, threads=2),
        "summaries": lambda tokens: write_summary(bank, tokens, Path(folder) / "growing.h5", threads=2),
    }[analysis]
    work(tokens[:50])
    yield
    work(tokens)
    yield


def find_significant(bank, tokens):
    """Return the motifs of the significant windows, p-values as Cnnamon's."""
    from motifloom.filters.methods import cutoff_motifs
    from motifloom.filters.significance import control_fdr, test_windows

    tests, steps = test_windows(bank, tokens, conditional=False, q_value=Q_VALUE, threads=2)
    thresholds, _, cutoffs = control_fdr(tests, steps, Q_VALUE)
    return cutoff_motifs("significant", bank, tokens, cutoffs, thresholds["threshold"], threads=2)


def find_cutoffs(bank, tokens):
    """Return the cutoffs of the top windows."""
    from motifloom.filters.methods import top_motifs

    return top_motifs(bank, tokens, percentile=PERCENTILE, threads=2).cutoffs


def read_sites(bank, tokens):
    """Return (scores float32 (n,), letters uint8 (n, W)) of each filter's top windows."""
    import numpy as np

    from motifloom.filters.methods import stack_cutoffs, window_letters
    from motifloom.filters.scan import hit_blocks

    (layer,) = bank.layers
    cutoffs = stack_cutoffs(layer, find_cutoffs(bank, tokens))
    blocks = list(hit_blocks(layer, tokens, cutoffs, threads=2))
    found = []
    for f in range(len(bank)):
        hits = [type(hits)(*(array[hits.filter == f] for array in hits)) for hits in blocks]
        letters = [window_letters(layer, tokens, one.row, one.start, one.strand) for one in hits]
        found.append((np.concatenate([one.score for one in hits]), np.concatenate(letters)))
    return found


def make_bank(model, examples, filters=None):
    """Return filters of the form of a model's, and sequences in which each has some sites.

    Weights are as layers begin with; the bias leaves about a tenth of the windows positive, as trained
    filters do. Every twentieth sequence holds the best word of a filter.
    """
    import numpy as np

    from motifloom.data.encode import DNA
    from motifloom.filters.bank import FilterBank, ScanLayer

    width, count = LAYERS[model]
    count = filters or count
    rng = np.random.default_rng(1)
    kernel = rng.normal(0, 0.1, (width, 4, count)).astype(np.float32)
    kernel -= kernel.mean(axis=1, keepdims=True)
    layer = ScanLayer("conv", kernel, np.full(count, -0.45, np.float32), DNA)
    tokens = rng.integers(0, 4, (examples, LENGTH), np.uint8)
    words = kernel.argmax(axis=1).T
    for row in range(0, examples, 20):
        start = rng.integers(0, LENGTH - width)
        tokens[row, start : start + width] = words[row // 20 % count]
    return FilterBank([layer]), tokens


def make_network(model, examples):
    """Return a network as it begins, tokens (n, 300) and targets (n, 1)."""
    import os

    import numpy as np

    from benchmarks import training
    from motifloom.models import device
    from motifloom.models.spec import build_model

    device.configure(os.cpu_count())
    _, tokens = make_bank(model, examples)
    spec = training.spec_of(model)
    network = build_model(spec, length=LENGTH, alphabet_size=4, task="binary", n_targets=1)
    targets = np.random.default_rng(2).integers(0, 2, (examples, 1)).astype(np.float32)
    return network, tokens, targets


def facts(times=1, memory_times=1, **measured):
    """Return the facts of a contender: by how much the work, and its memory, are more than was measured."""
    return {"times": times, "memory_times": memory_times, **measured}
