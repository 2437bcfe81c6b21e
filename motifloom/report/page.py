"""The page of one experiment: a self-contained HTML file drawn from the experiment's tables."""

import base64
import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

import jinja2
import pandas as pd
from markupsafe import Markup

from motifloom import __version__
from motifloom.io import read_json, read_table, write_text
from motifloom.report import format as written
from motifloom.report import sections
from motifloom.report.filter_files import list_pictures, read_tables
from motifloom.report.filter_table import filters_section
from motifloom.report.stability import stability_section
from motifloom.report.symbols import SymbolStore

TEMPLATES = Path(__file__).parent / "templates"
# The scripts of a page, in the order that they need each other.
SCRIPTS = {"report.html": ["charts.js", "panels.js", "filters.js", "script.js"]}
# Larger pictures of all filters are linked and not shown.
MOST_BYTES = 400_000
EVALUATION_FIGURES = {
    "roc": "ROC curve",
    "precision_recall": "Precision and recall",
    "confusion": "Confusion matrix",
    "scores": "Score distributions",
    "calibration": "Calibration",
    "scatter": "Predicted and measured values",
}


@dataclass
class Figure:
    """A picture: its key, title, SVG text ("" where it is linked only), and relative links to its file and
    its table (None without)."""

    key: str
    title: str
    svg: str
    link: str
    table: str | None = None


@dataclass
class Run:
    """What one seed of an experiment left behind; tables that do not exist are None.

    `motifs` maps a method to its filters' letter probabilities, {method: {filter: (W, A) frame or array}};
    `tables` maps the name of an analysis of filters to its table, see :mod:`motifloom.report.filter_files`;
    `sets` holds the metrics on the extra sets, their names in the column `part`;
    `figures` are of the training and the evaluation, `pictures` of all filters;
    `links` maps a short name ("metrics", "filters/top.meme") to a path relative to the page.
    """

    seed: int
    history: pd.DataFrame | None = None
    metrics: pd.DataFrame | None = None
    threshold: pd.DataFrame | None = None
    mistakes: pd.DataFrame | None = None
    sets: pd.DataFrame | None = None
    summary: pd.DataFrame | None = None
    matches: pd.DataFrame | None = None
    motifs: dict = field(default_factory=dict)
    tables: dict = field(default_factory=dict)
    provenance: dict = field(default_factory=dict)
    figures: list = field(default_factory=list)
    pictures: list = field(default_factory=list)
    links: dict = field(default_factory=dict)


@dataclass
class ExperimentReport:
    """Everything a page shows, as plain tables; what is None or empty is left out of the page.

    `sources` lists the dataset's sources as dicts (name, kind, file), `checksums` maps files to SHA-256,
    `baselines` names the experiment's baselines in the comparison table, `members` the runs that its
    predictions are put together from, if they are; `database` maps identifiers of
    motifs to objects with `name`, `probabilities` (W, A) and `alphabet` (the letters of the columns),
    `parts` is the part of every example by id, `recovery` the table of the planted motifs that were found,
    `stability` the table of motifs that several seeds found. The rows of filters show the importance by
    `perturbation` and `importance_metric` (None: the headline metric of the task if it was measured, else
    the loss), and a star where the q-value of an enrichment is below `enrichment_q`. `set_audits` holds for
    each extra set, by name, what it has in common with the dataset, and with those of what the experiment
    starts from; `starts` is what those have in common with the test part.
    """

    name: str
    task: str
    dataset: str
    classes: list
    runs: list
    regions: pd.DataFrame
    model: str = ""
    split: pd.DataFrame | None = None
    parts: pd.Series | None = None
    ledger: pd.DataFrame | None = None
    audit: pd.DataFrame | None = None
    starts: pd.DataFrame | None = None
    comparison: pd.DataFrame | None = None
    differences: pd.DataFrame | None = None
    recovery: pd.DataFrame | None = None
    stability: pd.DataFrame | None = None
    stability_figure: Figure | None = None
    perturbation: str = "shuffle"
    importance_metric: str | None = None
    enrichment_q: float = 0.05
    baselines: list = field(default_factory=list)
    members: list = field(default_factory=list)
    sources: list = field(default_factory=list)
    checksums: dict = field(default_factory=dict)
    figures: list = field(default_factory=list)
    database: dict = field(default_factory=dict)
    config: dict = field(default_factory=dict)
    links: dict = field(default_factory=dict)
    set_audits: dict = field(default_factory=dict)


def load_experiment(
    results, experiment, *, dataset, task, classes, seeds, files, motifs=None, truth=None, **more
):
    """Read the tables and pictures of an experiment from the results folder.

    Parameters
    ----------
    results : path
        The folder `results`; the page is meant for `results/{experiment}/report.html`.
    experiment, dataset, task : str
    classes : list of str
        As in the config: [negative, positive] for binary, else names of classes, labels or values.
    seeds : list of int
    files : iterable of path
        The files that are the experiment's, below `results` as given; a folder stands for all it holds.
        No other is shown or linked, such as a picture that an earlier config has left there.
    motifs : dict, optional
        seed -> method -> mapping of filter to a data frame of its letter probabilities, (W, A); a MotifSet
        is such a mapping.
    truth : path, optional
        The simulation's table of planted sites, to link to.
    **more
        Further fields of :class:`ExperimentReport`: model, parts, baselines, members, sources,
        checksums, database, config, perturbation, importance_metric, enrichment_q.

    Returns
    -------
    ExperimentReport
        Without what is not among the files, so that a page can be drawn of an experiment without filters,
        matches, coordinates or baselines; only the dataset's regions must be there.
    """
    results = Path(results)
    page, data = results / experiment, results / "datasets" / dataset
    files = _all_files(files)
    paths = {
        "regions": data / "regions.tsv.gz",
        "split": data / "split.tsv.gz",
        "ledger": data / "dropped.tsv",
        "unused": data / "unused.tsv",
        "audit": data / "audit.tsv",
        "comparison": data / "comparison.tsv",
        "differences": data / "differences.tsv",
        "starts": page / "start_audit.tsv",
        "recovery": page / "recovery.tsv",
        "stability": page / "stability.tsv",
    }
    tables = {key: _table(path, files) for key, path in paths.items()}
    if truth:
        paths["truth"] = Path(truth)
    unused = tables.pop("unused")
    if unused is not None and len(unused):
        tables["ledger"] = pd.concat([tables["ledger"], unused], ignore_index=True)
    return ExperimentReport(
        name=experiment,
        task=task,
        dataset=dataset,
        classes=list(classes),
        runs=[_load_run(page / f"seed{seed}", seed, page, (motifs or {}).get(seed), files) for seed in seeds],
        **tables,
        stability_figure=_figure(
            page / "stability.svg",
            "Motifs found by several seeds",
            page,
            paths["stability"],
            files,
            MOST_BYTES,
        ),
        figures=[
            figure
            for key, title in sections.DATA_FIGURES.items()
            if (figure := _figure(data / f"{key}.svg", title, page, paths["regions"], files))
        ],
        links={key: _relative(path, page) for key, path in paths.items() if path in files},
        set_audits=_set_audits(results, files),
        **more,
    )


def build_experiment_page(report, path):
    """Write the page of an experiment.

    Parameters
    ----------
    report : ExperimentReport
        From :func:`load_experiment`, or put together by hand.
    path : path
        Where the HTML file goes; relative links in `report` start in its folder.
    """
    store = SymbolStore()
    filters = filters_section(report, store)
    parts = {
        "data": sections.data_section(report),
        "training": sections.training_section(report),
        "performance": sections.performance_section(report),
        "filters": filters,
        "stability": stability_section(report, store, filters),
        "stability_figure": next(iter(sections.drawn([report.stability_figure], "stability")), None),
        "planted": sections.planted_section(report, store),
        "provenance": sections.provenance_section(report),
    }
    write_page(
        path,
        "report.html",
        header=sections.header_section(report),
        report=report,
        symbols=store.symbols(),
        **parts,
    )


def write_page(path, template, **context):
    """Fill one of the templates and write it as one HTML file without outside references."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters.update(count=written.count, number=written.number, p_value=written.p_value)
    environment.tests["missing_value"] = written.is_missing
    scripts = SCRIPTS.get(template, ["script.js"])
    script = "".join((TEMPLATES / name).read_text() for name in scripts)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    html = environment.get_template(template).render(
        style=Markup((TEMPLATES / "style.css").read_text()),
        script=Markup(script),
        script_digest=digest,
        version=__version__,
        **context,
    )
    write_text(html, path)


def _load_run(folder, seed, page, motifs, files):
    figures = [
        _figure(folder / "curves.svg", "Loss and metrics by epoch", page, folder / "history.tsv", files)
    ]
    table = folder / "predictions.tsv.gz"
    for key, title in EVALUATION_FIGURES.items():
        figures.append(_figure(folder / "evaluation" / f"{key}.svg", title, page, table, files))
    for path in sorted(path for path in files if path.parent == folder / "embeddings"):
        if path.suffix == ".svg":
            title = f"Examples by layer {path.stem}"
            figures.append(_figure(path, title, page, path.with_suffix(".tsv"), files, MOST_BYTES))
    provenance = folder / "provenance.json"
    pictures = [
        _figure(path, title, page, table, files, MOST_BYTES)
        for path, title, table in list_pictures(folder / "filters", files)
    ]
    own = sorted(path for path in files if folder in path.parents)
    return Run(
        seed=seed,
        history=_table(folder / "history.tsv", files),
        metrics=_table(folder / "metrics.tsv", files),
        threshold=_table(folder / "threshold.tsv", files),
        mistakes=_table(folder / "mistakes.tsv", files, {"chrom": str}),
        sets=_extra_sets(folder / "sets", files),
        summary=_table(folder / "filters" / "summary.tsv", files),
        matches=_table(folder / "filters" / "matches.tsv", files),
        motifs=motifs or {},
        tables=read_tables(folder / "filters", files),
        provenance=read_json(provenance) if provenance in files else {},
        figures=[figure for figure in figures if figure],
        pictures=pictures,
        links={path.relative_to(folder).as_posix(): _relative(path, page) for path in own},
    )


def _extra_sets(folder, files):
    """Return the metrics of all extra sets, by name, and then their mean; None without any."""
    paths = sorted(path for path in files if path.parent.parent == folder and path.name == "metrics.tsv")
    tables = [read_table(path).assign(part=path.parent.name) for path in paths]
    if folder / "average.tsv" in files:
        tables.append(read_table(folder / "average.tsv").assign(part="geometric mean"))
    return pd.concat(tables, ignore_index=True) if tables else None


def _set_audits(results, files):
    """Return the audits of each extra set, by name: against all that shaped the networks as one table."""
    tables = {}
    for path in sorted(files):
        if path.match("audit.*.tsv") and path.parents[1] == results / "datasets":
            tables.setdefault(path.parent.name, []).append(read_table(path))
    return {name: pd.concat(found, ignore_index=True) for name, found in tables.items()}


def _all_files(given):
    """Return the paths given, with folders replaced by the files in them, as a set."""
    paths = set(map(Path, given))
    folders = {path for path in paths if path.is_dir()}
    return (paths - folders).union(*(folder.rglob("*") for folder in folders))


def _table(path, files, dtype=None):
    return read_table(path, dtype) if path in files else None


def _figure(path, title, page, table, files, most_bytes=None):
    if path not in files:
        return None
    link = _relative(table, page) if table in files else None
    text = path.read_text() if most_bytes is None or path.stat().st_size <= most_bytes else ""
    return Figure(path.stem, title, text, _relative(path, page), link)


def _relative(path, folder):
    return Path(os.path.relpath(path, folder)).as_posix()
