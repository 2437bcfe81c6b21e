"""A results folder as an experiment leaves it, made up: for the tests of pages."""

from types import SimpleNamespace

import numpy as np
import pandas as pd

from motifloom.filters.recovery import recovered_motifs
from motifloom.io import write_json, write_table, write_text
from motifloom.plots import data, evaluation, training
from motifloom.plots.style import save_figure
from tests.fake_analyses import stability, write_analyses

MOTIFS = {
    "MA0139.1": ("CTCF", "TGGCCACCAGGGGGCGCTA"),
    "MA0080.6": ("Spi1", "AAAAAGAGGAAGTGA"),
    "MA0363.2": ("REB1", "TTACCCG"),
    "MA0359.2": ("RAP1", "ACACCCATACA"),
    "MA0412.2": ("UME6", "TAGCCGCC"),
    "MA0099.3": ("FOS::JUN", "ATGAGTCAT"),
}
CLASSES = {
    "binary": ["background", "bound"],
    "multiclass": ["CTCF", "Spi1", "background"],
    "multilabel": ["CTCF", "Spi1", "REB1", "RAP1", "UME6"],
    "regression": ["expression"],
}
PARTS = ["train", "validation", "test"]


def sharp_motif(text, strength=0.88):
    """Return probabilities (W, 4) with `strength` on the letters of a text."""
    matrix = np.full((len(text), 4), (1 - strength) / 3)
    matrix[np.arange(len(text)), ["ACGT".index(letter) for letter in text]] = strength
    return matrix


def make_database():
    """Return a motif database as read from a MEME file."""
    return {
        identifier: SimpleNamespace(
            id=identifier, name=name, probabilities=sharp_motif(text), alphabet="ACGT"
        )
        for identifier, (name, text) in MOTIFS.items()
    }


def make_results(
    folder,
    task="binary",
    seeds=(1,),
    n_filters=12,
    n=3000,
    name="reb1-shallow",
    coordinates=True,
    methods=("top", "softmax"),
    analyses=False,
    classes=None,
):
    """Write the files of one experiment below `folder` and return the arguments of `load_experiment`.

    With `analyses` there are all tables of the filters, see :mod:`tests.fake_analyses`; a dict gives the
    options of `write_analyses`.
    """
    rng = np.random.default_rng(1)
    classes = classes or CLASSES[task]
    names = classes[1:] if task == "binary" else classes
    regions, split, predictions = _examples(rng, task, names, n, coordinates)
    place = folder / "datasets" / "reb1"
    write_table(regions, place / "regions.tsv.gz")
    write_table(split, place / "split.tsv.gz")
    write_table(_ledger(), place / "dropped.tsv")
    write_table(_audit(), place / "audit.tsv")
    save_figure(data.counts(regions, split, task, classes), place / "counts.svg")
    save_figure(data.gc_content(regions, task, classes), place / "gc_content.svg")
    motifs, matches, comparison = {}, {}, []
    for seed in seeds:
        run = folder / name / f"seed{seed}"
        metrics = _metrics(rng, task, names, 0.93 if task != "regression" else 0.71)
        write_table(metrics, run / "metrics.tsv")
        write_table(predictions, run / "predictions.tsv.gz")
        history = _history(rng)
        write_table(history, run / "history.tsv")
        save_figure(training.curves(history, 11), run / "curves.svg")
        _figures(predictions, task, classes, run / "evaluation")
        provenance = {
            "best": {"epoch": 11},
            "seed": seed,
            "device": "CPU",
            "versions": {"keras": "3.15.0", "numpy": "2.4.0"},
        }
        write_json(provenance, run / "provenance.json")
        if n_filters:
            motifs[seed], matches[seed] = _filters(rng, run / "filters", n_filters, methods)
            if analyses:
                given = {"coordinates": coordinates} | (analyses if isinstance(analyses, dict) else {})
                write_analyses(
                    np.random.default_rng(seed), run / "filters", motifs[seed], names, task, **given
                )
        comparison.append(_labelled(metrics, name, "shallow", "cnn", seed))
    for kind, level in (("gc", 0.61), ("kmer", 0.86), ("label_shuffle", 0.51)):
        level = level if task != "regression" else level - 0.5
        run = f"{name}.{kind}" if kind == "label_shuffle" else f"reb1.{kind}"
        comparison.append(_labelled(_metrics(rng, task, names, level), run, kind, kind, 1))
    write_table(pd.concat(comparison), folder / "datasets/reb1/comparison.tsv")
    if analyses and n_filters and len(seeds) > 1:
        table = stability(rng, list(motifs[seeds[0]]["top"]), list(seeds))
        write_table(table, folder / name / "stability.tsv")
    truth = None
    if n_filters and coordinates:
        truth, planted = folder / "simulations" / "demo" / "truth.tsv", _truth(rng, regions)
        write_table(planted, truth)
        found = recovered_motifs(planted, matches, make_database(), regions=regions)
        write_table(found, folder / name / "recovery.tsv")
    return {
        "results": folder,
        "experiment": name,
        "dataset": "reb1",
        "task": task,
        "classes": classes,
        "seeds": list(seeds),
        "model": "shallow",
        "motifs": motifs,
        "truth": truth,
        "parts": split.set_index("id")["part"],
        "files": [path for path in folder.rglob("*") if path.is_file()],
        "database": make_database() if n_filters else {},
        "baselines": ["reb1.gc", "reb1.kmer", f"{name}.label_shuffle"],
        "sources": [
            {"name": "peaks", "kind": "intervals", "file": "data/yeast/peaks/REB1.bed"},
            {"name": "gc_matched", "kind": "negatives", "file": None},
        ],
        "checksums": {"data/yeast/peaks/REB1.bed": "ab12" * 16, "data/yeast/sacCer3.fa.gz": "cd34" * 16},
        "config": {
            "dataset": {"task": task, "window": {"length": 200}},
            "experiment": {"seeds": list(seeds)},
        },
    }


def _examples(rng, task, names, n, coordinates):
    half = n // 2
    regions = pd.DataFrame(
        {
            "id": [f"peaks:{i + 1}" for i in range(half)] + [f"gc_matched:{i + 1}" for i in range(n - half)],
            "chrom": "chrI" if coordinates else "",
            "start": np.arange(n) * 300 if coordinates else -1,
            "end": np.arange(n) * 300 + 200 if coordinates else -1,
            "strand": "+" if coordinates else ".",
            "name": "",
            "source": ["peaks"] * half + ["gc_matched"] * (n - half),
            "record": np.arange(n) + 1,
            "parent": "",
            "gc": rng.beta(12, 16, n).round(4),
        }
    )
    values = np.zeros((n, len(names)))
    if task == "regression":
        values = rng.normal(size=values.shape)
        scores = values * 0.7 + rng.normal(size=values.shape) * 0.5
    else:
        values[:half] = rng.random((half, len(names))) < 0.4 if task == "multilabel" else 0
        if task == "binary":
            values[:half] = 1
        if task == "multiclass":
            values = np.eye(len(names))[np.where(np.arange(n) < half, np.arange(n) % 2, 2)]
        scores = 1 / (1 + np.exp(-(rng.normal(size=values.shape) * 1.3 + 4 * values - 2)))
        if task == "multiclass":
            scores /= scores.sum(axis=1, keepdims=True)
    part = np.array(PARTS)[rng.choice(3, n, p=[0.7, 0.15, 0.15])]
    split = pd.DataFrame({"id": regions["id"], "group": np.arange(n) // 2, "part": part})
    predictions = split[["id", "part"]].copy()
    for i, name in enumerate(names):
        regions[f"target.{name}"] = predictions[f"target.{name}"] = values[:, i]
    for i, name in enumerate(names):
        predictions[f"score.{name}"] = scores[:, i]
    return regions, split, predictions


def _ledger():
    rows = [("dropped", "more than 0.1 unknown bases")] * 7 + [
        ("dropped", "identical to an earlier window")
    ] * 31
    rows += [("shifted", "window beyond the chromosome's end")] * 2
    frame = pd.DataFrame(rows, columns=["action", "reason"])
    return frame.assign(
        source="peaks", file="data/yeast/peaks/REB1.bed", line=np.arange(len(rows)) + 1, record="chrI:1-2"
    )


def _audit():
    checks = ["overlap", "identical", "reverse_complement", "near_duplicate"]
    rows = [
        (check, a, b, 0, 0, 0, "", "no")
        for check in checks
        for a, b in [("train", "test"), ("train", "validation")]
    ]
    columns = ["check", "part_a", "part_b", "pairs", "examples_a", "examples_b", "example", "leak"]
    return pd.DataFrame(rows, columns=columns)


def _metrics(rng, task, names, level):
    if task == "regression":
        metrics, targets = ["pearson", "spearman", "r2", "mse", "mae"], [*names, "macro"]
    else:
        metrics = ["auroc", "auprc", "accuracy", "f1", "mcc", "precision", "recall"]
        targets = ["all"] if task == "binary" else [*names, "macro", "weighted"]
    rows = []
    for part, shift in zip(PARTS, (0.03, 0.005, 0), strict=True):
        for target in targets:
            for i, metric in enumerate(metrics):
                value = min(level + shift - 0.02 * i + rng.normal() * 0.006, 0.999)
                rows.append((part, target, metric, value, value - 0.017, min(value + 0.015, 1), 450, 0.5))
    frame = pd.DataFrame(
        rows, columns=["part", "target", "metric", "value", "ci_low", "ci_high", "n", "prevalence"]
    )
    return frame.assign(prevalence=np.nan) if task == "regression" else frame


def _labelled(metrics, experiment, model, kind, seed):
    labels = {"experiment": experiment, "model": model, "kind": kind, "dataset": "reb1", "seed": seed}
    return metrics.drop(columns="prevalence").assign(**labels)


def _history(rng):
    epoch = np.arange(1, 17)
    loss = 0.68 * np.exp(-epoch / 6) + 0.1
    valid = loss + 0.02 + 0.0025 * (epoch - 11) ** 2 / 5 + rng.normal(size=16) * 0.002
    return pd.DataFrame(
        {"epoch": epoch, "loss": loss, "auc": 1 - loss / 3, "val_loss": valid, "val_auc": 1 - valid / 3}
    )


def _figures(predictions, task, classes, folder):
    if task == "regression":
        save_figure(evaluation.scatter(predictions, classes), folder / "scatter.svg")
        return
    for key, draw in {
        "roc": evaluation.roc,
        "precision_recall": evaluation.precision_recall,
        "confusion": evaluation.confusion,
        "scores": evaluation.score_distributions,
        "calibration": evaluation.calibration,
    }.items():
        save_figure(draw(predictions, task, classes), folder / f"{key}.svg")


def _filters(rng, folder, n_filters, methods):
    """Write summary and matches; every third filter holds a motif, the last one never fires.

    Returns the motifs by method and the table of matches.
    """
    motifs, summary, matches = {}, [], []
    identifiers = list(MOTIFS)
    for method in methods:
        motifs[method] = {}
        for i in range(n_filters):
            name = f"motif_scanner_{i:03d}"
            identifier = identifiers[i // 3 % len(identifiers)]
            label, text = MOTIFS[identifier]
            holds, silent = i % 3 == 0, i == n_filters - 1
            shift = int(rng.integers(-1, 4))
            matrix = rng.dirichlet([0.7] * 4, 15)
            if holds:
                low, high = max(shift, 0), min(15, shift + len(text))
                matrix[low:high] = sharp_motif(text, 0.8)[low - shift : high - shift]
            motifs[method][name] = pd.DataFrame(matrix, columns=list("ACGT"))
            q = 10.0 ** -rng.uniform(3, 14) if holds else np.nan
            best = (identifier, label, q) if holds else ("", "", np.nan)
            sites = 0 if silent else int(rng.integers(20, 4000))
            weights = method in ("softmax", "positive")
            fixed = (np.nan, np.nan) if weights else (sites, rng.uniform(0.2, 6))
            bits = (2 + (matrix * np.log2(matrix)).sum(axis=1)).sum()
            consensus = "".join("ACGT"[j] for j in matrix.argmax(axis=1))
            summary.append((method, name, "motif_scanner", *fixed, bits, consensus, *best))
            for rank in range(1, 6 if holds else 1):
                other = identifiers[(i // 3 + rank - 1) % len(identifiers)]
                worse = q * 50.0 ** (rank - 1)
                matches.append(
                    (
                        method,
                        name,
                        rank,
                        other,
                        MOTIFS[other][0],
                        worse / 100,
                        min(worse, 1),
                        shift,
                        7,
                        "+-"[rank % 2 == 0],
                    )
                )
    columns = ["method", "filter", "layer", "n_sites", "threshold", "information_content", "consensus"]
    best = ["best_match_id", "best_match_name", "best_match_q_value"]
    write_table(pd.DataFrame(summary, columns=columns + best), folder / "summary.tsv")
    columns = [
        "method",
        "filter",
        "rank",
        "motif_id",
        "motif_name",
        "p_value",
        "q_value",
        "offset",
        "overlap",
        "strand",
    ]
    matches = pd.DataFrame(matches, columns=columns)
    write_table(matches, folder / "matches.tsv")
    for method in motifs:
        write_text("MEME version 4\n", folder / f"{method}.meme")
        if method not in ("softmax", "positive"):
            write_text("", folder / f"{method}.sites.bed.gz")
    return motifs, matches


def _truth(rng, regions):
    rows = []
    for identifier, (name, text) in MOTIFS.items():
        for index in rng.choice(len(regions), 40):
            start = regions["start"].iloc[index] + 90
            rows.append(
                (
                    regions["chrom"].iloc[index],
                    start,
                    start + len(text),
                    "+",
                    identifier,
                    name,
                    text,
                    1.0,
                    "p",
                )
            )
    return pd.DataFrame(
        rows, columns=["chrom", "start", "end", "strand", "motif", "motif_name", "sequence", "score", "peak"]
    )
